"""What takes turns on the card, and what every contender is given."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any, NamedTuple

BATCHES = 8  # which go round

Spec = dict[str, Any]  # what a contender is told before anything else; JSON


class Contender(NamedTuple):
    """What a process can be asked for.

    Attributes:
        how: What is to be known about it; stands in the table.
        step: Enqueues the next step.
        finish: Waits for every step so far and gives the last one's numbers.
        peak_bytes: Most memory held so far.
        rates: Operations and bytes copied a second, of a product and a copy of this size.
        save: Writes the weights, by mlx-lm's names.
    """

    how: str
    step: Callable[[], None]
    finish: Callable[[], list[float]]
    peak_bytes: Callable[[], int]
    rates: Callable[[int, int], tuple[float, float]]
    save: Callable[[str], None]


def batches(spec: Spec) -> list[tuple[Any, Any]]:
    """Ids and loss weights of some steps: words are as frequent as words are, rows are weighted as the recipe does."""
    import numpy as np

    draw = np.random.default_rng(0)
    rows, length, vocab = spec["rows"], spec["tokens"] + 1, spec["model"]["vocab_size"]
    share = 1 / (np.arange(vocab) + 10.0)
    made = []
    for _ in range(BATCHES):
        ids = draw.choice(vocab, size=(rows, length), p=share / share.sum()).astype(np.uint16)
        weights = np.full((rows, length), spec["context_weight"], np.uint8)
        weights[draw.random((rows, length)) < 0.04] = spec["answer_weight"]
        weights[:, -length // 16 :] = 0  # padding
        weights[: round(spec["plain_text"] * rows)] = spec["text_weight"]
        made.append((ids, weights[:, 1:]))
    return made


def shapes(model: dict[str, Any]) -> list[tuple[str, tuple[int, ...]]]:
    """Names and shapes of a Llama's weights, tied, as many keys as queries."""
    width, inner, narrow = model["hidden_size"], model["intermediate_size"], attended(model)
    found: list[tuple[str, tuple[int, ...]]] = [("model.embed_tokens.weight", (model["vocab_size"], width))]
    for layer in range(model["num_hidden_layers"]):
        under = f"model.layers.{layer}"
        found += [(f"{under}.self_attn.{name}_proj.weight", (narrow, width)) for name in "qkv"]
        found += [
            (f"{under}.self_attn.o_proj.weight", (width, narrow)),
            (f"{under}.mlp.gate_proj.weight", (inner, width)),
            (f"{under}.mlp.up_proj.weight", (inner, width)),
            (f"{under}.mlp.down_proj.weight", (width, inner)),
            (f"{under}.input_layernorm.weight", (width,)),
            (f"{under}.post_attention_layernorm.weight", (width,)),
        ]
    return [*found, ("model.norm.weight", (width,))]


def attended(model: dict[str, Any]) -> int:
    """Width of all heads together."""
    if model["num_key_value_heads"] != model["num_attention_heads"] or not model["tie_word_embeddings"]:
        raise ValueError("only as many keys as queries, and tied embeddings, are written down here")
    return model["num_attention_heads"] * model["head_dim"]


def seconds(work: Callable[[], Any]) -> float:
    begin = time.perf_counter()
    work()
    return time.perf_counter() - begin
