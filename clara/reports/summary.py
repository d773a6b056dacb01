"""Results to text: the terminal's table, ``summary.md`` and ``results.json``."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from clara.reports.results import SCHEMA_VERSION, Comparison, ContenderResult, QuestionResult, Results

_WORST = 8
_COLUMNS: tuple[tuple[str, Callable[[ContenderResult], str]], ...] = (
    ("contender", lambda c: c.name + (" *" if c.control else "")),
    ("sees", lambda c: c.sees),
    ("trained on documents / questions", lambda c: f"{_yes(c.saw_documents)} / {_yes(c.saw_questions)}"),
    ("n", lambda c: f"{c.n}{' (subset)' if c.subset else ''}"),
    ("failed", lambda c: str(c.failed)),
    ("F1 [95 %]", lambda c: f"{_percent(c.f1)} {_interval(c.f1_low, c.f1_high)}"),
    ("EM [95 %]", lambda c: f"{_percent(c.em)} {_interval(c.em_low, c.em_high)}"),
    ("ROUGE-L", lambda c: _percent(c.rouge_l)),
    ("keyword", lambda c: _percent(c.keyword)),
    ("degenerate", lambda c: _percent(c.degenerate)),
    ("tokens read", lambda c: f"{c.tokens_read:,}"),
    ("seconds", lambda c: f"{c.seconds:.1f}{' (cached)' if c.cached else ''}"),
)


def table(results: Results) -> list[str]:
    """The table as lines of aligned columns."""
    rows = [[title for title, _ in _COLUMNS], *_cells(results)]
    widths = [max(len(row[i]) for row in rows) for i in range(len(_COLUMNS))]
    lines = [
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows
    ]
    return [*lines, "* control", *_sentences(results)]


def write(results: Results, folder: Path) -> None:
    """Write ``results.json`` and ``summary.md`` into the folder, each whole or not at all."""
    folder.mkdir(parents=True, exist_ok=True)
    _replace(folder / "results.json", json.dumps(as_json(results), indent=1, ensure_ascii=False) + "\n")
    _replace(folder / "summary.md", summary(results))


def as_json(results: Results) -> dict[str, Any]:
    """The form of ``results.json``: every question of every contender in one list."""
    rows = [row.model_dump(mode="json") for c in results.contenders.values() for row in c.questions]
    return {"schema": SCHEMA_VERSION, **results.model_dump(mode="json"), "questions": rows}


def summary(results: Results) -> str:
    """``summary.md``."""
    from jinja2 import Environment, PackageLoader, StrictUndefined

    environment = Environment(
        loader=PackageLoader("clara.reports"), undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True,
        autoescape=False, keep_trailing_newline=True,
    )  # fmt: skip
    environment.filters |= {"percent": _percent, "points": _points, "cell": _cell}
    return environment.get_template("summary.md.jinja").render(
        results=results, titles=[title for title, _ in _COLUMNS], rows=_cells(results), worst=_worst(results),
        categories=_categories(results), interval=_interval, points_interval=_points_interval,
    )  # fmt: skip


def _cells(results: Results) -> list[list[str]]:
    return [[cell(contender) for _, cell in _COLUMNS] for contender in results.contenders.values()]


def _sentences(results: Results) -> list[str]:
    return [
        f"{c.a} − {c.b}: {_points(c.mean)} F1 points {_points_interval(c)}, {c.wins} won, {c.losses} lost, "
        f"{c.ties} tied of {c.n}: {c.verdict}"
        for c in results.comparisons
    ]


def _worst(results: Results) -> list[list[QuestionResult]]:
    """Questions that the contenders, controls apart, got most wrong together; each with all their answers."""
    rows: dict[str, list[QuestionResult]] = {}
    for contender in results.contenders.values():
        if not contender.control:
            for row in contender.questions:
                rows.setdefault(row.id, []).append(row)
    ranked = sorted(rows.items(), key=lambda item: (sum(row.scores["f1"] or 0 for row in item[1]), item[0]))
    return [answers for _, answers in ranked[:_WORST]]


def _categories(results: Results) -> list[list[str]]:
    names = sorted({name for c in results.contenders.values() for name in c.by_category})
    header = ["contender", *names]
    body = [
        [c.name, *(_grouped(c.by_category.get(name)) for name in names)] for c in results.contenders.values()
    ]
    return [header, *body]


def _grouped(value: tuple[float, int] | None) -> str:
    return f"{_percent(value[0])} ({value[1]})" if value else "–"


def _percent(value: float | None) -> str:
    return "–" if value is None else f"{100 * value:.1f}"


def _points(value: float) -> str:
    return f"{100 * value:+.1f}"


def _interval(low: float | None, high: float | None) -> str:
    return "[undefined]" if low is None or high is None else f"[{100 * low:.1f}, {100 * high:.1f}]"


def _points_interval(comparison: Comparison) -> str:
    if comparison.low is None or comparison.high is None:
        return "[undefined]"
    return f"[{100 * comparison.low:+.1f}, {100 * comparison.high:+.1f}]"


def _yes(value: bool) -> str:
    return "yes" if value else "no"


def _cell(text: str) -> str:
    """Text from documents and models, safe inside a Markdown table."""
    escaped = text.replace("\\", "\\\\").replace("|", "\\|").replace("<", "&lt;").replace("\n", " ")
    return escaped or "*(empty)*"


def _replace(path: Path, text: str) -> None:
    partial = path.with_name(f"{path.name}.partial")
    partial.write_text(text, encoding="utf-8")
    partial.replace(path)
