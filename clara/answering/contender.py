"""What a contender is: a name, what it sees, what it was trained on, and answers to questions."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal, Protocol

from clara.records import Answer, Question, Record

Sees = Literal[
    "nothing",
    "retrieved chunks",
    "best sentences of them",
    "gold chunk",
    "another document's chunks",
    "memory of retrieved chunks",
    "memory of chunks it picks",
    "memory of another document's chunks",
]
Saw = Literal["no", "yes", "other half"]


class Facts(Record):
    """What every row of every table says of its contender.

    Attributes:
        name: The contender's name.
        sees: What stands in its prompt beside the question.
        saw_documents: Whether its weights were trained on the documents; ``other half``: on those not asked about.
        saw_questions: Whether its weights were trained on questions generated from them.
        control: True if it explains a difference rather than competes.
        asked_in_part: True if a part of the questions is enough for what it shows, and its time is dear.
    """

    name: str
    sees: Sees
    saw_documents: Saw = "no"
    saw_questions: Saw = "no"
    control: bool = False
    asked_in_part: bool = False


class Contender(Protocol):
    """Answers questions; is marked elsewhere."""

    @property
    def facts(self) -> Facts:
        """Name, what it sees, what it was trained on."""
        ...

    def answer(self, questions: Sequence[Question]) -> list[Answer]:
        """One answer a question, each with the question's id, failed ones included."""
        ...
