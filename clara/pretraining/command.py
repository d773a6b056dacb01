"""What the commands that make a model share: a folder to fill, going on in it, and errors in one line."""

from __future__ import annotations

import argparse
import logging
import os
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

from clara.errors import ClaraError
from clara.pretraining.overlap import own_exam

_log = logging.getLogger(__name__)


def run(
    parser: argparse.ArgumentParser,
    arguments: Sequence[str] | None,
    make: Callable[[argparse.Namespace], None],
) -> int:
    """Read the command line and make what it asks for; 1 if an input cannot be used or the training must stop.

    Args:
        parser: With the command's own options; ``--out``, ``--resume``, ``--workers`` and ``--apart-from`` are added.
        arguments: The command line, without the program's name.
        make: Called with the options.
    """
    parser.add_argument("--out", type=Path, required=True, help="folder of everything that is made")
    parser.add_argument("--resume", action="store_true", help="go on with what is in the folder")
    parser.add_argument("--workers", type=int, default=max(1, (os.cpu_count() or 2) - 2), help="row makers")
    parser.add_argument("--apart-from", type=Path, nargs="+", default=own_exam(),
                        help="folders of documents with gold questions that nothing may be trained on "
                             "(default: this repository's fixtures)")  # fmt: skip
    options = parser.parse_args(arguments)
    if options.out.exists() and any(options.out.iterdir()) and not options.resume:
        parser.error(f"{options.out} is not empty. Add --resume to go on with it, or name another folder.")
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s", stream=sys.stdout)
    logging.getLogger("httpx").setLevel(logging.WARNING)
    try:
        make(options)
    except (ClaraError, OSError, ValueError) as error:
        _log.error("%s", error)
        return 1
    return 0
