"""Gold question files: read them, hold them against their documents, lint them. Every problem is told at once."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Sequence
from difflib import get_close_matches
from pathlib import Path

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from clara.errors import QuestionFileError
from clara.records import Document, Question

VERBATIM_SHARE = 0.85  # of the questions, at least, have an answer that stands in their evidence

_REMEDIES = {
    "missing": "Add it",
    "extra_forbidden": "Remove it, or correct its name",
    "json_invalid": "Write one JSON object on each line",
    "literal_error": "Use one of those",
    "too_short": "Give at least one",
}


def read_questions(paths: Sequence[Path]) -> list[Question]:
    """The questions of some JSON Lines files, in the order of the files and of their lines.

    A byte-order mark, Windows line ends and blank lines are accepted; text is brought to NFC, as documents are.

    Args:
        paths: Files, or folders that stand for their ``*.jsonl`` files in the order of their names.

    Raises:
        QuestionFileError: Any problem in any file: ``problems`` lists them all, one line each.
    """
    questions: list[Question] = []
    problems: list[str] = []
    first_seen: dict[str, str] = {}
    for where, found in _entries(paths):
        if isinstance(found, str):
            problems.append(f"{where}: {found}")
            continue
        if found.id in first_seen:
            problems.append(
                f"{where}: id {found.id!r} stands already in {first_seen[found.id]}. Give it its own"
            )
        first_seen.setdefault(found.id, where)
        questions.append(found)
    if not questions and not problems:
        problems.append(f"{', '.join(map(str, paths)) or 'no path'}: no question. Name a file that has some")
    if problems:
        raise QuestionFileError(problems)
    return questions


def check_questions(questions: Sequence[Question], documents: Sequence[Document]) -> None:
    """Hold questions against the documents they are asked about.

    Args:
        questions: Gold questions.
        documents: All documents that were read.

    Raises:
        QuestionFileError: A question whose document is not among ``documents``, or whose evidence does not stand
            there word for word (white space apart); ``problems`` lists them all.
    """
    texts = {document.name: document.text for document in documents}
    problems = [problem for question in questions if (problem := _mismatch(question, texts))]
    if problems:
        raise QuestionFileError(problems)


def lint(questions: Sequence[Question]) -> list[str]:
    """What is wrong with a set of gold questions, one line each; empty when nothing is.

    Ids are unique, no answer is empty, ``abstractive`` marks exactly the questions of which no answer stands in the
    evidence, and these are few; a keyword is lower case, stands in an answer and not in the question, so that
    repeating the question earns nothing.
    """
    problems = [problem for question in questions for problem in _lint_one(question)]
    ids = [question.id for question in questions]
    problems += [
        f"question {id}: {ids.count(id)} have this id" for id in dict.fromkeys(ids) if ids.count(id) > 1
    ]
    verbatim = sum(map(_is_verbatim, questions))
    if verbatim < VERBATIM_SHARE * len(questions):
        problems.append(
            f"{verbatim} of {len(questions)} questions have an answer in their evidence; "
            f"at least {VERBATIM_SHARE:.0%} must"
        )
    return problems


def _entries(paths: Sequence[Path]) -> Iterator[tuple[str, Question | str]]:
    """Place and content of every line: the question, or what is wrong with it."""
    for path in paths:
        files = sorted(path.glob("*.jsonl")) if path.is_dir() else [path]
        if not files:
            yield str(path), "no *.jsonl file in this folder. Put one there, or name another folder"
        for file in files:
            yield from _lines(file)


def _lines(file: Path) -> Iterator[tuple[str, Question | str]]:
    try:
        text = file.read_text(encoding="utf-8-sig")
    except OSError as error:
        yield str(file), f"cannot be read ({error.strerror}). Name a file that exists"
        return
    except UnicodeDecodeError as error:
        yield str(file), f"byte {error.start} is not UTF-8. Save the file as UTF-8"
        return
    # Not splitlines(): JSON strings may hold U+2028 and its like unescaped.
    for number, line in enumerate(unicodedata.normalize("NFC", text).split("\n"), 1):
        if line.strip():
            yield from ((f"{file}, line {number}", entry) for entry in _parse(line))


def _parse(line: str) -> list[Question | str]:
    try:
        question = Question.model_validate_json(line, strict=True)
    except ValidationError as error:
        first = {detail["loc"][:1]: detail for detail in reversed(error.errors())}  # of each field
        return [_explain(detail) for detail in reversed(first.values())]
    empty = [
        name for name in ("id", "question", "document", "evidence") if not getattr(question, name).strip()
    ]
    empty += ["answers" for answer in question.answers if not answer.strip()][:1]
    return [f"field {name!r}: empty text. Write it" for name in empty] or [question]


def _explain(detail: ErrorDetails) -> str:
    """One of pydantic's errors as one line: field, what was found, what to do."""
    field = ".".join(map(str, detail["loc"]))
    message = detail["msg"][0].lower() + detail["msg"][1:]
    found = (
        "" if detail["type"] in ("missing", "json_invalid") else f", found {_short(repr(detail['input']))}"
    )
    remedy = _REMEDIES.get(detail["type"], "Correct its value")
    return f"{f'field {field!r}: ' if field else ''}{message}{found}. {remedy}"


def _mismatch(question: Question, texts: dict[str, str]) -> str | None:
    text = texts.get(question.document)
    if text is None:
        near = get_close_matches(question.document, texts, n=1)
        hint = f"Did you mean {near[0]!r}?" if near else f"Known: {', '.join(sorted(texts)) or 'none'}"
        return f"question {question.id}: no document {question.document!r}. {hint}"
    evidence = " ".join(question.evidence.split())
    if evidence in text:
        return None
    place = _first_difference(evidence, text)
    return (
        f"question {question.id}: its evidence does not stand in {question.document!r}: it departs at "
        f"{_short(evidence[place:])!r}. Copy the sentence from the extracted text"
    )


def _first_difference(evidence: str, text: str) -> int:
    """Length of the longest beginning of the evidence that stands in the text."""
    found, missing = 0, len(evidence)
    while missing - found > 1:
        middle = (found + missing) // 2
        found, missing = (middle, missing) if evidence[:middle] in text else (found, middle)
    return found


def _lint_one(question: Question) -> Iterator[str]:
    here = f"question {question.id}"
    if not all(answer.strip() for answer in question.answers):
        yield f"{here}: an answer is empty. Write it, or take it out"
    if question.abstractive and _is_verbatim(question):
        yield f"{here}: marked abstractive, but an answer stands in its evidence. Remove the mark"
    if not question.abstractive and not _is_verbatim(question):
        yield f"{here}: no answer stands in its evidence. Quote one from there, or mark it abstractive"
    for keyword in question.keywords:
        if keyword != keyword.lower() or not keyword.strip():
            yield f"{here}: keyword {keyword!r} is not lower-case text. Write it so"
        elif _stands_in(keyword, question.question):
            yield f"{here}: keyword {keyword!r} stands in the question. Choose a word of the answer only"
        elif not any(keyword in answer.lower() for answer in question.answers):
            yield f"{here}: keyword {keyword!r} stands in no answer. Choose a word that a right answer has"


def _is_verbatim(question: Question) -> bool:
    evidence = " ".join(question.evidence.split())
    return any(" ".join(answer.split()) in evidence for answer in question.answers if answer.strip())


def _stands_in(keyword: str, text: str) -> bool:
    """Whether a keyword is a whole word (or words) of a text; a Hangul particle may follow it."""
    return bool(re.search(rf"(?<!\w){re.escape(keyword.lower())}(?![^\W가-힣])", text.lower()))


def _short(text: str, characters: int = 60) -> str:
    return text if len(text) <= characters else text[: characters - 1] + "…"
