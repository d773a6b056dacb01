"""The learning curve of a pretraining, as a file of lines."""

from __future__ import annotations

import json
import logging
import math
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from clara.errors import TrainingError
from clara.pretraining.corpus import read_lines

_log = logging.getLogger(__name__)


class Curve:
    """The learning curve: one JSON line a look, with the tokens read so far and the seconds since the start."""

    def __init__(self, path: Path, tokens_per_step: int, done: int) -> None:
        self._path, self._tokens_per_step = path, tokens_per_step
        lines = [line for line in read_lines(path) if line["step"] <= done] if path.exists() else []
        self._before = lines[-1]["seconds"] if lines else 0.0
        self._began = time.perf_counter()
        path.write_text("".join(json.dumps(line) + "\n" for line in lines), encoding="utf-8")

    def add_losses(self, step: int, numbers: Sequence[float], names: Sequence[str], **facts: Any) -> None:
        """Losses in nats a token and the norm of the gradient; stops the training where one is not finite."""
        if not all(map(math.isfinite, numbers)):
            found = f"{', '.join(names)} are {numbers}"
            raise TrainingError("pretraining", step, found, "Lower the learning rate, and resume")
        self.add(step, **facts, **dict(zip(names, numbers, strict=True)))

    def add(self, step: int, **facts: Any) -> None:
        """One line, in the file and in the log."""
        line = {
            "step": step,
            "tokens": step * self._tokens_per_step,
            "seconds": round(self._before + time.perf_counter() - self._began, 1),
            **facts,
        }
        with self._path.open("a", encoding="utf-8") as file:
            file.write(json.dumps(line) + "\n")
        _log.info("%s", json.dumps(line))
