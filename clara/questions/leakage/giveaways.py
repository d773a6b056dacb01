"""Questions that carry their own answer: training on one teaches copying, and repeating one would score."""

from __future__ import annotations

from collections.abc import Sequence

from clara.records import Question, Record, TrainingQuestion
from clara.text import stands_in


class Giveaway(Record):
    """A question in which its own answer stands.

    Attributes:
        id: The training or gold question.
        answer: The answer that stands in it.
        question: Its text.
    """

    id: str
    answer: str
    question: str

    def __str__(self) -> str:
        return f"{self.id} gives itself away: its answer {self.answer!r} stands in {self.question!r}"


def giveaways(questions: Sequence[TrainingQuestion | Question]) -> list[Giveaway]:
    """Questions in which one of their answers stands as whole words, whatever its case.

    A choice ("the north mast or the south mast?") is one of them: whoever repeats it names the right one too. What an
    unanswerable question is to be answered by is no span of anything and is not looked for.

    Returns:
        One for each question, with its first such answer, in the order given.
    """
    given = (
        (item, [answer for answer in _answers(item) if stands_in(answer, item.question)])
        for item in questions
    )
    return [
        Giveaway(id=item.id, answer=answers[0], question=item.question) for item, answers in given if answers
    ]


def _answers(item: TrainingQuestion | Question) -> tuple[str, ...]:
    if isinstance(item, Question):
        return item.answers
    return () if item.kind == "unanswerable" else (item.answer,)
