"""What a run shows as pictures: files beside the summary, and figures inside the report."""

from __future__ import annotations

import io
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any
from xml.etree import ElementTree

from clara.reports.results import Comparison, ContenderResult, Curve, Results

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

POSITIONS, LADDER = "positions.svg", "ladder.svg"
# Each stage of each kind of training, in order; what did not take part is left out.
_LADDERS = {
    "text": ("untrained", "compression_only", "lm_only", "tuned", "tuned_rag"),
    "memory": ("clara_untrained", "clara_unadapted", "clara_stage1", "clara", "clara_e2e"),
}
_BESIDE = 0.015  # of the widest context
_JOINED = ("rag_budget", "clara")  # drawn as a line over the rates
# The page's style sheet turns these two into its own ink and paper, light or dark.
_INK, _PAPER = "#010203", "#fdfcfb"
# All others are legible on white and on black; a marker goes with each, for colour alone says nothing to some.
_BLUE, _ORANGE, _GREEN, _RED, _GREY = "#3b82d6", "#d97706", "#1f9d61", "#dc4f4f", "#8a919c"
_SERIES = ("#3b82d6", "#d97706", "#1f9d61", "#a566d6", "#dc4f4f", "#1a9bb5", "#b5892a", "#8a919c")
_MARKERS = "osD^vPX*<"  # one more than colours: together they repeat after 72
_VERDICTS = {"better": (_GREEN, "^"), "worse": (_RED, "v"), "undecided": (_GREY, "o")}
_WIDTH = 4.5  # inches, of a figure in the report: what a telephone shows without shrinking the letters much
_STYLE: dict[Any, Any] = {
    "font.size": 9, "text.color": _INK, "axes.edgecolor": _GREY, "axes.labelcolor": _INK, "xtick.color": _INK,
    "ytick.color": _INK, "axes.spines.top": False, "axes.spines.right": False, "axes.grid": True,
    "grid.color": _GREY, "grid.alpha": 0.25, "grid.linewidth": 0.6, "axes.axisbelow": True,
    "legend.frameon": False, "axes.titlesize": 9, "axes.titlelocation": "left", "text.parse_math": False,
}  # fmt: skip
_SVG = "{http://www.w3.org/2000/svg}"
_HREF = "{http://www.w3.org/1999/xlink}href"


def cost_rows(results: Results) -> list[ContenderResult]:
    """Contenders that are shown context, the dearest first; controls apart."""
    shown = [c for c in results.contenders.values() if c.context_tokens and not c.control]
    return sorted(shown, key=lambda c: (-c.context_tokens, c.name))


def ladder_rows(results: Results) -> dict[str, list[ContenderResult]]:
    """The stages that took part, of each ladder, from nothing trained to all of it."""
    by_name = {name.partition("@")[0]: c for name, c in reversed(results.contenders.items())}
    return {title: [by_name[name] for name in names if name in by_name] for title, names in _LADDERS.items()}


def has_ladder(results: Results) -> bool:
    """True if stages between the first and the last took part: otherwise there is nothing to climb."""
    return bool({"lm_only", "clara_stage1"} & {name.partition("@")[0] for name in results.contenders})


def draw_positions(rows: Sequence[ContenderResult], path: Path) -> None:
    """F1 with its interval over context positions; a contender at several rates is one line."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(7, 4), layout="constrained")
    axes = figure.subplots()
    _costs(axes, rows, lambda row: row.context_tokens)
    axes.set_xlabel("context positions a question")
    axes.legend(fontsize="small", loc="center left", bbox_to_anchor=(1, 0.5))
    save(figure, path)


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
    save(figure, path)


def forest(groups: Mapping[str, Sequence[ContenderResult]], label: str) -> str:
    """Each contender's F1 with its interval, best first, group under group on one scale."""
    rows = [row for group in groups.values() for row in group]
    widest = 100 * max(row.f1_high or row.f1 for row in rows)
    with _panels([len(group) for group in groups.values()], 0.24) as (figure, panels):
        for axes, (title, group) in zip(panels, groups.items(), strict=True):
            for place, row in enumerate(group):
                colour, marker = _look(row)
                _interval(axes, place, row.f1, row.f1_low, row.f1_high, colour, marker)
                _beside(axes, place, f"{100 * row.f1:.1f}  {_ends(row.f1_low, row.f1_high, '.1f')}")
            _list(axes, title, [row.name for row in group])
            axes.set_xlim(0, 1.05 * widest or 1)
        panels[-1].set_xlabel("F1 (%), 95 % interval")
        return inline(figure, label)


def differences(groups: Mapping[str, Sequence[Comparison]], label: str) -> str:
    """Each paired difference with its interval about nought, group under group on one scale."""
    with _panels([len(group) for group in groups.values()], 0.36) as (figure, panels):
        for axes, (title, group) in zip(panels, groups.items(), strict=True):
            for place, row in enumerate(group):
                colour, marker = _VERDICTS[row.verdict]
                fill = _PAPER if row.verdict == "undecided" else colour
                _interval(axes, place, row.mean, row.low, row.high, colour, marker, fill)
                _beside(axes, place, f"{100 * row.mean:+.1f}  {_ends(row.low, row.high, '+.1f')}")
            _list(axes, title, [f"{row.a}\n− {row.b}" for row in group])
            axes.axvline(0, color=_INK, linewidth=0.8)
        panels[-1].set_xlabel("difference in F1 points, 95 % interval")
        return inline(figure, label)


def against(
    rows: Sequence[ContenderResult], at: Callable[[ContenderResult], float], axis: str, label: str
) -> str:
    """F1 over what it costs."""
    with _panels([11], 0.24) as (figure, panels):
        _costs(panels[0], rows, at)
        panels[0].set_xlabel(axis)
        figure.legend(loc="outside lower center", ncols=2, fontsize=8)
        return inline(figure, label)


def ladder(ladders: Mapping[str, Sequence[ContenderResult]], label: str) -> str:
    """F1 after each stage, ladder under ladder, the first stage on top."""
    with _panels([len(rows) for rows in ladders.values()], 0.26) as (figure, panels):
        for axes, (title, rows) in zip(panels, ladders.items(), strict=True):
            for place, row in enumerate(rows):
                _interval(axes, place, row.f1, row.f1_low, row.f1_high, _BLUE, "o")
                _beside(axes, place, f"{100 * row.f1:.1f}")
            axes.plot([100 * row.f1 for row in rows], range(len(rows)), color=_GREY, linewidth=0.8, zorder=0)
            _list(axes, title, [row.name for row in rows])
            axes.set_xlim(0, None)
        panels[-1].set_xlabel("F1 (%), 95 % interval")
        return inline(figure, label)


def hits(rows: Sequence[ContenderResult], label: str) -> str:
    """F1 where the gold chunk was shown beside F1 where it was not."""
    with _panels([len(rows)], 0.26) as (figure, panels):
        axes = panels[0]
        for place, row in enumerate(rows):
            hit, miss = (100 * row.by_retrieval[key][0] for key in ("hit", "miss"))
            axes.plot([miss, hit], [place, place], color=_GREY, linewidth=1.2, zorder=1)
            axes.plot(miss, place, "o", markeredgecolor=_ORANGE, markerfacecolor=_PAPER, clip_on=False,
                      label="not shown" if not place else None)  # fmt: skip
            axes.plot(hit, place, "o", color=_BLUE, label="gold chunk shown" if not place else None)
            _beside(axes, place, f"{miss:.1f} → {hit:.1f}")
        _list(axes, "", [row.name for row in rows])
        axes.set(xlabel="F1 (%)", xlim=(0, None))
        figure.legend(loc="outside lower center", ncols=2, fontsize=8)
        return inline(figure, label)


def learning(curve: Curve, label: str) -> str:
    """Training and held-out loss over the steps of one stage."""
    from matplotlib import rc_context
    from matplotlib.figure import Figure

    trained = [(step, loss) for step, loss, _ in curve if loss is not None]
    measured = [(step, loss) for step, _, loss in curve if loss is not None]
    with rc_context(_STYLE):
        figure = Figure(
            figsize=(2.6, 1.6)
        )  # a dozen of these: margins that are given are drawn twice as fast
        figure.subplots_adjust(left=0.16, right=0.98, bottom=0.16, top=0.95)
        axes = figure.subplots()
        axes.plot(*_columns(trained), color=_GREY, linewidth=0.8)
        axes.plot(*_columns(measured), color=_BLUE, marker="o", markersize=4)
        axes.locator_params(nbins=4)
        axes.locator_params("x", integer=True)
        return inline(figure, label)


def inline(figure: Figure, label: str) -> str:
    """The figure as an ``<svg>`` for a page: named for who cannot see it, and without style attributes.

    A strict content policy refuses style attributes; the same facts as presentation attributes are free. Identifiers
    that nothing refers to are dropped, the others made the figure's own: two charts on a page may not share one.
    """
    root = ElementTree.fromstring(_svg(figure))
    prefix = re.sub(r"\W+", "-", label.lower())[:24]
    for parent in list(root.iter()):
        for child in [c for c in parent if c.tag == f"{_SVG}metadata" or c.tag == f"{_SVG}style"]:
            parent.remove(child)
    used = set(re.findall(r"#([\w-]+)", " ".join(v for e in root.iter() for v in e.attrib.values())))
    for element in root.iter():
        _plain(element, used, prefix)
    box = root.attrib["viewBox"]
    head = f'<svg viewBox="{box}" role="img" aria-label="{_text(label)}"><title>{_text(label)}</title>'
    ElementTree.register_namespace("", _SVG[1:-1])
    return head + "".join(_serialised(child) for child in root) + "</svg>"


def _plain(element: ElementTree.Element, used: set[str], prefix: str) -> None:
    """Style to attributes, and identifiers made the figure's own."""
    styles = dict(part.split(":", 1) for part in element.attrib.pop("style", "").split(";") if ":" in part)
    styles = {name.strip(): value.strip() for name, value in styles.items()}
    # The page has its own letters; what is left of a font is its size.
    styles.pop("font-family", None)
    if "font" in styles:
        styles["font-size"] = re.search(r"[\d.]+px", styles.pop("font"))[0]  # type: ignore[index]
    element.attrib |= styles
    if element.attrib.get("id") not in used:
        element.attrib.pop("id", None)
    if _HREF in element.attrib:
        element.set("href", element.attrib.pop(_HREF))
    for name, value in element.attrib.items():
        if name == "id":
            element.set(name, f"{prefix}-{value}")
        elif "#" in value and (name == "href" or "url(" in value):
            element.set(name, value.replace("#", f"#{prefix}-"))


def _serialised(element: ElementTree.Element) -> str:
    text = ElementTree.tostring(element, encoding="unicode")
    return re.sub(r"\s+", " ", text.replace(' xmlns="http://www.w3.org/2000/svg"', ""))


def _text(text: str) -> str:
    from xml.sax.saxutils import escape

    return escape(text, {'"': "&quot;"})


@contextmanager
def _panels(counts: Sequence[int], height: float) -> Iterator[tuple[Figure, list[Axes]]]:
    """A figure of panels under each other on one x axis, each as high as its rows need."""
    from matplotlib import rc_context
    from matplotlib.figure import Figure

    with rc_context(_STYLE):
        figure = Figure(figsize=(_WIDTH, 0.75 + sum(0.25 + height * n for n in counts)), layout="constrained")
        panels = figure.subplots(len(counts), 1, sharex=True, squeeze=False, height_ratios=counts)
        yield figure, list(panels.ravel())


def _list(axes: Axes, title: str, names: Sequence[str]) -> None:
    """One row a name, the first on top."""
    axes.set_yticks(range(len(names)), names)
    axes.set_ylim(len(names) - 0.4, -0.6)
    axes.tick_params(axis="y", length=0, pad=6)
    axes.grid(visible=False, axis="y")
    axes.spines["left"].set_visible(False)
    axes.set_title(title, fontweight="bold", x=0, ha="left")


def _interval(
    axes: Axes,
    place: int,
    value: float,
    low: float | None,
    high: float | None,
    colour: str,
    marker: str,
    fill: str | None = None,
) -> None:
    if low is not None and high is not None:
        axes.plot(
            [100 * low, 100 * high], [place, place], color=colour, linewidth=1.8, solid_capstyle="round"
        )
    axes.plot(100 * value, place, marker, color=colour, markerfacecolor=fill or colour, markersize=6,
              clip_on=False)  # fmt: skip


def _beside(axes: Axes, place: int, text: str) -> None:
    axes.annotate(
        text.replace("-", "−"), (1.02, place), xycoords=("axes fraction", "data"), va="center", fontsize=8
    )


def _ends(low: float | None, high: float | None, form: str) -> str:
    return "" if low is None or high is None else f"[{100 * low:{form}}, {100 * high:{form}}]"


def _look(row: ContenderResult) -> tuple[str, str]:
    """Colour and marker by what a contender is shown: nothing, text or memory."""
    if not row.context_tokens:
        return _GREY, "o"
    return (_ORANGE, "D") if row.sees.startswith("memory") else (_BLUE, "s")


def _costs(axes: Axes, rows: Sequence[ContenderResult], at: Callable[[ContenderResult], float]) -> None:
    """F1 with its interval over a cost; whoever stands at the same place in ``rows`` looks the same."""
    widest = max(map(at, rows), default=0.0)
    points: dict[str, list[tuple[float, float]]] = {}
    for place, row in enumerate(rows):
        # Contenders that cost the same stand side by side, or one would hide the others.
        beside = sum(abs(at(row) - at(other)) < 0.006 * widest for other in rows[:place])
        x, (below, above) = at(row) + _BESIDE * beside * widest, _reach(row)
        axes.errorbar(x, 100 * row.f1, [[below], [above]], capsize=3, label=row.name,
                      marker=_MARKERS[place % len(_MARKERS)], color=_SERIES[place % len(_SERIES)])  # fmt: skip
        points.setdefault(row.name.partition("@")[0], []).append((x, 100 * row.f1))
    for name in _JOINED:
        axes.plot(*_columns(sorted(points.get(name, []))), color="0.7", zorder=0)
    axes.set(ylabel="F1 (%), 95 % interval", xlim=(0, None), ylim=(0, None))


def _columns(points: Sequence[tuple[float, float]]) -> tuple[list[float], list[float]]:
    return [x for x, _ in points], [y for _, y in points]


def _reach(row: ContenderResult) -> tuple[float, float]:
    """How far the interval reaches below and above F1, in per cent; nothing where it is not defined."""
    if row.f1_low is None or row.f1_high is None:
        return 0.0, 0.0
    return 100 * max(0.0, row.f1 - row.f1_low), 100 * max(0.0, row.f1_high - row.f1)


def _svg(figure: Figure) -> str:
    """The same text for the same numbers; letters stay letters."""
    from matplotlib import rc_context

    buffer = io.StringIO()
    with rc_context({"svg.hashsalt": "clara", "svg.fonttype": "none"}):
        figure.savefig(buffer, format="svg", transparent=True, metadata={"Date": None})
    return buffer.getvalue()


def save(figure: Figure, path: Path) -> None:
    """As SVG, whole or not at all, the same bytes for the same numbers."""
    from matplotlib import rc_context

    partial = path.with_name(f"{path.name}.partial")
    with rc_context({"svg.hashsalt": "clara"}):
        figure.savefig(partial, format="svg", metadata={"Date": None})
    partial.replace(path)
