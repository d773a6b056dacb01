"""Released CLaRa checkpoints, read without torch and without running anything that stands in them.

A ``.pth`` file is a zip with a pickle of references to raw storages. Only what describes tensors and containers may be
named in that pickle; anything else is refused before it is called. Storages are read one at a time, when asked for.

Source:
    Layout of apple/ml-clara at 857c3cf (docs/decisions/0006).
"""

from __future__ import annotations

import json
import math
import pickle
import zipfile
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import mlx.core as mx
import numpy as np
from mlx.utils import tree_unflatten

from clara.errors import AdapterError
from clara.model import views
from clara.model.adapters import adapter_tensors, attach
from clara.model.base import LanguageModel, text_model
from clara.model.compressor import Clara
from clara.model.memory import MARKS, MemoryTokens
from clara.profiles import Compression, Lora

_DTYPES = {
    "FloatStorage": mx.float32,
    "HalfStorage": mx.float16,
    "BFloat16Storage": mx.bfloat16,
    "LongStorage": mx.int64,
}
_VIEWS = {"encoder": "encoder_adapter", "decoder": "decoder_adapter", "reasoner": "query_reasoner_adapter"}
_EMBEDDINGS, _HEAD = "model.embed_tokens.weight", "lm_head.weight"
_REMEDY = "Download the checkpoint again"


@dataclass(frozen=True)
class StoredTensor:
    """A tensor in a ``.pth`` file that has not been read yet."""

    path: Path
    entry: str
    dtype: mx.Dtype
    offset: int
    shape: tuple[int, ...]
    strides: tuple[int, ...]

    def read(self) -> mx.array:
        """Its values.

        Raises:
            AdapterError: The storage is missing, shorter than its shape says, or not laid out row by row.
        """
        contiguous = tuple(math.prod(self.shape[axis + 1 :]) for axis in range(len(self.shape)))
        if self.strides != contiguous:
            raise AdapterError(self.path, f"{self.entry} is not laid out row by row", _REMEDY)
        begin, length = self.offset * self.dtype.size, math.prod(self.shape) * self.dtype.size
        try:
            with zipfile.ZipFile(self.path) as archive:
                raw = archive.read(self.entry)[begin : begin + length]
        except (KeyError, zipfile.BadZipFile) as error:
            raise AdapterError(self.path, f"{self.entry} cannot be read: {error}", _REMEDY) from error
        if len(raw) != length:
            raise AdapterError(self.path, f"{self.entry} has {len(raw)} of {length} bytes", _REMEDY)
        return mx.array(np.frombuffer(raw, np.uint8)).view(self.dtype).reshape(self.shape)


def read_pth(path: Path) -> Any:
    """The containers of a ``.pth`` file, with :class:`StoredTensor` where tensors stand.

    Raises:
        AdapterError: It is no such file, is cut short, or names something that is no tensor and no container.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            inside = next(name for name in archive.namelist() if name.endswith("/data.pkl"))
            with archive.open(inside) as file:
                return _TensorsOnly(file, path, inside.removesuffix("data.pkl")).load()
    except pickle.UnpicklingError as error:
        raise AdapterError(path, str(error), "Do not load it with anything else either") from error
    except (zipfile.BadZipFile, StopIteration, EOFError, OSError) as error:
        found = f"it is no checkpoint of torch's zip format, or cut short ({type(error).__name__})"
        raise AdapterError(path, found, _REMEDY) from error


class _TensorsOnly(pickle.Unpickler):
    """Unpickles dicts, lists and descriptions of tensors; a pickle that asks for more is refused."""

    def __init__(self, file: Any, path: Path, prefix: str) -> None:
        super().__init__(file)
        self._path, self._prefix = path, prefix

    def find_class(self, module: str, name: str) -> Any:
        if (module, name) == ("collections", "OrderedDict"):
            return OrderedDict
        if (module, name) == ("torch._utils", "_rebuild_tensor_v2"):
            return self._tensor
        if (module, name) == ("torch._utils", "_rebuild_parameter"):
            return self._parameter
        if module in ("torch", "torch.storage") and name in _DTYPES:
            return _DTYPES[name]
        raise pickle.UnpicklingError(f"it asks for {module}.{name}, which is no tensor and no container")

    def persistent_load(self, pid: Any) -> tuple[str, mx.Dtype]:
        kind, dtype, key, *_ = pid
        if kind != "storage" or not isinstance(dtype, mx.Dtype):
            raise pickle.UnpicklingError(f"it refers to {kind!r}, which is no storage of numbers")
        return f"{self._prefix}data/{key}", dtype

    def _tensor(
        self, storage: tuple[str, mx.Dtype], offset: int, shape: Any, strides: Any, *_: Any
    ) -> StoredTensor:
        entry, dtype = storage
        return StoredTensor(self._path, entry, dtype, int(offset), tuple(shape), tuple(strides))

    def _parameter(self, data: StoredTensor, *_: Any) -> StoredTensor:
        return data


def import_checkpoint(folder: Path, base: LanguageModel, out: Path) -> views.CompressorSettings:
    """Convert a released checkpoint to a compressor of ours; nothing is left of a conversion that fails.

    Every adapter is taken over, the trained decoder of ``stage1_2`` too, which the original drops unless told
    otherwise. The path of the base in the checkpoint's config is not looked at: it often names a folder of its authors.

    Args:
        folder: Holds ``config.json``, ``adapters.pth``, ``decoder_first_last_layers.pth``; of one compression rate.
        base: The model that it was trained on.
        out: Folder to write; must not exist.

    Raises:
        AdapterError: Something is missing, cut short or of another base, or ``out`` exists.
    """
    if out.exists():
        raise AdapterError(out, "it exists already", "Name a folder that does not")
    views.check_takes_embeddings(base)
    config = _config(folder)
    compression = Compression(rate=config["compr_rate"], max_document_tokens=config["doc_max_length"])
    lora = Lora(rank=config["lora_r"], scale=2.0)
    tokens = views.memory_tokens(base, compression)
    special, head_rows = _beyond_vocabulary(folder, base, tokens)
    adapters: Mapping[str, Mapping[str, StoredTensor]] = read_pth(folder / "adapters.pth")
    made = {
        view: _filled(base, lora, adapters[name], folder / "adapters.pth", name)
        for view, name in _VIEWS.items()
        if name in adapters
    }
    if missing := {"encoder", "decoder"} - made.keys():
        raise AdapterError(folder, f"adapters.pth has no {_VIEWS[min(missing)]}", _REMEDY)
    clara = Clara(
        made["encoder"], made["decoder"], made.get("reasoner"), tokens, special, head_rows=head_rows
    )
    partial = out.with_name(f"{out.name}.partial")
    partial.mkdir(parents=True)
    views.save(clara, base, compression, lora, partial, reference=True)
    partial.replace(out)
    return views.read_settings(out)


def _config(folder: Path) -> dict[str, Any]:
    path = folder / "config.json"
    try:
        config: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        remedy = "Name the folder of one compression rate, such as compression-16"
        raise AdapterError(
            folder, f"config.json is missing or broken ({type(error).__name__})", remedy
        ) from error
    if missing := [key for key in ("compr_rate", "doc_max_length", "lora_r") if key not in config]:
        raise AdapterError(folder, f"config.json lacks {', '.join(missing)}", _REMEDY)
    return config


def _beyond_vocabulary(folder: Path, base: LanguageModel, tokens: MemoryTokens) -> tuple[mx.array, mx.array]:
    """Embeddings and head rows of memory tokens and marks, after a look at whether the rest is this base's."""
    path, rows = folder / "decoder_first_last_layers.pth", tokens.vocabulary
    stored: Mapping[str, StoredTensor] = read_pth(path)
    found = []
    for name in (_EMBEDDINGS, _HEAD):
        if name not in stored:
            raise AdapterError(path, f"it has no {name}", _REMEDY)
        wanted = rows + tokens.count + MARKS
        if stored[name].shape[0] != wanted:
            told = f"{name} has {stored[name].shape[0]} rows; base, rate and document length make {wanted}"
            raise AdapterError(
                path, told, "Name the base that it was trained on, or mend the rate in config.json"
            )
        found.append(stored[name].read())
    sample = mx.arange(0, rows, max(1, rows // 64))
    ours = text_model(base.model).model.embed_tokens(sample).astype(mx.float32)
    theirs = found[0][sample].astype(mx.float32)
    # A base in eight bits or in bfloat16 is the same base; another one shares nothing.
    if ours.shape != theirs.shape or float(mx.abs(ours - theirs).max()) > 0.1 * float(mx.abs(theirs).max()):
        remedy = "Name the base that it was trained on with --base"
        raise AdapterError(path, f"its embeddings are not those of {base.path}", remedy)
    return found[0][rows:], found[1][rows:]


def _filled(
    base: LanguageModel, lora: Lora, stored: Mapping[str, StoredTensor], path: Path, adapter: str
) -> Any:
    """A view with an adapter's tensors, by mlx-lm's names and in its orientation."""
    view = attach(base, lora, seed=0).model
    tensors = {}
    for name, expected in adapter_tensors(view).items():
        module, leaf = name.rsplit(".", 1)
        theirs = f"{module}.lora_{leaf[-1].upper()}.weight"
        if theirs not in stored:
            raise AdapterError(path, f"{adapter} has no {theirs}", "Name the base that it was trained on")
        tensor = stored[theirs].read().T
        if tensor.shape != expected.shape:
            found = f"{theirs} of {adapter} is {tensor.T.shape}, wanted {expected.T.shape}"
            raise AdapterError(path, found, "Name the base that it was trained on")
        tensors[name] = tensor.astype(expected.dtype)
    view.update(tree_unflatten(list(tensors.items())))
    return view
