"""What is held out of training is not trained on, not even through a neighbour."""

from __future__ import annotations

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clara.documents.chunking import chunk
from clara.questions.splits import halves, held_out, held_out_text, shared_text
from clara.records import Chunk, Document, Page, TrainingQuestion


def questions_of(chunks: int, each: int) -> list[TrainingQuestion]:
    return [
        TrainingQuestion(
            id=f"d#{c}/cloze/{q}",
            question=f"____ {c} {q}",
            answer="x",
            start=0,
            document="d",
            chunk_id=f"d#{c}",
            kind="cloze",
        )
        for c in range(chunks)
        for q in range(each)
    ]


def chunks_of(sentences: int, per_chunk: int) -> list[Chunk]:
    """Chunks that share one sentence each; the words of every sentence are its own."""
    text = " ".join(f"Alpha{n} beta{n} gamma{n}." for n in range(sentences))
    document = Document(name="d", path="d.pdf", pages=(Page(number=1, text=text),))
    return chunk(document, lambda piece: piece.count("."), per_chunk)


@given(st.integers(1, 12), st.integers(1, 4), st.floats(0, 0.99), st.integers(0, 9))
def test_no_chunk_has_questions_in_both_parts(chunks: int, each: int, share: float, seed: int):
    training = questions_of(chunks, each)
    kept, held = held_out(training, share, seed)
    assert not {item.chunk_id for item in kept} & {item.chunk_id for item in held}
    assert sorted([*kept, *held], key=training.index) == training
    assert kept
    assert bool(held) == (share > 0 and chunks > 1)


def test_split_depends_on_the_seed_and_not_on_the_order():
    training = questions_of(20, 2)
    shuffled = random.Random(0).sample(training, len(training))
    assert {item.id for item in held_out(training, 0.2, 1)[1]} == {
        item.id for item in held_out(shuffled, 0.2, 1)[1]
    }
    assert held_out(training, 0.2, 1) != held_out(training, 0.2, 2)


def test_share_is_of_the_chunks():
    _, held = held_out(questions_of(20, 3), 0.2, 0)
    assert len({item.chunk_id for item in held}) == 4


@pytest.mark.parametrize("share", [-0.1, 1.0, float("nan")])
def test_impossible_share_is_refused(share: float):
    with pytest.raises(ValueError, match="share"):
        held_out(questions_of(2, 1), share, 0)
    with pytest.raises(ValueError, match="share"):
        held_out_text([], share, 0)


@given(st.integers(1, 40), st.integers(1, 6), st.floats(0, 0.99), st.integers(0, 9))
def test_no_word_of_held_out_text_is_trained_on_and_none_is_lost(
    sentences: int, per_chunk: int, share: float, seed: int
):
    chunks = chunks_of(sentences, per_chunk)
    training, held = held_out_text(chunks, share, seed)
    trained_words, held_words = (set(" ".join(texts).split()) for texts in (training, held))
    assert not trained_words & held_words
    assert trained_words | held_words == set(" ".join(one.text for one in chunks).split())
    assert set(held) <= {one.text for one in chunks}


def test_neighbours_of_a_held_out_chunk_lose_the_sentence_they_share_with_it():
    chunks = chunks_of(7, 3)
    assert len(chunks) == 3
    seed = next(seed for seed in range(99) if held_out_text(chunks, 0.3, seed)[1] == [chunks[1].text])
    assert held_out_text(chunks, 0.3, seed)[0] == [
        "Alpha0 beta0 gamma0. Alpha1 beta1 gamma1.",
        "Alpha5 beta5 gamma5. Alpha6 beta6 gamma6.",
    ]


def test_nothing_is_cut_where_nothing_is_held_out():
    chunks = chunks_of(7, 3)
    assert held_out_text(chunks, 0, 0) == ([one.text for one in chunks], [])


def test_shared_heading_and_sentence_are_found_though_the_chunk_has_joined_them():
    text = "The dome is white.\nLater years\nThe mast fell in a storm. The hut was sold. The path was lost."
    document = Document(name="d", path="d.pdf", pages=(Page(number=1, text=text),))
    first, second = chunk(document, lambda piece: len(piece.split()), max_tokens=12)[:2]
    assert shared_text(first, second) == "The mast fell in a storm."


def test_documents_share_nothing():
    first, second = (Chunk(id=f"{d}#001", document=d, pages=(1,), text="Same text.", tokens=2) for d in "ab")
    assert shared_text(first, second) == ""


@given(st.lists(st.integers(1, 30), min_size=2, max_size=9))
def test_halves_share_no_document_and_differ_by_no_more_than_the_longest(lengths: list[int]):
    chunks = [
        Chunk(id=f"{d}#{c}", document=str(d), pages=(1,), text="x", tokens=1)
        for d, length in enumerate(lengths)
        for c in range(length)
    ]
    half = halves(chunks)
    assert len({(chunk.document, half[chunk.id]) for chunk in chunks}) == len(lengths)
    sizes = [list(half.values()).count(side) for side in (0, 1)]
    assert min(sizes) > 0
    assert abs(sizes[0] - sizes[1]) <= max(lengths)


def test_of_one_document_the_first_half_stands_against_the_second():
    assert list(halves(chunks_of(9, 3)).values()) == [0, 0, 1, 1]
