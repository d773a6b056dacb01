"""Made-up runs of any size, marked and compared by the project's own code."""

from __future__ import annotations

import functools
import random
from collections.abc import Callable

import pytest

from clara.answering.contender import Facts
from clara.metrics import mark_all
from clara.records import Answer, Question
from clara.reports.results import ContenderResult, Evaluation, Results
from clara.reports.scoring import compare, contender_result

NAMES = ("rag", "rag_budget", "tuned_rag", "clara@4x", "clara_unadapted@4x", "clara_e2e@4x", "closed_book", "tuned",
         "tuned_other", "oracle", "shuffled", "echo")  # fmt: skip
CONTROLS = ("tuned_other", "oracle", "shuffled", "echo")
PAIRS = (("tuned_rag", "rag"), ("clara@4x", "tuned_rag"), ("clara@4x", "rag_budget"), ("oracle", "rag"))
CATEGORIES = ("factual", "technical", "comparative", "detailed", "numeric")


def asked(i: int) -> Question:
    text = (
        f"바닥 {i}의 깊이는 얼마입니까?"
        if i % 7 == 6
        else f"How deep is basin {i}, measured from the northern gauge?"
    )
    return Question(id=f"q{i:03}", question=text, answers=(f"{i} metres", f"{i} m"), document="d", evidence="e",
                    category=CATEGORIES[i % 5], keywords=("metres",))  # fmt: skip


def answered(question: Question, name: str, draw: random.Random) -> Answer:
    said = question.answers[0] if draw.random() < 0.3 + 0.03 * len(name) else draw.choice(WRONG)
    reads = name not in ("closed_book", "tuned", "tuned_other", "echo")
    return Answer(question_id=question.id, contender=name, text=said, chunk_ids=("d#0", "d#1") if reads else (),
                  context_sha256="0" * 64, prompt_sha256="1" * 64, tokens_read=90, tokens_written=6, stopped="eos",
                  context_tokens=10 * len(name) if reads else 0, seconds=0.05)  # fmt: skip


WRONG = ("the harbour master's office in Ellerdun, on the second floor", "9 metres", "", "no answer", "Ml")


NASTY = '</script></title></style><script>window.owned = 1</script>"><img src=x onerror="window.owned = 1">'


@pytest.fixture(scope="session")
def sources() -> Callable[[int], dict[str, tuple[str, ...]]]:
    """The chunks that hold the evidence of so many questions, two questions a chunk."""
    return lambda questions: {asked(i).id: (f"d#{i // 2}",) for i in range(questions)}


@pytest.fixture(scope="session")
def run(sources) -> Callable[..., Results]:
    """A run of so many questions and contenders."""

    def contender(name: str, questions: list[Question], resamples: int) -> ContenderResult:
        draw = random.Random(name)
        answers = [answered(question, name, draw) for question in questions]
        read = "memory of retrieved chunks" if "clara" in name else "retrieved chunks"
        sees = read if answers[0].context_tokens else "nothing"
        facts = Facts(name=name, sees=sees, control=name in CONTROLS)
        marks, chunks = mark_all(questions, answers), sources(len(questions))
        return contender_result(
            facts, questions, answers, marks, chunks, {"q000"}, subset=False, seed=0, resamples=resamples
        )

    @functools.cache
    def run(questions: int = 20, contenders: int = 12, resamples: int = 50) -> Results:
        made = {
            name: contender(name, [asked(i) for i in range(questions)], resamples)
            for name in NAMES[:contenders]
        }
        pairs = [(made[a], made[b]) for a, b in PAIRS if a in made and b in made]
        return Results(
            fixtures=2, profile="default", seed=0, environment={"mlx": "0.32", "blas": "mkl"}, contenders=made,
            digests={"documents": "2" * 64, "base": "3" * 64}, facts={"gold questions": questions, "chunks": 9},
            comparisons=tuple(compare(a, b, sources(questions), seed=0, resamples=resamples) for a, b in pairs),
            evaluations=tuple(Evaluation(name=f"invariants/test_a.py::test_all_are_scored[{name}]", outcome="passed",
                                         message="") for name in made),
            warnings=("recall@3 is 0.66",),
            curves={"sft": tuple((i, 3.0 / (i + 1), 3.5 if i % 4 == 0 else None) for i in range(12))},
        )  # fmt: skip

    return run


@pytest.fixture(scope="session")
def spoilt() -> Callable[[Results], Results]:
    """The same run with mark-up in everything that a document, a model or a machine can write."""
    return _spoilt


def _spoilt(results: Results) -> Results:
    contenders = {}
    for name, contender in results.contenders.items():
        rows = [
            row.model_copy(update={"question": NASTY, "answers": (NASTY,), "answer": NASTY, "id": row.id + NASTY,
                                   "error": NASTY if i == 0 else None})
            for i, row in enumerate(contender.questions)
        ]  # fmt: skip
        contenders[name + NASTY] = contender.model_copy(
            update={"name": f"{name} $x$ <img src=x>", "questions": tuple(rows), "sees": NASTY}
        )
    failed = Evaluation(name=f"invariants/{NASTY}", outcome="failed", message=NASTY)
    return results.model_copy(
        update={"contenders": contenders, "evaluations": (failed,), "warnings": (NASTY,), "facts": {NASTY: NASTY},
                "environment": {NASTY: NASTY}, "digests": {NASTY: NASTY}, "curves": {NASTY: ((0, 1.0, 2.0),)}}
    )  # fmt: skip
