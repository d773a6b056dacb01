"""How much: ``smoke`` proves the wiring, ``default`` measures. Every field has its unit; nothing is in seconds."""

from __future__ import annotations

from pydantic import Field, model_validator

from clara.records import Record


class Lora(Record):
    """Low-rank adapters, in mlx-lm's words.

    Attributes:
        rank: Rank of each update.
        scale: Factor of the update (mlx-lm's ``scale``, which is alpha / rank elsewhere).
        dropout: Share of inputs dropped in training.
        num_layers: Blocks that get adapters, counted from the last; -1 for all.
    """

    rank: int = Field(default=16, ge=1)
    scale: float = Field(default=2.0, gt=0)
    dropout: float = Field(default=0.0, ge=0, lt=1)
    num_layers: int = -1


class Compression(Record):
    """How much a document is compressed.

    Attributes:
        rate: Document tokens a memory vector stands for, at most.
        max_document_tokens: Longest document compressed at once; a longer one is split.
    """

    rate: int = Field(ge=1, le=256)
    max_document_tokens: int = Field(default=128, ge=1)

    @model_validator(mode="after")
    def _room_for_one(self) -> Compression:
        if self.rate > self.max_document_tokens:
            raise ValueError(
                f"rate {self.rate} is above the document length of {self.max_document_tokens} tokens, which leaves no "
                "memory vector: lower the rate"
            )
        return self

    @property
    def slots(self) -> int:
        """Memory vectors of a document."""
        return self.max_document_tokens // self.rate


class Budget(Record):
    """What one training stage may spend, in steps and never in seconds.

    Attributes:
        steps: Optimiser steps.
        batch_size: Sequences a micro-batch.
        accumulate: Micro-batches a step.
        learning_rate: Peak of AdamW's learning rate; a linear warm-up, then a cosine to a tenth.
        warmup_steps: Steps of the warm-up.
        clip_norm: Largest global norm of the gradient.
    """

    steps: int = Field(ge=1)
    batch_size: int = Field(default=8, ge=1)
    accumulate: int = Field(default=1, ge=1)
    learning_rate: float = Field(default=1e-3, gt=0)
    warmup_steps: int = Field(default=10, ge=0)
    clip_norm: float = Field(default=1.0, gt=0)

    @property
    def samples(self) -> int:
        """Sequences trained on, in all."""
        return self.steps * self.batch_size * self.accumulate

    @property
    def half(self) -> Budget:
        """Half of the steps: half of the documents, each read as often as by the whole budget."""
        steps = max(1, self.steps // 2)
        return self.model_copy(update={"steps": steps, "warmup_steps": min(self.warmup_steps, steps)})


class Profile(Record):
    """One size of the whole comparison.

    Attributes:
        name: What ``--profile`` says.
        judges_quality: False where the numbers are too few to rank anything.
        questions: Gold questions used, drawn evenly over the documents by seed; None for all.
        control_questions: Of those, how many the controls are asked for which a part is enough; None for all.
        chunk_tokens: Longest chunk in tokens.
        chunks_shown: k, the chunks that a contender with context is shown.
        max_tokens: Longest answer in tokens.
        batch_size: Prompts decoded together.
        lora: Shape of the adapters.
        lm: Budget of the stage that reads the documents.
        sft: Budget of the stage that answers generated questions.
        scp: Budget of CLaRa's first stage, on questions on one chunk each and on chunks to write again.
        rebuilds: Micro-batches of ``scp`` that write chunks again.
        cit: Budget of its second stage, on questions on retrieved chunks. The micro-batches of both that ask are as
            many as those of ``sft``, so that tuned contenders and ``clara`` learn from the same questions.
        e2e: Budget of its last stage, in which it picks chunks by itself.
        candidates: Chunks that it picks from in training; in use it picks from all.
        mse: Budget of the control that is trained on the alignment alone.
        compression: Compression rates, with commas; the first is that of every compressed contender.
        ladder: Whether every stage between nothing trained and all of it is asked as well.
        compress_in_step: Whether ``cit`` trains the encoder as well, which costs it twice the time and more.
        compressor_lora: Shape of a compressor's adapters where none is pretrained.
        context_share: Share of the sft batches that are shown the chunk the question was made from.
        unanswerable_share: Share of the questions trained on that are shown with a chunk that does not answer them.
        held_out: Share of chunks (and their questions) kept out of training to measure losses on.
        held_out_memory: Questions of those that CLaRa's losses are measured on: each costs its chunk's compression.
        resamples: Draws of every bootstrap.
        seeds: Trainings of the tuned contenders, the first of which is theirs; the rest show what a seed moves.
    """

    name: str
    judges_quality: bool
    questions: int | None
    control_questions: int | None
    chunk_tokens: int = 128
    chunks_shown: int = 3
    max_tokens: int = 16
    batch_size: int = 16
    lora: Lora = Lora()
    lm: Budget
    sft: Budget
    scp: Budget
    rebuilds: int = Field(ge=0)
    cit: Budget
    e2e: Budget
    candidates: int = Field(default=24, ge=1)
    mse: Budget
    compression: str = "4"
    ladder: bool = False
    compress_in_step: bool = False
    compressor_lora: Lora = Lora()
    context_share: float = Field(default=0.25, ge=0, le=1)
    unanswerable_share: float = Field(default=0.05, ge=0, lt=1)
    held_out: float = Field(default=0.06, gt=0, lt=0.5)
    held_out_memory: int = Field(default=16, ge=1)
    resamples: int = 2000
    seeds: int = Field(default=1, ge=1)

    @model_validator(mode="after")
    def _as_many_questions(self) -> Profile:
        asked = self.scp.samples + self.cit.samples - self.rebuilds * self.scp.batch_size
        if asked != self.sft.samples:
            raise ValueError(
                f"clara would be asked {asked} questions and tuned {self.sft.samples}: give both as many"
            )
        return self


SMOKE = Profile(
    name="smoke",
    judges_quality=False,
    questions=10,
    control_questions=10,
    lm=Budget(steps=4, batch_size=4, warmup_steps=1),
    sft=Budget(steps=8, batch_size=4, warmup_steps=1),
    scp=Budget(steps=5, batch_size=4, learning_rate=3e-4, warmup_steps=1),
    rebuilds=1,
    cit=Budget(steps=4, batch_size=4, learning_rate=3e-4, warmup_steps=1),
    e2e=Budget(steps=3, batch_size=4, warmup_steps=1),
    mse=Budget(steps=3, batch_size=4, warmup_steps=1),
    candidates=8,
    held_out=0.03,
    held_out_memory=8,
    resamples=200,
)

DEFAULT = Profile(
    name="default",
    judges_quality=True,
    questions=240,
    control_questions=72,
    lm=Budget(steps=16, learning_rate=5e-4, warmup_steps=5),
    sft=Budget(steps=48, learning_rate=5e-4),
    scp=Budget(steps=6, learning_rate=3e-4, warmup_steps=2),
    rebuilds=1,
    cit=Budget(steps=43, learning_rate=3e-4),
    e2e=Budget(steps=6, learning_rate=1e-4, warmup_steps=2),
    mse=Budget(steps=5, learning_rate=5e-4, warmup_steps=2),
)

FULL = Profile(
    name="full",
    judges_quality=True,
    questions=None,
    control_questions=None,
    lm=Budget(steps=40, learning_rate=5e-4),
    sft=Budget(steps=160, learning_rate=5e-4),
    scp=Budget(steps=60, learning_rate=3e-4),
    rebuilds=12,
    cit=Budget(steps=112, learning_rate=3e-4),
    e2e=Budget(steps=48, learning_rate=1e-4),
    mse=Budget(steps=24, learning_rate=5e-4),
    candidates=32,
    held_out_memory=48,
    compression="4,16",
    ladder=True,
    compress_in_step=True,
    resamples=10_000,
    seeds=3,
)

PROFILES = {profile.name: profile for profile in (SMOKE, DEFAULT, FULL)}

# In the order of every table. A name is that of a fixture, a column, and what ``--contenders`` takes.
CONTENDERS = (
    "closed_book",
    "rag",
    "rag_budget",
    "tuned",
    "tuned_rag",
    "clara",
    "clara_unadapted",
    "clara_e2e",
)
CONTROLS = (
    "untrained", "oracle", "shuffled", "tuned_other", "shuffled_labels",
    "compression_only", "clara_untrained", "clara_shuffled", "echo",
)  # fmt: skip
LADDER = ("lm_only", "clara_stage1")  # stages between, asked where a profile has a ladder
COMPRESSED = (
    "clara", "clara_unadapted", "clara_e2e", "clara_stage1",
    "compression_only", "clara_untrained", "clara_shuffled",
)  # fmt: skip
