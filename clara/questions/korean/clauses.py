"""Clauses of a sentence that can be stated, and so asked, on their own."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from functools import cache
from typing import NamedTuple

from clara.questions.korean import lexicon
from clara.questions.korean.answers import is_plain
from clara.questions.korean.endings import is_past, plain, present, question
from clara.questions.korean.hangul import attach, final
from clara.questions.korean.words import OBJECT, PLACE, SUBJECT, TOPIC, Eojeol, eojeols

_compiled = cache(re.compile)
_NAMING = SUBJECT | {"은", "는", "란", "이란"}  # particles of what a clause is about, not of where or when


class Clause(NamedTuple):
    """Part of a sentence, ended as a statement.

    Attributes:
        words: Its words.
        begin: Where it begins in the sentence.
        stop: Where its own characters end, before ``ending``.
        ending: What makes a statement of it.
        carried: The topic of the clause before, if it has none of its own.
    """

    words: Sequence[Eojeol]
    begin: int
    stop: int
    ending: str
    carried: str = ""


def clauses(sentence: str) -> list[Clause]:
    """The clauses of a sentence, each a statement on its own; none if it is none itself.

    A clause is cut after -고, -며, -지만, -으나 and -는데, where its verb can be ended in the tense and style of the
    sentence. One without a topic of its own carries that of the clause before, or is left out.
    """
    words = eojeols(sentence)
    last = words[-1].text if words else ""
    if question(last) is None and last != "주십시오":
        return []
    found: list[Clause] = []
    begin = 0
    for index, word in enumerate(words):
        if index + 1 < len(words):
            parts = _ended(word, words[index + 1 : index + 4], is_past(last), last.endswith("니다"))
        else:
            parts = word.text, ""
        if parts:
            stop = word.start + len(parts[0])
            found += _clause(sentence, words[begin : index + 1], stop, parts[1], found[-1:])
            begin = index + 1
    return found


def topic(words: Sequence[Eojeol]) -> int | None:
    """Index of the word with the first topic particle or, failing that, the first subject particle."""
    for particles in (TOPIC, SUBJECT):
        for index, word in enumerate(words[:-1]):
            if word.particle in particles:
                return index
    return None


def statement(sentence: str, clause: Clause) -> str:
    """The last word of a clause, ended as a statement."""
    return sentence[clause.words[-1].start : clause.stop] + clause.ending


def _ended(word: Eojeol, follows: Sequence[Eojeol], past: bool, polite: bool) -> tuple[str, str] | None:
    """What to keep of a connective, and how to end it: 지어졌으며 → 지어졌, 다; None if no clause is cut here."""
    match = _compiled(r"(.+?)(으며|며|고|지만|으나|나|는데)").fullmatch(word.text)
    if not match or (match[2] == "고" and follows[0].text.startswith(("있", "나", "싶", "보", "는"))):
        return None
    stem, last, has_comma = match[1], match[1][-1], "," in word.after or match[2] == "지만"
    begins = {"며": _NAMING, "고": {"은", "는"}}.get(match[2], frozenset())
    has_comma |= any(other.particle in begins for other in follows)
    end = "습니다" if polite else "다"
    if final(last) == "ㅆ" and last not in "있없겠":
        return stem, end
    if last in "있없" and len(stem) == 1:
        return (stem, f"었{end}" if past else end) if has_comma or match[2] != "고" else None
    is_being = last == "이" and len(stem) > 1 and not stem[:-1].endswith(lexicon.VERBS_IN_I)
    if match[2] in ("나", "는데") or not (has_comma or is_being):
        return None
    if last in "하되" or is_being:
        endings = _PAST if past else _PRESENT
        is_adjective = stem[:-1].endswith(lexicon.ADJECTIVES_IN_HADA)
        return None if is_adjective else (stem[:-1], endings[last][polite])
    return None if past or last == "이" else present(stem, polite)


_PRESENT = {"이": ("이다", "입니다"), "하": ("한다", "합니다"), "되": ("된다", "됩니다")}
_PAST = {"이": ("이었다", "이었습니다"), "하": ("했다", "했습니다"), "되": ("되었다", "되었습니다")}


def _clause(
    sentence: str, words: Sequence[Eojeol], stop: int, ending: str, before: Sequence[Clause]
) -> Iterator[Clause]:
    """A clause, if it is clear what it is about."""
    words = _without_opener(sentence, words)
    if len(words) < 2:
        return
    begin = words[0].start
    while begin and sentence[begin - 1] in "\"'“‘(《〈「『":
        begin -= 1
    clause = Clause(words, begin, stop, ending)
    subject = _subject(sentence, before[0]) if before else ""
    scene = _scene(sentence, before[0]) if before else ""
    if not before:
        yield clause
    elif scene and not any(word.particle in TOPIC for word in words):
        if not (scene.endswith("에는") and any(word.particle in OBJECT for word in words)):
            yield clause._replace(carried=f"{scene} ")
    elif _is_attribute(words):
        if subject:
            yield clause._replace(carried=f"{subject}의 ")
    elif any(word.particle in _NAMING for word in words[:-1]):
        if not subject or any(word.particle in TOPIC for word in words):
            yield clause
    elif subject and not (_is_being(sentence, before[0]) and any(word.particle in OBJECT for word in words)):
        yield clause._replace(carried=f"{attach(subject, '은')} ")


def _is_attribute(words: Sequence[Eojeol]) -> bool:
    """Whether a clause is about something of its own that something else has: 높이는, 전체 면적은."""
    about = next((word for word in words if word.particle), words[0])
    return about.particle in _NAMING and about.stem in lexicon.ATTRIBUTES and about in words[:2]


def _scene(sentence: str, clause: Clause) -> str:
    """Where or when a clause says that all that follows is so: 터보 모드에서는."""
    index = topic(clause.words)
    is_scene = index is not None and clause.words[index].particle in ("에는", "에서는")
    return sentence[clause.begin : clause.words[index].end] if is_scene and index is not None else ""


def _is_being(sentence: str, clause: Clause) -> bool:
    return plain(statement(sentence, clause)).endswith(("이다", "였다", "이었다"))


def _without_opener(sentence: str, words: Sequence[Eojeol]) -> Sequence[Eojeol]:
    for phrase in lexicon.OPENING_PHRASES:
        if words and sentence.startswith(phrase, words[0].start):
            words = words[len(phrase.split()) :]
    while words and words[0].text in lexicon.OPENERS:
        words = words[1:]
    return words


def _subject(sentence: str, clause: Clause) -> str:
    """What a clause is about, without what precedes it: 1995년에 등대는 → 등대; 등대의 높이는 → 등대."""
    if clause.carried:
        return clause.carried[:-2] if clause.carried.endswith(("의 ", "은 ", "는 ")) else ""
    index = topic(clause.words)
    if index is None or clause.words[index].particle not in ("은", "는"):
        return ""
    start = index
    while start and is_plain(clause.words[start - 1]):
        start -= 1
    before = clause.words[start - 1] if start else None
    is_whole = before is None or before.particle in PLACE or before.after
    subject = sentence[clause.words[start].start : clause.words[index].stem_end] if is_whole else ""
    return subject.rpartition("의 ")[0] if subject.endswith(lexicon.ATTRIBUTES) else subject
