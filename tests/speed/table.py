"""What was measured, beside what the card could do at best."""

from __future__ import annotations

import argparse
import math
import statistics
from collections.abc import Sequence
from typing import NamedTuple

from tests.speed.contender import Spec, attended, shapes
from tests.speed.process import Process

GIB = 2**30


class Floor(NamedTuple):
    """What a step cannot do without, counted on paper.

    Attributes:
        operations: Floating-point operations: six a weight of a product, forward and backward, and the attention.
        bytes: Moved if every product, every attention and the loss read what they need and write what they make once,
            and all else is done on the way.
    """

    operations: int
    bytes: int


def floor(spec: Spec) -> Floor:
    """Counted for one step, activations in two bytes."""
    model, length = spec["model"], spec["tokens"]
    width, inner, heads = model["hidden_size"], model["intermediate_size"], attended(model)
    layers, vocab, tokens = model["num_hidden_layers"], model["vocab_size"], spec["rows"] * spec["tokens"]
    matrices = sum(
        math.prod(shape) for _, shape in shapes(model) if len(shape) > 1
    )  # the embeddings as the head
    seen = (length + 1) / 2  # mean columns that a position attends to
    attention = 3 * layers * 2 * 2 * heads * seen
    in_and_out = [(width, 3 * heads), (heads, width), (width, 2 * inner), (2 * inner, width)]
    # A product reads its input and writes its output, then reads the gradient and the input and writes a gradient.
    products = sum(2 * (i + o) + i for i, o in in_and_out)
    residual = 2 * 2 * width
    looked_at = 4 * heads + 8 * heads
    elements = (
        layers * (products + residual + looked_at) + 4 * vocab
    )  # logits and their gradient: written, read
    weights = sum(math.prod(shape) for _, shape in shapes(model))
    # Master weights and two moments read and written; the copy written and read twice; the gradient written and read.
    a_weight = 2 * 3 * 4 + 3 * 2 + 2 * 2
    return Floor(round(tokens * (6 * matrices + attention)), 2 * tokens * elements + a_weight * weights)


def table(
    spec: Spec,
    options: argparse.Namespace,
    processes: Sequence[Process],
    rates: dict[str, tuple[float, float]],
) -> list[str]:
    """Markdown; rates are medians over the rounds."""
    tokens, least = spec["rows"] * spec["tokens"], floor(spec)
    peaks = tuple(max(rate[i] for rate in rates.values()) for i in (0, 1)) if rates else None
    bounds = [least.operations / peaks[0], least.bytes / peaks[1]] if peaks else []
    lines = [
        f"A step is {spec['rows']} rows of {spec['tokens']} tokens, {spec['precision']}, dropout {spec['dropout']}; "
        f"turns of {options.steps} steps.",
        "",
        "| | tokens/s, median | min – max | ms a step | rounds | peak GiB | of the FLOP floor | of the byte floor |",
        "|---|---|---|---|---|---|---|---|",
    ]
    for process in (p for p in processes if p.name != "compressor"):
        if not process.blocks:
            lines.append(f"| {process.name}: failed | | | | | | | |")
            continue
        fast, middle, slow = _spread(process.blocks)
        reached = [f"{bound / middle:.0%}" for bound in bounds] or ["", ""]
        lines.append(
            f"| {process.how} | {tokens / middle:,.0f} | {tokens / slow:,.0f} – {tokens / fast:,.0f} | "
            f"{1000 * middle:.2f} | {len(process.blocks)} | {process.peak_bytes / GIB:.1f} | {' | '.join(reached)} |"
        )
    if peaks:
        lines += [
            f"| FLOP floor | {tokens / bounds[0]:,.0f} | | {1000 * bounds[0]:.2f} | | | | |",
            f"| byte floor | {tokens / bounds[1]:,.0f} | | {1000 * bounds[1]:.2f} | | | | |",
            "",
            f"Floors: {least.operations / tokens / 1e6:.1f} MFLOP a token at {peaks[0] / 1e12:.4g} TFLOP/s (a large "
            f"product in bfloat16), {least.bytes / 1e9:.2f} GB a step at {peaks[1] / 1e12:.3g} TB/s (a copy, read and "
            "written): the better of "
            + "; ".join(f"{n} {o / 1e12:.4g} TFLOP/s, {b / 1e12:.3g} TB/s" for n, (o, b) in rates.items()),
        ]
    both = {process.name: process.blocks for process in processes if process.blocks}
    if {"mlx", "torch"} <= both.keys():
        # One of them may have been left out after a round that the other finished.
        ratios = [torch / mlx for mlx, torch in zip(both["mlx"], both["torch"], strict=False)]
        low, middle, high = _spread(ratios)
        lines += ["", f"MLX's speed in PyTorch's, round by round: {middle:.2f} ({low:.2f} – {high:.2f})."]
    for process in (p for p in processes if p.name == "compressor"):
        if not process.blocks:
            lines += ["", "compressor: failed"]
            continue
        fast, middle, slow = _spread(process.blocks)
        lines += [
            "",
            f"Compressor {spec['compressor_name']}, {spec['compressor_rows']} rows of one document ({process.how}): "
            f"{1 / middle:.3g} steps/s ({1 / slow:.3g} – {1 / fast:.3g}), {process.peak_bytes / GIB:.1f} GiB at most.",
        ]
    return lines


def _spread(values: Sequence[float]) -> tuple[float, float, float]:
    """Least, median and most."""
    return min(values), statistics.median(values), max(values)
