"""The page: what it says is in the results, what others wrote stays text, and the same run is the same bytes."""

from __future__ import annotations

import base64
import hashlib
import json
import os
import subprocess
import sys
import time
from html.parser import HTMLParser
from types import SimpleNamespace

import pytest

from clara import plugin
from clara.reports import html, summary
from clara.reports.results import GATE, Evaluation, Judgement, ResultsError, curve, read
from clara.reports.runs import run_of
from clara.reports.scoring import compare
from clara.statistics import seed_spread


class Reader(HTMLParser):
    """What a browser would find: tags with their attributes, and the text of each script and style."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.inside: dict[str, str] = {}
        self.feed(page)

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data):
        if self.cdata_elem:  # what stands in a script or a style
            self.inside[self.cdata_elem] = self.inside.get(self.cdata_elem, "") + data

    def all(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for name, attributes in self.tags if name == tag]


def test_what_others_write_stays_text(run, spoilt):
    found = Reader(html.page(spoilt(run()), baseline=run_of(spoilt(run()))))
    assert len(found.all("script")) == len(found.all("style")) == 1
    assert not found.all("img")
    assert not [name for _, attributes in found.tags for name in attributes if name.startswith("on")]


def test_the_policy_allows_this_script_and_this_style_and_nothing_else(run):
    found = Reader(html.page(run()))
    policy = next(meta["content"] for meta in found.all("meta") if meta.get("http-equiv"))
    assert policy.startswith("default-src 'none'; ")
    for kind in ("script", "style"):
        digest = base64.b64encode(hashlib.sha256(found.inside[kind].encode()).digest()).decode()
        assert f"{kind}-src 'sha256-{digest}';" in policy
    assert not [tag for tag, attributes in found.tags if "style" in attributes]


def test_nothing_is_loaded_from_anywhere(run):
    links = [
        attributes.get(name) for _, attributes in Reader(html.page(run())).tags for name in ("href", "src")
    ]
    assert all(link.startswith("#") for link in links if link)


def test_no_two_elements_share_an_identifier(run):
    ids = [attributes["id"] for _, attributes in Reader(html.page(run())).tags if "id" in attributes]
    assert len(ids) == len(set(ids))


def shuffled(value):
    """The same JSON with every object's keys in the opposite order."""
    if isinstance(value, dict):
        return {key: shuffled(value[key]) for key in reversed(value)}
    return value


def test_the_order_of_dictionaries_leaves_no_trace(run):
    results = run()
    turned = {
        name: shuffled(getattr(results, name))
        for name in ("environment", "digests", "facts", "contenders", "curves")
    }
    assert html.page(results.model_copy(update=turned)) == html.page(results)


def test_neither_place_nor_time_leaves_a_trace(run, tmp_path):
    summary.write(run(), tmp_path)
    code = "import sys, pathlib; from clara.reports import html, results; " \
           "html.write(results.read(pathlib.Path(sys.argv[1], 'results.json')), pathlib.Path(sys.argv[1]))"  # fmt: skip
    pages = set()
    for zone, locale, seed in (("UTC", "C", "0"), ("Asia/Seoul", "de_DE.UTF-8", "7")):
        elsewhere = {**os.environ, "TZ": zone, "LC_ALL": locale, "PYTHONHASHSEED": seed, "PYTHONUTF8": "0"}
        subprocess.run([sys.executable, "-c", code, str(tmp_path)], env=elsewhere, check=True)
        pages.add((tmp_path / html.REPORT).read_bytes())
    assert pages == {html.page(run()).encode()}


def test_what_a_run_wrote_is_read_as_it_was(run, tmp_path):
    results = run()
    summary.write(results, tmp_path)
    assert read(tmp_path / "results.json") == results


def test_another_schema_is_refused(run, tmp_path):
    path = tmp_path / "results.json"
    path.write_text(json.dumps({**summary.as_json(run()), "schema": 1}))
    with pytest.raises(ResultsError, match="schema 1, and this version reads 3"):
        read(path)


def test_three_hundred_questions_of_twelve_contenders_are_small_and_quick(run, sources, tmp_path):
    results = run(300, 12, 2000)
    a, b = results.contenders["tuned_rag"], results.contenders["rag"]
    html.write(run(4, 4), tmp_path)  # what is imported once is not counted
    began = time.process_time()  # of this process: the machine may have others
    for _ in range(13):
        compare(a, b, sources(300), seed=0, resamples=2000)
    html.write(results, tmp_path)
    assert time.process_time() - began < 3
    assert (tmp_path / html.REPORT).stat().st_size < 3e6


def test_every_answer_of_every_contender_is_there(run):
    results = run()
    assert len([cell for cell in Reader(html.page(results)).all("td") if "data-f" in cell]) == 20 * 12


def test_outcomes_are_told_by_more_than_colour(run):
    row = run().contenders["rag"].questions[0]
    outcomes = [
        html.cell("rag", row.model_copy(update={"scores": {"em": em, "f1": f1}, "error": error})).sign
        for em, f1, error in ((1.0, 1.0, None), (0.0, 0.4, None), (0.0, 0.0, None), (0.0, 0.0, "no room"))
    ]
    assert [*outcomes, html.cell("rag", None).sign] == ["✓", "◐", "✗", "!", "–"]


def test_three_sentences_say_what_the_run_says(run):
    results = run()
    told = [finding.sentence for finding in html.findings(results)]
    contrast = results.comparisons[0]
    assert f"over {results.contenders['rag'].n} questions" in told[0]
    assert told[1].startswith(f"tuned_rag {html._VERDICTS[contrast.verdict]} rag on these 20 questions")
    assert f"{contrast.wins} won, {contrast.losses} lost, {contrast.ties} tied" in told[1]


def test_what_is_known_of_many_looks_and_small_effects_is_shown(run):
    facts = {"declared": False, "p_holm": 0.4321, "detectable": 0.123}
    results = run()
    judged = tuple(c.model_copy(update=facts) for c in results.comparisons)
    page = html.page(results.model_copy(update={"comparisons": judged}))
    assert "Declared beforehand" not in page
    assert " <small>0.4321</small></td><td>12.3</td>" in page
    assert all(f"<td>{c.em_wins} / {c.em_losses} <small>" in page for c in results.comparisons)
    assert "They can show a difference of 12.3 points or more." in page


def test_what_was_not_compared_is_said_to_be_so(run):
    told = html.findings(run(20, 1))
    assert told[1].verdict == "not compared"
    assert told[1].sentence == "tuned_rag and rag were not compared in this run."


def test_a_smoke_run_ranks_nobody(run):
    told = html.findings(run().model_copy(update={"profile": "smoke"}))[0]
    assert (told.number, told.verdict) == ("–", "not ranked")


def test_a_long_answer_is_there_whole_and_folded(run):
    rows = list(run().contenders["rag"].questions)
    rows[0] = rows[0].model_copy(update={"answer": "x" * 150 + "y" * 50})
    rag = run().contenders["rag"].model_copy(update={"questions": tuple(rows)})
    page = html.page(run().model_copy(update={"contenders": {"rag": rag}}))
    assert f"<summary>{'x' * 120} …</summary>{'x' * 30}{'y' * 50}</details>" in page


def test_the_ladder_is_on_the_page_where_a_stage_between_took_part(run):
    label = 'aria-label="F1 after each stage of training"'
    results = run()
    assert label not in html.page(results)
    lm_only = results.contenders["tuned"].model_copy(update={"name": "lm_only"})
    assert label in html.page(
        results.model_copy(update={"contenders": {**results.contenders, "lm_only": lm_only}})
    )


@pytest.mark.parametrize(
    ("update", "state"),
    [
        ({}, "passed"),
        ({"profile": "smoke"}, "unproved"),
        ({"evaluations": (Evaluation(name="accuracy/a::b", outcome="passed", message=""),)}, "unproved"),
        ({"evaluations": (Evaluation(name="invariants/a::b", outcome="failed", message="why"),)}, "failed"),
    ],
    ids=["passed", "smoke", "no-invariants", "failed"],
)
def test_the_banner_says_whether_the_numbers_mean_anything(run, update, state):
    results = run().model_copy(update=update)
    page = html.page(results)
    assert f'<p class="banner {state}">' in page
    assert results.headline in page


def test_a_run_without_a_contender_has_its_page(run):
    empty = run().model_copy(update={"contenders": {}, "comparisons": (), "curves": {}})
    assert "No contender was scored" in html.page(empty)


def test_flips_since_the_baseline_are_counted_question_by_question(run):
    before = run()
    rows = list(before.contenders["rag"].questions)
    right = next(i for i, row in enumerate(rows) if row.scores["em"])
    rows[right] = rows[right].model_copy(
        update={"answer": "lost", "scores": {**rows[right].scores, "em": 0.0}}
    )
    after = before.contenders["rag"].model_copy(update={"questions": tuple(rows)})
    results = before.model_copy(update={"contenders": {**before.contenders, "rag": after}})
    change = next(c for c in html.changes([after], run_of(before)) if c.name == "rag")
    assert (change.asked, len(change.lost), len(change.won), change.reworded) == (20, 1, 0, 0)
    assert all(c.lost == c.won == [] for c in html.changes(list(before.contenders.values()), run_of(before)))
    assert 'id="changes"' in html.page(results, run_of(before))
    assert 'id="changes"' not in html.page(results)


def test_what_the_gate_said_and_what_a_seed_moves_stand_on_the_page(run):
    fell = Judgement(
        baseline="the baseline", contender="rag", red=True, sentence="rag: EM fell by 9.0 points"
    )
    spread = seed_spread({0: {"a": 0.1, "b": 0.3}, 1: {"a": 0.2, "b": 0.4}}, {"a": "x", "b": "y"})
    results = run().model_copy(update={"judgements": (fell,), "spreads": {"tuned": spread}})
    page = html.page(results, run_of(results))
    assert "✗ <b>the baseline</b> rag: EM fell by 9.0 points" in page
    assert '<th scope="row">tuned</th><td>25.0' in page


def test_where_only_the_gate_is_red_the_numbers_stay_sound(run):
    fell = Evaluation(name=f"{GATE}::test_losses_hold_against_the_baseline", outcome="failed", message="fell")
    broken = Evaluation(name="invariants/test_b.py::test_x", outcome="failed", message="broken")
    results = run()
    regressed = results.model_copy(update={"evaluations": (*results.evaluations, fell)})
    assert regressed.headline.startswith("REGRESSED: sound, and below its baseline")
    assert 'class="cards void"' not in html.page(regressed)
    void = results.model_copy(update={"evaluations": (*results.evaluations, fell, broken)})
    assert "prove nothing" in void.headline
    assert 'class="cards void"' in html.page(void)


def test_a_curve_joins_what_was_measured_at_each_step():
    assert curve([2.0, 1.0], [(0, 3.0), (2, 2.5)]) == ((0, 2.0, 3.0), (1, 1.0, None), (2, None, 2.5))


def test_results_are_on_disk_before_anything_is_drawn_and_a_failure_is_loud(run, tmp_path, monkeypatch):
    def broken(*_):
        raise RuntimeError("no ink")

    results = run()
    monkeypatch.setattr("clara.reports.charts.forest", broken)
    monkeypatch.setattr(plugin, "_results", lambda config: results)
    stash = {plugin.settings_key: SimpleNamespace(report=tmp_path)}
    with pytest.raises(RuntimeError, match="no ink"):
        plugin.pytest_sessionfinish(SimpleNamespace(config=SimpleNamespace(stash=stash)))
    assert read(tmp_path / "results.json") == results
    assert not (tmp_path / html.REPORT).exists()
