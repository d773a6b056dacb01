"""Stages: data + loss + what is trainable. Today ``lm`` (reads the documents) and ``sft`` (answers questions)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from typing import Any

import mlx.core as mx
import mlx.nn as nn
import numpy as np
from jaxtyping import Float

from clara.losses import token_cross_entropy
from clara.model.base import head, hidden_states
from clara.model.prompts import answer_ids, prompt_ids, text_ids
from clara.profiles import Budget
from clara.records import TrainingQuestion
from clara.training.batches import Batch, Pool, Sample, collate
from clara.training.loop import Stage

_HELD_OUT_BATCH = 8


def next_token_loss(model: nn.Module, batch: Batch) -> Float[mx.array, ""]:
    """Cross-entropy of the supervised tokens; logits are computed at their positions and nowhere else."""
    states = hidden_states(model, batch.ids)
    chosen = states.reshape(-1, states.shape[-1])[batch.positions]
    return token_cross_entropy(head(model, chosen), batch.targets)


def lm_stage(
    tokenizer: Any, texts: Sequence[str], held_out: Sequence[str], budget: Budget, seed: int
) -> Stage:
    """Next-token prediction on the documents: every token but a text's first is supervised."""
    pool = Pool(lm_samples(tokenizer, texts), budget.batch_size, seed)
    measured = in_batches(lm_samples(tokenizer, held_out))
    batches = micro_batches(budget, lambda index: collate(pool.batch(index)))
    return Stage("lm", batches, measured, next_token_loss, budget, seed=seed)


def sft_stage(
    tokenizer: Any,
    questions: Sequence[TrainingQuestion],
    held_out: Sequence[TrainingQuestion],
    chunk_texts: dict[str, str],
    budget: Budget,
    context_share: float,
    seed: int,
) -> Stage:
    """Answering generated questions: answers alone are supervised, some batches are shown their chunk.

    A batch is either all with context or all without, so that short prompts are not padded to long ones. An
    unanswerable question is asked with its chunk only: without, it has the answer that it was made with. Clozes and
    wh-questions weigh the same: on seven documents that lowered the held-out loss of wh-questions from 3.67 to 3.56.

    Args:
        tokenizer: mlx-lm's tokenizer.
        questions: To train on.
        held_out: To measure on, without context.
        chunk_texts: Text of each chunk by id.
        budget: Steps and rates.
        context_share: Share of the batches with context.
        seed: Orders the batches.
    """
    draw = sft_questions(questions, budget.batch_size, context_share, seed)

    def batch(index: int) -> Batch:
        drawn, shown = draw(index)
        return collate([sft_sample(tokenizer, q, chunk_texts[q.chunk_id] if shown else None) for q in drawn])

    measured = in_batches([sft_sample(tokenizer, q) for q in answerable(held_out)])
    return Stage("sft", micro_batches(budget, batch), measured, next_token_loss, budget, seed=seed)


def sft_questions(
    questions: Sequence[TrainingQuestion], batch_size: int, context_share: float, seed: int
) -> Callable[[int], tuple[list[TrainingQuestion], bool]]:
    """The questions of any batch of :func:`sft_stage`, and whether they are asked with their chunk."""
    evened = _evened(questions)
    closed = Pool(answerable(evened), batch_size, seed)
    opened = Pool(evened, batch_size, seed + 1)

    def draw(index: int) -> tuple[list[TrainingQuestion], bool]:
        opened_before, opened_now = int(index * context_share), int((index + 1) * context_share)
        if opened_now > opened_before:
            return opened.batch(opened_before), True
        return closed.batch(index - opened_before), False

    return draw


def micro_batches(budget: Budget, batch: Callable[[int], Batch]) -> Callable[[int], list[Batch]]:
    """The micro-batches of a step, of which batch ``index`` is a pure function of its number."""

    def of_step(step: int) -> list[Batch]:
        first = step * budget.accumulate
        return [batch(index) for index in range(first, first + budget.accumulate)]

    return of_step


def lm_samples(tokenizer: Any, texts: Sequence[str]) -> list[Sample]:
    """Each text on one line, as prompts show it, as one sequence; text that spells a special token stays text."""
    lines = [" ".join(text.split()) for text in texts]
    encoded = [text_ids(tokenizer, line) for line in lines]
    return [Sample(tuple(ids), start=1) for ids in encoded if len(ids) > 1]


def sft_sample(tokenizer: Any, question: TrainingQuestion, passage: str | None = None) -> Sample:
    """Prompt and answer; the answer and the end of the turn are supervised."""
    prompt = prompt_ids(tokenizer, question.question, [passage] if passage else [])
    return Sample((*prompt, *answer_ids(tokenizer, question.answer)), len(prompt), question.id)


def permuted_answers(questions: Sequence[TrainingQuestion], seed: int) -> list[TrainingQuestion]:
    """The same questions with each other's answers: what the control ``shuffled_labels`` is tuned on.

    Answers go round one seeded cycle, so that no question keeps its own place's answer. Unanswerable ones, which all
    have the same, stay as they are.
    """
    answered = answerable(questions)
    order = np.random.default_rng(seed).permutation(len(answered))
    given = {
        answered[int(place)].id: answered[int(giver)].answer
        for place, giver in zip(order, np.roll(order, 1), strict=True)
    }
    return [
        question.model_copy(update={"answer": given.get(question.id, question.answer)})
        for question in questions
    ]


def _evened(questions: Sequence[TrainingQuestion]) -> list[TrainingQuestion]:
    """Wh-questions as often as clozes, which rules make many more of: repeated whole, so that no fact is lost."""
    count = Counter(question.kind for question in questions)
    times = max(1, round(count["cloze"] / count["wh"])) if count["wh"] else 1
    return [question for question in questions for _ in range(times if question.kind == "wh" else 1)]


def answerable(questions: Sequence[TrainingQuestion]) -> list[TrainingQuestion]:
    """Without those that are shown a chunk which does not answer them."""
    return [question for question in questions if question.kind != "unanswerable"]


def in_batches(samples: Sequence[Sample], collate: Callable[..., Batch] = collate) -> list[Batch]:
    """Batches of like lengths, to measure on."""
    by_length = sorted(samples, key=lambda sample: len(sample.ids))
    starts = range(0, len(by_length), _HELD_OUT_BATCH)
    return [collate(by_length[start : start + _HELD_OUT_BATCH]) for start in starts]
