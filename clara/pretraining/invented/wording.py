"""Words by rule: invented names, drawn word lists, and the braces of a phrasing filled."""

from __future__ import annotations

import re
from collections.abc import Mapping
from random import Random

from clara.pretraining.invented.tables import Tables
from clara.pretraining.library import Library

_SLOT = re.compile(r"\{(a )?([\w']+)\}(s\b)?")
_VOWEL = re.compile(r"(?!uni|use|one|eu)[aeiou]", re.IGNORECASE)
_PLAIN_NAME = re.compile(r"[A-Z][a-z]{3,11}")
_CALENDAR = re.compile(
    r"January|February|March|April|May|June|July|August|September|October|November|December|[A-Z][a-z]+day"
)
_TRIES = 6  # at finding a plain name in the text, before one is made of syllables


class Wording:
    """Fills phrasings, drawing what they leave open from the tables and the text of a library."""

    def __init__(self, tables: Tables, library: Library, draw: Random, year: int) -> None:
        self._tables, self._library, self._draw, self._year = tables, library, draw, year

    def fill(self, phrasing: str, given: Mapping[str, str] | None = None) -> str:
        """The phrasing with its braces filled: with what is given, or else drawn."""

        def filled(slot: re.Match[str]) -> str:
            article, name, several = slot.groups()
            word = given[name] if given and name in given else self._drawn(name)
            word = plural(word) if several else word
            return with_article(word) if article else word

        return _SLOT.sub(filled, phrasing)

    def drawn_from(self, form: str) -> str:
        """An entry of a word list or a form of names, filled."""
        return self.fill(self._draw.choice(self._tables.forms[form]))

    def _drawn(self, name: str) -> str:
        draw = self._draw
        match name:
            case "short":
                return self._syllables()
            case "root":
                return self._root()
            case "root_low":
                return self._root().lower()
            case "text":
                return self._from_text()
            case "text_person":
                known = self._library.first_names
                first = draw.choice(sorted(known)) if known else self._syllables()
                return f"{first} {self._from_text()}"
            case "year":
                return str(self._year + draw.randint(0, 30))
            case "age":
                return str(draw.randint(34, 89))
            case "count":
                return str(draw.randint(11, 99))
            case "metres":
                return f"{draw.randint(40, 900)} metres"
            case "thousands":
                return f"{draw.randint(2, 60)},{draw.randrange(0, 1000, 50):03}"
        return self.drawn_from(name)

    def _syllables(self) -> str:
        draw, parts = self._draw, self._tables.syllables
        middle = "".join(draw.choices(parts["middle"], k=1 + (draw.random() < 0.25)))
        return draw.choice(parts["first"]) + middle + draw.choice(parts["last"])

    def _root(self) -> str:
        parts = self._tables.syllables
        return self._draw.choice(parts["first"]) + self._draw.choice(parts["close"])

    def _from_text(self) -> str:
        for _ in range(_TRIES):
            name = self._library.name(self._draw).split(" ")[-1]
            if _PLAIN_NAME.fullmatch(name) and not _CALENDAR.match(name):
                return name
        return self._syllables()


def plural(noun: str) -> str:
    """The regular plural."""
    if noun.endswith(("s", "sh", "ch", "x")):
        return f"{noun}es"
    return f"{noun[:-1]}ies" if noun.endswith("y") and noun[-2] not in "aeiou" else f"{noun}s"


def with_article(word: str) -> str:
    """The word after "a" or "an", as it sounds."""
    return f"{'an' if _VOWEL.match(word) else 'a'} {word}"
