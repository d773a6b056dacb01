"""What the reader makes of the text itself, as a target for what it makes of memory.

An answer is five tokens, and of people's there are few. The reader with the text before it says more: how it weighs
every token of an answer, and, at every token of question and answer, the state from which it goes on.

Source:
    Its distribution: Hinton et al. 2015 (arXiv:1503.02531). Its states: Sun et al. 2019 (arXiv:1908.09355). Text as the
    teacher of what replaces it: Eyuboglu et al. 2025 (arXiv:2506.06266).
"""

from __future__ import annotations

from typing import NamedTuple

import mlx.core as mx
import mlx.nn as nn
from jaxtyping import Bool, Float, Int

from clara.model.base import head, hidden_states
from clara.model.memory import one_hot
from clara.pretraining.config import Distillation


class Places(NamedTuple):
    """Columns of a batch of prompts, as many for every row, and which of them count."""

    columns: Int[mx.array, "rows places"]
    counted: Bool[mx.array, "rows places"]

    def of(self, states: Float[mx.array, "rows tokens width"]) -> Float[mx.array, "rows places width"]:
        """States in those columns, 0 in columns that there are not."""
        return one_hot(self.columns, states.shape[1], states.dtype) @ states

    def mean(self, each: Float[mx.array, "rows places"]) -> Float[mx.array, ""]:
        """Mean over what counts."""
        return mx.where(self.counted, each, 0).sum() / self.counted.sum()


def answer_places(begins: Int[mx.array, "rows"], lengths: Int[mx.array, "rows"], most: int) -> Places:
    """Where each token of an answer is foretold: from the prompt's last token on."""
    place = mx.arange(most)
    return Places(begins[:, None] + place, place < lengths[:, None])


def question_places(begins: Int[mx.array, "rows"], alike: Int[mx.array, "rows"], most: int) -> Places:
    """The tokens before a prompt's last, as many as prompts with text and with memory have in common."""
    before = mx.arange(1, most + 1)
    return Places(begins[:, None] - before, before < alike[:, None])


class Target(NamedTuple):
    """What the reader made of the text.

    Attributes:
        question: Its states at the question.
        answer: Its states where the answer is foretold.
        logits: What it foretells there.
    """

    question: Float[mx.array, "rows places width"]
    answer: Float[mx.array, "rows answer width"]
    logits: Float[mx.array, "tokens vocab"]


def read_target(
    model: nn.Module, texts: Int[mx.array, "rows text"], question: Places, answer: Places
) -> Target:
    """What a frozen reader makes of prompts with text, padded on the right."""
    states = hidden_states(model, texts)
    foretold = answer.of(states)
    return Target(question.of(states), foretold, head(model, foretold.flatten(0, 1)))


def distance(
    states: Float[mx.array, "rows places width"], wanted: Float[mx.array, "rows places width"]
) -> Float[mx.array, "rows places"]:
    """|s − w|² / |w|² of every place, float32; 0 and more."""
    apart = (states - wanted).astype(mx.float32).square().sum(axis=-1)
    return apart / mx.maximum(wanted.astype(mx.float32).square().sum(axis=-1), 1e-6)


def divergence(
    logits: Float[mx.array, "tokens vocab"], wanted: Float[mx.array, "tokens vocab"]
) -> Float[mx.array, "tokens"]:
    """Kullback–Leibler divergence from the distribution that other logits give, in nats, float32; 0 and more."""
    told, true = logits.astype(mx.float32), wanted.astype(mx.float32)
    told = told - mx.logsumexp(told, axis=-1, keepdims=True)
    true = true - mx.logsumexp(true, axis=-1, keepdims=True)
    return (mx.exp(true) * (true - told)).sum(axis=-1)


def weigh(
    weight: Distillation,
    answer: Float[mx.array, ""],
    apart: Float[mx.array, ""],
    diverging: Float[mx.array, ""],
) -> Float[mx.array, ""]:
    """What is minimised where the reader was asked: the answer and its distribution by share, and the distance."""
    return (1 - weight.answers) * answer + weight.answers * diverging + weight.states * apart
