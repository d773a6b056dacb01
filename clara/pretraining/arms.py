"""Train several readers side by side on one device, on the same rows, in the time there is: how a change is tried.

Usage: ``python -m clara.pretraining.arms RECIPE... --corpus DIR --out DIR --minutes M``.

Every arm trains as it would by itself, for as many steps as fit. ``DIR/NAME`` holds its curve, weights and scores, and
its recipe with those steps. To export one, on any machine: lay the corpus beside these, then
``python -m clara.pretraining.train DIR/NAME/recipe.json --resume --out DIR/NAME …``.
"""

# Worker processes import this module anew, so nothing here imports MLX at the top.

from __future__ import annotations

import argparse
import json
import logging
import sys
import tempfile
import time
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from clara.errors import RecipeError
from clara.pretraining.command import run
from clara.pretraining.config import Recipe, read_recipe
from clara.pretraining.corpus import read_questions
from clara.pretraining.rows import Rows, read_ahead, read_row_maker

if TYPE_CHECKING:
    from clara.pretraining.training import Training

_MEASURED_STEPS = 30
_RESERVE = 1.05  # of what was measured: scores, checkpoints, and rows that come late at first
_NOT_OF_ROWS = {"name", "precision", "dropout", "model", "optimizer", "watch"}
_log = logging.getLogger(__name__)


def train_arms(recipes: Sequence[Recipe], corpus: Path, out: Path, minutes: float, workers: int) -> None:
    """Train every recipe for as many steps as all of them can do in the time, and score it.

    Raises:
        RecipeError: The arms are not made of the same rows, two have one name, or one was trained there before.
        TrainingError: A loss is not finite.
    """
    from clara.pretraining.training import Training

    end = time.perf_counter() + 60 * minutes
    _require_alike(recipes)
    folders = [_folder(out, recipe) for recipe in recipes]
    seconds = seconds_per_step(recipes, corpus)
    steps = max(1, int((end - time.perf_counter()) / (seconds * _RESERVE)))
    _log.info("%.4f s for a step of all %d arms: %d steps", seconds, len(recipes), steps)
    pairs = zip(recipes, folders, strict=True)
    arms = [Training(fitted(recipe, steps), corpus, folder) for recipe, folder in pairs]
    rows = read_ahead(partial(read_row_maker, arms[0].recipe, corpus), range(steps), workers)
    for step in rows:
        for arm in arms:
            arm.learn(step)
    for arm, folder in zip(arms, folders, strict=True):
        _write(arm, corpus, folder)


def seconds_per_step(recipes: Sequence[Recipe], corpus: Path) -> float:
    """Time of one step of all arms together, compiled; measured on random rows, and forgotten."""
    import mlx.core as mx

    from clara.pretraining.training import Training

    shape, draw = recipes[0].rows, np.random.default_rng(0)
    size = (shape.rows_per_step, shape.tokens_per_row + 1)
    ids = draw.integers(0, recipes[0].tokenizer.entries // 2, size, np.uint16)
    rows = Rows(ids, np.full((size[0], size[1] - 1), shape.answer_weight, np.uint8))
    with tempfile.TemporaryDirectory() as folder:
        arms = [Training(recipe, corpus, _folder(Path(folder), recipe)) for recipe in recipes]
        mx.eval([arm.advance(rows) for arm in arms])
        began = time.perf_counter()
        for _ in range(_MEASURED_STEPS):
            numbers = [arm.advance(rows) for arm in arms]
        mx.eval(numbers, [arm.state.parameters for arm in arms])
        return (time.perf_counter() - began) / _MEASURED_STEPS


def fitted(recipe: Recipe, steps: int) -> Recipe:
    """The recipe with so many steps."""
    return recipe.model_copy(update={"optimizer": recipe.optimizer.fitted(steps)})


def _require_alike(recipes: Sequence[Recipe]) -> None:
    names = [recipe.name for recipe in recipes]
    if len(set(names)) < len(names):
        raise RecipeError("arms", f"their names are {names}", "Give each a name of its own")
    first = recipes[0].model_dump(exclude=_NOT_OF_ROWS)
    for recipe in recipes[1:]:
        unlike = [
            name for name, value in recipe.model_dump(exclude=_NOT_OF_ROWS).items() if value != first[name]
        ]
        if unlike:
            found = (
                f"{recipe.name} and {recipes[0].name} differ in {', '.join(unlike)}, which rows are made of"
            )
            raise RecipeError("arms", found, "Train them by themselves")


def _folder(out: Path, recipe: Recipe) -> Path:
    folder = out / recipe.name
    if folder.exists():  # its steps were fitted to another time: going on would mix two recipes
        raise RecipeError(str(folder), "an arm was trained there already", "Name another folder with --out")
    folder.mkdir(parents=True)
    return folder


def _write(arm: Training, corpus: Path, folder: Path) -> None:
    """The recipe that was followed, and the score on every held-out question."""
    (folder / "recipe.json").write_text(arm.recipe.model_dump_json(indent=1), encoding="utf-8")
    scores = arm.score(read_questions([corpus / "heldout.jsonl"]))
    (folder / "scores.json").write_text(json.dumps(scores, indent=1), encoding="utf-8")
    _log.info("%s: %s", arm.recipe.name, json.dumps(scores))


def main(arguments: Sequence[str] | None = None) -> int:
    """Train the arms; 1 if an input cannot be used or a training must stop."""
    parser = argparse.ArgumentParser(prog="python -m clara.pretraining.arms", description=__doc__)
    parser.add_argument("recipes", type=Path, nargs="+", help="recipes that are made of the same rows")
    parser.add_argument(
        "--corpus", type=Path, required=True, help="folder that clara.pretraining.train prepared"
    )
    parser.add_argument("--minutes", type=float, required=True, help="until the last step is done")
    return run(parser, arguments, make)


def make(options: argparse.Namespace) -> None:
    """The arms of a command line."""
    recipes = [read_recipe(path) for path in options.recipes]
    train_arms(recipes, options.corpus, options.out, options.minutes, options.workers)


if __name__ == "__main__":
    sys.exit(main())
