"""A saved run becomes the baseline that later ones are held against; a release's moves only with a release."""

from __future__ import annotations

import json
from pathlib import Path

from clara.reports.files import write_whole
from clara.reports.results import GATE
from clara.reports.runs import KEY, Run, RunError, parsed, run_in

BASELINE, RELEASE = Path("reports/baseline.json"), Path("reports/release.json")


def accept(saved: Path, reason: str, out: Path) -> Run:
    """Write a saved run as the baseline: its answers, scores and times, and why it was accepted.

    Args:
        saved: A file of pytest-benchmark's.
        reason: Stands in the file, for who reviews the commit.
        out: The baseline; what stands there is replaced.

    Raises:
        RunError: No such run, no reason, or a run whose evaluations failed or were left out: it proves nothing.
    """
    found = parsed(saved)
    if KEY not in found or "benchmarks" not in found:
        raise RunError(saved, "is no saved run", "Name one saved with --benchmark-autosave")
    run = run_in(found, saved)
    # What the gate found may be accepted: that is what a reason is for.
    if broken := [name for name in run.failed if not name.startswith(GATE)]:
        raise RunError(
            saved, f"{len(broken)} of its evaluations failed, first {broken[0]}", "Accept a run that passed"
        )
    if not run.complete:
        raise RunError(saved, "a part of the evaluations was run", "Accept a run of all of evals/")
    if not reason.strip():
        raise RunError(saved, "no reason is given", "Say why this level is accepted")
    for benchmark in found["benchmarks"]:
        benchmark["extra_info"] = {}  # all of it stands in the run, once
    found[KEY]["reason"] = reason.strip()
    _write(out, found)
    return run


def release(baseline: Path, out: Path) -> Run:
    """Write the baseline as that of a release.

    Raises:
        RunError: There is no accepted baseline.
    """
    found = parsed(baseline)
    run = run_in(found, baseline)
    if not run.reason:
        raise RunError(baseline, "was never accepted", "Accept a baseline first")
    _write(out, found)
    return run


def _write(path: Path, found: dict) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    write_whole(path, json.dumps(found, indent=1, sort_keys=True) + "\n")
