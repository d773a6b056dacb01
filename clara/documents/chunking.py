"""Pages to chunks: runs of whole sentences that a model can read in one prompt, each knowing its pages."""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterable, Iterator
from itertools import pairwise

from clara.records import Chunk, Document

_Span = tuple[int, int]

_CLOSERS = "\"'”’»›)\\]」』】）"
_BOUNDARY = re.compile(rf"\n|[.!?…]+[{_CLOSERS}]*(?=\s)|[。！？｡]+[{_CLOSERS}]*")
# What stands before a stop that ends no sentence: always, only where a number follows, or in capitals.
_ABBREVIATION = re.compile(
    r"dr|mrs?|ms|prof|st|rev|gen|gov|figs?|eqs?|secs?|ch|tab|refs?|eds?|e\.?g|i\.?e|cf|vs|viz|ca|approx|resp",
    re.IGNORECASE,
)
_BEFORE_A_NUMBER = re.compile(
    r"nos?|nr|pp?|vol|art|al|jan|feb|mar|apr|jun|jul|aug|sept?|oct|nov|dec", re.IGNORECASE
)
_INITIALS = re.compile(r"(?:\w\.)*\w")
# "2023. 4. 16." is one date in Korean, and "가.", "나." number a list as letters do.
_KOREAN_DATE = re.compile(r"(?<!\d)\d{4}\. ?\d{1,2}\.(?: ?\d{1,2}\.)?")
_LIST_MARK = re.compile(r"\d+|[가나다라마바사아자차카타파하]|제\d+[조항절장]")


def sentences(text: str) -> list[str]:
    """The sentences of a text, in order, white space collapsed.

    A newline ends a sentence (a heading or a table row is one of its own). So does a stop, with the quotation
    marks and brackets that close after it, unless a lower-case letter follows, or it belongs to an
    abbreviation, an initial, a Korean date or the mark at the head of a line. Joined, they restore the text's words.
    """
    return [" ".join(text[start:end].split()) for start, end in _sentence_spans(text)]


def chunk(
    document: Document, count_tokens: Callable[[str], int], max_tokens: int = 128, overlap_sentences: int = 1
) -> list[Chunk]:
    """A document in chunks of whole sentences, as many as fit.

    Args:
        document: What to cut. A sentence may run over a page break; its chunk then knows both pages.
        count_tokens: Length of a text in tokens of the model that will read it.
        max_tokens: Most tokens in a chunk.
        overlap_sentences: Sentences that a chunk repeats from the end of the one before, as far as there is
            room for a new one beside them.

    Returns:
        Chunks in reading order, numbered from 1. A sentence that alone is longer than ``max_tokens`` is cut
        between words, and a longer word between characters; nothing is lost.

    Raises:
        ValueError: Not even one character fits, or the overlap is negative.
    """
    if overlap_sentences < 0:
        raise ValueError(f"overlap_sentences is {overlap_sentences}. Use 0 or more.")
    text, pages_of = _running_text(document)

    def tokens(piece: str) -> int:
        return count_tokens(" ".join(piece.split()))

    def fits(piece: str) -> bool:
        return tokens(piece) <= max_tokens

    spans = [piece for span in _sentence_spans(text) for piece in _pieces(text, span, fits)]
    chunks = []
    for number, run in enumerate(_runs(text, spans, fits, overlap_sentences), 1):
        joined = _joined(text, run)
        pages = sorted({page for span in run for page in pages_of(span)})
        chunks.append(
            Chunk(
                id=f"{document.name}#{number:03d}",
                document=document.name,
                pages=tuple(pages),
                text=joined,
                tokens=tokens(joined),
            )
        )
    return chunks


def chunk_all(
    documents: Iterable[Document],
    count_tokens: Callable[[str], int],
    max_tokens: int = 128,
    overlap_sentences: int = 1,
) -> list[Chunk]:
    """The chunks of all documents, in their order; the arguments are those of ``chunk``."""
    return [
        one for document in documents for one in chunk(document, count_tokens, max_tokens, overlap_sentences)
    ]


def _sentence_spans(text: str) -> Iterator[_Span]:
    """Start and end of each sentence, without the white space around it."""
    start = 0
    dated = {stop for date in _KOREAN_DATE.finditer(text) for stop in range(*date.span())}
    for boundary in _BOUNDARY.finditer(text):
        if boundary.start() not in dated and _ends_sentence(text, start, boundary):
            yield from _stripped(text, start, boundary.end())
            start = boundary.end()
    yield from _stripped(text, start, len(text))


def _stripped(text: str, start: int, end: int) -> Iterator[_Span]:
    piece = text[start:end]
    if piece.strip():
        yield start + len(piece) - len(piece.lstrip()), start + len(piece.rstrip())


def _ends_sentence(text: str, start: int, boundary: re.Match[str]) -> bool:
    if boundary[0] == "\n" or boundary[0][0] in "。！？｡":
        return True
    following = text[boundary.end() : boundary.end() + 4].lstrip(" \"'“‘«([")[:1]
    if following.islower():
        return False
    if boundary[0] != ".":
        return True
    before = text[start : boundary.start()].split()
    word = before[-1].lstrip("\"'“‘«([") if before else ""
    if _BEFORE_A_NUMBER.fullmatch(word):
        return not following.isdigit()
    is_initial = word.isupper() and _INITIALS.fullmatch(word)
    numbers_a_line = len(before) == 1 and _LIST_MARK.fullmatch(word)
    return not (_ABBREVIATION.fullmatch(word) or is_initial or numbers_a_line)


def _running_text(document: Document) -> tuple[str, Callable[[_Span], list[int]]]:
    """The whole text, in which a sentence reads on over a page break, and a way back from a span to its pages."""
    text, starts, numbers = "", [], []
    for page in document.pages:
        paragraphs = [" ".join(line.split()) for line in page.text.splitlines()]
        if clean := "\n".join(filter(None, paragraphs)):
            text += " " if text else ""
            starts.append(len(text))
            numbers.append(page.number)
            text += clean

    def pages_of(span: _Span) -> list[int]:
        first, last = (bisect_right(starts, place) for place in (span[0], span[1] - 1))
        return numbers[first - 1 : last]

    return text, pages_of


def _pieces(text: str, span: _Span, fits: Callable[[str], bool]) -> Iterator[_Span]:
    """The sentence itself, or the longest pieces of it that fit."""
    start, end = span
    while not fits(text[start:end]):
        cut = _cut(text[start:end], fits)
        yield from _stripped(text, start, start + cut)
        start += cut
        start += len(text[start:end]) - len(text[start:end].lstrip())
    yield start, end


def _cut(sentence: str, fits: Callable[[str], bool]) -> int:
    """Where to cut a sentence that is too long: after its last word that fits, else after its last character."""
    length = bisect_left(range(1, len(sentence)), True, key=lambda n: not fits(sentence[:n].rstrip()))
    if length == 0:
        raise ValueError(f"max_tokens is too small: {sentence[0]!r} alone is longer. Raise it.")
    space = sentence.rfind(" ", 0, length + 1)
    return space if space > 0 and fits(sentence[:space]) else length


def _runs(text: str, spans: list[_Span], fits: Callable[[str], bool], overlap: int) -> Iterator[list[_Span]]:
    """Runs of spans that fit together, each beginning with the end of the one before where there is room."""
    start = end = 0  # the run is spans[start:end]
    while end < len(spans):
        start = max(start, end - overlap)
        while start < end and not fits(_joined(text, spans[start : end + 1])):
            start += 1
        end += 1
        while end < len(spans) and fits(_joined(text, spans[start : end + 1])):
            end += 1
        yield spans[start:end]


def _joined(text: str, run: list[_Span]) -> str:
    """The sentences of a run, a newline between two of them where the document has one: a heading stays a line."""
    joined = text[slice(*run[0])]
    for (_, before), (start, end) in pairwise(run):
        joined += ("\n" if "\n" in text[before:start] else " ") + text[start:end]
    return joined
