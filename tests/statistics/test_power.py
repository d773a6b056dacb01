"""What a set can see: against statsmodels, against the table of the notes, and by laws."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from statsmodels.stats.power import TTestPower

from clara.statistics import design_effect, detectable_difference, planned_difference
from clara.statistics.power import rejection_probability

ONES = np.ones(120)


def test_with_one_question_a_cluster_it_is_the_paired_t_tests():
    """statsmodels takes the noncentral t; ours is the sum of two quantiles, a hundredth off at this size."""
    sums = np.random.default_rng(0).choice([-1.0, 0.0, 1.0], 120, p=[0.1, 0.75, 0.15])
    size = TTestPower().solve_power(nobs=120, power=0.8, alpha=0.05)
    assert detectable_difference(sums, ONES) == pytest.approx(size * sums.std(ddof=1), rel=0.01)


def test_who_is_ahead_does_not_change_it():
    sums = np.random.default_rng(1).normal(0.1, 0.3, 120)
    assert detectable_difference(sums, ONES) == pytest.approx(detectable_difference(-sums, ONES))
    assert detectable_difference(sums, ONES) == pytest.approx(detectable_difference(sums + 0.2, ONES))


def test_asking_again_about_the_same_chunks_sees_no_more():
    sums = np.random.default_rng(2).normal(0, 0.3, 120)
    assert detectable_difference(9 * sums, 9 * ONES) == pytest.approx(detectable_difference(sums, ONES))


def test_four_times_the_chunks_see_half():
    sums = np.random.default_rng(3).normal(0, 0.3, 120)
    assert detectable_difference(np.tile(sums, 4), np.ones(480)) == pytest.approx(
        detectable_difference(sums, ONES) / 2, rel=0.02
    )


@pytest.mark.parametrize("sums", [np.zeros(120), np.r_[np.ones(5), np.zeros(115)], np.full(120, 0.001)])
def test_where_there_is_no_spread_to_go_by_six_clusters_would_have_to_turn(sums):
    """P(six or more of 120 | share) is 0.8 at 6.5 %: less would show too seldom."""
    found = detectable_difference(sums, ONES)
    assert rejection_probability(
        120, found, 0.0, lambda lost, won: (lost >= 6) & (won >= 0)
    ) == pytest.approx(0.8)


@pytest.mark.parametrize(("clusters", "sees"), [(5, False), (6, True)])
def test_fewer_clusters_than_any_test_needs_see_nothing(clusters, sees):
    sums = np.linspace(-0.5, 1, clusters)
    assert (detectable_difference(sums, np.ones(clusters)) is not None) is sees
    assert detectable_difference(sums, np.ones(clusters), alpha=0.01) is None


@pytest.mark.parametrize(
    ("n", "disagreement", "exact", "points"),
    [
        (20, 0.3, False, None), (20, 0.4, False, 36), (20, 0.4, True, 38.5), (50, 0.1, False, None),
        (50, 0.2, True, 18), (100, 0.1, False, 8.5), (100, 0.3, True, 16), (200, 0.1, True, 6.5),
        (200, 0.2, False, 9), (200, 0.4, True, 13), (500, 0.1, False, 4), (500, 0.4, True, 8.5),
    ],
)  # fmt: skip
def test_plans_are_those_of_the_notes(n, disagreement, exact, points):
    """Computed there on a grid of half a point, upwards."""
    found = planned_difference(n, disagreement, exact=exact)
    assert found is None if points is None else 100 * found == pytest.approx(points - 0.25, abs=0.3)


def test_clusters_cost_questions():
    assert planned_difference(300, 0.2, inflation=1.5) == planned_difference(200, 0.2)


def test_the_design_effect_by_hand():
    assert design_effect([1] * 50, 0.3) == 1
    assert design_effect([4] * 50, 0.3) == pytest.approx(1.9)
    assert design_effect([1, 3], 0.5) == pytest.approx(
        1 + 1.5 * 0.5
    )  # a question's cluster has 10 / 4 of them


shares = st.integers(0, 1000).map(lambda thousandths: thousandths / 1000)


@given(st.integers(1, 40), shares, shares)
def test_probabilities_of_all_splits_sum_to_one(n, lost, share):
    found = rejection_probability(n, lost, share * (1 - lost), lambda losses, wins: losses + wins >= 0)
    assert found == pytest.approx(1)
