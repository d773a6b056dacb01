"""What a fact states: a date, a quantity, words, a list, or another thing."""

from __future__ import annotations

import math
from collections.abc import Callable
from random import Random
from typing import NamedTuple

from clara.pretraining.invented.wording import Wording

_MONTHS = (
    "January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November",
    "December",
)  # fmt: skip
_MILLION = 1e6
_CURRENCIES = ("crowns", "pounds", "dollars", "marks", "francs", "guilders", "florins")


class Value(NamedTuple):
    """A stated value: how it is written, and the number that it is compared by."""

    text: str
    number: float | None = None


def quantity(spec: str, year: int, draw: Random) -> Value | None:
    """A date or number of the kind and bounds that a table gives; None if it names no quantity.

    Args:
        spec: ``year|date|span FROM TO`` in years from ``year``; ``count|measure|decimal FROM TO [UNIT]``; ``money FROM
            TO``; ``percent``.
        year: The time of the thing.
        draw: Draws it.
    """
    name, *bounds = spec.split(" ", 3)
    make = _QUANTITIES.get(name)
    return make(bounds, year, draw) if make else None


def listed(items: list[str]) -> str:
    """The items as a list in a sentence."""
    return f"{', '.join(items[:-1])} and {items[-1]}"


def words(form: str, wording: Wording) -> Value:
    """An entry of a word list."""
    return Value(wording.drawn_from(form))


def _year(bounds: list[str], year: int, draw: Random) -> Value:
    drawn = year + draw.randint(int(bounds[0]), int(bounds[1]))
    return Value(str(drawn), drawn)


def _date(bounds: list[str], year: int, draw: Random) -> Value:
    month, day = draw.choice(_MONTHS), draw.randint(1, 28)
    drawn = _year(bounds, year, draw).text
    return Value(draw.choice((f"{day} {month} {drawn}", f"{month} {day}, {drawn}")))


def _span(bounds: list[str], year: int, draw: Random) -> Value:
    first = int(_year(bounds, year, draw).text)
    return Value(f"{first} to {first + draw.randint(9, 160)}")


def _count(bounds: list[str], year: int, draw: Random) -> Value:  # noqa: ARG001 (all quantities are made alike)
    low, high = math.log(float(bounds[0])), math.log(float(bounds[1]))
    exact = math.exp(draw.uniform(low, high))
    digits = draw.randint(2, 4)
    number = round(exact, digits - 1 - math.floor(math.log10(exact)))
    return Value(f"{round(number):,}", round(number))


def _measure(bounds: list[str], year: int, draw: Random) -> Value:
    text, number = _count(bounds, year, draw)
    return Value(f"{text} {bounds[2]}", number)


def _decimal(bounds: list[str], year: int, draw: Random) -> Value:  # noqa: ARG001
    number = draw.randint(int(bounds[0]) * 10 + 1, int(bounds[1]) * 10 + 9) / 10
    return Value(" ".join([f"{number:.1f}", *bounds[2:]]), number)


def _percent(bounds: list[str], year: int, draw: Random) -> Value:  # noqa: ARG001
    number = draw.choice((draw.randint(3, 97), draw.randint(31, 970) / 10))
    return Value(f"{number}{draw.choice(('%', ' percent', ' per cent'))}", number)


def _money(bounds: list[str], year: int, draw: Random) -> Value:
    text, number = _count(bounds, year, draw)
    if number is not None and number >= _MILLION:
        number = round(number / _MILLION, 1) * _MILLION
        text = f"{number / _MILLION:.1f} million"
    return Value(f"{text} {draw.choice(_CURRENCIES)}", number)


_QUANTITIES: dict[str, Callable[[list[str], int, Random], Value]] = {
    "year": _year, "date": _date, "span": _span, "count": _count, "measure": _measure, "decimal": _decimal,
    "percent": _percent, "money": _money,
}  # fmt: skip
