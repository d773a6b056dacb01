"""``python -m clara.documents FILE...``: what the harness will read of a PDF, or why it cannot."""

from __future__ import annotations

import argparse
import io
import sys
from collections.abc import Sequence
from pathlib import Path

from clara.documents.pdf import read_pdf
from clara.errors import DocumentError


def main(arguments: Sequence[str] | None = None) -> int:
    """Print the text of each file, a form feed between pages and between files; errors go to stderr.

    Returns:
        The exit status: 1 if any file failed, else 0.
    """
    parser = argparse.ArgumentParser(prog="python -m clara.documents", description=__doc__)
    parser.add_argument("files", nargs="+", type=Path, metavar="FILE", help="a PDF")
    _speak_utf8(sys.stdout, sys.stderr)
    pages: list[str] = []
    failed = 0
    for path in parser.parse_args(arguments).files:
        try:
            pages += [page.text for page in read_pdf(path).pages]
        except DocumentError as error:
            failed += 1
            print(error, file=sys.stderr)
    if pages:
        print("\f".join(pages))
    return min(failed, 1)


def _speak_utf8(*streams: object) -> None:
    # The text of a document must not depend on the locale of the terminal.
    for stream in streams:
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(encoding="utf-8", errors="backslashreplace")


if __name__ == "__main__":
    sys.exit(main())
