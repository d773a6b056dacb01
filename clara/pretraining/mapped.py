"""Text that was cut out of other text, or put together of it, and where its characters stand there."""

from __future__ import annotations

from typing import NamedTuple

_NOWHERE = -1


class Mapped(NamedTuple):
    """A text made of another.

    Attributes:
        text: What it reads.
        places: Where each of its characters stands in the other; -1 for one that was put in.
    """

    text: str
    places: tuple[int, ...]

    def part(self, start: int, end: int | None = None) -> Mapped:
        """Some of its characters."""
        return Mapped(self.text[start:end], self.places[start:end])

    def then(self, other: Mapped) -> Mapped:
        """The two after each other."""
        return Mapped(self.text + other.text, self.places + other.places)

    def without(self, start: int, end: int) -> Mapped:
        """All but some of its characters."""
        return self.part(0, start).then(self.part(end))

    def opened(self) -> Mapped:
        """With a capital, as a sentence begins."""
        return Mapped(self.text[:1].upper() + self.text[1:], self.places)

    def closed(self) -> Mapped:
        """With a full stop."""
        bare = self.text.rstrip(" ,;:.")
        return self.part(0, len(bare)).then(put_in("."))

    def origin(self, start: int, end: int) -> int | None:
        """Where some of its characters stand in the other text; None unless they stand there side by side."""
        places = self.places[start:end]
        if not places or places[0] == _NOWHERE or places != tuple(range(places[0], places[0] + len(places))):
            return None
        return places[0]


def cut_from(text: str, start: int, end: int) -> Mapped:
    """Characters of a text as they are."""
    return Mapped(text[start:end], tuple(range(start, end)))


def put_in(text: str) -> Mapped:
    """Text that stands nowhere in the other."""
    return Mapped(text, (_NOWHERE,) * len(text))
