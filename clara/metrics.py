"""Answer × reference → one number per question, in [0, 1], 1 is best.

Exact match and F1 are SQuAD v1.1's, character F1 is KorQuAD's and ROUGE-L rouge-score's. They depart from these in
three things, each said where it happens: numbers stay the numbers they are, Korean particles and spacing do not decide,
and scripts without spaces are counted in characters.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from functools import cache
from typing import TYPE_CHECKING

from clara.abstention import abstains
from clara.errors import ClaraError
from clara.records import Answer, Question, Score
from clara.text import bare, plain, segments, spellings, stands_in, words

if TYPE_CHECKING:
    from rouge_score.rouge_scorer import RougeScorer

_ARTICLES = frozenset({"a", "an", "the"})


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

    The official script also deletes the marks inside numbers, so that 2.5 equals 25, −5 equals 5 and 3–4 equals 34.
    Here they stay (see :func:`clara.text.plain`): a wrong number marked right is worse than a mark that differs from
    the official one, which on ASCII this can only lower. The number of words is the official one. Of 7,988 pairs of
    different answers to questions on one SQuAD passage, 19 get another F1 and 3 another EM than by the official
    script, by typographic quotes, signs of operation or one space; the means differ by less than 0.0004.

    Example:
        >>> normalise("The “Ostrel” harbour,  1907–1911")
        'ostrel harbour 1907-1911'

    Source:
        Rajpurkar et al. 2016 (arXiv:1606.05250), the official script of SQuAD v1.1. Beyond it: full-width forms are
        folded, and punctuation outside ASCII goes too, as in MLQA's script.
    """
    return " ".join(word for word in plain(text).split() if word not in _ARTICLES)


def same(prediction: str, answer: str) -> bool:
    """Whether two texts are equal after normalisation, Korean particles and spacing aside.

    Spacing counts in no script ("12 km" is "12km", 북쪽분지 is 북쪽 분지), save between two numbers. In the scripts of
    SQuAD and KorQuAD particles and spacing decide, so this can only raise a mark; in English it does where nothing
    but a space beside a letter differs.
    """
    said, wanted = normalise(prediction).split(), normalise(answer).split()
    return not spellings(said).isdisjoint(spellings(wanted))


def exact_match(prediction: str, answers: Sequence[str]) -> float:
    """1.0 if the prediction is the :func:`same` as one of the answers, else 0.0; every other metric is 1.0 there."""
    return float(any(same(prediction, answer) for answer in answers))


def f1(prediction: str, answer: str) -> float:
    """Harmonic mean of precision and recall over normalised words, each counted as often as it stands.

    Korean words count without their particles, kana and Han (and Thai, Lao, Burmese, Khmer) by the character.

    Returns:
        1.0 where both normalise to nothing, 0.0 where only one does (as SQuAD v2; v1.1 leaves it open).

    Source:
        SQuAD v1.1's script; for characters MLQA's (Lewis et al. 2020, arXiv:1910.07475), which counts them as a bag.
        CMRC 2018 (Cui et al. 2019, D19-1600) cuts alike but takes the longest common substring, which is stricter.
    """
    return 1.0 if same(prediction, answer) else _overlap(_units(prediction), _units(answer))


def char_f1(prediction: str, answer: str) -> float:
    """As :func:`f1`, over the characters of the normalised words; spaces do not count.

    Milder than :func:`f1` where an ending differs, and the usual F1 of Korean, whose words carry more than one meaning
    unit. Between Latin words it is high by chance: compare it within a language only.

    Source:
        KorQuAD 1.0 (Lim et al. 2019, arXiv:1909.07005). Its script lowers case, blanks quotes and brackets and deletes
        ASCII punctuation. Here normalisation is :func:`normalise`'s and particles are taken off, so that one shared by
        both is no longer worth anything, and one more or less costs nothing.
    """
    if same(prediction, answer):
        return 1.0
    return _overlap("".join(_units(prediction)), "".join(_units(answer)))


def rouge_l(prediction: str, answer: str) -> float:
    """F-measure of the longest common subsequence of words; 0.0 where only one has a word.

    On ASCII the tokenizer is rouge-score's own, which drops every other letter and so would score all Korean answers
    0. Here Korean words count without their particles, kana and Han by the character. Articles count, unlike in
    :func:`f1`, but not where they are all that differs: an exact match is 1.0.

    Source:
        Lin 2004, "ROUGE: A Package for Automatic Evaluation of Summaries"; rouge-score, ``rougeL`` without stemming.
    """
    if same(prediction, answer):
        return 1.0
    return float(_rouge_scorer().score(answer, prediction)["rougeL"].fmeasure)


def keyword_match(prediction: str, keywords: Sequence[str]) -> float | None:
    """Share of the keywords that stand in the prediction, by the rule of :func:`clara.text.stands_in`.

    Args:
        prediction: The answer.
        keywords: Words or phrases, each with a letter or digit.

    Returns:
        None where there are no keywords: nothing was asked, so neither 0 nor 1 would be true.
    """
    if not keywords:
        return None
    return sum(stands_in(keyword, prediction) for keyword in keywords) / len(keywords)


def check_markable(questions: Sequence[Question]) -> None:
    """Refuse questions that no answer could be marked against.

    Raises:
        MarkingError: An answer or keyword has no word left after normalisation, so that silence would be right.
    """
    if problems := [line for question in questions for line in _unmarkable(question)]:
        raise MarkingError(problems)


def mark(question: Question, answer: Answer) -> Score:
    """Score one answer by every metric; one that failed scores 0 in all of them.

    Where no document answers the question, all metrics are 1.0 for an answer that :func:`abstains` and 0.0 for any
    other, and there is no keyword to look for.

    Raises:
        MarkingError: The answer is to another question, or a reference has no word left after normalisation, so
            that an empty answer would be right.

    Source:
        SQuAD 2.0 (Rajpurkar et al. 2018, arXiv:1806.03822), where an unanswerable question is right when, and only
        when, the system abstains; there by an empty string, here by saying so.
    """
    if question.id != answer.question_id:
        raise MarkingError(
            [f"question {question.id}: given the answer to {answer.question_id}. Join them by id"]
        )
    check_markable([question])
    text = "" if answer.error is not None else answer.text
    right = float(abstains(text))

    def best(metric: Callable[[str, str], float]) -> float:
        return max((metric(text, reference) for reference in question.answers), default=right)

    return Score(
        question_id=question.id,
        contender=answer.contender,
        answerable=question.is_answerable,
        em=exact_match(text, question.answers) if question.is_answerable else right,
        f1=best(f1),
        f1_first=f1(text, question.answers[0]) if question.is_answerable else right,
        char_f1=best(char_f1),
        rouge_l=best(rouge_l),
        keyword=keyword_match(text, question.keywords) if question.is_answerable else None,
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
        return _counted(words(text))


@cache
def _rouge_scorer() -> RougeScorer:
    from rouge_score.rouge_scorer import RougeScorer

    return RougeScorer(["rougeL"], tokenizer=_Words())


def _units(text: str) -> list[str]:
    return _counted(normalise(text).split())


def _counted(words: Sequence[str]) -> list[str]:
    """Words as they are counted: without particles, and in characters where the script sets no spaces."""
    return [unit for word in words for unit in segments(bare(word))]


def _overlap(said: Sequence[str], wanted: Sequence[str]) -> float:
    """Harmonic mean of precision and recall of two bags; 0.0 where they share nothing."""
    common = (Counter(said) & Counter(wanted)).total()
    return 2 * common / max(len(said) + len(wanted), 1)


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
