"""Answer × reference → one number per question, in [0, 1], 1 is best.

Exact match and F1 follow SQuAD v1.1; ROUGE-L is rouge-score's, with a tokenizer that no script falls through.
"""

from __future__ import annotations

import string
import unicodedata
from collections import Counter
from collections.abc import Iterator, Sequence
from functools import cache
from typing import TYPE_CHECKING

from clara.errors import ClaraError
from clara.records import Answer, Question, Score
from clara.text import words

if TYPE_CHECKING:
    from rouge_score.rouge_scorer import RougeScorer

_ARTICLES = frozenset({"a", "an", "the"})
_PUNCTUATION = frozenset(string.punctuation) | {"−"}  # U+2212 goes because the ASCII minus does


class MarkingError(ClaraError):
    """Questions and answers that cannot be marked against each other, with everything that is wrong.

    Attributes:
        problems: One line each: which question, what was found, what to do.
    """

    def __init__(self, problems: Sequence[str]) -> None:
        self.problems = tuple(problems)
        super().__init__("\n".join(self.problems))


def normalise(text: str) -> str:
    """Text as SQuAD v1.1 compares it: lower case, no punctuation, no articles, single spaces.

    What is punctuation is decided by Unicode category beside the ASCII list, so that typographic quotes and dashes go
    as their ASCII forms do. Letters, marks and digits of every script stay. Punctuation is deleted, not replaced:
    "2.5" becomes "25" and "well-known" "wellknown", in the answer as in the reference.

    Example:
        >>> normalise("The “Ostrel” harbour,  1907–1911")
        'ostrel harbour 19071911'

    Source:
        Rajpurkar et al. 2016 (arXiv:1606.05250), the official script of SQuAD v1.1. Beyond it: NFC first, and
        punctuation outside ASCII.
    """
    lowered = unicodedata.normalize("NFC", text).lower()
    kept = "".join(character for character in lowered if not _is_punctuation(character))
    return " ".join(word for word in kept.split() if word not in _ARTICLES)


def exact_match(prediction: str, answers: Sequence[str]) -> float:
    """1.0 if the prediction equals one of the answers after normalisation, else 0.0."""
    return float(normalise(prediction) in map(normalise, answers))


def f1(prediction: str, answer: str) -> float:
    """Harmonic mean of precision and recall over normalised words, each counted as often as it stands.

    Returns:
        1.0 where both normalise to nothing, 0.0 where only one does (as SQuAD v2; v1.1 leaves it open).
    """
    said, wanted = normalise(prediction).split(), normalise(answer).split()
    if not said and not wanted:
        return 1.0
    common = (Counter(said) & Counter(wanted)).total()
    return 2 * common / (len(said) + len(wanted))


def rouge_l(prediction: str, answer: str) -> float:
    """F-measure of the longest common subsequence of words; 0.0 where either has no word.

    Words are runs of letters, marks and digits of any script. On ASCII this is rouge-score's own tokenizer, which
    drops every other letter and so would score all Korean answers 0. Articles count, unlike in :func:`f1`.

    Source:
        Lin 2004, "ROUGE: A Package for Automatic Evaluation of Summaries"; rouge-score, ``rougeL`` without stemming.
    """
    return float(_rouge_scorer().score(answer, prediction)["rougeL"].fmeasure)


def keyword_match(prediction: str, keywords: Sequence[str]) -> float | None:
    """Share of the keywords that stand in the prediction as whole words, both normalised.

    Args:
        prediction: The answer.
        keywords: Words or phrases, each with a letter or digit.

    Returns:
        None where there are no keywords: nothing was asked, so neither 0 nor 1 would be true.
    """
    if not keywords:
        return None
    text = f" {normalise(prediction)} "
    return sum(f" {normalise(keyword)} " in text for keyword in keywords) / len(keywords)


def check_markable(questions: Sequence[Question]) -> None:
    """Refuse questions that no answer could be marked against.

    Raises:
        MarkingError: An answer or keyword has no word left after normalisation, so that silence would be right.
    """
    if problems := [line for question in questions for line in _unmarkable(question)]:
        raise MarkingError(problems)


def mark(question: Question, answer: Answer) -> Score:
    """Score one answer by every metric; one that failed scores 0 in all of them.

    Raises:
        MarkingError: The answer is to another question, or a reference has no word left after normalisation, so
            that an empty answer would be right.
    """
    if question.id != answer.question_id:
        raise MarkingError(
            [f"question {question.id}: given the answer to {answer.question_id}. Join them by id"]
        )
    check_markable([question])
    text = "" if answer.error is not None else answer.text
    return Score(
        question_id=question.id,
        contender=answer.contender,
        em=exact_match(text, question.answers),
        f1=max(f1(text, reference) for reference in question.answers),
        f1_first=f1(text, question.answers[0]),
        rouge_l=max(rouge_l(text, reference) for reference in question.answers),
        keyword=keyword_match(text, question.keywords),
    )


def mark_all(questions: Sequence[Question], answers: Sequence[Answer]) -> list[Score]:
    """Score one contender's answers, joined to the questions by id and never by position.

    Returns:
        One score a question, in the order of the questions: the denominator is the question set.

    Raises:
        MarkingError: A question without an answer, an answer without a question, one of either twice, two
            contenders, or a reference that cannot be marked against. Lists all of them.
    """
    if problems := list(_misfits(questions, answers)):
        raise MarkingError(problems)
    check_markable(questions)
    by_id = {answer.question_id: answer for answer in answers}
    return [mark(question, by_id[question.id]) for question in questions]


class _Words:
    """A tokenizer as rouge-score wants it."""

    def tokenize(self, text: str) -> list[str]:
        return words(text)


@cache
def _rouge_scorer() -> RougeScorer:
    from rouge_score.rouge_scorer import RougeScorer

    return RougeScorer(["rougeL"], tokenizer=_Words())


def _is_punctuation(character: str) -> bool:
    return character in _PUNCTUATION or unicodedata.category(character).startswith("P")


def _unmarkable(question: Question) -> Iterator[str]:
    for kind, references in (("answer", question.answers), ("keyword", question.keywords)):
        for reference in references:
            if not words(normalise(reference)):
                yield f"question {question.id}: no word is left of its {kind} {reference!r}. Write a longer one"


def _misfits(questions: Sequence[Question], answers: Sequence[Answer]) -> Iterator[str]:
    """What keeps questions and answers from standing one to one."""
    asked = Counter(question.id for question in questions)
    answered = Counter(answer.question_id for answer in answers)
    contenders = sorted({answer.contender for answer in answers})
    if len(contenders) > 1:
        yield f"answers of several contenders: {', '.join(contenders)}. Mark one at a time"
    for id_, times in asked.items():
        if times > 1:
            yield f"question {id_}: asked {times} times. Give each question an id of its own"
        if id_ not in answered:
            yield f"question {id_}: has no answer. Return one for it, with its error if it failed"
    for id_, times in answered.items():
        if times > 1:
            yield f"question {id_}: answered {times} times. Return one answer a question"
        if id_ not in asked:
            yield f"question {id_}: answered but never asked. Answer the questions of this run only"
