"""Coverage, false alarms and power, as drawn and as ``docs/operating-characteristics.md`` prints them."""

from __future__ import annotations

import re

import pytest
import simulations

from clara.statistics import too_few_clusters

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


@pytest.mark.parametrize("mean", ["0.1", "0.3"])
def test_too_few_clusters_is_documented_with_what_is_measured(mean):
    rows = [f for f in simulations.figures("few_clusters_cover") if f.setting.endswith(f"mean F1 {mean}")]
    printed = re.search(rf"mean {mean} ((?: +[0-9.]+)+)\n", too_few_clusters.__doc__).group(1).split()
    assert [float(value) for value in printed] == pytest.approx([100 * f.value for f in rows], abs=1)
    assert all(f.value >= 0.93 for f in rows if not too_few_clusters(int(f.setting.split()[0])))
    assert any(f.value < 0.93 for f in simulations.figures("few_clusters_cover"))
