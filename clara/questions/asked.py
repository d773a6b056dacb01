"""What a rule finds in a sentence, whatever its language, and clozes, which are made alike in all of them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Literal, NamedTuple

GAP = "____"
MAX_ANSWER_WORDS = 14
MAX_CLOZE_WORDS = 30  # a longer sentence is cut to the clauses around its gap
MIN_CLOZE_WORDS = 7  # fewer, the gap counted, do not say what is asked for


class Asked(NamedTuple):
    """A question that a span of a sentence answers.

    Attributes:
        kind: ``cloze`` or ``wh``.
        question: What is asked.
        answer: The span.
        start: Its character offset in the sentence.
    """

    kind: Literal["cloze", "wh"]
    question: str
    answer: str
    start: int


class Span(NamedTuple):
    """Characters of a sentence, from the first to before the last."""

    start: int
    end: int


def clozes(
    sentence: str, spans: Iterable[Span], begins: Sequence[int] = (), ends: Sequence[int] = ()
) -> Iterator[Asked]:
    """A sentence with a gap for each of some spans, in reading order.

    Args:
        sentence: A whole sentence.
        spans: What may be asked for, those of the surest rules first: these claim their words, and a later one may
            enclose an earlier one, but neither begin nor end inside it.
        begins: Offsets where a clause begins that may stand alone.
        ends: Offsets where the sentence may be ended.
    """
    for span in _claimed(spans):
        answer = sentence[span.start : span.end]
        begin, end = _around(sentence, span, begins, ends)
        question = f"{sentence[begin : span.start]}{GAP}{sentence[span.end : end]}".strip(" ,;:—–")
        if len(question.split()) >= MIN_CLOZE_WORDS and len(answer.split()) <= MAX_ANSWER_WORDS:
            yield Asked("cloze", question, answer, span.start)


def _claimed(spans: Iterable[Span]) -> list[Span]:
    claimed: list[Span] = []
    for span in spans:
        if all(_goes_with(span, other) for other in claimed):
            claimed.append(span)
    return sorted(claimed)


def _goes_with(span: Span, other: Span) -> bool:
    """Whether a span stands apart from another, or encloses it."""
    is_apart = span.end <= other.start or other.end <= span.start
    return is_apart or (span != other and span.start <= other.start and other.end <= span.end)


def _around(sentence: str, span: Span, begins: Sequence[int], ends: Sequence[int]) -> tuple[int, int]:
    """The sentence, or as many of the clauses around a gap as a question can carry."""
    words = {
        (begin, end): len(sentence[begin:end].split())
        for begin in (0, *(begin for begin in begins if begin <= span.start))
        for end in (*(end for end in ends if end >= span.end), len(sentence))
    }
    limit = max(MAX_CLOZE_WORDS, min(words.values()))
    return max((edges for edges in words if words[edges] <= limit), key=words.__getitem__)
