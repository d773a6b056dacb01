"""A budget retriever shows the best sentences of the same chunks, and no more tokens than it may."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from clara.records import Chunk, Question, Retrieved
from clara.retrieval import BudgetRetriever, TfidfRetriever


def chunk(number: int, text: str) -> Chunk:
    return Chunk(id=f"d#{number:03d}", document="d", pages=(1,), text=text, tokens=1)


def asked(text: str) -> Question:
    return Question(
        id="q", question=text, answers=("x",), document="d", evidence="x", category="factual", keywords=()
    )


def count(text: str) -> int:
    return len(text.split())


MAST = "The mast of the harbour is made of oak."
BASIN = "The northern basin is 41 metres deep."
CREW = "Ada Lindqvist led a crew of seven."
CHUNKS = [
    chunk(1, f"{CREW} {MAST}"),
    chunk(2, f"{MAST} {BASIN}"),
    chunk(3, "Nothing of this kind was ever seen."),
]
DEPTH = asked("How deep is the northern basin of the harbour?")


def shown(max_tokens: int, question: Question = DEPTH) -> list[Retrieved]:
    return BudgetRetriever(TfidfRetriever(CHUNKS), count, max_tokens).retrieve(question, 3)


def test_the_nearest_sentence_comes_first_into_the_budget():
    assert [(item.chunk.id, item.chunk.text) for item in shown(7)] == [("d#002", BASIN)]


def test_the_last_sentence_is_cut_between_words_to_use_the_budget_up():
    assert [item.chunk.text for item in shown(10)] == [f"The mast of {BASIN}"]


def test_a_sentence_that_two_chunks_share_is_paid_for_once():
    texts = " ".join(item.chunk.text for item in shown(100))
    assert texts.count(MAST) == 1
    assert BASIN in texts
    assert CREW in texts


def test_chunks_keep_their_ids_and_say_their_new_length():
    for item in shown(10):
        assert item.chunk.id in {chunk.id for chunk in CHUNKS}
        assert item.chunk.tokens == count(item.chunk.text)


@given(st.integers(1, 40), st.sampled_from([DEPTH, asked("Who led the crew?"), asked("Zzz?")]))
def test_the_budget_is_kept_and_used_up(max_tokens, question):
    spent = sum(count(item.chunk.text) for item in shown(max_tokens, question))
    everything = sum(map(count, (MAST, BASIN, CREW, CHUNKS[2].text)))
    assert spent == min(max_tokens, everything)


@given(st.integers(1, 40))
def test_what_is_shown_stands_in_the_chunk_in_its_order(max_tokens):
    whole = {chunk.id: chunk.text.split() for chunk in CHUNKS}
    for item in shown(max_tokens):
        rest = iter(whole[item.chunk.id])
        assert all(word in rest for word in item.chunk.text.split())
