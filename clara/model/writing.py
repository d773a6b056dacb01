"""What a model reads before it writes, and writing: from text, or from memory with a compressor."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from copy import copy
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

import mlx.core as mx
import numpy as np
from jaxtyping import Float

from clara.model.adapters import adapter_digest, adapter_tensors, fused, lora_scales, tensors_digest
from clara.model.base import LanguageModel
from clara.model.compressor import Clara
from clara.model.decoding import Generation, greedy
from clara.model.reading import answer_from_memory
from clara.model.views import CompressorSettings
from clara.provenance import digest


@dataclass(frozen=True)
class Compressor:
    """A compressor to run, with what is needed to run it and to name it, as :class:`LanguageModel` is for a base.

    Attributes:
        base: The model that it is a view of.
        clara: The views and the memory tokens.
        settings: What it says of itself.
    """

    base: LanguageModel
    clara: Clara
    settings: CompressorSettings

    @property
    def tokenizer(self) -> Any:
        """The base's."""
        return self.base.tokenizer

    @property
    def base_digest(self) -> str:
        """The base's."""
        return self.base.base_digest

    @property
    def window(self) -> int:
        """The base's."""
        return self.base.window


class Prompt(NamedTuple):
    """All that a model reads before it writes.

    Attributes:
        ids: Token ids, those of memory tokens among them.
        memory: What stands where the memory tokens stand; None in a prompt of text.
    """

    ids: tuple[int, ...]
    memory: Float[mx.array, "documents slots width"] | None = None

    @property
    def sha256(self) -> str:
        """Digest of ids and vectors: two prompts of one digest are read alike."""
        return digest([list(self.ids), self.memory_sha256] if self.memory_sha256 else list(self.ids))

    @property
    def memory_sha256(self) -> str | None:
        """Digest of the vectors; None in a prompt of text."""
        return None if self.memory is None else hashlib.sha256(np.asarray(self.memory).tobytes()).hexdigest()


def weights_digest(model: LanguageModel | Compressor) -> str | None:
    """Digest of everything in memory that was trained: an adapter, or a compressor's; None for a bare base."""
    return clara_digest(model.clara) if isinstance(model, Compressor) else adapter_digest(model.model)


def clara_digest(clara: Clara) -> str:
    """Digest of all of a compressor but its base: adapters and their factors, embeddings, scale, length."""
    found = {"encoder": clara.encoder, "decoder": clara.decoder, "reasoner": clara.reasoner}
    views = {name: view for name, view in found.items() if view is not None}
    tensors = {f"{v}.{name}": t for v, view in views.items() for name, t in adapter_tensors(view).items()}
    rows = {"memory": clara.memory, "marks": clara.marks}
    if clara.head_rows is not None:
        rows["head_rows"] = clara.head_rows
    scales = {name: lora_scales(view) for name, view in views.items()}
    return digest([tensors_digest({**tensors, **rows}), scales, clara.scale, clara.tokens.longest])


def for_many(model: LanguageModel | Compressor) -> LanguageModel | Compressor:
    """The same model to write many answers with; what it costs to fuse its adapters one answer would not bring back."""
    if isinstance(model, LanguageModel):
        return replace(model, model=fused(model.model))
    clara = copy(model.clara)
    clara.decoder = fused(clara.decoder)
    return replace(model, clara=clara)


def write(
    model: LanguageModel | Compressor, prompts: Sequence[Prompt], max_tokens: int, batch_size: int
) -> list[Generation]:
    """Most likely continuation of each prompt, in the order given.

    Raises:
        ValueError: A prompt with memory for a model that reads text, or the other way round.
    """
    reads_memory = isinstance(model, Compressor)
    if any((prompt.memory is not None) != reads_memory for prompt in prompts):
        raise ValueError(
            "a compressor reads memory, every other model reads text: a prompt is of the other kind"
        )
    ids, memories = [p.ids for p in prompts], [p.memory for p in prompts if p.memory is not None]
    if isinstance(model, Compressor):
        return answer_from_memory(model.clara, model.tokenizer, ids, memories, max_tokens, batch_size)
    return greedy(model.model, model.tokenizer, ids, max_tokens, batch_size)
