"""What must not move an honest run's answers: the answers it is marked against, the batch, the order, the cache."""

from __future__ import annotations

import json
from pathlib import Path

import pytest


def answers(folder: Path) -> dict[tuple[str, str], str]:
    rows = json.loads((folder / "results.json").read_text())["questions"]
    return {(row["contender"], row["id"]): row["answer"] for row in rows}


@pytest.fixture
def honest(honest_store) -> dict[tuple[str, str], str]:
    return answers(honest_store / "report")


def reread(patch: pytest.MonkeyPatch, change) -> None:
    """Gold questions pass through ``change`` once they are read and checked."""
    import clara.questions

    read = clara.questions.read_questions
    patch.setattr(clara.questions, "read_questions", lambda *arguments: change(read(*arguments)))


def test_batch_and_order_and_cache_change_no_answer(bench, honest, monkeypatch):
    from clara.profiles import PROFILES

    smoke = PROFILES["smoke"]
    reread(monkeypatch, lambda questions: questions[::-1])
    monkeypatch.setitem(PROFILES, "smoke", smoke.model_copy(update={"batch_size": 1, "questions": None}))
    assert not bench.red("-k", "not shuffled_labels and not shuffled_artefact")
    alone = answers(bench.pytester.path)
    asked = {key: text for key, text in honest.items() if key in alone}
    assert len(asked) > 100
    assert {key: alone[key] for key in asked} == asked
    monkeypatch.setitem(PROFILES, "smoke", smoke.model_copy(update={"batch_size": 16, "questions": None}))
    assert not bench.red("-k", "not shuffled_labels and not shuffled_artefact")
    assert answers(bench.pytester.path) == alone  # from the cache now


def test_permuted_gold_answers_change_no_answer_but_the_oracles(bench, honest, monkeypatch):
    """Nobody but the oracle is told anything of what is right."""

    def permuted(questions):
        told = [question for question in questions if question.is_answerable]
        followers = dict(zip((q.id for q in told), (*told[1:], told[0]), strict=True))
        return [
            question.model_copy(
                update={
                    "answers": followers[question.id].answers,
                    "evidence": followers[question.id].evidence,
                }
            )
            if question.id in followers and followers[question.id].document == question.document
            else question
            for question in questions
        ]

    reread(monkeypatch, permuted)
    bench.run("-k", "not shuffled_labels and not shuffled_artefact")
    found = answers(bench.pytester.path)
    moved = {
        contender for (contender, id_), text in found.items() if honest.get((contender, id_), text) != text
    }
    assert len(found) > 100
    assert moved <= {"oracle"}
