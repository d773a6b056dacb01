"""What a rule finds in a sentence, whatever its language."""

from __future__ import annotations

from typing import Literal, NamedTuple


class Asked(NamedTuple):
    """A question that a span of a sentence answers.

    Attributes:
        kind: ``cloze`` or ``wh``.
        question: What is asked.
        answer: The span.
        start: Its character offset in the sentence.
    """

    kind: Literal["cloze", "wh"]
    question: str
    answer: str
    start: int
