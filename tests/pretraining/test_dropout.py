"""Dropout in a pretraining step."""

from __future__ import annotations

from pathlib import Path

import mlx.core as mx
import pytest
from mlx.utils import tree_flatten

from clara.pretraining.config import read_recipe
from clara.pretraining.dropout import add_dropout
from clara.pretraining.optimisation import build_model, build_optimizer, compiled_step, in_precision


def _loss(recipe_file: Path, rate: float, seed: int, training: bool = True) -> float:
    recipe = read_recipe(recipe_file)
    model = build_model(recipe, 50)
    add_dropout(model, rate)
    model.train(training)
    optimizer = build_optimizer(recipe.optimizer)
    parameters = in_precision(model.parameters(), "float32")
    optimizer.init(parameters)
    step = compiled_step(recipe, model, optimizer)
    ids = mx.arange(26).reshape(2, 13)
    losses = []
    for number in (seed, seed + 1):  # the second call of a compiled step must draw anew
        mx.random.seed(number)
        losses.append(step(parameters, optimizer.state, ids, mx.ones((2, 12)))[2][0].item())
    assert not rate or not training or losses[0] != losses[1]
    return losses[0]


def test_what_is_dropped_is_a_matter_of_the_seed(recipe_file: Path):
    assert _loss(recipe_file, 0.5, seed=0) == _loss(recipe_file, 0.5, seed=0)
    assert _loss(recipe_file, 0.5, seed=0) != _loss(recipe_file, 0.5, seed=2)


def test_nothing_is_dropped_at_rate_0_or_when_not_training(recipe_file: Path):
    assert _loss(recipe_file, 0.0, seed=0) == _loss(recipe_file, 0.0, seed=2)
    assert _loss(recipe_file, 0.5, seed=0, training=False) == pytest.approx(_loss(recipe_file, 0.0, seed=0))


def test_parameters_keep_their_names(recipe_file: Path):
    plain, dropping = build_model(read_recipe(recipe_file), 50), build_model(read_recipe(recipe_file), 50)
    add_dropout(dropping, 0.1)
    assert dict(tree_flatten(plain.parameters())).keys() == dict(tree_flatten(dropping.parameters())).keys()
