"""An English sentence as a string of word classes, one letter a word, in which phrases are patterns."""

from __future__ import annotations

import re
from typing import NamedTuple

from clara.questions.english.words import HONORIFICS, UNITS, word_class

_TOKEN = re.compile(
    r"[$€£¥]?\d+(?:,\d{3})*(?:[.:]\d+)?(?:[-–]\d+(?:,\d{3})*(?:\.\d+)?)?(?:st|nd|rd|th)?(?![\w])"
    r"|°[CF]?|(?:[^\W\d_]\.){1,4}(?=\s|$|,)(?<!\s[a-z]\.)"
    r"|(?:Dr|Mrs?|Ms|St|Prof|Mt|No|Fig|vs|ca|approx|Jr|Sr)\.|['’]s\b|(?<=s)['’](?=\s)"
    r"|\w+(?:(?:[-–‐/.+_@]|['’](?!s\b))\w+)*|\S"
)
_BRACKETS = re.compile(r"\s*[(\[][^()\[\]]*[)\]]")
_NO_NOUN = re.compile("g(?=[djqsz])|(?<![dj])g(?=e)|(?<![dnjNx])g(?=N)|(?<=[nN])g(?=[pPt])")
_DUE = ("due", "owing", "thanks")


class Run(NamedTuple):
    """Words of a sentence, from one to before another."""

    start: int
    end: int


class Tagged(NamedTuple):
    """A sentence with its words.

    Attributes:
        text: The sentence.
        tags: The class of every word, see :mod:`clara.questions.english.words`; what stands in brackets is skipped.
        spans: Where every word stands in the text.
    """

    text: str
    tags: str
    spans: tuple[tuple[int, int], ...]

    def word(self, index: int) -> str:
        """One word; empty behind the last."""
        return self.text[slice(*self.spans[index])] if index < len(self.spans) else ""

    def words(self, run: Run) -> list[str]:
        """Some words."""
        return [self.word(index) for index in range(*run)]

    def classes(self, run: Run) -> str:
        """The classes of some words."""
        return self.tags[slice(*run)]

    def offsets(self, run: Run) -> tuple[int, int]:
        """Where some words stand in the text."""
        return self.spans[run.start][0], self.spans[run.end - 1][1]

    def between(self, run: Run) -> str:
        """The text of some words, without what stands in brackets."""
        return _BRACKETS.sub("", self.text[slice(*self.offsets(run))]) if run.start < run.end else ""


def tag(sentence: str) -> Tagged:
    """A sentence's words and their classes, as far as form and neighbours tell."""
    brackets = [match.span() for match in _BRACKETS.finditer(sentence)]
    spans = tuple(
        match.span()
        for match in _TOKEN.finditer(sentence)
        if not any(start <= match.start() < end for start, end in brackets)
    )
    words = [sentence[start:end] for start, end in spans]
    tags = [word_class(word) for word in words]
    if tags:
        tags[0] = _first_class(words, tags)
    for index in range(1, len(tags)):
        _mend(words, tags, index)
    return Tagged(
        sentence, _NO_NOUN.sub("G", "".join(tags)), spans
    )  # "drafting a charter", "units arising from"


def _first_class(words: list[str], tags: list[str]) -> str:
    """A capital at the start of a sentence says nothing: `A` where the word may be a name or not."""
    if words[0] == "May" and "".join(tags[1:2]) not in ("q", "y", ","):
        return "m"
    if tags[0] != "N" or words[0] in HONORIFICS or not words[0][1:].islower():
        return tags[0]
    lower = word_class(words[0].lower())
    if lower != "n":
        return lower
    return "N" if re.match("N|x|cN", "".join(tags[1:3])) else "A"


def _mend(words: list[str], tags: list[str], index: int) -> None:
    """Classes that only the word before, or after, decides."""
    before, word = words[index - 1], words[index]
    if word in UNITS and (tags[index - 1] in "qyU" or before in ("per", "half")):
        tags[index] = "U"
    elif word == "to" and before in _DUE:
        tags[index - 1] = "R"
    elif before == "about" and tags[index] not in "qyd":
        tags[index - 1] = "p"
    elif word in ("least", "most") and before == "at":
        tags[index - 1 : index + 1] = "aa"
    elif word == "of" and before == "because":
        tags[index - 1] = "R"
