"""Korean questions by rule, without a dictionary: closed classes of words and the arithmetic of Hangul.

A question word stands where its answer stood, so that a statement becomes a question by its ending alone.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache

from clara.questions.asked import Asked
from clara.questions.korean.answers import answers
from clara.questions.korean.clauses import clauses
from clara.questions.korean.clozes import clozes
from clara.questions.korean.headings import heading_length
from clara.questions.korean.wording import wh_questions
from clara.questions.korean.words import eojeols

__all__ = ["ask", "prose"]

SENTENCE_WORDS = range(3, 46)
MAX_ANSWER_WORDS = 9

_compiled = cache(re.compile)
_BULLET = r"(?:[•·◦▪■□○●◎*※\-–—]|[①-⑳]|\(?\d{1,2}\)|[가나다라마바사아자차카타파하][.)]|\d{1,2}\.)\s+"
_NUMBERED = r"(?:\d+\.)+\d*\s|제\d+[조장절]"
_STATEMENT = r"(?:다|십시오|시오|세요|함|됨|임|음)[.!][\"'”’»)]*$"


def prose(sentence: str) -> int | None:
    """Offset where the prose of a sentence begins, behind a bullet or a heading; None if it is no whole sentence.

    A whole sentence ends in a final form of a verb and a stop, has its brackets and quotation marks in pairs, and
    3 to 45 words. One that a numbered heading ran into is none: where the heading ends cannot be told.
    """
    bullet = _compiled(_BULLET).match(sentence)
    begin = bullet.end() if bullet else 0
    text = sentence[begin:]
    is_paired = all(text.count(left) == text.count(right) for left, right in ("()", "“”", "‘’"))
    if not is_paired or "|" in text or _compiled(_NUMBERED).match(text):
        return None
    words = eojeols(text)
    heading = heading_length(words) if _compiled(_STATEMENT).search(text) else None
    if heading is None or len(words) - heading not in SENTENCE_WORDS:
        return None
    return begin + words[heading].start if heading else begin


def ask(sentence: str) -> Iterator[Asked]:
    """All questions about one whole sentence: clozes in reading order, then wh-questions in reading order."""
    parts = clauses(sentence)
    found = answers(sentence, eojeols(sentence))
    found = [one for one in found if len(sentence[one.start : one.end].split()) <= MAX_ANSWER_WORDS]
    yield from clozes(sentence, parts, found)
    yield from wh_questions(sentence, parts, found)
