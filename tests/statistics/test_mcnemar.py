"""Lost against won: the same p as statsmodels, or as a sum by hand where it has none."""

from __future__ import annotations

from fractions import Fraction
from math import comb

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from statsmodels.stats.contingency_tables import mcnemar
from statsmodels.stats.proportion import binom_test

from clara.statistics import exact_one_sided, exact_two_sided, mid_p

counts = st.integers(0, 60)


@pytest.mark.parametrize(("lost", "won"), [(0, 1), (3, 0), (5, 5), (2, 9), (30, 14), (120, 80)])
def test_the_exact_tests_agree_with_statsmodels(lost, won):
    assert exact_two_sided(lost, won) == pytest.approx(mcnemar([[0, lost], [won, 0]], exact=True).pvalue)
    assert exact_one_sided(lost, won) == pytest.approx(
        binom_test(lost, lost + won, 0.5, alternative="larger")
    )


@pytest.mark.parametrize("test", [exact_one_sided, exact_two_sided, mid_p])
def test_no_flips_are_no_evidence(test):
    assert test(0, 0) == 1


@given(counts, counts)
def test_mid_p_counts_the_split_itself_by_half(lost, won):
    n, fewer = lost + won, min(lost, won)
    below = sum(Fraction(comb(n, k), 2**n) for k in range(fewer))
    expected = 2 * (below + Fraction(comb(n, fewer), 2 * 2**n))
    assert mid_p(lost, won) == pytest.approx(float(min(Fraction(1), expected)))


@given(counts, counts)
def test_mid_p_is_below_the_exact_p_and_neither_cares_which_side_lost(lost, won):
    assert mid_p(lost, won) <= exact_two_sided(lost, won)
    assert mid_p(lost, won) == mid_p(won, lost)
    assert exact_two_sided(lost, won) == exact_two_sided(won, lost)


@given(counts, counts)
def test_one_more_loss_is_never_weaker_evidence_of_a_fall(lost, won):
    assert exact_one_sided(lost + 1, won) <= exact_one_sided(lost, won) + 1e-15


@pytest.mark.parametrize("flips", range(1, 40))
def test_the_exact_test_keeps_its_level_at_every_number_of_flips(flips):
    lost = np.arange(flips + 1)
    chance = np.array([comb(flips, int(k)) / 2**flips for k in lost])
    assert chance[exact_one_sided(lost, flips - lost) <= 0.05].sum() <= 0.05
