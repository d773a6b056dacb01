"""Trained adapters on disk, each named by the digest of all that it came from.

A folder holds mlx-lm's two adapter files and ``manifest.json``. It appears whole or not at all: training
works in ``<digest>.partial`` under a lock, and the finished folder is renamed into place.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from filelock import FileLock
from pydantic import ValidationError

from clara.errors import ArtefactError
from clara.model.adapters import (
    CONFIG,
    WEIGHTS,
    adapter_digest,
    attach,
    load_adapter,
    save_adapter,
)
from clara.model.base import LanguageModel
from clara.profiles import Lora
from clara.provenance import code_digest, digest, environment
from clara.records import Record
from clara.training.loop import Stage, train

_MANIFEST = "manifest.json"


class Recipe(Record):
    """All that decides an artefact; its digest is the artefact's name.

    Attributes:
        stage: Name of the stage.
        parent: Digest of the artefact it starts from; None for fresh adapters.
        base: Digest of the base's files.
        data: Digest of what is trained and measured on.
        settings: Budget and every other setting of the stage.
        lora: Shape of the adapters.
        seed: Draws the initial adapters and orders the batches.
        code: Digest of the code that trains.
        environment: Versions and machine.
    """

    stage: str
    parent: str | None
    base: str
    data: str
    settings: dict[str, Any]
    lora: Lora
    seed: int
    code: str
    environment: dict[str, str | int]

    @property
    def digest(self) -> str:
        """Name of the artefact."""
        return digest(self.model_dump(mode="json"))


class Manifest(Record):
    """What an artefact says of itself (``manifest.json``).

    Attributes:
        schema_version: Raised when a field changes its meaning.
        recipe: All that it came from.
        initial_digest: Digest of the adapter before its first step.
        adapter_digest: Digest of the adapter in the file.
        losses: Training loss of each step, in nats a token.
        supervised_tokens: Supervised tokens of each step's smallest micro-batch.
        held_out: Pairs of step and held-out loss.
        seconds: Training time.
    """

    schema_version: int = 1
    recipe: Recipe
    initial_digest: str
    adapter_digest: str
    losses: tuple[float, ...]
    supervised_tokens: tuple[int, ...]
    held_out: tuple[tuple[int, float], ...]
    seconds: float


@dataclass(frozen=True)
class Artefact:
    """A trained adapter.

    Attributes:
        path: Its folder.
        manifest: What it says of itself.
        parent: The artefact that it was trained on from.
    """

    path: Path
    manifest: Manifest
    parent: Artefact | None = None

    def load(self, base: LanguageModel) -> LanguageModel:
        """The base's view with this adapter, strictly."""
        return load_adapter(base, self.path)

    @property
    def chain(self) -> tuple[Artefact, ...]:
        """Every stage, the first first."""
        return (*(self.parent.chain if self.parent else ()), self)


def obtain(
    store: Path,
    base: LanguageModel,
    stage: Callable[[], Stage],
    *,
    name: str,
    data: Any,
    settings: dict[str, Any],
    lora: Lora,
    seed: int,
    parent: Artefact | None = None,
) -> Artefact:
    """The artefact of this recipe: read if it exists, trained if it does not.

    Args:
        store: Folder of all artefacts.
        base: The frozen base.
        stage: Builds the stage; called only if there is something to train.
        name: Name of the stage.
        data: JSON-like value of what is trained and measured on.
        settings: Budget and other settings, JSON-like.
        lora: Shape of the adapters.
        seed: Of the adapters and the order of batches.
        parent: Stage to go on from; None starts from fresh adapters.

    Raises:
        TrainingError: Training had to stop; nothing is left under the artefact's name.
        ArtefactError: What lies there is not what its manifest says.
    """
    recipe = Recipe(
        stage=name, parent=parent.manifest.recipe.digest if parent else None, base=base.base_digest,
        data=digest(data), settings=settings, lora=lora, seed=seed, code=code_digest(),
        environment=environment(),
    )  # fmt: skip
    path = store / recipe.digest[:32]
    store.mkdir(parents=True, exist_ok=True)
    with FileLock(f"{path}.lock"):
        if not path.exists():
            _make(path, recipe, base, stage(), parent)
        return _open(path, recipe, parent)


def _make(path: Path, recipe: Recipe, base: LanguageModel, stage: Stage, parent: Artefact | None) -> None:
    partial = path.with_suffix(".partial")
    start = parent.load(base) if parent else attach(base, recipe.lora, recipe.seed)
    initial = adapter_digest(start.model)
    history = train(start.model, stage, partial)
    save_adapter(start.model, recipe.lora, partial)
    manifest = Manifest(
        recipe=recipe, initial_digest=initial or "", adapter_digest=adapter_digest(start.model) or "",
        losses=tuple(history.losses), supervised_tokens=tuple(history.supervised_tokens),
        held_out=tuple(history.held_out), seconds=history.seconds,
    )  # fmt: skip
    (partial / _MANIFEST).write_text(manifest.model_dump_json(indent=1) + "\n")
    for leftover in [path for path in partial.iterdir() if path.name not in (WEIGHTS, CONFIG, _MANIFEST)]:
        leftover.unlink()
    partial.replace(path)


def _open(path: Path, recipe: Recipe, parent: Artefact | None) -> Artefact:
    remedy = "Delete the folder and run again"
    try:
        manifest = Manifest.model_validate_json((path / _MANIFEST).read_text())
    except (OSError, ValidationError) as error:
        raise ArtefactError(
            path, f"{_MANIFEST} is missing or broken ({type(error).__name__})", remedy
        ) from error
    if manifest.recipe != recipe:
        raise ArtefactError(path, "its manifest tells of another recipe", remedy)
    if not (path / WEIGHTS).exists():
        raise ArtefactError(path, f"{WEIGHTS} is missing", remedy)
    return Artefact(path, manifest, parent)
