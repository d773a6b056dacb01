"""LoRA layers for a training in which tokens are many: the update is added to the weight, once, not to every token.

With 40,000 tokens a step the two narrow products of each layer, and above all their gradients, cost more on a GPU than
the wide one: few outputs, a very long sum. Of the merged weight there is one product, as of any other.
"""

from __future__ import annotations

from typing import Any

import mlx.core as mx
import mlx.nn as nn
from jaxtyping import Float
from mlx.utils import tree_unflatten
from mlx_lm.tuner.lora import LoRALinear


class MergedLoRALinear(LoRALinear):
    """mlx-lm's layer with its parameters under their own names: y = x (W + s·A·B), W and B as mlx-lm has them.

    Rounded to half precision once, where mlx-lm rounds both products; the weights it learns are the same in kind.
    """

    def __init__(self, layer: LoRALinear) -> None:
        nn.Module.__init__(self)
        self.linear, self.scale = layer.linear, layer.scale
        self.lora_a, self.lora_b = layer.lora_a, layer.lora_b

    def __call__(self, x: Float[mx.array, "... inputs"]) -> Float[mx.array, "... outputs"]:
        """The product with the merged weight."""
        update = self.scale * (self.lora_a.astype(mx.float32) @ self.lora_b.astype(mx.float32))
        weight: Any = self.linear.weight.T.astype(mx.float32) + update
        return x @ weight.astype(x.dtype)


def merge_lora(model: nn.Module) -> None:
    """Replace every LoRA layer of a model with plain weights, in place; what trains is to be said afterwards.

    Raises:
        ValueError: A layer has dropout, or a bias, or a quantised weight, which cannot be merged.
    """
    layers = [(name, layer) for name, layer in model.named_modules() if isinstance(layer, LoRALinear)]
    for name, layer in layers:
        if layer.dropout._p_1 < 1 or "bias" in layer.linear or isinstance(layer.linear, nn.QuantizedLinear):
            raise ValueError(f"{name} has dropout, a bias or a quantised weight: train it as mlx-lm does")
    model.update_modules(tree_unflatten([(name, MergedLoRALinear(layer)) for name, layer in layers]))
