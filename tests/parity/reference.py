"""The reference's weights in our model, and its left-padded inputs as we lay them out: padded on the right."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import mlx.core as mx
import numpy as np
from mlx.utils import tree_flatten

from clara.model.compressor import Clara
from clara.model.memory import MARKS, MemoryTokens

VIEWS = {"encoder": "encoder_adapter", "decoder": "decoder_adapter", "reasoner": "query_reasoner_adapter"}


def load(folder: Path) -> dict[str, mx.array]:
    return dict(mx.load(str(folder / "oracle.safetensors")))


def model(oracle: dict[str, mx.array]) -> Clara:
    """Our model with the reference's weights: three views of one base."""
    weights = {k.removeprefix("weights/"): v for k, v in oracle.items() if k.startswith("weights/")}
    slots = oracle["compress/mem"].shape[1]
    rows = weights["model.embed_tokens.weight"]
    vocabulary = rows.shape[0] - slots - MARKS
    views = {}
    for view, adapter in VIEWS.items():
        views[view] = _view(weights, adapter, vocabulary)
    tokens = MemoryTokens(vocabulary, slots)
    clara = Clara(
        **views, tokens=tokens, special=rows[vocabulary:], head_rows=weights["lm_head.weight"][vocabulary:]
    )
    clara.eval()
    return clara


def _view(weights: dict[str, mx.array], adapter: str, vocabulary: int) -> Any:
    from mlx_lm.models.llama import Model, ModelArgs
    from mlx_lm.tuner.utils import linear_to_lora_layers

    width = weights["model.norm.weight"].shape[0]
    layers = len([k for k in weights if k.endswith("input_layernorm.weight")])
    heads = weights["model.layers.0.self_attn.q_proj.base_layer.weight"].shape[0]
    keys = weights["model.layers.0.self_attn.k_proj.base_layer.weight"].shape[0]
    rank = weights[f"model.layers.0.self_attn.q_proj.lora_A.{adapter}.weight"].shape[0]
    args = ModelArgs(
        model_type="llama", hidden_size=width, num_hidden_layers=layers, head_dim=16,
        intermediate_size=weights["model.layers.0.mlp.up_proj.base_layer.weight"].shape[0],
        num_attention_heads=heads // 16, num_key_value_heads=keys // 16, rms_norm_eps=1e-5,
        vocab_size=vocabulary, rope_theta=1e6, tie_word_embeddings=False, max_position_embeddings=4096,
    )  # fmt: skip
    model = Model(args)
    model.freeze()
    linear_to_lora_layers(model, -1, {"rank": rank, "scale": 2.0, "dropout": 0.0})
    ours = {}
    for name, value in weights.items():
        if ".lora_" in name:
            if f".{adapter}." in name:
                leaf = "lora_a" if ".lora_A." in name else "lora_b"
                ours[f"{name.split('.lora_')[0]}.{leaf}"] = value.T
        elif name in ("model.embed_tokens.weight", "lm_head.weight"):
            ours[name] = value[:vocabulary]
        else:
            ours[name.replace(".base_layer.", ".linear.")] = value
    model.load_weights(list(ours.items()), strict=True)
    return model


def right_padded(ids: mx.array, mask: mx.array) -> tuple[mx.array, mx.array, list[int]]:
    """Left-padded rows moved to the left edge; with the lengths and how far each row moved."""
    rows, keep = np.array(ids), np.array(mask) > 0
    lengths = keep.sum(axis=1)
    longest = int(lengths.max())
    moved = np.zeros((len(rows), longest), dtype=np.int32)
    for i, row in enumerate(rows):
        moved[i, : lengths[i]] = row[keep[i]]
    return mx.array(moved), mx.array(lengths.astype(np.int32)), [int(rows.shape[1] - n) for n in lengths]


def gradient_names(gradients: dict[str, Any]) -> dict[str, mx.array]:
    """Our gradients by the reference's names and in its orientation."""
    found = {}
    for name, value in tree_flatten(gradients):
        view, _, rest = name.partition(".")
        if view in VIEWS and rest.rsplit(".", 1)[-1] in ("lora_a", "lora_b"):
            path, leaf = rest.rsplit(".", 1)
            found[f"{path}.lora_{leaf[-1].upper()}.{VIEWS[view]}.weight"] = value.T
        elif name == "memory":
            found["memory"] = value
    return found
