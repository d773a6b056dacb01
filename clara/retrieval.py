"""Question → ranked chunks: by words, by rights (the gold chunk) and by lot (another document's)."""

from __future__ import annotations

import random
import unicodedata
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from clara.errors import ClaraError
from clara.records import Chunk, Question, Retrieved
from clara.text import words


class RetrievalError(ClaraError):
    """Chunks that a retriever cannot work with.

    Attributes:
        question_id: Question that it was asked for; None where it is the chunks themselves.
    """

    def __init__(self, question_id: str | None, found: str, remedy: str) -> None:
        self.question_id = question_id
        where = "retrieval" if question_id is None else f"question {question_id}"
        super().__init__(f"{where}: {found}. {remedy}.")


class Retriever(Protocol):
    """Finds chunks for a question."""

    def retrieve(self, question: Question, k: int) -> list[Retrieved]:
        """At most ``k`` chunks, best first, ranked from 1."""
        ...


class TfidfRetriever:
    """The chunks nearest to the question's words.

    Cosine of TF-IDF vectors over words and word pairs, term counts damped by their logarithm. A word is a run of
    letters, marks and digits of any script; a number of one digit is one too. No stop list: it would be English.
    Equal scores keep the order of the chunks.
    """

    def __init__(self, chunks: Sequence[Chunk]) -> None:
        from sklearn.feature_extraction.text import TfidfVectorizer

        if not chunks:
            raise RetrievalError(None, "there are no chunks", "Pass a document that has text")
        self.chunks = tuple(chunks)
        self._vectorizer = TfidfVectorizer(
            tokenizer=words, token_pattern=None, lowercase=False, ngram_range=(1, 2), sublinear_tf=True
        )
        self._vectors = self._vectorizer.fit_transform(chunk.text for chunk in self.chunks)

    def retrieve(self, question: Question, k: int) -> list[Retrieved]:
        """The ``k`` nearest chunks, or all if there are fewer; scores in [0, 1]."""
        query = self._vectorizer.transform([question.question])
        scores = (self._vectors @ query.T).toarray()[:, 0]
        nearest = (-scores).argsort(kind="stable")[:k]
        return _ranked((self.chunks[i], float(scores[i])) for i in nearest)


@dataclass(frozen=True)
class OracleRetriever:
    """A retriever that never misses: the gold chunk and nothing else, whatever ``k``.

    It answers what the reader could do if retrieval were solved, so distractors have no place beside the chunk:
    with them it would measure the reader's patience, and ``oracle`` − ``rag`` would no longer be the price of
    retrieving. The price of showing less text is that ``oracle`` reads fewer tokens than ``rag``.

    Attributes:
        chunks: All chunks of all documents.
    """

    chunks: Sequence[Chunk]

    def retrieve(self, question: Question, k: int) -> list[Retrieved]:  # noqa: ARG002 (the protocol's)
        """The gold chunk; its score is the share of the evidence's words that it has, 1.0 but for split evidence."""
        chunk = gold_chunk(question, self.chunks)
        return _ranked([(chunk, _coverage(chunk, question))])


@dataclass(frozen=True)
class ShuffledRetriever:
    """Chunks that cannot help, drawn by lot: the form of ``rag`` without its content.

    Drawn from documents other than the question's and never holding its evidence. The draw depends on the seed
    and the question's id alone, so that neither the order nor the number of questions changes it.

    Attributes:
        chunks: All chunks of all documents.
        seed: Of the lot.
    """

    chunks: Sequence[Chunk]
    seed: int

    @property
    def same_document(self) -> bool:
        """True where all chunks are of one document: the lot then falls on its chunks without the evidence.

        Such chunks share names and subject with the question, so this control is weaker, and is to be reported so.
        """
        return len({chunk.document for chunk in self.chunks}) == 1

    def retrieve(self, question: Question, k: int) -> list[Retrieved]:
        """``k`` chunks in the order drawn, or all that can be drawn; every score is 0.

        Raises:
            RetrievalError: No chunk is without the evidence.
        """
        pool = self._pool(question)
        if not pool:
            raise RetrievalError(question.id, "every chunk holds its evidence", "Add a second document")
        drawn = random.Random(f"{self.seed}/{question.id}").sample(pool, min(k, len(pool)))
        return _ranked((chunk, 0.0) for chunk in drawn)

    def _pool(self, question: Question) -> list[Chunk]:
        if self.same_document:
            gold = gold_chunk(question, self.chunks)
            return [chunk for chunk in self.chunks if chunk != gold and not holds(chunk, question)]
        return [c for c in self.chunks if c.document != question.document and not holds(c, question)]


def holds(chunk: Chunk, question: Question) -> bool:
    """Whether the question's evidence stands in the chunk word for word, but for white space.

    No tolerance: where evidence is cut, the part that is missing may be the answer, and a chunk without it would count
    as found. Chunks are cut between sentences and overlap by one, so one-sentence evidence is cut only where it is
    longer than a chunk; no retriever can then find it, and :func:`recall_at_k` of :class:`OracleRetriever`
    falls below 1 by exactly these questions. The document is not compared: who reads the sentence can answer.
    """
    return _collapse(question.evidence) in _collapse(chunk.text)


def gold_chunk(question: Question, chunks: Sequence[Chunk]) -> Chunk:
    """The first chunk of the question's document that holds its evidence.

    Where the evidence is split over a boundary, the first of those with the most of its words.

    Raises:
        RetrievalError: The document has no chunk with a word of it.
    """
    own = [chunk for chunk in chunks if chunk.document == question.document]
    for chunk in own:
        if holds(chunk, question):
            return chunk
    nearest = max(own, key=lambda chunk: _coverage(chunk, question), default=None)
    if nearest is None or not _coverage(nearest, question):
        found = f"no chunk of its document {question.document!r} has a word of its evidence"
        raise RetrievalError(question.id, found, "Pass that document, or correct the question")
    return nearest


def hits(
    questions: Iterable[Question], retrieved: Mapping[str, Sequence[Retrieved]], k: int
) -> dict[str, bool]:
    """Whether the evidence stands in the first ``k`` chunks, by question id.

    Args:
        questions: The questions.
        retrieved: What was retrieved, by question id.
        k: Ranks counted.

    Raises:
        RetrievalError: Nothing was retrieved for a question, not even an empty list.
    """
    found = {}
    for question in questions:
        if question.id not in retrieved:
            raise RetrievalError(question.id, "was not retrieved for", "Retrieve for every question counted")
        found[question.id] = any(holds(r.chunk, question) for r in retrieved[question.id] if r.rank <= k)
    return found


def recall_at_k(questions: Sequence[Question], retrieved: Mapping[str, Sequence[Retrieved]], k: int) -> float:
    """Share of the questions whose evidence stands in the first ``k`` chunks; see :func:`hits`.

    Raises:
        RetrievalError: There are no questions, or nothing was retrieved for one of them.
    """
    if not questions:
        raise RetrievalError(None, "recall over no questions is not a number", "Pass at least one")
    return sum(hits(questions, retrieved, k).values()) / len(questions)


def _ranked(found: Iterable[tuple[Chunk, float]]) -> list[Retrieved]:
    return [
        Retrieved(chunk=chunk, score=score, rank=rank) for rank, (chunk, score) in enumerate(found, start=1)
    ]


def _coverage(chunk: Chunk, question: Question) -> float:
    """Share of the evidence's words that the chunk has, each counted as often as it stands."""
    wanted = Counter(words(question.evidence))
    return (wanted & Counter(words(chunk.text))).total() / max(wanted.total(), 1)


def _collapse(text: str) -> str:
    return " ".join(unicodedata.normalize("NFC", text).split())
