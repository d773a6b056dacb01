"""Answers on disk, by the digest of all that decides them, so that a warm run reads instead of decoding."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Literal

from filelock import FileLock
from pydantic import Field

from clara.model.base import LanguageModel
from clara.model.writing import Compressor, Prompt, for_many, weights_digest, write
from clara.provenance import code_digest, digest, environment
from clara.records import Record


class Reading(Record):
    """What a model wrote after one prompt.

    Attributes:
        prompt_sha256: Digest of all that was read: token ids, and memory where there was any.
        adapter_sha256: Digest of what was trained in the model that wrote, fused or not; None for a bare base.
        text: First line, stripped.
        tokens_written: Tokens generated, the stop token included.
        stopped: Why generation ended.
        seconds: Share of its batch's wall time when it was made.
        cached: True if it was read from disk.
    """

    prompt_sha256: str
    adapter_sha256: str | None
    text: str
    tokens_written: int = Field(ge=0)
    stopped: Literal["eos", "newline", "length", "error"]
    seconds: float = Field(ge=0)
    cached: bool = False


class AnswerCache:
    """Reads prompts with a model, or remembers what it wrote.

    A file holds the answers of one model with one adapter or compressor under one set of versions; a line holds a
    prompt's.

    Args:
        folder: Where the files lie.
        max_tokens: Longest answer in tokens.
        batch_size: Prompts decoded together.
    """

    def __init__(self, folder: Path, max_tokens: int, batch_size: int) -> None:
        self.folder, self.max_tokens, self.batch_size = folder, max_tokens, batch_size

    def read(self, model: LanguageModel | Compressor, prompts: Sequence[Prompt]) -> list[Reading]:
        """What the model writes after each prompt, in the order given; only unknown prompts are decoded."""
        path = self.path(model)
        self.folder.mkdir(parents=True, exist_ok=True)
        keys = [prompt.sha256 for prompt in prompts]
        with FileLock(f"{path}.lock"):
            known = _load(path)
            unknown = {key: prompt for key, prompt in zip(keys, prompts, strict=True) if key not in known}
            fresh: dict[str, Reading] = {}
            if unknown:
                fresh = dict(zip(unknown, self.read_afresh(model, list(unknown.values())), strict=True))
                _save(path, [*known.values(), *fresh.values()])
        remembered = {key: reading.model_copy(update={"cached": True}) for key, reading in known.items()}
        return [(remembered | fresh)[key] for key in keys]

    def read_afresh(self, model: LanguageModel | Compressor, prompts: Sequence[Prompt]) -> list[Reading]:
        """The same, decoded whatever the disk says; nothing is written."""
        trained = weights_digest(model)
        written = write(for_many(model), prompts, self.max_tokens, self.batch_size)
        return [
            Reading(
                prompt_sha256=prompt.sha256, adapter_sha256=trained, text=generation.text,
                tokens_written=len(generation.tokens), stopped=generation.stopped, seconds=generation.seconds,
            )
            for prompt, generation in zip(prompts, written, strict=True)
        ]  # fmt: skip

    def path(self, model: LanguageModel | Compressor) -> Path:
        """The file of this model's answers."""
        decided_by = {
            "base": model.base_digest, "adapter": weights_digest(model), "max_tokens": self.max_tokens,
            "code": code_digest(), "environment": environment(),
        }  # fmt: skip
        return self.folder / f"{digest(decided_by)[:32]}.jsonl"


def _load(path: Path) -> dict[str, Reading]:
    if not path.exists():
        return {}
    readings = (Reading.model_validate_json(line) for line in path.read_text(encoding="utf-8").splitlines())
    return {reading.prompt_sha256: reading for reading in readings}


def _save(path: Path, readings: Sequence[Reading]) -> None:
    partial = path.with_suffix(".partial")
    partial.write_text("".join(f"{reading.model_dump_json()}\n" for reading in readings), encoding="utf-8")
    partial.replace(path)
