"""A contender in a process of its own, which holds the card only while it is asked to."""

# ruff: noqa: T201 (processes talk by printing)

from __future__ import annotations

import json
import os
import queue
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from tests.speed.contender import Contender, Spec
from tests.speed.in_mlx import mlx_compressor, mlx_reader
from tests.speed.in_torch import torch_reader

REPOSITORY = Path(__file__).resolve().parents[2]


CONTENDERS = {"mlx": mlx_reader, "torch": torch_reader, "compressor": mlx_compressor}


def serve(name: str) -> None:
    """Answer the questions of standard input, one JSON line each; what else is printed goes to standard error."""
    replies = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    contender: Contender | None = None
    for line in sys.stdin:
        question = json.loads(line)
        answer: dict[str, Any] = {}
        if "begin" in question:
            spec = question["begin"]
            contender = _warmed(name, spec, answer)
        assert contender, "a contender is begun first"
        if "steps" in question:
            each = question.get("each", False)
            begin = time.perf_counter()
            numbers = []
            for _ in range(question["steps"]):
                contender.step()
                if each:
                    numbers.append(contender.finish())
            last = contender.finish()
            answer = {"seconds": time.perf_counter() - begin, "numbers": numbers or [last]}
            answer["peak_bytes"] = contender.peak_bytes()
        elif "rates" in question:
            answer["operations"], answer["bytes"] = contender.rates(*question["rates"])
        elif "save" in question:
            contender.save(question["save"])
        print(json.dumps(answer), file=replies, flush=True)


def _warmed(name: str, spec: Spec, answer: dict[str, Any]) -> Contender:
    """A contender after its first steps; PyTorch's does without its compiler where that fails."""
    begin = time.perf_counter()
    contender = CONTENDERS[name](spec)
    try:
        for _ in range(spec["warm_up"]):
            contender.step()
            contender.finish()
    except Exception as error:
        if name != "torch" or not spec["compile"]:
            raise
        print(f"torch.compile failed, going on without it: {error!r:.2000}", file=sys.stderr)
        contender = CONTENDERS[name]({**spec, "compile": False})
        for _ in range(spec["warm_up"]):
            contender.step()
            contender.finish()
    answer.update(how=contender.how, seconds=time.perf_counter() - begin)
    return contender


class GoneError(Exception):
    """A contender that has ended, or has not answered in time."""


class Process:
    """A contender's process, asked one thing at a time."""

    def __init__(self, name: str, python: str, *, alone: bool) -> None:
        environment = {**os.environ, "PYTHONPATH": _path(alone), "PYTHONUNBUFFERED": "1"}
        self.name = name
        self.how = ""
        self.blocks: list[float] = []
        self.peak_bytes = 0
        self._process = subprocess.Popen(
            [python, "-m", "tests.speed", "--contender", name],
            cwd=REPOSITORY,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env=environment,
        )
        self._answers: queue.Queue[str] = queue.Queue()
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self) -> None:
        assert self._process.stdout
        for line in self._process.stdout:
            self._answers.put(line)
        self._answers.put("")

    def tell(self, **question: Any) -> None:
        assert self._process.stdin
        try:
            self._process.stdin.write(json.dumps(question) + "\n")
            self._process.stdin.flush()
        except OSError as error:
            raise GoneError(f"{self.name} has ended") from error

    def hear(self, until: float) -> dict[str, Any]:
        """The answer to what it was told; ``until`` is a time of ``time.monotonic``."""
        try:
            line = self._answers.get(timeout=max(until - time.monotonic(), 0.0))
        except queue.Empty:
            raise GoneError(f"{self.name} did not answer in time") from None
        if not line:
            raise GoneError(f"{self.name} has ended; its message stands above")
        answer: dict[str, Any] = json.loads(line)
        return answer

    def ask(self, until: float, **question: Any) -> dict[str, Any]:
        self.tell(**question)
        return self.hear(until)

    def end(self) -> None:
        self._process.kill()
        self._process.wait()


def _path(alone: bool) -> str:
    """PYTHONPATH of a process: PyTorch's own packages come before those that MLX is installed with."""
    given = [] if alone else [part for part in os.environ.get("PYTHONPATH", "").split(os.pathsep) if part]
    return os.pathsep.join([str(REPOSITORY), *given])


class Rally:
    """The processes that are still there; one that fails is ended and said so."""

    def __init__(self, processes: Sequence[Process]) -> None:
        self.there = list(processes)

    def each(self, work: Callable[[Process], None]) -> None:
        for process in list(self.there):
            try:
                work(process)
            except GoneError as error:
                say(f"left out: {error}")
                process.end()
                self.there.remove(process)


def say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)
