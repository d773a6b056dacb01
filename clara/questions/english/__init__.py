"""English: what a reader asks about a sentence, from the classes of its words alone, without a model.

A sentence becomes a string of word classes (:mod:`~clara.questions.english.tagging`); patterns over it find clauses
(:mod:`~clara.questions.english.clauses`), which are asked about (:mod:`~clara.questions.english.asking`), and phrases,
which clozes leave out (:mod:`~clara.questions.english.gaps`). A new rule is a new row in a table of one of them.
"""

from __future__ import annotations

from collections.abc import Iterator

from clara.questions.asked import Asked
from clara.questions.english.asking import about_parts, is_sound
from clara.questions.english.clauses import clauses, instruction
from clara.questions.english.gaps import gaps
from clara.questions.english.phrases import compiled
from clara.questions.english.shapes import about_shapes
from clara.questions.english.subjects import about_being, about_subject
from clara.questions.english.tagging import Tagged, tag

_SENTENCE_WORDS = range(5, 71)  # anything else is a heading, a table row or a list run together
_FULL_STOP = r"(?<![^\d]\s[A-Z])[.!][\"'”’)]?$"
# A heading that ran into its sentence: nothing but a title capitalises "The" before a lower-case word.
_OPENER = "A|After|An|At|Before|Each|Every|In|It|Its|On|The|Their|These|They|This|When"
_HEADING = rf"(?:\d+(?:\.\d+)*\.? )?[^.,;:]{{1,80}}?[\w)] (?=(?:{_OPENER}) [a-z])"


def prose(sentence: str) -> int | None:
    """Offset at which the prose of a sentence begins; None if it is no whole sentence.

    A table row has no full stop, and a sentence cut at an initial or inside brackets is none.
    """
    heading = compiled(_HEADING).match(sentence)
    begin = heading.end() if heading else 0
    text = sentence[begin:]
    is_whole = compiled(_FULL_STOP).search(text) and text.count("(") == text.count(")")
    return begin if is_whole and len(text.split()) in _SENTENCE_WORDS else None


def ask(sentence: str) -> Iterator[Asked]:
    """Questions about a whole sentence: clozes, then wh-questions, each kind in reading order.

    Args:
        sentence: Prose, its heading removed.
    """
    tagged = tag(sentence)
    yield from gaps(tagged)
    yield from sorted(filter(is_sound, _wh_questions(tagged)), key=lambda item: item.start)


def _wh_questions(tagged: Tagged) -> Iterator[Asked]:
    for clause in clauses(tagged):
        yield from about_parts(clause)
        yield from about_subject(clause)
        yield from about_being(clause)
    yield from about_shapes(tagged)
    if order := instruction(tagged):
        yield from about_parts(order)
