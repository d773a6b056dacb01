"""What retrieval compares texts by: words, and the pieces of words that an ending or a particle leaves alone."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from itertools import pairwise

from clara.text import SEPARATED, bare, script, words

# Words that stand in any question and any sentence; as terms they would only lengthen the vectors.
_FUNCTION_WORDS = frozenset(
    words(
        """
    a an and are as at be been but by can could did do does for from had has have how if in into is it its many much
    of on or should so than that the their them then there these they this those to was were what when where which who
    whom whose why will with would"""
    )
)


def whole_terms(text: str) -> list[str]:
    """Words and pairs of neighbouring words, as often as they stand; function words and endings left out.

    Where spaces separate words these are stems (Snowball, English); elsewhere words without Korean particles.

    Source:
        Porter 2001, "Snowball: a language for stemming algorithms".
    """
    if script(text) in SEPARATED:
        plain = [_stem(word) for word in words(text) if word not in _FUNCTION_WORDS]
    else:
        plain = [bare(word) for word in words(text)]
    return [*plain, *map(" ".join, pairwise(plain))]


def pieces(text: str) -> list[str]:
    """Character n-grams inside words: of 3 to 5 with the word's edges, or of 2 and 3 where a character says more.

    The second is for scripts whose words carry particles (Hangul) or are not separated (kana, Han), where they do the
    finding: a particle, an ending or another spacing changes only the n-grams that it touches.

    Source:
        Lee & Ahn 1996 (SIGIR '96) on n-grams against words in Korean.
    """
    if script(text) in SEPARATED:
        return [
            gram for word in words(text) if word not in _FUNCTION_WORDS for gram in _grams(f" {word} ", 3, 5)
        ]
    return [gram for word in words(text) for gram in _grams(word, 2, 3)]


def terms_of(text: str) -> str:
    """By what a text like this is found, in words for a report."""
    if script(text) in SEPARATED:
        return "word stems, pairs and pieces of 3 to 5 characters"
    return "words and character n-grams of 2 and 3"


def _grams(word: str, shortest: int, longest: int) -> list[str]:
    """The n-grams of a word; a word that is shorter is its own."""
    lengths = range(min(shortest, len(word)), longest + 1)
    return [word[start : start + n] for n in lengths for start in range(len(word) - n + 1)]


@cache
def _stem(word: str) -> str:
    return _stemmer()(word)


@cache
def _stemmer() -> Callable[[str], str]:
    import snowballstemmer

    stem: Callable[[str], str] = snowballstemmer.stemmer("english").stemWord
    return stem
