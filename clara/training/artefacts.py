"""Trained adapters and compressors on disk, each named by the digest of all that it came from.

A folder holds mlx-lm's two adapter files, or a compressor's, and ``manifest.json``. It appears whole or not at
all: training works in ``<digest>.partial`` under a lock, and the finished folder is renamed into place.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from filelock import FileLock
from pydantic import ValidationError

from clara.errors import ArtefactError
from clara.model import views
from clara.model.adapters import load_adapter
from clara.model.base import LanguageModel
from clara.model.writing import Compressor
from clara.provenance import code_digest, digest, environment
from clara.records import Record
from clara.training.forms import Form
from clara.training.loop import Stage, train

_MANIFEST = "manifest.json"
_AT_WORK = "training"  # what only an unfinished training needs


class Recipe(Record):
    """All that decides an artefact; its digest is the artefact's name.

    Attributes:
        stage: Name of the stage.
        parent: Digest of the artefact or pretrained compressor it starts from; None for fresh weights.
        base: Digest of the base's files.
        data: Digest of what is trained and measured on.
        settings: Budget and every other setting of the stage.
        form: What is trained: shape and seed, and a compressor's rate.
        seed: Orders the batches.
        code: Digest of the code that trains.
        environment: Versions and machine.
    """

    stage: str
    parent: str | None
    base: str
    data: str
    settings: dict[str, Any]
    form: dict[str, Any]
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
        initial_digest: Digest of the adapter or compressor before its first step.
        adapter_digest: Digest of what is in the files.
        losses: Training loss of each step, in nats a token.
        supervised_tokens: Supervised tokens of each step.
        answer_tokens: Those of them, in all, that answer questions.
        questions: Ids of the questions answered, as often as they were trained on.
        held_out: Pairs of step and held-out loss.
        seconds: Training time.
    """

    schema_version: int = 2
    recipe: Recipe
    initial_digest: str
    adapter_digest: str
    losses: tuple[float, ...]
    supervised_tokens: tuple[int, ...]
    answer_tokens: int
    questions: tuple[str, ...]
    held_out: tuple[tuple[int, float], ...]
    seconds: float


@dataclass(frozen=True)
class Artefact:
    """A trained adapter or compressor.

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

    def compressor(self, base: LanguageModel) -> Compressor:
        """The compressor over its base, strictly."""
        return Compressor(base, *views.load(base, self.path))

    @property
    def chain(self) -> tuple[Artefact, ...]:
        """Every stage, the first first."""
        return (*(self.parent.chain if self.parent else ()), self)


def obtain(
    store: Path,
    base: LanguageModel,
    stage: Callable[[], Stage],
    *,
    form: Form,
    name: str,
    data: Any,
    settings: dict[str, Any],
    seed: int,
    parent: Artefact | None = None,
) -> Artefact:
    """The artefact of this recipe: read if it exists, trained if it does not.

    Args:
        store: Folder of all artefacts.
        base: The frozen base.
        stage: Builds the stage; called only if there is something to train.
        form: What is trained.
        name: Name of the stage.
        data: JSON-like value of what is trained and measured on.
        settings: Budget and other settings, JSON-like.
        seed: Of the order of batches.
        parent: Stage to go on from; None starts where the form starts.

    Raises:
        TrainingError: Training had to stop; nothing is left under the artefact's name.
        ArtefactError: What lies there is not what its manifest says.
    """
    recipe = Recipe(
        stage=name, parent=parent.manifest.recipe.digest if parent else form.origin, base=base.base_digest,
        data=digest(data), settings=settings, form=form.settings, seed=seed, code=code_digest(),
        environment=environment(),
    )  # fmt: skip
    path = store / recipe.digest[:32]
    store.mkdir(parents=True, exist_ok=True)
    with FileLock(f"{path}.lock"):
        if not path.exists():
            _make(path, recipe, base, form, stage(), parent)
        return _open(path, recipe, form, parent)


def _make(
    path: Path, recipe: Recipe, base: LanguageModel, form: Form, stage: Stage, parent: Artefact | None
) -> None:
    partial = path.with_suffix(".partial")
    model = form.begin(base, parent.path if parent else None)
    initial = form.digest(model)
    history = train(model, stage, partial / _AT_WORK)
    form.save(model, base, partial)
    manifest = Manifest(
        recipe=recipe, initial_digest=initial, adapter_digest=form.digest(model),
        losses=tuple(history.losses), supervised_tokens=tuple(history.supervised_tokens),
        answer_tokens=history.answer_tokens, questions=tuple(history.questions),
        held_out=tuple(history.held_out), seconds=history.seconds,
    )  # fmt: skip
    (partial / _MANIFEST).write_text(manifest.model_dump_json(indent=1) + "\n")
    shutil.rmtree(partial / _AT_WORK, ignore_errors=True)
    partial.replace(path)


def _open(path: Path, recipe: Recipe, form: Form, parent: Artefact | None) -> Artefact:
    remedy = "Delete the folder and run again"
    try:
        manifest = Manifest.model_validate_json((path / _MANIFEST).read_text())
    except (OSError, ValidationError) as error:
        raise ArtefactError(
            path, f"{_MANIFEST} is missing or broken ({type(error).__name__})", remedy
        ) from error
    if manifest.recipe != recipe:
        raise ArtefactError(path, "its manifest tells of another recipe", remedy)
    if not (path / form.file).exists():
        raise ArtefactError(path, f"{form.file} is missing", remedy)
    return Artefact(path, manifest, parent)
