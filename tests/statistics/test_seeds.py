"""Several trainings: the seeds' spread apart from the questions' error, and nothing said of one."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import t

from clara.statistics import PairingError, SeedsError, seed_spread

IDS = [f"q{i:03d}" for i in range(60)]
CHUNKS = {id_: f"c{i // 2:02d}" for i, id_ in enumerate(IDS)}


def trained(table: np.ndarray) -> dict[int, dict[str, float]]:
    return {seed: dict(zip(IDS, map(float, row), strict=True)) for seed, row in enumerate(table)}


def test_trainings_that_answer_alike_have_no_spread_and_the_error_of_one():
    row = np.random.default_rng(0).choice([0.0, 1.0], 60)
    found = seed_spread(trained(np.tile(row, (3, 1))), CHUNKS)
    assert found.between_seeds == 0
    assert found.mean == pytest.approx(row.mean())
    reach = t.ppf(0.975, 29) * found.between_questions
    assert (found.interval.low, found.interval.high) == pytest.approx(
        (row.mean() - reach, row.mean() + reach)
    )


def test_questions_alike_leave_the_seeds_and_their_few_degrees_of_freedom():
    found = seed_spread(trained(np.tile([[0.3], [0.4], [0.5]], (1, 60))), CHUNKS)
    assert found.between_seeds == pytest.approx(0.1)
    assert found.between_questions == pytest.approx(0, abs=1e-12)
    reach = t.ppf(0.975, 2) * 0.1 / 3**0.5
    assert (found.interval.low, found.interval.high) == pytest.approx((0.4 - reach, 0.4 + reach))
    assert found.means == pytest.approx((0.3, 0.4, 0.5))


def test_both_together_agree_with_a_two_way_analysis_of_variance():
    """Mean squares from statsmodels, one question a chunk: the same two variances by another road."""
    import pandas as pd
    import statsmodels.formula.api as smf
    from statsmodels.stats.anova import anova_lm

    table = np.random.default_rng(1).random((4, 60))
    own = {id_: id_ for id_ in IDS}
    found = seed_spread(trained(table), own)
    rows = [{"seed": s, "id": i, "y": table[s, i]} for s in range(4) for i in range(60)]
    squares = anova_lm(smf.ols("y ~ C(seed) + C(id)", pd.DataFrame(rows)).fit())["mean_sq"]
    assert found.between_seeds**2 == pytest.approx(squares["C(seed)"] / 60)
    assert found.between_questions**2 == pytest.approx(squares["C(id)"] / (4 * 60))


def test_where_nothing_varies_no_certainty_is_claimed():
    found = seed_spread(trained(np.zeros((2, 60))), CHUNKS)
    assert (found.interval.low, found.interval.high) == pytest.approx((0, 1 - 0.05 ** (1 / 30)))
    assert found.interval.method == "rule of three: all 30 clusters tie"


@pytest.mark.parametrize("seeds", [0, 1])
def test_one_training_says_nothing_of_the_next(seeds):
    with pytest.raises(SeedsError, match=f"{seeds} seed.*--seeds 3"):
        seed_spread(trained(np.ones((seeds, 60))), CHUNKS)


def test_trainings_asked_other_questions_are_refused():
    scores = trained(np.ones((2, 60)))
    del scores[1]["q059"]
    with pytest.raises(PairingError, match="q059"):
        seed_spread(scores, CHUNKS)


def test_one_chunk_is_refused():
    with pytest.raises(ValueError, match="1 cluster"):
        seed_spread(trained(np.ones((2, 60))), dict.fromkeys(IDS, "c"))


def test_the_order_of_seeds_and_questions_reaches_nothing():
    scores = trained(np.random.default_rng(2).random((3, 60)))
    mirrored = {s: dict(reversed(scores[s].items())) for s in reversed(scores)}
    assert seed_spread(mirrored, CHUNKS) == seed_spread(scores, CHUNKS)
