"""The recipe of a reader: one file, read strictly, every number with its unit in its name."""

from __future__ import annotations

import json
import tomllib
from pathlib import Path
from typing import Any, Literal

from pydantic import Field

from clara.profiles import Compression, Lora
from clara.records import Record

SampleKind = Literal["cloze", "wh", "typed", "recurring", "written", "invented", "ruled"]


class TextRecipe(Record):
    """Which text is read, and how often.

    Attributes:
        heldout_titles: Articles of the question files that nothing is trained on, not even the tokenizer.
        plain_share: Share of the plain text by source; sources named in neither share are not read.
        asked_share: Share of the passages that questions are made from.
        words_per_title: Words kept of each title, from its beginning, by source; all where none is named.
    """

    heldout_titles: tuple[str, ...]
    plain_share: dict[str, float]
    asked_share: dict[str, float]
    words_per_title: dict[str, int]


class TokenizerRecipe(Record):
    """Size of the vocabulary, special tokens included, and the text that it is trained on."""

    entries: int
    training_words: int


class Phase(Record):
    """A stretch of the training with its own mixture.

    Attributes:
        until: Where it ends, as a share of all steps; the last one ends at 1.
        plain_text: Share of rows that are plain text.
        context_weight: Loss weight of a token of a prompt.
        kinds: Relative frequency of each sample maker in the other rows.
    """

    until: float = Field(gt=0, le=1)
    plain_text: float = Field(ge=0, le=1)
    context_weight: int = Field(ge=0, le=255)
    kinds: dict[SampleKind, float]


class RowRecipe(Record):
    """Shape of a step's rows.

    Attributes:
        tokens_per_row: Length of a training sequence; the window of the reader.
        rows_per_step: Rows of one optimiser step.
        text_weight: Loss weight of a token of plain text.
        answer_weight: Loss weight of a token of an answer; larger than that of a token of text or prompt.
        three_passages: Share of samples with three passages.
        no_passage: Share of samples with none.
        longest_answer_words: Words of a phrase asked for by rule, at most.
        unanswerable: Share of written, ruled and wh-questions that are asked of passages without their answer.
    """

    tokens_per_row: int
    rows_per_step: int
    text_weight: int = Field(ge=0, le=255)
    answer_weight: int = Field(ge=1, le=255)
    three_passages: float
    no_passage: float
    longest_answer_words: int = Field(ge=1)
    unanswerable: float = Field(ge=0, le=1)


class OptimizerRecipe(Record):
    """AdamW: linear warm-up, constant rate, linear decay to zero."""

    steps: int
    warmup_steps: int
    decay_steps: int
    learning_rate: float
    weight_decay: float
    betas: tuple[float, float]
    clip_norm: float

    def fitted(self, steps: int) -> OptimizerRecipe:
        """For so many steps: it warms up as long as before, and decays over the same share of them."""
        decay = round(steps * self.decay_steps / self.steps)
        warmup = min(self.warmup_steps, steps - decay)
        return self.model_copy(update={"steps": steps, "decay_steps": decay, "warmup_steps": warmup})


class Watch(Record):
    """What is looked at while training: steps between two lines of the curve, two scores, two checkpoints."""

    log_every_steps: int
    score_every_steps: int
    score_questions: int
    save_every_steps: int


class Recipe(Record):
    """Everything a training depends on beside its input files.

    Attributes:
        name: Name of the reader.
        seed: Seeds the weights and every draw.
        precision: Type that the forward and backward pass run in; master weights are always float32.
        dropout: Share that is dropped of what each block adds, while training.
        model: mlx-lm's ``config.json``, without what the tokenizer decides.
    """

    name: str
    seed: int
    precision: str
    dropout: float = Field(ge=0, lt=1)
    text: TextRecipe
    tokenizer: TokenizerRecipe
    rows: RowRecipe
    phases: tuple[Phase, ...]
    model: dict[str, Any]
    optimizer: OptimizerRecipe
    watch: Watch

    def phase(self, step: int) -> Phase:
        """The phase that a step (from 0) belongs to."""
        return next(phase for phase in self.phases if step < phase.until * self.optimizer.steps)


class StepShape(Record):
    """Rows of a compressor's step: how many, the documents each reads, the tokens of each and of its answer."""

    rows: int = Field(ge=1)
    documents: int = Field(ge=1)
    tokens: int = Field(ge=1)
    answer_tokens: int = Field(ge=1)


class CompressionRowRecipe(Record):
    """The kinds of steps, which go round, and the shape of each."""

    cycle: tuple[Literal["one", "three", "rebuild"], ...]
    one: StepShape
    three: StepShape
    rebuild: StepShape

    @property
    def tokens_per_step(self) -> int:
        """Tokens that the decoder reads in a step, padding included; the mean over the cycle."""
        shapes: list[StepShape] = [getattr(self, name) for name in self.cycle]
        return round(sum(shape.rows * shape.tokens for shape in shapes) / len(shapes))


class AskedText(Record):
    """Share of the passages that questions are made from, by source."""

    asked_share: dict[str, float]


class CompressorRecipe(Record):
    """Everything the pretraining of a compressor depends on beside reader and corpus.

    Attributes:
        name: Name of the compressor.
        seed: Seeds the adapters, the embeddings and every draw.
        precision: Type that the forward and backward pass run in; what trains is kept in float32.
        memory: Rate and document length.
        lora: Shape of the adapters of encoder and decoder.
        kinds: Relative frequency of each sample maker where something is asked.
        longest_answer_words: As for the reader.
        unanswerable: As for the reader.
    """

    name: str
    seed: int
    precision: str
    memory: Compression
    lora: Lora
    rows: CompressionRowRecipe
    kinds: dict[SampleKind, float]
    longest_answer_words: int = Field(ge=1)
    unanswerable: float = Field(ge=0, le=1)
    text: AskedText
    optimizer: OptimizerRecipe
    watch: Watch


def read_compressor_recipe(path: Path) -> CompressorRecipe:
    """Read a compressor's recipe, TOML or JSON; an unknown or missing key is an error that names it."""
    return CompressorRecipe.model_validate(_read(path))


def read_recipe(path: Path) -> Recipe:
    """Read a recipe, TOML or JSON; an unknown or missing key is an error that names it."""
    return Recipe.model_validate(_read(path))


def _read(path: Path) -> Any:
    text = path.read_text(encoding="utf-8")
    return json.loads(text) if path.suffix == ".json" else tomllib.loads(text)
