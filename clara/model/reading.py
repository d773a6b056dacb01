"""Answering from memory: texts are compressed once, prompts hold their vectors, the decoder writes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import mlx.core as mx
from jaxtyping import Float

from clara.model.compressor import Clara
from clara.model.decoding import Generation, greedy
from clara.model.memory import padded


def compress_texts(
    clara: Clara, tokenizer: Any, texts: Sequence[str], batch_size: int = 16
) -> Float[mx.array, "texts slots width"]:
    """Memory of each text, whatever order and batch it is compressed in."""
    layouts = [clara.tokens.layout(tokenizer, text) for text in texts]
    by_length = sorted(range(len(texts)), key=lambda i: len(layouts[i]))
    found: dict[int, mx.array] = {}
    for start in range(0, len(texts), batch_size):
        rows = by_length[start : start + batch_size]
        lengths = mx.array([len(layouts[i]) for i in rows])
        memory = clara.compress(padded([layouts[i] for i in rows]), lengths).memory
        mx.eval(memory)
        found |= zip(rows, memory, strict=True)
    return mx.stack([found[i] for i in range(len(texts))])


def answer_from_memory(
    clara: Clara,
    tokenizer: Any,
    prompts: Sequence[Sequence[int]],
    memories: Sequence[Float[mx.array, "_ slots width"]],
    max_tokens: int,
    batch_size: int = 16,
) -> list[Generation]:
    """What the decoder writes to each prompt, with the memories where the memory tokens stand."""
    embeddings = [
        clara.prompt_embeddings(mx.array([list(prompt)]), memory)[0]
        for prompt, memory in zip(prompts, memories, strict=True)
    ]
    ordinary = [[i if i < clara.tokens.vocabulary else 0 for i in prompt] for prompt in prompts]
    return greedy(clara.decoder, tokenizer, ordinary, max_tokens, batch_size, embeddings)
