"""LoRA layers with their update in the weight."""

from __future__ import annotations

import mlx.core as mx
import mlx.nn as nn
import pytest
from mlx.utils import tree_flatten
from mlx_lm.tuner.lora import LoRALinear

from clara.pretraining.merged import merge_lora


class Two(nn.Module):
    """A LoRA layer inside another module, and a plain one."""

    def __init__(self, dropout: float = 0.0, bias: bool = False) -> None:
        super().__init__()
        mx.random.seed(0)
        self.inner = {
            "lora": LoRALinear.from_base(nn.Linear(6, 4, bias=bias), r=2, dropout=dropout, scale=3.0)
        }
        self.inner["lora"].lora_b = mx.random.normal((2, 4))
        self.plain = nn.Linear(4, 3)

    def __call__(self, x: mx.array) -> mx.array:
        return self.plain(self.inner["lora"](x)).sum()


def test_output_and_gradients_are_those_of_the_layer_as_mlx_lm_has_it():
    model, x = Two(), mx.random.normal((2, 5, 6))
    loss = nn.value_and_grad(model, lambda model, x: model(x))
    before, gradient = loss(model, x)
    merge_lora(model)
    merged, of_merged = nn.value_and_grad(model, lambda model, x: model(x))(model, x)
    assert mx.allclose(before, merged, atol=1e-5)
    expected, found = dict(tree_flatten(gradient)), dict(tree_flatten(of_merged))
    assert expected.keys() == found.keys()
    assert all(mx.allclose(expected[name], found[name], atol=1e-4) for name in expected)


@pytest.mark.parametrize("options", [{"dropout": 0.1}, {"bias": True}])
def test_what_cannot_be_merged_is_refused(options):
    with pytest.raises(ValueError, match="lora"):
        merge_lora(Two(**options))
