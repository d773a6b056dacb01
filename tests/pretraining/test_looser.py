"""Questions that are asked more loosely, for pretraining only."""

from __future__ import annotations

from pathlib import Path

import pytest

from clara.pretraining.corpus import Passage, read_passages
from clara.pretraining.cuts import cuts
from clara.pretraining.looser import asked_loosely
from clara.pretraining.mapped import cut_from, put_in
from clara.pretraining.ruled import joined
from clara.pretraining.topics import NO_TOPIC, topic
from clara.text import stands_in

PERSON = (
    "Ada Pym (born 3 May 1901 in Garth) was an English painter. She was educated at Orrin College, and in 1931, she "
    "moved to London with her husband Ivo Lusk. Her first exhibition was opened by the mayor of London in 1935. "
    "The mill, which was built in 1850, was sold to a small company named Lusk Paints."
)
FILM = (
    "The Mill is a 1931 Welsh film directed by Ivo Lusk and written by Ada Pym. It was released in Wales in June 1931. "
    "The film premiered at the Orrin Hall on 4 May 1931."
)


def _asked(title: str, text: str) -> dict[str, str]:
    return {item.question: item.answer for item in asked_loosely(text, topic(title, [text]), {}, set())}


@pytest.mark.parametrize(
    ("title", "text", "question", "answer"),
    [
        ("Ada Pym", PERSON, "When was Ada Pym born?", "3 May 1901"),
        ("Ada Pym", PERSON, "What nationality was Ada Pym?", "English"),
        ("Ada Pym", PERSON, "Who was Ada Pym’s husband?", "Ivo Lusk"),
        ("Ada Pym", PERSON, "Where was Ada Pym educated?", "Orrin College"),
        ("Ada Pym", PERSON, "When was the mill built?", "1850"),
        ("The Mill", FILM, "Who was The Mill directed by?", "Ivo Lusk"),
        ("The Mill", FILM, "When did The Mill premiere at the Orrin Hall?", "4 May 1931"),
        ("The Mill", FILM, "In what year was The Mill released?", "1931"),
    ],
)
def test_people_would_ask(title: str, text: str, question: str, answer: str):
    assert _asked(title, text).get(question) == answer


@pytest.fixture(scope="module")
def texts(text_file: Path) -> list[tuple[str, str]]:
    read: list[Passage] = read_passages(text_file, {})
    return [("Ada Pym", PERSON), ("The Mill", FILM), *((item.title, joined(item.text)) for item in read)]


def test_each_is_answered_where_it_says_and_nowhere_else(texts: list[tuple[str, str]]):
    for title, text in texts:
        found = asked_loosely(text, topic(title, [text]), {}, set())
        for item in found:
            assert text[item.start : item.start + len(item.answer)] == item.answer
            assert not stands_in(item.answer, item.question)
        questions = [item.question.casefold() for item in found]
        assert len(questions) == len(set(questions))
        assert found == asked_loosely(text, topic(title, [text]), {}, set())


def test_what_is_known_is_not_asked_again(texts: list[tuple[str, str]]):
    for _, text in texts:
        known = {item.question for item in asked_loosely(text, NO_TOPIC, {}, set())}
        assert known.isdisjoint(item.question for item in asked_loosely(text, NO_TOPIC, {}, known))


def test_a_cut_knows_where_it_was_cut():
    for cut in cuts(cut_from(PERSON, PERSON.index("She"), PERSON.index(" Her"))):
        for place, (letter, origin) in enumerate(zip(cut.text, cut.places, strict=True)):
            assert origin == -1 or letter.lower() == PERSON[origin].lower(), place


def test_what_was_put_in_or_put_together_has_no_origin():
    text = "the old mill burnt"
    mapped = cut_from(text, 0, 7).then(cut_from(text, 12, 18)).then(put_in("."))
    assert mapped.text == "the old burnt."
    assert mapped.origin(0, 3) == 0
    assert mapped.origin(8, 13) == 13
    assert mapped.origin(4, 13) is None
    assert mapped.origin(8, 14) is None


@pytest.mark.parametrize("title", ["List of mills", "Mills in 1931", "mills", "Garth"])
def test_what_no_pronoun_stands_for_is_no_topic(title: str):
    assert topic(title, [PERSON.replace("Garth", "Orrin")]) == NO_TOPIC
