"""Gold question files: read them, hold them against their documents, lint them. Every problem is told at once."""

from __future__ import annotations

import re
import unicodedata
from codecs import BOM_UTF16_BE, BOM_UTF16_LE
from collections.abc import Collection, Iterator, Mapping, Sequence
from difflib import get_close_matches
from pathlib import Path
from typing import Any, NamedTuple

from pydantic import ValidationError
from pydantic_core import ErrorDetails, from_json

from clara.errors import QuestionFileError
from clara.records import Document, Question
from clara.text import stands_in

VERBATIM_SHARE = 0.85  # of the questions, at least, have an answer that stands in their evidence

_NO_JSON = "Write one JSON object on each line"
_REMEDIES = {
    "missing": "Add it",
    "extra_forbidden": "Remove it, or correct its name",
    "literal_error": "Use one of those",
    "tuple_type": "Put its texts in square brackets",
}
_TEXT_FIELDS = ("id", "question", "document", "answers", "evidence")


def read_questions(
    paths: Sequence[Path], documents: Sequence[Document] | None = None, unread: Collection[str] = ()
) -> list[Question]:
    """The questions of some JSON Lines files, in the order of the files and of their lines.

    Byte-order marks, blank lines and the line ends of any system are accepted; text is brought to NFC, as that of
    documents is.

    Args:
        paths: Files, or folders that stand for their ``*.jsonl`` files in the order of their names.
        documents: All documents that were read, to hold the questions against them as :func:`check_questions` does;
            None to leave that out.
        unread: Names of documents that are there but could not be read; questions about them are not held against
            anything.

    Raises:
        QuestionFileError: Any problem in any file, or between a question and its document: ``problems`` lists them all,
            one line each, with file and line.
    """
    texts = None if documents is None else {document.name: document.text for document in documents}
    lines = [line for path in paths for line in _lines_of(path)]
    problems: list[str] = []
    first_seen: dict[str, str] = {}
    for line in lines:
        id, document = line.fields.get("id"), line.fields.get("document")
        problems += [f"{line.where}: {problem}" for problem in line.problems]
        if isinstance(id, str) and first_seen.setdefault(id, line.where) != line.where:
            problems.append(f"{line.where}: id {id!r} stands already in {first_seen[id]}. Give it its own")
        if texts is not None and isinstance(document, str) and document not in unread:
            found = _mismatches(document, line.fields.get("evidence"), texts)
            problems += [f"{line.where}: {problem}" for problem in found]
    if not lines:
        problems.append(f"{', '.join(map(str, paths)) or 'no path'}: no question. Name a file that has some")
    if problems:
        raise QuestionFileError(problems)
    return [line.question for line in lines if line.question]


def check_questions(questions: Sequence[Question], documents: Sequence[Document]) -> None:
    """Hold questions that did not come from a file just now against the documents they are asked about.

    Args:
        questions: Gold questions.
        documents: All documents that were read.

    Raises:
        QuestionFileError: A question whose document is not among ``documents``, or whose evidence does not stand
            there word for word (white space apart); ``problems`` lists them all.
    """
    texts = {document.name: document.text for document in documents}
    problems = [
        f"question {question.id}: {problem}"
        for question in questions
        for problem in _mismatches(question.document, question.evidence, texts)
    ]
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
    answerable = [question for question in questions if question.is_answerable]
    verbatim = sum(map(_is_verbatim, answerable))
    if verbatim < VERBATIM_SHARE * len(answerable):
        problems.append(
            f"{verbatim} of {len(answerable)} answerable questions have an answer in their evidence; "
            f"at least {VERBATIM_SHARE:.0%} must"
        )
    return problems


class _Line(NamedTuple):
    """What stands in one line of a file, or what is wrong with a whole file or folder."""

    where: str
    problems: list[str]
    fields: Mapping[str, Any] = {}  # as they were written, whatever is wrong with some of them
    question: Question | None = None


def _lines_of(path: Path) -> Iterator[_Line]:
    files = sorted(path.glob("*.jsonl")) if path.is_dir() else [path]
    if not files:
        yield _Line(str(path), ["no *.jsonl file in this folder. Put one there, or name another folder"])
    for file in files:
        try:
            content = file.read_bytes()
        except OSError as error:
            yield _Line(str(file), [f"cannot be read ({error.strerror}). Name a file that exists"])
            continue
        yield from _lines(file, content)


def _lines(file: Path, content: bytes) -> Iterator[_Line]:
    if content.startswith((BOM_UTF16_LE, BOM_UTF16_BE)) or b"\0" in content:
        yield _Line(f"{file}, line 1", ["is UTF-16, as Excel's 'Unicode text' is. Save the file as UTF-8"])
        return
    # Not splitlines(): JSON strings may hold U+2028 and its like unescaped.
    for number, line in enumerate(re.split(rb"\r\n|\r|\n", content), 1):
        where = f"{file}, line {number}"
        try:
            text = line.decode().removeprefix("\ufeff")  # files that were joined have one amid them
        except UnicodeDecodeError as error:
            yield _Line(where, [f"byte {error.start + 1} of the line is not UTF-8. Save the file as UTF-8"])
            continue
        if text.strip():
            yield _parse(where, text)


def _parse(where: str, line: str) -> _Line:
    try:
        parsed = from_json(line)
    except ValueError as error:
        found = str(error).replace("at line 1 column", "at column")
        return _Line(where, [f"no JSON ({found}). {_NO_JSON}"])
    if not isinstance(parsed, dict):
        return _Line(where, [f"no JSON object, found {_short(line)}. {_NO_JSON}"])
    fields = {name: _composed(value) for name, value in parsed.items()}
    problems = [
        f"field {name!r}: empty text. Write it" for name in _TEXT_FIELDS if _has_blank(fields.get(name))
    ]
    try:
        question = Question.model_validate(fields, strict=True)
    except ValidationError as error:
        first = {detail["loc"][:1]: detail for detail in reversed(error.errors())}  # of each field
        return _Line(where, [*map(_explain, reversed(first.values())), *problems], fields)
    return _Line(where, problems, fields, question)


def _composed(value: Any) -> Any:
    """Texts in NFC, also where they were written as escapes; lists as the tuples that records hold."""
    if isinstance(value, str):
        return unicodedata.normalize("NFC", value)
    return tuple(map(_composed, value)) if isinstance(value, list) else value


def _has_blank(value: Any) -> bool:
    texts = value if isinstance(value, tuple) else (value,)
    return any(isinstance(text, str) and not text.strip() for text in texts)


def _explain(detail: ErrorDetails) -> str:
    """One of pydantic's errors as one line: field, what was found, what to do."""
    if "error" in detail.get("ctx", {}):
        return str(detail["ctx"]["error"])  # a rule of our own, which says all that
    field = ".".join(map(str, detail["loc"]))
    message = detail["msg"][0].lower() + detail["msg"][1:].replace("valid tuple", "list of texts")
    found = "" if detail["type"] == "missing" else f", found {_short(repr(detail['input']))}"
    return f"field {field!r}: {message}{found}. {_REMEDIES.get(detail['type'], 'Correct its value')}"


def _mismatches(document: str, evidence: Any, texts: Mapping[str, str]) -> Iterator[str]:
    """What a document has against a question; evidence that is no text is told of elsewhere."""
    text = texts.get(document)
    if text is None:
        near = get_close_matches(document, texts, n=1)
        hint = f"Did you mean {near[0]!r}?" if near else f"Known: {', '.join(sorted(texts)) or 'none'}"
        yield f"no document {document!r}. {hint}"
        return
    written = evidence if isinstance(evidence, tuple) else (evidence,)
    for sentence in (" ".join(item.split()) for item in written if isinstance(item, str)):
        if sentence not in text:
            place = _first_difference(sentence, text)
            yield (
                f"its evidence does not stand in {document!r}: it departs at {_short(sentence[place:])!r}. "
                "Copy the sentence from the extracted text"
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
    if question.is_answerable and not question.abstractive and not _is_verbatim(question):
        yield f"{here}: no answer stands in its evidence. Quote one from there, or mark it abstractive"
    for keyword in question.keywords:
        if keyword != keyword.lower() or not keyword.strip():
            yield f"{here}: keyword {keyword!r} is not lower-case text. Write it so"
        elif stands_in(keyword, question.question):
            yield f"{here}: keyword {keyword!r} stands in the question. Choose a word of the answer only"
        elif not any(keyword in answer.lower() for answer in question.answers):
            yield f"{here}: keyword {keyword!r} stands in no answer. Choose a word that a right answer has"


def _is_verbatim(question: Question) -> bool:
    evidence = "\n".join(" ".join(sentence.split()) for sentence in question.evidence)
    return any(" ".join(answer.split()) in evidence for answer in question.answers if answer.strip())


def _short(text: str, characters: int = 60) -> str:
    return text if len(text) <= characters else text[: characters - 1] + "…"
