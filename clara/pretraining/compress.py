"""Pretrain a compressor for a reader: general text → samples → salient compression pretraining → score → adapters.

Usage: ``python -m clara.pretraining.compress RECIPE --reader MODEL --corpus DIR --out DIR [--resume]``.
The corpus is a folder that ``clara.pretraining.train`` has prepared for that reader.
"""

from __future__ import annotations

import argparse
import logging
import math
import os
import sys
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import mlx.core as mx
import mlx.nn as nn
import mlx.optimizers as optim
from mlx.utils import tree_map

from clara.errors import ClaraError, TrainingError
from clara.losses import alignment
from clara.metrics import exact_match, f1
from clara.model import views
from clara.model.base import LanguageModel, load_base
from clara.model.compressor import Clara
from clara.model.memory import text_ids
from clara.model.prompts import memory_prompt_ids
from clara.model.reading import answer_from_memory, compress_texts
from clara.pretraining.compression_rows import read_compression_rows
from clara.pretraining.config import CompressorRecipe, read_compressor_recipe
from clara.pretraining.corpus import ReadingQuestion, read_questions
from clara.pretraining.optimisation import State, build_optimizer, in_precision, load_state, save_state
from clara.pretraining.rows import read_ahead
from clara.pretraining.score import cut_around, sampled
from clara.pretraining.train import Curve

_ALIGNMENT_WEIGHT = 0.1  # arXiv 2511.18659
_MAX_ANSWER_TOKENS = 32
_log = logging.getLogger(__name__)


def optimise(recipe: CompressorRecipe, reader: Path, corpus: Path, out: Path, workers: int) -> None:
    """Train from the last checkpoint in ``out`` to the recipe's last step, draw the curve, and write the compressor."""
    base = half_precision(reader, recipe.precision)
    clara = views.fresh(base, recipe.memory, recipe.lora, recipe.seed)
    clara.train_only("encoder", "decoder", memory=True)
    optimizer = build_optimizer(recipe.optimizer)
    checkpoint = out / "state.safetensors"
    if checkpoint.exists():
        done, parameters, moments = load_state(checkpoint, clara.trainable_parameters())
    else:
        parameters = tree_map(lambda value: value.astype(mx.float32), clara.trainable_parameters())
        optimizer.init(parameters)
        done, moments = 0, optimizer.state
    advance = compiled_step(recipe, clara, optimizer)
    curve = Curve(out / "curve.jsonl", recipe.rows.tokens_per_step, done)
    watch, steps = recipe.watch, recipe.optimizer.steps
    read = partial(read_compression_rows, recipe, corpus, reader)
    for step, rows in enumerate(read_ahead(read, range(done, steps), workers), start=done + 1):
        documents, lengths, prompts, weights = (mx.array(part).astype(mx.int32) for part in rows)
        parameters, moments, numbers = advance(parameters, moments, documents, lengths, prompts, weights)
        mx.async_eval(parameters, moments, numbers)
        if step % watch.log_every_steps < len(recipe.rows.cycle) or step == steps:
            _add_losses(curve, recipe, step, [float(number) for number in numbers])
        if step % watch.save_every_steps == 0 or step == steps:
            save_state(checkpoint, State(step, parameters, moments))
        if step % watch.score_every_steps == 0 or step == steps:
            clara.update(tree_map(lambda value: value.astype(getattr(mx, recipe.precision)), parameters))
            heldout = read_questions([corpus / "heldout.jsonl"])
            asked = sampled(heldout, None if step == steps else watch.score_questions)
            curve.add(step, heldout=score(clara, base, recipe, asked))
    clara.update(tree_map(lambda value: value.astype(mx.float16), parameters))
    clara.marks = clara.marks.astype(mx.float16)
    views.save(clara, base, recipe.memory, recipe.lora, out / recipe.name)


def _add_losses(curve: Curve, recipe: CompressorRecipe, step: int, numbers: Sequence[float]) -> None:
    """A step's numbers on the curve; stops the training where one is not finite."""
    if not all(map(math.isfinite, numbers)):
        found = f"loss, alignment and gradient norm are {numbers}"
        raise TrainingError(recipe.name, step, found, "Lower the learning rate, and resume")
    loss, aligned, norm = numbers
    kind = recipe.rows.cycle[(step - 1) % len(recipe.rows.cycle)]
    curve.add(step, kind=kind, answer_loss=loss, alignment=aligned, gradient_norm=norm)


def half_precision(reader: Path, precision: str) -> LanguageModel:
    """The reader as its compressor is pretrained on it: plain weights of this float type, frozen."""
    from mlx_lm.utils import dequantize_model

    base = load_base(reader)
    model = dequantize_model(base.model)
    model.set_dtype(getattr(mx, precision))
    model.freeze()
    return replace(base, model=model)


def compiled_step(recipe: CompressorRecipe, clara: Clara, optimizer: optim.Optimizer) -> Callable[..., Any]:
    """A pure function from weights, moments and a step's rows to new weights, moments and three numbers.

    The numbers are the loss over answers (nats a token), the alignment, and the norm of the gradient before clipping.
    """

    def losses(
        parameters: Any, documents: Any, lengths: Any, prompts: Any, weights: Any
    ) -> tuple[Any, Any, Any]:
        clara.update(in_precision(parameters, recipe.precision))
        found = clara.compress(documents, lengths)
        states = clara.states(prompts[:, :-1], found.memory)
        logits = clara.logits(states.reshape(-1, states.shape[-1])).astype(mx.float32)
        each = nn.losses.cross_entropy(logits, prompts[:, 1:].reshape(-1) % clara.tokens.vocabulary)
        answer = (each * weights.reshape(-1)).sum() / weights.sum()
        aligned = alignment(found.memory.astype(mx.float32), found.text_mean.astype(mx.float32))
        return answer + _ALIGNMENT_WEIGHT * aligned, answer, aligned

    def step(parameters: Any, moments: Any, *rows: Any) -> tuple[Any, Any, Any]:
        (_, answer, aligned), gradient = mx.value_and_grad(losses)(parameters, *rows)
        gradient, norm = optim.clip_grad_norm(gradient, recipe.optimizer.clip_norm)
        optimizer.state = moments
        parameters = optimizer.apply_gradients(gradient, parameters)
        return parameters, optimizer.state, mx.stack([answer, aligned, norm])

    compiled: Callable[..., Any] = mx.compile(step)
    return compiled


def score(
    clara: Clara, base: LanguageModel, recipe: CompressorRecipe, questions: Sequence[ReadingQuestion]
) -> dict[str, Any]:
    """F1 and EM of answers from the memory of the gold passage, cut around the answer to what is compressed at once."""
    room = recipe.memory.max_document_tokens
    passages = [
        cut_around(q.context, q.answers, room, lambda text: len(text_ids(base.tokenizer, text)))
        for q in questions
    ]
    memory = compress_texts(
        clara, base.tokenizer, [" ".join(text.split()) for text in passages], batch_size=128
    )
    prompts = [memory_prompt_ids(base.tokenizer, q.question, clara.tokens.slot) for q in questions]
    shown = [mx.array(one)[None] for one in memory]
    written = answer_from_memory(clara, base.tokenizer, prompts, shown, _MAX_ANSWER_TOKENS, batch_size=128)
    pairs = list(zip(questions, written, strict=True))
    return {
        "n": len(pairs),
        "f1": sum(max(f1(said.text, answer) for answer in asked.answers) for asked, said in pairs)
        / len(pairs),
        "em": sum(float(exact_match(said.text, asked.answers)) for asked, said in pairs) / len(pairs),
    }


def main(arguments: Sequence[str] | None = None) -> int:
    """Train what DIR does not hold yet; 1 if an input cannot be used or the training must stop."""
    parser = argparse.ArgumentParser(prog="python -m clara.pretraining.compress", description=__doc__)
    parser.add_argument("recipe", type=Path, help="the recipe, a .toml file")
    parser.add_argument("--reader", type=Path, required=True, help="folder of the base, as mlx-lm loads it")
    parser.add_argument(
        "--corpus", type=Path, required=True, help="folder that clara.pretraining.train prepared"
    )
    parser.add_argument("--out", type=Path, required=True, help="folder of everything that is made")
    parser.add_argument("--resume", action="store_true", help="go on with what is in the folder")
    parser.add_argument("--workers", type=int, default=max(1, (os.cpu_count() or 2) - 2), help="row makers")
    options = parser.parse_args(arguments)
    if options.out.exists() and any(options.out.iterdir()) and not options.resume:
        parser.error(f"{options.out} is not empty. Add --resume to go on with it, or name another folder.")
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s", stream=sys.stdout)
    logging.getLogger("httpx").setLevel(logging.WARNING)
    try:
        recipe = read_compressor_recipe(options.recipe)
        options.out.mkdir(parents=True, exist_ok=True)
        optimise(recipe, options.reader, options.corpus, options.out, options.workers)
    except (ClaraError, OSError, ValueError) as error:
        _log.error("%s", error)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
