"""Endings of predicates: a statement as a question, and as the modifier of a noun."""

from __future__ import annotations

from functools import cache

from clara.questions.korean.hangul import final, is_hangul, vowel, with_final, with_vowel

# Adjectives whose stem ends in a vowel; other bare stems before 다 are nouns with 이다.
_ADJECTIVES = ("크", "다르", "빠르", "느리", "흐리", "나쁘", "바쁘", "아프", "푸르", "비싸", "고르", "흔하")
_CLOSED_ADJECTIVES = frozenset("높낮많적넓좁깊얕짧좋같작굵얇늦밝젊")
_REGULAR_L = ("만들", "열", "팔", "살", "줄", "늘", "풀", "밀", "이끌", "끌", "돌", "벌", "달", "알", "놀")
_STEMS_IN_I = tuple(
    "보쓰높줄모쌓직붙들울먹끓녹"
)  # 보이다, 쓰이다 …: their past ends in 였, as that of 이다 does
_UNCLEAR = ("도왔", "고왔", "담갔", "잠갔", "바빴", "컸", "아팠", "나빴", "몰랐")
_PAST_OF_EU = {
    "썼": "쓴",
    "떴": "뜬",
    "껐": "끈",
    "따랐": "따른",
    "치렀": "치른",
    "이르렀": "이른",
    "모았": "모은",
    "놀랐": "놀란",
}


def is_past(statement: str) -> bool:
    """Whether a statement ends in a past tense."""
    stem = plain(statement)[:-1]
    return bool(stem) and final(stem[-1]) == "ㅆ" and stem[-1] not in "있겠"


def plain(statement: str) -> str:
    """A statement in 다 instead of 습니다, where no dictionary is needed for that; otherwise as it is."""
    if statement.endswith("습니다"):
        stem = statement.removesuffix("습니다")
        is_bare = final(stem[-1:] or "다") == "ㅆ" or stem.endswith(("없", *_CLOSED_ADJECTIVES))
        return stem + ("다" if is_bare else "는다")
    if statement.endswith("입니다"):
        return statement.removesuffix("입니다") + "이다"
    if statement.endswith("됩니다"):
        return statement.removesuffix("됩니다") + "된다"
    return statement


@cache
def question(statement: str) -> str | None:
    """The last word of a statement as that of a question: 했다 → 했는가, 합니다 → 합니까; None if it is no statement.

    A request in 하십시오 becomes the question what to do: 해야 합니까.
    """
    if statement.endswith("하십시오"):
        return statement.removesuffix("하십시오") + "해야 합니까"
    if statement.endswith("니다") and statement != "아니다":
        return statement[:-1] + "까"
    present = _modifying_present(statement)
    return None if present is None else present + "가"


def present(stem: str, polite: bool) -> tuple[str, str] | None:
    """What to keep of the stem of a verb or an adjective and how to end it: 나뉘 → 나뉜다, 높 → 높다."""
    last, before = stem[-1], stem[:-1]
    is_adjective = stem.endswith(_ADJECTIVES) or last in _CLOSED_ADJECTIVES
    if not is_hangul(last) or not (before or is_adjective):
        return None
    is_open = final(last) in "-ㄹ"
    if polite:
        return (before, with_final(last, "ㅂ") + "니다") if is_open else (stem, "습니다")
    if is_adjective:
        return stem, "다"
    return (before, with_final(last, "ㄴ") + "다") if is_open else (stem, "는다")


@cache
def modifier(statement: str) -> str | None:
    """The last word of a statement as it stands before a noun: 열렸다 → 열린, 있다 → 있는; None where it is unclear."""
    statement = plain(statement)
    if statement.endswith(("니다", "이다")):
        return None
    return _modifying_past(statement[:-1]) if is_past(statement) else _modifying_present(statement)


def _modifying_present(statement: str) -> str | None:
    """What 가 makes a question of; a past tense keeps its ㅆ."""
    if len(statement) < 2 or not statement.endswith("다"):
        return None
    stem, last = statement[:-1], statement[-2]
    if not is_hangul(last):
        return f"{stem}인"
    match final(last):
        case "ㅆ":
            return f"{stem}는"
        case "ㄴ" if last == "는" and len(stem) > 1:
            return stem
        case "ㄴ":
            return f"{stem[:-1]}{with_final(last, '-')}는"
        case "ㄹ":
            return stem[:-1] + with_final(last, "ㄴ")
        case "ㅂ" if last not in "좁":
            return f"{stem[:-1]}{with_final(last, '-')}운"
        case "ㅄ":
            return f"{stem}는"
        case "-":
            is_stem = last in "하이" or stem.endswith((*_ADJECTIVES, "아니"))
            return stem[:-1] + with_final(last, "ㄴ") if is_stem else f"{stem}인"
    return f"{stem}은"


def _modifying_past(stem: str) -> str | None:
    """열렸 → 열린, 만들었 → 만든, 하였 → 한, 높았 → 높았던."""
    if stem.endswith(_UNCLEAR):
        return None
    for past, modifying in _PAST_OF_EU.items():
        if stem.endswith(past):
            return stem.removesuffix(past) + modifying
    before, last = stem[:-1], stem[-1]
    if last in "았었":
        return _after_full_stem(before, stem)
    if last == "였":
        if before.endswith("하"):
            return before[:-1] + "한"
        return f"{before}인" if before.endswith(_STEMS_IN_I) else None
    if last == "했":
        return f"{before}한"
    if last in "랐렀" and before and final(before[-1]) == "ㄹ":
        return f"{before[:-1]}{with_final(before[-1], '-')}른"
    letter = {"ㅕ": "ㅣ", "ㅝ": "ㅜ", "ㅘ": "ㅗ", "ㅙ": "ㅚ"}.get(vowel(last), vowel(last))
    return before + with_final(with_vowel(last, letter), "ㄴ") if letter in "ㅣㅜㅗㅚㅏㅓㅐㅔ" else None


def _after_full_stem(before: str, stem: str) -> str | None:
    """받았 → 받은, 되었 → 된, 열었 → 연; a stem in ㄹ is often that of another verb (들었: 듣다 or 들다)."""
    if not before or before[-1] in "이나":
        return None
    last = before[-1]
    if last in _CLOSED_ADJECTIVES or last in "있없":
        return f"{stem}던"
    match final(last):
        case "-":
            return f"{before}은" if last == "지" else before[:-1] + with_final(last, "ㄴ")
        case "ㄹ":
            return before[:-1] + with_final(last, "ㄴ") if before.endswith(_REGULAR_L) else None
    return f"{before}은"
