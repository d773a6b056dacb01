"""A compressor in training: what it is made of, one step of it, and what is looked at on the way."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import mlx.core as mx
import mlx.optimizers as optim

from clara.losses import alignment
from clara.model import views
from clara.model.base import LanguageModel, load_base
from clara.model.compressor import Clara
from clara.model.memory import MemoryTokens, one_hot
from clara.pretraining.checkpoints import begin, save
from clara.pretraining.compression_rows import CompressionRows
from clara.pretraining.config import CompressorRecipe
from clara.pretraining.corpus import read_questions
from clara.pretraining.curve import Curve
from clara.pretraining.gradients import cross_entropy
from clara.pretraining.merged import MergedLora
from clara.pretraining.optimisation import in_precision
from clara.pretraining.score import sampled, score_memory
from clara.training.forms import CompressorForm
from clara.training.memory_stages import ALIGNMENT_WEIGHT

_NUMBERS = ("answer_loss", "alignment", "gradient_norm")  # what a step gives, in order


class Compressing:
    """A compressor in training: goes on from the last checkpoint in ``out``, is looked at and saved as its recipe says.

    Attributes:
        recipe: The recipe.
        state: Where it stands.
    """

    def __init__(
        self, recipe: CompressorRecipe, reader: Path, corpus: Path, out: Path, begin_with: Path | None = None
    ) -> None:
        self.recipe, self._corpus, self._out = recipe, corpus, out
        self._base = half_precision(reader, recipe.precision)
        form = CompressorForm(recipe.memory, recipe.lora, recipe.seed, begin_with)
        self._clara = form.begin(self._base, None)
        self._lora = MergedLora(self._clara)
        fresh = {"lora": self._lora.stacks(), "memory": self._clara.memory}
        optimizer, self.state = begin(out, fresh, recipe.optimizer)
        self._advance = compiled_step(recipe, self._clara, self._lora, optimizer)
        self._curve = Curve(out / "curve.jsonl", recipe.rows.tokens_per_step, self.state.step)

    @property
    def tokens(self) -> MemoryTokens:
        """Ids of the memory tokens."""
        return self._clara.tokens

    def learn(self, rows: CompressionRows) -> None:
        """One step, with what the recipe wants to be known after it."""
        numbers = self.advance(rows)
        step, last, watch = self.state.step, self.recipe.optimizer.steps, self.recipe.watch
        cycle = self.recipe.rows.cycle
        if step % watch.log_every_steps < len(cycle) or step == last:
            kind = cycle[(step - 1) % len(cycle)]
            self._curve.add_losses(step, [float(number) for number in numbers], _NUMBERS, kind=kind)
        if step % watch.save_every_steps == 0 or step == last:
            save(self._out, self.state)
        if step % watch.score_every_steps == 0 and step < last:
            self.score(watch.score_questions)

    def advance(self, rows: CompressionRows) -> Any:
        """One step, enqueued; its numbers."""
        arrays = (mx.array(part).astype(mx.int32) for part in rows)
        parameters, moments, numbers = self._advance(self.state.parameters, self.state.moments, *arrays)
        mx.async_eval(parameters, moments, numbers)
        step = self.state.step + 1
        self.state = self.state._replace(step=step, parameters=parameters, moments=moments)
        return numbers

    def score(self, limit: int) -> None:
        """A line of the curve: the score on so many held-out questions, in the precision of the training."""
        fill(self._clara, self._lora, self.state.parameters, self.recipe.precision)
        self._score(self._clara, limit)

    def score_written(self, folder: Path) -> None:
        """A line of the curve: the score on all of them of what was written, as its users will load it."""
        self._score(views.load(load_base(self._base.path), folder)[0], None)

    def _score(self, clara: Clara, limit: int | None) -> None:
        asked = sampled(read_questions([self._corpus / "heldout.jsonl"]), limit)
        longest = self.recipe.memory.max_document_tokens
        found = score_memory(clara, self._base.tokenizer, longest, asked, batch_size=64)
        self._curve.add(self.state.step, heldout=found)

    def write(self, folder: Path) -> None:
        """The compressor in half precision, as :func:`clara.model.views.load` reads it; its training is over."""
        learnt = in_precision(self.state.parameters, "float16")
        self._lora.put_back(self._clara, learnt["lora"])
        self._clara.memory = learnt["memory"]
        self._clara.marks = self._clara.marks.astype(mx.float16)
        views.save(self._clara, self._base, self.recipe.memory, self.recipe.lora, folder)


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
