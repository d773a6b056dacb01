"""A gold question's fact was asked in training if some training question has its answer in its evidence."""

from __future__ import annotations

import pytest

from clara.questions.facts import asked_facts
from clara.records import Chunk, Question, TrainingQuestion

TEXT = "The mast is 41 metres high. The basin is 41 metres deep. It was dug by Ada Lindqvist."
CHUNK = Chunk(id="d#001", document="d", pages=(1,), text=TEXT, tokens=20)
GOLD = Question(
    id="g", question="What depth does the basin have?", answers=("41 metres", "41"), document="d",
    evidence="The basin is\n41 metres deep.", category="numeric", keywords=(),
)  # fmt: skip


def trained_on(answer: str, start: int | None, kind: str = "cloze") -> TrainingQuestion:
    return TrainingQuestion(
        id="t", question="____?", answer=answer, start=start, document="d", chunk_id="d#001", kind=kind
    )


@pytest.mark.parametrize(
    ("answer", "start", "is_asked"),
    [
        ("41 metres", TEXT.rindex("41"), True),
        ("41 Metres,", TEXT.rindex("41"), True),
        ("41", TEXT.rindex("41"), True),
        ("41 metres", TEXT.index("41"), False),
        ("basin", TEXT.index("basin"), False),
        ("Ada Lindqvist", TEXT.index("Ada"), False),
    ],
    ids=[
        "same",
        "but for case",
        "another listed answer",
        "same answer elsewhere",
        "another answer",
        "neither",
    ],
)
def test_answer_and_sentence_must_both_match(answer, start, is_asked):
    assert asked_facts([trained_on(answer, start)], [GOLD], [CHUNK]) == ({"g"} if is_asked else set())


def test_an_unanswerable_question_asks_for_no_fact():
    assert not asked_facts([trained_on("41 metres", None, "unanswerable")], [GOLD], [CHUNK])
