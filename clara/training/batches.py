"""Token samples to right-padded batches that name their supervised positions."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar

import mlx.core as mx
import numpy as np
from jaxtyping import Bool, Float, Int

from clara.model.memory import padded

Item = TypeVar("Item")


@dataclass(frozen=True)
class Sample:
    """One training sequence.

    Attributes:
        ids: Token ids.
        start: Index of the first supervised token, at least 1: a token is predicted from those before it.
        question: Id of the question that it answers; None where it answers none.
        documents: What stands where its memory tokens stand, as the compressor reads it; none in a sample of text.
    """

    ids: tuple[int, ...]
    start: int
    question: str | None = None
    documents: tuple[tuple[int, ...], ...] = ()


@dataclass(frozen=True)
class Batch:
    """Samples side by side, padded on the right: exact for causal models without any mask.

    Attributes:
        ids: Padded with 0.
        positions: Places of the predicting states in the flattened ``batch × length``.
        targets: The token that each of them should predict.
        questions: Ids of the questions answered, one a sample that answers one.
        answer_tokens: Supervised tokens of those samples.
    """

    ids: Int[mx.array, "batch length"]
    positions: Int[mx.array, "tokens"]
    targets: Int[mx.array, "tokens"]
    questions: tuple[str, ...] = ()
    answer_tokens: int = 0


@dataclass(frozen=True)
class MemoryBatch(Batch):
    """Samples that hold memory, with the documents to compress for them, each once.

    Attributes:
        documents: As the compressor reads them, padded with 0.
        lengths: Tokens of each.
        reads: The documents that each sample reads, in order.
    """

    documents: Int[mx.array, "documents document_length"] = field(kw_only=True)
    lengths: Int[mx.array, "documents"] = field(kw_only=True)
    reads: Int[mx.array, "batch k"] = field(kw_only=True)


@dataclass(frozen=True)
class StoredBatch(Batch):
    """Samples that hold memory which was made before: nothing is compressed, so the encoder is not trained.

    Attributes:
        memory: Document after document, sample after sample.
    """

    memory: Float[mx.array, "documents slots width"] = field(kw_only=True)


@dataclass(frozen=True)
class ChoiceBatch(Batch):
    """Samples whose model picks the documents that it reads.

    Attributes:
        asked: Questions as the query reasoner reads them, padded with 0.
        lengths: Tokens of each.
        candidates: Memory of the documents to pick from, made before.
        positive: Which candidates a question was made from; for the contrastive loss and for counting, never for the
            choice.
    """

    asked: Int[mx.array, "batch question_length"] = field(kw_only=True)
    lengths: Int[mx.array, "batch"] = field(kw_only=True)
    candidates: Float[mx.array, "batch n slots width"] = field(kw_only=True)
    positive: Bool[mx.array, "batch n"] = field(kw_only=True)


def collate(samples: Sequence[Sample]) -> Batch:
    """One batch of the samples, as long as the longest."""
    return Batch(**_columns(samples))


def collate_memory(samples: Sequence[Sample]) -> MemoryBatch:
    """One batch of samples with the documents that they read; one that several read is in it once.

    A sample with fewer documents than another has fewer places: what pads its row of ``reads`` stands nowhere.
    """
    place = {document: i for i, document in enumerate(dict.fromkeys(d for s in samples for d in s.documents))}
    most = max(len(sample.documents) for sample in samples)
    reads = [[place[document] for document in sample.documents] for sample in samples]
    return MemoryBatch(
        **_columns(samples),
        documents=padded(list(place)),
        lengths=mx.array([len(document) for document in place]),
        reads=mx.array([[*row, *[0] * (most - len(row))] for row in reads], mx.int32),
    )


def _columns(samples: Sequence[Sample]) -> dict[str, Any]:
    length = max(len(sample.ids) for sample in samples)
    ids = np.zeros((len(samples), length), dtype=np.int32)
    positions: list[int] = []
    targets: list[int] = []
    for row, sample in enumerate(samples):
        ids[row, : len(sample.ids)] = sample.ids
        positions += range(row * length + sample.start - 1, row * length + len(sample.ids) - 1)
        targets += sample.ids[sample.start :]
    asking = [sample for sample in samples if sample.question is not None]
    return {
        "ids": mx.array(ids),
        "positions": mx.array(positions, mx.int32),
        "targets": mx.array(targets, mx.int32),
        "questions": tuple(sample.question for sample in asking),
        "answer_tokens": sum(len(sample.ids) - sample.start for sample in asking),
    }


@dataclass(frozen=True)
class Pool(Generic[Item]):
    """Items to draw batches from, epoch after epoch, each epoch in an order of its own.

    Batch ``i`` depends on the seed and on ``i`` alone, so a resumed training sees what an uninterrupted one
    would have seen. Every item is used: an epoch's remainder opens the next batch.
    """

    items: Sequence[Item]
    batch_size: int
    seed: int

    def batch(self, index: int) -> list[Item]:
        """Batch number ``index``, from 0."""
        places = range(index * self.batch_size, (index + 1) * self.batch_size)
        drawn = [divmod(place, len(self.items)) for place in places]
        orders = {epoch: self._order(epoch) for epoch in dict(drawn)}
        return [self.items[int(orders[epoch][i])] for epoch, i in drawn]

    def _order(self, epoch: int) -> np.ndarray:
        return np.random.default_rng([self.seed, epoch]).permutation(len(self.items))
