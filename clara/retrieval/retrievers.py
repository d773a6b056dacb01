"""Question → ranked chunks: by terms, by rights (the gold chunk) and by lot (another document's)."""

from __future__ import annotations

import random
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from clara.records import Chunk, Question, Retrieved, TrainingQuestion
from clara.retrieval.evidence import RetrievalError, coverage, gold_chunks, holds
from clara.retrieval.terms import pieces, whole_terms


class Retriever(Protocol):
    """Finds chunks for a question."""

    def retrieve(self, question: Question, k: int) -> list[Retrieved]:
        """At most ``k`` chunks, best first, ranked from 1."""
        ...


class TfidfRetriever:
    """The chunks nearest to the question's terms.

    The mean of two cosines of TF-IDF vectors, one of whole words and one of pieces of words
    (:mod:`clara.retrieval.terms`), counts damped by their logarithm. Equal scores keep the order of the chunks.

    Chosen on 1,666 questions on 33 SQuAD articles, of whose wording at most half stands in the answering sentence,
    among some 250 chunks: together they find 80.4 % with three, pieces alone 78.3 %, stems and pairs 76.2 %, unstemmed
    words and pairs 70.3 %.
    """

    def __init__(self, chunks: Sequence[Chunk]) -> None:
        from sklearn.feature_extraction.text import TfidfVectorizer
        from sklearn.pipeline import FeatureUnion

        if not chunks:
            raise RetrievalError(None, "there are no chunks", "Pass a document that has text")
        self.chunks = tuple(chunks)
        views = [
            (name.__name__, TfidfVectorizer(analyzer=name, sublinear_tf=True))
            for name in (whole_terms, pieces)
        ]
        self._vectorizer = FeatureUnion(views)
        self._vectors = self._vectorizer.fit_transform([chunk.text for chunk in self.chunks])
        self._known: dict[str, list[float]] = {}  # every contender asks the same questions

    def retrieve(self, question: Question | TrainingQuestion, k: int) -> list[Retrieved]:
        """The ``k`` nearest chunks, or all if there are fewer; scores in [0, 1]."""
        if question.question not in self._known:
            self._known[question.question] = self._nearness(question, self._vectors)
        scores = self._known[question.question]
        nearest = sorted(range(len(scores)), key=lambda place: -scores[place])[:k]
        return ranked((self.chunks[place], scores[place]) for place in nearest)

    def similarity(self, question: Question, texts: Sequence[str]) -> list[float]:
        """How near each of some texts is to the question, in [0, 1]; terms weigh as they do among the chunks."""
        return self._nearness(question, self._vectorizer.transform(texts))

    def _nearness(self, question: Question | TrainingQuestion, vectors: Any) -> list[float]:
        query = self._vectorizer.transform([question.question])
        # Each view's rows are of length one, so the product is the sum of two cosines.
        scores: list[float] = ((vectors @ query.T).toarray()[:, 0] / 2).tolist()
        return scores


@dataclass(frozen=True)
class OracleRetriever:
    """A retriever that never misses: what holds the evidence and nothing else, whatever ``k``.

    It answers what the reader could do if retrieval were solved, so distractors have no place beside it:
    with them it would measure the reader's patience, and ``oracle`` − ``rag`` would no longer be the price of
    retrieving. The price of showing less text is that ``oracle`` reads fewer tokens than ``rag``.

    Attributes:
        chunks: All chunks of all documents.
    """

    chunks: Sequence[Chunk]

    def retrieve(self, question: Question, k: int) -> list[Retrieved]:  # noqa: ARG002 (the protocol's)
        """The gold chunk, or the few that hold the evidence between them; nothing for an unanswerable question.

        The score is the share of the evidence's words that a chunk has, 1.0 where it holds all of it.
        """
        evidence = " ".join(question.evidence)
        return ranked((chunk, coverage(chunk, evidence)) for chunk in gold_chunks(question, self.chunks))


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
        return ranked((chunk, 0.0) for chunk in drawn)

    def _pool(self, question: Question) -> list[Chunk]:
        useless = [c for c in self.chunks if not any(holds(c, sentence) for sentence in question.evidence)]
        if self.same_document:
            gold = gold_chunks(question, self.chunks)
            return [chunk for chunk in useless if chunk not in gold]
        return [chunk for chunk in useless if chunk.document != question.document]


def ranked(found: Iterable[tuple[Chunk, float]]) -> list[Retrieved]:
    """Chunks and their scores, best first, with their ranks."""
    return [
        Retrieved(chunk=chunk, score=score, rank=rank) for rank, (chunk, score) in enumerate(found, start=1)
    ]
