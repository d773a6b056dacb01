"""A compressor's pretraining in miniature, over the miniature reader; and the compressor that is shipped."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from statistics import mean

import mlx.core as mx
import numpy as np
import pytest

from clara.errors import ArtefactError, OverlapError
from clara.model import views
from clara.model.base import load_base
from clara.model.memory import MemoryTokens
from clara.model.reading import compress_texts
from clara.pretraining import compress
from clara.pretraining.compression_rows import random_rows, read_compression_rows
from clara.pretraining.config import read_compressor_recipe
from clara.pretraining.corpus import read_lines
from clara.pretraining.curve import Curve
from clara.pretraining.overlap import RECORD, hold_apart
from clara.questions.examples import REBUILD

FIXTURES = Path(__file__).parents[2] / "fixtures"
MODELS = FIXTURES / "models"
RECIPE = """
name = "tiny-compressor"
seed = 0
precision = "float32"
longest_answer_words = 8
unanswerable = 0.05
memory = { rate = 4, max_document_tokens = 96 }
lora = { rank = 4 }
kinds = { cloze = 0.5, wh = 0.5 }
text = { asked_share = { towns = 0.5, ports = 0.5 } }

[rows]
cycle = ["one", "rebuild"]
one = { rows = 4, documents = 1, tokens = 150, answer_tokens = 32 }
three = { rows = 1, documents = 3, tokens = 210, answer_tokens = 32 }
rebuild = { rows = 2, documents = 1, tokens = 200, answer_tokens = 110 }

[optimizer]
steps = 60
warmup_steps = 2
decay_steps = 10
learning_rate = 1e-2
weight_decay = 0.0
betas = [0.9, 0.95]
clip_norm = 1.0

[watch]
log_every_steps = 2
score_every_steps = 40
score_questions = 2
save_every_steps = 10
"""


@pytest.fixture(scope="module")
def recipe(tmp_path_factory):
    path = tmp_path_factory.mktemp("recipe") / "tiny-compressor.toml"
    path.write_text(RECIPE)
    return path


@pytest.fixture(scope="module")
def command(recipe, trained):
    inputs = [str(recipe), "--reader", str(trained / "tiny"), "--corpus", str(trained)]
    return lambda out: [*inputs, "--out", str(out), "--workers", "0"]


@pytest.fixture(scope="module")
def compressor(command, tmp_path_factory):
    out = tmp_path_factory.mktemp("compressor")
    assert compress.main(command(out)) == 0
    return out


def test_the_loss_of_rebuilding_falls(compressor):
    """That of questions is noise of four short answers a step, whatever is learnt."""
    lines = [line for line in read_lines(compressor / "curve.jsonl") if line.get("kind") == "rebuild"]
    losses = [line["answer_loss"] for line in lines]
    assert mean(losses[-5:]) < mean(losses[:5]) - 0.5


def test_what_is_written_loads_strictly_over_its_reader(compressor, trained):
    base = load_base(trained / "tiny")
    clara, settings = views.load(base, compressor / "tiny-compressor")
    assert settings.compression.slots == 24
    memory = compress_texts(
        clara, base.tokenizer, ["The ferry leaves the lower quay.", "It was built in 1840."]
    )
    assert memory.shape == (2, 24, 64)
    assert not mx.allclose(memory[0], memory[1], atol=1e-2)


def test_a_killed_pretraining_goes_on_where_it_was_saved(command, compressor, tmp_path, monkeypatch):
    go_on = Curve.add

    def killed(curve, step, **facts):
        if step > 25:
            raise KeyboardInterrupt  # the last checkpoint is of step 20
        go_on(curve, step, **facts)

    monkeypatch.setattr(Curve, "add", killed)
    with pytest.raises(KeyboardInterrupt):
        compress.main(command(tmp_path))
    monkeypatch.undo()
    assert compress.main([*command(tmp_path), "--resume"]) == 0
    whole, resumed = (mx.load(str(out / "state.safetensors")) for out in (compressor, tmp_path))
    assert all(mx.array_equal(whole[name], resumed[name]) for name in whole)


def test_no_compressor_is_written_without_a_record_of_its_corpus(command, compressor, trained, tmp_path):
    out, corpus = tmp_path / "out", tmp_path / "corpus"
    shutil.copytree(compressor, out)
    shutil.copytree(trained, corpus)
    shutil.rmtree(out / "tiny-compressor")
    (out / RECORD).unlink()
    options = [*command(out), "--resume", "--corpus", str(corpus), "--apart-from"]
    assert compress.main([*options, str(tmp_path / "nowhere")]) == 1
    recipe = read_compressor_recipe(Path(options[0]))
    training = compress.optimise(recipe, trained / "tiny", corpus, out, workers=0)
    with pytest.raises(ArtefactError, match="no record"):
        compress.finish(training, corpus, out)
    assert not (out / "tiny-compressor").exists()


def test_a_gold_question_that_only_the_compressor_is_asked_is_refused(recipe, trained, tmp_path):
    exam = tmp_path / "exam"
    exam.mkdir()
    shutil.copy(FIXTURES / "documents" / "en" / "harbour-survey.pdf", exam)
    gold = next(read_lines(FIXTURES / "questions" / "en" / "harbour-survey.jsonl")) | {"question": REBUILD}
    (exam / "gold.jsonl").write_text(json.dumps(gold))
    with pytest.raises(OverlapError, match=r"word for word.* of the samples of step"):
        hold_apart(read_compressor_recipe(recipe), trained, trained / "tiny", tmp_path, [exam])


def test_an_answer_is_foretold_where_its_prompt_ends(recipe, trained):
    maker = read_compression_rows(read_compressor_recipe(recipe), trained, trained / "tiny")
    base = load_base(trained / "tiny")
    rows = maker.rows(0)
    turn = base.tokenizer.encode("<|assistant|>", add_special_tokens=False)[-1]
    for prompt, begin, answer, length in zip(
        rows.prompts, rows.begins, rows.answers, rows.answer_lengths, strict=True
    ):
        assert prompt[begin] == turn
        assert list(prompt[begin + 1 : begin + length]) == list(answer[: length - 1])
        assert answer[length - 1] == base.tokenizer.eos_token_id
        assert not answer[length:].any()
        assert not prompt[begin + length :].any()
        assert (prompt >= base.model.model.embed_tokens.weight.shape[0]).sum() == 25


@pytest.fixture(scope="module")
def fitted(command, tmp_path_factory):
    """Trained for as long as six steps were measured to take."""
    out = tmp_path_factory.mktemp("fitted")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(compress, "seconds_per_step", lambda *_: 10.0 / compress._RESERVE)
        assert compress.main([*command(out), "--minutes", "1.02"]) == 0
    return out


def test_steps_are_as_many_as_fit_the_time_and_nothing_else_is_done_in_it(fitted):
    followed = read_compressor_recipe(fitted / "recipe.json").optimizer
    assert (followed.steps, followed.decay_steps) == (6, round(6 * 10 / 60))
    assert {path.name for path in fitted.iterdir()} == {
        "recipe.json", "curve.jsonl", "state.safetensors", "weights.safetensors"
    }  # fmt: skip


def test_what_was_fitted_is_written_elsewhere_from_its_weights(
    fitted, command, trained, tmp_path, monkeypatch
):
    monkeypatch.delattr(compress.Compressing, "learn")  # all that it learns it has learnt
    for name in ("recipe.json", "curve.jsonl", "weights.safetensors"):
        shutil.copy(fitted / name, tmp_path)
    options = [str(tmp_path / "recipe.json"), *command(tmp_path)[1:], "--resume"]
    assert compress.main(options) == 0
    assert list(read_lines(tmp_path / "curve.jsonl"))[-1]["heldout"]["n"] == 9
    views.load(load_base(trained / "tiny"), tmp_path / "tiny-compressor")


@pytest.mark.parametrize("options", [[], ["--minutes", "1"]], ids=["as many as before", "fitted again"])
def test_a_fitted_training_goes_on_by_its_own_recipe(fitted, command, caplog, options):
    assert compress.main([*command(fitted), "--resume", *options]) == 1
    assert f"Name {fitted / 'recipe.json'}" in caplog.text


@pytest.mark.parametrize("minutes", ["0", "-3"])
def test_no_time_is_refused(command, tmp_path, minutes, capsys):
    with pytest.raises(SystemExit, match="2"):
        compress.main([*command(tmp_path), "--minutes", minutes])
    assert "name more than 0" in capsys.readouterr().err


def test_a_written_compressor_is_not_made_again(compressor, command):
    before = (compressor / "curve.jsonl").read_bytes()
    assert compress.main([*command(compressor), "--resume"]) == 0
    assert (compressor / "curve.jsonl").read_bytes() == before


def test_a_step_is_timed_on_rows_of_every_kind(recipe, trained, monkeypatch):
    told, timed = read_compressor_recipe(recipe), []

    def spied(memory, tokens, shape, draw):
        timed.append(shape)
        return random_rows(memory, tokens, shape, draw)

    monkeypatch.setattr(compress, "random_rows", spied)
    assert compress.seconds_per_step(told, trained / "tiny", trained) > 0
    assert timed == [told.rows.one, told.rows.rebuild]


def test_random_rows_have_the_shape_of_made_ones(recipe, trained):
    told = read_compressor_recipe(recipe)
    maker = read_compression_rows(told, trained, trained / "tiny")
    tokens = MemoryTokens(512, told.memory.slots)
    for step, name in enumerate(told.rows.cycle):
        shape = getattr(told.rows, name)
        random = random_rows(told.memory, tokens, shape, np.random.default_rng(0))
        assert [part.shape for part in random] == [part.shape for part in maker.rows(step)]
        assert (random.begins + random.answer_lengths <= shape.tokens).all()


def test_a_folder_in_use_is_not_overwritten(command, compressor, capsys):
    with pytest.raises(SystemExit, match="2"):
        compress.main(command(compressor))
    assert "--resume" in capsys.readouterr().err


def test_what_is_shipped_is_no_larger_than_a_repository_should_carry():
    assert sum(file.stat().st_size for file in MODELS.rglob("*.safetensors")) <= 50e6


@pytest.mark.parametrize(("rate", "slots"), [(4, 32), (16, 8)])
def test_a_shipped_compressor_fits_the_shipped_reader(rate, slots):
    base = load_base(MODELS / "reader-v1")
    clara, settings = views.load(base, views.beside(MODELS / "reader-v1", rate))
    assert (settings.compression.rate, clara.memory.shape) == (rate, (slots, 384))
    assert len({tuple(row) for row in clara.memory.astype(mx.float32).tolist()}) == slots
