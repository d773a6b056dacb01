"""Generated questions as a compressor is shown them."""

from __future__ import annotations

from clara.records import Chunk, TrainingQuestion
from clara.retrieval import TfidfRetriever
from clara.training.examples import by_document, on_own_chunk, on_retrieved_chunks, to_pick_from

CHUNKS = [
    Chunk(id=f"d#{i:03d}", document="d", pages=(1,), text=f"{name} measured a depth of {i} metres.", tokens=9)
    for i, name in enumerate(["Ada", "Bruno", "Cleo", "Dana", "Egon"])
]
TEXTS = {chunk.id: chunk.text for chunk in CHUNKS}


def question(i: int, asked: str, kind: str = "wh") -> TrainingQuestion:
    return TrainingQuestion(id=f"q{i}/{kind}", question=asked, answer="a", start=None if kind == "unanswerable" else 0,
                            document="d", chunk_id=CHUNKS[i].id, kind=kind)  # fmt: skip


def test_its_own_chunk_is_shown_even_where_it_is_not_found():
    found, missed = on_retrieved_chunks(
        [question(0, "What did Ada measure?"), question(4, "What did Ada measure?")],
        TfidfRetriever(CHUNKS),
        2,
        TEXTS,
    )
    assert found.documents[0] == TEXTS["d#000"]
    assert missed.documents == (TEXTS["d#000"], TEXTS["d#004"])
    assert (found.positives, missed.positives) == ((0,), (1,))


def test_an_unanswerable_question_keeps_the_chunk_that_does_not_answer_it():
    asked = [question(2, "What did Ada measure?", "unanswerable")]
    (example,) = on_own_chunk(asked, TEXTS)
    assert example.documents == (TEXTS["d#002"],)


def test_an_unanswerable_question_is_shown_as_many_chunks_all_of_the_document_that_does_not_answer_it():
    elsewhere = Chunk(id="e#000", document="e", pages=(1,), text="What did Ada measure? 41 metres.", tokens=9)
    retriever = TfidfRetriever([*CHUNKS, elsewhere])
    asked = [question(2, "What did Ada measure?", "unanswerable")]
    (example,) = on_retrieved_chunks(asked, retriever, 3, {**TEXTS, elsewhere.id: elsewhere.text})
    assert len(example.documents) == 3
    assert TEXTS["d#002"] in example.documents
    assert elsewhere.text not in example.documents


def test_candidates_are_the_same_for_a_batch_and_hold_each_questions_own():
    batch = [question(i, "Who?") for i in (0, 3)]
    examples = to_pick_from(batch, CHUNKS, 3, seed=1)
    assert examples[0].documents == examples[1].documents
    assert len(examples[0].documents) == 3
    assert [e.documents[e.positives[0]] for e in examples] == [TEXTS["d#000"], TEXTS["d#003"]]
    assert to_pick_from(batch, CHUNKS, 99, seed=1)[0].documents != tuple(
        TEXTS.values()
    )  # the order says nothing


def test_batches_by_document_hold_every_example_once_and_few_documents():
    examples = on_own_chunk([question(i % 5, f"Who is {i}?") for i in range(20)], TEXTS)
    batches = by_document(examples, 4, seed=0)
    assert sorted(e.question for b in batches for e in b) == sorted(e.question for e in examples)
    assert [len({e.documents for e in batch}) for batch in batches] == [1] * 5
