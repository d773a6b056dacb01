"""CLaRa's stages: what each is shown, what it minimises, and what of the three views it trains.

- ``scp``, salient compression pretraining: questions on one document's memory, and documents to write again; minimises
  answers + 0.1 × alignment; trains encoder, decoder and memory tokens.
- ``cit``, compression instruction tuning: questions on several documents' memory; minimises answers; trains the
  decoder, and the encoder too where documents are compressed in the step.
- ``retrieval``: questions and candidates whose memory was made before; minimises the contrast of a question's own
  candidates with the others; trains the query reasoner.
- ``e2e``, end to end: the same; minimises the answers from what the reasoner picks; trains reasoner and decoder.
- ``mse``: documents; minimises the alignment alone, the void study as a control; trains encoder and memory tokens.

Source:
    arXiv 2511.18659; apple/ml-clara at 857c3cf. Departures: ``docs/decisions/0006`` and ``0007``.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import mlx.core as mx
import mlx.nn as nn
import numpy as np
from jaxtyping import Float

from clara.losses import alignment, retrieval_contrast, token_cross_entropy
from clara.model.compressor import Clara
from clara.model.memory import MemoryTokens, padded
from clara.model.prompts import Wording, answer_ids, context_text, memory_prompt_ids
from clara.model.reading import parts
from clara.model.selection import TEMPERATURE, cosine_scores, top_k
from clara.profiles import Budget
from clara.questions import Example
from clara.training.batches import (
    Batch,
    ChoiceBatch,
    Item,
    MemoryBatch,
    Sample,
    StoredBatch,
    collate,
    collate_memory,
)
from clara.training.loop import Stage
from clara.training.stages import in_batches, micro_batches

ALIGNMENT_WEIGHT = 0.1  # arXiv 2511.18659
Memory = Callable[[Sequence[str]], Sequence[Float[mx.array, "_ slots width"]]]


@dataclass(frozen=True)
class Layout:
    """How examples become samples.

    Attributes:
        tokenizer: mlx-lm's tokenizer.
        tokens: The memory tokens.
        wording: Whose prompt.
    """

    tokenizer: Any
    tokens: MemoryTokens
    wording: Wording = "clara"

    def sample(self, example: Example) -> Sample:
        """Prompt and answer; the answer and the end of the turn are supervised. A long document has several places."""
        documents = [
            self.read(part)
            for text in example.documents
            for part in parts(self.tokenizer, context_text([text]), self.tokens.longest)
        ]
        return self._sample(example, len(documents), tuple(documents))

    def prompt(self, example: Example, shown: int) -> Sample:
        """The same with ``shown`` places for memory that is made, or picked, elsewhere."""
        return self._sample(example, shown, ())

    def read(self, text: str) -> tuple[int, ...]:
        """A document or question as the compressor reads it."""
        return tuple(self.tokens.layout(self.tokenizer, text))

    def _sample(self, example: Example, shown: int, documents: tuple[tuple[int, ...], ...]) -> Sample:
        slots = self.tokens.slot * shown
        prompt = memory_prompt_ids(self.tokenizer, example.question, slots, self.wording)
        answer = answer_ids(self.tokenizer, example.answer)
        return Sample((*prompt, *answer), len(prompt), example.id, documents)


# --- losses ------------------------------------------------------------------------------------------------


def answer_loss(clara: Clara, batch: Batch) -> Float[mx.array, ""]:
    """Cross-entropy of the answers' tokens, read from memory that is made in the step or was made before."""
    if isinstance(batch, StoredBatch):
        return _answers(clara, batch, batch.memory)
    return _answers(clara, batch, _compressed(clara, batch)[0])


def salient_loss(clara: Clara, batch: Batch) -> Float[mx.array, ""]:
    """Answers, and a tenth of the distance between what memory and text are on average."""
    memory, aligned = _compressed(clara, batch)
    return _answers(clara, batch, memory) + ALIGNMENT_WEIGHT * aligned


def alignment_loss(clara: Clara, batch: Batch) -> Float[mx.array, ""]:
    """The distance alone, which answering has no part in."""
    return _compressed(clara, batch)[1]


def choice_loss(clara: Clara, batch: ChoiceBatch, k: int) -> Float[mx.array, ""]:
    """Cross-entropy of the answers, read from the k candidates that the query reasoner finds nearest."""
    flat = batch.candidates.flatten(2).astype(clara.memory.dtype)
    selection, _ = top_k(candidate_scores(clara, batch), k)
    chosen = selection.astype(flat.dtype) @ flat
    return _answers(clara, batch, chosen.reshape(-1, *batch.candidates.shape[2:]))


def contrast_loss(clara: Clara, batch: ChoiceBatch) -> Float[mx.array, ""]:
    """How little of the choice falls on the candidates that a question was made from."""
    return retrieval_contrast(candidate_scores(clara, batch), batch.positive, TEMPERATURE)


def candidate_scores(clara: Clara, batch: ChoiceBatch) -> Float[mx.array, "batch n"]:
    """Cosine of each question with each of its candidates; who the right ones are plays no part."""
    return cosine_scores(clara.reason(batch.asked, batch.lengths), batch.candidates.flatten(2))


# --- stages ------------------------------------------------------------------------------------------------


def salient_stage(
    layout: Layout,
    asked: Sequence[Sequence[Example]],
    rebuilt: Sequence[Sequence[Example]],
    held_out: Sequence[Example],
    budget: Budget,
    seed: int,
) -> Stage:
    """Salient compression pretraining: batches of questions, and of documents to write again spread evenly between.

    Args:
        layout: How examples become samples.
        asked: Batches of questions, in order.
        rebuilt: Batches of reconstructions, in order; together with ``asked`` as many as the budget has micro-batches.
        held_out: Questions to measure on.
        budget: Steps and rates.
        seed: Of dropout.
    """
    order = interleaved(asked, rebuilt)

    def batch(index: int) -> Batch:
        return collate_memory([layout.sample(example) for example in order[index]])

    return Stage(
        "scp", micro_batches(budget, batch), _measured(layout, held_out), salient_loss, budget,
        measured=answer_loss, trains=_training("encoder", "decoder", memory=True), seed=seed,
    )  # fmt: skip


def instruction_stage(
    layout: Layout,
    asked: Sequence[Sequence[Example]],
    held_out: Sequence[Example],
    budget: Budget,
    seed: int,
    memory: Memory | None = None,
) -> Stage:
    """Compression instruction tuning: questions on several documents each.

    Args:
        layout: How examples become samples.
        asked: Batches, in order, as many as the budget has micro-batches.
        held_out: Questions to measure on.
        budget: Steps and rates.
        seed: Of dropout.
        memory: Gives texts' memory, made once: the encoder stays as it is and a step costs half. None compresses in
            the step and trains the encoder as well, as the original does.
    """

    def collated(examples: Sequence[Example]) -> Batch:
        if memory is None:
            return collate_memory([layout.sample(example) for example in examples])
        return _stored(layout, examples, memory)

    measured = [collated(held_out[start : start + 8]) for start in range(0, len(held_out), 8)]
    views = ["decoder"] if memory else ["encoder", "decoder"]
    return Stage(
        "cit", micro_batches(budget, lambda index: collated(asked[index])), measured, answer_loss, budget,
        trains=_training(*views), seed=seed,
    )  # fmt: skip


def end_to_end_stage(
    layout: Layout,
    asked: Sequence[Sequence[Example]],
    held_out: Sequence[Sequence[Example]],
    k: int,
    budget: Budget,
    seed: int,
    memory: Memory,
) -> Stage:
    """End to end: the query reasoner picks k of an example's documents, and the answer's loss alone teaches it.

    Raises:
        ValueError: An example has fewer than k documents.
    """
    collated = partial(_choices, layout, k=k, memory=memory)
    measured = [collated(batch) for batch in held_out]
    return Stage(
        "e2e", micro_batches(budget, lambda index: collated(asked[index])), measured, partial(choice_loss, k=k),
        budget, trains=_training("reasoner", "decoder"), seed=seed,
    )  # fmt: skip


def retrieval_stage(
    layout: Layout,
    asked: Sequence[Sequence[Example]],
    held_out: Sequence[Sequence[Example]],
    budget: Budget,
    seed: int,
    memory: Memory,
) -> Stage:
    """The supervised retriever: questions are drawn to the documents that they were made from.

    Raises:
        ValueError: An example does not say which of its documents are right.
    """
    if any(not example.positives for batch in (*asked, *held_out) for example in batch):
        raise ValueError("an example says nothing of which documents are right: give every row its pos_index")
    collated = partial(_choices, layout, k=1, memory=memory)
    measured = [collated(batch) for batch in held_out]
    return Stage(
        "retrieval", micro_batches(budget, lambda index: collated(asked[index])), measured, contrast_loss, budget,
        trains=_training("reasoner"), seed=seed,
    )  # fmt: skip


def alignment_stage(
    layout: Layout,
    rebuilt: Sequence[Sequence[Example]],
    held_out: Sequence[Example],
    budget: Budget,
    seed: int,
) -> Stage:
    """The void study: the distance of means, and nothing to answer. What ``compression_only`` is trained on."""

    def batch(index: int) -> Batch:
        return collate_memory([layout.sample(example) for example in rebuilt[index]])

    return Stage(
        "mse", micro_batches(budget, batch), _measured(layout, held_out), alignment_loss, budget,
        trains=_training("encoder", memory=True), seed=seed,
    )  # fmt: skip


# --- batches -----------------------------------------------------------------------------------------------


def interleaved(many: Sequence[Item], few: Sequence[Item]) -> list[Item]:
    """Both in their order, the second spread evenly over the first."""
    total = len(many) + len(few)
    first, second = iter(many), iter(few)
    return [
        next(second) if (place + 1) * len(few) // total > place * len(few) // total else next(first)
        for place in range(total)
    ]


def _stored(layout: Layout, examples: Sequence[Example], memory: Memory) -> StoredBatch:
    shown = [mx.concatenate(list(memory([context_text([t]) for t in e.documents]))) for e in examples]
    longest = max(rows.shape[0] for rows in shown)
    # A sample with fewer documents has fewer places: what pads its memory stands nowhere in its prompt.
    rows = [mx.pad(one, [(0, longest - one.shape[0]), (0, 0), (0, 0)]) for one in shown]
    samples = [layout.prompt(example, one.shape[0]) for example, one in zip(examples, shown, strict=True)]
    return StoredBatch(**vars(collate(samples)), memory=mx.concatenate(rows))


def _choices(layout: Layout, examples: Sequence[Example], k: int, memory: Memory) -> ChoiceBatch:
    asked = [layout.read(example.question) for example in examples]
    counts = {len(example.documents) for example in examples}
    if len(counts) != 1 or min(counts) < k:
        raise ValueError(
            f"questions with {sorted(counts)} documents to pick {k} from: give each equally many, at least {k}"
        )
    candidates = [_whole(memory([context_text([t]) for t in e.documents])) for e in examples]
    positive = np.zeros((len(examples), counts.pop()), bool)
    for row, example in enumerate(examples):
        positive[row, list(example.positives)] = True
    return ChoiceBatch(
        **vars(collate([layout.prompt(example, k) for example in examples])),
        asked=padded(asked), lengths=mx.array([len(ids) for ids in asked]),
        candidates=mx.stack(candidates), positive=mx.array(positive),
    )  # fmt: skip


def _whole(memories: Sequence[mx.array]) -> mx.array:
    if any(one.shape[0] > 1 for one in memories):
        raise ValueError(
            "a document to pick is longer than is compressed at once: split it, so that a part is picked"
        )
    return mx.concatenate(list(memories))


def _training(*views: str, memory: bool = False) -> Callable[[nn.Module], None]:
    def freeze_the_rest(clara: nn.Module) -> None:
        clara.train_only(*views, memory=memory)

    return freeze_the_rest


def _compressed(clara: Clara, batch: Batch) -> tuple[mx.array, mx.array]:
    """Memory of a batch's documents, one row a place in a prompt, and how far it is from the text on average."""
    assert isinstance(batch, MemoryBatch)
    found = clara.compress(batch.documents, batch.lengths)
    return found.memory[batch.reads.flatten()], alignment(found.memory, found.text_mean)


def _answers(clara: Clara, batch: Batch, memory: mx.array) -> mx.array:
    states = clara.states(batch.ids, memory)
    chosen = states.reshape(-1, states.shape[-1])[batch.positions]
    return token_cross_entropy(clara.logits(chosen), batch.targets)


def _measured(layout: Layout, examples: Sequence[Example]) -> list[Batch]:
    return in_batches([layout.sample(example) for example in examples], collate_memory)
