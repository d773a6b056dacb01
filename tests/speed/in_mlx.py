"""The steps of ``clara.pretraining``, as contenders."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from tests.speed.contender import BATCHES, Contender, Spec, batches, seconds


def _mlx_device(spec: Spec) -> Any:
    import clara.pretraining  # noqa: F401, I001 (chooses its BLAS before MLX is there)
    import mlx.core as mx

    if spec["device"] == "cpu":
        mx.set_default_device(mx.cpu)
    elif mx.default_device() != mx.Device(mx.gpu):
        raise RuntimeError(
            f"MLX's device is {mx.default_device()}: use --device cpu, or install its CUDA backend"
        )
    else:
        mx.set_memory_limit(int(mx.set_memory_limit(2**40) * spec["share"]))  # it tells the one before
    return mx


def mlx_reader(spec: Spec) -> Contender:
    """The step of ``clara.pretraining.train``, made of the same parts."""
    mx = _mlx_device(spec)
    from clara.pretraining.checkpoints import begin
    from clara.pretraining.config import OptimizerRecipe, read_recipe
    from clara.pretraining.dropout import add_dropout
    from clara.pretraining.optimisation import build_model, compiled_step

    changed = {
        "precision": spec["precision"],
        "dropout": spec["dropout"],
        "optimizer": OptimizerRecipe.model_validate(spec["optimizer"]),
    }
    recipe = read_recipe(Path(spec["recipe"])).model_copy(update=changed)
    model = build_model(recipe, spec["model"]["vocab_size"])
    add_dropout(model, recipe.dropout)
    optimizer, (_, _, parameters, moments) = begin(Path("nowhere"), model.parameters(), recipe.optimizer)
    mx.eval(parameters, moments)
    advance = compiled_step(recipe, model, optimizer)
    made = (
        (mx.array(ids).astype(mx.int32), mx.array(weights).astype(mx.float32))
        for ids, weights in itertools.cycle(batches(spec))
    )
    return _in_mlx(mx, advance, parameters, moments, made)


def _in_mlx(
    mx: Any, advance: Callable[..., Any], parameters: Any, moments: Any, rows: Iterator[Any]
) -> Contender:
    """Steps of a compiled function from weights, moments and a step's arrays to new ones and numbers."""
    import numpy as np
    from mlx.utils import tree_flatten

    state: dict[str, Any] = {"parameters": parameters, "moments": moments, "numbers": mx.zeros(1)}
    steps = itertools.count(1)

    def step() -> None:
        mx.random.seed(next(steps))
        after = advance(state["parameters"], state["moments"], *next(rows))
        mx.async_eval(*after)
        state.update(zip(("parameters", "moments", "numbers"), after, strict=True))

    def finish() -> list[float]:
        mx.eval(state)
        return state["numbers"].tolist()

    def save(path: str) -> None:
        np.savez(path, **{name: np.array(array) for name, array in tree_flatten(state["parameters"])})

    return Contender(f"MLX {mx.__version__}", step, finish, mx.get_peak_memory, _mlx_rates, save)


def _mlx_rates(width: int, elements: int) -> tuple[float, float]:
    import mlx.core as mx

    def best(work: Callable[[], Any]) -> float:
        mx.eval(work())
        return min(seconds(lambda: mx.eval(work())) for _ in range(4))

    a, b = (mx.random.normal((width, width)).astype(mx.bfloat16) for _ in range(2))
    long = mx.random.normal((elements,), dtype=mx.bfloat16)
    mx.eval(a, b, long)
    return 8 * 2 * width**3 / best(lambda: [a @ b for _ in range(8)]), 2 * long.nbytes / best(
        lambda: long + 1
    )


def mlx_compressor(spec: Spec) -> Contender:
    """The step of ``clara.pretraining.compress`` with one document a row."""
    mx = _mlx_device(spec)
    import numpy as np

    from clara.pretraining.checkpoints import begin
    from clara.pretraining.compressing import compiled_step, half_precision
    from clara.pretraining.compression_rows import random_rows
    from clara.pretraining.config import read_compressor_recipe
    from clara.pretraining.merged import MergedLora
    from clara.training.forms import CompressorForm

    recipe = read_compressor_recipe(Path(spec["compressor"]))
    recipe = recipe.model_copy(update={"precision": spec["precision"]})
    clara = CompressorForm(recipe.memory, recipe.lora, recipe.seed).begin(
        half_precision(Path(spec["reader"]), recipe.precision), None
    )
    lora = MergedLora(clara)
    fresh = {"lora": lora.stacks(), "memory": clara.memory}
    optimizer, (_, _, parameters, moments) = begin(Path("nowhere"), fresh, recipe.optimizer)
    mx.eval(parameters, moments)
    advance = compiled_step(recipe, clara, lora, optimizer)
    shape = recipe.rows.one.model_copy(update={"rows": spec["compressor_rows"]})
    draws = [np.random.default_rng(seed) for seed in range(BATCHES)]
    rows = [random_rows(recipe.memory, clara.tokens, shape, draw) for draw in draws]
    made = (tuple(mx.array(part).astype(mx.int32) for part in row) for row in itertools.cycle(rows))
    return _in_mlx(mx, advance, parameters, moments, made)
