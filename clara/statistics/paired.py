"""Two contenders' scores on the same questions → their difference, how sure it is, and what may be said of it."""

from __future__ import annotations

from collections.abc import Mapping
from math import fsum
from typing import TYPE_CHECKING, Literal

from clara.errors import ClaraError
from clara.records import Record
from clara.statistics.clusters import totals
from clara.statistics.intervals import Interval, difference_interval
from clara.statistics.power import detectable_difference

if TYPE_CHECKING:
    from numpy import ndarray
    from numpy.random import Generator

PERMUTATIONS = (
    4_999  # the least p is then 1/2500 two-sided: a twenty-fifth of what Holm's first step of five asks for
)

BOUNDS = (-1.0, 1.0)

Verdict = Literal["better", "worse", "undecided"]


class PairingError(ClaraError):
    """Two sets of scores that are not over the same questions.

    Attributes:
        question_id: The first id, in sorted order, that one side lacks; None where both are empty.
    """

    def __init__(self, question_id: str | None, found: str, remedy: str) -> None:
        self.question_id = question_id
        where = "paired difference" if question_id is None else f"question {question_id}"
        super().__init__(f"{where}: {found}. {remedy}.")


class PairedDifference(Record):
    """``a`` − ``b`` over the same questions.

    Attributes:
        mean: Mean difference, in [-1, 1].
        interval: Of the mean; None with fewer than two clusters.
        wins: Questions on which ``a`` scored higher.
        losses: Questions on which ``b`` did.
        ties: Questions on which they scored the same.
        n: Questions.
        p_value: Two-sided, by exchanging ``a`` and ``b`` cluster by cluster.
        detectable: Smallest true difference that these questions show to be one in 80 % of the cases; None where they
            can show none.
    """

    mean: float
    interval: Interval | None
    wins: int
    losses: int
    ties: int
    n: int
    p_value: float
    detectable: float | None

    @property
    def verdict(self) -> Verdict:
        """What may be said of ``a``; see :meth:`judged`."""
        return self.judged(self.p_value)

    def judged(self, p_value: float) -> Verdict:
        """What may be said of ``a`` if ``p_value``, such as one that Holm adjusted, is taken for the test's.

        Something only where the interval is clear of 0, the test agrees, **and** the difference is no smaller than
        ``detectable``.

        The test has to agree because it promises more: that it errs in 5 % of the cases at any number of clusters,
        and Holm adjusts its p.

        The floor is there because a difference smaller than ``detectable`` that is significant all the same is mostly
        one that chance has made larger than it is (Gelman and Carlin 2014, "type M error"). It has a price: of
        differences truly as large as ``detectable`` the test notices 80 %, but the word is said for half, because
        half of the estimates fall below the truth; for 80 % the difference must be 1.3 times as large. Where nothing
        differs the word is said in about 0.5 % of the cases instead of 5 %.
        """
        if self.interval is None or self.interval.low <= 0 <= self.interval.high:
            return "undecided"
        if p_value > 1 - self.interval.level:
            return "undecided"
        if self.detectable is None or abs(self.mean) < self.detectable:
            return "undecided"
        return "better" if self.interval.low > 0 else "worse"


def paired_difference(
    a: Mapping[str, float],
    b: Mapping[str, float],
    clusters: Mapping[str, str],
    seed: int,
    *,
    level: float = 0.95,
    resamples: int = 2000,
) -> PairedDifference:
    """Mean of ``a`` − ``b``, question by question, with its interval and a permutation test.

    The interval is :func:`~clara.statistics.intervals.difference_interval`'s. The test exchanges ``a`` and ``b`` in
    whole clusters, in every way where there are few enough, else :data:`PERMUTATIONS` times.

    Args:
        a: Scores in [0, 1] by question id.
        b: Scores by question id, of the same questions.
        clusters: Cluster by question id; may know more questions.
        seed: Of the draws.
        level: Confidence.
        resamples: Draws of the bootstrap.

    Raises:
        PairingError: The ids differ, a question has no cluster, or there are none.
        ValueError: A score is NaN or a difference outside [-1, 1].
    """
    import numpy as np

    ids = joined(a, b, clusters)
    differences = [a[id_] - b[id_] for id_ in ids]
    groups = [clusters[id_] for id_ in ids]
    sums, sizes = totals(differences, groups, BOUNDS)
    return PairedDifference(
        mean=fsum(differences) / len(ids),
        interval=difference_interval(differences, groups, seed, level=level, resamples=resamples),
        wins=sum(difference > 0 for difference in differences),
        losses=sum(difference < 0 for difference in differences),
        ties=sum(difference == 0 for difference in differences),
        n=len(ids),
        p_value=float(sign_flip(sums, np.random.default_rng(seed))),
        detectable=detectable_difference(sums, sizes, alpha=1 - level),
    )


def sign_flip(
    sums: ndarray,
    rng: Generator,
    alternative: Literal["two-sided", "greater"] = "two-sided",
    permutations: int = PERMUTATIONS,
) -> ndarray:
    """Chance of the clusters' summed differences, under signs that could as well have been the other way.

    Args:
        sums: Shape ``(..., clusters)``: summed difference of each cluster.
        rng: Of the draws, where there are too many signs to try all; sets passed together share them.
        alternative: ``greater`` asks whether the differences lie above 0.
        permutations: Draws.

    Returns:
        Shape ``(...)``, in (0, 1].

    Source:
        Fisher 1935; exact with the draw itself counted, as Phipson and Smyth 2010.
    """
    import numpy as np
    from scipy.stats import permutation_test

    if sums.shape[-1] < 2:
        return np.ones(sums.shape[:-1])  # one sign, either way: as extreme as can be in every case
    found = permutation_test(
        (sums,),
        lambda total, axis: total.sum(axis=axis),
        permutation_type="samples",
        vectorized=True,
        axis=-1,
        n_resamples=permutations,
        batch=max(1, _CELLS // sums.size),
        alternative=alternative,
        rng=rng,
    )
    return np.asarray(found.pvalue)


_CELLS = 2**20  # numbers held at once: 8 MiB


def joined(a: Mapping[str, object], b: Mapping[str, object], clusters: Mapping[str, str]) -> list[str]:
    """The ids of both sides, sorted.

    Raises:
        PairingError: The ids differ, a question has no cluster, or there are none.
    """
    if strays := sorted(a.keys() ^ b.keys()):
        side = "b" if strays[0] in a else "a"
        raise PairingError(
            strays[0], f"has no score in {side!r}", "Score both contenders on the same questions"
        )
    if strays := sorted(a.keys() - clusters.keys()):
        raise PairingError(strays[0], "has no cluster", "Name its source chunk")
    if not a:
        raise PairingError(None, "there are no questions", "Score at least one")
    return sorted(a)
