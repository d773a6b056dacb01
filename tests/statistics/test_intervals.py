"""Intervals: worked by hand, held to laws, and against independent implementations."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from statsmodels.stats.proportion import proportion_confint

from clara.statistics import difference_interval, mean_interval, share_interval, too_few_clusters, wilson
from clara.statistics.clusters import standard_error, totals


@pytest.mark.parametrize("successes", [0, 3, 10, 20])
def test_wilson_solves_its_quadratic(successes):
    n, z = 20, 1.959963984540054
    found = wilson(successes, n)
    for limit in (found.low, found.high):
        assert (successes / n - limit) ** 2 == pytest.approx(z**2 * limit * (1 - limit) / n, abs=1e-12)
    assert found.low < found.high
    assert found.method == "Wilson"


def test_wilson_of_no_questions_is_an_error():
    with pytest.raises(ValueError, match="not less than 1"):
        wilson(0, 0)


def test_two_clusters_by_hand():
    # A draw has mean 0, 1/4 or 1 with probability 1/4, 1/2, 1/4; bias and acceleration are 0; so the 2.5 % and
    # 97.5 % points are the extremes.
    found = mean_interval([1, 0, 0, 0], ["x", "y", "y", "y"], seed=0)
    assert (found.low, found.high) == (0, 1)
    assert found.method == "BCa bootstrap over 2 clusters, 2000 resamples"


def test_clusters_of_one_question_give_scipys_interval_of_the_mean():
    from scipy.stats import bootstrap

    values = np.random.default_rng(1).beta(1, 3, 30)
    found = mean_interval(values.tolist(), [f"{i:02d}" for i in range(30)], seed=5)
    expected = bootstrap(
        (values,), np.mean, n_resamples=2000, rng=np.random.default_rng(5)
    ).confidence_interval
    assert (found.low, found.high) == pytest.approx((expected.low, expected.high))


def test_asking_again_about_the_same_chunk_does_not_narrow_the_interval():
    values, clusters = [0.0, 1.0, 0.5, 0.25, 1.0, 0.0], list("uvwxyz")
    once = mean_interval(values, clusters, seed=0)
    again = mean_interval(values * 9, clusters * 9, seed=0)
    as_if_new = mean_interval(values * 9, [f"{c}{i}" for i in range(9) for c in clusters], seed=0)
    assert (again.low, again.high) == pytest.approx((once.low, once.high))
    assert as_if_new.high - as_if_new.low < (once.high - once.low) / 2


@pytest.mark.parametrize(
    ("value", "low", "high"), [(0.0, 0.0, 0.1391), (1.0, 0.8609, 1.0), (0.5, 0.4305, 0.5695)]
)
def test_where_all_clusters_tie_the_rule_of_three_stands_in(value, low, high):
    found = mean_interval([value] * 20, [str(i) for i in range(20)], seed=0)  # 1 - 0.05 ** (1 / 20) = 0.1391
    assert (found.low, found.high) == pytest.approx((low, high), abs=1e-4)
    assert found.method == "rule of three: all 20 clusters tie"


def test_clusters_whose_means_tie_though_their_values_do_not_are_a_tie():
    values, clusters = [0.0, 1.0, 1.0, 0.0, 0.1, 0.2, 0.7, 1.0], list("xxyyzzzz")
    assert mean_interval(values, clusters, seed=0).method == "rule of three: all 3 clusters tie"


@pytest.mark.parametrize("values", [[], [0.5], [0.0, 1.0, 0.5]])
def test_fewer_than_two_clusters_have_no_interval(values):
    assert mean_interval(values, ["x"] * len(values), seed=0) is None


@pytest.mark.parametrize("value", [float("nan"), float("inf"), -0.1, 1.1])
def test_a_value_that_is_no_score_is_an_error(value):
    with pytest.raises(ValueError, match="cluster y"):
        mean_interval([0.5, value], ["x", "y"], seed=0)


def test_values_and_clusters_of_unequal_number_are_an_error():
    with pytest.raises(ValueError, match="shorter"):
        mean_interval([0.5, 0.5], ["x"], seed=0)


def test_a_cluster_weighs_as_many_questions_as_it_has():
    values, clusters = (
        [1.0] * 10 + [0.0] * 90,
        [f"right {i}" for i in range(10)] + [f"wrong {i % 10}" for i in range(90)],
    )
    found = mean_interval(values, clusters, seed=0)
    assert found.low < 0.1 < found.high < 0.3  # the mean of the clusters' means is 0.5


def test_the_seed_fixes_the_interval():
    values, clusters = np.random.default_rng(3).random(60).tolist(), [f"c{i % 17}" for i in range(60)]
    assert mean_interval(values, clusters, seed=0) == mean_interval(values, clusters, seed=0)
    assert mean_interval(values, clusters, seed=0) != mean_interval(values, clusters, seed=1)


def test_the_order_of_the_questions_does_not_reach_the_last_digit():
    values, clusters = [0.1, 0.2, 0.3, 0.1, 0.2, 0.4, 0.7, 0.9, 0.8], list("xxxyyyzzz")
    assert mean_interval(values, clusters, seed=0) == mean_interval(values[::-1], clusters[::-1], seed=0)


@pytest.mark.parametrize("n", [1, 20, 240])
def test_wilson_agrees_with_statsmodels(n):
    for successes in range(0, n + 1, max(1, n // 12)):
        found, expected = wilson(successes, n), proportion_confint(successes, n, method="wilson")
        assert (found.low, found.high) == pytest.approx(expected, abs=1e-12)


def test_a_share_of_questions_of_their_own_chunks_has_wilsons_interval():
    # The error over clusters of one is larger by n / (n - 1) in the variance, and so is the design effect.
    right = [i % 3 == 0 for i in range(90)]
    found = share_interval(right, [f"{i}" for i in range(90)])
    expected = proportion_confint(30 * 89 / 90, 89, method="wilson")
    assert (found.low, found.high) == pytest.approx(expected)
    assert found.method == "Wilson, 90 questions worth 89"


def test_asking_again_about_the_same_chunk_does_not_narrow_the_interval_of_a_share():
    right, chunks = [True, False, True, True, False, False, True, False], list("abcdefgh")
    once, again = share_interval(right, chunks), share_interval(right * 9, chunks * 9)
    assert (again.low, again.high) == pytest.approx((once.low, once.high))


@given(st.lists(st.tuples(st.booleans(), st.sampled_from("uvwxyz")), min_size=1, max_size=30))
def test_clusters_never_narrow_the_interval_of_a_share(table):
    right, chunks = [row[0] for row in table], [row[1] for row in table]
    plain, found = wilson(sum(right), len(right)), share_interval(right, chunks)
    assert found.low <= plain.low + 1e-12
    assert found.high >= plain.high - 1e-12


@pytest.mark.parametrize("right", [[True] * 6, [False] * 6])
def test_a_share_of_all_or_nothing_falls_back_to_wilson(right):
    assert share_interval(right, list("xxyyzz")) == wilson(sum(right), 6)


def test_a_share_of_no_questions_is_an_error():
    with pytest.raises(ValueError, match="not less than 1"):
        share_interval([], [])


def test_the_error_over_clusters_agrees_with_statsmodels():
    """A regression on nothing but a constant, with cluster-robust errors, has the same; its factor is ours."""
    import statsmodels.api as sm

    rng = np.random.default_rng(2)
    groups = rng.integers(0, 25, 80)
    values = rng.random(80)
    fitted = sm.OLS(values, np.ones(80)).fit(
        cov_type="cluster", cov_kwds={"groups": groups, "use_correction": False}
    )
    sums, sizes = totals(values.tolist(), [f"{g:02d}" for g in groups], (0, 1))
    assert standard_error(sums, sizes) == pytest.approx(fitted.bse[0] * (len(sums) / (len(sums) - 1)) ** 0.5)


def test_the_interval_of_a_difference_holds_both_t_and_bca():
    from scipy.stats import ttest_1samp

    rng = np.random.default_rng(3)
    for values in (
        rng.choice([-1.0, 0.0, 1.0], 60, p=[0.1, 0.8, 0.1]),
        rng.choice([0.0, 1.0], 60, p=[0.9, 0.1]),
    ):
        chunks = [f"{i:02d}" for i in range(60)]
        found = difference_interval(values.tolist(), chunks, seed=0)
        t = ttest_1samp(values, 0).confidence_interval()
        bca = mean_interval(values.tolist(), chunks, seed=0, bounds=(-1, 1))
        assert found.low == pytest.approx(min(t.low, bca.low))
        assert found.high == pytest.approx(max(t.high, bca.high))
        assert found.method == "wider of t and BCa over 60 clusters, 2000 resamples"


@settings(max_examples=30, deadline=None)
@given(st.lists(st.sampled_from([-1.0, -0.5, 0.0, 0.25, 1.0]), min_size=2, max_size=9))
def test_the_interval_of_a_difference_stays_among_differences_and_holds_the_mean(values):
    found = difference_interval(values, [f"{i}" for i in range(len(values))], seed=0, resamples=200)
    assert -1 <= found.low <= np.mean(values) + 1e-12
    assert np.mean(values) - 1e-12 <= found.high <= 1


@pytest.mark.parametrize(("clusters", "few"), [(2, True), (19, True), (20, False), (200, False)])
def test_a_report_is_told_of_too_few_clusters(clusters, few):
    assert too_few_clusters(clusters) is few
