"""How fast a reader is pretrained, beside the same step in PyTorch and what the card could do; not a test.

Usage: ``python -m tests.speed [--rounds 6] [--steps 40] [--skip-torch]``, on a machine with a GPU.
With ``--compressor RECIPE --reader DIR`` the steps of a compressor are timed in the same rounds. ``--check`` compares
the two steps' losses from the same weights, on the CPU. A rehearsal: ``--device cpu --rows 2 --steps 2 --rounds 2``.

Every contender is a process of its own that holds the card only while it is asked to: all are warmed up at the same
time, since most of that is compiling, then they take turns. What has been measured is printed whatever breaks.
"""

# ruff: noqa: T201 (what it prints is what it is for)

from __future__ import annotations

import argparse
import math
import os
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from tests.speed.contender import Spec
from tests.speed.process import CONTENDERS, REPOSITORY, GoneError, Process, Rally, say, serve
from tests.speed.table import table

RECIPE = REPOSITORY / "clara" / "pretraining" / "reader-v1.toml"
WARM_UP_STEPS = 8
_SHARED = 0.9  # of the card's memory, among all contenders: each keeps what it has allocated
_CHECKED_STEPS = 4
_TOLERANCE = 1e-3


def reader_spec(options: argparse.Namespace) -> Spec:
    from clara.pretraining.config import read_recipe

    recipe = read_recipe(options.recipe)
    phase, optimizer = recipe.phases[0], recipe.optimizer.model_dump(mode="json")
    return {
        "recipe": str(options.recipe),
        "device": options.device,
        "precision": "float32" if options.device == "cpu" else recipe.precision,
        "compile": options.compile or options.device != "cpu",
        "dropout": 0.0 if options.check else recipe.dropout,
        "model": {**recipe.model, "vocab_size": recipe.tokenizer.entries},
        "rows": options.rows or recipe.rows.rows_per_step,
        "tokens": recipe.rows.tokens_per_row,
        "plain_text": phase.plain_text,
        "context_weight": phase.context_weight,
        "answer_weight": recipe.rows.answer_weight,
        "text_weight": recipe.rows.text_weight,
        "optimizer": {**optimizer, "warmup_steps": 1} if options.check else optimizer,
        "path": [part for part in os.environ.get("PYTHONPATH", "").split(os.pathsep) if part],
    }


def measure(options: argparse.Namespace, spec: Spec) -> None:
    """Warm up together, take turns, print the table."""
    began = time.monotonic()
    until = began + options.limit
    names = [name for name in ("mlx", "torch") if not getattr(options, f"skip_{name}")]
    names += ["compressor"] if options.compressor else []
    pythons = {"torch": options.torch_python}
    rally = Rally([Process(n, pythons.get(n, sys.executable), alone=n == "torch") for n in names])
    processes = list(rally.there)
    rates: dict[str, tuple[float, float]] = {}

    def hear_begin(process: Process) -> None:
        answer = process.hear(began + 0.7 * options.limit)
        process.how = answer["how"]
        say(f"{process.name}: warm after {answer['seconds']:.0f} s")

    def ask_rates(process: Process) -> None:
        size = (512, 2**20) if options.device == "cpu" else (8192, 2**30)
        if process.name != "compressor" or not rates:
            answer = process.ask(until, rates=size)
            rates[process.name] = answer["operations"], answer["bytes"]

    def ask_block(process: Process) -> None:
        answer = process.ask(until, steps=options.steps)
        if not all(map(math.isfinite, answer["numbers"][-1])):
            raise GoneError(f"{process.name}: its numbers are {answer['numbers'][-1]}")
        process.blocks.append(answer["seconds"] / options.steps)
        process.peak_bytes = answer["peak_bytes"]
        say(f"{process.name}: {1000 * process.blocks[-1]:.2f} ms a step, loss {answer['numbers'][-1][0]:.3f}")

    try:
        rally.each(
            lambda process: process.tell(
                begin={**spec, "warm_up": options.warm_up, "share": _SHARED / len(processes)}
            )
        )
        rally.each(hear_begin)
        for number in range(options.rounds):
            begin = time.monotonic()
            rally.each(ask_block)
            left = number + 1 < options.rounds
            if (left and time.monotonic() + 1.2 * (time.monotonic() - begin) > until - 4) or not rally.there:
                say(f"no time for more than {number + 1} of {options.rounds} rounds")
                break
        rally.each(ask_rates)
    finally:
        for process in processes:
            process.end()
    print("\n".join(table(spec, options, processes, rates)), flush=True)


def check(options: argparse.Namespace, spec: Spec) -> int:
    """Do both steps compute the same, from the same weights in float32 without dropout? 1 if not."""
    until = time.monotonic() + options.limit
    processes = [
        Process("mlx", sys.executable, alone=False),
        Process("torch", options.torch_python, alone=True),
    ]
    try:
        with tempfile.TemporaryDirectory() as folder:
            weights = str(Path(folder) / "weights.npz")
            processes[0].ask(until, begin={**spec, "warm_up": 0})
            processes[0].ask(until, save=weights)
            processes[1].ask(until, begin={**spec, "warm_up": 0, "weights": weights})
            found = [p.ask(until, steps=_CHECKED_STEPS, each=True)["numbers"] for p in processes]
    except GoneError as error:
        say(str(error))
        return 1
    finally:
        for process in processes:
            process.end()
    worst = 0.0
    print("| step | loss, answers, context, gradient's norm: MLX | PyTorch |\n|---|---|---|")
    for number, (mlx, torch) in enumerate(zip(*found, strict=True), start=1):
        worst = max(worst, *(abs(a - b) / max(1.0, abs(a)) for a, b in zip(mlx, torch, strict=True)))
        print(f"| {number} | {_listed(mlx)} | {_listed(torch)} |")
    same = worst <= _TOLERANCE
    print(f"{'same' if same else 'NOT the same'}: at most {worst:.1e} apart, {_TOLERANCE:.0e} allowed")
    return 0 if same else 1


def _listed(numbers: Sequence[float]) -> str:
    return ", ".join(f"{number:.5f}" for number in numbers)


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--recipe", type=Path, default=RECIPE, help="of the reader")
    parser.add_argument("--compressor", type=Path, metavar="RECIPE", help="time this compressor too")
    parser.add_argument("--reader", type=Path, metavar="DIR", help="the reader that it compresses for")
    parser.add_argument("--rounds", type=int, default=6, help="turns of each contender")
    parser.add_argument("--steps", type=int, default=40, help="steps of a turn")
    parser.add_argument("--warm-up", type=int, default=WARM_UP_STEPS, help="steps before the first turn")
    parser.add_argument("--rows", type=int, help="rows of a step, for a rehearsal (default: the recipe's)")
    parser.add_argument("--device", choices=("gpu", "cpu"), default="gpu")
    parser.add_argument("--compile", action="store_true", help="torch.compile on the CPU too")
    parser.add_argument("--limit", type=float, default=100.0, help="seconds that all may take")
    parser.add_argument(
        "--torch-python", default=sys.executable, metavar="FILE", help="a Python with PyTorch"
    )
    parser.add_argument("--skip-mlx", action="store_true", help="leave the reader's step in MLX out")
    parser.add_argument("--skip-torch", action="store_true", help="leave PyTorch out")
    parser.add_argument(
        "--check", action="store_true", help="compare what both compute, on the CPU; no timing"
    )
    parser.add_argument("--contender", choices=sorted(CONTENDERS), help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.contender:
        serve(options.contender)
        return 0
    if bool(options.compressor) != bool(options.reader):
        parser.error("--compressor and --reader belong together")
    if options.check:
        options.device, options.rows = "cpu", options.rows or 2
    spec = reader_spec(options)
    if options.compressor:
        from clara.pretraining.config import read_compressor_recipe

        recipe = read_compressor_recipe(options.compressor)
        spec["compressor"], spec["reader"] = str(options.compressor), str(options.reader)
        spec["compressor_name"], spec["compressor_rows"] = recipe.name, options.rows or recipe.rows.one.rows
    if options.check:
        return check(options, spec)
    measure(options, spec)
    return 0


if __name__ == "__main__":
    sys.exit(main())
