"""LoRA adapters: attached to a view of the base, saved as mlx-lm's files, loaded strictly.

mlx-lm's own loader accepts a file with missing layers and says nothing; the layers stay at their
initialisation. Here every expected tensor must be there, in its shape, and the adapter must do something.
"""

from __future__ import annotations

import copy
import hashlib
import json
from collections.abc import Mapping
from pathlib import Path

import mlx.core as mx
import mlx.nn as nn
import numpy as np
from mlx.utils import tree_flatten, tree_unflatten

from clara.errors import AdapterError
from clara.model.base import LanguageModel
from clara.profiles import Lora

WEIGHTS, CONFIG = "adapters.safetensors", "adapter_config.json"
_LEAVES = ("lora_a", "lora_b")


def attach(base: LanguageModel, lora: Lora, seed: int) -> LanguageModel:
    """A view of the base with fresh adapters: ``lora_a`` drawn by seed, ``lora_b`` zero.

    Returns:
        A model that answers exactly as the base, and whose only trainable parameters are its adapters.

    Raises:
        AdapterError: The architecture has no layer that takes an adapter.
    """
    from mlx_lm.tuner.utils import linear_to_lora_layers

    mx.random.seed(seed)
    fresh = base.view()
    linear_to_lora_layers(fresh.model, lora.num_layers, lora.model_dump(include={"rank", "scale", "dropout"}))
    tensors = adapter_tensors(fresh.model)
    if not tensors:
        raise AdapterError(base.path, "no layer takes an adapter", "Use another base model")
    mx.eval(tensors)
    return fresh


def adapter_tensors(model: nn.Module) -> dict[str, mx.array]:
    """Every adapter tensor by its name in mlx-lm's file, in name order."""
    named = tree_flatten(model.parameters())
    return {name: value for name, value in sorted(named) if name.rsplit(".", 1)[-1] in _LEAVES}


def base_tensors(model: nn.Module) -> dict[str, mx.array]:
    """Every other tensor, by the name that it has without adapters."""
    named = tree_flatten(model.parameters())
    return {
        name.replace(".linear.", "."): value
        for name, value in sorted(named)
        if name.rsplit(".", 1)[-1] not in _LEAVES
    }


def tensors_digest(tensors: Mapping[str, mx.array]) -> str:
    """SHA-256 (hex) of names, shapes, types and bytes; equal only for bit-equal tensors."""
    whole = hashlib.sha256()
    for name, value in sorted(tensors.items()):
        whole.update(f"{name} {value.shape} {value.dtype}\n".encode())
        whole.update(np.asarray(value.view(mx.uint8)).tobytes())
    return whole.hexdigest()


def adapter_digest(model: nn.Module) -> str | None:
    """Digest of the adapter that a model has in memory, taken of its tensors; None for a bare base."""
    tensors = adapter_tensors(model)
    return tensors_digest(tensors) if tensors else None


def lora_scales(model: nn.Module) -> dict[str, float]:
    """Factor of each update, which decides what the same tensors do."""
    return {name: layer.scale for name, layer in model.named_modules() if "lora_a" in layer}


def save_adapter(model: nn.Module, lora: Lora, folder: Path) -> None:
    """Write mlx-lm's two files, so that ``mlx_lm.generate --adapter-path`` reads them."""
    folder.mkdir(parents=True, exist_ok=True)
    mx.save_safetensors(str(folder / WEIGHTS), adapter_tensors(model))
    parameters = lora.model_dump(include={"rank", "scale", "dropout"})
    config = {"fine_tune_type": "lora", "num_layers": lora.num_layers, "lora_parameters": parameters}
    (folder / CONFIG).write_text(json.dumps(config, indent=2, sort_keys=True) + "\n")


def load_adapter(base: LanguageModel, folder: Path, untrained: bool = False) -> LanguageModel:
    """A view of the base with the adapter of a folder, which may change nothing only where it is known to be untrained.

    Raises:
        AdapterError: A file or tensor is missing, unknown or of another shape, or every ``lora_b`` is zero.
    """
    for name in (WEIGHTS, CONFIG):
        if not (folder / name).exists():
            raise AdapterError(folder, f"{name} is missing", "Delete the folder and train again")
    config = json.loads((folder / CONFIG).read_text())
    lora = Lora(num_layers=config["num_layers"], **config["lora_parameters"])
    view = attach(base, lora, seed=0)
    tensors = read_tensors(folder / WEIGHTS, "Delete its folder and train again")
    _check(folder, tensors, expected=adapter_tensors(view.model))
    if not untrained and not changes_anything(tensors):
        raise AdapterError(folder, "every lora_b is zero, so it changes nothing", "Its training did not run")
    view.model.update(tree_unflatten(list(tensors.items())))
    view.model.eval()
    mx.eval(view.model.parameters())
    return view


def fused(model: nn.Module) -> nn.Module:
    """The model with its adapters in its weights, by mlx-lm's own function: a CPU answers in a ninth less time.

    Only where both are float32, so that the sum loses nothing that the two products keep; half precision would round
    the update, quantised weights would lose it. A model with no such layer is returned as it is. Any other is copied:
    the weights that have adapters are in memory twice then.
    """
    from mlx_lm.tuner.lora import LoRALinear

    layers = {name: layer for name, layer in model.named_modules() if isinstance(layer, LoRALinear)}
    plain = {
        name: layer.fuse()
        for name, layer in layers.items()
        if layer.linear.weight.dtype == layer.lora_a.dtype == mx.float32
    }
    if not plain:
        return model
    copied = copy.deepcopy(model)
    copied.update_modules(tree_unflatten(list(plain.items())))
    copied.eval()
    mx.eval(copied.parameters())
    return copied


def without_adapter(view: LanguageModel) -> nn.Module:
    """The view's model with its adapters taken off again, by mlx-lm's own function."""
    from mlx_lm.tuner.utils import remove_lora_layers

    bare: nn.Module = remove_lora_layers(view.view().model)
    return bare


def read_tensors(path: Path, remedy: str) -> dict[str, mx.array]:
    """The tensors of a safetensors file, by memory map.

    Raises:
        AdapterError: It is missing or cut short; the remedy is the caller's.
    """
    try:
        tensors = mx.load(str(path))
    except (RuntimeError, ValueError) as error:
        raise AdapterError(path, f"cannot be read: {error}", remedy) from error
    return dict(tensors)  # type: ignore[arg-type]


def _check(folder: Path, tensors: Mapping[str, mx.array], expected: Mapping[str, mx.array]) -> None:
    remedy = "It belongs to another base or LoRA shape: delete it and train again"
    if missing := sorted(expected.keys() - tensors.keys()):
        raise AdapterError(folder, f"{len(missing)} tensors missing, the first {missing[0]}", remedy)
    if unknown := sorted(tensors.keys() - expected.keys()):
        raise AdapterError(folder, f"{len(unknown)} unknown tensors, the first {unknown[0]}", remedy)
    for name, tensor in tensors.items():
        if tensor.shape != expected[name].shape:
            found = f"{name} is {tuple(tensor.shape)} on disk, {tuple(expected[name].shape)} here"
            raise AdapterError(folder, found, remedy)


def changes_anything(tensors: Mapping[str, mx.array]) -> bool:
    """False where every ``lora_b`` is zero."""
    return any(mx.any(tensor != 0).item() for name, tensor in tensors.items() if name.endswith("lora_b"))
