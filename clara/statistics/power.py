"""What a question set can see: the smallest difference that is noticed in 80 % of the cases.

From observed differences (:func:`detectable_difference`), and before there are any (:func:`planned_difference`).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from math import ceil, log2
from typing import TYPE_CHECKING

from clara.statistics.clusters import TIED, standard_error
from clara.statistics.mcnemar import exact_two_sided, mid_p

if TYPE_CHECKING:
    from numpy import ndarray


def detectable_difference(
    sums: ndarray, sizes: ndarray, *, alpha: float = 0.05, power: float = 0.8
) -> float | None:
    """Smallest true mean difference that a two-sided test at ``alpha`` notices with probability ``power``.

    (t₁₋α⸝₂ + t_power) standard errors, the errors over clusters. It depends on how much the two sides disagree and
    not on which of them is ahead. The spread of a next set with a real difference is taken to be this one's.

    Two cases have no spread to go by: fewer clusters that differ than any test at ``alpha`` needs (six at 0.05:
    2 / 2⁶ is 0.03), and differences that all tie. There it is the least share of clusters that would have to go over
    from all wrong to all right for so many of them to turn up with probability ``power``.

    Args:
        sums: Shape ``(clusters,)``: summed difference of each cluster.
        sizes: The same shape: number of its questions.
        alpha: Level of the test.
        power: Probability of noticing.

    Returns:
        In the unit of the scores; None where there are fewer clusters than any test at ``alpha`` needs.

    Source:
        Bloom 1995, Evaluation Review 19:547 (minimum detectable effect); Card et al. 2020 (EMNLP) for evaluations.
    """
    from scipy.stats import beta, t

    count, needed = len(sums), ceil(1 + log2(1 / alpha) - TIED)
    if count < needed:
        return None
    error = float(standard_error(sums, sizes))
    if int((abs(sums) > TIED).sum()) < needed or error < TIED:
        return float(beta.ppf(power, needed, count - needed + 1))
    return float((t.ppf(1 - alpha / 2, count - 1) + t.ppf(power, count - 1)) * error)


def planned_difference(
    n: int,
    disagreement: float,
    *,
    alpha: float = 0.05,
    power: float = 0.8,
    exact: bool = False,
    inflation: float = 1.0,
) -> float | None:
    """Smallest difference in the share of right answers that ``n`` questions will show, computed before any is asked.

    Summed over every split into lost and won, no approximation; McNemar's mid-p, or the exact test.

    Args:
        n: Questions.
        disagreement: Share of them on which the two sides will differ, in (0, 1].
        alpha: Level of the test; 0.01 for Holm's first step of five.
        power: Probability of noticing.
        exact: Take the exact test.
        inflation: What clusters cost, see :func:`design_effect`; ``n`` is divided by it.

    Returns:
        In (0, disagreement]; None where even a difference as large as the disagreement is noticed too seldom.
    """
    import numpy as np
    from scipy.optimize import brentq

    worth = int(n / inflation)
    test = exact_two_sided if exact else mid_p
    counts = np.arange(worth + 1)
    noticed = test(counts[:, None], counts) <= alpha

    def missing(difference: float) -> float:
        lost, won = (disagreement + difference) / 2, (disagreement - difference) / 2
        return power - rejection_probability(worth, lost, won, lambda *_: noticed)

    if missing(disagreement) > 0:
        return None
    return float(brentq(missing, 0, disagreement, xtol=1e-4))


def design_effect(sizes: Sequence[int], correlation: float) -> float:
    """By how much clusters inflate the variance of a mean: 1 + (size − 1) · correlation, sizes weighed by themselves.

    Args:
        sizes: Questions of each cluster.
        correlation: Of two questions of one cluster (intraclass).

    Source:
        Kish 1965, *Survey Sampling*, section 5.4, and 1987 for unequal sizes.
    """
    return 1 + (sum(size**2 for size in sizes) / sum(sizes) - 1) * correlation


def rejection_probability(
    n: int, lost: float, won: float, rejects: Callable[[ndarray, ndarray], ndarray]
) -> float:
    """Probability that ``n`` independent questions fall into the region of ``rejects``, summed exactly.

    Args:
        n: Questions.
        lost: Probability that a question is lost.
        won: Probability that it is won; with ``lost`` at most 1.
        rejects: From arrays of losses, shape ``(n + 1, 1)``, and wins, ``(1, n + 1)``, to a mask of both.
    """
    import numpy as np
    from scipy.stats import binom

    losses, wins = np.arange(n + 1)[:, None], np.arange(n + 1)[None, :]
    rest = won / (1 - lost) if lost < 1 else 0.0
    chance = binom.pmf(losses, n, lost) * binom.pmf(wins, n - losses, min(1.0, rest))
    return float(chance[rejects(losses, wins)].sum())
