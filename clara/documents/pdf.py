"""PDF files to pages of clean text.

pypdf gives the words in reading order, line by line. What stands between its lines and a text that can be cut
into sentences is done here, in this order: characters are normalised, running headers and footers go, words
broken at a line end are made whole, and lines become paragraphs.
"""

from __future__ import annotations

import io
import logging
import math
import re
import unicodedata
import warnings
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any

from clara.errors import DocumentError
from clara.records import Document, Page

if TYPE_CHECKING:
    from pypdf import PageObject

# A scan may hold the name of a layer or a stamp; a page that can be asked about holds more than that.
MIN_WORDS_PER_PAGE = 2
# Headers and footers are looked for among this many lines at either end of a page.
MARGIN_LINES = 3
# Letters differ in width, so a full line may hold this share of the characters that another one holds.
FULL_LINE = 0.9

_SAVE_ANEW = "Save it anew from its source, or take it out"

_LIGATURES = {code: unicodedata.normalize("NFKC", chr(code)) for code in range(0xFB00, 0xFB07)}
_HYPHENS = {0x2010: "-", 0x2011: "-"}
_INVISIBLE = dict.fromkeys([*range(9), *range(0x0E, 0x1C), 0x7F, 0x200B, 0xFEFF])
_CHARACTERS = {**_LIGATURES, **_HYPHENS, **_INVISIBLE}
_SOFT_HYPHEN = "\u00ad"
_SHY_WORD = re.compile(r"\w+\u00ad\w+")

_IDEOGRAPH = r"\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff"
_WORD = re.compile(rf"[{_IDEOGRAPH}]|\w+")
_COMPOUND = re.compile(r"\w+(?:-\w+)*")
_BROKEN_WORD = re.compile(rf"(\w[\w-]*)(?<!-)([-{_SOFT_HYPHEN}])$")
_SENTENCE_END = re.compile(r"[.!?:;。！？][\"'”’»)\]」』）]*$")
_NO_SPACE_BETWEEN = re.compile(rf"[{_IDEOGRAPH}\u3000-\u303f\uff00-\uffef]")
_PAGE_NUMBER = re.compile(r"[^\w]*[0-9]+([^\w]+[0-9]+)?[^\w]*")
_BULLETS = "•◦▪●■‣"


@dataclass
class _Line:
    """One line as it stands on the page.

    Attributes:
        text: Its characters, white space collapsed.
        size: Font size of most of them, in points.
        tied: True if the next line goes on with it, whatever it looks like.
    """

    text: str
    size: float
    tied: bool = False


def read_pdf(path: Path) -> Document:
    """A PDF's text, page by page.

    Args:
        path: The file. If it is encrypted, the empty password is tried.

    Returns:
        The document, named after the file; pages without text are kept, empty.

    Raises:
        DocumentError: The file is missing, empty, no PDF, locked, broken, or has no text layer.
    """
    texts = _clean(_extract(path, _read_bytes(path)))
    if not texts:
        raise DocumentError(path, "no pages", _SAVE_ANEW)
    words = sum(len(_WORD.findall(text)) for text in texts)
    if words < MIN_WORDS_PER_PAGE * len(texts):
        found = f"no text layer ({words} word(s) on {len(texts)} page(s))"
        raise DocumentError(path, found, "Run OCR on it, or take it out")
    pages = tuple(Page(number=number, text=text) for number, text in enumerate(texts, 1))
    return Document(name=_name(path), path=str(path), pages=pages)


def read_documents(paths: Sequence[Path]) -> tuple[list[Document], list[DocumentError]]:
    """Everything that can be read, and an error for everything that cannot.

    Args:
        paths: PDFs, and folders that stand for the PDFs directly inside them, sorted by name.

    Returns:
        The documents in the order given, and the errors in the order met. Two files of one name cannot both be
        documents, since questions and chunks refer to them by it: the second is an error.
    """
    documents: list[Document] = []
    errors: list[DocumentError] = []
    taken: dict[str, Path] = {}
    for path in paths:
        files = _files(path)
        if not files:
            errors.append(DocumentError(path, "a folder without PDFs", "Put PDFs into it, or name another"))
        for file in files:
            try:
                if other := taken.get(_name(file)):
                    raise DocumentError(file, f"has the same name as {other}", "Rename one of the two")
                taken[_name(file)] = file
                documents.append(read_pdf(file))
            except DocumentError as error:
                errors.append(error)
    return documents, errors


def _files(path: Path) -> list[Path]:
    return sorted(path.glob("*.[pP][dD][fF]")) if path.is_dir() else [path]


def _name(path: Path) -> str:
    # Some file systems hand out decomposed names; a question file spells them composed.
    return unicodedata.normalize("NFC", path.stem)


def _read_bytes(path: Path) -> bytes:
    try:
        data = path.read_bytes()
    except OSError as error:
        raise DocumentError(
            path, f"cannot be opened ({error.strerror or error})", "Check the path"
        ) from error
    if not data:
        raise DocumentError(path, "empty file (0 bytes)", "Get it again, or take it out")
    if b"%PDF-" not in data[:1024]:
        raise DocumentError(path, "not a PDF", "Convert it to PDF, or take it out")
    return data


def _extract(path: Path, data: bytes) -> list[list[_Line]]:
    """The lines of each page as pypdf finds them; whatever it raises becomes a DocumentError."""
    from pypdf import PdfReader

    try:
        with _silence():
            reader = PdfReader(io.BytesIO(data))
            if not (reader.is_encrypted and not reader.decrypt("")):
                return [_lines(page) for page in reader.pages]
    except (KeyboardInterrupt, SystemExit):
        raise
    except BaseException as error:  # a panic in the Rust code under `cryptography` is no Exception
        reason = " ".join(f"{type(error).__name__}: {error}".split())[:120]
        raise DocumentError(path, f"broken PDF ({reason})", _SAVE_ANEW) from error
    raise DocumentError(path, "needs a password", "Save a copy that opens without one")


@contextmanager
def _silence() -> Iterator[None]:
    """Keep pypdf from remarking on every oddity that it repairs; what it cannot repair, it raises."""
    logger = logging.getLogger("pypdf")
    level = logger.level
    logger.setLevel(logging.CRITICAL + 1)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        logger.setLevel(level)


def _lines(page: PageObject) -> list[_Line]:
    texts, sizes = [""], [Counter[float]()]

    def visit(piece: str, cm: list[float], tm: list[float], _font: Any, font_size: float) -> None:
        size = round(font_size * math.hypot(*tm[2:4]) * math.hypot(*cm[2:4]), 1)
        for number, part in enumerate(piece.split("\n")):
            if number:
                texts.append("")
                sizes.append(Counter())
            texts[-1] += part
            sizes[-1][size] += len(part.strip())

    page.extract_text(visitor_text=visit)
    return [
        _Line(clean, max(counts, key=counts.__getitem__))
        for text, counts in zip(texts, sizes, strict=True)
        if (clean := _characters(text))
    ]


def _characters(text: str) -> str:
    """NFC, ligatures as letters, one kind of hyphen, nothing invisible, single spaces."""
    whole = text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    return " ".join(unicodedata.normalize("NFC", whole).translate(_CHARACTERS).split())


def _clean(pages: list[list[_Line]]) -> list[str]:
    pages = _without_running_lines(pages)
    pages = _with_whole_words(pages)
    width = _column_width(pages)
    return [_paragraphs(lines, width) for lines in pages]


def _without_running_lines(pages: list[list[_Line]]) -> list[list[_Line]]:
    """The pages without headers, footers and page numbers.

    A line runs if it stands near an end of three pages or more (of both, where there are two), digits aside,
    and nowhere in the body: the head of a table that goes on over pages stays. Margins are taken narrower
    where pages are so short that nothing else would be left.
    """
    for depth in range(MARGIN_LINES, 0, -1):
        running = _running(pages, depth)
        kept = [
            [line for line, outer in _placed(lines, depth) if not outer or _key(line, number) not in running]
            for number, lines in enumerate(pages)
        ]
        if any(kept):
            return kept
    return pages


def _running(pages: list[list[_Line]], depth: int) -> set[str]:
    """Keys of the lines that run, looked for among the outermost ``depth`` of each page."""
    margins: defaultdict[str, set[int]] = defaultdict(set)
    body: set[str] = set()
    for number, lines in enumerate(pages):
        for line, outer in _placed(lines, depth):
            if outer:
                margins[_key(line, number)].add(number)
            elif not _counts_pages(line):
                body.add(_key(line, number))
    enough = 2 if len(pages) == 2 else 3
    return {key for key, numbers in margins.items() if len(numbers) >= enough and key not in body}


def _placed(lines: list[_Line], depth: int) -> list[tuple[_Line, bool]]:
    """Each line, and whether it stands in the margin of its page."""
    return [(line, index < depth or index >= len(lines) - depth) for index, line in enumerate(lines)]


def _key(line: _Line, page: int) -> str:
    """What a running line has in common from page to page: a number counts the pages, words repeat."""
    if _counts_pages(line):
        return f"page {int(re.findall(r'[0-9]+', line.text)[0]) - page}"
    return f"{line.size} {re.sub(r'[0-9]+', '#', line.text)}"


def _counts_pages(line: _Line) -> bool:
    return bool(_PAGE_NUMBER.fullmatch(line.text))


def _with_whole_words(pages: list[list[_Line]]) -> list[list[_Line]]:
    """The pages with each word that breaks at a line end made whole on the line, and page, where it began."""
    lines = [line for page in pages for line in page]
    known = {word for line in lines for word in _COMPOUND.findall(line.text.casefold())}
    for line, following in reversed(list(pairwise(lines))):  # backwards: a long word may break twice
        broken = _BROKEN_WORD.search(line.text)
        if broken and following.size == line.size and following.text[0].isalnum():
            rest, _, remainder = following.text.partition(" ")
            line.text = line.text[: broken.start()] + _whole_word(broken[1], broken[2], rest, known)
            line.tied = bool(remainder) or following.tied
            following.text = remainder
    for line in lines:
        line.text = _SHY_WORD.sub(lambda word: _drawn(word, known), line.text).replace(_SOFT_HYPHEN, "")
    return [[line for line in page if line.text] for page in pages]


def _drawn(word: re.Match[str], known: set[str]) -> str:
    """A soft hyphen amid a line: a hyphen, as writers map both to one glyph, unless the document has the word whole."""
    whole = word[0].replace(_SOFT_HYPHEN, "")
    return whole if whole.casefold() in known else word[0].replace(_SOFT_HYPHEN, "-")


def _whole_word(head: str, hyphen: str, rest: str, known: set[str]) -> str:
    """Joined, unless it was a compound before the line broke it.

    ``known`` decides: the words and compounds that stand unbroken in the document, case folded.
    """
    joined, compound = head + rest, f"{head}-{rest}"

    def is_known(form: str) -> bool:
        whole = _COMPOUND.match(form.casefold())
        return whole is not None and whole[0] in known

    if hyphen == _SOFT_HYPHEN:
        return joined
    in_capitals = head.isupper() and rest[0].isupper() and not rest[1:2].islower()
    if not head[-1].isalpha() or not (rest[0].islower() or in_capitals):  # COVID-19, Alonso-Andres
        return compound
    return compound if is_known(compound) and not is_known(joined) else joined


def _column_width(pages: list[list[_Line]]) -> float:
    """Room of the line that the median character stands in, in characters times points.

    By characters, so that short rows of tables count little; times points, since smaller type has more in a line.
    """
    rooms = sorted(len(line.text) * line.size for page in pages for line in page for _ in line.text)
    return rooms[len(rooms) // 2] if rooms else 0.0


def _paragraphs(lines: list[_Line], width: float) -> str:
    """The lines of a page, with a newline where a paragraph, a heading or a table row ends, and else a space."""
    text = ""
    opens = True  # whether the line begins a block or a sentence, so that it may be a heading
    for line, following in pairwise(lines):
        ends = bool(_SENTENCE_END.search(line.text))
        parts = _parts(line, following, ends, opens, width)
        text += line.text + ("\n" if parts else _gap(line.text, following.text))
        opens = ends or parts
    return text + (lines[-1].text if lines else "")


def _parts(line: _Line, following: _Line, ends: bool, opens: bool, width: float) -> bool:
    """Whether a block ends between two lines: the type changes, or the line stops though a word would have fitted."""
    if line.tied or following.text[0].islower():
        return False
    if line.size != following.size or following.text[0] in _BULLETS:
        return True
    first_word = following.text.partition(" ")[0]
    if (len(line.text) + 1 + len(first_word)) * line.size > FULL_LINE * width:
        return False
    is_tail = _counts_pages(following) and following.text.endswith(".")  # a lone "2029." is no table row
    return ends or (opens and not is_tail)


def _gap(before: str, after: str) -> str:
    unspaced = _NO_SPACE_BETWEEN.match(before[-1]) and _NO_SPACE_BETWEEN.match(after[0])
    return "" if unspaced else " "
