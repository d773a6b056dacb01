"""Every number of a report, computed once more from its answers alone, by code that shares nothing with ours."""

from __future__ import annotations

import re
import string
from collections import Counter
from collections.abc import Callable, Sequence
from statistics import fmean

import pytest
from rouge_score.rouge_scorer import RougeScorer

ROUGE = RougeScorer(["rougeL"])


def words(text: str) -> list[str]:
    """SQuAD's evaluation script: lower case, no punctuation, no article."""
    text = "".join(letter for letter in text.lower() if letter not in set(string.punctuation))
    return re.sub(r"\b(a|an|the)\b", " ", text).split()


def squad_f1(said: str, wanted: str) -> float:
    a, b = words(said), words(wanted)
    shared = sum((Counter(a) & Counter(b)).values())
    return 2 * shared / (len(a) + len(b)) if shared else 0.0


def best(metric: Callable[[str, str], float], said: str, answers: Sequence[str]) -> float:
    return max(metric(said, answer) for answer in answers)


def rescored(row) -> dict[str, float]:
    return {
        "em": best(lambda a, b: float(words(a) == words(b)), row.answer, row.answers),
        "f1": best(squad_f1, row.answer, row.answers),
        "f1_first": squad_f1(row.answer, row.answers[0]),
        "rouge_l": best(lambda a, b: ROUGE.score(b, a)["rougeL"].fmeasure, row.answer, row.answers),
        "keyword": float("metres" in row.answer.lower().split()),
    }


def test_every_score_and_mean_of_a_run_is_found_again(run):
    results = run(300, 12, 200)
    for contender in results.contenders.values():
        again = [rescored(row) for row in contender.questions]
        for row, scores in zip(contender.questions, again, strict=True):
            assert {name: row.scores[name] for name in scores} == pytest.approx(scores), row
        for name in ("em", "f1", "f1_first", "rouge_l", "keyword"):
            assert getattr(contender, name) == pytest.approx(fmean(scores[name] for scores in again))
        for category, (mean, n) in contender.by_category.items():
            group = [
                s["f1"] for s, row in zip(again, contender.questions, strict=True) if row.category == category
            ]
            assert (mean, n) == (pytest.approx(fmean(group)), len(group))
        assert contender.n == len(contender.questions) == 300
        assert contender.tokens_read == 90 * 300


def test_every_difference_of_a_run_is_found_again(run):
    results = run(300, 12, 200)
    f1 = {
        name: {row.id: rescored(row)["f1"] for row in contender.questions}
        for name, contender in results.contenders.items()
    }
    for found in results.comparisons:
        gaps = [f1[found.a][id_] - f1[found.b][id_] for id_ in f1[found.a]]
        assert found.mean == pytest.approx(fmean(gaps))
        assert found.low <= found.mean <= found.high
        signs = Counter((gap > 0) - (gap < 0) for gap in gaps)
        assert (found.wins, found.losses, found.ties) == (signs[1], signs[-1], signs[0])
