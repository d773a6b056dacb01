"""A scene: a few invented things and the facts that a passage states of them."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass, field
from random import Random

from clara.pretraining.invented.tables import Kind, Relation, Tables
from clara.pretraining.invented.values import Value, listed, quantity, words
from clara.pretraining.invented.wording import Wording
from clara.pretraining.library import Library

_LINKED = 0.5  # share of further things that a fact already names; the others are of a kind already there
_FACTS_EACH = (2, 5)
_TRIES = 30  # at drawing what is not taken yet


class _ExhaustedError(Exception):
    """A word list has nothing left for this scene."""


@dataclass(frozen=True)
class Fact:
    """A relation of a thing with its value.

    Attributes:
        thing: Of what.
        relation: What is stated.
        value: Its value.
        other: The thing that the value names, if it names one.
        denied: What the sentence says is not so, if it does.
        year: When, for sentences and questions that say so.
        wording: Number of the sentence among the relation's, or of the denial.
    """

    thing: Thing
    relation: Relation
    value: Value
    other: Thing | None
    denied: str
    year: str
    wording: int

    @property
    def sentence(self) -> str:
        """The phrasing that states it."""
        return self.relation.denied[self.wording][0] if self.denied else self.relation.say[self.wording]


@dataclass(eq=False)
class Thing:
    """An invented thing: its kind, its name, she, he, it or they, and what is stated of it."""

    kind: Kind
    name: str
    pronoun: str
    facts: list[Fact] = field(default_factory=list)

    @property
    def bare(self) -> str:
        """The name without its article."""
        return self.name.removeprefix("the ")


class Scene:
    """Things with facts, no value of which is part of another.

    Attributes:
        things: In the order in which they are told of; each has a fact.
        wording: Fills phrasings in this scene's time.
    """

    def __init__(self, tables: Tables, library: Library, draw: Random, facts: int) -> None:
        self._tables, self._draw = tables, draw
        first = draw.choice(sorted(tables.kinds))
        self._year = draw.randint(*tables.kinds[first].years)
        # Nothing is told of beside what its time could not know.
        self._kinds = [name for name, kind in sorted(tables.kinds.items()) if _covers(kind, self._year)]
        self.wording = Wording(tables, library, draw, self._year)
        self._taken: list[str] = []
        self.things: list[Thing] = []
        stated = 0
        while stated < facts:
            thing = self._next_thing() if self.things else self.thing(first)
            told = self._state(thing, min(draw.randint(*_FACTS_EACH), max(2, facts - stated)))
            self.things.extend([thing] if told else [])
            stated += told

    def thing(self, kind: str) -> Thing:
        """A new thing of a kind."""
        name = self._fresh(kind)
        pronoun = self._tables.kinds[kind].pronoun
        return Thing(self._tables.kinds[kind], name, self._gender(name) if pronoun == "person" else pronoun)

    def _next_thing(self) -> Thing:
        draw = self._draw
        named = [fact.other for thing in self.things for fact in thing.facts if fact.other]
        unsaid = [thing for thing in named if not thing.facts and thing.kind.relations]
        if unsaid and draw.random() < _LINKED:
            return draw.choice(unsaid)
        kinds = [thing.kind.name for thing in self.things] if len(self.things) < 3 else []
        return self.thing(draw.choice(kinds or self._kinds))

    def _state(self, thing: Thing, facts: int) -> int:
        """State so many facts of a thing, first those that a thing of its kind has already: they can be mistaken."""
        draw, relations = self._draw, list(thing.kind.relations)
        draw.shuffle(relations)
        peers = {fact.relation.name for peer in self.things if peer.kind == thing.kind for fact in peer.facts}
        relations.sort(key=lambda relation: relation.name not in peers or draw.random() < 0.3)
        for relation in relations[:facts]:
            # A word list may have nothing left that is not taken; such a fact is left out.
            with suppress(_ExhaustedError):
                thing.facts.append(self._fact(thing, relation))
        draw.shuffle(thing.facts)
        return len(thing.facts)

    def _fact(self, thing: Thing, relation: Relation) -> Fact:
        draw, spec = self._draw, relation.answer
        denied, other = "", None
        if spec in self._tables.kinds:
            other = self.thing(spec)
            value = Value(other.name)
        elif spec.startswith(("list ", "pair ")):
            kind = spec.split(" ")[-1]
            value = Value(listed([self._fresh(kind) for _ in range(2 if spec.startswith("pair") else 3)]))
            denied = self._fresh(kind) if relation.denied and draw.random() < 0.4 else ""
        else:
            value = self._unique(spec)
        year = self._unique("year 0 40").text if any("{W}" in text for text in relation.say) else ""
        phrasings = relation.denied if denied else relation.say
        return Fact(thing, relation, value, other, denied, year, draw.randrange(len(phrasings)))

    def _unique(self, spec: str) -> Value:
        for _ in range(_TRIES):
            value = quantity(spec, self._year, self._draw) or words(spec, self.wording)
            if self._take(value.text):
                return value
        raise _ExhaustedError(spec)

    def _fresh(self, form: str) -> str:
        for _ in range(_TRIES):
            word = self.wording.drawn_from(form)
            if self._take(word):
                return word
        raise _ExhaustedError(form)

    def _take(self, text: str) -> bool:
        """Take a value, unless one that was taken is part of it or it of one."""
        bare = f" {text.casefold().removeprefix('the ')} "
        if any(bare in taken or taken in bare for taken in self._taken):
            return False
        self._taken.append(bare)
        return True

    def _gender(self, name: str) -> str:
        given = set(name.split(" "))
        women = given & {"Sister", *self._tables.forms["woman"]}
        men = given & {"Count", *self._tables.forms["man"]}
        return "she" if women else "he" if men else self._draw.choice(("she", "he"))


def _covers(kind: Kind, year: int) -> bool:
    return kind.years[0] <= year <= kind.years[1]
