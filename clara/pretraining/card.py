"""The model card of a reader: what it was made of, how, how well it reads, and what it cannot do."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from string import Template
from typing import Any

from clara.pretraining.config import Recipe
from clara.pretraining.corpus import read_lines
from clara.pretraining.overlap import read_record

CURVE = "curve.svg"


def write_card(recipe: Recipe, template: str, out: Path, folder: Path) -> None:
    """Write ``README.md`` and the curve into the reader's folder.

    Args:
        recipe: The recipe that was followed.
        template: Text of the card with ``$scores``, ``$heldout``, ``$tokens``, ``$steps``, ``$minutes`` and
            ``$apart``.
        out: Folder of the training: ``curve.jsonl``, ``scores.json`` and ``overlap.json``.
        folder: The exported reader.
    """
    curve = list(read_lines(out / "curve.jsonl"))
    draw_curve(curve, folder / CURVE)
    facts = {
        "scores": score_table(json.loads((out / "scores.json").read_text(encoding="utf-8"))),
        "heldout": ", ".join(recipe.text.heldout_titles),
        "apart": str(read_record(out)),
        "steps": f"{curve[-1]['step']:,}",
        "tokens": f"{curve[-1]['tokens'] / 1e6:,.0f}",
        "minutes": f"{curve[-1]['seconds'] / 60:.1f}",
    }
    (folder / "README.md").write_text(Template(template).substitute(facts), encoding="utf-8")


def score_table(scores: dict[str, Any]) -> str:
    """Markdown: a line for each setting and each precision that was scored; the kept one first."""
    lines = [
        "| weights | setting | n | F1 | EM | gold passage cut | others cut |",
        "|---|---|---|---|---|---|---|",
    ]
    kept = scores["kept"]
    for name in sorted((name for name in scores if name != "kept"), key=lambda name: name != kept):
        for setting in ("gold", "three", "none"):
            means = scores[name].get(setting)
            if means is None:
                continue  # a file of too few titles has no three passages to show
            numbers = f"{scores[name]['n']} | {means['f1']:.3f} | {means['em']:.3f}"
            lines.append(f"| {name} | {setting} | {numbers} | {means['cut']} | {means['others_cut']} |")
    return "\n".join(lines)


def draw_curve(curve: Sequence[dict[str, Any]], path: Path) -> None:
    """Losses over tokens, and the held-out F1 where it was measured, as an SVG."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(7, 3.6), layout="constrained")
    losses, scores = figure.subplots(1, 2)
    for name, label in (("context_loss", "context"), ("answer_loss", "answers")):
        seen = [line for line in curve if name in line]
        losses.plot([line["tokens"] / 1e6 for line in seen], [line[name] for line in seen], label=label)
    losses.set(xlabel="million tokens", ylabel="training loss, nats a token", yscale="log")
    losses.legend()
    seen = [line for line in curve if "heldout" in line]
    held = [line["heldout"]["gold"]["f1"] for line in seen]
    scores.plot([line["tokens"] / 1e6 for line in seen], held, marker="o")
    scores.set(xlabel="million tokens", ylabel="F1 on held-out articles, gold passage", ylim=(0, None))
    figure.savefig(path, metadata={"Date": None})
