"""Runs of words that two texts share, with one meaning of "n words in a row" for every script.

Where spaces separate words, a unit is a word. Where words carry particles (Hangul) or are not separated (kana, Han), a
unit is a character and counts as half a word. Translators reckon 2 to 2.5 Japanese or 1.3 to 1.8 Chinese characters to
an English word, and a Korean word of three or four syllables says what two English words say. Eight Korean words in a
row would be a whole question, and one changed particle or another spacing would hide it; sixteen syllables are half of
one. Other scripts without spaces (Thai, Khmer) are compared by what stands between the spaces that they have.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterator, Sequence
from itertools import accumulate

from clara.text import fold, words

Run = tuple[str, ...]

_CHARACTER = re.compile(  # Hangul, kana and Han, with their letters and marks of iteration
    "[\u1100-\u11ff\u3005-\u3007\u3041-\u318f\u31f0-\u31ff\u3400-\u9fff\ua960-\ua97f\uac00-\ud7ff\uf900-\ufaff"
    "\U00020000-\U0003ffff]"
)


def units(text: str) -> Run:
    """Words and characters of a text, width and case folded: a copy in full-width letters is a copy."""
    return tuple(words(_CHARACTER.sub(r" \g<0> ", fold(text).casefold())))


def length(sequence: Sequence[str]) -> float:
    """How many words long units are, a character counting half."""
    return sum(map(_halves, sequence)) / 2


def spaced(sequence: Sequence[str]) -> str:
    """Units as a string in which only whole units are found; empty where there are none."""
    return f" {' '.join(sequence)} " if sequence else ""


def runs(sequence: Sequence[str], n: int) -> Iterator[Run]:
    """From each unit on, the shortest run of at least ``n`` words; none where fewer are left.

    The first run begins at the first unit, and so on, so that a run's place is its number.
    """
    if not _CHARACTER.search("".join(sequence)):
        # Not strict: the last n − 1 words begin no run.
        return zip(*(sequence[start:] for start in range(n)), strict=False)
    return _measured_runs(sequence, n)


def features(sequence: Sequence[str]) -> list[str]:
    """What texts are compared by when their order may differ: all runs of one word and of two."""
    return [" ".join(run) for n in (1, 2) for run in runs(sequence, n)]


def _measured_runs(sequence: Sequence[str], n: int) -> Iterator[Run]:
    ends = [0, *accumulate(map(_halves, sequence))]
    for start, before in enumerate(ends):
        end = bisect_left(ends, before + 2 * n, lo=start)
        if end == len(ends):
            return
        yield tuple(sequence[start:end])


def _halves(unit: str) -> int:
    """Length of a unit in half words."""
    return 1 if _CHARACTER.match(unit) else 2
