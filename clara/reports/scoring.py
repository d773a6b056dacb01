"""Answers and scores to a contender's result and to paired comparisons: where statistics meets the report."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from statistics import fmean as mean
from typing import Any

from clara.abstention import abstains
from clara.records import Answer, Question, Record, Score
from clara.reports.results import (
    Comparison,
    ContenderResult,
    QuestionResult,
    degenerate,
    mean_by,
    question_result,
)
from clara.statistics import adjusted, is_declared, mean_interval, mid_p, paired_difference, share_interval
from clara.text import LANGUAGES, SEPARATED, script


def contender_result(
    facts: Record,
    questions: Sequence[Question],
    answers: Sequence[Answer],
    scores: Sequence[Score],
    source_chunks: Mapping[str, Sequence[str]],
    facts_asked: Collection[str],
    *,
    subset: bool,
    seed: int,
    resamples: int,
) -> ContenderResult:
    """Everything a table says of one contender.

    Args:
        facts: Name, what it sees, what it was trained on.
        questions: The questions asked; at least one is answerable.
        answers: One a question, in any order.
        scores: One a question, in any order.
        source_chunks: The chunks that hold each question's evidence; intervals resample the first.
        facts_asked: Ids of the questions whose fact a training question had asked for.
        subset: True if these are a part of the run's questions.
        seed: Of the bootstrap.
        resamples: Draws of the bootstrap.
    """
    answer = {item.question_id: item for item in answers}
    score = {item.question_id: item for item in scores}
    every = [
        question_result(q, answer[q.id], score[q.id], source_chunks[q.id], q.id in facts_asked)
        for q in questions
    ]
    rows = [row for row in every if row.answers]
    marks = [score[row.id] for row in rows]
    sources = [source_chunks[row.id][0] for row in rows]
    exact = share_interval([mark.em == 1 for mark in marks], sources)
    interval = mean_interval([mark.f1 for mark in marks], sources, seed=seed, resamples=resamples)
    return ContenderResult(
        **facts.model_dump(exclude={"asked_in_part"}), n=len(rows), subset=subset,
        failed=sum(row.error is not None for row in every),
        unanswerable=len(every) - len(rows), said_so=_mean(score[row.id].em for row in every if not row.answers),
        abstained=mean(abstains(row.answer) for row in rows),
        em=mean(mark.em for mark in marks), em_low=exact.low, em_high=exact.high,
        f1=mean(mark.f1 for mark in marks),
        f1_low=interval.low if interval else None, f1_high=interval.high if interval else None,
        f1_first=mean(mark.f1_first for mark in marks), rouge_l=mean(mark.rouge_l for mark in marks),
        char_f1=_mean(score[row.id].char_f1 for row in rows if script(row.question) not in SEPARATED),
        keyword=_mean(mark.keyword for mark in marks if mark.keyword is not None),
        degenerate=mean(map(degenerate, every)), tokens_read=sum(a.tokens_read for a in answers),
        context_tokens=mean(a.context_tokens for a in answers),
        seconds=sum(a.seconds for a in answers), cached=all(a.cached for a in answers),
        by_category=mean_by(rows, lambda row: row.category), by_retrieval=mean_by(rows, _retrieval),
        by_fact=mean_by(rows, lambda row: "asked" if row.fact_asked else "not asked"),
        by_language=mean_by(rows, lambda row: LANGUAGES[script(row.question)]), questions=tuple(every),
    )  # fmt: skip


def compare(
    a: ContenderResult,
    b: ContenderResult,
    source_chunks: Mapping[str, Sequence[str]],
    *,
    seed: int,
    resamples: int,
) -> Comparison:
    """``a`` − ``b`` in F1, question by question, over the answerable questions that both were asked."""
    of_a, of_b = a.f1_of, b.f1_of
    both = [id_ for id_ in of_a if id_ in of_b]
    difference = paired_difference(
        {i: of_a[i] for i in both}, {i: of_b[i] for i in both}, {i: source_chunks[i][0] for i in both},
        seed=seed, resamples=resamples,
    )  # fmt: skip
    interval = difference.interval
    return Comparison(
        a=a.name, b=b.name, n=difference.n, mean=difference.mean,
        low=interval.low if interval else None, high=interval.high if interval else None,
        method=interval.method if interval else "undefined", wins=difference.wins, losses=difference.losses,
        ties=difference.ties, p_value=difference.p_value, verdict=difference.verdict,
        declared=is_declared(a.name, b.name), detectable=difference.detectable, **_exact(a, b, both),
    )  # fmt: skip


def _exact(a: ContenderResult, b: ContenderResult, ids: Sequence[str]) -> dict[str, Any]:
    """Exact matches that one has and the other has not, and McNemar's mid-p of so uneven a split."""
    right = [{row.id for row in side.questions if row.scores["em"]} & {*ids} for side in (a, b)]
    won, lost = len(right[0] - right[1]), len(right[1] - right[0])
    return {"em_wins": won, "em_losses": lost, "em_p_value": float(mid_p(lost, won))}


def settled(comparisons: Sequence[Comparison]) -> tuple[Comparison, ...]:
    """The comparisons of a whole run, the declared ones with Holm's p and undecided where Holm does not reject."""
    found = adjusted({(c.a, c.b): c.p_value for c in comparisons if c.declared})
    return tuple(_settled(c, found[c.a, c.b]) if c.declared else c for c in comparisons)


def _settled(comparison: Comparison, p_holm: float) -> Comparison:
    verdict = comparison.verdict if p_holm <= _ALPHA else "undecided"
    return comparison.model_copy(update={"p_holm": p_holm, "verdict": verdict})


def undecided(comparisons: Sequence[Comparison]) -> list[str]:
    """What a run was made to find out and did not, each with what its questions could have shown."""
    return [
        f"{c.a} − {c.b} is undecided: {100 * c.mean:+.1f} F1 points on {c.n} questions, which "
        + ("can show no difference" if c.detectable is None else f"can show {100 * c.detectable:.1f} or more")
        for c in comparisons
        if c.declared and c.verdict == "undecided"
    ]


_ALPHA = 0.05  # of the whole family


def _retrieval(row: QuestionResult) -> str | None:
    return {True: "hit", False: "miss", None: None}[row.gold_retrieved]


def _mean(values: Iterable[float]) -> float | None:
    known = list(values)
    return mean(known) if known else None
