"""The text that ``rag_budget`` is shown: the best sentences of the retrieved chunks, within a number of tokens."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from clara.documents import sentences
from clara.records import Question, Retrieved
from clara.retrieval.retrievers import TfidfRetriever, ranked


class _Piece(NamedTuple):
    """A sentence, by the rank of its chunk and its place in it."""

    rank: int
    place: int
    text: str


@dataclass(frozen=True)
class BudgetRetriever:
    """The best sentences of the chunks that another retriever finds.

    Sentences are taken by their own similarity to the question until the budget is used up, the last one cut between
    words, and shown in the order of their chunks.

    Attributes:
        retriever: Finds the chunks, and weighs sentences by the terms that it weighs chunks by.
        count_tokens: Length of a text in tokens of the model that will read it.
        max_tokens: Most tokens of the sentences together.
    """

    retriever: TfidfRetriever
    count_tokens: Callable[[str], int]
    max_tokens: int
    _known: dict[tuple[str, int], list[Retrieved]] = field(default_factory=dict, repr=False, compare=False)

    def retrieve(self, question: Question, k: int) -> list[Retrieved]:
        """Those of the ``k`` nearest chunks of which something is kept, with that in place of their text."""
        asked = (question.question, k)
        if asked not in self._known:
            self._known[asked] = self._cut(question, k)
        return self._known[asked]

    def _cut(self, question: Question, k: int) -> list[Retrieved]:
        found = self.retriever.retrieve(question, k)
        kept = self._kept(question, found)
        texts = {item.rank: _text(piece for piece in kept if piece.rank == item.rank) for item in found}
        return ranked(
            (item.chunk.model_copy(update={"text": text, "tokens": self.count_tokens(text)}), item.score)
            for item in found
            if (text := texts[item.rank])
        )

    def _kept(self, question: Question, found: Sequence[Retrieved]) -> list[_Piece]:
        pieces = _pieces(found)
        nearness = self.retriever.similarity(question, [piece.text for piece in pieces])
        kept: list[_Piece] = []
        for _, piece in sorted(zip(nearness, pieces, strict=True), key=lambda pair: -pair[0]):
            words = piece.text.split()
            fitting = self._fitting(kept, piece, words)
            if fitting:
                kept.append(piece._replace(text=" ".join(words[:fitting])))
            if fitting < len(words):
                break
        return kept

    def _fitting(self, kept: Sequence[_Piece], piece: _Piece, words: Sequence[str]) -> int:
        """How many of a sentence's words there is room for beside the sentences that are kept already."""

        def too_long(count: int) -> bool:
            shortened = piece._replace(text=" ".join(words[:count]))
            return self.count_tokens(_text([*kept, shortened])) > self.max_tokens

        return bisect_left(range(1, len(words) + 1), True, key=too_long)


def _pieces(found: Sequence[Retrieved]) -> list[_Piece]:
    """Every sentence of the chunks once: neighbours share one, and it must not be paid for twice."""
    pieces: dict[str, _Piece] = {}
    for item in found:
        for place, sentence in enumerate(sentences(item.chunk.text)):
            pieces.setdefault(sentence, _Piece(item.rank, place, sentence))
    return list(pieces.values())


def _text(pieces: Iterable[_Piece]) -> str:
    """Sentences as a prompt shows them: in the order of their chunks, each chunk on a line of its own."""
    lines: dict[int, list[str]] = {}
    for piece in sorted(pieces):
        lines.setdefault(piece.rank, []).append(piece.text)
    return "\n".join(" ".join(line) for line in lines.values())
