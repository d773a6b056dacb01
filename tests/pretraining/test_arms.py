"""Arms side by side: what each learns, and what may not be compared."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import mlx.core as mx
import pytest

from clara.pretraining import arms, train
from clara.pretraining.config import Recipe, read_recipe
from clara.pretraining.corpus import read_lines
from clara.pretraining.rows import read_row_maker
from clara.pretraining.training import Training

CORPUS = ("heldout.jsonl", "passages.jsonl.xz", "questions.jsonl.xz", "ruled.jsonl.xz")


@pytest.fixture(scope="module")
def recipes(recipe_file: Path) -> list[Recipe]:
    """The miniature recipe, and the same without dropout."""
    recipe = read_recipe(recipe_file)
    return [recipe, recipe.model_copy(update={"name": "undropped", "dropout": 0.0})]


@pytest.fixture(scope="module")
def out(trained: Path, recipes: list[Recipe], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two arms, trained for as long as six steps of both were measured to take."""
    out = tmp_path_factory.mktemp("arms")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(arms, "seconds_per_step", lambda *_: 10.0 / arms._RESERVE)
        arms.train_arms(recipes, trained, out, minutes=1.02, workers=0)
    return out


def test_steps_are_as_many_as_fit_the_time(out: Path):
    followed = read_recipe(out / "tiny" / "recipe.json")
    assert followed.optimizer.steps == 6
    assert followed.optimizer.decay_steps == round(6 * 4 / 16)  # the share of the recipe
    assert [line["step"] for line in read_lines(out / "tiny" / "curve.jsonl")] == [2, 4, 6]


def test_an_arm_learns_what_it_learns_by_itself(
    out: Path, trained: Path, recipes: list[Recipe], tmp_path: Path
):
    alone = Training(arms.fitted(recipes[1], 6), trained, tmp_path)
    maker = read_row_maker(alone.recipe, trained)
    for step in range(6):
        alone.learn(maker.rows(step))
    beside, single = (mx.load(str(folder / "state.safetensors")) for folder in (out / "undropped", tmp_path))
    assert beside.keys() == single.keys()
    assert all(mx.array_equal(beside[name], single[name]) for name in single)


def test_every_arm_is_scored_on_what_no_training_saw(out: Path, recipes: list[Recipe]):
    for recipe in recipes:
        scores = json.loads((out / recipe.name / "scores.json").read_text())
        assert scores["gold"]["n"] == 9


def test_train_exports_the_arm_that_was_chosen(
    out: Path, trained: Path, tmp_path: Path, text_file: Path, questions_file: Path
):
    folder = shutil.copytree(out / "tiny", tmp_path / "tiny")
    shutil.copytree(trained / "tokenizer", folder / "tokenizer")
    for name in CORPUS:
        shutil.copy(trained / name, folder)
    (folder / "recipe.md").write_text(
        "$steps steps $tokens $minutes $heldout $scores $apart", encoding="utf-8"
    )
    inputs = ["--text", str(text_file), "--questions", str(questions_file), "--out", str(folder)]
    assert train.main([str(folder / "recipe.json"), *inputs, "--resume", "--workers", "0"]) == 0
    assert (folder / "tiny" / "README.md").read_text().startswith("6 steps")


def test_arms_of_other_rows_are_refused(trained: Path, recipes: list[Recipe], tmp_path: Path):
    other = recipes[0].model_copy(update={"name": "other", "seed": 1})
    with pytest.raises(arms.RecipeError, match="other and tiny differ in seed, which rows are made of"):
        arms.train_arms([recipes[0], other], trained, tmp_path, 1, 0)
    with pytest.raises(arms.RecipeError, match="name of its own"):
        arms.train_arms([recipes[0], recipes[0]], trained, tmp_path, 1, 0)


def test_time_of_a_step_is_measured_and_what_was_measured_forgotten(
    trained: Path, recipes: list[Recipe], monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(arms, "_MEASURED_STEPS", 1)
    before = sorted(trained.iterdir())
    assert arms.seconds_per_step(recipes, trained) > 0
    assert sorted(trained.iterdir()) == before


def test_a_trained_arm_is_not_gone_on_with(out: Path, trained: Path, recipes: list[Recipe]):
    with pytest.raises(arms.RecipeError, match="trained there already"):
        arms.train_arms(recipes, trained, out, 1, 0)
