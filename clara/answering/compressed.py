"""CLaRa's contenders: shown chunks as memory vectors, found by a retriever in text, or by the model in memory.

Everything is answered through the wrapper that was trained: the encoder's memory, the decoder's adapter.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import mlx.core as mx
from jaxtyping import Float

from clara.answering.cache import AnswerCache
from clara.answering.contender import Facts, Sees
from clara.answering.reader import Reader
from clara.model.prompts import context_text, memory_prompt_ids
from clara.model.selection import top_k, unit
from clara.model.store import MemoryStore
from clara.model.writing import Compressor, Prompt
from clara.records import Answer, Chunk, Question, Retrieved
from clara.retrieval import RetrievalError, Retriever, ranked

_MEMORY: Sees = "memory of retrieved chunks"


@dataclass(frozen=True, kw_only=True)
class MemoryReader(Reader):
    """A contender that reads memory: each chunk's vectors and a separator stand where its text would stand.

    Attributes:
        model: The compressor.
        store: Its memory, on disk.
    """

    model: Compressor
    store: MemoryStore

    def answer(self, questions: Sequence[Question]) -> list[Answer]:
        """One answer a question; what they are shown is compressed together, and only if it is not stored."""
        shown = (chunk for question in questions for chunk in self.chunks(question))
        self.store.fill(list(dict.fromkeys(context_text([chunk.text]) for chunk in shown)))
        return super().answer(questions)

    def prompt(self, question: Question, chunks: Sequence[Chunk]) -> Prompt:
        """The question after the chunks' memory; a chunk longer than is compressed at once has several parts."""
        memory = mx.concatenate(self.store.memory([context_text([chunk.text]) for chunk in chunks]))
        slots = self.model.clara.tokens.slot * memory.shape[0]
        ids = memory_prompt_ids(self.model.tokenizer, question.question, slots, self.model.settings.wording)
        return Prompt(tuple(ids), memory)

    def context_tokens(self, chunks: Sequence[Chunk]) -> int:
        """Memory vectors of some chunks, and a separator a part."""
        memories = self.store.memory([context_text([chunk.text]) for chunk in chunks])
        return sum(memory.shape[0] for memory in memories) * len(self.model.clara.tokens.slot)


@dataclass(frozen=True)
class LatentRetriever:
    """Finds chunks by the cosine of the question's memory with theirs, as the end-to-end stage learns to.

    Attributes:
        asked: Memory of questions, by the query reasoner: :meth:`~clara.model.compressor.Clara.of_questions`.
        store: Memory of the chunks.
        chunks: The candidates, all chunks of all documents.
    """

    asked: MemoryStore
    store: MemoryStore
    chunks: Sequence[Chunk]

    def retrieve(self, question: Question, k: int) -> list[Retrieved]:
        """The ``k`` nearest chunks, best first; scores in [-1, 1]. What has several parts counts by its best.

        Raises:
            RetrievalError: There are fewer than ``k`` chunks.
        """
        if k > len(self.chunks):
            found = f"cannot choose {k} of {len(self.chunks)} chunks"
            raise RetrievalError(question.id, found, "Add documents, or show fewer chunks")
        scores = self._nearness(question.question)
        chosen: Any = top_k(mx.array([scores]), k)[1][0].tolist()
        return ranked((self.chunks[place], scores[place]) for place in chosen)

    def _nearness(self, question: str) -> list[float]:
        candidates, owners = self._candidates
        queries = unit(self.asked.memory([question])[0].flatten(1))
        nearest: Any = (queries @ candidates.T).max(axis=0).tolist()
        scores = [-1.0] * len(self.chunks)
        for owner, score in zip(owners, nearest, strict=True):
            scores[owner] = max(scores[owner], score)
        return scores

    @cached_property
    def _candidates(self) -> tuple[Float[mx.array, "parts width"], list[int]]:
        """Flattened memory of every part of every chunk, of length one, and the chunk that each is of."""
        memories = self.store.memory([context_text([chunk.text]) for chunk in self.chunks])
        owners = [place for place, memory in enumerate(memories) for _ in range(memory.shape[0])]
        return unit(mx.concatenate(memories).flatten(1)), owners


def memory_reader(
    name: str, model: Compressor, cache: AnswerCache, store: MemoryStore, retriever: Retriever, k: int
) -> MemoryReader:
    """Question → k chunks → their memory → decoder → answer; contenders differ by compressor and retriever."""
    return MemoryReader(
        facts=Facts(name=f"{name}@{model.settings.compression.rate}x", **_FACTS[name]),
        model=model, cache=cache, store=store, retriever=retriever, chunks_shown=k,
    )  # fmt: skip


_ADAPTED: dict[str, Any] = {"saw_documents": "yes", "saw_questions": "yes"}
_FACTS: dict[str, dict[str, Any]] = {
    # the chunks that ``rag`` sees, by a compressor adapted to the documents
    "clara": {"sees": _MEMORY, **_ADAPTED},
    # the same by the compressor as it was pretrained: what general text taught it
    "clara_unadapted": {"sees": _MEMORY},
    # what its query reasoner finds nearest among all memories; no text is searched
    "clara_e2e": {"sees": "memory of chunks it picks", **_ADAPTED},
    # control: before it learnt to answer from several chunks: a step of the ladder
    "clara_stage1": {"sees": _MEMORY, "control": True, **_ADAPTED},
    # control: from fresh adapters, trained on the distance of means alone: the void study, on purpose
    "compression_only": {"sees": _MEMORY, "saw_documents": "yes", "control": True},
    # control: the same before its first step
    "clara_untrained": {"sees": _MEMORY, "control": True, "asked_in_part": True},
    # control: ``clara`` with memory of another document: what memory as such is worth, which should be nothing
    "clara_shuffled": {"sees": "memory of another document's chunks", "control": True, **_ADAPTED},
}
