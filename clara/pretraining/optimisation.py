"""The optimiser's step, compiled: float32 master weights, a half-precision copy to compute with."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import mlx.core as mx
import mlx.nn as nn
import mlx.optimizers as optim
from mlx.utils import tree_flatten, tree_map, tree_unflatten

from clara.pretraining.config import OptimizerRecipe, Recipe


class State(NamedTuple):
    """What a training needs to go on: steps done, master weights, the optimiser's moments."""

    step: int
    parameters: Any
    optimizer: Any


Step = Callable[[Any, Any, mx.array, mx.array], tuple[Any, Any, mx.array]]


def build_model(recipe: Recipe, vocab_size: int) -> nn.Module:
    """mlx-lm's Llama of the recipe's shape, with random weights of its seed."""
    from mlx_lm.models.llama import Model, ModelArgs

    mx.random.seed(recipe.seed)
    return Model(ModelArgs.from_dict({**recipe.model, "vocab_size": vocab_size}))


def in_precision(parameters: Any, precision: str) -> Any:
    """A copy of the parameters in another float type."""
    return tree_map(lambda parameter: parameter.astype(getattr(mx, precision)), parameters)


def learning_rate(recipe: OptimizerRecipe) -> Callable[[mx.array], mx.array]:
    """Linear warm-up, a constant stretch, linear decay to zero at the last step."""
    peak = recipe.learning_rate
    schedule: Callable[[mx.array], mx.array] = optim.join_schedules(
        [
            optim.linear_schedule(0.0, peak, max(recipe.warmup_steps, 1)),
            lambda _: mx.array(peak),
            optim.linear_schedule(peak, 0.0, max(recipe.decay_steps, 1)),
        ],
        [recipe.warmup_steps, recipe.steps - recipe.decay_steps],
    )
    return schedule


def build_optimizer(recipe: OptimizerRecipe) -> optim.AdamW:
    """AdamW with the recipe's schedule."""
    return optim.AdamW(
        learning_rate=learning_rate(recipe),
        betas=list(recipe.betas),
        weight_decay=recipe.weight_decay,
        bias_correction=True,
    )


def compiled_step(recipe: Recipe, model: nn.Module, optimizer: optim.Optimizer) -> Step:
    """A pure function from weights, moments, ids and loss weights to new weights, new moments and four numbers.

    The numbers are the weighted loss, the loss over answers, the loss over context (nats a token) and the norm of
    the gradient before clipping.
    """

    def losses(parameters: Any, ids: mx.array, weights: mx.array) -> tuple[mx.array, mx.array]:
        model.update(in_precision(parameters, recipe.precision))
        logits = model(ids[:, :-1]).astype(mx.float32)
        each = nn.losses.cross_entropy(logits, ids[:, 1:])
        return (each * weights).sum() / weights.sum(), each

    def step(parameters: Any, moments: Any, ids: mx.array, weights: mx.array) -> tuple[Any, Any, mx.array]:
        (loss, each), gradient = mx.value_and_grad(losses)(parameters, ids, weights)
        gradient, norm = optim.clip_grad_norm(gradient, recipe.optimizer.clip_norm)
        optimizer.state = moments
        parameters = optimizer.apply_gradients(gradient, parameters)
        answers = (weights == recipe.rows.answer_weight).astype(mx.float32)
        context = (weights > 0).astype(mx.float32) - answers
        shares = [(each * part).sum() / mx.maximum(part.sum(), 1) for part in (answers, context)]
        return parameters, optimizer.state, mx.stack([loss, *shares, norm])

    compiled: Step = mx.compile(step)
    return compiled


def save_state(path: Path, state: State) -> None:
    """Write a checkpoint; it appears whole or not at all."""
    flat = tree_flatten({"parameters": state.parameters, "optimizer": state.optimizer})
    partial = path.with_name(f"partial-{path.name}")
    mx.save_safetensors(str(partial), dict(flat), metadata={"state": json.dumps({"step": state.step})})
    partial.replace(path)


def start(checkpoint: Path, parameters: Any, optimizer: optim.Optimizer) -> State:
    """Where a training begins: at its checkpoint if there is one, else at step 0, with float32 master weights."""
    if checkpoint.exists():
        return load_state(checkpoint, parameters)
    master = in_precision(parameters, "float32")
    optimizer.init(master)
    return State(0, master, optimizer.state)


def load_state(path: Path, like: Any) -> State:
    """Read a checkpoint; its parameters in the order of ``like``, since the gradient's norm is summed in that order."""
    loaded: Any = mx.load(str(path), return_metadata=True)
    arrays, metadata = loaded
    parameters = [(name, arrays[f"parameters.{name}"]) for name, _ in tree_flatten(like)]
    tree: Any = tree_unflatten(list(arrays.items()))
    return State(json.loads(metadata["state"])["step"], tree_unflatten(parameters), tree["optimizer"])
