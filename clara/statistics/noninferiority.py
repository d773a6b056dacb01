"""Is memory as good as the text it was made from? "Not shown to be worse" is no answer; this is.

The margins are argued in ``docs/decisions/0009-noninferiority.md``.
"""

from __future__ import annotations

from collections.abc import Mapping

from clara.records import Record
from clara.statistics.intervals import Interval, difference_interval
from clara.statistics.paired import joined

SHARE = 0.1
POINTS = 0.05


class NonInferiority(Record):
    """Whether ``a`` is worse than ``b`` by less than both margins.

    Attributes:
        reference: Mean score of ``b``.
        difference: Interval of ``a`` − ``b``; None with fewer than two clusters.
        kept: Interval of ``a`` − (1 − share) · ``b``: above 0 where ``a`` keeps that share of ``b``'s score.
        share: The margin as a share of ``b``'s score.
        points: The margin in points, as a fraction of 1.
        shown: True if both intervals are clear of their margins.
    """

    reference: float
    difference: Interval | None
    kept: Interval | None
    share: float
    points: float
    shown: bool

    @property
    def margin(self) -> float:
        """The stricter of both, in points (as a fraction of 1) at ``b``'s observed score."""
        return min(self.points, self.share * self.reference)

    @property
    def sentence(self) -> str:
        """One line: the claim and what it rests on."""
        if self.difference is None:
            return "not inferior: undefined with fewer than two clusters"
        said = "not inferior" if self.shown else "not shown to be not inferior"
        low, high = 100 * self.difference.low, 100 * self.difference.high
        return (
            f"{said}: {self.difference.level:.0%} interval of the difference [{low:+.1f}, {high:+.1f}] points; it may "
            f"not reach {-100 * self.margin:+.1f} (a {self.share:.0%} share of {100 * self.reference:.1f}, at most "
            f"{100 * self.points:.0f} points)"
        )


def non_inferiority(
    a: Mapping[str, float],
    b: Mapping[str, float],
    clusters: Mapping[str, str],
    seed: int,
    *,
    share: float = SHARE,
    points: float = POINTS,
    level: float = 0.95,
    resamples: int = 2000,
) -> NonInferiority:
    """Whether ``a`` holds up against ``b``: both two-sided intervals above their margins, a one-sided test at 2.5 %.

    The share is tested as ``a`` − (1 − share) · ``b`` > 0, question by question, so that ``b``'s score is as uncertain
    here as it is. Both margins must be cleared, so no correction is due (intersection–union). A ``b`` that scores
    nothing makes nothing shown.

    Args:
        a: Scores in [0, 1] by question id.
        b: Scores of the reference on the same questions.
        clusters: Cluster by question id; may know more questions.
        seed: Of the draws.
        share: Margin as a share of ``b``'s score, in (0, 1).
        points: Margin as a fraction of 1.
        level: Confidence of both intervals.
        resamples: Draws of the bootstrap.

    Raises:
        PairingError: The ids differ, a question has no cluster, or there are none.

    Source:
        Piaggio et al. 2012 (CONSORT, JAMA 308:2594); Berger and Hsu 1996 for two margins at once.
    """
    ids = joined(a, b, clusters)
    groups = [clusters[id_] for id_ in ids]

    def interval(kept: float) -> Interval | None:
        values = [a[id_] - kept * b[id_] for id_ in ids]
        return difference_interval(values, groups, seed, level=level, resamples=resamples)

    difference, kept = interval(1.0), interval(1 - share)
    return NonInferiority(
        reference=sum(b[id_] for id_ in ids) / len(ids), difference=difference, kept=kept, share=share, points=points,
        shown=difference is not None and kept is not None and difference.low > -points and kept.low > 0,
    )  # fmt: skip
