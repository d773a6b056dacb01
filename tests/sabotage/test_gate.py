"""The gate on real runs: still on an honest one, red on a break, shut where nothing can be judged."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace
from pathlib import Path

import pytest
from bench import artefacts, edit_manifest

from clara.cli import FELL, main
from clara.reports.acceptance import accept


@pytest.fixture
def saved(honest_store) -> Path:
    return next((honest_store / "history").rglob("*.json"))


@pytest.fixture
def baseline(saved, tmp_path) -> Path:
    accept(saved, "the first level", tmp_path / "baseline.json")
    return tmp_path / "baseline.json"


def test_an_honest_run_held_against_itself_flips_nothing(bench, baseline, capsys):
    assert not bench.red("--benchmark-compare", str(baseline))
    assert main(["compare", str(baseline), str(bench.pytester.path)]) == 0
    said = capsys.readouterr().out
    assert "rag: all 10 answers equal" in said
    assert "REGRESSION" not in said


def test_a_third_of_an_adapter_set_to_zero_is_red_by_its_loss(bench, baseline, capsys):
    a_third_zero(bench.store)
    reds = bench.red(
        "--benchmark-compare", str(baseline), "-k", "not shuffled_labels and not shuffled_artefact"
    )
    message = reds["test_losses_hold_against_the_baseline"]
    assert "since the baseline: held-out questions: loss" in message
    assert "REGRESSION, more than 25%" in message
    assert main(["compare", str(baseline), str(bench.pytester.path)]) == FELL


def test_another_answer_of_a_contender_that_nothing_was_trained_in_is_red(bench, baseline, monkeypatch):
    from clara.model import writing

    honest = writing.greedy

    def chattier(model, tokenizer, prompts, max_tokens, batch_size):
        return [
            replace(one, text=f"{one.text} indeed")
            for one in honest(model, tokenizer, prompts, max_tokens, batch_size)
        ]

    monkeypatch.setattr(writing, "greedy", chattier)
    reds = bench.red(
        "--benchmark-compare", str(baseline), "-k", "rag and not rag_ and not tuned and not test_c"
    )
    assert list(reds) == ["test_answers_hold_against_the_baseline"]
    assert "10 of 10 answers differ from the baseline's though nothing in it is trained" in reds.popitem()[1]


def test_the_last_releases_level_is_held_too(bench, baseline, monkeypatch, tmp_path):
    """What fell in small accepted steps since a release is red although the baseline has come down with it."""
    release = json.loads(baseline.read_text())
    losses = release["clara"]["losses"]
    losses["held-out questions"][1] -= losses["held-out questions"][0] - losses["held-out questions"][1]
    (tmp_path / "release.json").write_text(json.dumps(release))
    monkeypatch.setattr("clara.plugin.gate.RELEASE", tmp_path / "release.json")
    reds = bench.red("--benchmark-compare", str(baseline))
    assert list(reds) == ["test_losses_hold_against_the_baseline"]
    assert "since the last release: held-out questions" in reds.popitem()[1]


@pytest.mark.parametrize(
    ("change", "options", "said"),
    [
        ({}, ("--seed", "4"), "is of seed 3; add --seed 3"),
        ({"profile": "full"}, (), "is of profile full; add --profile full"),
        ({"question_set": "0" * 64}, (), "asked another question set"),
        ({"failed": ["invariants/x.py::test_y"], "reason": ""}, (), "failed itself"),
        ({"version": "x"}, (), "holds no run of this version"),
    ],
)
def test_what_cannot_be_judged_is_refused_before_training(bench, baseline, change, options, said):
    found = json.loads(baseline.read_text())
    found["clara"] |= change
    baseline.write_text(json.dumps(found))
    shutil.rmtree(bench.store)
    run = bench.run("--benchmark-compare", str(baseline), *options)
    assert run.ret == pytest.ExitCode.USAGE_ERROR
    run.stderr.fnmatch_lines([f"*--benchmark-compare: *{said}*"])
    assert not bench.store.exists()


def test_a_contender_that_the_baseline_lacks_is_refused_by_name(bench, baseline):
    found = json.loads(baseline.read_text())
    del found["clara"]["contenders"]["rag"]
    baseline.write_text(json.dumps(found))
    run = bench.run("--benchmark-compare", str(baseline))
    assert run.ret == pytest.ExitCode.USAGE_ERROR
    run.stderr.fnmatch_lines(
        ["*the baseline has no rag; accept a new baseline, or choose with --contenders*"]
    )


@pytest.mark.parametrize("name", ["no-such-run", "reports/none.json", "some/other/folder/none.json"])
def test_a_baseline_that_does_not_exist_is_refused(bench, name):
    run = bench.run("--benchmark-compare", name)
    assert run.ret == pytest.ExitCode.USAGE_ERROR
    run.stderr.fnmatch_lines([f"*there is no {name}: save a run with --benchmark-autosave*"])


def a_third_zero(store: Path) -> None:
    """Every third tensor of the adapters that were taught to answer; the manifest knows the new file."""
    import mlx.core as mx

    from clara.model.adapters import tensors_digest

    for folder in artefacts(store, stage="sft"):
        path = folder / "adapters.safetensors"
        tensors = mx.load(str(path))
        fewer = {
            name: mx.zeros_like(tensor) if place % 3 == 0 else tensor
            for place, (name, tensor) in enumerate(sorted(tensors.items()))
        }
        mx.eval(fewer)
        mx.save_safetensors(str(path), fewer)
        edit_manifest(folder, adapter_digest=tensors_digest(fewer))
