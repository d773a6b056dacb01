"""Types learnt from text: which nouns say what a name names."""

from __future__ import annotations

import pytest

from clara.pretraining.types import Types

_RIVERS = ("Oder", "Varn", "Tessel", "Quill", "Lorne", "Ister")
TEXT = [
    *(f"The {name} is a small river in the north. The {name} is a river of {name}land." for name in _RIVERS),
    "Boats cross rivers such as Pellmar Water, Dunstow Brook and Corvane Beck.",
    "Ada Lindqvist, a keeper of the light, saw the river Ost Aa and the river Ost Aa again.",
    "Ines Okafor was young.",
]


@pytest.fixture(scope="module")
def types() -> Types:
    return Types(TEXT)


@pytest.mark.parametrize("name", ["The Oder", "Pellmar Water", "Dunstow Brook", "Corvane Beck", "Ost Aa"])
def test_name_has_the_type_that_the_text_gives_it(types: Types, name: str):
    assert types.of(name) == ("river",)


@pytest.mark.parametrize("name", ["Ada Lindqvist", "Ines Okafor", "Nobody"])
def test_noun_of_few_names_is_no_type(types: Types, name: str):
    assert types.of(name) == ()
