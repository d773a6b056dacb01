"""``results.json``: all that a run found, as one record. Documented in ``docs/results.md``."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Literal

from pydantic import Field

from clara.errors import ClaraError
from clara.records import Answer, Question, Record, Score
from clara.statistics import SeedSpread

SCHEMA_VERSION = 3
GATE = "accuracy/test_regression.py"  # evaluations of what became of a baseline, and not of the wiring
# Step, training loss of its batch, held-out loss before its update; None where it was not measured.
Curve = tuple[tuple[int, float | None, float | None], ...]


class ResultsError(ClaraError):
    """A ``results.json`` of another form than this version reads.

    Attributes:
        path: The file.
        found: Its ``schema``.
    """

    def __init__(self, path: Path | str, found: object) -> None:
        self.path, self.found = path, found
        super().__init__(
            f"{path}: schema {found}, and this version reads {SCHEMA_VERSION}. Run the evaluations again."
        )


class QuestionResult(Record):
    """One contender's answer to one question (a row of ``questions``).

    Attributes:
        source_chunk: The chunk that holds its evidence, the cluster of every interval; None if nothing answers it.
    """

    id: str
    contender: str
    category: str
    question: str
    answers: tuple[str, ...]
    answer: str
    fact_asked: bool
    source_chunk: str | None
    chunk_ids: tuple[str, ...]
    context_sha256: str | None
    gold_retrieved: bool | None
    tokens: int
    context_tokens: int
    tokens_written: int
    stopped: str
    seconds: float
    cached: bool
    error: str | None
    scores: dict[str, float | None]


class ContenderResult(Record):
    """One contender over its questions; every score a fraction of 1.

    Scores are over the answerable questions; what it did with the others stands apart.

    Attributes:
        n: Answerable questions asked; the denominator of every score, failed answers included.
        unanswerable: Questions asked that no document answers.
        said_so: Share of those of which it said so; None where none was asked.
        abstained: Share of the answerable ones of which it said that there is no answer.
        failed: Answers that failed, of either kind; each scored 0.
        em, f1, f1_first, rouge_l: Means. ``f1`` is the best over the listed answers, ``f1_first`` the first's.
        char_f1: Mean over the questions in scripts whose words carry particles or are not separated; None without any.
        f1_low, f1_high: 95 % interval of ``f1``; None where it is not defined.
        em_low, em_high: 95 % Wilson interval of ``em``, of as many questions as these are worth on their chunks.
        keyword: Mean share of keywords found, over the questions that list any.
        degenerate: Share of answers that are empty, one token over and over, or cut at the limit.
        tokens_read: Prompt tokens, in all.
        context_tokens: Positions that the context takes in a prompt, on average; 0 where nothing is shown.
        seconds: Time that the answers took when they were made.
        cached: True if every answer came from the cache.
        by_category: Mean ``f1`` and ``n`` of each category.
        by_retrieval: Mean ``f1`` and ``n`` where the gold chunk was among those shown, and where it was not.
        by_fact: Mean ``f1`` and ``n`` where some training question had asked for the fact, and where none had.
        by_language: Mean ``f1`` and ``n`` of each language.
        subset: True if it answered a seeded part of the questions.
    """

    name: str
    sees: str
    saw_documents: str
    saw_questions: str
    control: bool
    n: int = Field(ge=1)
    unanswerable: int = Field(ge=0)
    said_so: float | None
    abstained: float
    subset: bool
    failed: int
    em: float
    em_low: float
    em_high: float
    f1: float
    f1_low: float | None
    f1_high: float | None
    f1_first: float
    char_f1: float | None
    rouge_l: float
    keyword: float | None
    degenerate: float
    tokens_read: int
    context_tokens: float
    seconds: float
    cached: bool
    by_category: dict[str, tuple[float, int]]
    by_retrieval: dict[str, tuple[float, int]]
    by_fact: dict[str, tuple[float, int]]
    by_language: dict[str, tuple[float, int]]
    questions: tuple[QuestionResult, ...] = Field(exclude=True)

    @property
    def f1_of(self) -> dict[str, float]:
        """F1 by question id, over the answerable questions: what intervals and differences are made of."""
        return {row.id: row.scores["f1"] or 0.0 for row in self.questions if row.answers}


class Comparison(Record):
    """A paired difference ``a`` − ``b`` in F1 over the answerable questions that both were asked.

    Attributes:
        p_value: Of this comparison by itself.
        declared: Whether it is one of the five that a run is made for; the others are exploratory.
        p_holm: Holm's p among the declared ones of the run; None of an exploratory one, and before all are known.
        detectable: Smallest true difference that these questions show in 80 % of the cases; None if they show none.
        em_wins, em_losses: Questions that only ``a``, only ``b`` answered exactly.
        em_p_value: McNemar's two-sided mid-p of those.
        verdict: Never other than ``undecided`` below ``detectable``, nor where ``p_holm`` is above 0.05.
    """

    a: str
    b: str
    n: int
    mean: float
    low: float | None
    high: float | None
    method: str
    wins: int
    losses: int
    ties: int
    p_value: float
    verdict: Literal["better", "worse", "undecided"]
    em_wins: int = 0
    em_losses: int = 0
    em_p_value: float = 1.0
    declared: bool = False
    p_holm: float | None = None
    detectable: float | None = None


class Judgement(Record):
    """What became of one contender since a baseline.

    Attributes:
        baseline: What the earlier run is called.
        contender: Its name; of a loss, what it is measured on.
        red: True if it fell, and surely.
        blind: True if the baseline is too low for any fall to be sure.
        changed: Ids of the questions whose answer, or whose mark where answers may differ, is another.
        sentence: One line: what fell, by how much, how sure.
    """

    baseline: str
    contender: str
    red: bool
    blind: bool = False
    changed: tuple[str, ...] = ()
    sentence: str


class Evaluation(Record):
    """Outcome of one evaluation, with the message it gave if it did not pass."""

    name: str
    outcome: Literal["passed", "failed", "skipped"]
    message: str


class Results(Record):
    """A whole run.

    Attributes:
        fixtures: Version of the project's own documents and questions; None if it used others.
        losses: Held-out losses, in nats a token, before and after training.
        judgements: What became of contenders and losses since the baselines; empty without ``--benchmark-compare``.
        spreads: F1 over several trainings, by contender or difference; empty with one.
        curves: Losses of each training stage, by its name.
        complete: False if the run was broken off, or a part of the evaluations was chosen.
    """

    fixtures: int | None
    profile: str
    seed: int
    environment: dict[str, str | int]
    digests: dict[str, str]
    facts: dict[str, float | int | str]
    losses: dict[str, tuple[float, float]] = Field(default_factory=dict)
    contenders: dict[str, ContenderResult]
    comparisons: tuple[Comparison, ...]
    judgements: tuple[Judgement, ...] = ()
    spreads: dict[str, SeedSpread] = Field(default_factory=dict)
    evaluations: tuple[Evaluation, ...]
    warnings: tuple[str, ...]
    curves: dict[str, Curve] = Field(default_factory=dict)
    complete: bool = True

    @property
    def headline(self) -> str:
        """How the evaluations went, and whether the numbers below them mean anything."""
        count = {o: sum(e.outcome == o for e in self.evaluations) for o in ("passed", "failed", "skipped")}
        counted = (
            f"{count['passed']} evaluations passed, {count['failed']} failed, {count['skipped']} not judged"
        )
        if self.only_fell:
            return f"REGRESSED: sound, and below its baseline ({counted})"
        if count["failed"]:
            return f"FAILED: the numbers below prove nothing until these pass ({counted})"
        if not self.complete:
            return f"PARTIAL: a part of the evaluations was run, or it was broken off ({counted})"
        if not self.proved:
            return f"NOT PROVED FAIR: the invariants were not run ({counted})"
        return counted

    @property
    def proved(self) -> bool:
        """True if invariants were judged: whether they held is another question."""
        return any(e.name.startswith("invariants/") and e.outcome != "skipped" for e in self.evaluations)

    @property
    def only_fell(self) -> bool:
        """True if the gate failed and nothing else: the numbers are sound, and lower than they were."""
        return bool(self.failures) and all(failure.name.startswith(GATE) for failure in self.failures)

    @property
    def failures(self) -> list[Evaluation]:
        """Evaluations that failed."""
        return [evaluation for evaluation in self.evaluations if evaluation.outcome == "failed"]


def read(path: Path) -> Results:
    """The results that an earlier run wrote.

    Raises:
        ResultsError: The file is of another schema.
    """
    return results_in(json.loads(path.read_text(encoding="utf-8")), path)


def results_in(found: dict[str, Any], path: Path | str) -> Results:
    """The results in a parsed ``results.json``; its rows go back to their contenders.

    Raises:
        ResultsError: It is of another schema.
    """
    if (schema := found.pop("schema", None)) != SCHEMA_VERSION:
        raise ResultsError(path, schema)
    rows: dict[str, list[QuestionResult]] = {name: [] for name in found["contenders"]}
    for row in found.pop("questions"):
        rows[row["contender"]].append(QuestionResult.model_validate(row))
    for name, contender in found["contenders"].items():
        contender["questions"] = rows[name]
    return Results.model_validate(found)


def curve(losses: Sequence[float], held_out: Sequence[tuple[int, float]]) -> Curve:
    """What a training stage recorded, step by step."""
    training, measured = dict(enumerate(losses)), dict(held_out)
    return tuple((step, training.get(step), measured.get(step)) for step in sorted(training | measured))


def question_result(
    question: Question, answer: Answer, score: Score, source_chunks: Sequence[str], fact_asked: bool
) -> QuestionResult:
    """A row of ``questions``; each of ``source_chunks`` holds evidence."""
    is_told = bool(answer.chunk_ids) and question.is_answerable
    retrieved = any(chunk in source_chunks for chunk in answer.chunk_ids) if is_told else None
    marks = score.model_dump(exclude={"question_id", "contender", "answerable"})
    return QuestionResult(
        id=question.id, contender=answer.contender, category=question.category, question=question.question,
        answers=question.answers, answer=answer.text, fact_asked=fact_asked,
        source_chunk=source_chunks[0] if question.is_answerable else None, chunk_ids=answer.chunk_ids,
        context_sha256=answer.context_sha256, gold_retrieved=retrieved, tokens=answer.tokens_read,
        context_tokens=answer.context_tokens,
        tokens_written=answer.tokens_written, stopped=answer.stopped, seconds=answer.seconds,
        cached=answer.cached, error=answer.error, scores=marks,
    )  # fmt: skip


def mean_by(
    rows: Sequence[QuestionResult], group: Callable[[QuestionResult], str | None]
) -> dict[str, tuple[float, int]]:
    """Mean F1 and number of the rows of each group; a row without one is left out."""
    groups: dict[str, list[float]] = {}
    for row in rows:
        if (name := group(row)) is not None:
            groups.setdefault(name, []).append(row.scores["f1"] or 0.0)
    return {name: (sum(values) / len(values), len(values)) for name, values in sorted(groups.items())}


def degenerate(row: QuestionResult) -> bool:
    """True for an answer that is none: empty, cut at the limit, or one word over and over."""
    words = row.answer.split()
    return not words or row.stopped == "length" or (len(words) > 2 and len(set(words)) == 1)
