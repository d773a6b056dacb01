"""What is read for training: passages by source and title, and written questions with their passages."""

from __future__ import annotations

import json
import lzma
import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from pydantic import Field

from clara.errors import QuestionFileError
from clara.records import Record

_MAY_BE_PROTECTED = "public domain in the USA"
_SHARED_WORDS = 10
_HEADING = re.compile(r"This (?:is )?a document about .*\n\s*")  # first line of the CLaRa sample's documents
_OUTER = " .,;:!?\"'“”‘’"
_MOST_ANSWER_WORDS = 12  # what is longer is a sentence, not a span


class Passage(Record):
    """A paragraph of text with where it comes from."""

    source: str
    title: str
    text: str


class ReadingQuestion(Record):
    """A question about one passage, as the files of `{id, title, context, question, answers}` have it."""

    id: str
    title: str
    context: str
    question: str
    answers: tuple[str, ...] = Field(min_length=1)
    source: str = ""

    @property
    def verbatim(self) -> tuple[str, ...]:
        """The answers that stand in the context."""
        return tuple(answer for answer in self.answers if answer in self.context)


def read_lines(path: Path) -> Iterator[dict[str, Any]]:
    """The records of a ``.jsonl`` or ``.jsonl.xz`` file."""
    with _opener(path)(path, "rt", encoding="utf-8") as lines:
        yield from map(json.loads, lines)


def write_lines(path: Path, records: Iterable[Record]) -> None:
    """Write records so that :func:`read_lines` reads them; the file appears whole or not at all."""
    partial = path.with_name(f"partial-{path.name}")
    with _opener(path)(partial, "wt", encoding="utf-8") as file:
        file.writelines(record.model_dump_json() + "\n" for record in records)
    partial.replace(path)


def _opener(path: Path) -> Callable[..., Any]:
    return lzma.open if path.suffix == ".xz" else open


def read_passages(path: Path, words_per_title: Mapping[str, int]) -> list[Passage]:
    """Text in the order of the file, each title cut to its source's limit of words.

    Records that may be under copyright outside the United States are left out.
    """
    words: dict[tuple[str, str], int] = defaultdict(int)
    kept = []
    for record in read_lines(path):
        source, title = record["source"], record["title"]
        room = words_per_title.get(source, float("inf")) - words[source, title]
        if room > 0 and not record["licence"].startswith(_MAY_BE_PROTECTED):
            words[source, title] += record["text"].count(" ") + 1
            kept.append(Passage(source=source, title=title, text=record["text"]))
    return kept


def read_questions(paths: Sequence[Path]) -> list[ReadingQuestion]:
    """Questions of several files, in their order.

    Raises:
        QuestionFileError: Lines that are no such record, all of them listed.
    """
    questions, problems = [], []
    for path in paths:
        for number, record in enumerate(read_lines(path), start=1):
            try:
                fields = {name: record[name] for name in ReadingQuestion.model_fields if name in record}
                questions.append(ReadingQuestion.model_validate(fields))
            except ValueError as error:
                found = " ".join(str(error).split())
                problems.append(f"{path}:{number}: {found}. Give id, title, context, question and answers.")
    if problems:
        raise QuestionFileError(problems)
    return questions


def as_spans(questions: Iterable[ReadingQuestion]) -> list[ReadingQuestion]:
    """Questions to train on, with answers as their contexts spell them; those without one are left out.

    Sets whose answers a model wrote end them with a full stop, or begin them with a capital.
    """
    found = (_as_spans(question) for question in questions)
    return [question for question in found if question.answers]


def _as_spans(question: ReadingQuestion) -> ReadingQuestion:
    context = _HEADING.sub("", question.context, count=1).strip()
    answers = {_spelt(context, answer): None for answer in question.answers}
    return question.model_copy(update={"context": context, "answers": tuple(filter(None, answers))})


def _spelt(context: str, answer: str) -> str:
    """The answer as the context has it, outer punctuation aside; empty if it has not, or not as a span."""
    if answer in context:
        return answer
    bare = answer.strip(_OUTER)
    if not 0 < len(bare.split()) <= _MOST_ANSWER_WORDS:
        return ""
    found = re.search(rf"(?<!\w){re.escape(bare)}(?!\w)", context, re.IGNORECASE)
    return found.group() if found else ""


def hold_out(
    questions: Sequence[ReadingQuestion], titles: Sequence[str]
) -> tuple[list[ReadingQuestion], list[ReadingQuestion]]:
    """Questions to train on, and those of the titles; no passage of the first shares ten words with the second.

    Raises:
        QuestionFileError: A title that no question has.
    """
    heldout = [question for question in questions if question.title in titles]
    missing = sorted(set(titles) - {question.title for question in heldout})
    if missing:
        raise QuestionFileError(
            [f"held-out title {title!r}: no question has it. Correct it." for title in missing]
        )
    taken = runs_of_words(question.context for question in heldout)
    kept = [
        question
        for question in questions
        if question.title not in titles and runs_of_words([question.context]).isdisjoint(taken)
    ]
    return kept, heldout


def apart_from(passages: Iterable[Passage], heldout: Sequence[ReadingQuestion]) -> list[Passage]:
    """Passages that share no run of ten words with a held-out passage, and no title."""
    titles = {question.title for question in heldout}
    taken = runs_of_words(question.context for question in heldout)
    return [
        passage
        for passage in passages
        if passage.title not in titles and runs_of_words([passage.text]).isdisjoint(taken)
    ]


def runs_of_words(texts: Iterable[str]) -> set[tuple[str, ...]]:
    """Every run of ten words, case and outer punctuation ignored."""
    runs = set()
    for text in texts:
        words = [word.strip(".,;:!?\"'()[]“”‘’").casefold() for word in text.split()]
        runs |= set(zip(*(words[start:] for start in range(_SHARED_WORDS)), strict=False))
    return runs


def contexts(questions: Iterable[ReadingQuestion]) -> list[Passage]:
    """The passages of the questions, each once; they are text to read like any other."""
    unique = {question.context: question for question in questions}
    return [Passage(source="questions", title=q.title, text=q.context) for q in unique.values()]
