"""Small shapes that the harness leaves alone: what a name before a comma is, and what something is called."""

from __future__ import annotations

from collections.abc import Iterator

from clara.questions.asked import Asked
from clara.questions.english.asking import answered
from clara.questions.english.phrases import NOUN, NOUN_OF, bare, compiled, head, is_person, is_vague
from clara.questions.english.tagging import Run, Tagged

_APPOSED = f"(?<![N,])(?P<name>N{{1,4}}),(?P<what>d{NOUN}(?:[fp]{NOUN_OF}){{0,2}})(?=,[^cN]|[.])"
_CALLED = f"(?P<what>d[niwg]{{1,3}}(?:f{NOUN})?)e(?P<name>N{{1,5}})(?=[.,;:cpPrRkbhmv]|$)"
_CALLS = ("called", "named", "nicknamed", "titled", "entitled", "dubbed")


def about_looser_shapes(tagged: Tagged) -> Iterator[Asked]:
    """Questions about every such shape in a sentence."""
    yield from _about_apposed(tagged)
    yield from _about_called(tagged)


def _about_apposed(tagged: Tagged) -> Iterator[Asked]:
    """`Garth, a small town in the north, ...`."""
    be = "was" if {"was", "were", "had"}.intersection(tagged.text.split()) else "is"
    for match in compiled(_APPOSED).finditer(tagged.tags):
        name, what = Run(*match.span("name")), Run(*match.span("what"))
        article = tagged.word(what.start)
        if (
            is_vague(tagged, bare(tagged, what))
            or tagged.tags[head(tagged, what)] == "N"
            or article not in ("a", "an", "the")
        ):
            continue
        who = "Who" if is_person(tagged, what) else "What"
        yield answered(tagged, f"{who} {be} {tagged.between(name)}?", bare(tagged, what))
        if article == "the":
            yield answered(tagged, f"{who} {be} {tagged.between(what)}?", name)


def _about_called(tagged: Tagged) -> Iterator[Asked]:
    """`a small ship named Ada`."""
    be = "was" if {"was", "were", "had"}.intersection(tagged.text.split()) else "is"
    for match in compiled(_CALLED).finditer(tagged.tags):
        what, name = Run(*match.span("what")), Run(*match.span("name"))
        if tagged.word(what.end) in _CALLS:
            text = tagged.between(bare(tagged, what))
            yield answered(tagged, f"What {be} the name of the {text}?", name)
