"""A scene told as a passage: sentences joined, names exchanged for pronouns and descriptions, filling between."""

from __future__ import annotations

import re
from itertools import permutations
from random import Random

from clara.pretraining.invented.scene import Fact, Scene, Thing

_PRONOUNS = {"it": "its", "they": "their", "she": "her", "he": "his"}
_REFERRED = 0.65  # share of later mentions of the thing last spoken of that do not repeat its name
_CLAUSES = 0.4  # share of first mentions that carry a fact between commas, where one can be
_JOINED = 0.35  # share of pairs of plain sentences about one thing that are joined by "and"
_CONTRASTED = 0.3  # share of pairs of like facts that may be told in one sentence; one pair a passage is
_FILLED = 0.22  # share of sentences that are followed by one that states nothing
_OPENED = 0.08  # share of sentences that open with a turn
_TURNS = (
    "according to the town archive, ", "as far as is known, ", "by most accounts, ", "according to {person}, ",
    "as older maps and letters show, ", "in the words of one visitor, ", "it is well documented that ",
    "as {person} later wrote, ", "according to a report of {year}, ",
)  # fmt: skip
_SUBJECT, _OWNER = "{X} ", "{X's}"
_INVOLVED = re.compile(
    r"[,;:]|\b(?:because|since|when|after|once|while|where|who|which|and|how|that|as|if)\b"
)
_LONGEST_JOINED = 11  # words of the first of two joined sentences


class Telling:
    """The passage of a scene, made sentence by sentence.

    Attributes:
        phrasings: Every phrasing used; what they leave open is told too.
    """

    def __init__(self, scene: Scene, draw: Random) -> None:
        self._scene, self._draw = scene, draw
        self.phrasings: list[str] = []
        self._topic: Thing | None = None

    def passage(self) -> str:
        """All facts, thing by thing; now and then one sentence sets two things side by side first."""
        pairs = [pair for pair in self._comparable() if self._chance(_CONTRASTED)]
        contrasted = self._draw.choice(pairs) if pairs else ()
        told = [self._contrast(*contrasted)] if contrasted else []
        for thing in self._scene.things:
            told += self._about(thing, [fact for fact in thing.facts if fact not in contrasted])
        return " ".join(told)

    def _comparable(self) -> list[tuple[Fact, Fact]]:
        """Facts of one relation of two things, told by plain sentences about them."""
        facts = [fact for thing in self._scene.things for fact in thing.facts]
        plain = [fact for fact in facts if fact.sentence.startswith(_SUBJECT) and _is_plain(fact)]
        return [(one, other) for one, other in permutations(plain, 2) if one.relation is other.relation]

    def _contrast(self, one: Fact, other: Fact) -> str:
        first, second = (
            self._told(fact.sentence, fact.thing.name, _values(fact)).rstrip(".") for fact in (one, other)
        )
        return _closed(f"{first}{self._draw.choice((', while ', ', whereas ', ', but ', '; '))}{second}.")

    def _about(self, thing: Thing, facts: list[Fact]) -> list[str]:
        told: list[str] = []
        fillings = [text for text in thing.kind.fill if text not in self.phrasings]
        self._draw.shuffle(fillings)
        while facts:
            told.append(self._sentence(thing, facts))
            if fillings and self._draw.random() < _FILLED:
                told.append(_closed(self._filled(fillings.pop())))
        return told

    def _sentence(self, thing: Thing, facts: list[Fact]) -> str:
        """The first fact in a sentence, with a second one if both can be joined; both are taken from the list."""
        fact = facts.pop(0)
        phrasing, values = fact.sentence, _values(fact)
        subject = self._subject(thing, phrasing)
        if facts and subject == thing.name and phrasing.startswith(_SUBJECT) and self._chance(_CLAUSES):
            subject += self._clause(facts)
        text = self._told(phrasing, subject, values)
        if facts and self._may_join(fact, facts[0]) and self._chance(_JOINED):
            second = facts.pop(0)
            text = f"{text.rstrip('.')} and {self._told(second.sentence, '', _values(second)).lstrip()}"
        if phrasing.startswith(_SUBJECT) and self._chance(_OPENED):
            text = self._filled(self._draw.choice(_TURNS)) + text
        self._topic = thing
        return _closed(text)

    def _clause(self, facts: list[Fact]) -> str:
        fact = next((fact for fact in facts if fact.relation.clause), None)
        if fact is None or len(facts) < 2:
            return ""
        facts.remove(fact)
        return f", {fact.relation.clause.replace('{A}', fact.value.text)},"

    def _told(self, phrasing: str, subject: str, values: dict[str, str]) -> str:
        owner = _PRONOUNS[subject] if subject in _PRONOUNS else _possessive(subject)
        return self._filled(phrasing, {"X": subject, "X's": owner, **values})

    def _subject(self, thing: Thing, phrasing: str) -> str:
        """The name, or a word for it where nothing else can be meant."""
        if self._topic is not thing or not self._chance(_REFERRED):
            return thing.name
        alone = sum(other.kind == thing.kind for other in self._scene.things) == 1
        words = list(thing.kind.refer) if alone else []
        if phrasing.startswith((_SUBJECT, _OWNER)):
            words += [thing.pronoun] * 3
        return self._draw.choice(words) if words else thing.name

    def _may_join(self, first: Fact, second: Fact) -> bool:
        both = (first.sentence, second.sentence)
        return _is_plain(first) and all(text.startswith(_SUBJECT) for text in both)

    def _filled(self, phrasing: str, given: dict[str, str] | None = None) -> str:
        self.phrasings.append(phrasing)
        return self._scene.wording.fill(phrasing, given)

    def _chance(self, share: float) -> bool:
        return self._draw.random() < share


def _values(fact: Fact) -> dict[str, str]:
    return {"A": fact.value.text, "D": fact.denied, "W": fact.year}


def _is_plain(fact: Fact) -> bool:
    """True if a conjunction after the sentence can only join it."""
    text = f"{fact.sentence} {fact.value.text}"
    return not _INVOLVED.search(text) and text.count(" ") < _LONGEST_JOINED


def _possessive(name: str) -> str:
    return f"{name}'" if name.endswith("s") else f"{name}'s"


def _closed(text: str) -> str:
    return text[:1].upper() + text[1:]
