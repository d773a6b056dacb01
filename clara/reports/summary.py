"""Results to text: the terminal's table, ``summary.md`` and ``results.json``."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from clara.reports.charts import (
    LADDER,
    POSITIONS,
    cost_rows,
    draw_ladder,
    draw_positions,
    has_ladder,
    ladder_rows,
)
from clara.reports.files import write_whole
from clara.reports.results import SCHEMA_VERSION, Comparison, ContenderResult, QuestionResult, Results

_WORST = 8
_NOTHING = "–"
_COLUMNS: tuple[tuple[str, Callable[[ContenderResult], str]], ...] = (
    ("contender", lambda c: c.name + (" *" if c.control else "")),
    ("sees", lambda c: c.sees),
    ("trained on documents / questions", lambda c: f"{c.saw_documents} / {c.saw_questions}"),
    ("n", lambda c: f"{c.n}{' (subset)' if c.subset else ''}"),
    ("failed", lambda c: str(c.failed)),
    ("F1 [95 %]", lambda c: f"{_percent(c.f1)} {_interval(c.f1_low, c.f1_high)}"),
    ("EM [95 %]", lambda c: f"{_percent(c.em)} {_interval(c.em_low, c.em_high)}"),
    ("character F1", lambda c: _percent(c.char_f1)),
    ("ROUGE-L", lambda c: _percent(c.rouge_l)),
    ("keyword", lambda c: _percent(c.keyword)),
    ("no answer, rightly", lambda c: _of(c.said_so, c.unanswerable)),
    ("wrongly", lambda c: _percent(c.abstained)),
    ("degenerate", lambda c: _percent(c.degenerate)),
    ("context positions", lambda c: f"{c.context_tokens:.0f}" if c.context_tokens else _NOTHING),
    ("tokens read", lambda c: f"{c.tokens_read:,}"),
    ("seconds", lambda c: f"{c.seconds:.1f}{' (cached)' if c.cached else ''}"),
)

_GROUPS: tuple[tuple[str, Callable[[ContenderResult], dict[str, tuple[float, int]]]], ...] = (
    ("by category", lambda c: c.by_category),
    ("by language", lambda c: c.by_language),
    ("where a training question had asked for the fact, and where none had", lambda c: c.by_fact),
    ("where the gold chunk was shown (hit), and where it was not (miss)", lambda c: c.by_retrieval),
)


def table(results: Results) -> list[str]:
    """The table as lines of aligned columns."""
    rows = _table(results)
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    lines = [
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows
    ]
    return [*lines, "* control", *_sentences(results), *knowledge(results)]


def knowledge(results: Results) -> list[str]:
    """One sentence on what ``tuned`` gained and how much of it is knowledge; none where it was not compared.

    What it gains over ``closed_book`` is knowledge of the documents and the habit of answering; ``tuned_other`` has
    the habit alone, so what ``tuned`` gains over that is the knowledge.
    """
    found = {(c.a, c.b): c for c in results.comparisons}
    gain, known = found.get(("tuned", "closed_book")), found.get(("tuned", "tuned_other"))
    if not gain or not known:
        return []
    if gain.verdict != "better":
        beyond = (
            f"nor over tuned_other ({_said(known)})"
            if known.verdict != "better"
            else (f"though {_said(known)} over tuned_other, whose tuning on other documents cost it as much")
        )
        return [
            f"tuned gained nothing over closed_book that these questions can show ({_said(gain)}), {beyond}"
        ]
    form = gain.mean - known.mean
    shown = "" if known.verdict == "better" else ", which these questions cannot tell from nothing"
    return [
        f"tuned gained {_said(gain)} over closed_book: {_said(known)} of it, its lead over tuned_other, is knowledge "
        f"of the documents{shown}; the other {_points(form)} the form of answers"
    ]


def write(results: Results, folder: Path) -> None:
    """Write ``results.json`` and ``summary.md`` into the folder, each whole or not at all, and the summary's charts."""
    folder.mkdir(parents=True, exist_ok=True)
    write_whole(folder / "results.json", json.dumps(as_json(results), indent=1, ensure_ascii=False) + "\n")
    if rows := cost_rows(results):
        draw_positions(rows, folder / POSITIONS)
    if has_ladder(results):
        draw_ladder(ladder_rows(results), folder / LADDER)
    write_whole(folder / "summary.md", summary(results))


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
        results=results, knowledge=knowledge(results), contenders=_table(results), worst=_worst(results),
        groups=_groups(results), costs=_costs(results), positions=POSITIONS,
        ladder=LADDER if has_ladder(results) else None, interval=_interval, points_interval=_points_interval,
    )  # fmt: skip


def _costs(results: Results) -> list[list[str]]:
    """What each contender with context pays in positions and gets in F1, beside ``tuned_rag``, who reads it all."""
    whole = results.contenders.get("tuned_rag")
    head = [
        "contender",
        "context positions",
        "of tuned_rag's",
        "F1",
        "of tuned_rag's",
        "time to first token (ms)",
    ]
    rows = [head]
    for c in cost_rows(results):
        paid = c.context_tokens / whole.context_tokens if whole and whole.context_tokens else None
        got = c.f1 / whole.f1 if whole and whole.f1 else None
        waited = results.facts.get(f"time to first token, {c.name} (ms)", _NOTHING)
        rows.append(
            [c.name, f"{c.context_tokens:.0f}", _percent(paid), _percent(c.f1), _percent(got), str(waited)]
        )
    return rows


def _table(results: Results) -> list[list[str]]:
    """The table of contenders with its head; a column that says nothing of any of them is left out."""
    columns = [[title, *map(cell, results.contenders.values())] for title, cell in _COLUMNS]
    told = [column for column in columns if any(text != _NOTHING for text in column[1:])]
    return [list(row) for row in zip(*(told or columns), strict=True)]


def _sentences(results: Results) -> list[str]:
    return [
        f"{c.a} − {c.b}: {_said(c)}, {c.wins} won, {c.losses} lost, {c.ties} tied of {c.n}: {c.verdict}"
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


def _groups(results: Results) -> list[tuple[str, list[list[str]]]]:
    """A title and a table for each way of dividing the questions that divides them."""
    tables = [
        (title, _by_group({c.name: groups(c) for c in results.contenders.values()}))
        for title, groups in _GROUPS
    ]
    return [(title, rows) for title, rows in tables if len(rows[0]) > 2]


def _by_group(found: dict[str, dict[str, tuple[float, int]]]) -> list[list[str]]:
    names = sorted({name for groups in found.values() for name in groups})
    body = [
        [contender, *(_grouped(groups.get(name)) for name in names)]
        for contender, groups in found.items()
        if groups
    ]
    return [["contender", *names], *body]


def _said(comparison: Comparison) -> str:
    return f"{_points(comparison.mean)} F1 points {_points_interval(comparison)}"


def _of(share: float | None, count: int) -> str:
    return _NOTHING if share is None else f"{_percent(share)} ({count})"


def _grouped(value: tuple[float, int] | None) -> str:
    return f"{_percent(value[0])} ({value[1]})" if value else _NOTHING


def _percent(value: float | None) -> str:
    return _NOTHING if value is None else f"{100 * value:.1f}"


def _points(value: float) -> str:
    return f"{100 * value:+.1f}"


def _interval(low: float | None, high: float | None) -> str:
    return "[undefined]" if low is None or high is None else f"[{100 * low:.1f}, {100 * high:.1f}]"


def _points_interval(comparison: Comparison) -> str:
    if comparison.low is None or comparison.high is None:
        return "[undefined]"
    return f"[{100 * comparison.low:+.1f}, {100 * comparison.high:+.1f}]"


def _cell(text: str) -> str:
    """Text from documents and models, safe inside a Markdown table."""
    escaped = text.replace("\\", "\\\\").replace("|", "\\|").replace("<", "&lt;").replace("\n", " ")
    return escaped or "*(empty)*"
