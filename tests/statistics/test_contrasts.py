"""Holm over the declared contrasts: as statsmodels has it, whatever the order they come in."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from statsmodels.stats.multitest import multipletests

from clara.statistics import CONTRASTS, adjusted, holm, is_declared

p_values = st.lists(st.floats(0, 1), min_size=1, max_size=8)


@given(p_values)
def test_holm_agrees_with_statsmodels(found):
    assert holm(found) == pytest.approx(multipletests(found, method="holm")[1])


@given(p_values)
def test_holm_never_makes_a_p_smaller_nor_changes_their_order(found):
    after = holm(found)
    assert all(new >= old for new, old in zip(after, found, strict=True))
    assert sorted(range(len(found)), key=lambda i: (after[i], found[i])) == sorted(
        range(len(found)), key=lambda i: (after[i], found[i], i)
    )
    assert holm(found[::-1]) == after[::-1]


def test_holm_of_nothing_is_nothing():
    assert holm([]) == ()


@pytest.mark.parametrize("p", [-0.1, 1.1, float("nan")])
def test_what_is_no_probability_is_an_error(p):
    with pytest.raises(ValueError, match=r"not in \[0, 1\]"):
        holm([0.5, p])


def test_five_contrasts_are_declared():
    assert len(CONTRASTS) == 5
    assert is_declared("clara@4x", "tuned_rag")
    assert not is_declared("tuned_rag", "clara@4x")
    assert not is_declared("clara@16x", "tuned_rag")


def test_only_declared_contrasts_that_are_present_pay_for_one_another():
    found = adjusted({("rag", "shuffled"): 0.001, ("tuned_rag", "rag"): 0.03, ("tuned", "closed_book"): 0.02})
    assert found == {("tuned", "closed_book"): 0.04, ("tuned_rag", "rag"): 0.04}


def test_the_order_they_come_in_reaches_nothing():
    found = {pair: 0.01 * (i + 1) for i, pair in enumerate(CONTRASTS)}
    mirrored = adjusted(dict(reversed(found.items())))
    assert list(mirrored.items()) == list(adjusted(found).items())
