"""What is said of a run's comparisons once all of them are known."""

from __future__ import annotations

from clara.reports.results import Comparison
from clara.reports.scoring import settled


def compared(a: str, b: str, p_value: float, declared: bool = True) -> Comparison:
    return Comparison(
        a=a, b=b, n=240, mean=0.1, low=0.02, high=0.18, method="", wins=40, losses=16, ties=184, p_value=p_value,
        verdict="better", declared=declared, detectable=0.08,
    )  # fmt: skip


def test_a_declared_contrast_that_holm_does_not_reject_is_undecided():
    first, second = compared("tuned", "closed_book", 0.01), compared("tuned_rag", "rag", 0.04)
    third = compared("clara@4x", "tuned_rag", 0.03)
    found = settled([first, second, third])
    assert [c.p_holm for c in found] == [0.03, 0.06, 0.06]
    assert [c.verdict for c in found] == ["better", "undecided", "undecided"]


def test_an_exploratory_comparison_neither_pays_nor_costs():
    one = compared("tuned", "closed_book", 0.04)
    looks = [compared("oracle", name, 0.04, declared=False) for name in ("rag", "shuffled", "untrained")]
    found = settled([one, *looks])
    assert found[1:] == tuple(looks)
    assert (found[0].p_holm, found[0].verdict) == (0.04, "better")


def test_a_run_without_comparisons_has_none():
    assert settled([]) == ()
