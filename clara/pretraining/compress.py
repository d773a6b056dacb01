"""Pretrain a compressor for a reader: general text → samples → salient compression pretraining → score → adapters.

Usage: ``python -m clara.pretraining.compress RECIPE --reader MODEL --corpus DIR --out DIR [--resume]``.
The corpus is a folder that ``clara.pretraining.train`` has prepared for that reader.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import mlx.core as mx
import mlx.optimizers as optim

from clara.losses import alignment
from clara.model import views
from clara.model.base import LanguageModel, load_base
from clara.model.compressor import Clara
from clara.model.memory import one_hot
from clara.pretraining.checkpoints import State, begin, save
from clara.pretraining.command import run
from clara.pretraining.compression_rows import read_compression_rows
from clara.pretraining.config import CompressorRecipe, read_compressor_recipe
from clara.pretraining.corpus import read_questions
from clara.pretraining.curve import Curve
from clara.pretraining.gradients import cross_entropy
from clara.pretraining.merged import MergedLora
from clara.pretraining.optimisation import in_precision
from clara.pretraining.overlap import hold_apart, require_apart
from clara.pretraining.rows import read_ahead
from clara.pretraining.score import sampled, score_memory
from clara.training.forms import CompressorForm
from clara.training.memory_stages import ALIGNMENT_WEIGHT

_NUMBERS = ("answer_loss", "alignment", "gradient_norm")  # what a step gives, in order


def optimise(
    recipe: CompressorRecipe,
    reader: Path,
    corpus: Path,
    out: Path,
    workers: int,
    begin_with: Path | None = None,
) -> None:
    """Train from the last checkpoint in ``out`` to the recipe's last step, draw the curve, and write the compressor.

    Args:
        recipe: The recipe.
        reader: Folder of the base.
        corpus: Folder that the reader's pretraining prepared.
        out: Folder of everything that is made.
        workers: Processes that make rows.
        begin_with: A compressor of the same reader and a lower rate, whose weights are the first; fresh ones if None.
    """
    base = half_precision(reader, recipe.precision)
    clara = CompressorForm(recipe.memory, recipe.lora, recipe.seed, begin_with).begin(base, None)
    lora = MergedLora(clara)
    fresh = {"lora": lora.stacks(), "memory": clara.memory}
    optimizer, (done, begun, parameters, moments) = begin(out, fresh, recipe.optimizer)
    advance = compiled_step(recipe, clara, lora, optimizer)
    curve = Curve(out / "curve.jsonl", recipe.rows.tokens_per_step, done)
    watch, steps = recipe.watch, recipe.optimizer.steps
    read = partial(read_compression_rows, recipe, corpus, reader)
    for step, rows in enumerate(read_ahead(read, range(done, steps), workers), start=done + 1):
        arrays = (mx.array(part).astype(mx.int32) for part in rows)
        parameters, moments, numbers = advance(parameters, moments, *arrays)
        mx.async_eval(parameters, moments, numbers)
        if step % watch.log_every_steps < len(recipe.rows.cycle) or step == steps:
            kind = recipe.rows.cycle[(step - 1) % len(recipe.rows.cycle)]
            curve.add_losses(step, [float(number) for number in numbers], _NUMBERS, kind=kind)
        if step % watch.save_every_steps == 0 or step == steps:
            save(out, State(step, begun, parameters, moments))
        if step % watch.score_every_steps == 0 or step == steps:
            fill(clara, lora, parameters, recipe.precision)
            heldout = read_questions([corpus / "heldout.jsonl"])
            asked = sampled(heldout, None if step == steps else watch.score_questions)
            longest = recipe.memory.max_document_tokens
            curve.add(step, heldout=score_memory(clara, base.tokenizer, longest, asked, batch_size=128))
    require_apart(recipe, corpus, out)
    learnt = in_precision(parameters, "float16")
    lora.put_back(clara, learnt["lora"])
    clara.memory = learnt["memory"]
    clara.marks = clara.marks.astype(mx.float16)
    views.save(clara, base, recipe.memory, recipe.lora, out / recipe.name)


def half_precision(reader: Path, precision: str) -> LanguageModel:
    """The reader as its compressor is pretrained on it: plain weights of this float type, frozen."""
    from mlx_lm.utils import dequantize_model

    base = load_base(reader)
    model = dequantize_model(base.model)
    model.set_dtype(getattr(mx, precision))
    model.freeze()
    return replace(base, model=model)


def fill(clara: Clara, lora: MergedLora, parameters: Any, precision: str) -> None:
    """Give the compressor these weights, merged, and these embeddings of the memory tokens."""
    clara.update(
        {**lora.weights(parameters["lora"]), "memory": in_precision(parameters["memory"], precision)}
    )


def compiled_step(
    recipe: CompressorRecipe, clara: Clara, lora: MergedLora, optimizer: optim.Optimizer
) -> Callable[..., Any]:
    """A pure function from weights, moments and a step's rows to new weights, moments and three numbers.

    The numbers are the loss over answers (nats a token), the alignment, and the norm of the gradient before clipping.
    """

    def losses(parameters: Any, *rows: mx.array) -> tuple[Any, Any, Any]:
        documents, lengths, prompts, begins, answers, answer_lengths = rows
        fill(clara, lora, parameters, recipe.precision)
        found = clara.compress(documents, lengths)
        states = clara.states(prompts, found.memory)
        # Only where an answer is foretold: the output layer over every column would cost as much as the decoder.
        place = mx.arange(answers.shape[1])
        told = one_hot(begins[:, None] + place, states.shape[1], states.dtype) @ states
        each: Any = cross_entropy(clara.logits(told.flatten(0, 1)), answers.flatten())
        learnt = (place < answer_lengths[:, None]).flatten()
        answer = (each * learnt).sum() / learnt.sum()
        aligned = alignment(found.memory.astype(mx.float32), found.text_mean.astype(mx.float32))
        return answer + ALIGNMENT_WEIGHT * aligned, answer, aligned

    def step(parameters: Any, moments: Any, *rows: Any) -> tuple[Any, Any, Any]:
        (_, answer, aligned), gradient = mx.value_and_grad(losses)(parameters, *rows)
        gradient, norm = optim.clip_grad_norm(gradient, recipe.optimizer.clip_norm)
        optimizer.state = moments
        parameters = optimizer.apply_gradients(gradient, parameters)
        return parameters, optimizer.state, mx.stack([answer, aligned, norm])

    compiled: Callable[..., Any] = mx.compile(step)
    return compiled


def main(arguments: Sequence[str] | None = None) -> int:
    """Train what DIR does not hold yet; 1 if an input cannot be used or the training must stop."""
    parser = argparse.ArgumentParser(prog="python -m clara.pretraining.compress", description=__doc__)
    parser.add_argument("recipe", type=Path, help="the recipe, a .toml file")
    parser.add_argument("--reader", type=Path, required=True, help="folder of the base, as mlx-lm loads it")
    parser.add_argument(
        "--corpus", type=Path, required=True, help="folder that clara.pretraining.train prepared"
    )
    parser.add_argument("--begin-with", type=Path, help="a compressor of this reader at a lower rate")
    return run(parser, arguments, make)


def make(options: argparse.Namespace) -> None:
    """What the folder does not hold yet."""
    recipe = read_compressor_recipe(options.recipe)
    options.out.mkdir(parents=True, exist_ok=True)
    hold_apart(recipe, options.corpus, options.reader, options.out, options.apart_from)
    optimise(recipe, options.reader, options.corpus, options.out, options.workers, options.begin_with)


if __name__ == "__main__":
    sys.exit(main())
