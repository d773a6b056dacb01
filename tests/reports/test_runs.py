"""Saved runs: read back as they were, compared by question, accepted only where they prove something."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from clara.cli import FELL, main
from clara.reports.acceptance import accept, release
from clara.reports.history import comparable, draw_history, history, read_history
from clara.reports.regression import judge, judge_losses
from clara.reports.runs import KEY, ContenderRun, Run, RunError, read_run

RIGHT = [f"q{i:03d}" for i in range(200)]


def run(wrong: int = 0, *, frozen: bool = False, mlx: str = "1", loss: float = 3.0, **changes) -> Run:
    """200 questions, of which the last few are answered wrong."""
    asked = {id_: i < 200 - wrong for i, id_ in enumerate(RIGHT)}
    contender = ContenderRun(
        frozen=frozen, seconds=1.0, answers={id_: "41" if right else "7" for id_, right in asked.items()},
        em={id_: float(right) for id_, right in asked.items()}, f1={id_: float(right) for id_, right in asked.items()},
    )  # fmt: skip
    given = {
        "profile": "default", "seed": 0, "question_set": "1" * 64, "base": "2" * 64, "environment": {"mlx": mlx},
        "failed": (), "complete": True, "losses": {"held-out questions": (4.0, loss)},
        "sources": {id_: f"d#{i // 2}" for i, id_ in enumerate(RIGHT)},
        "contenders": {"tuned": contender},
    }  # fmt: skip
    return Run(**{**given, **changes})


def saved(path: Path, kept: Run, commit: str = "a" * 40, time: str = "2026-11-23T10:00:00") -> Path:
    """A file as pytest-benchmark writes it."""
    content = {
        "commit_info": {"id": commit},
        "datetime": time,
        "benchmarks": [{"name": "x", "extra_info": {"f1": 1}}],
    }
    path.write_text(json.dumps({**content, KEY: kept.model_dump(mode="json", exclude={"commit", "time"})}))
    return path


def test_a_saved_run_reads_back_with_its_commit_and_time(tmp_path):
    found = read_run(saved(tmp_path / "1.json", run(3)))
    assert found == run(3).model_copy(update={"commit": "a" * 40, "time": "2026-11-23T10:00:00"})


@pytest.mark.parametrize(
    "content", ["", "{}", "[]", '{"benchmarks": []}', '{"benchmarks": [], "clara": {"version": 1}}']
)
def test_a_file_without_a_run_is_refused_by_name(tmp_path, content):
    (tmp_path / "x.json").write_text(content)
    with pytest.raises(RunError, match=r"x\.json"):
        read_run(tmp_path / "x.json")


def test_a_frozen_contender_on_the_same_machine_may_not_change_one_answer():
    found = judge("tuned", run(1, frozen=True), run(0, frozen=True))
    assert found.red
    assert found.changed == ("q199",)


def test_a_frozen_contender_on_another_machine_is_weighed_and_it_is_said():
    found = judge("tuned", run(1, frozen=True, mlx="2"), run(0, frozen=True))
    assert not found.red
    assert "mlx 1 → 2" in found.sentence


def test_other_documents_are_said_and_not_called_a_regression_of_the_model():
    now, before = (run(n, frozen=True, digests={"documents": f"{n}" * 64}) for n in (1, 0))
    found = judge("tuned", now, before)
    assert not found.red
    assert "documents 000000000000 → 111111111111" in found.sentence


def test_an_input_that_one_run_did_not_read_is_no_difference():
    assert run(digests={"base": "0" * 64}).same_machine(
        run(digests={"base": "0" * 64, "compressor": "1" * 64})
    )


def test_our_own_version_is_no_excuse():
    before, now = (run(n, frozen=True, environment={"mlx": "1", "clara-evals": str(n)}) for n in (0, 1))
    assert judge("tuned", now, before).red


@pytest.mark.parametrize(("wrong", "red"), [(0, False), (5, False), (10, False), (11, True), (40, True)])
def test_a_trained_contender_falls_by_more_than_the_margin_and_surely(wrong, red):
    found = judge("tuned", run(wrong), run(0))
    assert found.red is red
    assert len(found.changed) == wrong


def test_runs_that_asked_other_questions_are_not_compared():
    other = run().contenders["tuned"].model_copy(update={"answers": {"q": "41"}})
    with pytest.raises(RunError, match="not the same"):
        judge("tuned", run(contenders={"tuned": other}), run())


@pytest.mark.parametrize(
    ("loss", "red"), [(2.5, False), (3.0, False), (3.2, False), (3.3, True), (5.0, True)]
)
def test_a_quarter_of_what_training_gained_may_be_given_back(loss, red):
    assert [found.red for found in judge_losses(run(loss=loss), run(loss=3.0))] == [red]


def test_compare_says_what_fell_question_by_question_and_leaves_with_three(tmp_path, capsys):
    files = [str(saved(tmp_path / f"{n}.json", run(n))) for n in (0, 30)]
    assert main(["compare", *files]) == FELL
    said = capsys.readouterr().out
    assert "tuned: EM fell by 15.0 points (100.0 → 85.0 on 200 questions" in said
    assert "q199: '41' (right) → '7' (wrong)" in said
    assert main(["compare", *files[::-1]]) == 0
    assert main(["compare", files[0], str(tmp_path)]) == 1


def test_accepting_keeps_the_reason_and_a_release_moves_only_by_itself(tmp_path):
    baseline, released = tmp_path / "baseline.json", tmp_path / "release.json"
    accept(saved(tmp_path / "1.json", run(0)), "first level", baseline)
    release(baseline, released)
    accept(saved(tmp_path / "2.json", run(30)), "smaller model", baseline)
    assert (read_run(baseline).reason, read_run(released).reason) == ("smaller model", "first level")
    assert read_run(released).contenders == run(0).contenders


def test_a_run_that_failed_proves_nothing_and_is_not_accepted(tmp_path):
    failed = run(failed=("invariants/test_b_adapters.py::test_x",))
    with pytest.raises(RunError, match="failed, first invariants"):
        accept(saved(tmp_path / "1.json", failed), "why not", tmp_path / "baseline.json")
    assert not (tmp_path / "baseline.json").exists()


def test_a_part_of_a_run_is_not_accepted(tmp_path):
    with pytest.raises(RunError, match="a part of the evaluations"):
        accept(saved(tmp_path / "1.json", run(complete=False)), "why not", tmp_path / "baseline.json")


def test_a_fall_that_the_gate_found_can_be_accepted(tmp_path):
    fallen = run(30, failed=("accuracy/test_regression.py::test_answers_hold_against_the_baseline[tuned]",))
    accept(saved(tmp_path / "1.json", fallen), "half the memory", tmp_path / "baseline.json")
    assert read_run(tmp_path / "baseline.json").reason == "half the memory"


@pytest.mark.parametrize("reason", ["", "  "])
def test_nothing_is_accepted_without_a_reason(tmp_path, reason):
    with pytest.raises(RunError, match="no reason"):
        accept(saved(tmp_path / "1.json", run()), reason, tmp_path / "baseline.json")


def test_a_run_that_was_never_accepted_is_no_release(tmp_path):
    with pytest.raises(RunError, match="never accepted"):
        release(saved(tmp_path / "1.json", run()), tmp_path / "release.json")


def test_history_shows_comparable_runs_oldest_first_and_passes_other_benchmarks_over(tmp_path):
    (tmp_path / "0000_other.json").write_text('{"benchmarks": []}')
    saved(tmp_path / "0001.json", run(20), commit="b" * 40, time="2026-11-22T10:00:00")
    saved(tmp_path / "0002.json", run(0, profile="smoke"), time="2026-11-22T11:00:00")
    saved(tmp_path / "0003.json", run(10), commit="c" * 40)
    shown = comparable(read_history(tmp_path))
    assert [kept.commit[0] for kept in shown] == ["b", "c"]
    assert "tuned  90.0              95.0" in history(shown, "em")
    draw_history(shown, "f1", tmp_path / "f1.svg")
    assert "<svg" in (tmp_path / "f1.svg").read_text()


def test_a_broken_file_in_the_history_is_named(tmp_path):
    saved(tmp_path / "0001.json", run())
    (tmp_path / "0002.json").write_text('{"bench')
    with pytest.raises(RunError, match=r"0002\.json: cannot be read"):
        read_history(tmp_path)


def test_an_empty_history_is_refused(tmp_path):
    with pytest.raises(RunError, match="holds no run"):
        read_history(tmp_path)
