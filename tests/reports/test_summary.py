"""Facts in, text out: what documents and models write is text in it, never mark-up or a broken table."""

from __future__ import annotations

import json

import pytest

from clara.answering.contender import Facts
from clara.metrics import mark_all
from clara.records import Answer, Question
from clara.reports.results import Comparison, Evaluation, Results, degenerate
from clara.reports.scoring import compare, contender_result
from clara.reports.summary import as_json, knowledge, summary, table, write

NASTY = "a | b <script>alert(1)</script>\nc"
SOURCES = {f"q{i}": (f"d#{i // 2}",) for i in range(6)}


def question(i: int) -> Question:
    return Question(id=f"q{i}", question=f"How deep is basin {i}? {NASTY}", answers=("41 metres",), document="d",
                    evidence="41 metres", category="numeric", keywords=("metres",))  # fmt: skip


def result(name: str, texts: list[str], error: str | None = None):
    questions = [question(i) for i in range(len(texts))]
    answers = [
        Answer(question_id=q.id, contender=name, text=text, chunk_ids=("d#0",), context_sha256="0" * 64,
               prompt_sha256="1" * 64, tokens_read=10, context_tokens=2 + len(name), tokens_written=3, stopped="eos",
               seconds=0.5,
               error=error if i == 0 else None)
        for i, (q, text) in enumerate(zip(questions, texts, strict=True))
    ]  # fmt: skip
    facts = Facts(name=name, sees="retrieved chunks")
    marks = mark_all(questions, answers)
    return contender_result(
        facts, questions, answers, marks, SOURCES, {"q0", "q1"}, subset=False, seed=0, resamples=200
    )


@pytest.fixture
def results() -> Results:
    rag, tuned = result("rag", ["41 metres"] * 3 + [NASTY] * 3), result("tuned_rag", ["41 metres"] * 6)
    return Results(
        fixtures=None, profile="default", seed=0, environment={"mlx": "0"}, digests={"questions": "2" * 64},
        facts={"chunks": 3}, losses={"held-out text": (5.0, 4.0)},
        contenders={"rag": rag, "tuned_rag": tuned},
        comparisons=(compare(tuned, rag, SOURCES, seed=0, resamples=200),),
        evaluations=(Evaluation(name="a::b", outcome="failed", message=NASTY),), warnings=(NASTY,),
    )  # fmt: skip


def test_means_are_over_every_question(results):
    assert results.contenders["rag"].em == 0.5
    assert results.contenders["rag"].n == 6


def test_a_failed_answer_is_counted_and_scores_zero():
    marked = result("rag", ["41 metres"] * 4, error="no room")
    assert (marked.n, marked.failed, marked.em) == (4, 1, 0.75)


def test_the_mean_is_inside_its_interval(results):
    for contender in results.contenders.values():
        assert contender.f1_low <= contender.f1 <= contender.f1_high


def test_shown_and_not_shown_are_told_apart(results):
    assert set(results.contenders["rag"].by_retrieval) == {"hit", "miss"}
    assert sum(n for _, n in results.contenders["rag"].by_retrieval.values()) == 6


def test_what_documents_and_models_write_stays_text(results):
    text = summary(results)
    assert "<script>" not in text
    rows = [line for line in text.splitlines() if line.startswith("| rag |")]
    assert rows
    assert all(line.endswith("|") for line in rows)


def test_a_failure_stands_above_the_numbers(results):
    text = summary(results)
    assert text.index("FAILED") < text.index("## Contenders")


def test_every_row_of_a_table_has_the_columns_of_its_head(results):
    blocks = [block for block in summary(results).split("\n\n") if block.lstrip().startswith("|")]
    for block in blocks:
        columns = {
            line.replace("\\|", "").count("|") for line in block.strip().splitlines() if line.startswith("|")
        }
        assert len(columns) == 1, block


def test_the_terminal_table_names_every_contender(results):
    lines = table(results)
    assert [line.split()[0] for line in lines[1:3]] == ["rag", "tuned_rag"]
    assert any(line.startswith("tuned_rag − rag: ") for line in lines)


def test_results_json_holds_every_answer_once_and_no_nan(results, tmp_path):
    write(results, tmp_path)
    read = json.loads((tmp_path / "results.json").read_text(), parse_constant=pytest.fail)
    assert len(read["questions"]) == 12
    assert read == json.loads(json.dumps(as_json(results)))
    assert "questions" not in read["contenders"]["rag"]


def test_writing_twice_leaves_no_partial_file(results, tmp_path):
    write(results, tmp_path)
    write(results, tmp_path)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["positions.svg", "results.json", "summary.md"]


@pytest.mark.parametrize(
    ("text", "stopped", "expected"),
    [
        ("", "eos", True),
        ("a a a", "eos", True),
        ("a b a", "eos", False),
        ("a", "length", True),
        ("41", "eos", False),
    ],
)
def test_degenerate_answers_are_told(text, stopped, expected):
    row = result("rag", ["x"]).questions[0].model_copy(update={"answer": text, "stopped": stopped})
    assert degenerate(row) is expected


def test_unanswerable_questions_stand_apart_from_every_mean():
    questions = [question(0), question(1).model_copy(update={"answers": (), "evidence": (), "keywords": ()})]
    answers = [
        Answer(question_id=q.id, contender="rag", text=text, prompt_sha256="", tokens_read=1, tokens_written=1,
               stopped="eos", seconds=0)
        for q, text in zip(questions, ["41 metres", "no answer"], strict=True)
    ]  # fmt: skip
    facts = Facts(name="rag", sees="nothing")
    marks = mark_all(questions, answers)
    found = contender_result(
        facts, questions, answers, marks, SOURCES, (), subset=False, seed=0, resamples=200
    )
    assert (found.n, found.f1, found.unanswerable, found.said_so, found.abstained) == (1, 1, 1, 1, 0)


def compared(a: str, b: str, mean: float, verdict: str) -> Comparison:
    return Comparison(a=a, b=b, n=6, mean=mean, low=mean - 0.1, high=mean + 0.1, method="", wins=1, losses=1,
                      ties=4, p_value=0.5, verdict=verdict)  # fmt: skip


@pytest.mark.parametrize(
    ("gain", "known", "said"),
    [
        (
            ("better", 0.3),
            ("better", 0.2),
            "+20.0 F1 points [+10.0, +30.0] of it, its lead over tuned_other, is",
        ),
        (
            ("better", 0.3),
            ("undecided", 0.05),
            "which these questions cannot tell from nothing; the other +25.0",
        ),
        (
            ("undecided", 0.01),
            ("undecided", 0.0),
            "gained nothing over closed_book that these questions can show",
        ),
        (("undecided", 0.01), ("better", 0.2), "though +20.0 F1 points [+10.0, +30.0] over tuned_other"),
    ],
    ids=["knowledge", "form", "nothing", "hidden"],
)
def test_one_sentence_says_what_tuning_gained_and_how_much_of_it_is_knowledge(results, gain, known, said):
    pairs = (("closed_book", *gain), ("tuned_other", *known))
    comparisons = tuple(compared("tuned", b, mean, verdict) for b, verdict, mean in pairs)
    told = results.model_copy(update={"comparisons": comparisons})
    assert said in " ".join(knowledge(told))
    assert said in summary(told)


def test_nothing_is_said_of_knowledge_where_it_was_not_compared(results):
    assert knowledge(results) == []


def drawn(results, tmp_path, *names: str) -> tuple[str, set[str]]:
    """The summary and the names of the charts, with these contenders beside those there are."""
    more = {name: result(name, ["41 metres"] * 6) for name in names}
    whole = results.model_copy(update={"contenders": {**results.contenders, **more}})
    write(whole, tmp_path)
    return (tmp_path / "summary.md").read_text(), {path.name for path in tmp_path.glob("*.svg")}


def test_positions_are_drawn_and_set_against_tuned_rags(results, tmp_path):
    text, charts = drawn(results, tmp_path, "clara@4x", "clara@16x")
    assert charts == {"positions.svg"}
    assert "![F1 over context positions](positions.svg)" in text
    assert (
        "| clara@4x | 10 | 90.9 | 100.0 | 100.0 | – |" in text
    )  # positions are made up: two and the name's letters


def test_the_ladder_is_drawn_where_a_stage_between_took_part(results, tmp_path):
    text, charts = drawn(results, tmp_path, "lm_only", "clara_stage1@4x")
    assert charts == {"positions.svg", "ladder.svg"}
    assert "![F1 after each stage](ladder.svg)" in text


def test_the_same_results_draw_the_same_bytes(results, tmp_path):
    for folder in ("one", "two"):
        drawn(results, tmp_path / folder, "clara@4x", "lm_only")
    for name in ("positions.svg", "ladder.svg"):
        assert (tmp_path / "one" / name).read_bytes() == (tmp_path / "two" / name).read_bytes()
