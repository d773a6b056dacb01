"""pytest's side: options, the order of evaluations, the session's ledger, its summary and its reports.

The only package that imports pytest. It imports nothing heavy, so that collecting stays fast.
"""

from __future__ import annotations

import contextlib
import sys
import warnings
from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, Any

import pytest

from clara import blas
from clara.errors import ClaraError, WeakDataWarning
from clara.plugin.gate import baselines_key, check_named, question_set, read_baselines
from clara.plugin.ledger import NOT_JUDGED, Ledger, ledger_key
from clara.plugin.settings import Settings, add_options, read_settings, settings_key
from clara.profiles import COMPRESSED, CONTENDERS, CONTROLS, LADDER

if TYPE_CHECKING:
    from clara.reports.results import Results
    from clara.reports.runs import Run

_FOLDERS = ("invariants", "training", "accuracy", "performance")
# Who needs an artefact: an evaluation of one that nobody who takes part needs is not run, and does not train it.
_USED_BY = {
    "lm_artefact": ("tuned", "tuned_rag", "shuffled_labels", "lm_only"),
    "sft_artefact": ("tuned", "tuned_rag"),
    "shuffled_artefact": ("shuffled_labels",),
    "other_artefacts": ("tuned_other",),
    "clara_artefact": ("clara", "clara_shuffled"),
    "e2e_artefact": ("clara_e2e",),
    "mse_artefact": ("compression_only",),
}
_COSTED = ("rag", "rag_budget", "clara")
_JUDGED = (
    pytest.ExitCode.OK,
    pytest.ExitCode.TESTS_FAILED,
)  # any other exit status is a run that was broken off
session_key = pytest.StashKey[pytest.Session]()
_NAMES = (*CONTENDERS, *CONTROLS, *LADDER)


def pytest_addoption(parser: pytest.Parser) -> None:
    """The options of a comparison."""
    add_options(parser)


def pytest_cmdline_main(config: pytest.Config) -> int | None:
    """``--audit-gold`` lists doubts and runs no test; nothing is trained and no model is read."""
    if not config.getoption("audit_gold"):
        return None
    from clara.documents import read_documents
    from clara.questions import audit, read_questions

    settings = read_settings(config)
    documents, errors = read_documents(settings.documents)
    try:
        questions = read_questions(settings.questions, documents, [error.path.stem for error in errors])
    except ClaraError as error:
        raise pytest.UsageError(str(error)) from error
    doubts = audit(questions, documents)
    closing = f"{len(doubts)} doubts about {len(questions)} questions; each may be unfounded"
    # Before a session there is no terminal reporter to write with.
    sys.stdout.write("".join(f"{line}\n" for line in (*errors, *doubts, closing)))
    return pytest.ExitCode.OK


def pytest_configure(config: pytest.Config) -> None:
    """Choose the BLAS before anything imports MLX, and check the options before anything is trained."""
    blas.preload()
    config.stash[ledger_key] = Ledger()
    config.stash[settings_key] = read_settings(config)
    check_named(config)
    if config.getoption("numprocesses", None) and any(_in_evals(config, arg) for arg in config.args):
        raise pytest.UsageError("evaluations share what they train: run them without -n")


def pytest_report_header(config: pytest.Config) -> list[str]:
    """Profile, model and BLAS: what decides the numbers below."""
    settings = config.stash[settings_key]
    return [
        f"clara: profile {settings.profile.name}, seed {settings.seed}, model {settings.model}",
        f"clara: BLAS under MLX on the CPU: {blas.in_use()}, {blas.threads()} threads; store {settings.store}",
    ]


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """``contender`` is each that takes part, ``reader`` each that reads memory, ``costed`` each whose price counts."""
    for fixture, kinds in (("contender", None), ("reader", COMPRESSED), ("costed", _COSTED)):
        if fixture in metafunc.fixturenames:
            names = metafunc.config.stash[settings_key].contenders
            those = [name for name in names if kinds is None or name.partition("@")[0] in kinds]
            metafunc.parametrize(fixture, those, indirect=True)


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Causes before effects, the contenders asked for and no other, and no run without its inputs."""
    settings = config.stash[settings_key]
    gated = bool(config.getoption("benchmark_compare"))
    absent = [item for item in items if not _takes_part(item, settings, gated)]
    if absent:
        config.hook.pytest_deselected(items=absent)
        items[:] = [item for item in items if item not in absent]
    items.sort(key=_place)
    if any(map(_is_evaluation, items)):
        if hasattr(config, "workerinput"):
            raise pytest.UsageError("evaluations share what they train: run them without -n")
        _check_inputs(settings)
        config.stash[baselines_key] = read_baselines(config, settings)


def pytest_runtest_setup(item: pytest.Item) -> None:
    """Judge no evaluation whose ground has already failed, and no quality where the numbers cannot carry it."""
    ledger = item.config.stash[ledger_key]
    for marker in item.iter_markers("presumes"):
        for name in marker.args:
            if ledger.unsound(name):
                pytest.skip(f"{NOT_JUDGED}: it builds on {name}, which did not hold")
    profile = item.config.stash[settings_key].profile
    if item.get_closest_marker("statistical") and not profile.judges_quality:
        pytest.skip(f"profile {profile.name} proves the wiring and ranks nothing")


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo[None]) -> Iterator[None]:
    """Enter every evaluation's outcome in the ledger; one cause is red once.

    pytest raises a fixture's error again in each test that builds on it. The first is the failure; the others
    are not judged, and say whose cause it was.
    """
    report: pytest.TestReport = yield  # type: ignore[assignment,misc]
    ledger = item.config.stash[ledger_key]
    if not _is_evaluation(item):
        return report  # type: ignore[return-value]
    if report.failed and call.excinfo:
        first = ledger.causes.setdefault(id(call.excinfo.value), (report.nodeid, call.excinfo.value))[0]
        if first != report.nodeid:
            report.outcome = "skipped"
            report.longrepr = (
                str(item.path),
                item.location[1] or 0,
                f"Skipped: {NOT_JUDGED}: the cause is {first}",
            )
    is_news = report.when == "call" or not report.passed
    if is_news and (report.nodeid not in ledger.evaluations or report.failed):  # a teardown can fail, too
        ledger.evaluations[report.nodeid] = (report.outcome, _message(report))
    return report  # type: ignore[return-value]


@pytest.hookimpl(optionalhook=True)
def pytest_benchmark_update_machine_info(machine_info: dict[str, Any]) -> None:
    """What decides times and answers; not the clock rate of the moment, which would differ in every run."""
    from clara.provenance import environment

    machine_info.pop("cpu", None)
    machine_info["clara"] = environment()


@pytest.hookimpl(optionalhook=True)
def pytest_benchmark_update_json(config: pytest.Config, output_json: dict[str, Any]) -> None:
    """Answers and scores beside the times, of failing runs too, which say so: one history."""
    results = _results(config)
    if results and results.contenders:
        from clara.reports.runs import KEY, run_of

        output_json[KEY] = run_of(results).model_dump(mode="json", exclude={"commit", "time"})


def pytest_sessionstart(session: pytest.Session) -> None:
    """What was broken off is seen by the session alone."""
    session.config.stash[session_key] = session


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session: pytest.Session) -> None:
    """Write the reports, of failing runs too."""
    results = _results(session.config)
    if results:
        from clara.reports import html, summary

        folder = session.config.stash[settings_key].report
        summary.write(results, folder)
        html.write(results, folder, next(iter(session.config.stash.get(baselines_key, {}).values()), None))


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    """The table, and where the rest is."""
    results = _results(config)
    if results:
        from clara.reports.summary import table

        terminalreporter.section("clara")
        for line in table(results):
            terminalreporter.line(line)
        for text in dict.fromkeys(results.warnings):
            terminalreporter.line(f"weak data: {text}", yellow=True)
        terminalreporter.line(f"report: {config.stash[settings_key].report / 'report.html'}")


@pytest.fixture(scope="session")
def settings(pytestconfig: pytest.Config) -> Settings:
    """What the command line asked for."""
    return pytestconfig.stash[settings_key]


@pytest.fixture(scope="session")
def ledger(pytestconfig: pytest.Config) -> Ledger:
    """What the session has found so far."""
    return pytestconfig.stash[ledger_key]


@pytest.fixture(scope="session")
def baselines(pytestconfig: pytest.Config) -> dict[str, Run]:
    """The runs that this one is held against, by what they are called in messages."""
    return pytestconfig.stash[baselines_key]


@pytest.fixture(scope="session")
def run_so_far(pytestconfig: pytest.Config) -> Callable[[], Run]:
    """What is kept of this run, as far as it has come."""
    from clara.reports.runs import run_of

    def run_so_far() -> Run:
        results = _results(pytestconfig)
        assert results is not None  # an evaluation is being run
        return run_of(results)

    return run_so_far


@pytest.fixture(scope="session")
def weak_data(ledger: Ledger) -> Callable[[str], None]:
    """Say what the data cannot carry: a warning and a line of the report, never a failure."""

    def say(text: str) -> None:
        ledger.warnings.append(text)
        warnings.warn(text, WeakDataWarning, stacklevel=2)

    return say


@pytest.fixture(scope="session")
def uncaptured(pytestconfig: pytest.Config) -> Callable[[], contextlib.AbstractContextManager[None]]:
    """Lets what runs inside write to the terminal: a progress bar shows, and CI gets none."""
    capture = pytestconfig.pluginmanager.getplugin("capturemanager")
    return capture.global_and_fixture_disabled if capture else contextlib.nullcontext


def _check_inputs(settings: Settings) -> None:
    if not (settings.model / "config.json").exists():
        raise pytest.UsageError(f"no model in {settings.model}: name one with --model DIR")
    for option, paths in (("--documents", settings.documents), ("--questions", settings.questions)):
        for path in paths:
            if not path.exists():
                raise pytest.UsageError(f"{path} does not exist: name yours with {option} PATH")


def _in_evals(config: pytest.Config, argument: str) -> bool:
    path = config.invocation_params.dir / argument.partition("::")[0]
    return path.resolve().is_relative_to((config.rootpath / "evals").resolve())


def _is_complete(config: pytest.Config) -> bool:
    """Whether all of ``evals/`` was asked for, and nothing broke it off."""
    evals = (config.rootpath / "evals").resolve()
    asked = {(config.invocation_params.dir / argument).resolve() for argument in config.args}
    session = config.stash.get(session_key, None)
    is_broken_off = session is not None and (
        session.shouldfail or session.shouldstop or session.exitstatus not in _JUDGED
    )
    chosen = config.getoption("keyword") or config.getoption("markexpr")
    return evals in asked and not chosen and not is_broken_off


def _place(item: pytest.Item) -> int:
    evals = item.config.rootpath / "evals"
    if not item.path.is_relative_to(evals):
        return -1
    folder = item.path.relative_to(evals).parts[0]
    return _FOLDERS.index(folder) if folder in _FOLDERS else len(_FOLDERS)


def _takes_part(item: pytest.Item, settings: Settings, gated: bool) -> bool:
    """False for an evaluation of a contender that was not asked for, of what only such contenders need, of a gate where
    nothing was named to hold the run against, or of other seeds where there is one.
    """
    contenders, needed = settings.contenders, getattr(item, "fixturenames", ())
    if ("baselines" in needed and not gated) or ("trained_again" in needed and settings.seeds < 2):
        return False
    callspec = getattr(item, "callspec", None)
    asked_for = {
        *getattr(item, "fixturenames", ()),
        *(map(str, callspec.params.values()) if callspec else ()),
    }
    if asked_for & (set(_NAMES) - set(contenders)):
        return False
    return all(set(users) & set(contenders) for name, users in _USED_BY.items() if name in asked_for)


def _is_evaluation(item: pytest.Item) -> bool:
    return _place(item) >= 0 or "settings" in getattr(item, "fixturenames", ())


def _message(report: pytest.TestReport) -> str:
    if report.outcome == "passed":
        return ""
    if report.outcome == "skipped" and isinstance(report.longrepr, tuple):
        return str(report.longrepr[2]).removeprefix("Skipped: ")
    crash = getattr(report.longrepr, "reprcrash", None)
    said = str(crash.message if crash else report.longrepr).partition("\nassert ")[0]
    return said.removeprefix("AssertionError: ").strip()


def _results(config: pytest.Config) -> Results | None:
    """The run's results; None if no evaluation was run."""
    ledger, settings = config.stash[ledger_key], config.stash[settings_key]
    if not ledger.evaluations:
        return None
    from clara.provenance import environment, fixture_version
    from clara.reports.results import Evaluation, Results
    from clara.reports.scoring import settled, undecided

    comparisons = settled(ledger.comparisons)
    shown = [settings.shown(name) for name in settings.contenders]
    ordered: Sequence[str] = [name for name in shown if name in ledger.contenders]
    manifest = config.rootpath / "fixtures" / "MANIFEST.json"
    return Results(
        fixtures=fixture_version(manifest, (*settings.documents, *settings.questions)),
        profile=settings.profile.name,
        seed=settings.seed,
        environment=environment(),
        digests={**ledger.digests, "question set": question_set(settings)},
        facts=ledger.facts,
        losses=ledger.losses,
        contenders={name: ledger.contenders[name] for name in ordered},
        comparisons=comparisons,
        judgements=tuple(ledger.judgements),
        spreads=ledger.spreads,
        evaluations=tuple(
            Evaluation(name=node.split("evals/")[-1], outcome=outcome, message=message)
            for node, (outcome, message) in ledger.evaluations.items()
        ),
        warnings=tuple(dict.fromkeys([*ledger.warnings, *undecided(comparisons)])),
        curves=ledger.curves,
        complete=_is_complete(config),
    )
