"""Samples and plain text packed into rows of token ids with a loss weight for every target."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path
from random import Random
from typing import Any, NamedTuple, Protocol, TypeVar

import numpy as np
from jaxtyping import UInt8, UInt16

from clara.model.prompts import answer_ids, prompt_ids
from clara.pretraining.config import Phase, Recipe
from clara.pretraining.corpus import Passage, ReadingQuestion, read_lines
from clara.pretraining.library import Library, Use, window
from clara.pretraining.ruled import read_ruled
from clara.pretraining.samples import make_sample

Made = TypeVar("Made", covariant=True)

_QUEUED_PER_WORKER = 4
_FILLED = 0.97  # of the tokens of the question rows; first-fit leaves about this much


class Rows(NamedTuple):
    """One step's rows.

    Attributes:
        ids: Token ids; the inputs are all but the last column, the targets all but the first.
        weights: Loss weight of each target; 0 for padding and for the first token of a sample.
    """

    ids: UInt16[np.ndarray, "rows length+1"]
    weights: UInt8[np.ndarray, "rows length"]


class RowMaker:
    """Makes the rows of any step, as a pure function of recipe, files and step."""

    def __init__(self, recipe: Recipe, tokenizer: Any, library: Library) -> None:
        self._recipe, self._tokenizer, self._library = recipe, tokenizer, library

    def rows(self, step: int) -> Rows:
        """The rows of a step (from 0)."""
        shape, phase = self._recipe.rows, self._recipe.phase(step)
        draw = Random(f"{self._recipe.seed}/{step}")
        plain = round(phase.plain_text * shape.rows_per_step)
        length = shape.tokens_per_row + 1
        ids = np.full((shape.rows_per_step, length), self._tokenizer.pad_token_id, np.uint16)
        weights = np.zeros((shape.rows_per_step, length), np.uint8)
        for row in range(plain):
            text = self._text(length, draw)
            ids[row], weights[row] = text, shape.text_weight
        for row, packed in enumerate(self._packed(shape.rows_per_step - plain, phase, draw), start=plain):
            used = [token for sample in packed for token in sample[0]]
            ids[row, : len(used)] = used
            weights[row, : len(used)] = [weight for sample in packed for weight in sample[1]]
        return Rows(ids, weights[:, 1:])

    def _text(self, length: int, draw: Random) -> list[int]:
        ids: list[int] = []
        while len(ids) < length:
            document, start = self._library.document("plain", draw)
            text = window(document, start, length)
            ids += [self._tokenizer.pad_token_id, *self._tokenizer.encode(text, add_special_tokens=False)]
        return ids[:length]

    def _packed(self, rows: int, phase: Phase, draw: Random) -> list[list[tuple[list[int], list[int]]]]:
        """Samples laid into rows, longest first into the first row with room, then shuffled within each row."""
        length = self._recipe.rows.tokens_per_row + 1
        samples, total = [], 0
        while total < rows * length * _FILLED:
            sample = self._sample(phase, draw)
            if len(sample[0]) <= length:
                samples.append(sample)
                total += len(sample[0])
        packed: list[list[tuple[list[int], list[int]]]] = [[] for _ in range(rows)]
        room = [length] * rows
        for sample in sorted(samples, key=lambda sample: -len(sample[0])):
            row = next((row for row, left in enumerate(room) if left >= len(sample[0])), None)
            if row is not None:
                packed[row].append(sample)
                room[row] -= len(sample[0])
        for row_samples in packed:
            draw.shuffle(row_samples)
        return packed

    def _sample(self, phase: Phase, draw: Random) -> tuple[list[int], list[int]]:
        shape = self._recipe.rows
        sample = make_sample(
            self._library,
            phase.kinds,
            shape.three_passages,
            shape.no_passage,
            draw,
            longest_answer_words=shape.longest_answer_words,
            unanswerable=shape.unanswerable,
        )
        prompt = prompt_ids(self._tokenizer, sample.question, sample.passages)
        answer = answer_ids(self._tokenizer, sample.answer)
        context = [0, *[phase.context_weight] * (len(prompt) - 1)]
        return prompt + answer, [*context, *[shape.answer_weight] * len(answer)]


def read_library(folder: Path, shares: Mapping[Use, Mapping[str, float]]) -> Library:
    """The corpus that ``train`` prepared in a folder, to be drawn from by these shares."""
    passages = [Passage.model_construct(**record) for record in read_lines(folder / "passages.jsonl.xz")]
    questions = [
        ReadingQuestion.model_validate(record) for record in read_lines(folder / "questions.jsonl.xz")
    ]
    return Library(passages, questions, shares, read_ruled(folder))


def read_row_maker(recipe: Recipe, folder: Path) -> RowMaker:
    """The maker over the corpus and the tokenizer that ``train`` prepared in a folder."""
    from transformers import AutoTokenizer

    library = read_library(folder, {"plain": recipe.text.plain_share, "asked": recipe.text.asked_share})
    return RowMaker(recipe, AutoTokenizer.from_pretrained(folder / "tokenizer"), library)


class Maker(Protocol[Made]):
    """Makes what a step (from 0) is trained on, as a pure function of the step."""

    def rows(self, step: int) -> Made:
        """What the step is trained on."""
        ...


def read_ahead(read: Callable[[], Maker[Made]], steps: Sequence[int], workers: int) -> Iterator[Made]:
    """What the steps are trained on, in order, made by processes ahead of its use; in this process if ``workers`` is 0.

    Args:
        read: Reads the maker, in every process once.
        steps: Numbers of the steps.
        workers: Processes.
    """
    if workers == 0:
        yield from map(read().rows, steps)
        return
    # Spawned, not forked: a process that has touched the GPU must not be copied.
    with ProcessPoolExecutor(workers, get_context("spawn"), _start, (read,)) as pool:
        queue: deque[Future[Made]] = deque()
        for step in steps:
            queue.append(pool.submit(_make, step))
            if len(queue) > workers * _QUEUED_PER_WORKER:
                yield queue.popleft().result()
        while queue:
            yield queue.popleft().result()


_maker: Maker[Any]


def _start(read: Callable[[], Maker[Any]]) -> None:
    global _maker  # one a process, for the pool's calls
    _maker = read()


def _make(step: int) -> Any:
    return _maker.rows(step)
