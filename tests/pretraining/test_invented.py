"""Invented passages: what they state, and that they are asked in other words."""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path
from random import Random
from statistics import mean

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clara.abstention import NO_ANSWER
from clara.pretraining.corpus import contexts, read_passages, read_questions
from clara.pretraining.invented import make_invented, questions
from clara.pretraining.invented.scene import Scene
from clara.pretraining.invented.tables import read_tables
from clara.pretraining.invented.telling import Telling
from clara.pretraining.invented.values import listed, quantity
from clara.pretraining.invented.wording import Wording, with_article
from clara.pretraining.library import Library, Sample, Wanted
from clara.pretraining.samples import make_wh
from clara.pretraining.spans import FUNCTION_WORDS, sentences

TABLES = read_tables()
_NONE = NO_ANSWER["latin"]
_QUANTITIES = ("year", "date", "span", "count", "measure", "decimal", "percent", "money")
_RELATIONS = [(kind, relation) for kind in TABLES.kinds.values() for relation in kind.relations]


@pytest.fixture(scope="module")
def library(text_file: Path, questions_file: Path) -> Library:
    asked = read_questions([questions_file])
    share = {"towns": 0.5, "ports": 0.3, "questions": 0.2}
    return Library([*read_passages(text_file, {}), *contexts(asked)], asked, {"plain": share, "asked": share})


def made(library: Library, number: int) -> list[Sample]:
    return [make_invented(library, Random(seed), Wanted(40 + seed % 240, 8)) for seed in range(number)]


def slots(phrasings: Iterable[str]) -> set[str]:
    return {slot for text in phrasings for slot in re.findall(r"\{(?:a )?([\w']+)\}", text)}


def test_there_are_kinds_and_relations_enough():
    assert len(TABLES.kinds) >= 25
    assert len(_RELATIONS) >= 120


def test_every_brace_of_a_form_can_be_filled(library: Library):
    wording = Wording(TABLES, library, Random(0), 1800)
    for slot in slots(entry for entries in TABLES.forms.values() for entry in entries):
        assert wording.fill(f"{{{slot}}}")


@pytest.mark.parametrize(("kind", "relation"), _RELATIONS, ids=[f"{k.name}.{r.name}" for k, r in _RELATIONS])
def test_relation_leaves_nothing_open(library: Library, kind, relation):
    own = {"X", "X's", "A", "D", "W"}
    wording = Wording(TABLES, library, Random(0), 1800)
    denied = [sentence for sentence, _ in relation.denied]
    for slot in slots([*relation.say, *denied, *kind.fill]) - own:
        assert wording.fill(f"{{{slot}}}")
    asked = [*relation.ask, *relation.which, relation.hop, relation.clause, *(q for _, q in relation.denied)]
    assert slots(asked) <= {"X", "A", "W"}
    assert slots([*relation.more, *relation.less]) <= {"X", "Y"}
    name, *_, last = (*relation.answer.split(" "), "")
    form = relation.answer.split(" ")[-1] if name in ("list", "pair") else name
    assert form in TABLES.forms or name in _QUANTITIES, last


@pytest.mark.parametrize(("kind", "relation"), _RELATIONS, ids=[f"{k.name}.{r.name}" for k, r in _RELATIONS])
def test_relation_is_stated_of_its_thing_with_its_answer(kind, relation):
    assert kind.name in TABLES.forms
    for sentence in (*relation.say, *(sentence for sentence, _ in relation.denied)):
        assert "A" in slots([sentence])
        assert slots([sentence]) & {"X", "X's"}
        assert sentence.endswith((".", '".'))


@given(seed=st.integers(0, 2**32), words=st.integers(30, 280))
def test_answer_stands_in_the_passage_or_is_none(library: Library, seed: int, words: int):
    sample = make_invented(library, Random(seed), Wanted(words, 8))
    assert sample.answer == _NONE or sample.answer in sample.passages[0]
    assert not slots([sample.question, sample.answer])


@given(seed=st.integers(0, 2**32))
def test_sample_is_a_function_of_its_seed(library: Library, seed: int):
    assert make_invented(library, Random(seed), Wanted(120, 8)) == make_invented(
        library, Random(seed), Wanted(120, 8)
    )


@given(seed=st.integers(0, 2**32))
def test_every_fact_is_told(library: Library, seed: int):
    scene = Scene(TABLES, library, Random(seed), 8)
    passage = Telling(scene, Random(seed)).passage().casefold()
    for thing in scene.things:
        assert thing.bare.casefold() in passage
        assert all(fact.value.text.casefold() in passage for fact in thing.facts)


@given(seed=st.integers(0, 2**32))
def test_comparison_is_won_by_the_number(library: Library, seed: int):
    scene = Scene(TABLES, library, Random(seed), 10)
    facts = [fact for thing in scene.things for fact in thing.facts]
    asked = questions._comparison(facts, Random(seed))
    if asked is None:
        return
    asks = [f for f in facts if f.relation.more and f.thing.name.casefold() in asked.question.casefold()]
    winner = next(fact.thing for fact in asks if fact.thing.bare == asked.answer)
    for name, extreme in (("more", max), ("less", min)):
        for relation in {id(fact.relation): fact.relation for fact in asks}.values():
            rivals = [fact for fact in asks if fact.relation is relation]
            put = [
                text.replace("{X}", one.thing.name).replace("{Y}", other.thing.name)
                for text in getattr(relation, name)
                for one in rivals
                for other in rivals
            ]
            if asked.question in put:
                two = [fact for fact in rivals if fact.thing.name in asked.question]
                assert winner in {f.thing for f in two}
                assert len(two) > 2 or extreme(two, key=lambda fact: fact.value.number).thing is winner


def test_vain_question_asks_what_no_sentence_states(library: Library):
    for seed in range(200):
        scene = Scene(TABLES, library, Random(seed), 8)
        telling = Telling(scene, Random(seed))
        telling.passage()
        for thing in scene.things:
            stated = {fact.relation.name for fact in thing.facts}
            assert not {relation.name for relation in questions._untold(thing, telling.phrasings)} & stated


def test_some_questions_have_no_answer_and_most_have(library: Library):
    share = mean(sample.answer == _NONE for sample in made(library, 800))
    assert 0.05 < share < 0.15


def content(text: str) -> set[str]:
    return {word for word in re.findall(r"[a-z]{3,}", text.lower()) if word not in FUNCTION_WORDS}


def shared(sample: Sample) -> float:
    """Share of the question's content words in the sentence that answers, names aside."""
    passage = sample.passages[0]
    names = {word.lower() for word in re.findall(r"[A-Z][\w'’-]+", passage)}
    stating = next(passage[a:b] for a, b in sentences(passage) if sample.answer in passage[a:b])
    asked = content(sample.question) - names
    return len(asked & content(stating)) / len(asked) if asked else 0.0


def test_questions_are_put_in_other_words_than_the_passage(library: Library):
    def answered(samples: Iterable[Sample | None]) -> list[Sample]:
        return [s for s in samples if s and any(s.answer in t for t in split(s.passages[0]))]

    def split(passage: str) -> list[str]:
        return [passage[start:end] for start, end in sentences(passage)]

    invented = mean(map(shared, answered(made(library, 400))))
    rearranged = mean(
        map(shared, answered(make_wh(library, Random(seed), Wanted(100, 8)) for seed in range(400)))
    )
    assert invented < 0.25
    assert invented < rearranged / 2


@pytest.mark.parametrize(
    ("word", "expected"),
    [("oak", "an oak"), ("barge", "a barge"), ("university", "a university"), ("Edda", "an Edda")],
)
def test_article_fits_the_sound(word: str, expected: str):
    assert with_article(word) == expected


def test_list_is_joined_as_in_a_sentence():
    assert listed(["a", "b", "c"]) == "a, b and c"
    assert listed(["a", "b"]) == "a and b"


@given(seed=st.integers(0, 2**32))
def test_quantity_keeps_to_its_bounds(seed: int):
    value = quantity("measure 20 900 metres", 1800, Random(seed))
    assert value is not None
    assert 20 <= value.number <= 900
    assert value.text.endswith(" metres")
    assert 1790 <= quantity("year -10 5", 1800, Random(seed)).number <= 1805


def test_word_list_is_no_quantity():
    assert quantity("colour", 1800, Random(0)) is None
