"""The base model: loaded by mlx-lm, frozen, and shared by every view of it.

A view is ``copy.deepcopy`` of the base: MLX shares the arrays, so it costs its adapters and nothing else, and
what is done to a view never reaches the base (DESIGN, rule 1).
"""

from __future__ import annotations

import copy
import json
from dataclasses import dataclass, replace
from importlib.metadata import version
from pathlib import Path
from typing import Any

import mlx.core as mx
import mlx.nn as nn
from jaxtyping import Float, Int
from mlx.utils import tree_flatten

from clara.errors import ModelError
from clara.provenance import digest, files_digest

_DEFAULT_WINDOW = 2048


@dataclass(frozen=True)
class LanguageModel:
    """A model to run, with what is needed to run it and to name it.

    Attributes:
        model: mlx-lm's model, in evaluation mode.
        tokenizer: mlx-lm's tokenizer, with a chat template.
        path: Folder of the base.
        base_digest: Digest of the base's files, its device and its precision.
        files_digest: Digest of the files alone, for what fits the model wherever it runs.
        window: Longest sequence in tokens.
    """

    model: nn.Module
    tokenizer: Any
    path: Path
    base_digest: str
    files_digest: str
    window: int

    def view(self) -> LanguageModel:
        """Another model over the same arrays, to be given an adapter."""
        return replace(self, model=copy.deepcopy(self.model))


def load_base(path: Path) -> LanguageModel:
    """Load a model from a folder in the hub's layout, freeze it, and bring it to what the device runs well.

    On a CPU quantised and half-precision kernels are 15 times slower than float32, so it is dequantised and
    cast there; on a GPU it stays as it is.

    Raises:
        ModelError: No such folder, files missing, no chat template, or an architecture mlx-lm does not know.
    """
    from mlx_lm import load
    from mlx_lm.utils import dequantize_model

    files = _model_files(path)
    try:
        model, tokenizer = load(str(path))[:2]
    except (ValueError, RuntimeError, OSError) as error:
        raise ModelError(path, f"mlx-lm cannot load it: {error}", _remedy(error)) from error
    if not tokenizer.chat_template:
        raise ModelError(path, "its tokenizer has no chat template", "Use an instruction-tuned model")
    if mx.default_device().type == mx.DeviceType.cpu:
        model = dequantize_model(model)
        model.set_dtype(mx.float32)
    model.freeze()
    model.eval()
    mx.eval(model.parameters())
    # The same files are another model in another precision or on another device.
    precision = sorted({str(value.dtype) for _, value in tree_flatten(model.parameters())})
    of_files = files_digest(files)
    base_digest = digest([of_files, str(mx.default_device()), precision])
    return LanguageModel(model, tokenizer, path, base_digest, of_files, _window(path))


def text_model(model: nn.Module) -> nn.Module:
    """The part of a model that reads text: a multimodal one wraps it; its backbone is ``.model``."""
    while hasattr(model, "language_model"):
        model = model.language_model
    return model


def hidden_states(
    model: nn.Module, ids: Int[mx.array, "batch length"]
) -> Float[mx.array, "batch length width"]:
    """States after the last norm, before the head, for right-padded ids."""
    states: mx.array = text_model(model).model(ids)
    return states


def head(model: nn.Module, states: Float[mx.array, "rows width"]) -> Float[mx.array, "rows vocab"]:
    """Logits of some states, computed by the architecture's own code.

    Architectures scale and cap logits in ``Model.__call__``, so that is what runs here, with the backbone
    replaced by one that returns ``states``. This is how a loss pays for its supervised positions only.
    """
    inner = text_model(model)
    shell = copy.copy(inner)
    shell.model = _Given(states[None], inner.model)
    logits: mx.array = shell(mx.zeros((1, states.shape[0]), mx.int32))
    return logits[0]


class _Given(nn.Module):
    """Stands where the backbone stood and returns states that are known already."""

    def __init__(self, states: mx.array, backbone: nn.Module) -> None:
        super().__init__()
        self.states = states
        self.embed_tokens = backbone.embed_tokens

    def __call__(self, *_: Any, **__: Any) -> mx.array:
        return self.states


def _remedy(error: Exception) -> str:
    if "not supported" in str(error):  # mlx-lm's words for an architecture that it has no class for
        return (
            f"mlx-lm {version('mlx-lm')} does not know this architecture: update mlx-lm, or use a model of one that it "
            "knows, such as llama, qwen3, exaone4 or gemma3; vendors often publish a conversion"
        )
    return "Use a whole model that mlx-lm supports"


def _model_files(path: Path) -> list[Path]:
    if not path.is_dir():
        remedy = "Name a folder with config.json and model*.safetensors; a hub model is downloaded first"
        raise ModelError(path, "no such folder", remedy)
    weights = sorted(path.glob("model*.safetensors"))
    missing = [name for name in ("config.json", "tokenizer.json") if not (path / name).exists()]
    if missing or not weights:
        found = f"{', '.join(missing + ([] if weights else ['model*.safetensors']))} missing"
        raise ModelError(path, found, "Download or convert the model again")
    return weights + sorted(path.glob("*.json")) + sorted(path.glob("*.jinja"))


def _window(path: Path) -> int:
    config = json.loads((path / "config.json").read_text())
    return int((config.get("text_config") or config).get("max_position_embeddings", _DEFAULT_WINDOW))
