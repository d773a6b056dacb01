"""What the command line asked for, checked before anything is trained."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest
from pydantic import ValidationError

from clara.profiles import COMPRESSED, CONTENDERS, CONTROLS, DEFAULT, LADDER, PROFILES, Compression, Profile


@dataclass(frozen=True)
class Settings:
    """What the command line asked for.

    Attributes:
        profile: How much.
        model: Folder of the base model.
        documents: PDFs or folders of them.
        questions: Gold question files or folders of them.
        compressors: Folders of pretrained compressors by rate; without any, ``clara`` begins with fresh adapters.
        compressions: Rates and document lengths; the first is that of every compressed contender, at the others
            ``clara`` and ``rag_budget`` take part once more.
        contenders: Names of fixtures that take part, in the order of the tables; with a rate where it is not the first.
        chosen: Whether they were named on the command line.
        report: Folder that receives the reports.
        store: Folder of trained adapters and answers, kept between runs.
        seed: The run's one seed.
        seeds: Trainings of the tuned contenders; those after the first count up from the seed.
    """

    profile: Profile
    model: Path
    documents: tuple[Path, ...]
    questions: tuple[Path, ...]
    compressors: Mapping[int, Path]
    compressions: tuple[Compression, ...]
    contenders: tuple[str, ...]
    chosen: bool
    report: Path
    store: Path
    seed: int
    seeds: int

    def start(self, compression: Compression) -> Path | None:
        """The pretrained compressor that a rate goes on from: its own, else the first there is."""
        return self.compressors.get(compression.rate, next(iter(self.compressors.values()), None))

    def shown(self, contender: str) -> str:
        """A contender's name in every table: a compressed one's says its rate."""
        return f"{contender}@{self.compressions[0].rate}x" if contender in COMPRESSED else contender


settings_key = pytest.StashKey[Settings]()


def add_options(parser: pytest.Parser) -> None:
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
    group.addoption("--compressor", type=Path, nargs="+", metavar="DIR",
                    help="pretrained compressors of the model, one a rate (default: the reader's)")  # fmt: skip
    group.addoption("--compression", metavar="RATES", default=None,
                    help="tokens a memory vector stands for, with commas (default: the profile's)")  # fmt: skip
    group.addoption("--contenders", metavar="NAMES",
                    help=f"who takes part, with commas (all: {', '.join((*CONTENDERS, *CONTROLS))})")  # fmt: skip
    group.addoption("--report", type=Path, metavar="DIR", default=Path("reports/latest"),
                    help="folder for results.json, summary.md, report.html (default: reports/latest)")  # fmt: skip
    group.addoption("--store", type=Path, metavar="DIR",
                    help="folder of trained adapters and answers (default: the user's cache folder)")  # fmt: skip
    group.addoption("--seed", type=int, default=0, help="the run's one seed (default: 0)")
    group.addoption("--seeds", type=int, metavar="N",
                    help="trainings of the tuned contenders (default: the profile's)")  # fmt: skip
    group.addoption("--audit-gold", action="store_true",
                    help="list what a person should look at among the gold questions, and do nothing else")  # fmt: skip


def read_settings(config: pytest.Config) -> Settings:
    """The options, with what they leave open filled in.

    Raises:
        pytest.UsageError: An option that cannot be used: exit code 4.
    """
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
    shipped = (fixtures / "models").glob("*/compressor.json") if not given["model"] else ()
    made_for = _made_for(given["compressor"] or [file.parent for file in shipped])
    compressions = _compressions(config.getoption("compression") or profile.compression, made_for)
    return Settings(
        profile=profile,
        model=given["model"] or (models[-1].parent if models else fixtures / "models"),
        documents=tuple(given["documents"] or (fixtures / "documents" / "en",)),
        questions=tuple(given["questions"] or (fixtures / "questions" / "en",)),
        compressors={made.rate: folder for folder, made in made_for.items()},
        compressions=compressions,
        contenders=_contenders(
            config.getoption("contenders"), profile, [c.rate for c in compressions], bool(made_for)
        ),
        chosen=config.getoption("contenders") is not None,
        report=config.getoption("report"),
        store=config.getoption("store") or _user_cache(),
        seed=config.getoption("seed"),
        seeds=_seeds(config.getoption("seeds"), profile),
    )


def _seeds(asked: int | None, profile: Profile) -> int:
    if asked is not None and asked < 1:
        raise pytest.UsageError(f"--seeds {asked}: give a number of trainings, at least 1")
    return profile.seeds if asked is None else asked


def _made_for(compressors: Sequence[Path]) -> dict[Path, Compression]:
    """What each was made for, by rate."""
    made_for = {}
    for folder in compressors:
        try:
            said = json.loads((folder / "compressor.json").read_text())["compression"]
            made_for[folder] = Compression.model_validate(said)
        except (OSError, ValueError, KeyError) as error:
            raise pytest.UsageError(
                f"--compressor: {folder} is no compressor ({type(error).__name__})"
            ) from error
    rates = [made.rate for made in made_for.values()]
    if len(set(rates)) < len(rates):
        raise pytest.UsageError(f"--compressor: the rates are {sorted(rates)}: name one compressor a rate")
    return dict(sorted(made_for.items(), key=lambda item: item[1].rate))


def _compressions(rates: str, made_for: Mapping[Path, Compression]) -> tuple[Compression, ...]:
    """The rates, with the document length of their pretrained compressor, else of the first."""
    lengths = {made.rate: made.max_document_tokens for made in made_for.values()}
    try:
        return tuple(dict.fromkeys(_compression(int(rate), lengths) for rate in rates.split(",")))
    except ValueError as error:
        said = str(error.errors()[0]["msg"]) if isinstance(error, ValidationError) else "give whole numbers"
        raise pytest.UsageError(f"--compression {rates}: {said.removeprefix('Value error, ')}") from error


def _compression(rate: int, lengths: Mapping[int, int]) -> Compression:
    length = lengths.get(rate, next(iter(lengths.values()), None))
    return Compression(rate=rate) if length is None else Compression(rate=rate, max_document_tokens=length)


def _contenders(
    names: str | None, profile: Profile, rates: Sequence[int], pretrained: bool
) -> tuple[str, ...]:
    """Fixtures that take part. A compressor that is not there cannot be asked as it was pretrained."""
    known = [
        *(name for name in CONTENDERS if pretrained or name != "clara_unadapted"),
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
