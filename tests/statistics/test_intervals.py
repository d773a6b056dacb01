"""Intervals and paired differences: worked by hand, held to laws, and covering what they promise."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from clara.statistics import PairedDifference, PairingError, mean_interval, paired_difference, wilson

scores = st.sampled_from([0.0, 0.25, 0.5, 2 / 3, 1.0])
rows = st.lists(st.tuples(scores, scores, st.sampled_from("wxyz")), min_size=1, max_size=12)


def paired(table: list[tuple[float, float, str]], seed: int = 0) -> PairedDifference:
    a = {f"q-{i}": row[0] for i, row in enumerate(table)}
    b = {f"q-{i}": row[1] for i, row in enumerate(table)}
    return paired_difference(a, b, {f"q-{i}": row[2] for i, row in enumerate(table)}, seed, resamples=200)


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


def test_intervals_cover_the_mean_of_clustered_scores():
    draw = np.random.default_rng(0)
    covered = sum(_covers(draw, trial) for trial in range(200))
    assert 0.90 <= covered / 200 <= 0.99


def _covers(draw: np.random.Generator, trial: int) -> bool:
    """One set of 40 chunks with 1 to 4 right-or-wrong questions each; a chunk is easy or hard, 0.45 on average."""
    sizes, ease = draw.integers(1, 5, 40), draw.beta(0.9, 1.1, 40)
    values = [float(draw.random() < p) for p, size in zip(ease, sizes, strict=True) for _ in range(size)]
    clusters = [f"{i:02d}" for i, size in enumerate(sizes) for _ in range(size)]
    found = mean_interval(values, clusters, seed=trial, resamples=500)
    return found.low <= 0.45 <= found.high


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
    found = paired([(1, 0, "x"), (0, 0, "y")])
    assert (found.interval.low, found.interval.high, found.verdict) == (0, 1, "undecided")


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
