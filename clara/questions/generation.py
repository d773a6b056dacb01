"""Training questions from chunk text alone, by rule: what a PDF without question-answer pairs is trained on.

Two tables of :mod:`clara.questions.english` hold the rules. ``SPANS`` finds what people ask for in a sentence; each
find becomes a cloze, the sentence with a gap. ``QUESTIONS`` turns clauses of a known shape into wh-questions; a row
stands there only if what it asks is grammatical whenever it matches, so most clauses get none. A new rule is a new row.
"""

from __future__ import annotations

import random
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from functools import cache
from typing import Literal, NamedTuple

from clara.documents.chunking import sentences
from clara.questions.english import BEGINNING, CLAUSE_BEGIN, CLAUSE_END, DO, HEADING, QUESTIONS, SPANS
from clara.questions.splits import shared_text
from clara.records import Chunk, TrainingQuestion

GAP = "____"
MAX_ANSWER_WORDS = 14
MAX_CLOZE_WORDS = 30  # a longer sentence is cut to the clauses around its gap
MIN_CLOZE_WORDS = 7  # fewer, the gap counted, do not say what is asked for
SENTENCE_WORDS = range(5, 71)  # anything else is a heading, a table row or a list run together

_compiled = cache(re.compile)  # at first use: it takes a quarter of a second, which importing must not
_FULL_STOP = re.compile(r"(?<!\b[A-Z])[.!][\"'”’)]?$")


def generate(chunks: Sequence[Chunk], seed: int, per_chunk: int | None = None) -> list[TrainingQuestion]:
    """Cloze and wh-questions about chunks, each answered by a span of its chunk.

    A sentence that chunks of a document share is asked about in the first of them only, and no question is put
    twice. For every question ``chunk.text[start : start + len(answer)] == answer``.

    Args:
        chunks: Chunks of any number of documents, in order.
        seed: Chooses which questions stay where the rules find more than ``per_chunk``.
        per_chunk: Questions to keep of each chunk; all of them if None.

    Returns:
        Questions in the order of the chunks and of their sentences.
    """
    questions: list[TrainingQuestion] = []
    asked: set[str] = set()
    for before, chunk in zip([None, *chunks], chunks, strict=False):
        known = len(shared_text(before, chunk)) if before else 0
        found = [item for item in _ask(chunk.text, known) if not _is_known(item.question.casefold(), asked)]
        if per_chunk is not None and per_chunk < len(found):
            chosen = random.Random(f"{seed}/{chunk.id}").sample(range(len(found)), per_chunk)
            found = [found[index] for index in sorted(chosen)]
        questions += _numbered(chunk, found)
    return questions


class _Span(NamedTuple):
    start: int
    end: int


class _Asked(NamedTuple):
    kind: Literal["cloze", "wh"]
    question: str
    answer: str
    start: int


def _is_known(text: str, known: set[str]) -> bool:
    """Whether a text was met before; it is from now on."""
    if text in known:
        return True
    known.add(text)
    return False


def _numbered(chunk: Chunk, found: Sequence[_Asked]) -> Iterator[TrainingQuestion]:
    counts: Counter[str] = Counter()
    for item in found:
        counts[item.kind] += 1
        number = f"{chunk.id}/{item.kind}/{counts[item.kind]:03d}"
        yield TrainingQuestion(id=number, document=chunk.document, chunk_id=chunk.id, **item._asdict())


def _ask(text: str, known: int) -> Iterator[_Asked]:
    """Questions about the sentences of a text that do not end within its first ``known`` characters."""
    for span in _prose(text):
        sentence = text[span.start : span.end]
        for item in (*_clozes(sentence), *_wh_questions(sentence)) if span.end > known else ():
            gives_away = re.search(rf"(?<!\w){re.escape(item.answer)}(?!\w)", item.question, re.IGNORECASE)
            if not gives_away:
                yield item._replace(start=span.start + item.start)


def _prose(text: str) -> Iterator[_Span]:
    """The whole sentences of a text: no heading, table row, or sentence cut at an initial or inside brackets."""
    end = 0
    for sentence in sentences(text):
        start = text.index(sentence, end)
        end = start + len(sentence)
        heading = HEADING.match(sentence)
        prose = sentence[heading.end() :] if heading else sentence
        is_balanced = prose.count("(") == prose.count(")")
        if _FULL_STOP.search(prose) and is_balanced and len(prose.split()) in SENTENCE_WORDS:
            yield _Span(end - len(prose), end)


def _clozes(sentence: str) -> Iterator[_Asked]:
    for span in _spans(sentence):
        before, after = _around(sentence, span)
        question = f"{before}{GAP}{after}".strip(" ,;:—–")
        if len(question.split()) >= MIN_CLOZE_WORDS:
            yield _Asked("cloze", question, sentence[span.start : span.end], span.start)


def _spans(sentence: str) -> list[_Span]:
    """Answers in a sentence, those of earlier rows first to claim their words; in reading order."""
    spans: list[_Span] = []
    for pattern in SPANS:
        for match in _compiled(pattern).finditer(sentence):
            span = _Span(*match.span("a"))
            if len(match["a"].split()) <= MAX_ANSWER_WORDS and all(
                _goes_with(span, other) for other in spans
            ):
                spans.append(span)
    return sorted(spans)


def _goes_with(span: _Span, other: _Span) -> bool:
    """Whether a span stands apart from another, or encloses it."""
    is_apart = span.end <= other.start or other.end <= span.start
    return is_apart or (span != other and span.start <= other.start and other.end <= span.end)


def _around(sentence: str, span: _Span) -> tuple[str, str]:
    """What stands before and after a gap: the sentence, or as many of its clauses as a question can carry."""
    begins = [0, *(match.end() for match in CLAUSE_BEGIN.finditer(sentence, 0, span.start))]
    ends = [*(match.start() for match in CLAUSE_END.finditer(sentence, span.end)), len(sentence)]
    words = {(begin, end): len(sentence[begin:end].split()) for begin in begins for end in ends}
    limit = max(MAX_CLOZE_WORDS, min(words.values()))
    begin, end = max((edges for edges in words if words[edges] <= limit), key=words.__getitem__)
    return sentence[begin : span.start], sentence[span.end : end]


def _wh_questions(sentence: str) -> Iterator[_Asked]:
    for beginning in BEGINNING.finditer(sentence):
        for question, pattern in QUESTIONS:
            match = _compiled(pattern).match(sentence, beginning.end())
            if match and _agrees(fields := _fields(match)):
                yield _Asked("wh", question.format(**fields), match["a"], match.start("a"))


def _fields(match: re.Match[str]) -> dict[str, str]:
    """What a question may name: the groups, the subject without its capital, and the verb as it stands after do."""
    fields = {name: text for name, text in match.groupdict().items() if text is not None}
    if fields.get("s", "").startswith("The "):
        fields["s"] = "the " + fields["s"].removeprefix("The ")
    if "v" in fields:
        fields["do"], fields["base"] = DO[fields["v"]]
    return fields


def _agrees(fields: dict[str, str]) -> bool:
    """Whether a subject and its verb agree; if not, the subject is only the end of a longer one."""
    is_plural = fields.get("be") in ("are", "were", "have") or fields.get("do") == "do"
    return not is_plural or "s" not in fields or bool(re.search(r"s\b", fields["s"]))
