"""Repeats the question. A metric that rewards it is broken: the void study's keyword metric gave it 23 %."""

from __future__ import annotations

from collections.abc import Sequence

from clara.answering.contender import Facts
from clara.provenance import digest
from clara.records import Answer, Question


class Echo:
    """Question → the same question."""

    facts = Facts(name="echo", sees="nothing", control=True)

    def answer(self, questions: Sequence[Question]) -> list[Answer]:
        """Each question as its own answer, read by no model."""
        return [
            Answer(
                question_id=question.id, contender=self.facts.name, text=question.question,
                prompt_sha256=digest(question.question), tokens_read=0, tokens_written=0, stopped="none", seconds=0,
            )
            for question in questions
        ]  # fmt: skip
