"""What a training leaves behind, an adapter or a compressor: how it begins, is written, and is told apart."""

from __future__ import annotations

import copy
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol, runtime_checkable

import mlx.core as mx
import mlx.nn as nn
import numpy as np

from clara.model import views, writing
from clara.model.adapters import WEIGHTS, adapter_digest, attach, load_adapter, save_adapter
from clara.model.base import LanguageModel
from clara.model.compressor import Clara
from clara.profiles import Compression, Lora
from clara.provenance import files_digest


@runtime_checkable
class Form(Protocol):
    """What is trained.

    Attributes:
        file: A file that is there if it was written whole.
    """

    @property
    def file(self) -> str:
        """A file that is there if it was written whole."""
        ...

    @property
    def settings(self) -> dict[str, Any]:
        """All that decides how it begins, JSON-like."""
        ...

    @property
    def origin(self) -> str | None:
        """Digest of what it goes on from where no stage came before; None for fresh weights."""
        ...

    def begin(self, base: LanguageModel, parent: Path | None) -> nn.Module:
        """Weights before the first step: those of the stage before, if there is one."""
        ...

    def digest(self, model: nn.Module) -> str:
        """Digest of all that can be trained."""
        ...

    def save(self, model: nn.Module, base: LanguageModel, folder: Path) -> None:
        """Write what was trained."""
        ...


@dataclass(frozen=True)
class AdapterForm:
    """LoRA on the base, in mlx-lm's two files.

    Attributes:
        lora: Its shape.
        seed: Draws the fresh weights.
    """

    lora: Lora
    seed: int
    file = WEIGHTS
    origin = None

    @property
    def settings(self) -> dict[str, Any]:
        """Shape and seed."""
        return {"lora": self.lora.model_dump(), "seed": self.seed}

    def begin(self, base: LanguageModel, parent: Path | None) -> nn.Module:
        """The parent's adapter, or a fresh one."""
        return (load_adapter(base, parent) if parent else attach(base, self.lora, self.seed)).model

    def digest(self, model: nn.Module) -> str:
        """Digest of the adapter's tensors."""
        return adapter_digest(model) or ""

    def save(self, model: nn.Module, base: LanguageModel, folder: Path) -> None:  # noqa: ARG002 (the protocol's)
        """mlx-lm's two files."""
        save_adapter(model, self.lora, folder)


@dataclass(frozen=True)
class CompressorForm:
    """Encoder, decoder, memory tokens and, for the last stage, a query reasoner.

    Attributes:
        compression: Rate and document length.
        lora: Shape of the adapters; that of ``start`` where it is given.
        seed: Draws fresh weights.
        start: Folder of a pretrained compressor; None for fresh adapters.
        reasoner: Whether it has a query reasoner, which begins as a copy of the encoder.
    """

    compression: Compression
    lora: Lora
    seed: int
    start: Path | None = None
    reasoner: bool = False
    file = views.MEMORY

    @property
    def settings(self) -> dict[str, Any]:
        """Rate, shape, seed and views."""
        shape = {"compression": self.compression.model_dump(), "lora": self._lora.model_dump()}
        return {**shape, "seed": self.seed, "reasoner": self.reasoner}

    @property
    def origin(self) -> str | None:
        """Digest of the pretrained compressor's files; what its card says of it decides nothing."""
        return (
            files_digest(path for path in self.start.rglob("*.*") if path.suffix != ".md")
            if self.start
            else None
        )

    def begin(self, base: LanguageModel, parent: Path | None) -> Clara:
        """The parent's weights, the pretrained ones, or fresh ones; at another rate the memory tokens are respaced."""
        folder = parent or self.start
        if folder is None:
            clara = views.fresh(base, self.compression, self.lora, self.seed)
        else:
            clara, settings = views.load(base, folder)
            if settings.compression != self.compression:
                clara = _at_rate(clara, base, self.compression)
        if self.reasoner and clara.reasoner is None:
            clara.reasoner = copy.deepcopy(clara.encoder)
        return clara

    def opened(self, base: LanguageModel) -> writing.Compressor:
        """It before any stage, to answer with."""
        clara = self.begin(base, None)
        settings = views.described(clara, base, self.compression, self._lora, self._is_reference)
        return writing.Compressor(base, clara, settings)

    def digest(self, model: nn.Module) -> str:
        """Digest of adapters and embeddings."""
        return writing.clara_digest(model)

    def save(self, model: nn.Module, base: LanguageModel, folder: Path) -> None:
        """The folder that :func:`clara.model.views.load` reads."""
        views.save(model, base, self.compression, self._lora, folder, self._is_reference)

    @property
    def _lora(self) -> Lora:
        return views.read_settings(self.start).lora if self.start else self.lora

    @property
    def _is_reference(self) -> bool:
        return self.start is not None and views.read_settings(self.start).memory_scale == "reference"


def _at_rate(clara: Clara, base: LanguageModel, compression: Compression) -> Clara:
    """The same adapters with more or fewer memory tokens, spaced evenly between those that there are."""
    had = np.array(clara.memory.astype(mx.float32))
    places = np.linspace(0, len(had) - 1, compression.slots)
    rows = np.stack([np.interp(places, range(len(had)), column) for column in had.T], axis=1)
    special = mx.concatenate([mx.array(rows).astype(clara.memory.dtype), clara.marks])
    tokens = views.memory_tokens(base, compression)
    return Clara(clara.encoder, clara.decoder, clara.reasoner, tokens, special, scale=clara.scale)
