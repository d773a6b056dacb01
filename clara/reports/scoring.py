"""Answers and scores to a contender's result and to paired comparisons: where statistics meets the report."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from clara.records import Answer, Question, Record, Score
from clara.reports.results import Comparison, ContenderResult, degenerate, mean_by, question_result
from clara.statistics import mean_interval, paired_difference, wilson


def contender_result(
    facts: Record,
    questions: Sequence[Question],
    answers: Sequence[Answer],
    scores: Sequence[Score],
    source_chunks: Mapping[str, Sequence[str]],
    *,
    subset: bool,
    seed: int,
    resamples: int,
) -> ContenderResult:
    """Everything a table says of one contender.

    Args:
        facts: Name, what it sees, what it was trained on.
        questions: The questions asked; the denominator of every mean.
        answers: One a question, in any order.
        scores: One a question, in any order.
        source_chunks: The chunks that hold each question's evidence; intervals resample the first.
        subset: True if these are a part of the run's questions.
        seed: Of the bootstrap.
        resamples: Draws of the bootstrap.
    """
    answer = {item.question_id: item for item in answers}
    score = {item.question_id: item for item in scores}
    rows = [question_result(q, answer[q.id], score[q.id], source_chunks[q.id]) for q in questions]
    n = len(rows)
    exact = wilson(int(sum(score[q.id].em for q in questions)), n)
    f1 = [score[q.id].f1 for q in questions]
    interval = mean_interval(f1, [source_chunks[q.id][0] for q in questions], seed=seed, resamples=resamples)
    keywords = [s.keyword for s in score.values() if s.keyword is not None]
    retrieval = {r.id: "hit" if r.gold_retrieved else "miss" for r in rows if r.gold_retrieved is not None}
    return ContenderResult(
        **facts.model_dump(), n=n, subset=subset, failed=sum(a.error is not None for a in answers),
        em=sum(s.em for s in score.values()) / n, em_low=exact.low, em_high=exact.high,
        f1=sum(f1) / n, f1_low=interval.low if interval else None, f1_high=interval.high if interval else None,
        f1_first=sum(s.f1_first for s in score.values()) / n, rouge_l=sum(s.rouge_l for s in score.values()) / n,
        keyword=sum(keywords) / len(keywords) if keywords else None,
        degenerate=sum(map(degenerate, rows)) / n, tokens_read=sum(a.tokens_read for a in answers),
        seconds=sum(a.seconds for a in answers), cached=all(a.cached for a in answers),
        by_category=mean_by(rows, {q.id: q.category for q in questions}), by_retrieval=mean_by(rows, retrieval),
        questions=tuple(rows),
    )  # fmt: skip


def compare(
    a: ContenderResult,
    b: ContenderResult,
    source_chunks: Mapping[str, Sequence[str]],
    *,
    seed: int,
    resamples: int,
) -> Comparison:
    """``a`` − ``b`` in F1, question by question, over the questions that both answered."""
    of_a = {row.id: row.scores["f1"] or 0.0 for row in a.questions}
    of_b = {row.id: row.scores["f1"] or 0.0 for row in b.questions}
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
    )  # fmt: skip
