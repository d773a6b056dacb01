"""Paired differences: worked by hand, held to laws, and silent where there is nothing to say."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from clara.statistics import (
    Interval,
    PairedDifference,
    PairingError,
    exact_one_sided,
    exact_two_sided,
    paired_difference,
)
from clara.statistics.paired import sign_flip

scores = st.sampled_from([0.0, 0.25, 0.5, 2 / 3, 1.0])
rows = st.lists(st.tuples(scores, scores, st.sampled_from("wxyz")), min_size=1, max_size=12)


def paired(table: list[tuple[float, float, str]], seed: int = 0) -> PairedDifference:
    a = {f"q-{i}": row[0] for i, row in enumerate(table)}
    b = {f"q-{i}": row[1] for i, row in enumerate(table)}
    return paired_difference(a, b, {f"q-{i}": row[2] for i, row in enumerate(table)}, seed, resamples=200)


def difference(
    mean=0.15, low=0.1, high=0.2, p_value=0.001, detectable: float | None = 0.05
) -> PairedDifference:
    interval = Interval(low=low, high=high, level=0.95, method="")
    return PairedDifference(
        mean=mean, interval=interval, wins=9, losses=1, ties=90, n=100, p_value=p_value, detectable=detectable
    )


def test_paired_difference_by_hand():
    # Clusters differ by 1/2, 1/4 and -1/4. Of the eight signs three sum to 1/2 or more, so p is twice 3/8.
    found = paired([(1, 0.5, "x"), (0.5, 0.25, "y"), (0, 0.25, "z"), (1, 1, "z")])
    assert (found.mean, found.wins, found.losses, found.ties, found.n) == (0.125, 2, 1, 1, 4)
    assert found.p_value == 0.75
    assert found.verdict == "undecided"


@pytest.mark.parametrize(("clusters", "verdict"), [(5, "undecided"), (6, "better")])
def test_clusters_that_agree_have_the_least_p_of_so_many(clusters, verdict):
    found = paired([(1, 0.1 * i, "uvwxyz"[i]) for i in range(clusters)])
    assert found.p_value == 2 / 2**clusters
    assert found.verdict == verdict


@settings(max_examples=50, deadline=None)
@given(rows)
def test_swapping_the_arms_flips_every_sign(table):
    ours, theirs = paired(table), paired([(b, a, cluster) for a, b, cluster in table])
    assert ours.mean == -theirs.mean
    assert (ours.wins, ours.losses, ours.ties) == (theirs.losses, theirs.wins, theirs.ties)
    assert ours.p_value == pytest.approx(theirs.p_value)
    assert (ours.interval is None) == (theirs.interval is None)
    if ours.interval and theirs.interval:
        mirrored = (-theirs.interval.high, -theirs.interval.low)
        assert (ours.interval.low, ours.interval.high) == pytest.approx(mirrored, abs=1e-9)


@pytest.mark.parametrize(("a", "b", "verdict"), [(1, 0, "better"), (0, 1, "worse"), (0.5, 0.5, "undecided")])
def test_arms_that_differ_alike_everywhere_are_judged_all_the_same(a, b, verdict):
    found = paired([(a, b, f"c{i}") for i in range(30)])
    assert found.interval.method == "rule of three: all 30 clusters tie"
    assert found.verdict == verdict


def test_a_contender_against_itself_wins_nothing():
    found = paired([(value, value, cluster) for value, cluster in zip((0, 0.5, 1), "xyz", strict=True)])
    assert (found.mean, found.ties, found.p_value, found.verdict) == (0, 3, 1, "undecided")
    assert found.interval.low < 0 < found.interval.high


def test_an_interval_that_ends_at_0_decides_nothing():
    assert difference(low=0.0, high=0.3).verdict == "undecided"
    assert difference(low=1e-9, high=0.3).verdict == "better"


def test_one_cluster_decides_nothing():
    found = paired([(1, 0, "x"), (1, 0, "x")])
    assert (found.mean, found.interval, found.p_value, found.verdict) == (1, None, 1, "undecided")


def test_pairs_are_joined_by_id_and_not_by_position():
    a, clusters = {"q-1": 1.0, "q-2": 0.0, "q-3": 0.5}, {"q-1": "x", "q-2": "y", "q-3": "z", "other": "z"}
    found = paired_difference(a, dict(reversed(a.items())), clusters, seed=0)
    assert (found.ties, found.n) == (3, 3)


@pytest.mark.parametrize(
    ("a", "b", "clusters", "message"),
    [
        ("pq", "p", "pq", "question q: has no score in 'b'"),
        ("p", "opq", "opq", "question o: has no score in 'a'"),
        ("pq", "pq", "p", "question q: has no cluster"),
        ("", "", "", "there are no questions"),
    ],
)
def test_questions_that_do_not_pair_are_named(a, b, clusters, message):
    with pytest.raises(PairingError, match=message):
        paired_difference(dict.fromkeys(a, 0.5), dict.fromkeys(b, 0.5), dict.fromkeys(clusters, "x"), seed=0)


def test_the_seed_fixes_the_paired_difference():
    draw = np.random.default_rng(0)
    table = [(a, b, f"c{i % 25}") for i, (a, b) in enumerate(draw.random((80, 2)))]
    assert paired(table) == paired(table)
    assert paired(table).interval != paired(table, seed=1).interval


def test_a_few_wins_among_ties_are_no_difference():
    """The bootstrap alone would say so: it sees nothing but wins."""
    a = {f"q{i:02d}": float(i < 3) for i in range(72)}
    found = paired_difference(a, dict.fromkeys(a, 0.0), {id_: id_ for id_ in a}, seed=0)
    assert (found.wins, found.losses, found.verdict) == (3, 0, "undecided")


def test_where_nothing_differs_few_seeds_find_a_difference():
    """Scores of 0 and, for one question in thirty, 1, in either arm: at most one seed in twenty may err, and a few."""
    import random

    found = []
    for seed in range(200):
        draw = random.Random(seed)
        a, b = ({f"q{i}": float(draw.random() < 1 / 30) for i in range(72)} for _ in range(2))
        found.append(paired_difference(a, b, {id_: id_ for id_ in a}, seed=seed, resamples=200).verdict)
    assert sum(verdict != "undecided" for verdict in found) <= 16


@pytest.mark.parametrize(
    ("changed", "verdict"),
    [
        ({}, "better"),
        ({"mean": -0.15, "low": -0.2, "high": -0.1}, "worse"),
        ({"detectable": 0.15}, "better"),
        ({"detectable": 0.151}, "undecided"),
        ({"mean": -0.15, "low": -0.2, "high": -0.1, "detectable": 0.151}, "undecided"),
        ({"detectable": None}, "undecided"),
        ({"p_value": 0.06}, "undecided"),
    ],
)
def test_nothing_is_said_of_less_than_can_be_seen_nor_where_the_test_disagrees(changed, verdict):
    assert difference(**changed).verdict == verdict


def test_a_p_that_holm_adjusted_takes_the_place_of_the_tests():
    found = difference(p_value=0.02)
    assert (found.judged(0.02), found.judged(0.08)) == ("better", "undecided")


def test_a_sure_difference_smaller_than_the_detectable_one_is_not_called_better():
    """40 of 240 differ and 27 to 13 of them favour ``a``: p is near 0.03, and 5.8 points are less than 7."""
    flips = [1.0] * 27 + [-1.0] * 13 + [0.0] * 200
    a = {f"q{i:03d}": max(0.0, flip) for i, flip in enumerate(flips)}
    b = {f"q{i:03d}": max(0.0, -flip) for i, flip in enumerate(flips)}
    found = paired_difference(a, b, {id_: id_ for id_ in a}, seed=0)
    assert found.p_value < 0.05
    assert found.interval.low > 0
    assert found.mean < found.detectable
    assert found.verdict == "undecided"


def test_exchanging_clusters_agrees_with_every_sign_tried_by_hand():
    from itertools import product

    sums = np.array([0.5, 1.0, -0.25, 2.0, -1.0, 0.75, 0.3])
    signed = [abs(np.dot(signs, sums)) for signs in product((-1, 1), repeat=7)]
    expected = np.mean(np.array(signed) >= abs(sums.sum()) - 1e-12)
    assert sign_flip(sums, np.random.default_rng(0)) == pytest.approx(expected)


def test_right_or_wrong_in_clusters_of_one_the_exchange_is_mcnemars_exact_test():
    """Two procedures that share nothing: all signs of ten flips, and a binomial."""
    sums = np.array([1.0] * 8 + [-1.0] * 2)
    assert sign_flip(sums, np.random.default_rng(0)) == pytest.approx(float(exact_two_sided(2, 8)))
    assert sign_flip(sums, np.random.default_rng(0), "greater") == pytest.approx(float(exact_one_sided(8, 2)))


def test_sets_judged_together_are_judged_as_each_alone():
    sums = np.random.default_rng(0).normal(size=(3, 8))  # 2 ** 8 signs: all are tried, so no draws are shared
    together = sign_flip(sums, np.random.default_rng(0))
    assert together == pytest.approx([float(sign_flip(row, np.random.default_rng(0))) for row in sums])
