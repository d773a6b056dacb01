"""Muon for the matrices of the blocks."""

from __future__ import annotations

import mlx.core as mx
import mlx.optimizers as optim
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from mlx.utils import tree_flatten

from clara.pretraining.muon import Muon, orthogonal_factor


def _parameters():
    mx.random.seed(0)
    layers = [
        {"up": {"weight": mx.random.normal((6, 4))}, "norm": {"weight": mx.ones(4)}},
        {"up": {"weight": mx.random.normal((6, 4))}, "norm": {"weight": mx.ones(4)}},
    ]
    return {"model": {"embed": {"weight": mx.random.normal((9, 4))}, "layers": layers}}


def _stepped(optimizer, steps=1):
    parameters = _parameters()
    optimizer.init(parameters)
    for seed in range(steps):
        mx.random.seed(seed + 1)
        gradient = {name: mx.random.normal(array.shape) for name, array in tree_flatten(parameters)}
        parameters = optimizer.apply_gradients(_tree(gradient), parameters)
    return dict(tree_flatten(parameters))


def _tree(named):
    from mlx.utils import tree_unflatten

    return tree_unflatten(list(named.items()))


@given(st.sampled_from([(4, 4), (3, 7), (7, 3)]), st.integers(0, 100))
def test_singular_values_of_the_factor_are_about_one_and_its_directions_stay(shape, seed):
    draw = np.random.default_rng(seed)
    left, _, right = np.linalg.svd(draw.normal(size=shape), full_matrices=False)
    values = draw.uniform(0.1, 1, left.shape[1])
    found = np.array(orthogonal_factor(mx.array((left * values @ right)[None], mx.float32))[0])
    assert np.allclose(left.T @ found @ right.T, np.eye(len(values)), atol=0.35)


def test_a_matrix_alone_and_among_others_is_factored_alike():
    matrices = mx.random.normal((5, 4, 6), key=mx.random.key(0))
    alone = mx.concatenate([orthogonal_factor(matrix[None]) for matrix in matrices])
    assert mx.allclose(orthogonal_factor(matrices), alone, atol=1e-4)


def test_all_but_the_matrices_of_blocks_move_as_with_adamw():
    settings = {"learning_rate": 1e-2, "weight_decay": 0.1, "bias_correction": True}
    found, expected = _stepped(Muon(**settings), 3), _stepped(optim.AdamW(**settings), 3)
    for name in found:
        assert mx.allclose(found[name], expected[name]).item() == ("up" not in name), name


def test_an_update_is_as_large_as_adamws_and_decay_is_apart_from_it():
    before = dict(tree_flatten(_parameters()))["model.layers.1.up.weight"]
    name = "model.layers.1.up.weight"
    plain = _stepped(Muon(learning_rate=1e-2, weight_decay=0.0))[name]
    decayed = _stepped(Muon(learning_rate=1e-2, weight_decay=0.5))[name]
    update = (plain - before) / 1e-2
    assert update.square().mean().sqrt().item() == pytest.approx(0.2, rel=0.3)
    assert mx.allclose(plain - decayed, 1e-2 * 0.5 * before, atol=1e-6)
