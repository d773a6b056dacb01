"""Runs over time: each contender's metric, commit by commit, from pytest-benchmark's store."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from clara.reports.charts import save
from clara.reports.runs import KEY, ContenderRun, Run, RunError, parsed, run_in

METRICS: dict[str, Callable[[ContenderRun], float]] = {
    "f1": lambda run: 100 * run.mean_f1,
    "em": lambda run: 100 * run.mean_em,
    "seconds": lambda run: run.seconds,
}
_SHOWN = 8  # runs that a line of text has room for


def read_history(folder: Path) -> list[Run]:
    """The runs in a store, oldest first; files of pytest-benchmark's that hold no run of ours are passed over.

    Raises:
        RunError: There is none, one of another version, or a file that cannot be read.
    """
    found = ((file, parsed(file)) for file in sorted(folder.rglob("*.json")))
    runs = [run_in(content, file) for file, content in found if KEY in content]
    if not runs:
        raise RunError(folder, "holds no run", "Save one with pytest evals/ --benchmark-autosave")
    return sorted(runs, key=lambda run: run.time)


def comparable(runs: Sequence[Run]) -> list[Run]:
    """Those of the profile and the question set of the last: a line through others would mean nothing."""
    last = runs[-1]
    return [run for run in runs if (run.profile, run.question_set) == (last.profile, last.question_set)]


def history(runs: Sequence[Run], metric: str) -> str:
    """The last runs as a table: a row a contender, a column a run."""
    shown = runs[-_SHOWN:]
    value = METRICS[metric]
    names = list(dict.fromkeys(name for run in reversed(shown) for name in run.contenders))
    rows = [
        [
            metric,
            *(
                f"{_commit(run)}{' (failed)' if run.failed else '' if run.complete else ' (part)'}"
                for run in shown
            ),
        ],
        ["", *(run.time[:16] for run in shown)],
        *(
            [
                name,
                *(f"{value(run.contenders[name]):.1f}" if name in run.contenders else "–" for run in shown),
            ]
            for name in names
        ),
    ]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return "\n".join(
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows
    )


def draw_history(runs: Sequence[Run], metric: str, path: Path) -> None:
    """A line a contender over the runs, as SVG."""
    from matplotlib.figure import Figure

    value = METRICS[metric]
    figure = Figure(figsize=(8, 4.5), layout="constrained")
    axes = figure.add_subplot()
    for name in dict.fromkeys(name for run in runs for name in run.contenders):
        points = [
            (place, value(run.contenders[name])) for place, run in enumerate(runs) if name in run.contenders
        ]
        axes.plot(*zip(*points, strict=True), marker="o", markersize=3, label=name)
    axes.set_xticks(range(len(runs)), [_commit(run) for run in runs], rotation=45, ha="right")
    axes.set_ylabel({"seconds": "seconds to answer"}.get(metric, f"{metric.upper()}, per cent"))
    axes.legend(fontsize="x-small", loc="center left", bbox_to_anchor=(1, 0.5))
    path.parent.mkdir(parents=True, exist_ok=True)
    save(figure, path)


def _commit(run: Run) -> str:
    return run.commit[:8] or "no commit"
