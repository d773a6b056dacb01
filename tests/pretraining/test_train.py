"""The one command, in miniature: what it makes, and that it goes on where it was killed."""

from __future__ import annotations

import json
from collections.abc import Callable
from functools import partial
from pathlib import Path

import mlx.core as mx
import numpy as np
import pytest
from mlx.utils import tree_flatten

from clara.pretraining import train
from clara.pretraining.config import read_recipe
from clara.pretraining.corpus import read_lines, read_questions, runs_of_words
from clara.pretraining.curve import Curve
from clara.pretraining.rows import read_ahead, read_row_maker


def test_loss_falls(trained: Path):
    losses = [line["loss"] for line in read_lines(trained / "curve.jsonl") if "loss" in line]
    assert losses[-1] < losses[0] - 0.5


def test_mlx_lm_loads_the_reader_and_it_answers(trained: Path):
    from mlx_lm import generate, load

    model, tokenizer = load(str(trained / "tiny"))[:2]
    prompt = tokenizer.apply_chat_template(
        [{"role": "user", "content": "Where?"}], add_generation_prompt=True
    )
    assert isinstance(generate(model, tokenizer, prompt, max_tokens=3), str)


def test_eight_bits_are_smaller_than_float16(trained: Path):
    size = {name: (trained / name / "model.safetensors").stat().st_size for name in ("8-bit", "float16")}
    assert size["8-bit"] < 0.6 * size["float16"]


def test_card_says_scores_and_what_was_held_out(trained: Path):
    card = (trained / "tiny" / "README.md").read_text(encoding="utf-8")
    assert "Quillby harbour" in card
    assert "| gold | 9 |" in card
    assert (trained / "tiny" / "curve.svg").stat().st_size > 1000


def test_nothing_held_out_is_trained_on(trained: Path):
    taken = runs_of_words(question.context for question in read_questions([trained / "heldout.jsonl"]))
    read = [record["text"] for record in read_lines(trained / "passages.jsonl.xz")]
    read += [record["context"] for record in read_lines(trained / "questions.jsonl.xz")]
    assert read
    assert not taken & runs_of_words(read)


def test_killed_and_resumed_training_equals_an_uninterrupted_one(
    trained: Path,
    command_line: Callable[[Path], list[str]],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
):
    arguments = command_line(tmp_path)
    go_on = Curve.add_losses

    def killed_after_step_10(curve: Curve, step: int, numbers: list[float], names: tuple[str, ...]) -> None:
        if step > 10:
            raise KeyboardInterrupt  # the last checkpoint is of step 8
        go_on(curve, step, numbers, names)

    monkeypatch.setattr(Curve, "add_losses", killed_after_step_10)
    with pytest.raises(KeyboardInterrupt):
        train.main(arguments)
    monkeypatch.undo()
    assert train.main([*arguments, "--resume"]) == 0
    whole, resumed = (mx.load(str(out / "state.safetensors")) for out in (trained, tmp_path))
    assert all(mx.array_equal(whole[name], resumed[name]) for name in whole)
    steps = [[line["step"] for line in read_lines(out / "curve.jsonl")] for out in (trained, tmp_path)]
    assert steps[0] == steps[1]


def test_folder_in_use_is_not_overwritten(
    trained: Path, command_line: Callable[[Path], list[str]], capsys: pytest.CaptureFixture[str]
):
    with pytest.raises(SystemExit, match="2"):
        train.main(command_line(trained))
    assert "--resume" in capsys.readouterr().err


def test_rows_are_a_function_of_the_step_whoever_makes_them(trained: Path, recipe_file: Path):
    recipe = read_recipe(recipe_file)
    here = list(read_ahead(partial(read_row_maker, recipe, trained), range(2, 5), workers=0))
    apart = list(read_ahead(partial(read_row_maker, recipe, trained), range(2, 5), workers=1))
    for left, right in zip(here, apart, strict=True):
        assert np.array_equal(left.ids, right.ids)
        assert np.array_equal(left.weights, right.weights)


def test_answers_weigh_most_and_padding_nothing(trained: Path, recipe_file: Path):
    recipe = read_recipe(recipe_file)
    maker = read_row_maker(recipe, trained)
    rows = maker.rows(10)  # a phase without plain text
    from transformers import AutoTokenizer

    tokenizer = AutoTokenizer.from_pretrained(trained / "tokenizer")
    assistant = tokenizer.convert_tokens_to_ids("<|assistant|>")
    for ids, weights in zip(rows.ids, rows.weights, strict=True):
        inputs, targets = ids[:-1].tolist(), ids[1:].tolist()
        inside = False
        for token, target, weight in zip(inputs, targets, weights.tolist(), strict=True):
            inside = token == assistant or (inside and token != tokenizer.eos_token_id)
            assert (weight == recipe.rows.answer_weight) == inside
            assert (weight == 0) == (
                target in (tokenizer.pad_token_id, tokenizer.convert_tokens_to_ids("<|user|>"))
            )


def test_unknown_key_in_a_recipe_is_named(recipe_file: Path, tmp_path: Path):
    path = tmp_path / "recipe.toml"
    path.write_text(recipe_file.read_text(encoding="utf-8").replace("clip_norm", "clip"), encoding="utf-8")
    with pytest.raises(ValueError, match="clip_norm"):
        read_recipe(path)


def test_learning_rate_rises_holds_and_falls_to_zero(recipe_file: Path):
    from clara.pretraining.optimisation import learning_rate

    recipe = read_recipe(recipe_file).optimizer
    rate = learning_rate(recipe)
    rates = [float(rate(mx.array(step))) for step in range(recipe.steps + 1)]
    assert rates[0] == 0
    assert (
        rates[recipe.warmup_steps]
        == rates[recipe.steps - recipe.decay_steps]
        == pytest.approx(recipe.learning_rate)
    )
    assert rates[-1] == pytest.approx(0)


def test_recipe_of_the_reader_is_readable():
    recipe = read_recipe(Path(train.__file__).with_name("reader-v1.toml"))
    assert recipe.phase(recipe.optimizer.steps - 1) == recipe.phases[-1]
    assert json.loads(recipe.model_dump_json())["name"] == "reader-v1"
    assert len(tree_flatten(recipe.model)) > 5
