"""What a result came from: digests of inputs, versions, machine. Two equal digests mean equal inputs."""

from __future__ import annotations

import hashlib
import json
import platform
from collections.abc import Iterable
from functools import cache
from importlib.metadata import version
from pathlib import Path
from typing import Any

from clara import blas

_PACKAGES = (
    "clara-evals",
    "mlx",
    "mlx-lm",
    "numpy",
    "pypdf",
    "scikit-learn",
    "scipy",
    "tokenizers",
    "transformers",
)


def digest(value: Any) -> str:
    """SHA-256 (hex) of a JSON-like value; equal for equal values, whatever the order of their keys."""
    text = json.dumps(value, sort_keys=True, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    return hashlib.sha256(text.encode()).hexdigest()


def file_digest(path: Path) -> str:
    """SHA-256 (hex) of a file's bytes."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def files_digest(paths: Iterable[Path]) -> str:
    """One digest of several files: of their names (not folders) and contents, in the order of the names."""
    return digest(sorted((path.name, file_digest(path)) for path in paths))


def fixture_version(manifest: Path, paths: Iterable[Path]) -> int | None:
    """Version of the frozen documents and questions, if a run reads nothing else.

    Args:
        manifest: ``fixtures/MANIFEST.json``.
        paths: Documents and question files of the run, or folders of them.

    Returns:
        None where a file is not, or not any more, what was frozen.
    """
    if not manifest.exists():
        return None
    frozen = json.loads(manifest.read_text())
    files = [file for path in paths for file in (sorted(path.glob("*.*")) if path.is_dir() else [path])]
    is_frozen = all(file_digest(file) in frozen["files"].values() for file in files)
    return int(frozen["version"]) if is_frozen else None


@cache
def code_digest() -> str:
    """Digest of the code that turns token ids into weights and into answers.

    What comes before it (documents, questions, retrieval, prompts) shows in those ids, and has no place here.
    """
    root = Path(__file__).parent
    files = [
        root / "losses.py",
        *sorted((root / "model").glob("*.py")),
        *sorted((root / "training").glob("*.py")),
    ]
    return digest([(str(path.relative_to(root)), file_digest(path)) for path in files])


@cache
def environment() -> dict[str, str | int]:
    """Versions and machine: everything outside the inputs that can change a number.

    Returns:
        Package versions, Python, operating system, processor, the BLAS in use and its threads.
    """
    return {
        **{name: version(name) for name in _PACKAGES},
        "python": platform.python_version(),
        "system": f"{platform.system()} {platform.machine()}",
        "processor": _processor(),
        "blas": blas.in_use(),
        "threads": blas.threads(),
    }


def _processor() -> str:
    cpuinfo = Path("/proc/cpuinfo")
    if cpuinfo.exists():
        for line in cpuinfo.read_text().splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.processor() or platform.machine()
