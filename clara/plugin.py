"""pytest's side: options, the order of evaluations, the session's ledger, its summary and its reports.

The only module that imports pytest. It imports nothing heavy, so that collecting stays fast.
"""

from __future__ import annotations

import contextlib
import json
import sys
import warnings
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import pytest
from pydantic import ValidationError

from clara import blas
from clara.errors import ClaraError, WeakDataWarning
from clara.profiles import COMPRESSED, CONTENDERS, CONTROLS, DEFAULT, LADDER, PROFILES, Compression, Profile

if TYPE_CHECKING:
    from clara.reports.results import Comparison, ContenderResult, Curve, Results

Outcome = Literal["passed", "failed", "skipped"]

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
_NOT_JUDGED = "not judged"
_NAMES = (*CONTENDERS, *CONTROLS, *LADDER)


@dataclass(frozen=True)
class Settings:
    """What the command line asked for.

    Attributes:
        profile: How much.
        model: Folder of the base model.
        documents: PDFs or folders of them.
        questions: Gold question files or folders of them.
        compressor: Folder of the pretrained compressor that ``clara`` goes on from; None for fresh adapters.
        compressions: Rates and document lengths; the first is that of every compressed contender, at the others
            ``clara`` and ``rag_budget`` take part once more.
        contenders: Names of fixtures that take part, in the order of the tables; with a rate where it is not the first.
        report: Folder that receives the reports.
        store: Folder of trained adapters and answers, kept between runs.
        seed: The run's one seed.
    """

    profile: Profile
    model: Path
    documents: tuple[Path, ...]
    questions: tuple[Path, ...]
    compressor: Path | None
    compressions: tuple[Compression, ...]
    contenders: tuple[str, ...]
    report: Path
    store: Path
    seed: int

    def shown(self, contender: str) -> str:
        """A contender's name in every table: a compressed one's says its rate."""
        return f"{contender}@{self.compressions[0].rate}x" if contender in COMPRESSED else contender


@dataclass
class Ledger:
    """What the session has found; reports are made of it and of nothing else.

    Attributes:
        evaluations: Outcome and message of each evaluation, by node id, in the order run.
        contenders: What each contender answered and scored.
        comparisons: Paired differences that were looked at.
        warnings: What weak data could not carry.
        digests: Digests of documents, questions, base, training data, adapters.
        facts: Numbers about the run: documents, chunks, questions, recall.
        curves: Losses of each training stage.
        causes: Errors of fixtures by identity, kept alive, with the evaluation that met each first.
    """

    evaluations: dict[str, tuple[Outcome, str]] = field(default_factory=dict)
    contenders: dict[str, ContenderResult] = field(default_factory=dict)
    comparisons: list[Comparison] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    digests: dict[str, str] = field(default_factory=dict)
    facts: dict[str, float | int | str] = field(default_factory=dict)
    curves: dict[str, Curve] = field(default_factory=dict)
    causes: dict[int, tuple[str, BaseException]] = field(default_factory=dict)

    def unsound(self, name: str) -> bool:
        """True if an evaluation of this name has failed in this session, or could not be judged itself."""
        return any(
            outcome == "failed" or message.startswith(_NOT_JUDGED)
            for node, (outcome, message) in self.evaluations.items()
            if node.split("::")[-1].split("[")[0] == f"test_{name}"
        )


settings_key = pytest.StashKey[Settings]()
ledger_key = pytest.StashKey[Ledger]()


def pytest_addoption(parser: pytest.Parser) -> None:
    """The options of a comparison."""
    group = parser.getgroup("clara", "does tuning beat retrieval on your documents?")
    group.addoption("--profile", choices=sorted(PROFILES), default=DEFAULT.name,
                    help="how much: smoke proves the wiring and ranks nothing, default measures")  # fmt: skip
    group.addoption("--model", type=Path, metavar="DIR",
                    help="base model in the hub's layout (default: the reader in fixtures/models)")  # fmt: skip
    group.addoption("--documents", type=Path, nargs="+", metavar="PATH",
                    help="PDFs, or folders of PDFs (default: fixtures/documents/en)")  # fmt: skip
    group.addoption("--questions", type=Path, nargs="+", metavar="PATH",
                    help="gold questions: JSON Lines, or folders of them (default: fixtures/questions/en)")  # fmt: skip
    group.addoption("--compressor", type=Path, metavar="DIR",
                    help="pretrained compressor of the model (default: the embedded reader's, for it)")  # fmt: skip
    group.addoption("--compression", metavar="RATES", default=None,
                    help="tokens a memory vector stands for, with commas (default: the profile's)")  # fmt: skip
    group.addoption("--contenders", metavar="NAMES",
                    help=f"who takes part, with commas (all: {', '.join((*CONTENDERS, *CONTROLS))})")  # fmt: skip
    group.addoption("--report", type=Path, metavar="DIR", default=Path("reports/latest"),
                    help="folder for results.json, summary.md, report.html (default: reports/latest)")  # fmt: skip
    group.addoption("--store", type=Path, metavar="DIR",
                    help="folder of trained adapters and answers (default: the user's cache folder)")  # fmt: skip
    group.addoption("--seed", type=int, default=0, help="the run's one seed (default: 0)")
    group.addoption("--audit-gold", action="store_true",
                    help="list what a person should look at among the gold questions, and do nothing else")  # fmt: skip


def pytest_cmdline_main(config: pytest.Config) -> int | None:
    """``--audit-gold`` lists doubts and runs no test; nothing is trained and no model is read."""
    if not config.getoption("audit_gold"):
        return None
    from clara.documents import read_documents
    from clara.questions import audit, read_questions

    settings = _settings(config)
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
    config.stash[settings_key] = _settings(config)


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
    absent = [item for item in items if not _takes_part(item, settings.contenders)]
    if absent:
        config.hook.pytest_deselected(items=absent)
        items[:] = [item for item in items if item not in absent]
    items.sort(key=_place)
    if any(map(_is_evaluation, items)):
        if hasattr(config, "workerinput"):
            raise pytest.UsageError("evaluations share what they train: run them without -n")
        _check_inputs(settings)


def pytest_runtest_setup(item: pytest.Item) -> None:
    """Judge no evaluation whose ground has already failed, and no quality where the numbers cannot carry it."""
    ledger = item.config.stash[ledger_key]
    for marker in item.iter_markers("presumes"):
        for name in marker.args:
            if ledger.unsound(name):
                pytest.skip(f"{_NOT_JUDGED}: it builds on {name}, which did not hold")
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
                f"Skipped: {_NOT_JUDGED}: the cause is {first}",
            )
    is_news = report.when == "call" or not report.passed
    if is_news and (report.nodeid not in ledger.evaluations or report.failed):  # a teardown can fail, too
        ledger.evaluations[report.nodeid] = (report.outcome, _message(report))
    return report  # type: ignore[return-value]


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session: pytest.Session) -> None:
    """Write the reports, of failing runs too."""
    results = _results(session.config)
    if results:
        from clara.reports import html, summary

        folder = session.config.stash[settings_key].report
        summary.write(results, folder)
        html.write(results, folder)


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


def _settings(config: pytest.Config) -> Settings:
    fixtures = config.rootpath / "fixtures"
    models = sorted((fixtures / "models").glob("*/config.json"))
    given = {name: config.getoption(name) for name in ("model", "documents", "questions", "compressor")}
    for name, paths in given.items():
        for path in [paths] if isinstance(paths, Path) else paths or ():
            if not path.exists():
                raise pytest.UsageError(f"--{name}: {path} does not exist")
    for name in ("report", "store"):
        folder = config.getoption(name)
        if folder and folder.exists() and not folder.is_dir():
            raise pytest.UsageError(f"--{name}: {folder} is not a folder")
    profile = PROFILES[config.getoption("profile")]
    shipped = sorted((fixtures / "models").glob("*/compressor.json")) if not given["model"] else []
    compressor = given["compressor"] or (shipped[-1].parent if shipped else None)
    compressions = _compressions(config.getoption("compression") or profile.compression, compressor)
    return Settings(
        profile=profile,
        model=given["model"] or (models[-1].parent if models else fixtures / "models"),
        documents=tuple(given["documents"] or (fixtures / "documents" / "en",)),
        questions=tuple(given["questions"] or (fixtures / "questions" / "en",)),
        compressor=compressor,
        compressions=compressions,
        contenders=_contenders(
            config.getoption("contenders"), profile, [c.rate for c in compressions], compressor
        ),
        report=config.getoption("report"),
        store=config.getoption("store") or _user_cache(),
        seed=config.getoption("seed"),
    )


def _compressions(rates: str, compressor: Path | None) -> tuple[Compression, ...]:
    limit = {}
    try:
        if compressor:
            made_for = json.loads((compressor / "compressor.json").read_text())["compression"]
            limit = {"max_document_tokens": made_for["max_document_tokens"]}
    except (OSError, ValueError, KeyError) as error:
        raise pytest.UsageError(
            f"--compressor: {compressor} is no compressor ({type(error).__name__})"
        ) from error
    try:
        return tuple(dict.fromkeys(Compression(rate=int(rate), **limit) for rate in rates.split(",")))
    except ValueError as error:
        said = str(error.errors()[0]["msg"]) if isinstance(error, ValidationError) else "give whole numbers"
        raise pytest.UsageError(f"--compression {rates}: {said.removeprefix('Value error, ')}") from error


def _contenders(
    names: str | None, profile: Profile, rates: Sequence[int], compressor: Path | None
) -> tuple[str, ...]:
    """Fixtures that take part. A compressor that is not there cannot be asked as it was pretrained."""
    known = [
        *(name for name in CONTENDERS if compressor or name != "clara_unadapted"),
        *(f"{name}@{rate}x" for rate in rates[1:] for name in ("clara", "rag_budget")),
        *CONTROLS,
        *(LADDER if profile.ladder else ()),
    ]
    first = f"@{rates[0]}x"
    asked = [name.strip() for name in names.split(",")] if names is not None else known
    asked = [
        name.removesuffix(first) if name.removesuffix(first) in COMPRESSED else name for name in asked if name
    ]
    unknown = [name for name in asked if name not in known]
    if unknown or not asked:
        raise pytest.UsageError(
            f"--contenders: {', '.join(unknown) or 'none'}: choose from {', '.join(known)}"
        )
    return tuple(name for name in known if name in asked)


def _user_cache() -> Path:
    from platformdirs import user_cache_path

    return user_cache_path("clara-evals")


def _check_inputs(settings: Settings) -> None:
    if not (settings.model / "config.json").exists():
        raise pytest.UsageError(f"no model in {settings.model}: name one with --model DIR")
    for option, paths in (("--documents", settings.documents), ("--questions", settings.questions)):
        for path in paths:
            if not path.exists():
                raise pytest.UsageError(f"{path} does not exist: name yours with {option} PATH")


def _place(item: pytest.Item) -> int:
    evals = item.config.rootpath / "evals"
    if not item.path.is_relative_to(evals):
        return -1
    folder = item.path.relative_to(evals).parts[0]
    return _FOLDERS.index(folder) if folder in _FOLDERS else len(_FOLDERS)


def _takes_part(item: pytest.Item, contenders: Sequence[str]) -> bool:
    """False for an evaluation of a contender that was not asked for, or of what only such contenders need."""
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

    shown = [settings.shown(name) for name in settings.contenders]
    ordered: Sequence[str] = [name for name in shown if name in ledger.contenders]
    manifest = config.rootpath / "fixtures" / "MANIFEST.json"
    return Results(
        fixtures=fixture_version(manifest, (*settings.documents, *settings.questions)),
        profile=settings.profile.name,
        seed=settings.seed,
        environment=environment(),
        digests=ledger.digests,
        facts=ledger.facts,
        contenders={name: ledger.contenders[name] for name in ordered},
        comparisons=tuple(ledger.comparisons),
        evaluations=tuple(
            Evaluation(name=node.split("evals/")[-1], outcome=outcome, message=message)
            for node, (outcome, message) in ledger.evaluations.items()
        ),
        warnings=tuple(dict.fromkeys(ledger.warnings)),
        curves=ledger.curves,
    )
