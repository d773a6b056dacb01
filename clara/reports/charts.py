"""What the summary shows as pictures: scores against context positions, and the ladder of stages."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from clara.reports.results import ContenderResult, Results

POSITIONS, LADDER = "positions.svg", "ladder.svg"
# Each stage of each kind of training, in order; what did not take part is left out.
_LADDERS = {
    "text": ("untrained", "compression_only", "lm_only", "tuned", "tuned_rag"),
    "memory": ("clara_untrained", "clara_unadapted", "clara_stage1", "clara", "clara_e2e"),
}
_BESIDE = 0.015  # of the widest context
_JOINED = ("rag_budget", "clara")  # drawn as a line over the rates


def cost_rows(results: Results) -> list[ContenderResult]:
    """Contenders that are shown context, the dearest first; controls apart."""
    shown = [c for c in results.contenders.values() if c.context_tokens and not c.control]
    return sorted(shown, key=lambda c: (-c.context_tokens, c.name))


def ladder_rows(results: Results) -> dict[str, list[ContenderResult]]:
    """The stages that took part, of each ladder, from nothing trained to all of it."""
    by_name = {name.partition("@")[0]: c for name, c in reversed(results.contenders.items())}
    return {title: [by_name[name] for name in names if name in by_name] for title, names in _LADDERS.items()}


def draw_positions(rows: Sequence[ContenderResult], path: Path) -> None:
    """F1 with its interval over context positions; a contender at several rates is one line."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(7, 4), layout="constrained")
    axes = figure.subplots()
    for place, row in enumerate(rows):
        beside = sum(abs(row.context_tokens - other.context_tokens) < 2 for other in rows[:place])
        # Contenders with the same positions stand side by side, or one would hide the others.
        at = row.context_tokens + _BESIDE * beside * rows[0].context_tokens
        below, above = _reach(row)
        axes.errorbar(at, 100 * row.f1, [[below], [above]], marker="o", capsize=3, label=row.name)
    for name in _JOINED:
        points = sorted((r.context_tokens, 100 * r.f1) for r in rows if r.name.partition("@")[0] == name)
        axes.plot(*zip(*points, strict=True), color="0.7", zorder=0) if len(points) > 1 else None
    axes.set(
        xlabel="context positions a question", ylabel="F1 (%), 95 % interval", xlim=(0, None), ylim=(0, None)
    )
    axes.legend(fontsize="small", loc="center left", bbox_to_anchor=(1, 0.5))
    _save(figure, path)


def draw_ladder(ladders: dict[str, list[ContenderResult]], path: Path) -> None:
    """F1 after each stage, of the text's and the memory's ladder side by side."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(9, 3.6), layout="constrained")
    panels = figure.subplots(1, len(ladders), sharey=True)
    for axes, (title, rows) in zip(panels, ladders.items(), strict=True):
        heights = [100 * row.f1 for row in rows]
        spread = list(zip(*map(_reach, rows), strict=True)) if rows else []
        axes.bar([row.name for row in rows], heights, yerr=spread, capsize=3, color="0.75")
        axes.tick_params(axis="x", rotation=30)
        axes.set(title=title, ylabel="F1 (%), 95 % interval", ylim=(0, None))
    _save(figure, path)


def _reach(row: ContenderResult) -> tuple[float, float]:
    """How far the interval reaches below and above F1, in per cent; nothing where it is not defined."""
    if row.f1_low is None or row.f1_high is None:
        return 0.0, 0.0
    return 100 * max(0.0, row.f1 - row.f1_low), 100 * max(0.0, row.f1_high - row.f1)


def _save(figure: object, path: Path) -> None:
    """As SVG, whole or not at all, the same bytes for the same numbers."""
    from matplotlib import rc_context

    partial = path.with_name(f"{path.name}.partial")
    with rc_context({"svg.hashsalt": "clara"}):
        figure.savefig(partial, format="svg", metadata={"Date": None})  # type: ignore[attr-defined]
    partial.replace(path)
