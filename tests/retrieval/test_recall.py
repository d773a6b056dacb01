"""What the retriever finds of the frozen library; docs/decisions/0005 says what was asked for and what is missed."""

from __future__ import annotations

from pathlib import Path

import pytest

from clara.documents import chunk_all, read_documents
from clara.questions import read_questions
from clara.retrieval import TfidfRetriever, recall_at_k

FIXTURES = Path(__file__).parents[2] / "fixtures"


@pytest.mark.parametrize(("language", "words", "floor"), [("en", 90, 0.69), ("ko", 60, 0.78)])
def test_recall_at_3_on_the_frozen_questions_does_not_fall(language, words, floor):
    documents, _ = read_documents([FIXTURES / "documents" / language])
    questions = read_questions([FIXTURES / "questions" / language], documents)
    retriever = TfidfRetriever(chunk_all(documents, lambda text: len(text.split()), words))
    answerable = [question for question in questions if question.is_answerable]
    found = {question.id: retriever.retrieve(question, 3) for question in answerable}
    assert recall_at_k(answerable, found, 3) >= floor
