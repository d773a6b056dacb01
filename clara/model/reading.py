"""Answering from memory: texts are compressed once, prompts hold their vectors, the decoder writes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import mlx.core as mx
from jaxtyping import Float

from clara.documents import sentences
from clara.model.compressor import Clara
from clara.model.decoding import Generation, greedy
from clara.model.memory import padded
from clara.model.prompts import text_ids


def compress_texts(
    clara: Clara, tokenizer: Any, texts: Sequence[str], batch_size: int = 16
) -> Float[mx.array, "texts slots width"]:
    """Memory of each text, whatever order and batch it is compressed in.

    Raises:
        ValueError: A text is empty, or longer than is compressed at once, see :func:`parts`.
    """
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


def parts(tokenizer: Any, text: str, longest: int | None) -> list[str]:
    """A text as pieces of at most ``longest`` tokens, of whole sentences as far as they fit, no word lost."""

    def length(piece: str) -> int:
        return len(text_ids(tokenizer, piece))

    if longest is None or length(text) <= longest:
        return [text]
    pieces: list[str] = []
    for sentence in sentences(text):
        # A sentence that is too long by itself goes in word by word.
        for unit in [sentence] if length(sentence) <= longest else sentence.split():
            joined = f"{pieces[-1]} {unit}" if pieces else unit
            if pieces and length(joined) <= longest:
                pieces[-1] = joined
            else:
                pieces.append(unit)
    return pieces


def answer_from_memory(
    clara: Clara,
    tokenizer: Any,
    prompts: Sequence[Sequence[int]],
    memories: Sequence[Float[mx.array, "_ slots width"]],
    max_tokens: int,
    batch_size: int = 16,
) -> list[Generation]:
    """What the decoder writes to each prompt, with the memories where the memory tokens stand.

    Raises:
        ValueError: A prompt has more or fewer places for memory than it is given.
    """
    for number, (prompt, memory) in enumerate(zip(prompts, memories, strict=True)):
        places, vectors = sum(i in clara.tokens.ids for i in prompt), memory.shape[0] * memory.shape[1]
        if places != vectors:
            raise ValueError(
                f"prompt {number} has {places} places for {vectors} memory vectors: lay it out again"
            )
    embeddings = [
        clara.prompt_embeddings(mx.array([list(prompt)]), memory)[0]
        for prompt, memory in zip(prompts, memories, strict=True)
    ]
    ordinary = [[i if i < clara.tokens.vocabulary else 0 for i in prompt] for prompt in prompts]
    return greedy(clara.decoder, tokenizer, ordinary, max_tokens, batch_size, embeddings)
