"""Pretrain a compressor for a reader: general text → samples → salient compression pretraining → score → adapters.

Usage: ``python -m clara.pretraining.compress RECIPE --reader MODEL --corpus DIR --out DIR [--minutes M] [--resume]``.
The corpus is a folder that ``clara.pretraining.train`` has prepared for that reader.

With ``--minutes`` it trains for as many steps as fit, and does no more: ``DIR`` has the recipe with those steps,
``recipe.json``, and the weights. What else there is to do, on any machine: the same command with that recipe and
``--resume``, without ``--minutes``. It holds the corpus apart from the exam, scores, and writes the compressor.
"""

from __future__ import annotations

import argparse
import logging
import sys
import tempfile
import time
from collections.abc import Sequence
from functools import partial
from pathlib import Path

import mlx.core as mx
import numpy as np

from clara.errors import RecipeError
from clara.pretraining.command import run
from clara.pretraining.compressing import Compressing
from clara.pretraining.compression_rows import random_rows, read_compression_rows
from clara.pretraining.config import CompressorRecipe, read_compressor_recipe
from clara.pretraining.overlap import hold_apart, require_apart
from clara.pretraining.rows import read_ahead

_MEASURED_STEPS = 10  # of each kind
_RESERVE = 1.05  # of what was measured: checkpoints, and rows that come late at first
FITTED = "recipe.json"
_log = logging.getLogger(__name__)


def optimise(
    recipe: CompressorRecipe,
    reader: Path,
    corpus: Path,
    out: Path,
    workers: int,
    begin_with: Path | None = None,
) -> Compressing:
    """Train from the last checkpoint in ``out`` to the recipe's last step, and draw the curve.

    Args:
        recipe: The recipe.
        reader: Folder of the base.
        corpus: Folder that the reader's pretraining prepared.
        out: Folder of everything that is made.
        workers: Processes that make rows.
        begin_with: A compressor of the same reader and a lower rate, whose weights are the first; fresh ones if None.
    """
    training = Compressing(recipe, reader, corpus, out, begin_with)
    steps = range(training.state.step, recipe.optimizer.steps)
    for rows in read_ahead(partial(read_compression_rows, recipe, corpus, reader), steps, workers):
        training.learn(rows)
    return training


def fitted(recipe: CompressorRecipe, reader: Path, corpus: Path, end: float) -> CompressorRecipe:
    """The recipe with as many steps as can be done until a moment of :func:`time.perf_counter`."""
    seconds = seconds_per_step(recipe, reader, corpus)
    steps = max(1, int((end - time.perf_counter()) / (seconds * _RESERVE)))
    _log.info("%.4f s for a step: %d steps", seconds, steps)
    return recipe.model_copy(update={"optimizer": recipe.optimizer.fitted(steps)})


def seconds_per_step(recipe: CompressorRecipe, reader: Path, corpus: Path) -> float:
    """Time of a step, compiled, the mean over the cycle; measured on random rows, and forgotten."""
    seconds = {}
    with tempfile.TemporaryDirectory() as folder:
        training = Compressing(recipe, reader, corpus, Path(folder))
        for name in dict.fromkeys(recipe.rows.cycle):
            shape = getattr(recipe.rows, name)
            rows = random_rows(recipe.memory, training.tokens, shape, np.random.default_rng(0))
            mx.eval(training.advance(rows), training.state.parameters)
            began = time.perf_counter()
            for _ in range(_MEASURED_STEPS):
                numbers = training.advance(rows)
            mx.eval(numbers, training.state.parameters)
            seconds[name] = (time.perf_counter() - began) / _MEASURED_STEPS
    return sum(seconds[name] for name in recipe.rows.cycle) / len(recipe.rows.cycle)


def finish(training: Compressing, corpus: Path, out: Path) -> None:
    """Write what was trained, and score what is written on every held-out question.

    Raises:
        ArtefactError: There is no record that this corpus is apart from what the compressor is marked by.
        OverlapError: It is not.
    """
    require_apart(training.recipe, corpus, out)
    folder = out / training.recipe.name
    training.write(folder)
    training.score_written(folder)


def main(arguments: Sequence[str] | None = None) -> int:
    """Train what DIR does not hold yet; 1 if an input cannot be used or the training must stop."""
    parser = argparse.ArgumentParser(prog="python -m clara.pretraining.compress", description=__doc__)
    parser.add_argument("recipe", type=Path, help="the recipe, a .toml or .json file")
    parser.add_argument("--reader", type=Path, required=True, help="folder of the base, as mlx-lm loads it")
    parser.add_argument(
        "--corpus", type=Path, required=True, help="folder that clara.pretraining.train prepared"
    )
    parser.add_argument("--begin-with", type=Path, help="a compressor of this reader at a lower rate")
    parser.add_argument(
        "--minutes", type=_minutes, help="train as many steps as fit, and write no compressor yet"
    )
    return run(parser, arguments, make)


def _minutes(text: str) -> float:
    minutes = float(text)
    if minutes <= 0:
        raise argparse.ArgumentTypeError(f"{text} minutes: name more than 0")
    return minutes


def make(options: argparse.Namespace) -> None:
    """What the folder does not hold yet."""
    recipe = read_compressor_recipe(options.recipe)
    _require_its_own(recipe, options)
    if (options.out / recipe.name).exists():
        _log.info("%s is written already", options.out / recipe.name)
        return
    if options.minutes:
        _train_for(options.minutes, recipe, options)
        return
    options.out.mkdir(parents=True, exist_ok=True)
    hold_apart(recipe, options.corpus, options.reader, options.out, options.apart_from)
    finish(_train(recipe, options), options.corpus, options.out)


def _train_for(minutes: float, recipe: CompressorRecipe, options: argparse.Namespace) -> None:
    recipe = fitted(recipe, options.reader, options.corpus, time.perf_counter() + 60 * minutes)
    options.out.mkdir(parents=True, exist_ok=True)
    (options.out / FITTED).write_text(recipe.model_dump_json(indent=1), encoding="utf-8")
    _train(recipe, options)


def _train(recipe: CompressorRecipe, options: argparse.Namespace) -> Compressing:
    return optimise(recipe, options.reader, options.corpus, options.out, options.workers, options.begin_with)


def _require_its_own(recipe: CompressorRecipe, options: argparse.Namespace) -> None:
    """A folder whose steps were fitted goes on by the recipe that has them, and by no other.

    Raises:
        RecipeError: It is another, or its steps are to be fitted again.
    """
    before = options.out / FITTED
    if before.exists() and (options.minutes or read_compressor_recipe(before) != recipe):
        found = f"{options.out} was trained by {FITTED}, whose steps were fitted to a time"
        raise RecipeError(str(options.recipe), found, f"Name {before}, and leave out --minutes")


if __name__ == "__main__":
    sys.exit(main())
