"""Golden cases as data: the marks were worked by hand, as fractions, from the definition of each metric."""

from __future__ import annotations

import json
from fractions import Fraction
from pathlib import Path

import pytest

from clara.metrics import mark
from clara.records import Answer, Question

LINES = (Path(__file__).parent / "golden.jsonl").read_text(encoding="utf-8").splitlines()
CASES = [json.loads(line) for line in LINES]
METRICS = ("em", "f1", "char_f1", "rouge_l")


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["name"].replace(" ", "_"))
def test_golden_case(case):
    question = Question(
        id="q-1",
        question="?",
        answers=case["answers"],
        document="d",
        evidence=["Evidence."] if case["answers"] else [],
        category="factual",
        keywords=(),
    )
    answer = Answer(
        question_id="q-1",
        contender="golden",
        text=case["prediction"],
        prompt_sha256="",
        tokens_read=0,
        tokens_written=0,
        stopped="eos",
        seconds=0,
    )
    score = mark(question, answer)
    found = {metric: getattr(score, metric) for metric in METRICS}
    assert found == pytest.approx({metric: float(Fraction(case[metric])) for metric in METRICS})
    assert score.answerable is bool(case["answers"])


def test_names_are_unique():
    assert len({case["name"] for case in CASES}) == len(CASES) >= 60
