"""Eojeols: the words between blanks, split into stem and particle by closed lists."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import cache
from typing import NamedTuple

from clara.questions.korean import lexicon
from clara.questions.korean.hangul import final, is_hangul

TOPIC = frozenset(("은", "는", "란", "이란", "에는", "에서는", "에게는", "으로는", "로는"))
SUBJECT = frozenset(("이", "가", "께서"))
OBJECT = frozenset(("을", "를"))
PLACE = frozenset(("에", "에서"))
_LINKING = frozenset(("의", "와", "과", "에서의", "와의", "과의", "이나", "나"))
PARTICLES = TOPIC | SUBJECT | OBJECT | PLACE | _LINKING | frozenset(lexicon.ADVERBIAL_PARTICLES)
_BY_LENGTH = tuple(sorted(PARTICLES, key=lambda particle: (-len(particle), particle)))
_AFTER_CONSONANT = frozenset(("은", "이", "을", "과", "과의", "과는", "이나", "이란"))
_AFTER_VOWEL = frozenset(("는", "가", "를", "와", "와의", "와는", "나", "란"))
_DETERMINERS = frozenset(("이", "그", "저"))


class Eojeol(NamedTuple):
    """A word between blanks.

    Attributes:
        start: Offset in the sentence, behind opening quotation marks and brackets.
        stem: The word without its particle.
        particle: The particle; empty if there is none or the word is none that takes one.
        after: Closing punctuation.
    """

    start: int
    stem: str
    particle: str
    after: str

    @property
    def text(self) -> str:
        """The word with its particle."""
        return self.stem + self.particle

    @property
    def stem_end(self) -> int:
        """Offset behind the stem."""
        return self.start + len(self.stem)

    @property
    def end(self) -> int:
        """Offset behind the particle."""
        return self.start + len(self.text)


_compiled = cache(re.compile)


def eojeols(sentence: str) -> list[Eojeol]:
    """The words of a sentence."""
    found = []
    for match in _compiled(r"[\"'“‘(《〈「『\[]*([^\s]+)").finditer(sentence):
        closing = _compiled(r"[\"'”’)》〉」』\],.;:!?…]+$").search(match[1])
        bare = match[1][: closing.start()] if closing else match[1]
        if bare:
            found.append(Eojeol(match.start(1), *split(bare), closing[0] if closing else ""))
    return found


@cache
def split(word: str) -> tuple[str, str]:
    """Stem and particle of a word; the particle is empty if there is none."""
    if word in lexicon.LOOK_INFLECTED or is_modifying(word):
        return word, ""
    for particle in _BY_LENGTH:
        stem = word.removesuffix(particle)
        if stem not in (word, "") and _takes(stem[-1], particle):
            return stem, particle
    return word, ""


def _takes(letter: str, particle: str) -> bool:
    """Whether a word that ends in a letter takes a particle in this form; digits and Latin letters take any."""
    if not is_hangul(letter):
        return letter not in "-~·/("
    consonant = final(letter)
    if particle in _AFTER_CONSONANT:
        return consonant != "-"
    if particle.startswith("으로"):
        return consonant not in "-ㄹ"
    if particle.startswith("로"):
        return consonant in "-ㄹ"
    return consonant == "-" or particle not in _AFTER_VOWEL


@cache
def is_modifying(word: str) -> bool:
    """Whether a word is a verb or an adjective before a noun: 열린, 하는, 높은, 사용할."""
    stem, last = word[:-1], word[-1]
    if not stem:
        return word in lexicon.SHORT_MODIFIERS
    if last in "는은" and is_hangul(stem[-1]) and (last == "는") != (final(stem[-1]) == "-"):
        return True  # as a particle, 는 follows a vowel and 은 a consonant
    match last:
        case "는":
            return stem in lexicon.VERBS_IN_NEUN or stem.endswith(_ends_of_verbs())
        case "은":
            return stem in lexicon.STEMS_IN_EUN
        case "을":
            return stem in lexicon.STEMS_IN_EUL or stem.endswith(lexicon.ENDS_IN_EUL)
    return last in lexicon.MODIFYING and not word.endswith(lexicon.NOUNS_LIKE_MODIFYING)


@cache
def _ends_of_verbs() -> tuple[str, ...]:
    return tuple(verb for verb in lexicon.VERBS_IN_NEUN if verb not in lexicon.FREE_STEMS)


@cache
def is_noun(word: str) -> bool:
    """Whether a word without particle may be part of a noun phrase: neither verb, adverb nor determiner before it."""
    if word in lexicon.ADVERBS or is_modifying(word) or word.endswith(lexicon.CONNECTIVES):
        return False
    return word[-1] not in lexicon.CONNECTING or word.endswith(lexicon.NOUNS_LIKE_CONNECTING)


def is_verbal(word: Eojeol) -> bool:
    """Whether a word is the verb of a subordinate clause: 줄이기, 씻은, 사용하면, 포함하여."""
    if word.text.endswith(("므로", "고자")):
        return True
    if word.particle:
        return word.particle not in TOPIC and word.stem.endswith(lexicon.NOMINALS)
    is_bare_noun = is_noun(word.text) or word.text in lexicon.ADVERBS
    return word.text.endswith(lexicon.NOMINALS) or not is_bare_noun


def predicate_start(words: Sequence[Eojeol]) -> int:
    """Index of the first word of the last predicate: 조절할 수 있다, 설치해야 한다, 지을 예정이다 are one."""
    index = len(words) - 1
    while index > 0 and (length := _completed(words[:index], words[index].text)):
        index -= length
    return max(index, 0)


def _completed(before: Sequence[Eojeol], last: str) -> int:
    """How many of the words before a verb or noun it only completes."""
    if before[-1].text in ("수", "것이", "필요가", "바", "것으로"):
        return 2
    if last.startswith(("예정", "계획", "것이", "것으로")):
        return int(is_modifying(before[-1].text))
    return int(last.startswith(lexicon.AUXILIARIES) and _needs_auxiliary(before[-1]))


def _needs_auxiliary(word: Eojeol) -> bool:
    is_connective = not (word.particle or is_noun(word.text) or is_modifying(word.text))
    return word.text.endswith("기로") or (is_connective and word.text not in lexicon.ADVERBS)


def is_anaphoric(words: Sequence[str]) -> bool:
    """Whether words that stand together refer to an earlier sentence; a document may name itself with 이."""
    return any(
        word in lexicon.ANAPHORIC
        or word.startswith(lexicon.ANAPHORIC_BEGINNINGS)
        or (word in _DETERMINERS and not follows.startswith(lexicon.THE_DOCUMENT))
        or (index == 0 and word in lexicon.ANAPHORIC_AT_FIRST)
        for index, (word, follows) in enumerate(zip(words, [*words[1:], ""], strict=True))
    )
