"""CLaRa's contenders: shown chunks as memory vectors, found by a retriever in text, or by the model in memory.

Everything is answered through the wrapper that was trained: the encoder's memory, the decoder's adapter.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import mlx.core as mx
from jaxtyping import Float

from clara.answering.cache import AnswerCache
from clara.answering.contender import Facts, Sees
from clara.answering.reader import Reader
from clara.model.memory import padded
from clara.model.prompts import context_text, memory_prompt_ids
from clara.model.reading import parts
from clara.model.selection import cosine_scores, top_k
from clara.model.store import MemoryStore
from clara.model.writing import Compressor, Prompt
from clara.records import Answer, Chunk, Question, Retrieved
from clara.retrieval import RetrievalError, Retriever, ranked

_MEMORY: Sees = "memory of retrieved chunks"
_READ_TOGETHER = 16


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
        model: A compressor with a query reasoner.
        store: Memory of the chunks.
        chunks: The candidates, all chunks of all documents.
        asked: Questions that are read together beforehand, since it is quicker; others are read as they come.
    """

    model: Compressor
    store: MemoryStore
    chunks: Sequence[Chunk]
    asked: tuple[str, ...] = ()

    def retrieve(self, question: Question, k: int) -> list[Retrieved]:
        """The ``k`` nearest chunks, best first; scores in [-1, 1]. A chunk of several parts counts by its best.

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
        if question not in self._known:
            self._known.update(self._scored([question]))
        return self._known[question]

    @cached_property
    def _known(self) -> dict[str, list[float]]:
        return self._scored(self.asked)

    def _scored(self, questions: Sequence[str]) -> dict[str, list[float]]:
        """Scores of all chunks for each question; one of several parts counts by its best, too."""
        if not questions:
            return {}
        candidates, owners = self._candidates
        asked, queries = zip(*self._queries(questions), strict=True)
        # All at once: the candidates are brought to unit length once, and not again for every question.
        table: Any = cosine_scores(mx.stack(list(queries)), candidates[None]).tolist()
        found = {question: [-1.0] * len(self.chunks) for question in questions}
        for question, row in zip(asked, table, strict=True):
            best = found[question]
            for owner, score in zip(owners, row, strict=True):
                best[owner] = max(best[owner], score)
        return found

    def _queries(self, questions: Sequence[str]) -> Iterator[tuple[str, mx.array]]:
        """The query reasoner's view of each part of each question, with the question."""
        clara, tokenizer = self.model.clara, self.model.tokenizer
        cut = {question: parts(tokenizer, question, clara.tokens.longest) for question in questions}
        rows = [(q, clara.tokens.layout(tokenizer, part)) for q, pieces in cut.items() for part in pieces]
        rows.sort(key=lambda row: len(row[1]))
        for start in range(0, len(rows), _READ_TOGETHER):
            batch = rows[start : start + _READ_TOGETHER]
            lengths = mx.array([len(ids) for _, ids in batch])
            read = clara.reason(padded([ids for _, ids in batch]), lengths)
            yield from zip((question for question, _ in batch), read, strict=True)

    @cached_property
    def _candidates(self) -> tuple[Float[mx.array, "parts width"], list[int]]:
        """Flattened memory of every part of every chunk, and the chunk that each is of."""
        memories = self.store.memory([context_text([chunk.text]) for chunk in self.chunks])
        owners = [place for place, memory in enumerate(memories) for _ in range(memory.shape[0])]
        return mx.concatenate(memories).flatten(1), owners


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
