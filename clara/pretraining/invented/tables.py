"""The tables that worlds are invented from: kinds of things, their relations, word lists and forms of names.

``kinds/*.toml`` hold a table a kind, and in it one a relation. In a phrasing ``{X}`` is the thing, ``{X's}`` its
possessive, ``{A}`` the answer, ``{a A}`` the answer with its article, ``{D}`` what is denied, ``{Y}`` another thing of
the kind; every other brace is drawn afresh from ``values.toml`` or ``names.toml``.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

from pydantic import Field

from clara.records import Record

_FOLDER = Path(__file__).parent


class Relation(Record):
    """Something that can be said of a kind of thing.

    Attributes:
        name: Its name within the kind.
        answer: What the fact states: a kind, a word list, or a quantity with its bounds (:mod:`.values`).
        say: Sentences that state it.
        ask: Questions for the answer, in other words.
        which: Questions for the thing, given the answer.
        hop: The answer described by the thing, for a question about the answer.
        clause: The fact between commas, after the name of the thing.
        more: Questions which of two things has the larger number.
        less: Questions which has the smaller one.
        denied: Sentences that also say what is not so, each with a question for that.
    """

    name: str
    answer: str
    say: tuple[str, ...] = Field(min_length=3)
    ask: tuple[str, ...] = Field(min_length=4)
    which: tuple[str, ...] = ()
    hop: str = ""
    clause: str = ""
    more: tuple[str, ...] = ()
    less: tuple[str, ...] = ()
    denied: tuple[tuple[str, str], ...] = ()


class Kind(Record):
    """A kind of thing.

    Attributes:
        name: Its key, which names its forms of names too.
        noun: What one calls it.
        pronoun: ``it``, ``they``, or ``person``: she or he.
        refer: Descriptions that may stand for its name.
        apposed: True if "the NOUN NAME" is English.
        years: Its time, first and last year.
        fill: Sentences that state nothing that is asked.
        relations: What can be said of it.
    """

    name: str
    noun: str
    pronoun: str = "it"
    refer: tuple[str, ...]
    apposed: bool = False
    years: tuple[int, int] = (1650, 1990)
    fill: tuple[str, ...]
    relations: tuple[Relation, ...]


class Tables(Record):
    """All tables: kinds by name, syllables by place, word lists and forms of names by name."""

    kinds: Mapping[str, Kind]
    syllables: Mapping[str, tuple[str, ...]]
    forms: Mapping[str, tuple[str, ...]]


@cache
def read_tables() -> Tables:
    """The tables beside this file; an unknown or missing key is an error that names it."""
    kinds: dict[str, Kind] = {}
    for path in sorted((_FOLDER / "kinds").glob("*.toml")):
        for name, fields in _read(path).items():
            kinds[name] = _kind(name, fields)
    names = _read(_FOLDER / "names.toml")
    forms = {**_read(_FOLDER / "values.toml"), **names["forms"]}
    return Tables.model_validate({"kinds": kinds, "syllables": names["syllables"], "forms": forms})


def _kind(name: str, fields: Mapping[str, Any]) -> Kind:
    own = {key: value for key, value in fields.items() if not isinstance(value, dict)}
    relations = [{"name": key, **value} for key, value in fields.items() if isinstance(value, dict)]
    return Kind.model_validate({"name": name, "relations": relations, **own})


def _read(path: Path) -> dict[str, Any]:
    return tomllib.loads(path.read_text(encoding="utf-8"))
