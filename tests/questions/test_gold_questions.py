"""The gold questions of this repository hold what is asked of anybody's, and what a claim needs."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import get_args

import pytest

from clara.abstention import NO_ANSWER
from clara.answering.echo import Echo
from clara.documents import read_documents
from clara.metrics import mark_all
from clara.questions import audit, lint, read_questions
from clara.records import Answer, Category, Document, Question
from clara.text import SEPARATED, script

FIXTURES = Path(__file__).parents[2] / "fixtures"
LEAST = {"en": 240, "ko": 40}


@pytest.fixture(scope="module", params=["en", "ko"])
def language(request) -> str:
    return request.param


@pytest.fixture(scope="module")
def documents(language: str) -> list[Document]:
    read, errors = read_documents([FIXTURES / "documents" / language])
    assert not errors
    return read


@pytest.fixture(scope="module")
def gold(language: str, documents: list[Document]) -> list[Question]:
    """Read with every evidence held against its document."""
    return read_questions([FIXTURES / "questions" / language], documents)


def test_gold_questions_are_free_of_lint(gold):
    assert lint(gold) == []


def test_there_are_as_many_as_a_claim_needs(gold, documents, language):
    counts = Counter(question.document for question in gold)
    assert len(gold) >= LEAST[language]
    assert {
        document.name: counts[document.name] for document in documents if counts[document.name] < 30
    } == {}


def test_a_tenth_needs_two_sentences_and_a_tenth_has_no_answer(gold):
    kinds = Counter(len(question.evidence) for question in gold)
    assert kinds[2] >= 0.1 * len(gold)
    assert kinds[0] >= 0.1 * len(gold)


def test_every_category_is_asked(gold):
    assert {question.category for question in gold} == set(get_args(Category))


def test_documents_are_of_the_length_that_was_asked_for(documents, language):
    for document in documents:
        count = len(document.text.split())
        assert (600 if language == "ko" else 900) <= count <= 2_000, f"{document.name}: {count} words"


def test_no_gold_question_repeats_another_or_holds_its_answer(gold, documents):
    reasons = {"near-duplicate", "answer in the question"}
    assert [str(doubt) for doubt in audit(gold, documents) if doubt.reason in reasons] == []


def answered(gold: list[Question], text_of) -> list[Answer]:
    return [
        Answer(question_id=q.id, contender="check", text=text_of(q), prompt_sha256="", tokens_read=0,
               tokens_written=0, stopped="none", seconds=0)
        for q in gold
    ]  # fmt: skip


def test_a_perfect_answerer_scores_exactly_one(gold):
    perfect = answered(gold, lambda q: q.answers[0] if q.answers else NO_ANSWER[script(q.question)])
    for score in mark_all(gold, perfect):
        assert {score.em, score.f1, score.f1_first, score.char_f1, score.rouge_l} == {1.0}, score


def test_repeating_the_question_earns_next_to_nothing(gold):
    marks = mark_all(gold, Echo().answer(gold))
    shown = ["em", "f1", "rouge_l", "keyword"]
    shown += ["char_f1"] if any(script(q.question) not in SEPARATED for q in gold) else []
    means = {name: sum(getattr(score, name) or 0 for score in marks) / len(marks) for name in shown}
    assert {name: round(mean, 4) for name, mean in means.items() if mean > 0.05} == {}
