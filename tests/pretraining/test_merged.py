"""LoRA layers with their update in the weight."""

from __future__ import annotations

import mlx.core as mx
import mlx.nn as nn
import pytest
from mlx.utils import tree_flatten
from mlx_lm.tuner.lora import LoRALinear

from clara.pretraining.merged import MergedLora

NAMES = ("first", "second", "third")


class Three(nn.Module):
    """LoRA layers inside another module, two of them of one shape and over one frozen layer; and a plain one."""

    def __init__(self, dropout: float = 0.0, bias: bool = False) -> None:
        super().__init__()
        mx.random.seed(0)
        shared = nn.Linear(6, 4, bias=bias)
        bases = {"first": shared, "second": shared, "third": nn.Linear(4, 6, bias=bias)}
        self.inner = {
            name: LoRALinear.from_base(base, r=2, dropout=dropout, scale=3.0 if name == "first" else 2.0)
            for name, base in bases.items()
        }
        for layer in self.inner.values():
            layer.lora_b = mx.random.normal(layer.lora_b.shape)
            layer.linear.freeze()
        self.plain = nn.Linear(4, 3)
        self.plain.freeze()

    def __call__(self, x: mx.array) -> mx.array:
        again = self.inner["third"](self.inner["first"](x))
        return self.plain(self.inner["second"](again)).square().sum()


def _of_layer(stacks, name):
    shape = "4x6x2" if name != "third" else "6x4x2"
    place = int(name == "second")
    return {part: stack[place] for part, stack in stacks[shape].items()}


def test_output_and_gradients_are_those_of_the_layers_as_mlx_lm_has_them():
    model, x = Three(), mx.random.normal((2, 5, 6))
    before, gradient = nn.value_and_grad(model, lambda model, x: model(x))(model, x)
    merged = MergedLora(model)

    def loss(stacks):
        model.update(merged.weights(stacks))
        return model(x)

    after, of_stacks = mx.value_and_grad(loss)(merged.stacks())
    assert mx.allclose(before, after, rtol=1e-5)
    for name in NAMES:
        for part, found in _of_layer(of_stacks, name).items():
            assert mx.allclose(gradient["inner"][name][part], found, rtol=1e-4, atol=1e-4)


def test_layers_are_put_back_with_what_was_learnt():
    model, x = Three(), mx.random.normal((2, 5, 6))
    names = {name for name, _ in tree_flatten(model.parameters())}
    merged = MergedLora(model)
    learnt = {
        shape: {part: stack + 1 for part, stack in parts.items()} for shape, parts in merged.stacks().items()
    }
    model.update(merged.weights(learnt))
    expected = model(x)
    merged.put_back(model, learnt)
    assert {name for name, _ in tree_flatten(model.parameters())} == names
    assert mx.allclose(model(x), expected, rtol=1e-4)


@pytest.mark.parametrize("options", [{"dropout": 0.1}, {"bias": True}])
def test_what_cannot_be_merged_is_refused(options):
    with pytest.raises(ValueError, match="inner"):
        MergedLora(Three(**options))
