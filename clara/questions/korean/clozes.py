"""Korean clozes: a statement with a gap, and after the gap particles that do not tell how the answer ends."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from functools import cache

from clara.questions.asked import GAP, Asked
from clara.questions.korean.answers import Answer
from clara.questions.korean.clauses import Clause
from clara.questions.korean.words import eojeols, is_anaphoric

MAX_WORDS = 22  # a longer sentence is cut to the clause around its gap
MIN_WORDS = 4  # fewer do not say what is asked for

_compiled = cache(re.compile)
_NEUTRAL = (
    (r"(?:은|는)(?![가-힣])", "은(는)"),
    (r"(?:이|가)(?![가-힣])", "이(가)"),
    (r"(?:을|를)(?![가-힣])", "을(를)"),
    (r"(?:와|과)(?=의?(?![가-힣]))", "와(과)"),
    (r"(?:이었|였)(?=[가-힣])", "이었(였)"),
    (r"(?:으?로)(?=(?:서|써|는|도|만|부터)?(?![가-힣]))", "(으)로"),
    (r"이?(?=(?:라고|라는|란|나|며|고|지만|다)(?![가-힣]))", "(이)"),
)


def neutral(rest: str) -> str:
    """What follows a gap, its particle in a form that does not tell how the answer ends: 은(는), (으)로."""
    for pattern, both in _NEUTRAL:
        if match := _compiled(pattern).match(rest):
            return both + rest[match.end() :]
    return rest


def clozes(sentence: str, parts: Sequence[Clause], found: Sequence[Answer]) -> Iterator[Asked]:
    """The sentence with a gap for each of its answers, or the clause if the sentence is long.

    Args:
        sentence: A whole sentence.
        parts: Its clauses.
        found: The answers in it, in reading order.
    """
    for answer in found:
        text = _with_gap(sentence, parts, answer)
        words = text.split()
        if len(words) >= MIN_WORDS and not is_anaphoric(words):
            yield Asked("cloze", text, sentence[answer.start : answer.end], answer.start)


def _with_gap(sentence: str, parts: Sequence[Clause], answer: Answer) -> str:
    """The sentence, or the clause of the answer, with a gap; empty if neither can be understood alone."""
    clause = Clause((), parts[0].begin if parts else 0, len(sentence), "")
    words = eojeols(sentence)
    if len(words) > MAX_WORDS or is_anaphoric([word.text for word in words[:2]]):
        around = [part for part in parts if part.begin <= answer.start and answer.end <= part.stop]
        if not around:
            return ""
        clause = around[0]
    if answer.start < clause.begin:
        return ""
    after = neutral(sentence[answer.end : clause.stop] + clause.ending).removesuffix(".")
    return f"{clause.carried}{sentence[clause.begin : answer.start]}{GAP}{after}."
