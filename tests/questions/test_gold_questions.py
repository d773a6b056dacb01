"""The gold questions of this repository hold what is asked of anybody's."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import get_args

import pytest

from clara.documents import read_documents
from clara.questions import check_questions, lint, read_questions
from clara.records import Category, Document, Question

FIXTURES = Path(__file__).parents[2] / "fixtures"


@pytest.fixture(scope="module")
def documents() -> list[Document]:
    read, errors = read_documents(sorted((FIXTURES / "documents" / "en").glob("*.pdf")))
    assert not errors
    return read


@pytest.fixture(scope="module")
def gold() -> list[Question]:
    return read_questions([FIXTURES / "questions" / "en"])


def test_every_evidence_stands_in_its_document(gold: list[Question], documents: list[Document]):
    check_questions(gold, documents)


def test_gold_questions_are_free_of_lint(gold: list[Question]):
    assert lint(gold) == []


def test_every_document_has_at_least_thirty_questions(gold: list[Question], documents: list[Document]):
    counts = Counter(question.document for question in gold)
    assert {
        document.name: counts[document.name] for document in documents if counts[document.name] < 30
    } == {}
    assert documents


def test_every_category_is_asked(gold: list[Question]):
    assert {question.category for question in gold} == set(get_args(Category))
