"""Answers from memory: what was read is recorded, the cache knows the vectors, and the store is not asked twice."""

from __future__ import annotations

from dataclasses import replace

import mlx.core as mx
import pytest

from clara.answering.cache import AnswerCache
from clara.answering.compressed import LatentRetriever, memory_reader
from clara.model.selection import cosine_scores
from clara.model.store import MemoryStore
from clara.model.writing import Prompt, clara_digest, write
from clara.profiles import Compression, Lora
from clara.records import Chunk, Question
from clara.retrieval import RetrievalError, TfidfRetriever
from clara.training.forms import CompressorForm

CHUNKS = [
    Chunk(id=f"d#{i:03d}", document="d", pages=(1,), text=text, tokens=9)
    for i, text in enumerate(
        ["The basin is 41 metres deep.", "Ada Lindqvist\nled the survey.", "It began in May."]
    )
]
QUESTIONS = [
    Question(id=f"q{i}", question=f"What of {word}?", answers=("x",), document="d", evidence="x", category="factual",
             keywords=())
    for i, word in enumerate(["the basin", "the survey", "May"])
]  # fmt: skip
FORM = CompressorForm(Compression(rate=8, max_document_tokens=32), Lora(rank=4), seed=0, reasoner=True)


@pytest.fixture
def model(tiny_base):
    return FORM.opened(tiny_base)


@pytest.fixture
def reader(model, tmp_path, tiny_base):
    cache = AnswerCache(tmp_path / "answers", max_tokens=4, batch_size=2)
    store = MemoryStore(tmp_path / "memory", model.clara, tiny_base)
    return memory_reader("clara", model, cache, store, TfidfRetriever(CHUNKS), k=2)


def test_what_was_read_is_recorded(reader):
    for question, answer in zip(QUESTIONS, reader.answer(QUESTIONS), strict=True):
        prompt = reader.prompt(question, reader.chunks(question))
        assert answer.contender == "clara@8x"
        assert answer.prompt_sha256 == prompt.sha256
        assert answer.context_sha256 == prompt.memory_sha256
        assert answer.adapter_sha256 == clara_digest(reader.model.clara)
        assert answer.tokens_read == len(prompt.ids)
        assert answer.context_tokens == 2 * (32 // 8 + 1)


def test_a_second_time_the_same_answers_come_from_the_cache(reader):
    first, again = reader.answer(QUESTIONS), reader.answer(QUESTIONS)
    assert [answer.cached for answer in first + again] == [False] * 3 + [True] * 3
    assert [a.model_copy(update={"cached": False}) for a in again] == first


def test_the_same_places_with_other_vectors_are_another_prompt(reader):
    prompt = reader.prompt(QUESTIONS[0], CHUNKS[:2])
    other = reader.prompt(QUESTIONS[0], CHUNKS[1:])
    assert prompt.ids == other.ids
    assert prompt.sha256 != other.sha256


def test_another_compressor_has_another_file(reader, model, tiny_base):
    adapted = FORM.opened(tiny_base)
    adapted.clara.decoder.layers[0].mlp.up_proj.lora_b += 1.0
    assert reader.cache.path(model) != reader.cache.path(adapted)


def test_answers_do_not_depend_on_the_batch(reader):
    prompts = [reader.prompt(q, CHUNKS[: i + 1]) for i, q in enumerate(QUESTIONS)]
    texts = [[said.tokens for said in write(reader.model, prompts, 4, size)] for size in (1, 2, 3)]
    assert texts[0] == texts[1] == texts[2]


def test_a_long_chunk_is_shown_in_parts(reader):
    long = CHUNKS[0].model_copy(update={"text": " ".join([CHUNKS[0].text] * 9)})
    prompt = reader.prompt(QUESTIONS[0], [long])
    assert prompt.memory.shape[0] > 1
    assert sum(i in reader.model.clara.tokens.ids for i in prompt.ids) == prompt.memory.shape[0] * 4


def test_text_is_no_prompt_for_a_compressor_nor_memory_for_a_base(reader, tiny_base):
    memory, text = reader.prompt(QUESTIONS[0], CHUNKS[:1]), Prompt((4, 5, 6))
    for model, prompt in ((reader.model, text), (tiny_base, memory)):
        with pytest.raises(ValueError, match="of the other kind"):
            write(model, [prompt], 4, 1)


def test_a_prompt_that_does_not_fit_fails_and_is_not_cut(reader, model, tiny_base):
    narrow = replace(reader, model=replace(model, base=replace(tiny_base, window=20)))
    assert all("window of 20" in answer.error for answer in narrow.answer(QUESTIONS))


class TestLatentRetriever:
    @pytest.fixture
    def asked(self, reader, tmp_path):
        return MemoryStore(tmp_path / "asked", reader.model.clara.of_questions(), reader.model.base)

    @pytest.fixture
    def finder(self, reader, asked):
        return LatentRetriever(asked, reader.store, CHUNKS)

    def test_a_text_is_nearest_to_itself(self, finder):
        """With the reasoner a copy of the encoder, a question that spells a chunk has the chunk's memory."""
        for chunk in CHUNKS:
            asked = QUESTIONS[0].model_copy(update={"question": " ".join(chunk.text.split())})
            found = finder.retrieve(asked, 3)
            assert found[0].chunk.id == chunk.id
            assert found[0].score == pytest.approx(1.0, abs=1e-3)
            assert [item.score for item in found] == sorted((item.score for item in found), reverse=True)

    def test_it_is_the_cosine_that_the_stage_learns_by(self, reader, finder):
        tokens, tokenizer = reader.model.clara.tokens, reader.model.tokenizer
        memories = mx.concatenate(reader.store.memory([" ".join(chunk.text.split()) for chunk in CHUNKS]))
        for question in QUESTIONS:
            ids = mx.array([tokens.layout(tokenizer, question.question)])
            query = reader.model.clara.reason(ids, mx.array([ids.shape[1]]))
            scores = cosine_scores(query, memories.flatten(1)[None])[0].tolist()
            found = {item.chunk.id: item.score for item in finder.retrieve(question, 3)}
            assert [found[chunk.id] for chunk in CHUNKS] == pytest.approx(
                scores, abs=1e-3
            )  # stored in half precision

    def test_a_chunk_of_several_parts_counts_by_its_best(self, reader, asked):
        long = CHUNKS[0].model_copy(update={"text": " ".join(c.text for c in CHUNKS) + " And on." * 30})
        question = QUESTIONS[0].model_copy(update={"question": "It began in May."})
        found = LatentRetriever(asked, reader.store, [long, CHUNKS[2]]).retrieve(question, 2)
        assert [item.chunk.id for item in found] == ["d#002", "d#000"]

    def test_a_long_question_is_read_to_its_end(self, finder):
        asked = QUESTIONS[0].model_copy(
            update={"question": "And so on and so forth. " * 9 + "It began in May."}
        )
        assert finder.retrieve(asked, 1)

    def test_more_than_there_are_is_refused(self, finder):
        with pytest.raises(RetrievalError, match="cannot choose 4 of 3 chunks"):
            finder.retrieve(QUESTIONS[0], 4)


def test_without_a_query_reasoner_no_question_is_read(model):
    model.clara.reasoner = None
    with pytest.raises(ValueError, match="train the end-to-end stage first"):
        model.clara.of_questions()


def test_stored_vectors_are_read_in_half_precision_and_change_nothing_after(reader):
    first = reader.prompt(QUESTIONS[0], CHUNKS[:2])
    assert first.memory.dtype == mx.float16
    assert reader.prompt(QUESTIONS[0], CHUNKS[:2]).sha256 == first.sha256
