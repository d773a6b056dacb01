"""A trained reader as a folder in the hub's layout, written by mlx-lm's own functions."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import mlx.core as mx
import mlx.nn as nn

from clara.pretraining.config import Recipe
from clara.pretraining.optimisation import build_model, in_precision

BITS, GROUP_SIZE = 8, 64


def export(recipe: Recipe, parameters: Any, tokenizer_folder: Path, folder: Path, quantised: bool) -> None:
    """Write config, weights and tokenizer so that ``mlx_lm.load(folder)`` loads them unchanged.

    Args:
        recipe: What the model was built from.
        parameters: Its weights, of any float type.
        tokenizer_folder: Its tokenizer.
        folder: Where to write.
        quantised: Eight bits in groups of 64, or float16.
    """
    from mlx_lm.tokenizer_utils import load as load_tokenizer
    from mlx_lm.utils import quantize_model, save

    tokenizer = load_tokenizer(tokenizer_folder)
    model, config = filled(recipe, parameters, tokenizer, "float16")
    if quantised:
        model, config = quantize_model(model, config, group_size=GROUP_SIZE, bits=BITS)
    save(folder, tokenizer_folder, model, tokenizer, config)
    # What transformers writes names classes of its own version; the original files are read by any.
    (folder / "chat_template.jinja").unlink(missing_ok=True)
    for file in sorted(tokenizer_folder.glob("*.json")):
        shutil.copy(file, folder)


def filled(
    recipe: Recipe, parameters: Any, tokenizer: Any, precision: str
) -> tuple[nn.Module, dict[str, Any]]:
    """A model that runs with these weights, and its ``config.json``."""
    size = len(tokenizer.get_vocab())
    model = build_model(recipe, size)
    model.update(in_precision(parameters, precision))
    model.eval()
    mx.eval(model.parameters())
    special = {"eos_token_id": tokenizer.eos_token_id, "pad_token_id": tokenizer.pad_token_id}
    return model, {**recipe.model, **special, "vocab_size": size, "torch_dtype": "float16"}
