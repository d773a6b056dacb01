"""Coverage, false alarms and power, as drawn and as ``docs/operating-characteristics.md`` prints them."""

from __future__ import annotations

import re

import pytest
import simulations

PAGE = simulations.PAGE.read_text(encoding="utf-8")
REMEDY = "run `python tests/simulations.py` and read what changed"


@pytest.mark.parametrize("name", simulations.TABLES)
def test_every_figure_is_what_it_has_to_be(name):
    missed = [figure for figure in simulations.figures(name) if not figure.is_met]
    assert not missed, missed


@pytest.mark.parametrize("name", simulations.TABLES)
def test_the_page_prints_these_figures(name):
    """Settings word for word, figures within a point: another SciPy may draw otherwise."""
    for figure in simulations.figures(name):
        head, tail = f"| {figure.what} | {figure.setting} | ", f" | {figure.asked} |"
        printed = re.findall(re.escape(head) + r"([0-9.]+)" + re.escape(tail), PAGE)
        assert len(printed) == 1, f"{head} stands {len(printed)} times in the page; {REMEDY}"
        assert float(printed[0]) == pytest.approx(100 * figure.value, abs=1), REMEDY


@pytest.mark.parametrize("section", [simulations.plans, simulations.gates])
def test_the_page_prints_what_is_computed(section):
    assert section() in PAGE, REMEDY


def test_the_page_says_what_is_missed():
    assert simulations.INTRODUCTION in PAGE, REMEDY
