"""Holding up: both margins, and the reference as uncertain as it is."""

from __future__ import annotations

import numpy as np
import pytest

from clara.statistics import NonInferiority, non_inferiority


def judged(a, b, **margins: float) -> NonInferiority:
    sides = ({f"q{i:03d}": float(value) for i, value in enumerate(side)} for side in (a, b))
    return non_inferiority(*sides, {f"q{i:03d}": f"c{i:03d}" for i in range(len(a))}, seed=0, **margins)


RIGHT = np.r_[np.ones(150), np.zeros(150)]


def test_the_same_answers_hold_up():
    found = judged(RIGHT, RIGHT)
    assert found.shown
    assert found.margin == pytest.approx(0.05)
    assert "not inferior: 95% interval" in found.sentence


def test_an_undecided_difference_does_not_hold_up():
    """12 lost and 12 won: nobody is ahead, and 300 questions cannot exclude a loss of 3 points."""
    a = RIGHT.copy()
    a[:12], a[-12:] = 0, 1
    found = judged(a, RIGHT)
    assert found.difference.low < 0 < found.difference.high
    assert found.shown == (found.difference.low > -0.05 and found.kept.low > 0)
    assert judged(a[::10], RIGHT[::10]).sentence.startswith("not shown to be not inferior")


def test_a_low_reference_makes_the_share_the_stricter_margin():
    """Five of 300 lost, of 24: 1.7 points are within 5 points and beyond a tenth of 8."""
    b = np.r_[np.ones(24), np.zeros(276)]
    a = np.r_[np.zeros(5), np.ones(19), np.zeros(276)]
    found = judged(a, b)
    assert found.difference.low > -found.points
    assert not found.shown
    assert found.margin == pytest.approx(0.008)
    assert judged(a, b, share=0.9).shown


def test_a_high_reference_makes_the_points_the_stricter_margin():
    a, b = np.r_[np.zeros(12), np.ones(288)], np.ones(300)
    found = judged(a, b)
    assert found.kept.low > 0
    assert found.difference.low < -0.05
    assert not found.shown
    assert judged(a, b, points=0.08).shown


def test_a_reference_that_scores_nothing_makes_nothing_shown():
    assert not judged(np.zeros(60), np.zeros(60)).shown


def test_one_cluster_shows_nothing():
    found = non_inferiority({"p": 1.0, "q": 1.0}, {"p": 1.0, "q": 1.0}, {"p": "x", "q": "x"}, seed=0)
    assert (found.shown, found.difference) == (False, None)
    assert "undefined" in found.sentence
