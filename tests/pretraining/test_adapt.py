"""A compressor adapted to passages by their own text, and scored beside its model."""

from __future__ import annotations

import json
import logging
from pathlib import Path

import pytest
import tiny

from clara.errors import AdapterError
from clara.model import views
from clara.model.base import load_base
from clara.model.writing import clara_digest
from clara.pretraining.adapt import adapt
from clara.pretraining.corpus import read_questions
from clara.pretraining.score import main
from clara.profiles import Budget, Compression, Lora

COMPRESSION = Compression(rate=4, max_document_tokens=96)
BUDGET = Budget(steps=5, batch_size=4, warmup_steps=1)


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A random model with its compressor beside it, as the embedded ones lie."""
    folder = tiny.save_model(tmp_path_factory.mktemp("models") / "reader", max_position_embeddings=512)
    base, lora = load_base(folder), Lora(rank=4)
    clara = views.fresh(base, COMPRESSION, lora, seed=0)
    views.save(clara, base, COMPRESSION, lora, folder.parent / "compressor")
    return folder


@pytest.fixture
def passages(questions_file: Path) -> list[str]:
    return list(dict.fromkeys(question.context for question in read_questions([questions_file])))


def _adapted(model: Path, passages: list[str]) -> str:
    base = load_base(model)
    clara, settings = views.load(base, views.beside(model, 4))
    before = clara_digest(clara)
    adapt(clara, base, settings, passages, BUDGET)
    assert clara_digest(clara) != before
    return clara_digest(clara)


def test_adapting_changes_the_compressor_as_passages_and_seed_say(model: Path, passages: list[str]):
    assert _adapted(model, passages) == _adapted(model, passages)
    assert _adapted(model, passages) != _adapted(model, passages[::-1])


def test_the_loss_of_what_is_held_out_is_told(model: Path, passages: list[str], caplog):
    with caplog.at_level(logging.INFO):
        _adapted(model, passages)
    assert "questions made by rule" in caplog.text


@pytest.mark.parametrize(("options", "name"), [([], "4x"), (["--adapt"], "4x adapted")])
def test_the_command_scores_the_compressor_beside_the_model(
    model: Path, questions_file: Path, options: list[str], name: str, capsys, monkeypatch
):
    monkeypatch.setattr("clara.pretraining.adapt.BUDGET", BUDGET)
    command = [str(questions_file), "--model", str(model), "--compression", "4", "--limit", "4", "--json"]
    assert main([*command, *options]) == 0
    result = json.loads(capsys.readouterr().out)
    assert set(result) == {"n", name}
    assert result[name]["n"] == 4
    assert 0 <= result[name]["f1"] <= 1


def test_a_rate_without_a_compressor_is_refused_with_those_that_there_are(
    model: Path, questions_file, capsys
):
    assert main([str(questions_file), "--model", str(model), "--compression", "16"]) == 1
    assert "rates [4], none of 16" in capsys.readouterr().err
    with pytest.raises(AdapterError):
        views.beside(model, 8)


def test_adapting_without_a_rate_is_refused(model: Path, questions_file: Path):
    with pytest.raises(SystemExit):
        main([str(questions_file), "--model", str(model), "--adapt"])
