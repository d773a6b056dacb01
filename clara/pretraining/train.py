"""Pretrain a reader: corpus → tokenizer → samples → training → export → score, in one command.

Usage: ``python -m clara.pretraining.train RECIPE --text TEXT --questions FILE... --out DIR [--resume]``.
What is in DIR already is not made again, so a killed run goes on with ``--resume`` where it was last saved.
"""

# Worker processes import this module anew, so nothing here imports MLX at the top.

from __future__ import annotations

import argparse
import json
import logging
import math
import shutil
import sys
from collections.abc import Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from clara.pretraining.command import run
from clara.pretraining.config import Recipe, read_recipe
from clara.pretraining.corpus import (
    Passage,
    ReadingQuestion,
    apart_from,
    as_spans,
    contexts,
    hold_out,
    read_passages,
    read_questions,
    write_lines,
)
from clara.pretraining.overlap import hold_apart, require_apart
from clara.pretraining.rows import read_ahead, read_row_maker
from clara.pretraining.ruled import write_ruled
from clara.pretraining.tokenizer import save_tokenizer, train_tokenizer

_WORST_LOSS_OF_8_BITS = 0.005  # F1, as a fraction; the half a point
_log = logging.getLogger(__name__)


def prepare(recipe: Recipe, text: Path, questions: Sequence[Path], out: Path, workers: int) -> None:
    """Write ``heldout.jsonl``, the corpus (``questions``, ``passages`` and ``ruled``, .jsonl.xz) and ``tokenizer/``."""
    out.mkdir(parents=True, exist_ok=True)
    kept, heldout = hold_out(read_questions(questions), recipe.text.heldout_titles)
    kept = as_spans(kept)
    passages = apart_from(read_passages(text, recipe.text.words_per_title), heldout)
    read = {*recipe.text.plain_share, *recipe.text.asked_share}
    passages = [passage for passage in [*passages, *contexts(kept)] if passage.source in read]
    write_lines(out / "heldout.jsonl", heldout)
    write_lines(out / "questions.jsonl.xz", kept)
    write_lines(out / "passages.jsonl.xz", passages)
    write_ruled(passages, out, workers)
    _log.info("corpus: %d passages, %d questions, %d held out", len(passages), len(kept), len(heldout))
    texts = _some_text(passages, kept, recipe.tokenizer.training_words)
    tokenizer = train_tokenizer(texts, recipe.tokenizer.entries)
    save_tokenizer(tokenizer, out / "tokenizer")


def _some_text(
    passages: Sequence[Passage], questions: Sequence[ReadingQuestion], words: int
) -> Iterator[str]:
    """Every question, and evenly spaced passages: as many as the tokenizer is to see."""
    yield from (question.question for question in questions)
    total = sum(passage.text.count(" ") + 1 for passage in passages)
    yield from (passage.text for passage in passages[:: max(1, math.ceil(total / words))])


def optimise(recipe: Recipe, corpus: Path, out: Path, workers: int) -> Any:
    """Train from the last checkpoint in ``out`` to the recipe's last step, and draw the curve.

    Returns:
        The trained parameters, in float32.

    Raises:
        TrainingError: The loss is not finite.
    """
    from clara.pretraining.training import Training

    training = Training(recipe, corpus, out)
    steps = range(training.state.step, recipe.optimizer.steps)
    for rows in read_ahead(partial(read_row_maker, recipe, corpus), steps, workers):
        training.learn(rows)
    return training.state.parameters


def finish(recipe: Recipe, template: str, parameters: Any, out: Path) -> None:
    """Export in float16 and in eight bits, score both on every held-out question, keep the smaller if as good.

    The kept one, with its card, is the folder of the reader's name.

    Raises:
        ArtefactError: There is no record that this corpus is apart from what the reader is marked by.
        OverlapError: It is not.
    """
    require_apart(recipe, out, out)
    from mlx_lm import load
    from mlx_lm.utils import dequantize_model

    from clara.pretraining.card import write_card
    from clara.pretraining.export import export
    from clara.pretraining.score import score

    questions = read_questions([out / "heldout.jsonl"])
    scores = {}
    for name in ("float16", "8-bit"):
        export(recipe, parameters, out / "tokenizer", out / name, quantised=name == "8-bit")
        model, tokenizer = load(str(out / name))[:2]
        window = recipe.rows.tokens_per_row
        scores[name] = score(dequantize_model(model), tokenizer, window, questions, batch_size=128)
        _log.info("%s: %s", name, json.dumps(scores[name]))
    lost = scores["float16"]["gold"]["f1"] - scores["8-bit"]["gold"]["f1"]
    kept = "8-bit" if lost < _WORST_LOSS_OF_8_BITS else "float16"
    (out / "scores.json").write_text(json.dumps({"kept": kept, **scores}, indent=1), encoding="utf-8")
    shutil.copytree(out / kept, out / recipe.name, dirs_exist_ok=True)
    write_card(recipe, template, out, out / recipe.name)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run every step that DIR does not hold yet; 1 if an input cannot be used or the training must stop."""
    parser = argparse.ArgumentParser(prog="python -m clara.pretraining.train", description=__doc__)
    parser.add_argument(
        "recipe", type=Path, help="the recipe, a .toml file; its model card is the .md beside it"
    )
    parser.add_argument("--text", type=Path, required=True, help="passages: source, licence, title, text")
    parser.add_argument("--questions", type=Path, nargs="+", required=True, help="files of written questions")
    return run(parser, arguments, make)


def make(options: argparse.Namespace) -> None:
    """Every step that the folder does not hold yet."""
    recipe = read_recipe(options.recipe)
    if not (options.out / "tokenizer" / "tokenizer.json").exists():
        prepare(recipe, options.text, options.questions, options.out, options.workers)
    hold_apart(recipe, options.out, options.out / "tokenizer", options.out, options.apart_from)
    template = options.recipe.with_suffix(".md").read_text(encoding="utf-8")
    parameters = optimise(recipe, options.out, options.out, options.workers)
    finish(recipe, template, parameters, options.out)


if __name__ == "__main__":
    sys.exit(main())
