"""Questions about a scene: for one fact, a list, what is not so, which is more, through another thing, or in vain."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from itertools import permutations
from random import Random
from typing import NamedTuple

from clara.abstention import NO_ANSWER
from clara.pretraining.invented.scene import Fact, Scene, Thing
from clara.pretraining.invented.tables import Relation

_WEIGHTS: Mapping[str, float] = {
    "fact": 0.48, "thing": 0.14, "through": 0.16, "comparison": 0.1, "denial": 0.08, "vain": 0.07,
}  # fmt: skip
_APPOSED = 0.3  # share of names in questions that the noun stands before, where English lets it
_UNHEARD_OF = 0.2  # share of vain questions that name something the passage does not


class Asked(NamedTuple):
    """A question and its answer; the answer may differ from the passage in the case of its first letter."""

    question: str
    answer: str


def ask(scene: Scene, phrasings: list[str], draw: Random) -> Asked:
    """A question of some kind that the scene allows.

    Args:
        scene: What is told of.
        phrasings: The phrasings that tell it; what they leave open is not asked in vain.
        draw: Chooses kind and wording.
    """
    facts = [fact for thing in scene.things for fact in thing.facts]
    while True:
        kind = draw.choices(list(_WEIGHTS), list(_WEIGHTS.values()))[0]
        asked = _vain(scene, facts, phrasings, draw) if kind == "vain" else _MAKERS[kind](facts, draw)
        if asked:
            return Asked(asked.question[:1].upper() + asked.question[1:], asked.answer)


def _fact(facts: list[Fact], draw: Random) -> Asked:
    fact = draw.choice(facts)
    return Asked(_asking(fact, _called(fact.thing, draw), draw), fact.value.text)


def _thing(facts: list[Fact], draw: Random) -> Asked | None:
    """The thing itself, by a fact of it that is no other's."""
    able = [fact for fact in facts if fact.relation.which]
    if not able:
        return None
    fact = draw.choice(able)
    value = fact.value.text
    phrasing = draw.choice(fact.relation.which)
    text = value[:1].lower() + value[1:] if value.startswith(("A ", "The ")) else value
    return Asked(_put(phrasing, "", text), fact.thing.bare)


def _through(facts: list[Fact], draw: Random) -> Asked | None:
    """A fact of a thing that the question describes by a fact of another one."""
    pairs = [
        (fact, further) for fact in facts if fact.relation.hop and fact.other for further in fact.other.facts
    ]
    if not pairs:
        return None
    fact, further = draw.choice(pairs)
    described = _put(fact.relation.hop, fact.thing.name)
    return Asked(_asking(further, described, draw), further.value.text)


def _comparison(facts: list[Fact], draw: Random) -> Asked | None:
    pairs = [
        (one, other)
        for one, other in permutations(facts, 2)
        if one.relation is other.relation and one.value.number is not None and one.relation.more
        if one.value.number != other.value.number
    ]
    if not pairs:
        return None
    one, other = draw.choice(pairs)
    less, more = sorted((one, other), key=lambda fact: fact.value.number or 0)
    phrasings, right = draw.choice(((one.relation.more, more), (one.relation.less, less)))
    if not phrasings:
        return None
    question = draw.choice(phrasings).replace("{X}", one.thing.name).replace("{Y}", other.thing.name)
    return Asked(question, right.thing.bare)


def _denial(facts: list[Fact], draw: Random) -> Asked | None:
    able = [fact for fact in facts if fact.denied]
    if not able:
        return None
    fact = draw.choice(able)
    return Asked(_put(fact.relation.denied[fact.wording][1], _called(fact.thing, draw)), fact.denied)


def _vain(scene: Scene, facts: list[Fact], phrasings: list[str], draw: Random) -> Asked | None:
    """What is told of another thing, or of none; or a fact asked of a thing that is not told of."""
    if draw.random() < _UNHEARD_OF:
        fact = draw.choice(facts)
        unheard = scene.thing(fact.thing.kind.name)
        return Asked(_asking(fact, _called(unheard, draw), draw), NO_ANSWER["latin"])
    untold = [(thing, relation) for thing in scene.things for relation in _untold(thing, phrasings)]
    stated = {id(fact.relation) for fact in facts}
    mistakable = [pair for pair in untold if id(pair[1]) in stated]
    if not untold:
        return None
    thing, relation = draw.choice(mistakable or untold)
    return Asked(_put(draw.choice(relation.ask), _called(thing, draw)), NO_ANSWER["latin"])


def _untold(thing: Thing, phrasings: list[str]) -> Iterator[Relation]:
    stated = {fact.relation.name for fact in thing.facts}
    for relation in thing.kind.relations:
        form = relation.answer.split(" ")[0]
        hinted = any(f"{{{form}}}" in text or f"{{a {form}}}" in text for text in phrasings)
        timed = any("{W}" in text for text in relation.ask)
        if relation.name not in stated and not hinted and not timed:
            yield relation


_MAKERS: Mapping[str, Callable[[list[Fact], Random], Asked | None]] = {
    "fact": _fact,
    "thing": _thing,
    "through": _through,
    "comparison": _comparison,
    "denial": _denial,
}


def _called(thing: Thing, draw: Random) -> str:
    apposed = thing.kind.apposed and not thing.name.startswith("the ") and draw.random() < _APPOSED
    return f"the {thing.kind.noun} {thing.name}" if apposed else thing.name


def _asking(fact: Fact, name: str, draw: Random) -> str:
    return _put(draw.choice(fact.relation.ask), name).replace("{W}", fact.year)


def _put(phrasing: str, name: str, value: str = "") -> str:
    article = "an" if value[:1].lower() in "aeiou" else "a"
    return phrasing.replace("{X}", name).replace("{a A}", f"{article} {value}").replace("{A}", value)
