"""What people ask for in a sentence: dates, quantities, names, places, things, causes."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from functools import cache
from itertools import pairwise
from typing import NamedTuple

from clara.questions.korean import lexicon, patterns
from clara.questions.korean.hangul import attach
from clara.questions.korean.words import (
    OBJECT,
    PARTICLES,
    PLACE,
    SUBJECT,
    TOPIC,
    Eojeol,
    is_modifying,
    is_noun,
)

MAX_PHRASE_WORDS = 5
MAX_PREDICATE_WORDS = 8

_compiled = cache(re.compile)


class Answer(NamedTuple):
    """A span of a sentence that a question can ask for.

    Attributes:
        asks: The question word in its place: 언제, 몇 명, 무엇.
        start: Where the answer begins in the sentence.
        end: Where it ends.
        rest: The particle that the question word takes.
        stop: Where that which the question word replaces ends, particle and all.
        is_topic: Whether the topic of the clause is asked for: it is no part of what follows.
        whole: The whole question but for 인가 or 입니까, if the question word cannot simply stand in its place.
    """

    asks: str
    start: int
    end: int
    rest: str
    stop: int
    is_topic: bool = False
    whole: str = ""


def answers(sentence: str, words: Sequence[Eojeol]) -> list[Answer]:
    """The answers in a sentence, in reading order: one may enclose another, but neither begin nor end inside it."""
    found = (
        *_dates(sentence),
        *_quantities(sentence),
        *_persons(sentence, words),
        *_names(sentence),
        *_reasons(words),
        *_phrases(words),
        *_predicates(sentence, words),
        *_definitions(sentence, words),
    )
    claimed: list[Answer] = []
    for one in found:
        if all(_goes_with(one, other) for other in claimed):
            claimed.append(one)
    return sorted(claimed, key=lambda one: (one.start, one.end))


def _goes_with(one: Answer, other: Answer) -> bool:
    is_apart = one.end <= other.start or other.end <= one.start
    is_around = one.start <= other.start and other.end <= one.end
    return is_apart or (is_around and (one.start, one.end) != (other.start, other.end))


# ---- Patterns --------------------------------------------------------------------------------------------------------


def _found(asks: str, match: re.Match[str]) -> Answer:
    """The answer of a pattern; a topic is asked for in the form of a subject: 위원은 → 누가."""
    is_topic = match["rest"] in ("은", "는")
    return Answer(asks, *match.span("a"), "이" if is_topic else match["rest"], match.end(), is_topic)


def _dates(sentence: str) -> Iterator[Answer]:
    for match in _compiled(patterns.DATE).finditer(sentence):
        is_duration = sentence.startswith((" 동안", " 이내", " 만에"), match.end())
        if not is_duration and match["rest"] not in ("간", "째", "마다"):
            rest = "" if match["rest"] in ("에", "에는") else match["rest"]
            yield Answer("언제", *match.span("a"), rest, match.end())


def _quantities(sentence: str) -> Iterator[Answer]:
    for match in _compiled(patterns.TWO_UNITS).finditer(sentence):
        units = "".join(letter for letter in match["a"] if not letter.isdigit()).split()
        yield _found(" ".join(f"몇 {unit}" for unit in units), match)
    for match in _compiled(patterns.QUANTITY).finditer(sentence):
        unit = match["unit"]
        is_year = unit == "년" and re.fullmatch(r"\d{4}", match["n"] or "")
        is_hour = unit in ("분", "초") and re.search(r"\d시 ?$", sentence[: match.start()])
        if not (is_year or is_hour or unit == "시" or match["rest"].startswith("당")):
            yield _found("얼마" if unit in lexicon.MONEY else f"몇 {unit}", match)


def _persons(sentence: str, words: Sequence[Eojeol]) -> Iterator[Answer]:
    """김민수 위원장은 → 누가; 연구소 소장 김민수 also answers who the 소장 is."""
    for match in _compiled(patterns.PERSON).finditer(sentence):
        index = next((place for place, word in enumerate(words) if word.start == match.start()), None)
        start = None if index is None else phrase_start(words, index)
        if start is None or not match["rest"]:
            continue
        begin = words[start].start
        if match["name"] and start != index:
            whole = f"{attach(sentence[begin : match.end('role')], '은')} 누구"
            yield Answer("누구", *match.span("name"), "", match.end("name"), True, whole)
        yield _found("누구", match)._replace(start=begin)


def _names(sentence: str) -> Iterator[Answer]:
    """What something is called: 월류라고 한다."""
    for match in _compiled(patterns.CALLED).finditer(sentence):
        yield _found("무엇", match)


def _definitions(sentence: str, words: Sequence[Eojeol]) -> Iterator[Answer]:
    """What a term means and why something is so: 습지란 … 땅을 말한다; 줄어든 이유는 … 때문이다."""
    term = _compiled(patterns.TERM).match(sentence)
    if term and words[-1].text.startswith(lexicon.DEFINING) and len(words) > 2:
        defined = words[-2]
        is_term = not any(is_modifying(word) for word in term["s"].split())
        if is_term and defined.particle in OBJECT and term.end() < defined.start:
            whole = f"{attach(term['s'], '이란')} 무엇"
            yield Answer("무엇", term.end(), defined.stem_end, "", defined.end, True, whole)
    reason = _compiled(patterns.REASON).fullmatch(sentence)
    if reason and is_modifying(reason["s"].split()[-1]):
        yield Answer("무엇", *reason.span("a"), "", reason.end("a"), True, f"{reason['s']} 이유는 무엇")


# ---- Words -----------------------------------------------------------------------------------------------------------


def _reasons(words: Sequence[Eojeol]) -> Iterator[Answer]:
    """강풍 때문에; 비가 내렸기 때문에; 소음을 줄이기 위해."""
    for index, word in enumerate(words[1:], 1):
        before = words[index - 1]
        is_clause = before.text.endswith("기")
        if word.text == "때문에" and not before.particle:
            start = _clause_start(words, index) if is_clause else phrase_start(words, index - 1)
            if start is not None:
                asks, end, rest = ("왜", word.start + 2, "") if is_clause else ("무엇", before.end, " 때문에")
                yield Answer(asks, words[start].start, end, rest, word.end)
        elif word.text in ("위해", "위해서", "위하여") and is_clause:
            start = _clause_start(words, index)
            if start is not None:
                yield Answer("왜", words[start].start, word.end, "", word.end)


def _clause_start(words: Sequence[Eojeol], index: int) -> int | None:
    """Index of the first word of a reason: what follows the topic, or the first word."""
    ends = (place + 1 for place in range(index) if _is_outside(words[place]))
    start = max(ends, default=0)
    return start if 2 <= index - start <= MAX_PREDICATE_WORDS else None


def _is_outside(word: Eojeol) -> bool:
    """Whether a word belongs to the sentence, not to a reason in it: a topic, a date, what a comma ends."""
    return word.particle in TOPIC or bool(word.after) or (word.particle == "에" and _has_digit(word.stem))


def _phrases(words: Sequence[Eojeol]) -> Iterator[Answer]:
    """Noun phrases that a particle ends."""
    for index, word in enumerate(words):
        follows = words[index + 1].text if index + 1 < len(words) else ""
        asks = _asks(word, follows, words[-1].text)
        start = phrase_start(words, index) if asks else None
        is_vague = word.stem in ("등", *lexicon.ORGANISATIONS) and asks != "어디"
        is_vague |= asks == "어디" and len(word.stem) == 1
        if start is None or (start == index and is_vague):
            continue
        end = words[index - 1].end if word.stem == "등" else word.stem_end
        rest, stop = "이" if asks in ("누구", "어느 기관") else word.particle.removesuffix("는"), word.end
        if follows in ("인해", "인하여"):
            rest, stop = f"으로 {follows}", words[index + 1].end
        elif word.particle in OBJECT:
            rest = "을"
        yield Answer(asks, words[start].start, end, rest, stop, word.particle in ("은", "는"))


def _asks(word: Eojeol, follows: str, last: str) -> str:
    """The question word for a noun phrase that ends in a word; empty if it is none to ask for."""
    stem, particle = word.stem, word.particle
    if stem == "등" and particle in OBJECT:
        return "무엇"
    if not particle or stem in lexicon.VAGUE or _has_digit(stem):
        return ""
    if particle == "을" and follows.startswith(("수", "때", "것")) and len(stem) == 1:
        return ""  # 담을 수 있다
    if particle in OBJECT or (particle in ("으로", "로") and follows.startswith(lexicon.MADE)):
        return "" if stem.endswith("용") else "무엇"
    if particle in ("은", "는", "이", "가"):
        is_organisation = stem.endswith(lexicon.ORGANISATIONS)
        return "누구" if stem.endswith(lexicon.AGENTS) else "어느 기관" if is_organisation else ""
    if particle == "에" and follows.startswith(lexicon.STANDING) and not stem.endswith(lexicon.TIMES):
        return "어디"
    if particle.removesuffix("는") in PLACE and _is_place(stem):
        is_located = "에서" in particle or any(
            verb in text for text in (last, follows) for verb in lexicon.LOCATED
        )
        return "어디" if is_located else ""
    return ""


def _is_place(stem: str) -> bool:
    return stem.endswith(lexicon.PLACES) and not stem.endswith(lexicon.NOT_PLACES)


def _has_digit(text: str) -> bool:
    return any(letter.isdigit() for letter in text)


def _predicates(sentence: str, words: Sequence[Eojeol]) -> Iterator[Answer]:
    """What something is: the noun phrase, modifiers and all, between its topic and 이다."""
    match = _compiled(patterns.BEING).fullmatch(words[-1].text) if words else None
    topics = [index for index, word in enumerate(words[:-1]) if word.particle in TOPIC]
    if not match or len(topics) != 1 or words[topics[0]].particle not in ("은", "는"):
        return
    first = topics[0] + 1
    is_vague = match["a"] in lexicon.VAGUE or match["a"].endswith(("때문", "중", "보"))
    if is_vague or len(words) - first > MAX_PREDICATE_WORDS or not _is_one_phrase(words[first:]):
        return
    end = words[-1].start + len(match["a"])
    yield from _sites(sentence, words, first)
    asks = next((asks for asks, heads in _HEADS.items() if words[first - 1].stem.endswith(heads)), "무엇")
    yield Answer(asks, words[first].start, end, match["rest"], words[-1].end)


# What is asked for by how a topic ends: 가장 깊은 곳은 어디인가.
_HEADS = {
    "어디": ("곳", "장소", "위치", "소재지"),
    "누구": ("사람", "인물", *lexicon.AGENTS),
}


def _is_one_phrase(words: Sequence[Eojeol]) -> bool:
    """Whether words are one noun with its modifiers: no number, no comma, no subject but that of a modifier."""
    has_break = any(word.after for word in words[:-1]) or any(_has_digit(word.text) for word in words)
    return not has_break and all(
        word.particle not in SUBJECT or is_modifying(after.text) for word, after in pairwise(words)
    )


def _sites(sentence: str, words: Sequence[Eojeol], first: int) -> Iterator[Answer]:
    """Where something is that is called a thing in a place: 은평군에 있는 건물이다."""
    for index, word in enumerate(words[:-1]):
        is_site = word.particle == "에" and words[index + 1].text in ("있는", "위치한", "있던")
        if index >= first and is_site and phrase_start(words, index) == first:
            whole = f"{sentence[: words[first - 1].end]} 어디에 있는가"
            yield Answer("어디", words[first].start, word.stem_end, "", word.end, True, whole)


def phrase_start(words: Sequence[Eojeol], index: int) -> int | None:
    """Index of the first word of the noun phrase that ends in a word; None if its beginning cannot be told."""
    start = index
    while start and is_plain(words[start - 1]) and index - start < MAX_PHRASE_WORDS - 1:
        start -= 1
    if any(_has_digit(word.text) for word in words[start:index]):
        return None
    before = words[start - 1] if start else None
    return start if before is None or "," in before.after or _ends_phrase(before) else None


def is_plain(word: Eojeol) -> bool:
    """Whether a word may stand inside a noun phrase: a bare noun, a member of a list, or one with 의, 와 or 과."""
    if word.particle:
        return word.particle in ("의", "와", "과") and not word.after
    if word.text == "및" or (word.text in lexicon.PLAIN_MODIFIERS and not word.after):
        return True
    return word.after in ("", ",") and is_noun(word.text)


def _ends_phrase(word: Eojeol) -> bool:
    is_apart = word.particle in PARTICLES and word.particle not in ("의", "와", "과", "이나", "나")
    return is_apart or word.text in lexicon.ADVERBS
