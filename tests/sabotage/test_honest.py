"""What must not move an honest run's answers: the answers it is marked against, the batch, the order, the cache."""

from __future__ import annotations

import json
from pathlib import Path

import pytest


def answers(folder: Path) -> dict[tuple[str, str], str]:
    rows = json.loads((folder / "results.json").read_text())["questions"]
    return {(row["contender"], row["id"]): row["answer"] for row in rows}


def contexts(folder: Path) -> dict[tuple[str, str], str | None]:
    rows = json.loads((folder / "results.json").read_text())["questions"]
    return {(row["contender"], row["id"]): row["context_sha256"] for row in rows}


@pytest.fixture
def honest(honest_store) -> dict[tuple[str, str], str]:
    return answers(honest_store / "report")


def reread(patch: pytest.MonkeyPatch, change) -> None:
    """Gold questions pass through ``change`` once they are read and checked."""
    import clara.questions

    read = clara.questions.read_questions
    patch.setattr(clara.questions, "read_questions", lambda *arguments: change(read(*arguments)))


@pytest.mark.parametrize(
    ("turned", "batch_size"), [(False, 1), (True, 16)], ids=["one by one", "in another order"]
)
def test_neither_batch_nor_order_nor_cache_changes_an_answer(bench, honest, monkeypatch, turned, batch_size):
    from clara.profiles import PROFILES

    if turned:
        reread(monkeypatch, lambda questions: questions[::-1])
    smoke = PROFILES["smoke"].model_copy(update={"batch_size": batch_size, "questions": None})
    monkeypatch.setitem(PROFILES, "smoke", smoke)
    found = []
    for _ in range(2):  # decoded afresh, and from the cache
        assert not bench.red("-k", "not shuffled_labels and not shuffled_artefact")
        found.append(answers(bench.pytester.path))
    asked = {key: text for key, text in honest.items() if key in found[0]}
    assert len(asked) > 100
    assert {key: found[0][key] for key in asked} == asked
    assert found[0] == found[1]


def test_permuted_gold_answers_change_no_answer_but_the_oracles(bench, honest_store, honest, monkeypatch):
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
    shown = [contexts(folder) for folder in (honest_store / "report", bench.pytester.path)]
    assert {name for name, id_ in shown[1] if shown[0].get((name, id_)) != shown[1][name, id_]} == {"oracle"}
