"""What a machine can doubt about gold questions, for a person to look at; nothing here is refused."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import lru_cache
from typing import Literal

from clara.documents.chunking import sentences
from clara.questions.leakage import near_duplicates
from clara.questions.leakage.runs import features, units
from clara.records import Document, Question, Record
from clara.text import bare, plain, stands_in

COPIED = 0.5  # see _wording_in
FUNCTION_WORDS = frozenset(
    ("a", "an", "and", "at", "by", "for", "from", "in", "of", "on", "or", "the", "to", "with")
)

Reason = Literal[
    "answer found elsewhere",
    "answer in the question",
    "evidence repeats the question",
    "near-duplicate",
    "may be answerable",
]


class Doubt(Record):
    """One thing about gold questions that a person should look at.

    Attributes:
        ids: The questions: one, or two that resemble each other.
        reason: What is doubted.
        detail: What was found and what to look at, in one line.
    """

    ids: tuple[str, ...]
    reason: Reason
    detail: str

    def __str__(self) -> str:
        return f"{', '.join(self.ids)}: {self.reason}: {self.detail}"


def audit(questions: Sequence[Question], documents: Sequence[Document]) -> list[Doubt]:
    """Everything about gold questions that is worth a second look.

    Each doubt may be unfounded: an answer such as "12" stands in many sentences, and only a person sees whether
    another of them answers the question as well.

    Args:
        questions: Gold questions, as they stand in their files.
        documents: All documents that were read; a question about another one is compared with questions only.

    Returns:
        Doubts in the order of the questions, those about two at the first of them.
    """
    texts = {item.name: sentences(" ".join(page.text for page in item.pages)) for item in documents}
    doubts = [
        *((place, doubt) for place, item in enumerate(questions) for doubt in _doubts(item, texts)),
        *_duplicates(questions),
    ]
    return [doubt for _, doubt in sorted(doubts, key=lambda entry: entry[0])]


def _doubts(question: Question, texts: dict[str, list[str]]) -> Iterator[Doubt]:
    checks: tuple[tuple[Reason, Callable[..., str | None]], ...] = (
        ("answer found elsewhere", _found_elsewhere),
        ("answer in the question", _in_the_question),
        ("evidence repeats the question", _repeated),
        ("may be answerable", _answerable_after_all),
    )
    for reason, check in checks:
        if detail := check(question, texts):
            yield Doubt(ids=(question.id,), reason=reason, detail=detail)


def _found_elsewhere(question: Question, texts: dict[str, list[str]]) -> str | None:
    """Sentences beside the evidence in which a listed answer stands, the one most like the question shown."""
    evidence = [" ".join(sentence.split()) for sentence in question.evidence]
    others = [
        text
        for text in texts.get(question.document, ())
        if not any(text in sentence or sentence in text for sentence in evidence)
    ]
    for answer in question.answers:
        stems = [bare(word) for word in plain(answer).split()]
        likely = [text for text in others if all(stem in _run_together(text) for stem in stems)]
        if found := [text for text in likely if stands_in(answer, text)]:
            nearest = max(found, key=lambda text: _wording_in(question.question, text))
            count = f"in {len(found)} other sentence{'s' * (len(found) > 1)}"
            return f"{answer!r} stands {count}, see if one answers it too: {nearest!r}"
    return None


def _in_the_question(question: Question, texts: dict[str, list[str]]) -> str | None:  # noqa: ARG001
    """An answer whose words all stand in the question, in any order; function words apart."""
    asked = question.question
    for answer in question.answers:
        content = [word for word in answer.casefold().split() if word not in FUNCTION_WORDS]
        if stands_in(answer, asked) or (content and all(stands_in(word, asked) for word in content)):
            return f"every word of {answer!r} stands in {asked!r}; ask so that repeating it earns nothing"
    return None


def _repeated(question: Question, texts: dict[str, list[str]]) -> str | None:  # noqa: ARG001
    share, sentence = _nearest(question.question, question.evidence)
    if share < COPIED:
        return None
    return f"{share:.0%} of the wording of {question.question!r} stands in {sentence!r}; ask in other words"


def _answerable_after_all(question: Question, texts: dict[str, list[str]]) -> str | None:
    """A sentence of any document that says nearly what a question without an answer asks."""
    if question.is_answerable:
        return None
    near = [(*_nearest(question.question, found), name) for name, found in texts.items()]
    share, sentence, name = max(near, key=lambda entry: entry[0], default=(0.0, "", ""))
    if share < COPIED:
        return None
    wording = f"{share:.0%} of the wording of {question.question!r}"
    return f"{wording} stands in {name!r}, see if this answers it: {sentence!r}"


def _duplicates(questions: Sequence[Question]) -> Iterator[tuple[int, Doubt]]:
    """Questions too close in their words, and questions with one evidence and answer, by place of the first."""
    close = {(i, j): f"({rule})" for i, j, rule in near_duplicates(questions)}
    for i, j in _same_facts(questions):
        close.setdefault((i, j), "(the same evidence and answer)")
    for (i, j), why in sorted(close.items()):
        first, second = questions[i], questions[j]
        detail = (
            f"{first.question!r} and {second.question!r} {why}; keep one, or see that they ask for two things"
        )
        yield i, Doubt(ids=(first.id, second.id), reason="near-duplicate", detail=detail)


def _same_facts(questions: Sequence[Question]) -> Iterator[tuple[int, int]]:
    """Places of each question and the first one before it that has its document, evidence and an answer of its own."""
    seen: dict[tuple[object, ...], int] = {}
    for place, item in enumerate(questions):
        facts = [(item.document, item.evidence, units(answer)) for answer in item.answers]
        earlier = [seen[fact] for fact in facts if fact in seen]
        if earlier:
            yield min(earlier), place
        for fact in facts:
            seen.setdefault(fact, place)


def _nearest(question: str, candidates: Sequence[str]) -> tuple[float, str]:
    """The text that has most of a question's wording, and how much; 0 where there is no text."""
    shares = [(_wording_in(question, text), text) for text in candidates]
    return max(shares, key=lambda entry: entry[0], default=(0.0, ""))


def _wording_in(question: str, text: str) -> float:
    """Share of a question's words and word pairs that stand in a text, in [0, 1].

    People who wrote SQuAD's questions with the passage before their eyes reach 0.39 with the answering sentence in the
    middle of 1,188 questions, and 0.5 in a third of them, those that read as the sentence turned round; with the
    nearest other sentence of the passage it is 0.20, and 0.5 in 3 %.
    """
    asked = _features(question)
    return len(asked & _features(text)) / len(asked) if asked else 0.0


@lru_cache(maxsize=20_000)  # sentences of documents, asked again for every question
def _features(text: str) -> frozenset[str]:
    return frozenset(features(units(text)))


@lru_cache(maxsize=20_000)
def _run_together(text: str) -> str:
    """A text without spaces, in which to look before the thorough search, which takes a hundred times as long."""
    return plain(text).replace(" ", "")
