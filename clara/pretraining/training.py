"""A reader in training: what it is made of, one step of it, and what is looked at on the way."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import mlx.core as mx
from mlx_lm.tokenizer_utils import load as load_tokenizer

from clara.pretraining.checkpoints import begin, save
from clara.pretraining.config import Recipe
from clara.pretraining.corpus import ReadingQuestion, read_questions
from clara.pretraining.curve import Curve
from clara.pretraining.dropout import add_dropout
from clara.pretraining.export import filled
from clara.pretraining.optimisation import build_model, compiled_step
from clara.pretraining.rows import Rows
from clara.pretraining.score import SETTINGS, sampled, score

_NUMBERS = ("loss", "answer_loss", "context_loss", "gradient_norm")  # what a step gives, in order


class Training:
    """A reader in training: goes on from the last checkpoint in ``out``, is looked at and saved as its recipe says.

    Attributes:
        recipe: The recipe.
        state: Where it stands.
    """

    def __init__(self, recipe: Recipe, corpus: Path, out: Path) -> None:
        self.recipe, self._corpus, self._out = recipe, corpus, out
        self._tokenizer = load_tokenizer(corpus / "tokenizer")
        model = build_model(recipe, len(self._tokenizer.get_vocab()))
        add_dropout(model, recipe.dropout)
        optimizer, self.state = begin(out, model.parameters(), recipe.optimizer)
        self._advance = compiled_step(recipe, model, optimizer)
        tokens_per_step = recipe.rows.rows_per_step * recipe.rows.tokens_per_row
        self._curve = Curve(out / "curve.jsonl", tokens_per_step, self.state.step)

    def learn(self, rows: Rows) -> None:
        """One step, with what the recipe wants to be known after it."""
        numbers = self.advance(rows)
        step, last, watch = self.state.step, self.recipe.optimizer.steps, self.recipe.watch
        if step % watch.log_every_steps == 0 or step == last:
            self._curve.add_losses(step, [float(number) for number in numbers], _NUMBERS)
        if step % watch.save_every_steps == 0 or step == last:
            save(self._out, self.state)
        if step % watch.score_every_steps == 0:
            questions = read_questions([self._corpus / "heldout.jsonl"])
            asked = sampled(questions, watch.score_questions)
            self._curve.add(step, heldout=self.score(asked, ("gold",)))

    def score(
        self, questions: Sequence[ReadingQuestion], settings: Sequence[str] = SETTINGS
    ) -> dict[str, Any]:
        """Score of the weights as they are, in the precision of the training."""
        model, _ = filled(self.recipe, self.state.parameters, self._tokenizer, self.recipe.precision)
        window = self.recipe.rows.tokens_per_row
        return score(model, self._tokenizer, window, questions, settings, batch_size=128)

    def advance(self, rows: Rows) -> Any:
        """One step, enqueued; its numbers."""
        ids, weights = mx.array(rows.ids).astype(mx.int32), mx.array(rows.weights).astype(mx.float32)
        step, _, parameters, moments = self.state
        # Of dropout, so that a resumed training drops what an uninterrupted one drops.
        mx.random.seed(step + 1)
        parameters, moments, numbers = self._advance(parameters, moments, ids, weights)
        mx.async_eval(parameters, moments, numbers)
        self.state = self.state._replace(step=step + 1, parameters=parameters, moments=moments)
        return numbers
