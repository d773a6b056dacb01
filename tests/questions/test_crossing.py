"""Questions without an answer: asked of one document, shown with a chunk of another."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clara.abstention import NO_ANSWER
from clara.questions.crossing import cross
from clara.questions.generation import generate
from clara.records import Chunk
from clara.text import words


def chunk_of(document: str, number: int, text: str) -> Chunk:
    return Chunk(id=f"{document}#{number:03d}", document=document, pages=(1,), text=text, tokens=len(text))


CHUNKS = [
    chunk_of("mill", 1, "The mill was built in 1931. The wheel of the mill is 4 metres high."),
    chunk_of("mill", 2, "The miller employs 12 people. The archive of the mill was moved to Leeds in 1956."),
    chunk_of("dome", 1, "The dome was built in 1874. The mirror weighs 240 kilograms."),
    chunk_of("dome", 2, "The wheel of the crane is polished every week. Ines Fairhall designed the crane."),
]
QUESTIONS = generate(CHUNKS, seed=0)


def test_question_is_shown_with_a_chunk_of_another_document_that_does_not_answer_it():
    by_text = {question.question: question for question in QUESTIONS}
    texts = {chunk.id: chunk.text for chunk in CHUNKS}
    crossed = cross(QUESTIONS, CHUNKS, seed=0, share=0.5)
    assert crossed
    for question in crossed:
        origin = by_text[question.question]
        assert question.document != origin.document
        assert question.chunk_id.startswith(question.document)
        assert not set(words(origin.answer)) <= set(words(texts[question.chunk_id]))
        assert (question.kind, question.start, question.answer) == ("unanswerable", None, NO_ANSWER["latin"])


def test_nearest_chunk_is_shown():
    high = [question for question in QUESTIONS if question.question == "How high is the wheel of the mill?"]
    assert [question.chunk_id for question in cross(high, CHUNKS, seed=0, share=1.0)] == ["dome#002"]


def test_chunk_that_holds_the_answer_is_passed_over():
    built = [question for question in QUESTIONS if question.question == "When was the mill built?"]
    same_year = [*CHUNKS[:2], chunk_of("dome", 1, "The dome was built in 1931."), CHUNKS[3]]
    assert {question.chunk_id for question in cross(built, same_year, seed=0, share=1.0)} <= {"dome#002"}


def test_one_document_gives_none():
    assert cross([q for q in QUESTIONS if q.document == "mill"], CHUNKS[:2], seed=0, share=1.0) == []


def test_cloze_is_never_crossed():
    wh = {question.question for question in QUESTIONS if question.kind == "wh"}
    assert {question.question for question in cross(QUESTIONS, CHUNKS, seed=0, share=1.0)} <= wh


def test_negative_share_is_refused():
    with pytest.raises(ValueError, match="share: -1 is negative"):
        cross(QUESTIONS, CHUNKS, seed=0, share=-1)


@given(st.integers(0, 10_000), st.floats(0, 1))
def test_share_seed_and_ids_hold(seed: int, share: float):
    crossed = cross(QUESTIONS, CHUNKS, seed, share)
    assert crossed == cross(QUESTIONS, CHUNKS, seed, share)
    assert len(crossed) <= round(share * len(QUESTIONS))
    assert len({question.id for question in crossed}) == len(crossed)
    assert len({question.question for question in crossed}) == len(crossed)
    assert all(question.id.startswith(f"{question.chunk_id}/unanswerable/") for question in crossed)
