"""``report.html``: a whole run on one page that needs nothing else. Facts in, text out."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING, Any

from clara.reports import charts
from clara.reports.files import write_whole
from clara.reports.results import Comparison, ContenderResult, Evaluation, QuestionResult, Results
from clara.reports.runs import ContenderRun, Run
from clara.text import LANGUAGES, script

if TYPE_CHECKING:
    from jinja2 import Template

REPORT = "report.html"
_ASKED = (
    ("Does tuning help, with the same chunks in the prompt?", "tuned_rag", "rag"),
    ("Can compressed memory stand in for the text?", "clara", "tuned_rag"),
)
_VERDICTS = {"better": "is ahead of", "worse": "is behind", "undecided": "cannot be told from"}
# Class and sign of an outcome: a sign, because colour alone says nothing to some, and nothing in print.
RIGHT, PARTLY, WRONG, FAILED, UNASKED = ("r", "✓"), ("p", "◐"), ("w", "✗"), ("e", "!"), ("n", "–")
_GROUPS: tuple[tuple[str, Callable[[ContenderResult], dict[str, tuple[float, int]]]], ...] = (
    ("By category", lambda c: c.by_category),
    ("By language", lambda c: c.by_language),
    ("By whether a training question had asked for the fact", lambda c: c.by_fact),
)


@dataclass(frozen=True)
class Finding:
    """What a run says about one question, in a number and a sentence."""

    title: str
    number: str
    verdict: str
    sentence: str


@dataclass(frozen=True)
class Cell:
    """What one contender made of one question; ``answer`` is None where it was not asked."""

    contender: str
    kind: str
    sign: str
    f1: float
    answer: QuestionResult | None


@dataclass(frozen=True)
class Claim:
    """What an evaluation claims, with each thing that it was judged on."""

    text: str
    judged: list[tuple[str, Evaluation]]


@dataclass(frozen=True)
class Suite:
    """A file of evaluations with its worst outcome."""

    name: str
    outcome: str
    claims: list[Claim]


@dataclass(frozen=True)
class Change:
    """What became of one contender since the baseline: questions lost and won, each with the answer of then."""

    name: str
    asked: int
    before: float
    after: float
    lost: list[tuple[str, QuestionResult]]
    won: list[tuple[str, QuestionResult]]
    reworded: int

    @property
    def flips(self) -> list[tuple[bool, str, QuestionResult]]:
        """Questions whose mark is another: whether it was right, what was said then, and the row of now."""
        return [
            (right, said, row) for right, rows in ((True, self.lost), (False, self.won)) for said, row in rows
        ]


def write(results: Results, folder: Path, baseline: Run | None = None) -> None:
    """Write ``report.html`` into the folder, whole or not at all."""
    write_whole(folder / REPORT, page(results, baseline))


def page(results: Results, baseline: Run | None = None) -> str:
    """The page. Neither the order of a dictionary nor the place and time of writing leave a trace in it.

    Args:
        results: The run.
        baseline: An earlier run to tell the changes since.
    """
    from markupsafe import Markup

    style, behaviour = (
        (Path(__file__).parent / "templates" / name).read_text(encoding="utf-8")
        for name in ("report.css", "report.js")
    )
    ranked = sorted(results.contenders.values(), key=lambda c: (c.control, -c.f1, c.name))
    return _template().render(
        results=results, state=_state(results), policy=_policy(style, behaviour), style=Markup(style),
        behaviour=Markup(behaviour), contenders=ranked, findings=findings(results), suites=suites(results),
        charts={name: Markup(svg) for name, svg in _charts(results, ranked).items()},
        curves=[(name, Markup(svg)) for name, svg in _curves(results)], comparisons=_comparisons(results),
        groups=_groups(ranked), shown=_shown(ranked), rows=question_rows(ranked), languages=_languages(ranked),
        changes=changes(ranked, baseline), moved=_moved(results, baseline) if baseline else [],
    )  # fmt: skip


def _template() -> Template:
    """What others wrote is escaped in it; only our own style, script and charts are mark-up."""
    from jinja2 import Environment, PackageLoader, StrictUndefined

    environment = Environment(
        loader=PackageLoader("clara.reports"), undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True,
        autoescape=True,
    )  # fmt: skip
    environment.filters |= {"percent": _percent, "points": _points, "span": _span}
    return environment.get_template("report.html.jinja")


def findings(results: Results) -> list[Finding]:
    """What the run says in three sentences; what was not compared is said to be so."""
    told = [_highest(results)] if any(not c.control for c in results.contenders.values()) else []
    return told + [_finding(results, *asked) for asked in _ASKED]


def question_rows(ranked: Sequence[ContenderResult]) -> list[tuple[QuestionResult, str, list[Cell]]]:
    """Every question by id with its language, and beside each other what each contender made of it."""
    given = {c.name: {row.id: row for row in c.questions} for c in ranked}
    questions = {row.id: row for c in reversed(ranked) for row in c.questions}
    return [
        (questions[i], LANGUAGES[script(questions[i].question)], [cell(c.name, given[c.name].get(i)) for c in ranked])
        for i in sorted(questions)
    ]  # fmt: skip


def cell(contender: str, row: QuestionResult | None) -> Cell:
    """An answer with its outcome."""
    if row is None:
        return Cell(contender, *UNASKED, 0.0, None)
    f1 = row.scores["f1"] or 0.0
    if row.error is not None:
        outcome = FAILED
    elif row.scores["em"]:
        outcome = RIGHT
    else:
        outcome = PARTLY if f1 else WRONG
    return Cell(contender, *outcome, f1, row)


def changes(ranked: Sequence[ContenderResult], baseline: Run | None) -> list[Change]:
    """What each contender of both runs answers otherwise; the runs asked the same questions, or are not compared."""
    then = baseline.contenders if baseline else {}
    return [_change(then[c.name], c) for c in ranked if c.name in then]


def _change(before: ContenderRun, after: ContenderResult) -> Change:
    pairs = [
        (before.answers[row.id], bool(before.em[row.id]), row)
        for row in after.questions
        if row.id in before.em
    ]
    flips = [(said, right, row) for said, right, row in pairs if right != bool(row.scores["em"])]
    return Change(
        name=after.name, asked=len(pairs), before=before.mean_f1, after=after.f1,
        lost=[(said, row) for said, right, row in flips if right],
        won=[(said, row) for said, right, row in flips if not right],
        reworded=sum(said != row.answer for said, _, row in pairs) - len(flips),
    )  # fmt: skip


def _moved(results: Results, baseline: Run) -> list[tuple[str, Any, Any]]:
    """What differs from the baseline outside of the answers: versions, machine, base model."""
    then = {**baseline.environment, "base": baseline.base}
    now = {**results.environment, "base": results.digests.get("base", "")}
    return [(k, then.get(k), now.get(k)) for k in sorted(then | now) if then.get(k) != now.get(k)]


def _highest(results: Results) -> Finding:
    title = "Who scores highest?"
    if results.profile == "smoke":
        return Finding(title, "–", "not ranked", "Profile smoke proves the wiring; its numbers rank nothing.")
    first, *others = sorted(
        (c for c in results.contenders.values() if not c.control), key=lambda c: (-c.f1, c.name)
    )
    beside = f"; next {others[0].name} with {_percent(others[0].f1)}" if others else ""
    return Finding(
        title=title, number=_percent(first.f1), verdict="",
        sentence=f"{first.name}, with F1 {_percent(first.f1)} % {_span(first.f1_low, first.f1_high)} over {first.n} "
        f"questions, {_percent(first.em)} % exactly right{beside}. Highest is not yet better: the differences tell.",
    )  # fmt: skip


def _finding(results: Results, title: str, a: str, b: str) -> Finding:
    found = [c for c in results.comparisons if (_bare(c.a), _bare(c.b)) == (a, b)]
    if not found:
        return Finding(title, "–", "not compared", f"{a} and {b} were not compared in this run.")
    c = found[0]
    limit = f" They can show a difference of {100 * c.detectable:.1f} points or more." if c.detectable else ""
    return Finding(
        title=title, number=_points(c.mean), verdict=c.verdict,
        sentence=f"{c.a} {_VERDICTS[c.verdict]} {c.b} on these {c.n} questions: {_points(c.mean)} F1 points "
        f"{_span(c.low, c.high, signed=True)}; {c.wins} won, {c.losses} lost, {c.ties} tied.{limit}",
    )  # fmt: skip


def _state(results: Results) -> str:
    """``failed``, ``unproved`` or ``passed``: the colour and the sign of the banner."""
    if results.failures:
        return "failed"
    return "passed" if results.complete and results.proved and results.profile != "smoke" else "unproved"


def _charts(results: Results, ranked: Sequence[ContenderResult]) -> dict[str, str]:
    """Every chart that has something to show."""
    named = {"Contenders": [c for c in ranked if not c.control], "Controls": [c for c in ranked if c.control]}
    drawn: dict[str, str] = {}
    if ranked:
        groups = {title: rows for title, rows in named.items() if rows}
        drawn["contenders"] = charts.forest(groups, "F1 of each contender with its 95 % interval")
    if compared := {title: rows for title, rows in _comparisons(results).items() if rows}:
        drawn["differences"] = charts.differences(compared, "Paired differences with their 95 % intervals")
    if rows := charts.cost_rows(results):
        drawn["positions"] = charts.against(
            rows, lambda c: c.context_tokens, "context positions a question", "F1 over context positions"
        )
    # Those of the chart beside it come first, so that each looks the same in both.
    free = [c for c in named["Contenders"] if not c.context_tokens]
    if rows := [c for c in (*charts.cost_rows(results), *free) if c.seconds]:
        drawn["seconds"] = charts.against(rows, _seconds, "seconds a question", "F1 over seconds a question")
    if charts.has_ladder(results):
        drawn["ladder"] = charts.ladder(charts.ladder_rows(results), "F1 after each stage of training")
    if rows := [c for c in ranked if len(c.by_retrieval) == 2]:
        drawn["hits"] = charts.hits(rows, "F1 where the gold chunk was shown and where it was not")
    return drawn


def _curves(results: Results) -> list[tuple[str, str]]:
    """A small chart of each stage that recorded its losses."""
    told = [(name, results.curves[name]) for name in sorted(results.curves) if results.curves[name]]
    return [(name, charts.learning(curve, f"Loss of {name} over steps")) for name, curve in told]


def _seconds(contender: ContenderResult) -> float:
    return contender.seconds / (contender.n + contender.unanswerable)


def _comparisons(results: Results) -> dict[str, list[Comparison]]:
    """Contrasts declared beforehand, and what was looked at besides; by name, whatever was compared first."""
    groups: dict[str, list[Comparison]] = {"Declared beforehand": [], "Exploratory": []}
    for comparison in sorted(results.comparisons, key=lambda c: (c.a, c.b)):
        groups["Declared beforehand" if comparison.declared else "Exploratory"].append(comparison)
    return groups


def _groups(ranked: Sequence[ContenderResult]) -> list[tuple[str, list[str], list[tuple[str, list[Any]]]]]:
    """Title, columns and rows of every way of dividing the questions that divides them; a cell knows its shade."""
    tables = []
    for title, of in _GROUPS:
        columns = sorted({name for c in ranked for name in of(c)})
        most = max((mean for c in ranked for mean, _ in of(c).values()), default=0.0) or 1.0
        rows = [(c.name, [(*of(c)[k], round(9 * of(c)[k][0] / most)) if k in of(c) else None for k in columns])
                for c in ranked if of(c)]  # fmt: skip
        if len(columns) > 1:
            tables.append((title, columns, rows))
    return tables


def _shown(ranked: Sequence[ContenderResult]) -> list[tuple[str, list[int]]]:
    """Of each contender with context: right and wrong where the gold chunk was shown, right and wrong where not."""

    def count(rows: Iterable[QuestionResult], shown: bool, right: bool) -> int:
        return sum(row.gold_retrieved is shown and bool(row.scores["em"]) is right for row in rows)

    told = [c for c in ranked if c.by_retrieval]
    return [(c.name, [count(c.questions, s, r) for s in (True, False) for r in (True, False)]) for c in told]


def suites(results: Results) -> list[Suite]:
    """Evaluations by file, and in it by claim."""
    by_file = groupby(sorted(results.evaluations, key=lambda e: e.name), _file)
    return [_suite(name, list(members)) for name, members in by_file]


def _suite(name: str, members: list[Evaluation]) -> Suite:
    outcomes = {member.outcome for member in members}
    worst = next(outcome for outcome in ("failed", "skipped", "passed") if outcome in outcomes)
    claims = [
        Claim(text, [(member.name.partition("[")[2].rstrip("]"), member) for member in same])
        for text, same in groupby(members, _claim)
    ]
    return Suite(name, worst, claims)


def _file(evaluation: Evaluation) -> str:
    return evaluation.name.partition("::")[0]


def _claim(evaluation: Evaluation) -> str:
    """``test_no_answer_is_lost[rag]`` → ``no answer is lost``."""
    name = evaluation.name.split("::", 1)[-1].partition("[")[0]
    return name.removeprefix("test_").replace("_", " ")


def _languages(ranked: Sequence[ContenderResult]) -> list[str]:
    return sorted({name for c in ranked for name in c.by_language})


def _policy(style: str, behaviour: str) -> str:
    """A content policy that runs this very script, applies this very style, and loads nothing at all."""

    def named(text: str) -> str:
        return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"

    return (
        f"default-src 'none'; style-src {named(style)}; script-src {named(behaviour)}; "
        "base-uri 'none'; form-action 'none'"
    )


def _bare(name: str) -> str:
    """A contender's name without its rate."""
    return name.partition("@")[0]


def _percent(value: float | None) -> str:
    return "–" if value is None else f"{100 * value:.1f}"


def _points(value: float) -> str:
    return f"{100 * value:+.1f}".replace("-", "−")


def _span(low: float | None, high: float | None, signed: bool = False) -> str:
    if low is None or high is None:
        return "[undefined]"
    ends = (_points(low), _points(high)) if signed else (_percent(low), _percent(high))
    return f"[{ends[0]}, {ends[1]}]"
