"""Dropout for a model that mlx-lm builds without: on what attention and MLP add to the residual stream."""

from __future__ import annotations

import mlx.core as mx
import mlx.nn as nn
from jaxtyping import Float


class DroppingLinear(nn.Linear):
    """A linear layer, its parameters under their own names, whose outputs are dropped while training."""

    def __init__(self, layer: nn.Linear, rate: float) -> None:
        nn.Module.__init__(self)
        self.weight = layer.weight
        self._dropout = nn.Dropout(rate)

    def __call__(self, x: Float[mx.array, "... inputs"]) -> Float[mx.array, "... outputs"]:
        """The product, of which some elements are dropped and the others scaled up."""
        return self._dropout(super().__call__(x)) if self.training else super().__call__(x)


def add_dropout(model: nn.Module, rate: float) -> None:
    """Let each block of mlx-lm's Llama drop this share of what it adds, in place; a rate of 0 changes nothing.

    Source:
        Residual dropout, Vaswani et al. 2017 (arXiv:1706.03762), section 5.4.
    """
    if not rate:
        return
    for layer in model.layers:
        layer.self_attn.o_proj = DroppingLinear(layer.self_attn.o_proj, rate)
        layer.mlp.down_proj = DroppingLinear(layer.mlp.down_proj, rate)
