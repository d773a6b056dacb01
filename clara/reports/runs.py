"""A run as it is kept and compared: what each contender answered, and what decides whether two runs may be compared.

Kept under one key of pytest-benchmark's files, beside the times: one history for speed and accuracy.
"""

from __future__ import annotations

import json
from pathlib import Path
from statistics import fmean
from typing import Any

from pydantic import Field, ValidationError

from clara.errors import ClaraError
from clara.records import Record
from clara.reports.results import ContenderResult, Results, ResultsError, results_in

KEY = "clara"  # in pytest-benchmark's file
_INPUTS = ("base", "documents", "compressor")  # by digest
_NOT_THE_MACHINE = ("clara-evals",)  # what is judged must not excuse itself


class RunError(ClaraError):
    """A file that holds no run, or two runs that cannot be compared.

    Attributes:
        source: The file.
        found: What is wrong with it.
        remedy: What to do.
    """

    def __init__(self, source: Path | str, found: str, remedy: str) -> None:
        self.source, self.found, self.remedy = source, found, remedy
        super().__init__(f"{source}: {found}. {remedy}.")


class ContenderRun(Record):
    """What a contender did in a run.

    Attributes:
        frozen: True if nothing about it was trained in the run, so that equal inputs mean equal answers.
        seconds: Time its answers took when they were made.
        answers: Text of each answer, by question id.
        em, f1: Scores by question id, in [0, 1]; of an unanswerable question, ``em`` says whether it said so.
    """

    frozen: bool
    seconds: float
    answers: dict[str, str]
    em: dict[str, float]
    f1: dict[str, float]

    @property
    def mean_f1(self) -> float:
        """Over the answerable questions."""
        return fmean(self.f1.values())

    @property
    def mean_em(self) -> float:
        """Over all questions: right answers, and silence where there is none."""
        return fmean(self.em.values())


class Run(Record):
    """One run of the evaluations.

    Attributes:
        version: Of this form.
        profile: Name of the profile.
        seed: The run's one seed.
        question_set: Digest of the question files, and of what decides which of them are asked.
        base: Digest of the base model.
        environment: Versions and machine.
        digests: Of documents, questions, base, training data and adapters.
        failed: Evaluations that failed.
        complete: Whether it was run whole, invariants and all.
        losses: Held-out losses before and after training, in nats a token.
        sources: The chunk that holds each answerable question's evidence, by question id.
        contenders: By the name that the tables show.
        reason: Why it was accepted as a baseline; empty for any other run.
        commit: Commit of the code, where the file says so.
        time: When, in ISO 8601; empty where the file does not say so.
    """

    version: int = 1
    profile: str
    seed: int
    question_set: str
    base: str
    environment: dict[str, str | int]
    digests: dict[str, str] = Field(default_factory=dict)
    failed: tuple[str, ...]
    complete: bool
    losses: dict[str, tuple[float, float]]
    sources: dict[str, str]
    contenders: dict[str, ContenderRun] = Field(min_length=1)
    reason: str = ""
    commit: str = ""
    time: str = ""

    def same_machine(self, other: Run) -> bool:
        """True if equal questions must give equal answers: versions, processor, BLAS, threads and all inputs agree."""
        return not self.difference(other)

    def difference(self, other: Run) -> str:
        """What differs that can change an answer although nothing was trained; empty if nothing does.

        An input that one of the runs had no use for says nothing: a run of ``rag`` alone reads no compressor.
        """
        inputs = [name for name in _INPUTS if name in self.digests and name in other.digests]
        here, there = (
            {**run.environment, **{name: run.digests[name][:12] for name in inputs}} for run in (self, other)
        )
        names = sorted((here.keys() | there.keys()) - {*_NOT_THE_MACHINE})
        apart = [name for name in names if here.get(name) != there.get(name)]
        return ", ".join(f"{name} {there.get(name)} → {here.get(name)}" for name in apart)


def run_of(results: Results) -> Run:
    """What is kept of a run's results."""
    return Run(
        profile=results.profile, seed=results.seed, question_set=results.digests.get("question set", ""),
        base=results.digests.get("base", ""), environment=results.environment, digests=results.digests,
        failed=tuple(evaluation.name for evaluation in results.failures),
        complete=results.complete and results.proved, losses=results.losses,
        sources={
            row.id: row.source_chunk
            for contender in results.contenders.values() for row in contender.questions if row.source_chunk
        },
        contenders={name: _kept(contender) for name, contender in results.contenders.items()},
    )  # fmt: skip


def read_run(path: Path) -> Run:
    """A run from a report folder, its ``results.json``, or a file of pytest-benchmark's.

    Raises:
        RunError: There is none, or it is of another version.
    """
    file = path / "results.json" if path.is_dir() else path
    return run_in(parsed(file), file)


def parsed(file: Path) -> dict[str, Any]:
    """The object that a file holds.

    Raises:
        RunError: It cannot be read, or holds no object.
    """
    try:
        found = json.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise RunError(file, f"cannot be read ({error})", "Name a report folder or a saved run") from error
    if not isinstance(found, dict):
        raise RunError(file, "holds no object", "Name a report folder or a saved run")
    return found


def run_in(found: dict[str, Any], source: Path | str) -> Run:
    """The run in a parsed file.

    Raises:
        RunError: There is none, or it is of another version.
    """
    try:
        if "benchmarks" not in found:
            return run_of(results_in(found, source))
        commit, time = found.get("commit_info", {}).get("id") or "", found.get("datetime", "")
        return Run.model_validate({"commit": commit, "time": time, **found[KEY]})
    except (ValidationError, ResultsError, KeyError, TypeError, AttributeError) as error:
        first = " ".join(str(error).split())[:160]
        raise RunError(
            source, f"holds no run of this version ({first})", "Make it anew with pytest evals/"
        ) from error


def _kept(contender: ContenderResult) -> ContenderRun:
    rows = contender.questions
    return ContenderRun(
        frozen=contender.saw_documents == contender.saw_questions == "no", seconds=contender.seconds,
        answers={row.id: row.answer for row in rows},
        em={row.id: row.scores["em"] or 0.0 for row in rows},
        f1=contender.f1_of,
    )  # fmt: skip
