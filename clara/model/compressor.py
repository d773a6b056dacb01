"""CLaRa's model: documents to memory vectors, memory vectors into the decoder's prompt, and the choice of documents.

Encoder, decoder and query reasoner are three views of one frozen base (DESIGN, rule 1), each with LoRA adapters of
its own; none is ever switched on or off. Sequences are padded on the right and the base is causal, so no mask is
needed: what stands after a memory token cannot reach it.

Source:
    arXiv 2511.18659; behaviour of apple/ml-clara at 857c3cf, held by ``tests/parity``.
"""

from __future__ import annotations

from copy import copy
from typing import NamedTuple

import mlx.core as mx
import mlx.nn as nn
from jaxtyping import Float, Int

from clara.model.base import head, text_model
from clara.model.memory import MARKS, MemoryTokens, embed, one_hot


class Compressed(NamedTuple):
    """What the compressor makes of a batch of documents.

    Attributes:
        memory: States after the last norm at the memory tokens.
        text_mean: Mean state over the other positions: marks and text, padding left out.
    """

    memory: Float[mx.array, "documents slots width"]
    text_mean: Float[mx.array, "documents width"]


class Clara(nn.Module):
    """The three views and the embeddings of the memory tokens.

    Attributes:
        encoder: View that compresses documents.
        decoder: View that reads memory and writes answers.
        reasoner: View that compresses questions to compare them with documents; None before the last stage.
        memory: Embeddings of the memory tokens, slots × width.
        marks: Embeddings of ``<AE> <ENC> <SEP>``, 3 × width; never trained.
        head_rows: Rows of the output layer for memory tokens and marks, where the original has them; the loss needs
            them in its denominator, and no answer ever holds one.
        tokens: Ids of the memory tokens.
        scale: What memory vectors are multiplied by on their way into a prompt; 1 as in the original.
    """

    def __init__(
        self,
        encoder: nn.Module,
        decoder: nn.Module,
        reasoner: nn.Module | None,
        tokens: MemoryTokens,
        special: Float[mx.array, "tokens width"],
        head_rows: Float[mx.array, "tokens width"] | None = None,
        scale: float = 1.0,
    ) -> None:
        super().__init__()
        if special.shape[0] != tokens.count + MARKS:
            raise ValueError(
                f"{special.shape[0]} special embeddings for {tokens.count} memory tokens and {MARKS} marks"
            )
        self.encoder, self.decoder, self.reasoner = encoder, decoder, reasoner
        self.memory, self.marks = special[: tokens.count], special[tokens.count :]
        self.head_rows = head_rows
        self.tokens, self.scale = tokens, scale

    def train_only(self, *views: str, memory: bool = False) -> None:
        """Freeze everything but the adapters of these views and, if asked for, the memory tokens' embeddings."""
        self.freeze()
        for view in views:
            getattr(self, view).unfreeze(keys=["lora_a", "lora_b"])
        if memory:
            self.unfreeze(recurse=False, keys=["memory"])

    def compress(
        self, ids: Int[mx.array, "documents length"], lengths: Int[mx.array, "documents"]
    ) -> Compressed:
        """Memory of documents laid out by :meth:`MemoryTokens.layout` and padded on the right."""
        return self._read(self.encoder, ids, lengths)

    def reason(
        self, ids: Int[mx.array, "questions length"], lengths: Int[mx.array, "questions"]
    ) -> Float[mx.array, "questions representation"]:
        """Memory of questions, laid out as documents are, flattened for comparison.

        Raises:
            ValueError: There is no query reasoner: the last stage has not been trained.
        """
        return self._read(self._asking(), ids, lengths).memory.flatten(1)

    def of_questions(self) -> Clara:
        """The same with the query reasoner for its encoder: it makes of a question what this makes of a text.

        Raises:
            ValueError: There is no query reasoner: the last stage has not been trained.
        """
        view = copy(self)
        view.encoder = self._asking()
        return view

    def _asking(self) -> nn.Module:
        if self.reasoner is None:
            raise ValueError("no query reasoner: retrieve with text, or train the end-to-end stage first")
        return self.reasoner

    def prompt_embeddings(
        self, ids: Int[mx.array, "rows length"], memory: Float[mx.array, "documents slots width"]
    ) -> Float[mx.array, "rows length width"]:
        """Embeddings of prompts, with memory vectors where the memory tokens stand, document after document.

        Row i reads documents i·k … i·k+k−1, k the same for all; a prompt that has slots for more is not seen here,
        because that would need its values: :func:`clara.model.reading.answer_from_memory` counts them.
        """
        embeddings = self._embed(self.decoder, ids)
        here = self.tokens.is_memory(ids)
        vectors = memory.reshape(ids.shape[0], -1, memory.shape[-1]).astype(embeddings.dtype) * self.scale
        place = mx.where(here, mx.cumsum(here.astype(mx.int32), axis=1) - 1, -1)
        injected = one_hot(place, vectors.shape[1], embeddings.dtype) @ vectors
        return mx.where(here[..., None], injected, embeddings)

    def states(
        self, ids: Int[mx.array, "rows length"], memory: Float[mx.array, "documents slots width"]
    ) -> Float[mx.array, "rows length width"]:
        """The decoder's states after the last norm, for prompts padded on the right."""
        return _backbone(self.decoder, ids, self.tokens, self.prompt_embeddings(ids, memory))

    def logits(self, states: Float[mx.array, "rows width"]) -> Float[mx.array, "rows vocab"]:
        """Logits of some of the decoder's states, those of memory tokens and marks last where there are any."""
        ordinary = head(self.decoder, states)
        if self.head_rows is None:
            return ordinary
        return mx.concatenate([ordinary, states @ self.head_rows.T.astype(states.dtype)], axis=-1)

    def _read(self, view: nn.Module, ids: mx.array, lengths: mx.array) -> Compressed:
        states = _backbone(view, ids, self.tokens, self._embed(view, ids))
        here = self.tokens.is_memory(ids)
        order = mx.where(here, ids - self.tokens.vocabulary, -1)
        memory = one_hot(order, self.tokens.count, states.dtype).swapaxes(1, 2) @ states
        text = (mx.arange(ids.shape[1]) < lengths[:, None]) & ~here
        weights = text.astype(states.dtype)[..., None]
        return Compressed(memory, (states * weights).sum(axis=1) / weights.sum(axis=1))

    def _embed(self, view: nn.Module, ids: mx.array) -> mx.array:
        special = mx.concatenate([self.memory, self.marks])
        return embed(text_model(view).model.embed_tokens, special, self.tokens.vocabulary, ids)


def _backbone(view: nn.Module, ids: mx.array, tokens: MemoryTokens, embeddings: mx.array) -> mx.array:
    """States after the last norm. Ids go along because some architectures look at them; gemma3 edits the embeddings."""
    ordinary = mx.where(ids < tokens.vocabulary, ids, 0)
    states: mx.array = text_model(view).model(ordinary, input_embeddings=embeddings)
    return states
