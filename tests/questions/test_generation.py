"""Training questions by rule: what they ask, what answers them, and what they never do."""

from __future__ import annotations

import re
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clara.documents.chunking import chunk
from clara.questions.generation import GAP, generate
from clara.records import Chunk, Document, Page, TrainingQuestion

PROSE = """The Tarn Edge Observatory was founded by Maud Ellery in 1931. The main telescope has 14 mirrors, and each of
them is polished by hand. The dome is 18 metres high. It was moved to the northern ridge because the valley was too
foggy. The tower is known as the Pepper Pot. Rain, hail, wind and frost are recorded every six hours, so that gaps in
the record stay short. The largest mirror weighs 240 kilograms. The archive is kept at Lower Garth. In 1956, the
observatory was sold to the Royal Fell Society. Three assistants were dismissed during the move. The instrument is
calibrated by pointing it at a white screen. The director of the observatory is Ines Fairhall."""


def chunk_of(text: str, number: int = 1, document: str = "tarn") -> Chunk:
    text = " ".join(text.split())
    return Chunk(id=f"{document}#{number:03d}", document=document, pages=(1,), text=text, tokens=len(text))


def asked(text: str) -> dict[str, str]:
    return {item.question: item.answer for item in generate([chunk_of(text)], seed=0)}


@pytest.mark.parametrize(
    ("sentence", "question", "answer"),
    [
        (
            "The observatory was founded by Maud Ellery in 1931.",
            "When was the observatory founded by Maud Ellery?",
            "1931",
        ),
        (
            "In 1956, the observatory was sold to the crown.",
            "When was the observatory sold to the crown?",
            "1956",
        ),
        ("The observatory opened on 4 June 1931.", "When did the observatory open?", "4 June 1931"),
        ("The station was designed by Ines Fairhall.", "By whom was the station designed?", "Ines Fairhall"),
        (
            "Ines Fairhall designed the northern station.",
            "Who designed the northern station?",
            "Ines Fairhall",
        ),
        (
            "The director of the observatory is Ines Fairhall.",
            "Who is the director of the observatory?",
            "Ines Fairhall",
        ),
        ("The archive is kept at Lower Garth.", "Where is the archive kept?", "Lower Garth"),
        ("The telescope has 14 large mirrors.", "How many large mirrors does the telescope have?", "14"),
        ("The telescopes carry two cameras.", "How many cameras do the telescopes carry?", "two"),
        (
            "Three assistants were dismissed during the move.",
            "How many assistants were dismissed during the move?",
            "Three",
        ),
        ("There are about 40 steps in the tower.", "How many steps are there in the tower?", "40"),
        ("The dome is about 18 metres high.", "How high is the dome?", "18 metres"),
        (
            "The largest mirror weighs 240 kilograms.",
            "How much does the largest mirror weigh?",
            "240 kilograms",
        ),
        ("The survey lasted nine weeks.", "How long did the survey last?", "nine weeks"),
        ("The gauge is read every six hours.", "How often is the gauge read?", "every six hours"),
        ("The pump is oiled twice daily.", "How often is the pump oiled?", "twice daily"),
        ("The tower is known as the Pepper Pot.", "What is the tower known as?", "Pepper Pot"),
        (
            "The capital of the province is Lower Garth.",
            "What is the capital of the province?",
            "Lower Garth",
        ),
        ("The roof is covered with copper plates.", "What is the roof covered with?", "copper plates"),
        ("The survey covers the whole basin.", "What does the survey cover?", "whole basin"),
        (
            "The mirror can be cleaned with clean water.",
            "What can the mirror be cleaned with?",
            "clean water",
        ),
        (
            "The dome was moved because the valley was too foggy.",
            "Why was the dome moved?",
            "the valley was too foggy",
        ),
        (
            "The camera is calibrated by pointing it at a white screen.",
            "How is the camera calibrated?",
            "pointing it at a white screen",
        ),
    ],
)
def test_clause_of_a_known_shape_becomes_this_question(sentence: str, question: str, answer: str):
    assert asked(sentence).get(question) == answer


@pytest.mark.parametrize(
    "sentence",
    [
        "It was founded in a small town in 1931.",  # no pronoun is asked about
        "The lens, which the dome were sold in 1931.",  # "the dome were": the subject is longer
        "The keeper said the dome was built in 1931.",  # a verb hides in what stands before
        "After the fire of that year was over they left in 1931.",
        "The dome was abandoned until it was rebuilt in 1931.",
        "The earliest recorded incidents of fraud were small ones.",
    ],
)
def test_unsafe_clause_gets_no_wh_question(sentence: str):
    assert [item.question for item in generate([chunk_of(sentence)], seed=0) if item.kind == "wh"] == []


@pytest.mark.parametrize(
    ("sentence", "answers"),
    [
        ("A new lens was ordered from Halden & Sons on 3 May 1931 for the tower.", {"3 May 1931", "tower"}),
        ("In winter the lake freezes to a depth of 1.5 metres near the shore.", {"1.5 metres", "shore"}),
        (
            "Observers have logged rain, hail, wind and frost since the first winter.",
            {"hail", "wind", "frost"},
        ),
        (
            "The keepers of the tower left early due to a long illness of the cook.",
            {"a long illness of the cook"},
        ),
        (
            "Letters reached Ines Fairhall at the Royal Fell Society by boat.",
            {"Ines Fairhall", "Royal Fell Society"},
        ),
    ],
)
def test_cloze_asks_for_what_people_ask_for(sentence: str, answers: set[str]):
    assert answers <= set(asked(sentence).values())


def test_cloze_is_its_sentence_with_a_gap():
    sentence = "In winter the lake freezes to a depth of 1.5 metres near the shore."
    clozes = [item for item in generate([chunk_of(sentence)], seed=0) if item.kind == "cloze"]
    assert clozes
    for item in clozes:
        assert item.question.replace(GAP, item.answer) == sentence.removesuffix(
            "."
        ) + "." * item.question.endswith(".")


def test_long_sentence_is_cut_to_the_clauses_around_the_gap():
    sentence = (
        "The society bought the northern ridge from a farmer who had wanted to keep sheep there for good, "
        "but the survey of 1931 had shown that the soil was far too thin for grass, and the road was never finished."
    )
    question = next(question for question, answer in asked(sentence).items() if answer == "1931")
    assert question == (
        "the survey of ____ had shown that the soil was far too thin for grass, and the road was never finished."
    )


def test_question_never_holds_its_own_answer():
    text = "The lantern of the lantern room was brought from the coast, and the lantern room was closed."
    for item in generate([chunk_of(text + " " + PROSE)], seed=0):
        assert not re.search(rf"\b{re.escape(item.answer)}\b", item.question, re.IGNORECASE), item


@pytest.mark.parametrize(
    "text",
    [
        "Table 4 Depth and density by station and by year",
        "14 18 22 31 40 52 61 70 84 96",
        "Figure 2 shows it.",
        "観測所は1931年に建てられた。望遠鏡には鏡が十四枚ある。",
    ],
)
def test_text_that_is_no_english_prose_gets_no_wrong_question(text: str):
    assert generate([chunk_of(text)], seed=0) == []


def test_heading_that_ran_into_its_sentence_is_left_out():
    questions = asked("3.2 Notes on the Lens The lens was ground by Ines Fairhall in 1931.")
    assert "The lens was ground by Ines Fairhall in ____." in questions


def test_sentence_that_two_chunks_share_is_asked_in_the_first_only():
    shared = "The archive is kept at Lower Garth, beside the old lime kiln."
    first = chunk_of(f"Rain is recorded every six hours by an assistant. {shared}", 1)
    second = chunk_of(f"{shared} The dome is 18 metres high and painted white.", 2)
    questions = generate([first, second], seed=0)
    assert {item.chunk_id for item in questions if "kiln" in item.question + item.answer} == {first.id}
    assert {item.chunk_id for item in questions} == {first.id, second.id}


def test_no_question_is_put_twice():
    chunks = [chunk_of(PROSE, 1), chunk_of("A day later it rained again. " + PROSE, 2, "other")]
    questions = [item.question.casefold() for item in generate(chunks, seed=0)]
    assert len(questions) == len(set(questions))


def test_same_seed_same_questions_other_seed_others():
    chunks = [chunk_of(PROSE)]
    assert generate(chunks, seed=1, per_chunk=5) == generate(chunks, seed=1, per_chunk=5)
    assert generate(chunks, seed=1, per_chunk=5) != generate(chunks, seed=2, per_chunk=5)


def test_per_chunk_keeps_that_many_of_those_found():
    chunks = [chunk_of(PROSE)]
    everything = {(item.question, item.start) for item in generate(chunks, seed=0)}
    few = generate(chunks, seed=0, per_chunk=5)
    assert len(few) == 5
    assert {(item.question, item.start) for item in few} < everything
    assert generate(chunks, seed=0, per_chunk=0) == []


def test_document_gets_a_question_for_every_six_words():
    questions = generate([chunk_of(PROSE)], seed=0)
    assert len(questions) >= len(PROSE.split()) / 6
    assert {item.kind for item in questions} == {"cloze", "wh"}


def test_two_thousand_questions_take_less_than_a_second():
    chunks = [chunk_of(PROSE.replace("1931", str(year)), year, f"d{year}") for year in range(1000, 1060)]
    start = time.process_time()
    found = sum(len(generate([one], seed=0)) for one in chunks)
    assert found / (time.process_time() - start) >= 2000


_FRAGMENTS = st.sampled_from(
    [
        *PROSE.split(". "),
        "In 1931 the U.S.S. Garth sank (see p. 4)",
        "Über den Fjörd",
        "관측소는 1931년",
        "A ____ gap",
        "…",
    ]
)


@given(st.lists(_FRAGMENTS, min_size=1, max_size=12), st.integers(20, 400))
def test_answer_is_the_span_that_the_question_names(fragments: list[str], max_characters: int):
    document = Document(name="any", path="any.pdf", pages=(Page(number=1, text=". ".join(fragments) + "."),))
    chunks = chunk(document, len, max_characters)
    questions = generate(chunks, seed=0)
    texts = {one.id: one.text for one in chunks}
    for item in questions:
        assert texts[item.chunk_id][item.start : item.start + len(item.answer)] == item.answer
    assert len({item.id for item in questions}) == len(questions)
    assert all(isinstance(item, TrainingQuestion) and item.question.count(GAP) <= 1 for item in questions)
