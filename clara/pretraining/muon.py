"""Muon for the matrices of the blocks, AdamW for everything else."""

from __future__ import annotations

from collections import defaultdict
from typing import Any

import mlx.core as mx
import mlx.optimizers as optim
from jaxtyping import Float
from mlx.utils import tree_flatten, tree_map, tree_map_with_path, tree_unflatten

_MOMENTUM = 0.95
_ROUNDS = 5
_RMS = 0.2  # of an update's elements before the rate: about AdamW's, so that both take one rate and one weight decay


class Muon(optim.AdamW):
    r"""AdamW, but a block's matrix W of m × n moves along its momentum's orthogonal factor.

    .. math::
        V_t = \mu V_{t-1} + (1 - \mu) G_t, \quad
        W_{t+1} = (1 - \eta\lambda) W_t - 0.2\,\eta \sqrt{\max(m, n)}\; \mathrm{NS}_5((1 - \mu) G_t + \mu V_t)

    Rate η, decay λ and everything of the other weights are AdamW's. mlx's own Muon decays by the gradient, which the
    orthogonal factor forgets, and takes a matrix at a time: small ones take less time than their kernels take to start.

    Source:
        Jordan et al. 2024, "Muon: an optimizer for hidden layers"; scale and decay by Liu et al. 2025
        (arXiv:2502.16982), section 2.2.
    """

    def init(self, parameters: Any) -> None:
        """A velocity for each matrix of a block, AdamW's two moments for the others."""
        super().init(parameters)
        tree_map_with_path(_give_velocity, parameters, self.state)

    def apply_gradients(self, gradients: Any, parameters: Any) -> Any:
        """The parameters after a step."""
        return super().apply_gradients(_orthogonal(gradients, self.state), parameters)

    def apply_single(self, gradient: mx.array, parameter: mx.array, state: dict[str, Any]) -> mx.array:
        """A matrix's decay and step, the gradient being its direction already; or AdamW's."""
        if "velocity" not in state:
            return super().apply_single(gradient, parameter, state)
        rate = self.learning_rate.astype(parameter.dtype)
        step = _RMS * max(parameter.shape) ** 0.5 * gradient
        return parameter * (1 - rate * self.weight_decay) - rate * step


def _give_velocity(path: str, parameter: mx.array, state: dict[str, Any]) -> None:
    if "layers" in path.split(".") and parameter.ndim == 2:
        state.clear()
        state["velocity"] = mx.zeros_like(parameter)


def _orthogonal(gradients: Any, states: Any) -> Any:
    """The gradients, those of matrices replaced by the orthogonal factor of their momentum; its state goes on."""
    looked_ahead = dict(tree_flatten(tree_map(_looked_ahead, gradients, states)))
    has_velocity = dict(tree_flatten(tree_map(lambda _, state: "velocity" in state, gradients, states)))
    alike: dict[tuple[int, ...], list[str]] = defaultdict(list)
    for name, array in looked_ahead.items():
        if has_velocity[name]:
            alike[array.shape].append(name)
    for names in alike.values():
        factors = orthogonal_factor(mx.stack([looked_ahead[name] for name in names]))
        looked_ahead.update(zip(names, factors, strict=True))
    return tree_unflatten(list(looked_ahead.items()))


def _looked_ahead(gradient: mx.array, state: dict[str, Any]) -> mx.array:
    """Nesterov's momentum, where there is a velocity."""
    if "velocity" not in state:
        return gradient
    state["velocity"] = _MOMENTUM * state["velocity"] + (1 - _MOMENTUM) * gradient
    return (1 - _MOMENTUM) * gradient + _MOMENTUM * state["velocity"]


def orthogonal_factor(matrices: Float[mx.array, "count m n"]) -> Float[mx.array, "count m n"]:
    """About U·Vᵀ of each matrix U·S·Vᵀ, singular values between 0.7 and 1.2: five rounds of a quintic Newton–Schulz.

    Directions in which a matrix has under about a thousandth of its norm are not brought that far.

    Source:
        Coefficients of Jordan et al. 2024, which trade exactness for speed.
    """
    tall = matrices.shape[1] > matrices.shape[2]
    x = matrices.swapaxes(1, 2) if tall else matrices
    x = x / (mx.linalg.norm(x, axis=[1, 2], keepdims=True) + 1e-7)
    for _ in range(_ROUNDS):
        square = x @ x.swapaxes(1, 2)
        x = 3.4445 * x + (-4.7750 * square + 2.0315 * (square @ square)) @ x
    return x.swapaxes(1, 2) if tall else x
