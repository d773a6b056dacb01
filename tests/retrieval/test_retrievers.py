"""Retrievers: what they return, in what order, and what counts as found."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from clara.records import Chunk, Question, Retrieved
from clara.retrieval import (
    OracleRetriever,
    RetrievalError,
    Retriever,
    ShuffledRetriever,
    TfidfRetriever,
    gold_chunks,
    hits,
    holds,
    recall_at_k,
)


def chunk(document: str, number: int, text: str) -> Chunk:
    return Chunk(id=f"{document}#{number:03d}", document=document, pages=(1,), text=text, tokens=len(text))


def question(text: str, evidence: str, document: str = "survey", id_: str = "q-1") -> Question:
    return Question(
        id=id_,
        question=text,
        answers=("41",),
        document=document,
        evidence=evidence,
        category="factual",
        keywords=(),
    )


HARBOUR = chunk("survey", 0, "The harbour at Ostrel was founded in 1907. Its mast is of oak.")
BASIN = chunk("survey", 1, "Its mast is of oak. The northern basin is 41 metres deep.")
CREW = chunk("survey", 2, "Ada Lindqvist led a crew of 7.")
KILN = chunk("kiln", 0, "The kiln is heated for 9 hours. Its door is of iron.")
GLAZE = chunk("kiln", 1, "A glaze of ash covers every pot from the kiln.")
KOREAN = chunk("측량", 0, "측량은 북쪽에서 시작되었다. 책임자는 김하늘 이었다.")
CHUNKS = (HARBOUR, BASIN, CREW, KILN, GLAZE, KOREAN)

DEPTH = question("How deep is the northern basin?", "The northern basin is 41 metres deep.")
MAST = question("What is the mast made of?", "Its mast is of oak.", id_="q-2")
CREWED = question("How large was the crew?", "Ada Lindqvist led a crew of 7.", id_="q-3")


def ids(found: list[Retrieved]) -> list[str]:
    return [item.chunk.id for item in found]


def test_tfidf_finds_the_chunk_with_the_questions_words():
    found = TfidfRetriever(CHUNKS).retrieve(DEPTH, 3)
    assert found[0].chunk == BASIN
    assert [item.rank for item in found] == [1, 2, 3]
    assert [item.score for item in found] == sorted((item.score for item in found), reverse=True)


def test_a_single_digit_is_a_word():
    assert TfidfRetriever(CHUNKS).retrieve(question("7?", ""), 1)[0].chunk == CREW


@pytest.mark.parametrize("form", ["NFC", "NFD"])
def test_hangul_is_found_in_either_normal_form(form):
    asked = question(unicodedata.normalize("NFD", "책임자는 누구?"), "")
    chunks = [KILN, KOREAN.model_copy(update={"text": unicodedata.normalize(form, KOREAN.text)})]
    found = TfidfRetriever(chunks).retrieve(asked, 2)
    assert ids(found) == [KOREAN.id, KILN.id]
    assert found[0].score > 0 == found[1].score


def test_equal_scores_keep_the_order_of_the_chunks():
    assert ids(TfidfRetriever(CHUNKS).retrieve(question("Zyzzyva?", ""), 6)) == [c.id for c in CHUNKS]
    twins = [chunk("twin", number, BASIN.text) for number in range(99, -1, -1)]
    assert ids(TfidfRetriever([KILN, *twins]).retrieve(DEPTH, 100)) == [twin.id for twin in twins]


@settings(deadline=None)  # the first example imports scikit-learn
@given(st.integers(1, 12))
def test_a_larger_k_only_adds_chunks_until_there_are_no_more(k):
    retriever = TfidfRetriever(CHUNKS)
    assert retriever.retrieve(DEPTH, k) == retriever.retrieve(DEPTH, 100)[:k]
    assert len(retriever.retrieve(DEPTH, k)) == min(k, len(CHUNKS))


def test_no_chunks_is_an_error():
    with pytest.raises(RetrievalError, match="there are no chunks"):
        TfidfRetriever([])


@pytest.mark.parametrize("k", [1, 3])
def test_the_oracle_returns_the_gold_chunk_alone(k):
    found = OracleRetriever(CHUNKS).retrieve(DEPTH, k)
    assert [(item.chunk, item.score, item.rank) for item in found] == [(BASIN, 1.0, 1)]


def test_of_two_chunks_with_the_evidence_the_first_is_gold():
    assert holds(HARBOUR, *MAST.evidence)
    assert holds(BASIN, *MAST.evidence)
    assert gold_chunks(MAST, CHUNKS) == [HARBOUR]


def test_split_evidence_is_found_where_most_of_its_words_are():
    halves = [chunk("survey", 0, "Deep: the northern basin,"), chunk("survey", 1, "is 41 metres.")]
    split = question("?", "Deep: the northern basin, is 41 metres.")
    found = OracleRetriever(halves).retrieve(split, 3)
    assert ids(found) == ["survey#000"]
    assert found[0].score == pytest.approx(4 / 7)
    assert not any(holds(half, *split.evidence) for half in halves)


def test_the_oracle_looks_only_into_the_questions_document():
    copy = chunk("another", 0, BASIN.text)
    assert gold_chunks(DEPTH, [copy, BASIN]) == [BASIN]
    with pytest.raises(RetrievalError, match="question q-1: no chunk of its document 'survey'") as caught:
        gold_chunks(DEPTH, [copy, KILN])
    assert caught.value.question_id == "q-1"


def test_evidence_is_found_over_white_space_and_normal_forms():
    spread = chunk("측량", 1, unicodedata.normalize("NFD", "앞.  책임자는\n김하늘 이었다. 뒤."))
    assert holds(spread, "책임자는 김하늘  이었다.")
    assert not holds(spread, "책임자는 김바다 이었다.")


def test_shuffled_chunks_are_of_other_documents_and_never_hold_the_evidence():
    leak = chunk("kiln", 9, f"Quoted: {DEPTH.evidence[0]}")
    found = ShuffledRetriever((*CHUNKS, leak), seed=0).retrieve(DEPTH, 100)
    assert sorted(ids(found)) == sorted([KILN.id, GLAZE.id, KOREAN.id])
    assert {item.score for item in found} == {0}
    assert [item.rank for item in found] == [1, 2, 3]


@given(st.integers(0, 2**32), st.permutations([DEPTH, MAST, CREWED]))
def test_shuffled_draws_by_question_id_whatever_was_asked_before(seed, order):
    shared = ShuffledRetriever(CHUNKS, seed)
    drawn = {asked.id: ids(shared.retrieve(asked, 2)) for asked in order}
    assert drawn == {asked.id: ids(ShuffledRetriever(CHUNKS, seed).retrieve(asked, 2)) for asked in order}


def test_shuffled_draws_differ_by_seed_and_by_question():
    many = [chunk("other", number, f"Sentence {number}.") for number in range(50)]
    draws = [
        tuple(ids(ShuffledRetriever([BASIN, *many], seed).retrieve(asked, 3)))
        for seed in (0, 1)
        for asked in (DEPTH, MAST)
    ]
    assert len(set(draws)) == 4


def test_with_one_document_shuffled_says_so_and_leaves_the_evidence_out():
    alone = ShuffledRetriever([HARBOUR, BASIN, CREW], seed=0)
    assert alone.same_document
    assert not ShuffledRetriever(CHUNKS, seed=0).same_document
    assert ids(alone.retrieve(MAST, 3)) == [CREW.id]
    with pytest.raises(RetrievalError, match="every chunk holds its evidence"):
        ShuffledRetriever([HARBOUR, BASIN], seed=0).retrieve(MAST, 3)


def test_with_one_document_shuffled_leaves_the_larger_part_of_split_evidence_out():
    halves = [chunk("survey", 0, "Deep: the northern basin,"), chunk("survey", 1, "is 41 metres.")]
    split = question("?", "Deep: the northern basin, is 41 metres.")
    assert ids(ShuffledRetriever(halves, seed=0).retrieve(split, 2)) == ["survey#001"]


def test_recall_counts_evidence_in_the_first_k_chunks():
    ranked = [
        Retrieved(chunk=c, score=0, rank=rank) for rank, c in enumerate((KILN, HARBOUR, BASIN), start=1)
    ]
    asked, retrieved = [DEPTH, MAST, CREWED], dict.fromkeys(("q-1", "q-2", "q-3"), ranked)
    assert hits(asked, retrieved, 2) == {"q-1": False, "q-2": True, "q-3": False}
    assert [recall_at_k(asked, retrieved, k) for k in (1, 2, 3)] == [0, 1 / 3, 2 / 3]


def test_recall_orders_the_retrievers_as_they_are_meant():
    asked = [DEPTH, MAST, CREWED]
    retrievers: list[Retriever] = [
        ShuffledRetriever(CHUNKS, 0),
        TfidfRetriever(CHUNKS),
        OracleRetriever(CHUNKS),
    ]
    none, some, full = (recall_at_k(asked, {q.id: r.retrieve(q, 1) for q in asked}, 1) for r in retrievers)
    assert none == 0 < some <= full == 1


def test_recall_needs_a_result_for_every_question_and_a_question():
    with pytest.raises(RetrievalError, match="question q-2: was not retrieved for"):
        recall_at_k([DEPTH, MAST], {"q-1": []}, 3)
    with pytest.raises(RetrievalError, match="no answerable question"):
        recall_at_k([], {}, 3)
