"""The gate: red on what fell for sure, silent on noise, and plain about what it cannot see."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from clara.statistics import (
    GateDecision,
    PairingError,
    gate_frozen,
    gate_loss,
    gate_right,
    gate_scores,
    red_probability,
)
from clara.statistics.gate import is_red


def flipped(lost: int, won: int, n: int = 200, right: int = 100) -> GateDecision:
    ids = [f"q{i:03d}" for i in range(n)]
    before = {id_: i < right for i, id_ in enumerate(ids)}
    now = {id_: lost <= i < right + won for i, id_ in enumerate(ids)}
    return gate_right(
        "tuned", before, now, {id_: f"c{i // 2}" for i, id_ in enumerate(ids)}, seed=0, resamples=200
    )


def test_the_prototypes_case_is_red():
    found = flipped(8, 0, n=40, right=30)
    assert (found.red, found.drop) == (True, pytest.approx(0.2))
    assert found.p_value == pytest.approx(0.5**8)
    assert found.lost == tuple(f"q{i:03d}" for i in range(8))
    assert found.won == ()


@pytest.mark.parametrize(
    ("lost", "won", "red", "reason"),
    [
        (0, 0, False, "passes, within the margin"),
        (10, 0, False, "passes, within the margin"),  # 5 points are not more than 5
        (11, 0, True, "REGRESSION, more than the margin of 5 points and p ≤ 0.05"),
        (45, 33, False, "passes, more than the margin of 5 points but p > 0.05"),
        (0, 30, False, "passes, within the margin"),
    ],
)
def test_both_conditions_must_hold(lost, won, red, reason):
    found = flipped(lost, won)
    assert found.red is red
    assert reason in found.sentence


def test_the_sentence_says_what_fell_by_how_much_and_how_sure():
    found = flipped(30, 4)
    assert found.sentence.startswith("tuned: EM fell by 13.0 points (50.0 → 37.0 on 200 questions, 95 % [-")
    assert "30 lost, 4 won; one-sided p = 3.1e-06" in found.sentence
    assert "\n" not in found.sentence
    assert "rose by 2.0 points" in flipped(0, 4).sentence
    assert "did not move (50.0 → 50.0" in flipped(4, 4).sentence


def test_a_baseline_too_low_to_fall_is_said_to_be_unjudged():
    found = flipped(8, 0, right=8)  # all that there was: 4 points
    assert (found.red, found.blind) == (False, True)
    assert "not judged" in found.sentence
    assert not flipped(0, 0, right=11).blind
    assert flipped(0, 0, n=20, right=4).blind  # 20 points, but four flips have p = 0.06


@given(st.integers(0, 60), st.integers(0, 60))
def test_one_more_loss_never_turns_red_to_green(lost, won):
    assert is_red(lost + 1, won, 200, 0.05, 0.05) >= is_red(lost, won, 200, 0.05, 0.05)


@pytest.mark.parametrize(
    ("n", "chances"),
    [
        (20, (0.00, 0.02, 0.08, 0.18, 0.31)), (50, (0.01, 0.12, 0.35, 0.61, 0.81)),
        (100, (0.02, 0.28, 0.68, 0.91, 0.98)), (200, (0.01, 0.46, 0.93, 1.0, 1.0)), (500, (0, 0.48, 0.99, 1.0, 1.0)),
    ],
)  # fmt: skip
def test_computed_chances_are_those_of_the_notes(n, chances):
    found = [red_probability(n, drop, 0.1) for drop in (0, 0.05, 0.1, 0.15, 0.2)]
    assert found == pytest.approx(chances, abs=0.0051)


def test_f1_is_gated_by_clusters_and_not_by_questions():
    """Thirty questions fell by a half: on thirty chunks that is sure, on three it is not."""
    before = {f"q{i:03d}": 0.8 for i in range(100)}
    now = {id_: 0.3 if i < 30 else 0.8 for i, id_ in enumerate(before)}
    apart = gate_scores("tuned", "F1", before, now, {id_: id_ for id_ in before}, seed=0)
    bunched = gate_scores(
        "tuned", "F1", before, now, {id_: f"c{i // 10}" for i, id_ in enumerate(before)}, seed=0
    )
    assert (apart.red, bunched.red) == (True, False)
    assert apart.drop == pytest.approx(0.15)
    assert len(apart.lost) == 30
    assert "F1 fell by 15.0 points" in apart.sentence
    assert "more than the margin of 5 points but p > 0.05" in bunched.sentence


def test_f1_too_low_to_fall_is_said_to_be_unjudged():
    before = {f"q{i:03d}": 0.04 for i in range(100)}
    found = gate_scores(
        "tuned", "F1", before, dict.fromkeys(before, 0.0), {id_: id_ for id_ in before}, seed=0
    )
    assert (found.red, found.blind) == (False, True)


def test_an_a_a_run_has_no_flips():
    answers = {f"q{i}": f"answer {i}" for i in range(9)}
    found = gate_frozen("rag", answers, dict(reversed(answers.items())))
    assert (found.red, found.flips) == (False, ())
    assert found.sentence == "rag: all 9 answers equal the baseline's"


def test_one_answer_that_differs_is_red_and_shown():
    before = {"q2": "41 m", "q1": "basalt"}
    found = gate_frozen("rag", before, {"q1": "basalt", "q2": "14 m\n"})
    assert found.red
    assert [flip.question_id for flip in found.flips] == ["q2"]
    assert "1 of 2 answers differ" in found.sentence
    assert "'41 m' → '14 m\\n'" in found.sentence  # one line, whatever a model wrote


def test_other_questions_than_the_baselines_are_refused():
    with pytest.raises(PairingError, match="question q2"):
        gate_frozen("rag", {"q1": "a"}, {"q1": "a", "q2": "b"})
    with pytest.raises(PairingError, match="question q2"):
        gate_right("rag", {"q1": True}, {"q1": True, "q2": True}, {"q1": "x", "q2": "x"}, seed=0)


def test_planted_drops_go_red_at_the_computed_rate():
    """The whole gate, record and all, on answers with 10 % churn and a true drop of 10 points."""
    rng = np.random.default_rng(0)
    ids = [f"q{i:03d}" for i in range(200)]
    red = 0
    for _ in range(150):
        fate = rng.random(200)
        before = {id_: bool(fate[i] < 0.15 or fate[i] > 0.6) for i, id_ in enumerate(ids)}
        now = {
            id_: bool(before[id_] and fate[i] >= 0.15) or 0.15 <= fate[i] < 0.2 for i, id_ in enumerate(ids)
        }
        red += gate_right("tuned", before, now, dict(zip(ids, ids, strict=True)), seed=0, resamples=50).red
    expected = red_probability(200, 0.1, 0.1)
    assert red / 150 == pytest.approx(expected, abs=4 * (expected * (1 - expected) / 150) ** 0.5)


@pytest.mark.parametrize(
    ("now", "red"), [(1.0, False), (2.0, False), (2.24, False), (2.26, True), (4.0, True)]
)
def test_a_loss_is_red_where_more_than_a_quarter_of_the_gain_is_given_back(now, red):
    found = gate_loss("held-out questions", 3.0, 2.0, now)
    assert found.red is red
    assert f"2.000 → {now:.3f} nats a token, {now - 2:+.0%} of the 1.000" in found.sentence


def test_where_training_gained_nothing_nothing_is_given_back():
    found = gate_loss("held-out questions", 2.0, 2.0, 5.0)
    assert (found.red, found.blind) == (False, True)
    assert "not judged" in found.sentence


@pytest.mark.parametrize("loss", [float("nan"), float("inf")])
def test_a_loss_that_is_not_finite_is_an_error_and_not_green(loss):
    with pytest.raises(ValueError, match="not finite"):
        gate_loss("held-out questions", 3.0, 2.0, loss)
