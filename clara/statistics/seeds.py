"""Scores of several trainings → what varies between trainings, apart from what varies between questions."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from clara.errors import ClaraError
from clara.records import Record
from clara.statistics.clusters import TIED, standard_error, totals
from clara.statistics.intervals import Interval, tied
from clara.statistics.paired import joined

if TYPE_CHECKING:
    from numpy import ndarray


class SeedsError(ClaraError):
    """Fewer than two trainings: nothing is known of what another seed would give."""

    def __init__(self, seeds: int) -> None:
        self.seeds = seeds
        super().__init__(
            f"between-seed spread: {seeds} seed(s). One training says nothing about the next; pass --seeds 3 or more."
        )


class SeedSpread(Record):
    """A contender trained more than once.

    Attributes:
        mean: Over seeds and questions.
        means: Mean of each training, in the order of the seeds.
        between_seeds: Standard deviation of those: what another seed on the *same questions* moves.
        between_questions: Standard error of the mean over clusters of questions, the trainings averaged: what other
            questions for the *same trainings* move.
        interval: Of the mean for both another seed and other questions; may leave [0, 1].
        n: Questions.
    """

    mean: float
    means: tuple[float, ...]
    between_seeds: float
    between_questions: float
    interval: Interval
    n: int


def seed_spread(
    scores: Mapping[int, Mapping[str, float]],
    clusters: Mapping[str, str],
    *,
    level: float = 0.95,
    bounds: tuple[float, float] = (0.0, 1.0),
) -> SeedSpread:
    """Between-seed spread and between-question error, and an interval that holds both.

    The variance of the mean is sd² / seeds + se²; its degrees of freedom are Satterthwaite's, so that three seeds that
    differ much give the wide interval that three of anything deserve. What a seed does to single questions is in both
    terms, which makes the interval a little wide rather than narrow.

    Args:
        scores: Score by seed and question id, each seed on the same questions; differences with ``bounds`` (-1, 1).
        clusters: Cluster by question id; may know more questions.
        level: Confidence.
        bounds: Least and greatest value that a score can have.

    Raises:
        SeedsError: Fewer than two seeds.
        PairingError: Two seeds were not asked the same, or a question has no cluster.
        ValueError: Fewer than two clusters, or a score out of bounds.

    Source:
        Satterthwaite 1946; Bouthillier et al. 2021 (arXiv:2103.03098) on why seeds must be apart.
    """
    import numpy as np

    if len(scores) < 2:
        raise SeedsError(len(scores))
    seeds = sorted(scores)
    ids = joined(scores[seeds[0]], scores[seeds[0]], clusters)
    for seed in seeds[1:]:
        joined(scores[seeds[0]], scores[seed], clusters)
    table = np.array([[scores[seed][id_] for id_ in ids] for seed in seeds])
    sums, sizes = totals(table.mean(0).tolist(), [clusters[id_] for id_ in ids], bounds)
    if len(sums) < 2:
        raise ValueError("between-question error: 1 cluster. It needs two; resample chunks, not documents.")
    spread, error = float(table.mean(1).std(ddof=1)), float(standard_error(sums, sizes))
    if max(spread, error) < TIED:
        interval = tied(sums, sizes, bounds, level)
    else:
        low, high = combined(table.mean(), spread, len(seeds), error, len(sums), level)
        method = f"t of {len(seeds)} seeds and {len(sums)} clusters, Satterthwaite"
        interval = Interval(low=float(low), high=float(high), level=level, method=method)
    return SeedSpread(
        mean=float(table.mean()), means=tuple(table.mean(1).tolist()), between_seeds=spread,
        between_questions=error, interval=interval, n=len(ids),
    )  # fmt: skip


def combined(
    mean: ndarray, spread: ndarray | float, seeds: int, error: ndarray | float, clusters: int, level: float
) -> tuple[ndarray, ndarray]:
    """Ends of the interval that holds both errors, one of which is above 0; all arrays of one shape."""
    import numpy as np
    from scipy.stats import t

    of_seeds, of_questions = np.square(spread) / seeds, np.square(error)
    variance = of_seeds + of_questions
    freedom = variance**2 / (of_seeds**2 / (seeds - 1) + of_questions**2 / (clusters - 1))
    reach = t.ppf((1 + level) / 2, freedom) * np.sqrt(variance)
    return mean - reach, mean + reach
