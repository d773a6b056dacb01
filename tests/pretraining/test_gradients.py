"""Operations whose gradients are no scatters equal those whose gradients are."""

from __future__ import annotations

from collections.abc import Callable

import mlx.core as mx
import mlx.nn as nn
import pytest

from clara.pretraining.gradients import cross_entropy, embed, unstack

IDS = mx.array([[3, 0, 3], [6, 3, 1]])  # some twice: their gradients add up
compilations = pytest.mark.parametrize("compiled", [False, True], ids=["plain", "compiled"])


def _value_and_gradient(function: Callable[[mx.array], mx.array], x: mx.array, compiled: bool):
    both = mx.value_and_grad(function)
    return (mx.compile(both) if compiled else both)(x)


def _agree(a: Callable[[mx.array], mx.array], b: Callable[[mx.array], mx.array], x: mx.array, compiled: bool):
    (value, gradient), (expected, by_scatter) = (_value_and_gradient(f, x, compiled) for f in (a, b))
    apart = {mx.float32: 1e-5, mx.bfloat16: 6e-2}[x.dtype]  # the scatter rounds at every sum
    assert gradient.dtype == x.dtype
    assert mx.allclose(value, expected, rtol=apart)
    assert mx.allclose(
        gradient.astype(mx.float32), by_scatter.astype(mx.float32), rtol=apart, atol=apart / 10
    )


@compilations
@pytest.mark.parametrize("dtype", [mx.float32, mx.bfloat16], ids=str)
def test_cross_entropy_is_mlx_s(compiled: bool, dtype: mx.Dtype):
    logits = (5 * mx.random.normal((2, 3, 7), key=mx.random.key(0))).astype(dtype)
    weights = mx.array([[1.0, 0.0, 2.0], [1.0, 3.0, 1.0]])
    _agree(
        lambda x: (cross_entropy(x, IDS) * weights).sum(),
        lambda x: (nn.losses.cross_entropy(x.astype(mx.float32), IDS) * weights).sum(),
        logits,
        compiled,
    )


@compilations
@pytest.mark.parametrize("dtype", [mx.float32, mx.bfloat16], ids=str)
def test_embedding_is_a_gather(compiled: bool, dtype: mx.Dtype):
    table = mx.random.normal((7, 4), key=mx.random.key(0)).astype(dtype)
    weights = mx.random.normal((2, 3, 4), key=mx.random.key(1)).astype(dtype)
    _agree(lambda x: (embed(x, IDS) * weights).sum(), lambda x: (x[IDS] * weights).sum(), table, compiled)


@compilations
def test_matrices_of_a_stack_are_its_rows(compiled: bool):
    stack = mx.random.normal((3, 2, 4), key=mx.random.key(0))

    def looked_at(matrices) -> mx.array:  # in another order than they lie, and one of them not at all
        return (matrices[2] * 2).square().sum() + matrices[0].square().sum()

    _agree(lambda x: looked_at(unstack(x)), looked_at, stack, compiled)


def test_extreme_logits_stay_finite():
    logits = mx.array([[1e4, -1e4, 0.0]])
    value, gradient = mx.value_and_grad(lambda x: cross_entropy(x, mx.array([1])).sum())(logits)
    assert value.item() == pytest.approx(2e4)
    assert mx.allclose(gradient, mx.array([[1.0, -1.0, 0.0]]))
