"""Memory tokens: ids beyond the vocabulary, with embeddings of their own, and where they stand.

They are never strings. A tokenizer would have to learn them, and a text that spells ``<MEM0>`` would be taken for one;
an id at or above the size of the embedding table can come from a layout and from nowhere else (DESIGN, rule 4).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import mlx.core as mx
import mlx.nn as nn
from jaxtyping import Bool, Float, Int

from clara.model.prompts import text_ids

MARKS = 3  # <AE>, <ENC>, <SEP>: in this order after the memory tokens, as in released checkpoints


@dataclass(frozen=True)
class MemoryTokens:
    """Ids of the memory tokens and marks, counted from the end of the base's vocabulary.

    Attributes:
        vocabulary: Rows of the base's embedding table.
        count: Memory vectors a document.
        longest: Tokens of the longest text that is compressed at once; None for any.
    """

    vocabulary: int
    count: int
    longest: int | None = None

    @property
    def ids(self) -> range:
        """The memory tokens' ids, in order."""
        return range(self.vocabulary, self.vocabulary + self.count)

    @property
    def encode(self) -> int:
        """``<ENC>``, which opens what is to be compressed."""
        return self.vocabulary + self.count + 1

    @property
    def separator(self) -> int:
        """``<SEP>``, which ends a document's memory in a prompt."""
        return self.vocabulary + self.count + 2

    @property
    def slot(self) -> list[int]:
        """A document's place in a prompt: its memory tokens and the separator."""
        return [*self.ids, self.separator]

    def is_memory(self, ids: Int[mx.array, "batch length"]) -> Bool[mx.array, "batch length"]:
        """Which positions hold a memory vector."""
        return (ids >= self.vocabulary) & (ids < self.vocabulary + self.count)

    def layout(self, tokenizer: Any, text: str) -> list[int]:
        """A document or question as the compressor reads it: ``<ENC> <s> text </s>`` and the memory tokens.

        Text that spells a special token is read as text.

        Raises:
            ValueError: The text is empty, or longer than is compressed at once: the rest would be lost in silence.
        """
        ids = text_ids(tokenizer, text)
        if not ids:
            raise ValueError("an empty text has nothing to compress: leave it out")
        if self.longest and len(ids) > self.longest:
            raise ValueError(f"a text of {len(ids)} tokens, {self.longest} are compressed at once: split it")
        begin = [] if tokenizer.bos_token_id is None else [tokenizer.bos_token_id]
        end = [] if tokenizer.eos_token_id is None else [tokenizer.eos_token_id]
        return [self.encode, *begin, *ids, *end, *self.ids]


def padded(rows: Sequence[Sequence[int]]) -> Int[mx.array, "batch length"]:
    """Rows side by side, padded on the right with 0."""
    longest = max(len(row) for row in rows)
    return mx.array([[*row, *[0] * (longest - len(row))] for row in rows], mx.int32)


def embed(
    table: nn.Module,
    special: Float[mx.array, "tokens width"],
    vocabulary: int,
    ids: Int[mx.array, "batch length"],
) -> Float[mx.array, "batch length width"]:
    """Embeddings of ids, of which those at or above ``vocabulary`` are rows of ``special``.

    The special rows are picked by a product with one-hot rows: the gradient of a gather is a scatter, which is slow
    on CUDA (measured, DESIGN).
    """
    beyond = ids >= vocabulary
    ordinary = table(mx.where(beyond, 0, ids))
    picked = one_hot(ids - vocabulary, special.shape[0], ordinary.dtype) @ special.astype(ordinary.dtype)
    return mx.where(beyond[..., None], picked, ordinary)


def one_hot(places: Int[mx.array, "..."], width: int, dtype: mx.Dtype) -> Float[mx.array, "... width"]:
    """A 1 at each place; a row of zeros for places outside."""
    return (places[..., None] == mx.arange(width)).astype(dtype)
