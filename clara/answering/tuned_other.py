"""``tuned``, each half of the documents answered by the model that was tuned on the other half.

What ``tuned`` gains over it is knowledge of the documents; what it gains over ``closed_book`` is how answers look.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from clara.answering.cache import AnswerCache
from clara.answering.contender import Facts
from clara.answering.reader import Reader
from clara.model.base import LanguageModel
from clara.records import Answer, Question
from clara.training.artefacts import Artefact


@dataclass(frozen=True)
class TunedOther:
    """Question → the model tuned on the other half → answer.

    Attributes:
        readers: Two readers; number ``i`` was tuned on half ``i`` of the documents.
        half_of: The half that each question is about, by its id.
    """

    readers: tuple[Reader, Reader]
    half_of: Mapping[str, int]
    facts = Facts(
        name="tuned_other",
        sees="nothing",
        saw_documents="other half",
        saw_questions="other half",
        control=True,
    )

    def reader(self, question: Question) -> Reader:
        """The one that has not seen what the question is about."""
        return self.readers[1 - self.half_of[question.id]]

    def answer(self, questions: Sequence[Question]) -> list[Answer]:
        """One answer a question, in the order given."""
        answers: dict[str, Answer] = {}
        for reader in self.readers:
            own = [question for question in questions if self.reader(question) is reader]
            answers |= {answer.question_id: answer for answer in reader.answer(own)}
        return [answers[question.id] for question in questions if question.id in answers]


def tuned_other(
    base: LanguageModel, artefacts: Sequence[Artefact], cache: AnswerCache, half_of: Mapping[str, int]
) -> TunedOther:
    """Cross-fitted ``tuned``: the artefacts are of the two halves, in their order."""
    first, second = (Reader(TunedOther.facts, artefact.load(base), cache) for artefact in artefacts)
    return TunedOther((first, second), half_of)
