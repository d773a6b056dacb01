"""A contender now and at its baseline, question by question → red or not, with the reason in one line.

Two kinds of contender, by their noise. What is frozen answers the same each time: any other answer is news. What is
trained varies with its seed: it is red only where it fell by more than the margin *and* chance is a poor explanation.
How often either errs: ``docs/operating-characteristics.md``.
"""

from __future__ import annotations

from collections.abc import Mapping
from math import isfinite
from typing import TYPE_CHECKING

from clara.records import Record
from clara.statistics.clusters import totals
from clara.statistics.intervals import Interval, difference_interval
from clara.statistics.mcnemar import exact_one_sided
from clara.statistics.paired import BOUNDS, joined, sign_flip
from clara.statistics.power import rejection_probability

if TYPE_CHECKING:
    from numpy import ndarray

MARGIN = 0.05
ALPHA = 0.05
GIVEN_BACK = 0.25


class GateDecision(Record):
    """What the gate says of a trained contender.

    Attributes:
        contender: Its name.
        metric: What fell or held, such as ``EM``.
        n: Questions.
        before: Mean at the baseline.
        now: Mean of this run.
        drop: ``before`` − ``now``; above 0 where it fell.
        interval: 95 % interval of the drop, over clusters; None with fewer than two.
        p_value: One-sided.
        lost: Ids of the questions that scored lower than before, sorted.
        won: Ids of those that scored higher.
        margin: Largest drop that is let pass.
        alpha: Level of the test.
        red: Whether it fell by more than the margin, and surely.
        blind: True if not even losing every point it had could make this gate red.
    """

    contender: str
    metric: str
    n: int
    before: float
    now: float
    drop: float
    interval: Interval | None
    p_value: float
    lost: tuple[str, ...]
    won: tuple[str, ...]
    margin: float
    alpha: float
    red: bool
    blind: bool

    @property
    def sentence(self) -> str:
        """One line: what fell, by how much, how sure, and why that is red or is not."""
        way = "fell" if self.drop > 0 else "rose" if self.drop < 0 else "did not move"
        size = f" by {100 * abs(self.drop):.1f} points" if self.drop else ""
        span = ""
        if self.interval:
            # The record is about the drop, the reader about the change: signs turn round.
            span = f", 95 % [{-100 * self.interval.high:+.1f}, {-100 * self.interval.low:+.1f}]"
        return (
            f"{self.contender}: {self.metric} {way}{size} ({100 * self.before:.1f} → {100 * self.now:.1f} on {self.n} "
            f"questions{span}; {len(self.lost)} lost, {len(self.won)} won; one-sided p = {self.p_value:.2g}): "
            f"{self._reason}"
        )

    @property
    def _reason(self) -> str:
        margin = f"the margin of {100 * self.margin:g} points"
        if self.red:
            return f"REGRESSION, more than {margin} and p ≤ {self.alpha:g}"
        if self.blind:
            return f"not judged, the baseline is too low to fall by more than {margin} for sure"
        if self.drop > self.margin + _ROUNDING:
            return f"passes, more than {margin} but p > {self.alpha:g}"
        return f"passes, within {margin}"


class Flip(Record):
    """A question that a frozen contender answers otherwise than at its baseline."""

    question_id: str
    before: str
    now: str


class FrozenDecision(Record):
    """What the gate says of a frozen contender.

    Attributes:
        contender: Its name.
        n: Questions.
        flips: Those answered otherwise, sorted by id.
    """

    contender: str
    n: int
    flips: tuple[Flip, ...]

    @property
    def red(self) -> bool:
        """True if a single answer differs."""
        return bool(self.flips)

    @property
    def sentence(self) -> str:
        """One line: how many answers changed, and the first of them."""
        if not self.flips:
            return f"{self.contender}: all {self.n} answers equal the baseline's"
        first = self.flips[0]
        return (
            f"{self.contender}: REGRESSION, {len(self.flips)} of {self.n} answers differ from the baseline's though "
            f"nothing in it is trained; first {first.question_id}: {first.before!r} → {first.now!r}"
        )


def gate_frozen(contender: str, before: Mapping[str, str], now: Mapping[str, str]) -> FrozenDecision:
    """Whether every answer equals the baseline's; only where versions, processor, BLAS and threads are the same.

    Args:
        contender: Its name.
        before: Answer at the baseline by question id.
        now: Answer of this run, to the same questions.

    Raises:
        PairingError: The ids differ, or there are none.
    """
    ids = joined(before, now, dict.fromkeys(before, ""))
    flips = tuple(
        Flip(question_id=id_, before=before[id_], now=now[id_]) for id_ in ids if before[id_] != now[id_]
    )
    return FrozenDecision(contender=contender, n=len(ids), flips=flips)


def gate_right(
    contender: str,
    before: Mapping[str, bool],
    now: Mapping[str, bool],
    clusters: Mapping[str, str],
    seed: int,
    *,
    margin: float = MARGIN,
    alpha: float = ALPHA,
    resamples: int = 2000,
) -> GateDecision:
    """Right or wrong, by exact McNemar: for EM, the metric that the gate's error rates are computed for.

    Args:
        contender: Its name.
        before: Whether the baseline was right, by question id.
        now: Whether this run is, on the same questions.
        clusters: Source chunk by question id, for the interval; the test takes questions as independent.
        seed: Of the interval's draws.
        margin: Largest drop that is let pass, as a fraction of 1.
        alpha: Level of the one-sided test.
        resamples: Draws of the interval.

    Raises:
        PairingError: The ids differ, a question has no cluster, or there are none.
    """
    ids = joined(before, now, clusters)
    right = sum(before[id_] for id_ in ids)
    lost, won = (sum(x[i] > y[i] for i in ids) for x, y in ((before, now), (now, before)))
    return _decided(
        contender, "EM", {i: float(before[i]) for i in ids}, {i: float(now[i]) for i in ids}, clusters, seed,
        p_value=float(exact_one_sided(lost, won)), margin=margin, alpha=alpha, resamples=resamples,
        blind=not bool(is_red(right, 0, len(ids), margin, alpha)),
    )  # fmt: skip


def gate_scores(
    contender: str,
    metric: str,
    before: Mapping[str, float],
    now: Mapping[str, float],
    clusters: Mapping[str, str],
    seed: int,
    *,
    margin: float = MARGIN,
    alpha: float = ALPHA,
    resamples: int = 2000,
) -> GateDecision:
    """The same for scores in [0, 1] such as F1, by exchanging baseline and run cluster by cluster.

    A second gate on the same run is a second chance of a false alarm: where both count, their rates add up at worst.

    Args:
        contender: Its name.
        metric: What the scores are.
        before: Score at the baseline by question id.
        now: Score of this run, on the same questions.
        clusters: Source chunk by question id.
        seed: Of the draws.
        margin: Largest drop that is let pass, as a fraction of 1.
        alpha: Level of the one-sided test.
        resamples: Draws of the interval.

    Raises:
        PairingError: The ids differ, a question has no cluster, or there are none.
        ValueError: A score is NaN or a difference outside [-1, 1].
    """
    import numpy as np

    ids = joined(before, now, clusters)
    groups = [clusters[id_] for id_ in ids]

    def falls(then: Mapping[str, float], since: Mapping[str, float]) -> float:
        sums, _ = totals([then[i] - since.get(i, 0.0) for i in ids], groups, BOUNDS)
        return float(sign_flip(sums, np.random.default_rng(seed), "greater"))

    at_most = sum(before[i] for i in ids) / len(ids)
    return _decided(
        contender, metric, before, now, clusters, seed,
        p_value=falls(before, now), margin=margin, alpha=alpha, resamples=resamples,
        blind=not (at_most > margin + _ROUNDING and falls(before, {}) <= alpha),
    )  # fmt: skip


class LossDecision(Record):
    """What the gate says of a held-out loss, of which a run has one number.

    Attributes:
        contender: What it is measured on.
        start: Loss before training, at the baseline.
        before: Loss after training, at the baseline.
        now: Loss of this run.
        given_back: Share of what training had gained at the baseline that this run lost again; below 0 where it gained.
        allowed: Largest share that is let pass.
    """

    contender: str
    start: float
    before: float
    now: float
    given_back: float
    allowed: float

    @property
    def red(self) -> bool:
        """True where more is given back."""
        return self.given_back > self.allowed

    @property
    def blind(self) -> bool:
        """True where training had gained nothing that could be given back."""
        return self.start <= self.before

    @property
    def sentence(self) -> str:
        """One line: from where to where, and against what it was held."""
        said = "REGRESSION, more than" if self.red else "passes, within"
        if self.blind:
            return (
                f"{self.contender}: loss {self.before:.3f} → {self.now:.3f} nats a token: not judged, at the baseline "
                "training had gained nothing"
            )
        return (
            f"{self.contender}: loss {self.before:.3f} → {self.now:.3f} nats a token, {self.given_back:+.0%} of the "
            f"{self.start - self.before:.3f} that training had gained given back: {said} {self.allowed:.0%}"
        )


def gate_loss(
    contender: str, start: float, before: float, now: float, *, allowed: float = GIVEN_BACK
) -> LossDecision:
    """The gate that sees a fall where few answers are right: continuous, and not blind at low scores.

    One number a run has no test, so a margin stands in for it, on the scale of what training is worth: a quarter of the
    gain. Where training had gained nothing there is nothing to give back.

    Args:
        contender: What the loss is measured on.
        start: Loss before training, at the baseline.
        before: Loss after training, at the baseline.
        now: Loss of this run, on the same questions.
        allowed: Largest share of the gain that may be given back.

    Raises:
        ValueError: A loss is not finite: that is a broken training and no regression.
    """
    if not all(map(isfinite, (start, before, now))):
        raise ValueError(
            f"{contender}: loss {start} → {before}, now {now}, is not finite. Look at the training."
        )
    given_back = (now - before) / (start - before) if start > before else 0.0
    return LossDecision(
        contender=contender, start=start, before=before, now=now, given_back=given_back, allowed=allowed
    )


def is_red(lost: int | ndarray, won: int | ndarray, n: int, margin: float, alpha: float) -> ndarray:
    """The rule itself, for counts or arrays of them: drop > margin and one-sided exact McNemar p ≤ alpha."""
    import numpy as np

    drop = (np.asarray(lost) - won) / n
    return np.asarray((drop > margin + _ROUNDING) & (exact_one_sided(lost, won) <= alpha))


def red_probability(
    n: int, drop: float, churn: float, *, margin: float = MARGIN, alpha: float = ALPHA
) -> float:
    """Probability that :func:`gate_right` is red, summed over every split into lost and won.

    Args:
        n: Questions, independent of one another.
        drop: True fall of the share of right answers; 0 for the false alarm.
        churn: Share of questions that another seed flips, half of them each way, besides the drop.
        margin: Largest drop that is let pass.
        alpha: Level of the one-sided test.
    """
    return rejection_probability(
        n, churn / 2 + drop, churn / 2, lambda lost, won: is_red(lost, won, n, margin, alpha)
    )


_ROUNDING = 1e-9  # 0.05 of 200 is ten questions, whatever the last bit says


def _decided(
    contender: str,
    metric: str,
    before: Mapping[str, float],
    now: Mapping[str, float],
    clusters: Mapping[str, str],
    seed: int,
    *,
    p_value: float,
    margin: float,
    alpha: float,
    blind: bool,
    resamples: int,
) -> GateDecision:
    ids = sorted(before)
    falls = [before[id_] - now[id_] for id_ in ids]
    groups = [clusters[id_] for id_ in ids]
    drop = sum(falls) / len(ids)
    return GateDecision(
        contender=contender, metric=metric, n=len(ids), before=sum(before[i] for i in ids) / len(ids),
        now=sum(now[i] for i in ids) / len(ids), drop=drop, p_value=p_value, margin=margin, alpha=alpha, blind=blind,
        interval=difference_interval(falls, groups, seed, resamples=resamples),
        lost=tuple(i for i, fall in zip(ids, falls, strict=True) if fall > 0),
        won=tuple(i for i, fall in zip(ids, falls, strict=True) if fall < 0),
        red=drop > margin + _ROUNDING and p_value <= alpha,
    )  # fmt: skip
