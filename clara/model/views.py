"""A compressor over a base: three views of it, fresh, saved or loaded.

On disk a compressor is a folder: ``encoder/``, ``decoder/`` and, after the last stage, ``reasoner/``, each with
mlx-lm's two adapter files; ``memory.safetensors`` with the embeddings; ``compressor.json`` with what it was made for.
"""

from __future__ import annotations

from pathlib import Path
from typing import Literal

import mlx.core as mx
import mlx.nn as nn
from mlx.utils import tree_unflatten
from pydantic import ValidationError

from clara.errors import AdapterError, ModelError
from clara.model.adapters import (
    adapter_tensors,
    attach,
    changes_anything,
    load_adapter,
    read_tensors,
    save_adapter,
)
from clara.model.base import LanguageModel, hidden_states, text_model
from clara.model.compressor import Clara
from clara.model.memory import MARKS, MemoryTokens
from clara.model.prompts import Wording
from clara.profiles import Compression, Lora
from clara.records import Record

_SAMPLE = 64  # ids whose states tell how long states are
SETTINGS, MEMORY = "compressor.json", "memory.safetensors"


class CompressorSettings(Record):
    """What a compressor says of itself (``compressor.json``).

    Attributes:
        schema_version: Raised when a field changes its meaning.
        base: Digest of the base's files: it fits them on whatever device and in whatever precision they run.
        compression: Rate and document length.
        lora: Shape of the adapters.
        memory_scale: What memory vectors are multiplied by on their way into a prompt; ``reference`` for 1, as in the
            original.
        wording: Whose prompt it was trained with, see :func:`clara.model.prompts.memory_prompt_ids`.
        views: Which views it has, in order.
        untrained: Those of them whose adapters change nothing yet.
    """

    schema_version: int = 1
    base: str
    compression: Compression
    lora: Lora
    memory_scale: float | Literal["reference"]
    wording: Wording = "clara"
    views: tuple[str, ...]
    untrained: tuple[str, ...] = ()

    @property
    def scale(self) -> float:
        """The scale as a number."""
        return 1.0 if self.memory_scale == "reference" else self.memory_scale


def fresh(base: LanguageModel, compression: Compression, lora: Lora, seed: int) -> Clara:
    """Encoder and decoder with fresh adapters, and embeddings drawn about the mean of the base's.

    Memory vectors are states after the last norm, some thirty times as long as embeddings; they are scaled to the
    length of embeddings (by what some ids of the vocabulary give), which also serves architectures that scale what
    they are given (gemma3).

    Raises:
        ModelError: The architecture takes no embeddings.
    """
    check_takes_embeddings(base)
    encoder, decoder = attach(base, lora, seed), attach(base, lora, seed + 1)
    tokens = memory_tokens(base, compression)
    rows = text_model(base.model).model.embed_tokens(mx.arange(tokens.vocabulary))
    mean, spread = rows.mean(axis=0), rows.astype(mx.float32).std(axis=0)
    mx.random.seed(seed + 2)
    special = mean + spread * mx.random.normal((compression.slots + MARKS, rows.shape[1]))
    scale = float(_rms(rows) / _rms(hidden_states(base.model, mx.arange(_SAMPLE)[None] % rows.shape[0])))
    clara = Clara(encoder.model, decoder.model, None, tokens, special.astype(rows.dtype), scale=scale)
    clara.eval()
    return clara


def save(
    clara: Clara,
    base: LanguageModel,
    compression: Compression,
    lora: Lora,
    folder: Path,
    reference: bool = False,
) -> None:
    """Write a compressor, adapters in the precision that they have; ``reference`` for one made by the original."""
    settings = described(clara, base, compression, lora, reference)
    for name in settings.views:
        save_adapter(getattr(clara, name), lora, folder / name)
    arrays = {"memory": clara.memory, "marks": clara.marks}
    if clara.head_rows is not None:
        arrays["head_rows"] = clara.head_rows
    mx.save_safetensors(str(folder / MEMORY), arrays)
    (folder / SETTINGS).write_text(settings.model_dump_json(indent=1) + "\n")


def described(
    clara: Clara, base: LanguageModel, compression: Compression, lora: Lora, reference: bool = False
) -> CompressorSettings:
    """What a compressor in memory says of itself; ``reference`` for one made by the original."""
    found = {name: getattr(clara, name) for name in ("encoder", "decoder", "reasoner")}
    there = {name: view for name, view in found.items() if view is not None}
    return CompressorSettings(
        base=base.files_digest,
        compression=compression,
        lora=lora,
        views=tuple(there),
        untrained=tuple(name for name, view in there.items() if not changes_anything(adapter_tensors(view))),
        memory_scale="reference" if reference else clara.scale,
        wording="reference" if reference else "clara",
    )


def load(base: LanguageModel, folder: Path) -> tuple[Clara, CompressorSettings]:
    """A compressor over its base, strictly; what is kept in half precision comes in the base's own.

    Raises:
        AdapterError: A file is missing or broken, or it was made for another base.
    """
    settings = read_settings(folder)
    if settings.base != base.files_digest:
        raise AdapterError(
            folder, f"it was made for another base than {base.path}", "Name the base that it was trained on"
        )
    dtype = _embedding(base).dtype
    views = {
        name: _cast(load_adapter(base, folder / name, name in settings.untrained).model, dtype)
        for name in settings.views
    }
    arrays = {
        name: rows.astype(dtype)
        for name, rows in _read_memory(folder, settings, _embedding(base).shape[-1]).items()
    }
    tokens = memory_tokens(base, settings.compression)
    special = mx.concatenate([arrays["memory"], arrays["marks"]])
    clara = Clara(
        views["encoder"], views["decoder"], views.get("reasoner"), tokens, special,
        head_rows=arrays.get("head_rows"), scale=settings.scale,
    )  # fmt: skip
    clara.eval()
    return clara, settings


def beside(model: Path, rate: int) -> Path:
    """The compressor of this rate in a folder beside the model's own, as the embedded models lie.

    Raises:
        AdapterError: There is none.
    """
    found = sorted(file.parent for file in model.resolve().parent.glob(f"*/{SETTINGS}"))
    rates = {folder: read_settings(folder).compression.rate for folder in found}
    for folder in found:
        if rates[folder] == rate:
            return folder
    told = f"beside {model} are compressors of the rates {sorted(rates.values())}, none of {rate}"
    raise AdapterError(
        model.parent, told, "Ask for one of these, or pretrain it with clara.pretraining.compress"
    )


def read_settings(folder: Path) -> CompressorSettings:
    """What a compressor says of itself."""
    try:
        return CompressorSettings.model_validate_json((folder / SETTINGS).read_text())
    except (OSError, ValidationError) as error:
        found = f"{SETTINGS} is missing or broken ({type(error).__name__})"
        raise AdapterError(folder, found, "Name the folder of a compressor, or train it again") from error


def check_takes_embeddings(base: LanguageModel) -> None:
    """Refuse an architecture that cannot read vectors, by name.

    Raises:
        ModelError: With the architectures of mlx-lm that can.
    """
    import inspect

    backbone = text_model(base.model).model
    if "input_embeddings" not in inspect.signature(type(backbone).__call__).parameters:
        name = type(backbone).__module__.rsplit(".", 1)[-1]
        found = f"mlx-lm's {name} cannot be given embeddings, so it cannot read memory"
        remedy = f"Use one of {', '.join(_taking_embeddings())}"
        raise ModelError(base.path, found, remedy)


def _taking_embeddings() -> list[str]:
    import importlib.util

    found = importlib.util.find_spec("mlx_lm.models")
    folder = Path((found.submodule_search_locations or [""])[0]) if found else Path()
    return sorted(
        file.stem for file in folder.glob("*.py") if "input_embeddings" in file.read_text(encoding="utf-8")
    )


def _read_memory(folder: Path, settings: CompressorSettings, width: int) -> dict[str, mx.array]:
    remedy = "Import or train it again"
    arrays = read_tensors(folder / MEMORY, remedy)
    for name, rows in (("memory", settings.compression.slots), ("marks", MARKS)):
        if name not in arrays or arrays[name].shape != (rows, width):
            found = tuple(arrays[name].shape) if name in arrays else "missing"
            raise AdapterError(folder, f"{name} in {MEMORY} is {found}, wanted {(rows, width)}", remedy)
    return arrays


def memory_tokens(base: LanguageModel, compression: Compression) -> MemoryTokens:
    """Ids of the memory tokens over a base: they begin where its embedding table ends."""
    rows = int(text_model(base.model).model.embed_tokens.weight.shape[0])
    return MemoryTokens(rows, compression.slots, compression.max_document_tokens)


def _embedding(base: LanguageModel) -> mx.array:
    embedding: mx.array = text_model(base.model).model.embed_tokens(mx.array([0]))
    return embedding


def _cast(view: nn.Module, dtype: mx.Dtype) -> nn.Module:
    """The view with its adapters in a float type: mixed ones cost a conversion at every step of every layer."""
    tensors = [(name, tensor.astype(dtype)) for name, tensor in adapter_tensors(view).items()]
    view.update(tree_unflatten(tensors))
    return view


def _rms(values: mx.array) -> mx.array:
    return mx.sqrt(mx.mean(mx.square(values.astype(mx.float32))))
