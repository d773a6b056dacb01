"""Everything this package raises, on one page.

::

    ClaraError                    where, what was found, what to do: one line, the facts as attributes
    ├── DocumentError             a PDF that cannot be read                     .path .found .remedy
    ├── QuestionFileError         a question file with problems                 .problems
    ├── LeakageError              training questions too close to gold ones     .offenders
    ├── OverlapError              a corpus that documents or gold questions stand in  .corpus .overlaps
    ├── ModelError                a base model that cannot be used              .path
    ├── AdapterError              an adapter that does not fit or does nothing  .path .found
    ├── ArtefactError             a trained artefact that is not what it says   .path
    ├── TrainingError             a training that must not go on                .stage .step
    ├── ResultsError              a results.json of another schema                .path .found
    ├── RunError                  a file that holds no run, or runs that cannot be compared  .source .found
    ├── RecipeError               a recipe that asks for what its text cannot give  .field
    └── BlasError                 MLX was imported before its BLAS could be chosen

    WeakDataWarning               the run is sound, the data weak: said with its number, never failed
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path


class ClaraError(Exception):
    """Base of every error of this package; its text is one line a person can act on."""


class DocumentError(ClaraError):
    """A document that cannot be read.

    Attributes:
        path: The file.
        found: What is wrong with it.
        remedy: What to do about it.
    """

    def __init__(self, path: Path, found: str, remedy: str) -> None:
        self.path, self.found, self.remedy = path, found, remedy
        super().__init__(f"{path}: {found}. {remedy}.")


class QuestionFileError(ClaraError):
    """Question files with problems, all of them listed at once.

    Attributes:
        problems: One line each: file, line number, what was found, what to do.
    """

    def __init__(self, problems: Sequence[str]) -> None:
        self.problems = tuple(problems)
        super().__init__("\n".join(self.problems))


class LeakageError(ClaraError):
    """Training questions that equal, nearly equal or contain a gold question.

    Attributes:
        offenders: One line each: both ids, the rule that caught them, both texts.
    """

    def __init__(self, offenders: Sequence[str]) -> None:
        self.offenders = tuple(offenders)
        listed = "\n".join(self.offenders)
        super().__init__(
            f"{len(self.offenders)} training question(s) leak gold questions. "
            f"Drop them from training; never the gold ones:\n{listed}"
        )


class OverlapError(ClaraError):
    """A corpus for pretraining that holds sentences of documents, or gold questions, by which the model is marked.

    Attributes:
        corpus: Its folder.
        overlaps: One line each: the document or gold question, its words, and the text that shares them.
    """

    def __init__(self, corpus: Path, overlaps: Sequence[str]) -> None:
        self.corpus, self.overlaps = corpus, tuple(overlaps)
        listed = "\n".join(self.overlaps)
        super().__init__(
            f"{corpus}: {len(self.overlaps)} sentence(s) and question(s) that a model is marked by stand in what it is "
            f"trained on. Take those texts out of the input files, and prepare another folder:\n{listed}"
        )


class ModelError(ClaraError):
    """A base model that cannot be used.

    Attributes:
        path: The model's folder.
    """

    def __init__(self, path: Path | str, found: str, remedy: str) -> None:
        self.path = path
        super().__init__(f"{path}: {found}. {remedy}.")


class AdapterError(ClaraError):
    """An adapter that does not fit its base, misses tensors, or does nothing.

    Attributes:
        path: The adapter's folder.
        found: What is wrong with it.
    """

    def __init__(self, path: Path, found: str, remedy: str) -> None:
        self.path, self.found = path, found
        super().__init__(f"{path}: {found}. {remedy}.")


class ArtefactError(ClaraError):
    """A trained artefact whose files are not what its manifest says.

    Attributes:
        path: The artefact's folder.
    """

    def __init__(self, path: Path, found: str, remedy: str) -> None:
        self.path = path
        super().__init__(f"{path}: {found}. {remedy}.")


class TrainingError(ClaraError):
    """A training that must not go on: no supervised token, a loss or gradient that is not finite.

    Attributes:
        stage: Name of the stage.
        step: Optimiser step, from 1; 0 before the first.
    """

    def __init__(self, stage: str, step: int, found: str, remedy: str) -> None:
        self.stage, self.step = stage, step
        super().__init__(f"stage {stage}, step {step}: {found}. {remedy}.")


class RecipeError(ClaraError):
    """A recipe that asks for what its text cannot give.

    Attributes:
        field: Which part of the recipe.
    """

    def __init__(self, field: str, found: str, remedy: str) -> None:
        self.field = field
        super().__init__(f"recipe, {field}: {found}. {remedy}.")


class BlasError(ClaraError):
    """MLX was imported before ``clara.blas.preload`` could choose its BLAS."""


class WeakDataWarning(UserWarning):
    """The wiring is sound, but the data cannot carry the claim; the text says which number is short."""
