"""A real run to break: the evaluations on two documents and a model of some thousand parameters."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).parents[1]
FIXTURES = REPOSITORY / "fixtures"
DOCUMENTS = [FIXTURES / "documents" / "en" / f"{name}.pdf" for name in ("harbour-survey", "kiln-manual")]


@dataclass
class Bench:
    """Runs the evaluations in this process, on a store that an honest run has filled."""

    pytester: pytest.Pytester
    model: Path
    store: Path

    def run(self, *options: str) -> pytest.RunResult:
        """A run with what it wrote to the terminal."""
        return self.pytester.runpytest_inprocess(
            *arguments(self.model, self.store, self.pytester.path), *options
        )

    def red(self, *options: str) -> dict[str, str]:
        """Names of the evaluations that failed, without parameters, each with its first message."""
        run = self.pytester.inline_run(*arguments(self.model, self.store, self.pytester.path), *options)
        reds: dict[str, str] = {}
        for report in run.getfailures():
            reds.setdefault(report.nodeid.split("::")[1].split("[")[0], report.longreprtext)
        return reds


def arguments(model: Path, store: Path, report: Path) -> list[str]:
    questions = [FIXTURES / "questions" / "en" / f"{path.stem}.jsonl" for path in DOCUMENTS]
    return [
        str(REPOSITORY / "evals"), "-c", str(REPOSITORY / "pytest.ini"), "--profile", "smoke", "-q",
        "-p", "no:cacheprovider", "--model", str(model), "--store", str(store), "--report", str(report),
        "--documents", *map(str, DOCUMENTS), "--questions", *map(str, questions), "--seed", "3",
    ]  # fmt: skip


def artefacts(store: Path, stage: str) -> list[Path]:
    folders = [path.parent for path in (store / "adapters").glob("*/manifest.json")]
    return [f for f in folders if json.loads((f / "manifest.json").read_text())["recipe"]["stage"] == stage]


def artefact(store: Path, stage: str) -> Path:
    return artefacts(store, stage)[0]


def edit_manifest(folder: Path, **changes: object) -> None:
    path = folder / "manifest.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | changes))
