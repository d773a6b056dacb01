"""Hangul syllables: their final consonants, and the particles and endings that depend on them."""

from __future__ import annotations

from functools import cache

_FIRST, _LAST = 0xAC00, 0xD7A3
_FINALS = "-ㄱㄲㄳㄴㄵㄶㄷㄹㄺㄻㄼㄽㄾㄿㅀㅁㅂㅄㅅㅆㅇㅈㅊㅋㅌㅍㅎ"
_VOWELS = "ㅏㅐㅑㅒㅓㅔㅕㅖㅗㅘㅙㅚㅛㅜㅝㅞㅟㅠㅡㅢㅣ"
# How digits, letters and signs sound at their end: 영 일 이 삼 사 오 육 칠 팔 구, 엘 엠 엔 알.
_SPOKEN = dict(zip("0136789LMNR", "ㅇㄹㅁㄱㄹㄹ-ㄹㅁㄴㄹ", strict=True))
_SPOKEN_UNITS = {"kg": "ㅁ", "mg": "ㅁ", "g": "ㅁ", "km": "-", "cm": "-", "mm": "-", "nm": "-", "m": "-"}
_PAIRS = (("은", "는"), ("이", "가"), ("을", "를"), ("과", "와"))


def final(syllable: str) -> str:
    """The final consonant of a syllable, ``-`` if it has none; empty if it is no Hangul syllable."""
    return _FINALS[(ord(syllable) - _FIRST) % 28] if is_hangul(syllable) else ""


def is_hangul(letter: str) -> bool:
    """Whether a letter is a whole Hangul syllable."""
    return _FIRST <= ord(letter) <= _LAST


def with_final(syllable: str, consonant: str) -> str:
    """The syllable with another final consonant: 하, ㄴ → 한; ``-`` takes it away."""
    return chr(ord(syllable) - (ord(syllable) - _FIRST) % 28 + _FINALS.index(consonant))


def vowel(syllable: str) -> str:
    """The vowel of a syllable."""
    return _VOWELS[(ord(syllable) - _FIRST) // 28 % 21]


def with_vowel(syllable: str, letter: str) -> str:
    """The syllable with another vowel: 졌, ㅣ → 짔."""
    index = ord(syllable) - _FIRST
    return chr(_FIRST + index // 588 * 588 + _VOWELS.index(letter) * 28 + index % 28)


@cache
def sound(word: str) -> str:
    """The consonant in which a word ends when it is read out, ``-`` if it ends in a vowel.

    A number ends as its last digit is read (340 in 십), an abbreviation as its last letter, a unit as its name.
    """
    letter = word[-1:]
    if letter and is_hangul(letter):
        return final(letter)
    latin = word[len(word.rstrip("abcdefghijklmnopqrstuvwxyz")) :]
    if latin in _SPOKEN_UNITS:
        return _SPOKEN_UNITS[latin]
    return _SPOKEN.get(letter.upper(), "-")


def attach(word: str, particle: str) -> str:
    """A word with a particle or a form of 이다, in the form that goes with its end, whichever form was given."""
    if word == "누구" and particle in ("이", "가"):
        return "누가"
    return word + agreeing(sound(word), particle)


def agreeing(consonant: str, particle: str) -> str:
    """The form of a particle, or of 이다, after a final consonant (``-``: after a vowel)."""
    for closed, open_ in _PAIRS:
        if particle in (closed, open_):
            return open_ if consonant == "-" else closed
    for closed, open_ in (("으로", "로"), ("이었", "였")):
        if particle.startswith((closed, open_)):
            rest = particle.removeprefix(closed if particle.startswith(closed) else open_)
            is_open = consonant == "-" or (consonant == "ㄹ" and closed == "으로")
            return (open_ if is_open else closed) + rest
    bare = particle.removeprefix("이")
    if bare.startswith(("다", "라고", "라는", "란", "나", "며", "고", "지만")):
        return bare if consonant == "-" and not bare.startswith("다") else f"이{bare}"
    return particle
