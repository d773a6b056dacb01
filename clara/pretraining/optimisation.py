"""The optimiser's step, compiled: float32 master weights, a half-precision copy to compute with."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import mlx.core as mx
import mlx.nn as nn
import mlx.optimizers as optim
from mlx.utils import tree_map

from clara.pretraining.config import OptimizerRecipe, Recipe
from clara.pretraining.gradients import cross_entropy, embed

Step = Callable[[Any, Any, mx.array, mx.array], tuple[Any, Any, mx.array]]


def build_model(recipe: Recipe, vocab_size: int) -> nn.Module:
    """mlx-lm's Llama of the recipe's shape, with random weights of its seed."""
    from mlx_lm.models.llama import Model, ModelArgs

    mx.random.seed(recipe.seed)
    return Model(ModelArgs.from_dict({**recipe.model, "vocab_size": vocab_size}))


def in_precision(parameters: Any, precision: str) -> Any:
    """A copy of the parameters in another float type."""
    return tree_map(lambda parameter: parameter.astype(getattr(mx, precision)), parameters)


def learning_rate(recipe: OptimizerRecipe, begun: int = 0) -> Callable[[mx.array], mx.array]:
    """Linear warm-up, a constant stretch, linear decay to zero at the recipe's last step.

    Args:
        recipe: The recipe.
        begun: Steps done before this optimiser's first; its rate is warmed up again from there.

    Returns:
        The rate by the steps that this optimiser has done.
    """
    peak = recipe.learning_rate
    schedule: Callable[[mx.array], mx.array] = optim.join_schedules(
        [
            optim.linear_schedule(0.0, peak, max(recipe.warmup_steps, 1)),
            lambda _: mx.array(peak),
            optim.linear_schedule(peak, 0.0, max(recipe.decay_steps, 1)),
        ],
        [recipe.warmup_steps, recipe.steps - recipe.decay_steps],
    )
    if not begun:
        return schedule
    return lambda step: schedule(step + begun) * mx.minimum(step / max(recipe.warmup_steps, 1), 1.0)


def build_optimizer(recipe: OptimizerRecipe, begun: int = 0) -> optim.AdamW:
    """AdamW with the recipe's schedule, of which other machines may have done the beginning."""
    return optim.AdamW(
        learning_rate=learning_rate(recipe, begun),
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
        shown = embed(model.model.embed_tokens.weight, ids[:, :-1])
        each: Any = cross_entropy(model(ids[:, :-1], input_embeddings=shown), ids[:, 1:])
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

    drawn = mx.random.state  # of dropout: not an input, it would be a constant
    compiled: Step = mx.compile(step, inputs=drawn, outputs=drawn)
    return compiled
