"""Training questions from chunk text alone, by rule: what a PDF without question-answer pairs is trained on.

What to ask about a sentence is the matter of one module for each language; this one cuts text into sentences, chooses
the language by script, and keeps the laws that hold for all of them. Text of a script without rules gives nothing.
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple

from clara.documents.chunking import sentences
from clara.questions import english, korean
from clara.questions.asked import GAP, MAX_ANSWER_WORDS, Asked
from clara.questions.splits import shared_text
from clara.records import Chunk, TrainingQuestion
from clara.text import Script, script, stands_in

__all__ = ["GAP", "generate"]


class _Language(NamedTuple):
    """How one language is asked about.

    Attributes:
        prose: Offset at which the prose of a sentence begins, behind a heading; None if it is no whole sentence.
        ask: Questions about a whole sentence, with offsets into it.
    """

    prose: Callable[[str], int | None]
    ask: Callable[[str], Iterator[Asked]]


_LANGUAGES: dict[Script, _Language] = {
    "latin": _Language(english.prose, english.ask),
    "hangul": _Language(korean.prose, korean.ask),
}


def generate(chunks: Sequence[Chunk], seed: int, per_chunk: int | None = None) -> list[TrainingQuestion]:
    """Cloze and wh-questions about chunks, each answered by a span of its chunk.

    A fact, that is an answer at its place, may be asked for in several ways. A sentence that chunks of a document
    share is asked about in the first of them only, and no question is put twice. For every question
    ``chunk.text[start : start + len(answer)] == answer``.

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


def _is_known(text: str, known: set[str]) -> bool:
    """Whether a text was met before; it is from now on."""
    if text in known:
        return True
    known.add(text)
    return False


def _numbered(chunk: Chunk, found: Sequence[Asked]) -> Iterator[TrainingQuestion]:
    counts: Counter[str] = Counter()
    for item in found:
        counts[item.kind] += 1
        number = f"{chunk.id}/{item.kind}/{counts[item.kind]:03d}"
        yield TrainingQuestion(id=number, document=chunk.document, chunk_id=chunk.id, **item._asdict())


def _ask(text: str, known: int) -> Iterator[Asked]:
    """Questions about the sentences of a text that do not end within its first ``known`` characters."""
    end = 0
    for sentence in sentences(text):
        start = text.index(sentence, end)
        end = start + len(sentence)
        language = _LANGUAGES.get(script(sentence))
        prose = language.prose(sentence) if language and end > known else None
        if language and prose is not None:
            for item in language.ask(sentence[prose:]):
                if len(item.answer.split()) <= MAX_ANSWER_WORDS and not stands_in(item.answer, item.question):
                    yield item._replace(start=start + prose + item.start)
