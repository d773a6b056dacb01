"""A sentence and a span of it, turned into a question that the span answers.

The questions need not be good English: they are many, and teach where an answer stands and what kind of thing a
question word asks for. Cloze translation of this roughness is after Lewis et al. 2019 (arXiv:1906.04980).
"""

from __future__ import annotations

import re
from random import Random

from clara.pretraining.spans import FUNCTION_WORDS, Kind, word_set

GAP = "____"
_AUXILIARIES = word_set("is are was were has had have can could will would may might must should did does do")
_PLACE_BEFORE = word_set("in at from near to through into outside")
_HEAD_ENDS = re.compile(r" (?:of|for|in|to|on) ")
_HANGING = word_set("in on at by from since until during to")


def cloze(before: str, after: str, draw: Random) -> str:
    """The sentence with a gap where the answer stood; a long one is cut to the words about the gap."""
    left, right = _about_gap(before, after, draw.randint(10, 26), draw)
    return " ".join([*left, GAP, *right])


def wh_question(
    before: str, answer: str, after: str, kind: Kind, person: bool, draw: Random, noun: str = ""
) -> str:
    """The sentence rearranged about a question word that fits the answer.

    Args:
        before: What stands before the answer in its sentence.
        answer: The span asked for.
        after: What stands after it.
        kind: What kind of thing it is.
        person: True if it names a person.
        draw: Chooses among wordings.
        noun: What kind of thing the answer names, if that is known and to be said.
    """
    left, right = _about_gap(before, after, draw.randint(6, 18), draw)
    if left:
        left[0] = left[0].lower() if left[0].casefold() in FUNCTION_WORDS else left[0]
    if noun:
        asked = [draw.choice(("which", "what")), *noun.split()]
    elif kind == "number":
        asked, right = _counting(answer, right, draw)
    elif kind == "phrase" and draw.random() < 0.4:
        asked = _about_its_head(answer, draw)
    elif kind == "name" and not person and " " in answer and draw.random() < 0.4:
        asked = [draw.choice(("which", "what")), answer.rsplit(" ", 1)[1].lower()]
    else:
        asked = _question_words(left, kind, person, draw)
    if left and left[-1].casefold() in _HANGING and kind != "phrase" and draw.random() < 0.8:
        left.pop()
    text = " ".join(_rearranged(asked, left, right, draw)).rstrip(".,;:")
    return f"{text[:1].upper()}{text[1:]}?"


def plain(question: str) -> str:
    """The question as people type it into a search box."""
    return question.rstrip("?. ").lower()


def with_words_lost(question: str, share: float, draw: Random) -> str:
    """The question without some of its words; never without its gap or its first word."""
    first, *words = question.split(" ")
    return " ".join([first, *(word for word in words if GAP in word or draw.random() >= share)])


def _about_gap(before: str, after: str, words: int, draw: Random) -> tuple[list[str], list[str]]:
    left, right = before.split(), after.split()
    if len(left) + len(right) > words:
        kept = draw.randint(words // 4, words - words // 4)
        left, right = left[-kept:], right[: words - kept]
    return left, right


def _question_words(left: list[str], kind: Kind, person: bool, draw: Random) -> list[str]:
    last = left[-1].casefold() if left else ""
    if kind == "reason":
        return ["why"]
    if kind == "means":
        return ["how"]
    if kind == "date":
        return draw.choice(("when", "when", "in what year", "what year")).split()
    if person:
        return [draw.choice(("who", "who", "who", "whom", "which person"))] if last != "by" else ["who"]
    if kind == "name" and last in _PLACE_BEFORE:
        return draw.choice(("where", "where", "in which place", "what place")).split()
    if kind == "name":
        return draw.choice(("what", "which", "what is the name of")).split()
    return draw.choice(("what", "what", "what", "which", "what kind of")).split()


def _about_its_head(answer: str, draw: Random) -> list[str]:
    """Ask with the noun that the answer is about: "what kind of engine" of "steam engine for ships"."""
    head = _HEAD_ENDS.split(answer)[0]
    if " and " in answer or " " not in head:
        return draw.choice(("what", "which", "what kind of thing")).split()
    return [*draw.choice(("what kind of", "what type of", "which", "what")).split(), head.rsplit(" ", 1)[1]]


def _counting(answer: str, right: list[str], draw: Random) -> tuple[list[str], list[str]]:
    if "%" in answer or "percent" in answer or "per cent" in answer:
        return ["what", "percentage"], right
    if answer[:1] in "$£€":
        return ["how", "much"], right
    unit = answer.split()[-1] if answer.split()[-1].isalpha() and " " in answer else ""
    if unit:
        return ["how", "many", unit], right
    if right and right[0].isalpha() and draw.random() < 0.9:
        return ["how", "many", right[0]], right[1:]
    return draw.choice((["how", "many"], ["how", "much"], ["what", "number"])), right


def _rearranged(asked: list[str], left: list[str], right: list[str], draw: Random) -> list[str]:
    if not left:
        return [*asked, *right]
    if draw.random() < 0.15:
        return [*left, *asked, *right]
    place = next((i for i, word in enumerate(left) if word in _AUXILIARIES), None)
    if place is not None:
        return [*asked, left[place], *left[:place], *left[place + 1 :], *right]
    verb = next((i for i, word in enumerate(left) if word.endswith("ed") and i > 0), None)
    if verb is not None:
        return [*asked, "did", *left[:verb], _present(left[verb]), *left[verb + 1 :], *right]
    return [*asked, *left, *right]


def _present(verb: str) -> str:
    """Stem of a regular past form, as near as two letters tell."""
    return verb[:-1] if verb[-3] in "vcsuzg" else verb[:-2]
