"""A Korean checkpoint goes the way that every checkpoint goes: from its folder to answers, and to an adapter."""

from __future__ import annotations

import json

import mlx.core as mx
import pytest
import tiny

from clara.model.adapters import attach, base_tensors
from clara.model.base import load_base
from clara.model.decoding import greedy
from clara.model.prompts import answer_ids, prompt_ids

QUESTION, PASSAGE = "항구의 깊이는 몇 미터입니까?", "항구의 깊이는 41미터이다."


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tiny.save_hyperclova(tmp_path_factory.mktemp("korean") / "hyperclova")


@pytest.fixture(scope="module")
def korean(folder):
    return load_base(folder)


def test_the_checkpoint_on_disk_is_of_four_bits(folder):
    assert json.loads((folder / "config.json").read_text())["quantization"]["bits"] == 4
    assert any(name.endswith(".scales") for name in mx.load(str(folder / "model.safetensors")))


def test_it_loads_with_its_window_and_every_end_of_turn(korean):
    assert korean.window == 1024
    assert {korean.tokenizer.decode([i]) for i in korean.tokenizer.eos_token_ids} >= {
        "<|im_end|>",
        "<|endofturn|>",
    }
    assert all(mx.all(mx.isfinite(value)).item() for value in base_tensors(korean.model).values())


def test_hangul_stands_whole_in_its_prompt_and_in_its_answer(korean):
    prompt = prompt_ids(korean.tokenizer, QUESTION, [PASSAGE])
    read = korean.tokenizer.decode(prompt)
    assert QUESTION in read
    assert PASSAGE in read
    assert read.endswith("<|im_start|>assistant\n")
    *answer, end = answer_ids(korean.tokenizer, "41미터")
    assert korean.tokenizer.decode(answer) == "41미터"
    assert end in korean.tokenizer.eos_token_ids


def test_it_answers_in_batches_as_it_answers_alone(korean):
    prompts = [prompt_ids(korean.tokenizer, QUESTION), prompt_ids(korean.tokenizer, QUESTION, [PASSAGE] * 3)]
    together = greedy(korean.model, korean.tokenizer, prompts, max_tokens=8)
    alone = [greedy(korean.model, korean.tokenizer, [prompt], max_tokens=8)[0] for prompt in prompts]
    assert [answer.tokens for answer in together] == [answer.tokens for answer in alone]


def test_it_takes_an_adapter(korean):
    from clara.profiles import Lora

    view = attach(korean, Lora(rank=2), seed=0)
    ids = mx.array([prompt_ids(korean.tokenizer, QUESTION)])
    assert mx.array_equal(view.model(ids), korean.model(ids)).item()
