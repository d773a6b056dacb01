"""Where a question's evidence stands among the chunks, and how much of it a retriever found."""

from __future__ import annotations

import unicodedata
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

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


def holds(chunk: Chunk, sentence: str) -> bool:
    """Whether a sentence of evidence stands in the chunk word for word, but for white space.

    No tolerance: where evidence is cut, the part that is missing may be the answer, and a chunk without it would count
    as found. Chunks are cut between sentences and overlap by one, so one-sentence evidence is cut only where it is
    longer than a chunk; no retriever can then find it, and :func:`recall_at_k` of :class:`OracleRetriever`
    falls below 1 by exactly these questions. The document is not compared: who reads the sentence can answer.
    """
    return _collapse(sentence) in _collapse(chunk.text)


def gold_chunks(question: Question, chunks: Sequence[Chunk]) -> list[Chunk]:
    """The chunks of the question's document that hold its evidence between them, as few as its order gives.

    Of each sentence the first chunk that holds it, unless one already named does; where a sentence is split over a
    boundary, the first of those with the most of its words. Empty where no document answers the question.

    Raises:
        RetrievalError: The document has no chunk with a word of a sentence.
    """
    own = [chunk for chunk in chunks if chunk.document == question.document]
    together = [chunk for chunk in own if all(holds(chunk, sentence) for sentence in question.evidence)]
    found: list[Chunk] = together[:1] if question.evidence else []
    for sentence in question.evidence:
        if not any(holds(chunk, sentence) for chunk in found):
            chunk = _nearest(question, sentence, own)
            found += [chunk] if chunk not in found else []
    return found


def _nearest(question: Question, sentence: str, own: Sequence[Chunk]) -> Chunk:
    """The first chunk that holds a sentence, or has the most of its words."""
    nearest = max(own, key=lambda chunk: (holds(chunk, sentence), coverage(chunk, sentence)), default=None)
    if nearest is None or not coverage(nearest, sentence):
        found = f"no chunk of its document {question.document!r} has a word of its evidence"
        raise RetrievalError(question.id, found, "Pass that document, or correct the question")
    return nearest


def hits(
    questions: Iterable[Question], retrieved: Mapping[str, Sequence[Retrieved]], k: int
) -> dict[str, bool]:
    """Whether all evidence stands in the first ``k`` chunks between them, by id of the answerable questions.

    Args:
        questions: The questions; those without an answer have nothing to find and are not counted.
        retrieved: What was retrieved, by question id.
        k: Ranks counted.

    Raises:
        RetrievalError: Nothing was retrieved for a question, not even an empty list.
    """
    found = {}
    for question in questions:
        if not question.is_answerable:
            continue
        if question.id not in retrieved:
            raise RetrievalError(question.id, "was not retrieved for", "Retrieve for every question counted")
        first = [r.chunk for r in retrieved[question.id] if r.rank <= k]
        found[question.id] = all(any(holds(c, sentence) for c in first) for sentence in question.evidence)
    return found


def recall_at_k(questions: Sequence[Question], retrieved: Mapping[str, Sequence[Retrieved]], k: int) -> float:
    """Share of the answerable questions whose evidence stands in the first ``k`` chunks; see :func:`hits`.

    Raises:
        RetrievalError: There is no answerable question, or nothing was retrieved for one of them.
    """
    found = hits(questions, retrieved, k)
    if not found:
        raise RetrievalError(None, "recall over no answerable question is not a number", "Pass at least one")
    return sum(found.values()) / len(found)


def coverage(chunk: Chunk, sentence: str) -> float:
    """Share of a sentence's words that the chunk has, each counted as often as it stands."""
    wanted = Counter(words(sentence))
    return (wanted & Counter(words(chunk.text))).total() / max(wanted.total(), 1)


def _collapse(text: str) -> str:
    return " ".join(unicodedata.normalize("NFC", text).split())
