"""LoRA for a training in which tokens are many: the update is added to the weight, once, not to every token.

With 40,000 tokens a step the two narrow products of each layer, and above all their gradients, cost more on a GPU than
the wide one: few outputs, a very long sum. Of the merged weight there is one product, as of any other. Layers of one
shape are merged, and trained, as one stack: each by itself takes less time than it takes to start its kernels.
"""

from __future__ import annotations

from collections import defaultdict
from operator import itemgetter
from typing import Any

import mlx.core as mx
import mlx.nn as nn
from jaxtyping import Float
from mlx.utils import tree_unflatten
from mlx_lm.tuner.lora import LoRALinear

from clara.pretraining.gradients import unstack

Stacks = dict[
    str, dict[str, mx.array]
]  # by shape: lora_a, layers × inputs × rank; lora_b, layers × rank × outputs


class MergedLora:
    """The LoRA layers of a model, in whose place it has plain layers; their weights follow from the stacks.

    The merged weight is rounded to half precision once, where mlx-lm rounds both products; what is learnt is the same
    in kind.
    """

    def __init__(self, model: nn.Module) -> None:
        """Replace every LoRA layer of a model, in place.

        Raises:
            ValueError: A layer has dropout, or a bias, or a quantised weight, which cannot be merged.
        """
        self._layers: dict[str, dict[str, LoRALinear]] = defaultdict(dict)
        for name, layer in sorted(model.named_modules(), key=itemgetter(0)):
            if isinstance(layer, LoRALinear):
                _require_mergeable(name, layer)
                outputs, inputs = layer.linear.weight.shape
                self._layers[f"{outputs}x{inputs}x{layer.lora_a.shape[1]}"][name] = layer
        self._frozen = {
            shape: mx.stack([layer.linear.weight for layer in layers.values()])
            for shape, layers in self._layers.items()
        }
        model.update_modules(tree_unflatten([(name, _plain(layer)) for name, layer in self._named().items()]))

    def stacks(self) -> Stacks:
        """What trains, as it stands in the layers."""
        return {
            shape: {
                part: mx.stack([getattr(layer, part) for layer in layers.values()])
                for part in ("lora_a", "lora_b")
            }
            for shape, layers in self._layers.items()
        }

    def weights(self, stacks: Stacks) -> Any:
        """W + s·(A·B)ᵀ of every layer, as :meth:`mlx.nn.Module.update` takes them, in the type of the frozen W."""
        named = []
        for shape, layers in self._layers.items():
            parts: Any = unstack(self._merged(shape, **stacks[shape]))
            named += [(f"{name}.weight", part) for name, part in zip(layers, parts, strict=True)]
        return tree_unflatten(named)

    def _merged(
        self,
        shape: str,
        lora_a: Float[mx.array, "layers inputs rank"],
        lora_b: Float[mx.array, "layers rank outputs"],
    ) -> Float[mx.array, "layers outputs inputs"]:
        frozen = self._frozen[shape]
        scale = mx.array([layer.scale for layer in self._layers[shape].values()])[:, None, None]
        update = lora_b.swapaxes(1, 2) @ lora_a.swapaxes(1, 2)
        return (frozen.astype(mx.float32) + scale * update).astype(frozen.dtype)

    def put_back(self, model: nn.Module, stacks: Stacks) -> None:
        """Give the model its LoRA layers again, with what was learnt."""
        for shape, layers in self._layers.items():
            for place, layer in enumerate(layers.values()):
                layer.lora_a, layer.lora_b = stacks[shape]["lora_a"][place], stacks[shape]["lora_b"][place]
        model.update_modules(tree_unflatten(list(self._named().items())))

    def _named(self) -> dict[str, LoRALinear]:
        return {name: layer for layers in self._layers.values() for name, layer in layers.items()}


def _require_mergeable(name: str, layer: LoRALinear) -> None:
    if layer.dropout._p_1 < 1 or "bias" in layer.linear or isinstance(layer.linear, nn.QuantizedLinear):
        raise ValueError(f"{name} has dropout, a bias or a quantised weight: train it as mlx-lm does")


def _plain(layer: LoRALinear) -> nn.Linear:
    plain = nn.Linear(1, 1, bias=False)
    plain.weight = (
        layer.linear.weight
    )  # a layer of its own: merged weights must not reach the one that is put back
    return plain
