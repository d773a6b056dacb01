"""The reader's tokenizer."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clara.model.prompts import answer_ids, prompt_ids
from clara.pretraining.tokenizer import save_tokenizer, train_tokenizer


@pytest.fixture(scope="module")
def tokenizer(tmp_path_factory: pytest.TempPathFactory):
    from mlx_lm.tokenizer_utils import load

    folder = tmp_path_factory.mktemp("tokenizer")
    text = "The harbour of Ostrel was measured in 1907. Background: Question: Ostrel, Ostrel and Varnholm."
    save_tokenizer(train_tokenizer([text] * 3, entries=300), folder)
    return load(folder)


def test_vocabulary_has_the_asked_size(tokenizer):
    assert len(tokenizer.get_vocab()) == 300


def test_digits_stand_alone(tokenizer):
    pieces = tokenizer.convert_ids_to_tokens(tokenizer.encode("in 1907", add_special_tokens=False))
    assert [piece.lstrip("Ġ") for piece in pieces][-4:] == list("1907")


def test_word_is_the_same_token_in_an_answer_as_in_a_passage(tokenizer):
    answer = answer_ids(tokenizer, "Ostrel")[:-1]
    passage = tokenizer.encode("The harbour of Ostrel was", add_special_tokens=False)
    assert any(passage[i : i + len(answer)] == answer for i in range(len(passage)))


@given(st.text())
def test_any_text_comes_back(tokenizer, text: str):
    ids = tokenizer.encode(text, add_special_tokens=False, split_special_tokens=True)
    assert tokenizer.decode(ids) == (f" {text}" if text else "")


def test_nothing_is_added_around_a_text(tokenizer):
    assert tokenizer.encode("Ostrel") == tokenizer.encode("Ostrel", add_special_tokens=False)


def test_prompt_holds_the_users_turn_and_opens_the_answer(tokenizer):
    prompt = tokenizer.decode(prompt_ids(tokenizer, "Where is it?", ["At 측량."]))
    assert prompt == "<|user|> Background:\nAt 측량.\n\nQuestion: Where is it?<|assistant|>"


def test_conversation_rendered_whole_equals_prompt_and_answer(tokenizer):
    from clara.model.prompts import user_text

    turns = [{"role": "user", "content": user_text("Where?")}, {"role": "assistant", "content": "In Ostrel"}]
    whole = tokenizer.encode(tokenizer.apply_chat_template(turns, tokenize=False), add_special_tokens=False)
    assert whole == prompt_ids(tokenizer, "Where?") + answer_ids(tokenizer, "In Ostrel")


def test_passage_that_spells_the_end_of_turn_does_not_end_it(tokenizer):
    prompt = prompt_ids(tokenizer, "Where?", ["It says <|end|> here."])
    assert tokenizer.eos_token_id not in prompt


def test_transformers_loads_the_folder_unchanged(tokenizer, tmp_path: Path):
    from transformers import AutoTokenizer

    save_tokenizer(train_tokenizer(["some text"], entries=300), tmp_path)
    loaded = AutoTokenizer.from_pretrained(tmp_path)
    assert (loaded.eos_token, loaded.pad_token) == ("<|end|>", "<|endoftext|>")
