"""What a compressor is trained on: a question, its answer, and the documents to answer from; the published data forms.

A line of a file is ``{question, docs, answer | answers, data_type, pos_index}``. ``docs`` may be called ``context``
or ``content``, an answer may be ``golden_answers``, of which the first counts; ``question`` and ``answers`` may be
lists of equal length, of several questions on the same documents.

Source:
    apple/ml-clara at 857c3cf and the data set card of apple/CLaRa_multi_stage.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from clara.errors import QuestionFileError
from clara.records import Record

REBUILD = "What does the background say, word for word?"
PARAPHRASE = "What does the background say, in other words?"
_DOCUMENTS = ("docs", "context", "content")
_ANSWERS = ("answer", "answers", "golden_answers")


class Example(Record):
    """One thing to answer from memory.

    Attributes:
        question: What is asked; for a reconstruction, the instruction.
        answer: What should be written.
        documents: Texts that are shown as memory, or picked from.
        positives: Places of the documents that hold the answer, where that is known.
        id: Of the question, where the example asks one; None for reconstructions.
    """

    question: str
    answer: str
    documents: tuple[str, ...]
    positives: tuple[int, ...] = ()
    id: str | None = None


def rebuild(text: str) -> Example:
    """A text to be written again from its own memory."""
    return Example(question=REBUILD, answer=" ".join(text.split()), documents=(text,), positives=(0,))


def read_examples(path: Path) -> list[Example]:
    """Every example of a file in a published form.

    Raises:
        QuestionFileError: Lines that are not JSON, lack documents or an answer, pair unequal lists, or point beyond
            their documents; all of them at once.
    """
    examples: list[Example] = []
    problems: list[str] = []
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1):
        try:
            examples += _examples(json.loads(line), f"{path.stem}/{number}") if line.strip() else ()
        except (ValueError, TypeError, KeyError) as error:
            problems.append(f"{path}:{number}: {error}")
    if problems:
        raise QuestionFileError(problems)
    return examples


def _examples(row: Mapping[str, Any], id_: str) -> Iterator[Example]:
    if not isinstance(row, dict):
        raise TypeError("it is no object: give one with question, docs and answer")
    documents = tuple(_first(row, _DOCUMENTS))
    given = _first(row, _ANSWERS)
    if not documents or not all(isinstance(text, str) and text.strip() for text in documents):
        raise ValueError("docs is not a list of texts: give at least one, none of them empty")
    positives = tuple(row.get("pos_index") or ())
    if any(not 0 <= place < len(documents) for place in positives):
        raise ValueError(f"pos_index {list(positives)} points beyond its {len(documents)} docs")
    if row.get("data_type", "qa") == "paraphrase":
        answer = given if isinstance(given, str) else given[0]
        yield Example(question=PARAPHRASE, answer=answer, documents=documents, positives=positives)
        return
    for place, (question, answer) in enumerate(_pairs(row["question"], given, "answers" in row)):
        yield Example(
            question=question, answer=answer, documents=documents, positives=positives, id=f"{id_}/{place}"
        )


def _pairs(questions: Any, answers: Any, aligned: bool) -> list[tuple[str, str]]:
    """Question and answer, or a list of each in pairs; a single question's list of answers counts by its first."""
    if isinstance(questions, str):
        return [(questions, answers if isinstance(answers, str) else answers[0])]
    if not aligned or isinstance(answers, str) or len(questions) != len(answers):
        raise ValueError(f"{len(questions)} questions without as many answers: pair them in order")
    return list(zip(questions, answers, strict=True))


def _first(row: Mapping[str, Any], names: tuple[str, ...]) -> Any:
    for name in names:
        if row.get(name):
            return row[name]
    raise ValueError(f"none of {', '.join(names)}")
