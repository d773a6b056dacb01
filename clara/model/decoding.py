"""Greedy decoding in ragged batches, token for token what decoding one by one gives."""

from __future__ import annotations

import copy
import time
from collections.abc import Generator, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import mlx.core as mx
import mlx.nn as nn
from jaxtyping import Float

from clara.blas import at_once
from clara.model.base import head, text_model
from clara.model.streams import side_by_side

Stopped = Literal["eos", "newline", "length"]


@dataclass(frozen=True)
class Generation:
    """What a model wrote after a prompt.

    Attributes:
        text: First line, stripped, without special tokens.
        tokens: Ids as generated, the stop token included.
        stopped: ``eos``, ``newline`` or ``length`` (the limit was reached).
        seconds: Equal share of the wall time of all that was written at once with it.
    """

    text: str
    tokens: tuple[int, ...]
    stopped: Stopped
    seconds: float


def greedy(
    model: nn.Module,
    tokenizer: Any,
    prompts: Sequence[Sequence[int]],
    max_tokens: int,
    batch_size: int = 16,
    embeddings: Sequence[Float[mx.array, "_ width"]] | None = None,
) -> list[Generation]:
    """Most likely continuation of each prompt, up to the end of turn, a newline or ``max_tokens``.

    Args:
        model: mlx-lm's model.
        tokenizer: mlx-lm's tokenizer.
        prompts: Token ids, at least one each; lengths may differ.
        max_tokens: Most tokens to write.
        batch_size: Prompts decoded together; the result does not depend on it.
        embeddings: What the model reads in place of the prompts' own embeddings, one row a token.

    Returns:
        One generation a prompt, in the order given.
    """
    by_length = sorted(range(len(prompts)), key=lambda i: (-len(prompts[i]), i))
    batches = [by_length[start : start + batch_size] for start in range(0, len(by_length), batch_size)]
    done: dict[int, Generation] = {}
    width = at_once()
    for first in range(0, len(batches), width):
        together = batches[first : first + width]
        began = time.perf_counter()
        decodings = [
            _decode(
                model, tokenizer, [prompts[i] for i in rows], max_tokens,
                [embeddings[i] for i in rows] if embeddings else None,
            )
            for rows in together
        ]  # fmt: skip
        written = side_by_side(decodings)
        seconds = (time.perf_counter() - began) / sum(map(len, together))
        for rows, found in zip(together, written, strict=True):
            for i, (tokens, stop) in zip(rows, found, strict=True):
                done[i] = Generation(_first_line(tokenizer, tokens), tuple(tokens), stop, seconds)
    return [done[i] for i in range(len(prompts))]


def _decode(
    model: nn.Module,
    tokenizer: Any,
    prompts: Sequence[Sequence[int]],
    max_tokens: int,
    embeddings: Sequence[mx.array] | None,
) -> Generator[mx.array, None, list[tuple[list[int], Stopped]]]:
    """The tokens of each prompt and why they end; what is yielded has to be evaluated before it goes on."""
    cache, logits = _prefill(model, prompts, embeddings)
    yield logits
    for layer in cache:
        layer.finalize()
    written: list[list[int]] = [[] for _ in prompts]
    stops: list[Stopped] = ["length"] * len(prompts)
    alive = list(range(len(prompts)))
    for left in reversed(range(max_tokens)):
        chosen = mx.argmax(logits, axis=-1)
        yield chosen
        tokens: Any = chosen.tolist()
        kept = []
        for place, token in enumerate(tokens):
            row = alive[place]
            written[row].append(token)
            stop = _stop(tokenizer, written[row])
            if stop:
                stops[row] = stop
            else:
                kept.append(place)
        if not (kept and left):
            break
        if len(kept) < len(alive):
            for layer in cache:
                layer.filter(mx.array(kept))
        alive = [alive[place] for place in kept]
        logits = model(chosen[mx.array(kept)][:, None], cache=cache)[:, -1]
    return list(zip(written, stops, strict=True))


def _prefill(
    model: nn.Module, prompts: Sequence[Sequence[int]], embeddings: Sequence[mx.array] | None
) -> tuple[list[Any], mx.array]:
    """Caches that hold the prompts, right-padded, to be rolled to the left edge when they are read; the next logits."""
    from mlx_lm.models.cache import make_prompt_cache

    lengths = [len(prompt) for prompt in prompts]
    longest = max(lengths)
    ids = mx.array([[*prompt, *[0] * (longest - len(prompt))] for prompt in prompts])
    cache = [type(layer).merge([copy.copy(layer) for _ in prompts]) for layer in make_prompt_cache(model)]
    padding = [longest - length for length in lengths]
    for layer in cache:
        layer.prepare(lengths=lengths, right_padding=padding)
    # The backbone alone: a head over every prompt position would be a fifth of the work, thrown away.
    given = {}
    if embeddings:
        rows = zip(embeddings, prompts, padding, strict=True)
        # A fresh array: gemma3 scales the one that it is given in place.
        given["input_embeddings"] = mx.stack([mx.pad(e[: len(p)], [(0, n), (0, 0)]) for e, p, n in rows])
    states = text_model(model).model(ids, cache=cache, **given)
    logits = head(model, states[mx.arange(len(prompts)), mx.array(lengths) - 1])
    return cache, logits


def _stop(tokenizer: Any, tokens: list[int]) -> Stopped | None:
    if tokens[-1] in tokenizer.eos_token_ids:
        return "eos"
    return "newline" if "\n" in tokenizer.decode(tokens).lstrip() else None


def _first_line(tokenizer: Any, tokens: list[int]) -> str:
    text: str = tokenizer.decode(tokens, skip_special_tokens=True).strip()
    return text.split("\n")[0].strip()
