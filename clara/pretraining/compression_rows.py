"""What a compressor is pretrained on: documents, prompts that hold their memory, and a loss weight for every target."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import takewhile
from pathlib import Path
from random import Random
from typing import Any, NamedTuple

import numpy as np
from jaxtyping import UInt16

from clara.model.memory import MemoryTokens
from clara.model.prompts import answer_ids, memory_prompt_ids, prompt_ids
from clara.pretraining.config import CompressorRecipe, StepShape
from clara.pretraining.library import Library, Sample
from clara.pretraining.rows import read_library
from clara.pretraining.samples import make_sample
from clara.profiles import Compression
from clara.questions.examples import REBUILD

_AROUND = 3  # at most: what opens a document, its begin and its end
_LONGEST_WORDS = 100

_ALIGNED = 8  # half-precision products of other lengths take slow kernels on CUDA


class CompressionRows(NamedTuple):
    """One step's documents and prompts.

    Attributes:
        documents: Documents as the compressor reads them, padded with 0.
        lengths: Tokens of each.
        prompts: Prompts and answers, padded with 0; row i reads documents i·k … i·k+k−1.
        begins: Column of the prompt's last token, at which the answer's first is to be foretold.
        answers: Answers, padded with 0.
        answer_lengths: Tokens of each.
        texts: The same prompts and answers with the documents' text in the place of memory, padded with 0; of no tokens
            where the reader is not asked.
        text_begins: As ``begins``.
        alike: Tokens at the end of both prompts that are the same: the question, and what follows it.
    """

    documents: UInt16[np.ndarray, "documents length"]
    lengths: UInt16[np.ndarray, "documents"]
    prompts: UInt16[np.ndarray, "rows tokens"]
    begins: UInt16[np.ndarray, "rows"]
    answers: UInt16[np.ndarray, "rows answer"]
    answer_lengths: UInt16[np.ndarray, "rows"]
    texts: UInt16[np.ndarray, "rows text"]
    text_begins: UInt16[np.ndarray, "rows"]
    alike: UInt16[np.ndarray, "rows"]


class Asked(NamedTuple):
    """A sample in tokens: documents, the prompt that holds their memory, the one that holds their text, the answer."""

    documents: list[list[int]]
    prompt: list[int]
    text: list[int]
    answer: list[int]


class CompressionRowMaker:
    """Makes the rows of any step, as a pure function of recipe, files and step."""

    def __init__(self, recipe: CompressorRecipe, tokenizer: Any, library: Library, vocabulary: int) -> None:
        self._recipe, self._tokenizer, self._library = recipe, tokenizer, library
        self._tokens = MemoryTokens(vocabulary, recipe.memory.slots)
        self._longest = _longest(recipe.memory)

    def rows(self, step: int) -> CompressionRows:
        """The rows of a step (from 0)."""
        cycle = self._recipe.rows.cycle
        name = cycle[step % len(cycle)]
        shape: StepShape = getattr(self._recipe.rows, name)
        draw = Random(f"{self._recipe.seed}/{step}")
        asked = [self._fitting(name, shape, draw) for _ in range(shape.rows)]
        return _laid_out(self._recipe.memory, shape, asked)

    def _fitting(self, name: str, shape: StepShape, draw: Random) -> Asked:
        """A sample that fits the step's shape."""
        while True:
            sample = self._sample(name, shape, draw)
            asked = self._asked(sample, shape)
            if _fits(asked, shape) and max(map(len, asked.documents)) <= self._longest:
                return asked

    def _asked(self, sample: Sample, shape: StepShape) -> Asked:
        documents = [self._tokens.layout(self._tokenizer, " ".join(text.split())) for text in sample.passages]
        slots = self._tokens.slot * len(documents)
        return Asked(
            documents,
            memory_prompt_ids(self._tokenizer, sample.question, slots),
            prompt_ids(self._tokenizer, sample.question, sample.passages) if shape.text_tokens else [],
            answer_ids(self._tokenizer, sample.answer),
        )

    def _sample(self, name: str, shape: StepShape, draw: Random) -> Sample:
        if name == "rebuild":
            text = " ".join(self._library.window(draw, draw.randint(20, _LONGEST_WORDS)).split())
            return Sample((text,), REBUILD, text)
        three = float(shape.documents == 3)
        return make_sample(
            self._library,
            self._recipe.kinds,
            three,
            0.0,
            draw,
            _LONGEST_WORDS,
            longest_answer_words=self._recipe.longest_answer_words,
            unanswerable=self._recipe.unanswerable,
        )


def random_rows(
    memory: Compression, tokens: MemoryTokens, shape: StepShape, draw: np.random.Generator
) -> CompressionRows:
    """Rows of a step's shape that say nothing, documents of a quarter of their length and more: to time a step on."""

    def words(least: int, most: int) -> list[int]:
        return draw.integers(1, tokens.vocabulary, draw.integers(least, most + 1)).tolist()

    longest, slots = memory.max_document_tokens, tokens.slot * shape.documents
    longest_answer = min(shape.answer_tokens, shape.tokens - len(slots) - 1)
    room = shape.tokens - len(slots) - longest_answer

    def asked() -> Asked:
        documents = [
            [tokens.encode, *words(longest // 4 + 2, longest + 2), *tokens.ids]
            for _ in range(shape.documents)
        ]
        question = words(min(8, room), room)
        text = question[: shape.text_tokens - longest_answer] if shape.text_tokens else []
        return Asked(documents, [*slots, *question], text, words(1, longest_answer))

    return _laid_out(memory, shape, [asked() for _ in range(shape.rows)])


def _fits(asked: Asked, shape: StepShape) -> bool:
    told = len(asked.answer) - 1
    return (
        len(asked.documents) == shape.documents
        and len(asked.answer) <= shape.answer_tokens
        and len(asked.prompt) + told <= shape.tokens
        and (not shape.text_tokens or len(asked.text) + told <= shape.text_tokens)
    )


def _laid_out(memory: Compression, shape: StepShape, asked: Sequence[Asked]) -> CompressionRows:
    documents = [ids for one in asked for ids in one.documents]
    texts = [[*one.text, *one.answer[:-1]] if one.text else [] for one in asked]
    return CompressionRows(
        documents=_padded(documents, -(-_longest(memory) // _ALIGNED) * _ALIGNED),
        lengths=_counts(map(len, documents)),
        prompts=_padded([[*one.prompt, *one.answer[:-1]] for one in asked], shape.tokens),
        begins=_counts(len(one.prompt) - 1 for one in asked),
        answers=_padded([one.answer for one in asked], shape.answer_tokens),
        answer_lengths=_counts(len(one.answer) for one in asked),
        texts=_padded(texts, shape.text_tokens),
        text_begins=_counts(max(len(one.text) - 1, 0) for one in asked),
        alike=_counts(_alike(one.prompt, one.text) for one in asked),
    )


def _alike(prompt: Sequence[int], text: Sequence[int]) -> int:
    """Tokens at the end of both that are the same."""
    pairs = zip(reversed(prompt), reversed(text), strict=False)  # as many as the shorter has
    return sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], pairs))


def _counts(numbers: Iterable[int]) -> UInt16[np.ndarray, "numbers"]:
    return np.fromiter(numbers, np.uint16)


def _longest(memory: Compression) -> int:
    """Tokens of the longest document as the compressor reads it."""
    return memory.max_document_tokens + _AROUND + memory.slots


def _padded(rows: Sequence[Sequence[int]], length: int) -> UInt16[np.ndarray, "rows length"]:
    ids = np.zeros((len(rows), length), np.uint16)
    for row, filled in enumerate(rows):
        ids[row, : len(filled)] = filled
    return ids


def read_compression_rows(recipe: CompressorRecipe, corpus: Path, reader: Path) -> CompressionRowMaker:
    """The maker over a corpus that ``train`` prepared and the reader's tokenizer."""
    import json

    from transformers import AutoTokenizer

    shares = recipe.text.asked_share
    library = read_library(corpus, {"plain": shares, "asked": shares})
    vocabulary = json.loads((reader / "config.json").read_text())["vocab_size"]
    return CompressionRowMaker(recipe, AutoTokenizer.from_pretrained(reader), library, vocabulary)
