"""The runs that this one is held against: read and refused before anything is trained."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from clara.plugin.settings import Settings
from clara.provenance import digest, files_digest
from clara.reports.acceptance import RELEASE

if TYPE_CHECKING:
    from clara.reports.runs import Run

baselines_key = pytest.StashKey["dict[str, Run]"]()


def question_set(settings: Settings) -> str:
    """Digest of the question files, and of what decides which of their questions are asked."""
    paths = [
        file
        for path in settings.questions
        for file in (sorted(path.glob("*.jsonl")) if path.is_dir() else [path])
    ]
    profile = settings.profile
    return digest([files_digest(paths), profile.questions, profile.control_questions, settings.seed])


def read_baselines(config: pytest.Config, settings: Settings) -> dict[str, Run]:
    """What ``--benchmark-compare`` names, and the last release's where there is one; nothing without the option.

    Raises:
        pytest.UsageError: There is no such run, or it cannot be compared with this one: exit code 4.
    """
    named = config.getoption("benchmark_compare")
    if not named:
        return {}
    from clara.reports.runs import RunError, read_run

    release = config.rootpath / RELEASE
    try:
        found = {"the baseline": read_run(_file(config, named))}
        if release.exists():
            found["the last release"] = read_run(release)
    except RunError as error:
        raise pytest.UsageError(f"--benchmark-compare: {error}") from error
    for label, run in found.items():
        _check(label, run, settings)
    return found


def check_named(config: pytest.Config) -> None:
    """Refuse a path that does not exist: pytest-benchmark would end in an internal error on it.

    Raises:
        pytest.UsageError: There is no such file.
    """
    named = config.getoption("benchmark_compare")
    if isinstance(named, str) and len(Path(named).parts) > 2 and not Path(named).is_file():
        raise pytest.UsageError(_absent(f"there is no {named}"))


def _absent(found: str) -> str:
    remedy = "save a run with --benchmark-autosave, or accept one with clara baseline accept"
    return f"--benchmark-compare: {found}: {remedy}"


def _file(config: pytest.Config, named: str | bool) -> Path:
    """The file that is named; without a name, the last of the history that was run whole and passed."""
    from clara.reports.runs import read_run

    storage = config.pluginmanager.get_plugin("pytest-benchmark").storage  # type: ignore[union-attr]
    if named is not True:
        files = storage.query(named)
        if not files:
            raise pytest.UsageError(_absent(f"there is no {named}"))
        return Path(files[-1])
    for file in reversed(storage.query("[0-9][0-9][0-9][0-9]_")):
        run = read_run(Path(file))
        if run.complete and not run.failed:
            return Path(file)
    raise pytest.UsageError(_absent("the history holds no whole run that passed"))


def _check(label: str, run: Run, settings: Settings) -> None:
    shown = [settings.shown(name) for name in settings.contenders]
    gone = [] if settings.chosen else [name for name in run.contenders if name not in shown]
    if run.failed and not run.reason:
        fault = f"failed itself ({run.failed[0]}); name a run that passed"
    elif run.profile != settings.profile.name:
        fault = f"is of profile {run.profile}; add --profile {run.profile}"
    elif run.seed != settings.seed:
        fault = f"is of seed {run.seed}; add --seed {run.seed}"
    elif run.question_set != question_set(settings):
        fault = "asked another question set; accept a new baseline from a run of yours"
    elif gone:
        fault = f"has {', '.join(gone)}, which this run has not; choose with --contenders, or accept a new baseline"
    elif not run.complete:
        fault = "is a part of a run; name a whole one"
    elif missing := [name for name in shown if name not in run.contenders]:
        fault = f"has no {', '.join(missing)}; accept a new baseline, or choose with --contenders"
    else:
        return
    raise pytest.UsageError(f"--benchmark-compare: {label} {fault}")
