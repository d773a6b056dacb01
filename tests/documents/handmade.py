"""PDFs written by hand, object by object, so that a test says exactly what stands in its file."""

from __future__ import annotations

import io
from pathlib import Path

from pypdf import PdfReader, PdfWriter

Line = str | tuple[str, float]


def save_pdf(path: Path, *pages: list[Line]) -> Path:
    """Pages of lines from top to bottom; a line is its text, or its text and font size (12 points if not said)."""
    path.write_bytes(pdf_bytes(*pages))
    return path


def pdf_bytes(*pages: list[Line]) -> bytes:
    texts = "".join(line if isinstance(line, str) else line[0] for page in pages for line in page)
    kids = " ".join(f"{5 + 2 * number} 0 R" for number in range(len(pages)))
    objects = [
        b"<</Type/Catalog/Pages 2 0 R>>",
        f"<</Type/Pages/Count {len(pages)}/Kids[{kids}]>>".encode(),
        b"<</Type/Font/Subtype/Type0/BaseFont/Hand/Encoding/Identity-H/ToUnicode 4 0 R/DescendantFonts["
        b"<</Type/Font/Subtype/CIDFontType2/BaseFont/Hand/DW 500"
        b"/CIDSystemInfo<</Registry(Adobe)/Ordering(Identity)/Supplement 0>>>>]>>",
        _stream(_unicode_map(texts)),
    ]
    for number, page in enumerate(pages):
        resources = "/Resources<</Font<</F 3 0 R>>>>/MediaBox[0 0 595 842]"
        content = f"/Contents {6 + 2 * number} 0 R" if page else ""
        objects.append(f"<</Type/Page/Parent 2 0 R{resources}{content}>>".encode())
        objects.append(_stream(_content(page)))
    return _file(objects)


def encrypt(path: Path, user: str, owner: str, algorithm: str) -> Path:
    """The file, encrypted in place by pypdf's own writer."""
    writer = PdfWriter(clone_from=PdfReader(io.BytesIO(path.read_bytes())))
    writer.encrypt(user, owner, algorithm=algorithm)
    with path.open("wb") as file:
        writer.write(file)
    return path


def _content(lines: list[Line]) -> str:
    shown = []
    for index, line in enumerate(lines):
        text, size = (line, 12.0) if isinstance(line, str) else line
        shown.append(f"BT /F {size} Tf 72 {800 - 15 * index} Td <{_hex(text)}> Tj ET")
    return "\n".join(shown)


def _unicode_map(text: str) -> str:
    pairs = "\n".join(f"<{_hex(character)}> <{_hex(character)}>" for character in sorted(set(text)))
    return f"1 begincodespacerange <0000> <FFFF> endcodespacerange\n{len(set(text))} beginbfchar\n{pairs}\nendbfchar"


def _hex(text: str) -> str:
    return text.encode("utf-16-be").hex()


def _stream(content: str) -> bytes:
    return f"<</Length {len(content)}>>stream\n{content}\nendstream".encode()


def _file(objects: list[bytes]) -> bytes:
    data, places = b"%PDF-1.7\n", []
    for number, body in enumerate(objects, 1):
        places.append(len(data))
        data += b"%d 0 obj\n%b\nendobj\n" % (number, body)
    table = b"".join(b"%010d 00000 n \n" % place for place in places)
    head = b"xref\n0 %d\n0000000000 65535 f \n" % (len(objects) + 1)
    trailer = b"trailer<</Size %d/Root 1 0 R>>\nstartxref\n%d\n%%%%EOF\n" % (len(objects) + 1, len(data))
    return data + head + table + trailer
