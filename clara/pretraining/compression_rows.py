"""What a compressor is pretrained on: documents, prompts that hold their memory, and a loss weight for every target."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from random import Random
from typing import Any, NamedTuple

import numpy as np
from jaxtyping import UInt16

from clara.model.memory import MemoryTokens
from clara.model.prompts import answer_ids, memory_prompt_ids
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
    """

    documents: UInt16[np.ndarray, "documents length"]
    lengths: UInt16[np.ndarray, "documents"]
    prompts: UInt16[np.ndarray, "rows tokens"]
    begins: UInt16[np.ndarray, "rows"]
    answers: UInt16[np.ndarray, "rows answer"]
    answer_lengths: UInt16[np.ndarray, "rows"]


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
        samples = [self._fitting(name, shape, draw) for _ in range(shape.rows)]
        documents = [ids for read, _, _ in samples for ids in read]
        prompts = [[*prompt, *answer[:-1]] for _, prompt, answer in samples]
        begins = [len(prompt) - 1 for _, prompt, _ in samples]
        answers = [answer for _, _, answer in samples]
        return _laid_out(self._recipe.memory, shape, documents, prompts, begins, answers)

    def _fitting(
        self, name: str, shape: StepShape, draw: Random
    ) -> tuple[list[list[int]], list[int], list[int]]:
        """Documents, prompt and answer of a sample that fits the step's shape."""
        while True:
            sample = self._sample(name, shape, draw)
            read = [self._tokens.layout(self._tokenizer, " ".join(text.split())) for text in sample.passages]
            prompt = memory_prompt_ids(self._tokenizer, sample.question, self._tokens.slot * len(read))
            answer = answer_ids(self._tokenizer, sample.answer)
            fits = len(prompt) + len(answer) - 1 <= shape.tokens and len(answer) <= shape.answer_tokens
            if fits and max(map(len, read)) <= self._longest and len(read) == shape.documents:
                return read, prompt, answer

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
    answers = [words(1, longest_answer) for _ in range(shape.rows)]
    room = shape.tokens - len(slots) - longest_answer
    prompts = [[*slots, *words(min(8, room), room)] for _ in range(shape.rows)]
    documents = [
        [tokens.encode, *words(longest // 4 + 2, longest + 2), *tokens.ids]
        for _ in range(shape.rows * shape.documents)
    ]
    filled = [[*prompt, *answer[:-1]] for prompt, answer in zip(prompts, answers, strict=True)]
    return _laid_out(memory, shape, documents, filled, [len(prompt) - 1 for prompt in prompts], answers)


def _laid_out(
    memory: Compression,
    shape: StepShape,
    documents: Sequence[Sequence[int]],
    prompts: Sequence[Sequence[int]],
    begins: Sequence[int],
    answers: Sequence[Sequence[int]],
) -> CompressionRows:
    return CompressionRows(
        documents=_padded(documents, -(-_longest(memory) // _ALIGNED) * _ALIGNED),
        lengths=np.array([len(ids) for ids in documents], np.uint16),
        prompts=_padded(prompts, shape.tokens),
        begins=np.array(begins, np.uint16),
        answers=_padded(answers, shape.answer_tokens),
        answer_lengths=np.array([len(answer) for answer in answers], np.uint16),
    )


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
