"""A contender's answers: every question gets one, what it read is recorded, and the cache never lies."""

from __future__ import annotations

from dataclasses import replace

import pytest

from clara.answering.cache import AnswerCache
from clara.answering.closed_book import closed_book
from clara.answering.echo import Echo
from clara.answering.rag import oracle, rag, rag_budget
from clara.answering.reader import Reader
from clara.answering.tuned_other import TunedOther
from clara.model.adapters import adapter_digest, attach
from clara.model.prompts import prompt_ids, text_ids
from clara.profiles import Lora
from clara.provenance import digest
from clara.records import Chunk, Question
from clara.retrieval import BudgetRetriever, OracleRetriever, TfidfRetriever

EVIDENCE = ["The basin is 41 metres deep.", "Ada Lindqvist led the survey.", "It began in May."]
CHUNKS = [
    Chunk(id=f"d#{i:03d}", document="d", pages=(1,), text=text, tokens=9)
    for i, text in enumerate(EVIDENCE, 1)
]
QUESTIONS = [
    Question(
        id=f"q{i}", question=f"What of {text.split()[1]}?", answers=(text.split()[-2],), document="d",
        evidence=text, category="factual", keywords=(),
    )
    for i, text in enumerate(EVIDENCE)
]  # fmt: skip


@pytest.fixture
def cache(tmp_path):
    return AnswerCache(tmp_path, max_tokens=4, batch_size=2)


def test_what_was_read_is_recorded(tiny_base, cache):
    answers = rag(tiny_base, cache, TfidfRetriever(CHUNKS), k=2).answer(QUESTIONS)
    for question, answer in zip(QUESTIONS, answers, strict=True):
        shown = [next(c.text for c in CHUNKS if c.id == id_) for id_ in answer.chunk_ids]
        whole = prompt_ids(tiny_base.tokenizer, question.question, shown)
        assert answer.question_id == question.id
        assert answer.prompt_sha256 == digest(whole)
        assert answer.tokens_read == len(whole)
        assert answer.context_tokens == len(text_ids(tiny_base.tokenizer, "\n".join(shown)))


def test_a_closed_book_reads_the_question_alone(tiny_base, cache):
    answer = closed_book(tiny_base, cache).answer(QUESTIONS[:1])[0]
    assert answer.context_sha256 is None
    assert answer.chunk_ids == ()
    assert answer.context_tokens == 0
    assert answer.prompt_sha256 == digest(prompt_ids(tiny_base.tokenizer, QUESTIONS[0].question))


def test_a_second_time_the_same_answers_come_from_the_cache(tiny_base, cache):
    first = closed_book(tiny_base, cache).answer(QUESTIONS)
    again = closed_book(tiny_base, cache).answer(QUESTIONS)
    assert [answer.cached for answer in first + again] == [False] * 3 + [True] * 3
    assert [a.model_copy(update={"cached": False}) for a in again] == first


def test_what_is_new_is_decoded_and_what_is_known_is_not(tiny_base, cache):
    closed_book(tiny_base, cache).answer(QUESTIONS[:2])
    assert [a.cached for a in closed_book(tiny_base, cache).answer(QUESTIONS)] == [True, True, False]


def test_another_adapter_or_limit_has_another_file(tiny_base, cache, tmp_path):
    adapted = attach(tiny_base, Lora(rank=2), seed=0)
    longer = AnswerCache(tmp_path, max_tokens=5, batch_size=2)
    assert len({cache.path(tiny_base), cache.path(adapted), longer.path(tiny_base)}) == 3


def test_the_batch_size_does_not_change_the_answers(tiny_base, tmp_path):
    texts = [
        [a.text for a in closed_book(tiny_base, AnswerCache(tmp_path / str(n), 4, n)).answer(QUESTIONS)]
        for n in (1, 2, 3)
    ]
    assert texts[0] == texts[1] == texts[2]


def test_a_prompt_that_does_not_fit_fails_and_is_not_cut(tiny_base, cache):
    narrow = replace(tiny_base, window=20)
    answers = oracle(narrow, cache, OracleRetriever(CHUNKS)).answer(QUESTIONS)
    assert all(answer.stopped == "error" and "window of 20" in answer.error for answer in answers)
    assert [answer.question_id for answer in answers] == ["q0", "q1", "q2"]


def test_one_that_does_not_fit_leaves_the_others_theirs(tiny_base, cache):
    long = CHUNKS[0].model_copy(update={"text": EVIDENCE[0] + " Deep." * 200})
    narrow = replace(tiny_base, window=300)
    answers = oracle(narrow, cache, OracleRetriever([long, *CHUNKS[1:]])).answer(QUESTIONS)
    assert [answer.error is None for answer in answers] == [False, True, True]


def test_echo_repeats_the_question():
    assert [answer.text for answer in Echo().answer(QUESTIONS)] == [q.question for q in QUESTIONS]


def test_cross_fitting_asks_the_model_tuned_on_the_other_half(tiny_base, cache):
    readers = [Reader(TunedOther.facts, attach(tiny_base, Lora(rank=2), seed=seed), cache) for seed in (1, 2)]
    contender = TunedOther((readers[0], readers[1]), {"q0": 0, "q1": 1, "q2": 0})
    digests = [adapter_digest(reader.model.model) for reader in readers]
    answers = contender.answer(QUESTIONS)
    assert [answer.question_id for answer in answers] == ["q0", "q1", "q2"]
    assert [answer.adapter_sha256 for answer in answers] == [digests[1], digests[0], digests[1]]


def test_a_budget_contender_records_what_it_read_and_not_the_whole_chunks(tiny_base, cache):
    budget = BudgetRetriever(TfidfRetriever(CHUNKS), lambda text: len(text.split()), max_tokens=3)
    contender = rag_budget(tiny_base, cache, budget, 3)
    answer = contender.answer(QUESTIONS[:1])[0]
    shown = contender.chunks(QUESTIONS[0])
    assert answer.chunk_ids == tuple(chunk.id for chunk in shown)
    assert answer.prompt_sha256 == digest(
        prompt_ids(tiny_base.tokenizer, QUESTIONS[0].question, [chunk.text for chunk in shown])
    )
