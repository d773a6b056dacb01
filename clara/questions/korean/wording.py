"""Korean wh-questions: the question word stands where its answer stood, and the ending asks.

A second wording asks with a noun: 등대는 언제 지어졌는가, 등대가 지어진 것은 언제인가.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from functools import cache

from clara.questions.asked import Asked
from clara.questions.korean import lexicon
from clara.questions.korean.answers import Answer, phrase_start
from clara.questions.korean.clauses import Clause, statement, topic
from clara.questions.korean.endings import modifier, question
from clara.questions.korean.hangul import attach
from clara.questions.korean.words import (
    OBJECT,
    SUBJECT,
    TOPIC,
    Eojeol,
    is_anaphoric,
    is_modifying,
    is_verbal,
    predicate_start,
)

MIN_WORDS = 3  # fewer ask for something of which it is not said what; but 습지란 무엇인가

_compiled = cache(re.compile)
_NOUNS = {
    "언제": ("것", "언제"),
    "누구": ("사람", "누구"),
    "어느 기관": ("기관", "어디"),
    "어디": ("곳", "어디"),
    "무엇": ("것", "무엇"),
    "왜": ("이유", "무엇"),
}
_SUBJECT_OF = {"은": "이", "는": "가", "에는": "에", "에서는": "에서", "에게는": "에게"}


def wh_questions(sentence: str, parts: Sequence[Clause], found: Sequence[Answer]) -> Iterator[Asked]:
    """One or more wordings of a question for each answer that a clause can be asked for.

    Args:
        sentence: A whole sentence.
        parts: Its clauses.
        found: The answers in it, in reading order.
    """
    for answer in found:
        around = [part for part in parts if part.begin <= answer.start and answer.end <= part.stop]
        if around and _is_about_something(around[0], answer):
            for text in dict.fromkeys(_wordings(sentence, around[0], answer)):
                if text and _is_clear(text):
                    yield Asked("wh", f"{text}?", sentence[answer.start : answer.end], answer.start)


def _is_about_something(clause: Clause, answer: Answer) -> bool:
    """Whether a clause without the answer still has a topic, a subject or an object, or tells of whom it is a part."""
    others = _others(clause.words, answer)
    is_part = any(word.text in ("중", "가운데") or word.particle == "의" for word in others)
    is_named = not {word.particle for word in others}.isdisjoint(TOPIC | SUBJECT | OBJECT)
    return bool(answer.whole or clause.carried) or is_part or is_named


def _is_clear(text: str) -> bool:
    """Whether a question says what it asks, without another sentence."""
    words = text.split()
    is_definition = words[-1].startswith("무엇") and not words[0][:-1].endswith(lexicon.ATTRIBUTES)
    return (len(words) >= MIN_WORDS or (len(words) == 2 and is_definition)) and not is_anaphoric(words)


def _others(words: Sequence[Eojeol], answer: Answer) -> list[Eojeol]:
    return [word for word in words if word.end <= answer.start or word.start >= answer.stop]


def _wordings(sentence: str, clause: Clause, answer: Answer) -> Iterator[str | None]:
    is_polite = statement(sentence, clause).endswith(("니다", "십시오"))
    be = "입니까" if is_polite else "인가"
    if answer.whole:
        yield answer.whole if answer.whole.endswith("가") else f"{answer.whole}{be}"
        return
    yield _in_place(sentence, clause, answer)
    if answer.asks in _NOUNS and answer.stop < clause.words[-1].start:
        noun, asks = _NOUNS["왜" if _is_cause(answer) else answer.asks]
        if before := _before_noun(sentence, clause, answer):
            yield f"{before} {attach(noun, '은')} {asks}{be}"
    if answer.asks.startswith(("몇", "얼마")):
        yield _counted(sentence, clause, answer, be)
        yield _measured(sentence, clause, answer, be)


def _is_cause(answer: Answer) -> bool:
    return answer.rest.endswith((" 인해", " 인하여", " 때문에"))


# ---- In place --------------------------------------------------------------------------------------------------------


def _in_place(sentence: str, clause: Clause, answer: Answer) -> str | None:
    """등대는 1887년에 지어졌다 → 등대는 언제 지어졌는가."""
    after = [word for word in clause.words if word.start >= answer.stop]
    if not _can_be_asked(clause.words, answer, after):
        return None
    tail = sentence[answer.stop if after else answer.end : clause.stop] + clause.ending
    if tail.startswith(("(", "~")):
        return None
    head = clause.carried + sentence[clause.begin : answer.start]
    if not after:
        return _asked(head + attach(answer.asks, tail))
    if answer.asks == "언제" and not head and (moved := _behind_subject(sentence, clause, answer, after)):
        return _asked(moved)
    return _asked(f"{head}{attach(answer.asks, answer.rest)}{tail}")


def _can_be_asked(words: Sequence[Eojeol], answer: Answer, after: Sequence[Eojeol]) -> bool:
    """Whether a question word can stand in the answer's place."""
    before = [word for word in words if word.end <= answer.start]
    if not _is_argument(answer, words) or any(word.particle in TOPIC for word in after):
        return False
    if answer.asks == "언제" and after and not _is_adverbial(answer, words):
        return False
    if any(word.particle in ("로", "으로") and word.after for word in before):
        return False  # 병원은 옛 공장 터로, 넓이는 …
    if not after and any("," in word.after and word.text[-1] in "원명개" for word in before):
        return False  # 어른 천 원, 아이 오백 원이다
    if answer.is_topic and answer.asks[0] in "몇얼" and any(word.particle in SUBJECT for word in after):
        return False  # 예산 삼천 원은 재단이 지원했다
    is_state = answer.asks[0] in "몇얼" and answer.rest in ("로", "으로")
    if is_state and len(after) > 1 and after[0].particle and not is_verbal(after[0]):
        return False  # 98억 원으로 전년보다 늘었다
    is_part = bool(after) and after[0].text in ("중", "가운데", "중에서", "가운데서")
    is_described = bool(before) and answer.asks[0] in "몇얼" and is_modifying(before[-1].text)
    return not (is_part or is_described)


def _is_argument(answer: Answer, words: Sequence[Eojeol]) -> bool:
    """Whether an answer belongs to the verb of its clause, not to one before a noun or in a subordinate clause."""
    if answer.is_topic:
        return True
    between = [word for word in words[: predicate_start(words)] if word.start >= answer.stop]
    if between and between[0].text.startswith(lexicon.MEANS):
        between = between[1:]
    if any(word.text.endswith(("며", "지만", "는데")) for word in between) or _has_two_subjects(between):
        return False
    if any(is_modifying(word.text) and word.text not in lexicon.PLAIN_MODIFIERS for word in between):
        return False
    return answer.asks not in ("무엇", "어디") or not any(_is_other_verb(word) for word in between)


def _has_two_subjects(words: Sequence[Eojeol]) -> bool:
    """Whether another clause follows with a subject of its own: 서기가 작성하고 이사 두 명이 서명했다."""
    ends = [index for index, word in enumerate(words) if word.text.endswith("고") and not word.particle]
    return any(word.particle in SUBJECT for word in words[ends[0] + 1 :]) if ends else False


def _is_other_verb(word: Eojeol) -> bool:
    return is_verbal(word) and word.text not in lexicon.PLAIN_MODIFIERS


def _is_adverbial(answer: Answer, words: Sequence[Eojeol]) -> bool:
    """Whether a date tells when, and does not name which: 그는 2019년 3월 새 기준을, but not 2019년 조사에서."""
    if answer.stop > answer.end or answer.rest:
        return answer.rest in ("", "부터", "까지")
    before = [word for word in words if word.end <= answer.start]
    after = [word for word in words if word.start >= answer.stop]
    follows_topic = bool(before) and before[-1].particle in ("은", "는")
    return follows_topic and not after[0].stem.startswith(lexicon.DATED)


def _behind_subject(sentence: str, clause: Clause, answer: Answer, after: Sequence[Eojeol]) -> str | None:
    """1995년에 첫 회의가 열렸다 → 첫 회의는 언제 열렸다."""
    index = next((place for place, word in enumerate(after[:-1]) if word.particle in ("이", "가")), None)
    if index is None or any(word.particle not in ("", "의") for word in after[:index]) or after[index].after:
        return None
    subject = attach(sentence[after[0].start : after[index].stem_end], "은")
    return f"{subject} 언제{answer.rest} {sentence[after[index + 1].start : clause.stop]}{clause.ending}"


def _asked(text: str) -> str | None:
    """A statement as a question, by its last word; a request asks what has to be done."""
    text = _compiled(r"([아어여해워춰려켜쳐]) 주십시오$").sub(r"\1야 합니다", text)
    before, blank, last = text.rpartition(" ")
    asked = question(last)
    return f"{before}{blank}{asked}" if asked else None


# ---- With a noun -----------------------------------------------------------------------------------------------------


def _before_noun(sentence: str, clause: Clause, answer: Answer) -> str | None:
    """The clause without the answer, before a noun: 등대는 1887년에 지어졌다 → 등대가 지어진."""
    rest = _others(clause.words, answer)
    if not _can_stand_before_noun(sentence, clause, answer, rest):
        return None
    modifying = modifier(statement(sentence, clause))
    if not modifying or rest[-1].text.startswith(("예정", "계획")):
        return None
    before = (
        word.stem + _SUBJECT_OF.get(word.particle, word.particle) if word.particle in TOPIC else word.text
        for word in rest[:-1]
    )
    return " ".join([*before, modifying])


def _can_stand_before_noun(sentence: str, clause: Clause, answer: Answer, rest: Sequence[Eojeol]) -> bool:
    topics = [word for word in rest if word.particle in TOPIC]
    between = [word for word in clause.words[: predicate_start(clause.words)] if word.start >= answer.stop]
    is_marked = any(letter in "\"“”‘’'()" for letter in sentence[clause.begin : clause.stop])
    if clause.carried or is_marked or len(rest) < 2 or any(word.after for word in rest[:-1]):
        return False
    if len(topics) > 1 or (topics and any(word.particle in SUBJECT for word in rest)):
        return False  # 색유리는 화가가 제작했다: the topic is no subject
    if topics and not any(word.particle in OBJECT for word in clause.words) and _lacks_object(rest[-1].text):
        return False  # 휴게실은 옆에 마련한다: neither
    if answer.asks in ("누구", "어느 기관") and any(word.particle in ("은", "는") for word in topics):
        return False
    if answer.asks == "언제" and (answer.rest or not _is_adverbial(answer, clause.words)):
        return False
    if answer.asks == "무엇" and not (_is_cause(answer) or answer.rest in OBJECT):
        return False
    is_free = answer.is_topic or not any(_is_other_verb(word) for word in between)
    return is_free and _is_argument(answer, clause.words) and not _has_means(rest[:-1])


def _lacks_object(predicate: str) -> bool:
    """Whether a verb wants an object: 둔다, and most in 하다."""
    if predicate.startswith(("둔다", "두었", "둡니", "놓", "넣")):
        return True
    match = _compiled(r"(.*?)(?:했|하였|한다|합니|하며|하고|하지)").match(predicate)
    return bool(match and match[1]) and not predicate.startswith(lexicon.INTRANSITIVE)


def _has_means(words: Sequence[Eojeol]) -> bool:
    return any(word.text.startswith(lexicon.MEANS) for word in words)


def _counted(sentence: str, clause: Clause, answer: Answer, be: str) -> str | None:
    """조류 34종을 확인했다 → 확인한 조류는 몇 종인가: the noun that is counted stands before the number."""
    words = clause.words
    place = next((index for index, word in enumerate(words) if word.start == answer.start), 0)
    if not place or answer.rest not in SUBJECT | OBJECT or answer.stop > words[-1].start:
        return None
    noun = words[place - 1]
    start = phrase_start(words, place - 1) if not (noun.particle or noun.after) else None
    if start is None or noun.text in lexicon.APPROXIMATE:
        return None
    phrase = sentence[words[start].start : noun.end]
    before = _before_noun(sentence, clause, answer._replace(start=words[start].start, asks=""))
    return f"{before} {attach(phrase, '은')} {answer.asks}{be}" if before else None


def _measured(sentence: str, clause: Clause, answer: Answer, be: str) -> str | None:
    """등대는 높이가 34미터이다 → 등대의 높이는 얼마인가."""
    words = clause.words
    before = [w for w in words if w.end <= answer.start and w.text not in lexicon.APPROXIMATE]
    index = topic(words)
    if answer.stop < words[-1].start or clause.carried or len(before) < 2 or answer.asks == "몇 명":
        return None
    attribute, owner = before[-1], before[-2]
    if attribute.after or attribute.stem not in lexicon.ATTRIBUTES:
        return None
    if attribute.particle in SUBJECT and index == len(before) - 2 and owner.particle in ("은", "는"):
        whole = sentence[clause.begin : owner.stem_end]
        return f"{whole}의 {attach(attribute.stem, '은')} 얼마{be}"
    if attribute.particle in ("은", "는") and index == len(before) - 1:
        return f"{sentence[clause.begin : attribute.end]} 얼마{be}"
    return None
