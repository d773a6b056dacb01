"""Batched decoding is decoding one by one: cost may depend on the batch, answers never."""

from __future__ import annotations

import pytest
import tiny

from clara.model.base import load_base
from clara.model.decoding import greedy


@pytest.fixture(
    scope="module",
    params=[
        {},
        {"model_type": "qwen3", "num_key_value_heads": 1, "head_dim": 16, "rope_theta": 10000.0},
        {
            "model_type": "gemma3_text",
            "num_hidden_layers": 6,
            "num_key_value_heads": 1,
            "head_dim": 16,
            "sliding_window": 8,
        },
    ],
    ids=["llama", "qwen3", "gemma3_text"],
)
def base(request, tmp_path_factory):
    return load_base(tiny.save_model(tmp_path_factory.mktemp("m"), **request.param))


def test_a_batch_writes_what_each_row_alone_writes(base):
    prompts = tiny.prompts(seed=1, count=7)
    together = greedy(base.model, base.tokenizer, prompts, max_tokens=12, batch_size=4)
    alone = [greedy(base.model, base.tokenizer, [prompt], max_tokens=12)[0] for prompt in prompts]
    assert [g.tokens for g in together] == [g.tokens for g in alone]


def test_it_writes_what_mlx_lm_writes(base):
    import mlx.core as mx
    from mlx_lm.generate import generate_step

    prompt = tiny.prompts(seed=2, count=1)[0]
    mine = greedy(base.model, base.tokenizer, [prompt], max_tokens=8)[0]
    theirs = [int(token) for token, _ in generate_step(mx.array(prompt), base.model, max_tokens=8)]
    assert list(mine.tokens) == theirs[: len(mine.tokens)]


def test_the_order_of_prompts_does_not_matter(base):
    prompts = list(tiny.prompts(seed=3, count=5))
    forwards = greedy(base.model, base.tokenizer, prompts, max_tokens=6, batch_size=2)
    backwards = greedy(base.model, base.tokenizer, prompts[::-1], max_tokens=6, batch_size=2)
    assert [g.text for g in forwards] == [g.text for g in backwards[::-1]]


def test_the_limit_is_kept_and_said(base):
    generations = greedy(base.model, base.tokenizer, tiny.prompts(seed=4, count=6), max_tokens=3)
    assert all(len(g.tokens) <= 3 for g in generations)
    assert all(len(g.tokens) == 3 for g in generations if g.stopped == "length")
