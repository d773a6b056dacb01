"""Where a pretraining stands: everything on the machine that it runs on, half-precision weights to take to another.

A folder holds ``state.safetensors``, from which a training goes on to the bit, and ``weights.safetensors``, a sixth of
its size. Where only the weights have travelled, the training goes on at their step with a fresh optimiser, whose rate
is warmed up again; weights of step 0 are what another training begins with.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, NamedTuple

import mlx.core as mx
import mlx.optimizers as optim
from mlx.utils import tree_flatten, tree_unflatten

from clara.errors import TrainingError
from clara.pretraining.config import OptimizerRecipe
from clara.pretraining.optimisation import build_optimizer, in_precision

STATE, WEIGHTS = "state.safetensors", "weights.safetensors"


class State(NamedTuple):
    """What a training needs to go on.

    Attributes:
        step: Steps done, on all machines together.
        begun: Of these, steps done before the optimiser was made.
        parameters: Master weights, float32.
        moments: The optimiser's state.
    """

    step: int
    begun: int
    parameters: Any
    moments: Any


def begin(folder: Path, parameters: Any, recipe: OptimizerRecipe) -> tuple[optim.Optimizer, State]:
    """The optimiser, and where the training begins: at the folder's state, else at its weights, else at step 0.

    Args:
        folder: Of the training.
        parameters: What trains, as it is initialised.
        recipe: The optimiser's.

    Raises:
        TrainingError: The folder's file is not of these parameters.
    """
    if (folder / STATE).exists():
        arrays, facts = _read(folder / STATE, parameters, "parameters.")
        tree: Any = tree_unflatten(list(arrays.items()))
        state = State(
            facts["step"], facts["begun"], _like(parameters, arrays, "parameters."), tree["optimizer"]
        )
        return build_optimizer(recipe, state.begun), state
    step = 0
    if (folder / WEIGHTS).exists():
        arrays, facts = _read(folder / WEIGHTS, parameters, "")
        parameters, step = _like(parameters, arrays, ""), facts["step"]
    optimizer = build_optimizer(recipe, step)
    master = in_precision(parameters, "float32")
    optimizer.init(master)
    return optimizer, State(step, step, master, optimizer.state)


def save(folder: Path, state: State) -> None:
    """Write both files; each appears whole or not at all."""
    arrays = dict(tree_flatten({"parameters": state.parameters, "optimizer": state.moments}))
    _write(folder / STATE, arrays, {"step": state.step, "begun": state.begun})
    save_weights(folder, state.parameters, state.step)


def save_weights(folder: Path, parameters: Any, step: int = 0) -> None:
    """Write what another machine goes on from, or another training begins with."""
    _write(folder / WEIGHTS, dict(tree_flatten(in_precision(parameters, "float16"))), {"step": step})


def _write(path: Path, arrays: dict[str, mx.array], facts: dict[str, int]) -> None:
    partial = path.with_name(f"partial-{path.name}")
    mx.save_safetensors(str(partial), arrays, metadata={"state": json.dumps(facts)})
    partial.replace(path)


def _read(path: Path, like: Any, prefix: str) -> tuple[dict[str, mx.array], dict[str, int]]:
    loaded: Any = mx.load(str(path), return_metadata=True)
    arrays, metadata = loaded
    wanted = {f"{prefix}{name}": array.shape for name, array in tree_flatten(like)}
    found = {name: array.shape for name, array in arrays.items() if name.startswith(prefix)}
    if wanted != found or "state" not in metadata:
        unlike = sorted(name for name in wanted.keys() | found.keys() if wanted.get(name) != found.get(name))
        told = f"{path} is of another model: {len(unlike)} of {len(wanted)} arrays differ, {unlike[:3]} first"
        raise TrainingError(
            "pretraining", 0, told, "Remove the file, or use the recipe that it was made with"
        )
    return arrays, json.loads(metadata["state"])


def _like(parameters: Any, arrays: dict[str, mx.array], prefix: str) -> Any:
    """The arrays in the order of the parameters, since the gradient's norm is summed in that order."""
    return tree_unflatten([(name, arrays[f"{prefix}{name}"]) for name, _ in tree_flatten(parameters)])
