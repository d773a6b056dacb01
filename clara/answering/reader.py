"""The one way a model answers: retrieve, write the prompt, decode. Contenders differ by what they put in."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

from clara.answering.cache import AnswerCache, Reading
from clara.answering.contender import Facts
from clara.model.base import LanguageModel
from clara.model.prompts import context_text, prompt_ids, text_ids
from clara.model.writing import Compressor, Prompt, weights_digest
from clara.records import Answer, Chunk, Question
from clara.retrieval import Retriever


@dataclass(frozen=True)
class Reader:
    """A contender that reads text.

    Attributes:
        facts: Name, what it sees, what it was trained on.
        model: Base, or base with an adapter; a compressor in :class:`~clara.answering.compressed.MemoryReader`.
        cache: Decodes, or remembers.
        retriever: Finds the chunks it is shown; None for a closed book.
        chunks_shown: k.
    """

    facts: Facts
    model: LanguageModel | Compressor
    cache: AnswerCache
    retriever: Retriever | None = None
    chunks_shown: int = 3

    def answer(self, questions: Sequence[Question]) -> list[Answer]:
        """One answer a question. A prompt that does not fit the window is a failed answer, never a cut one."""
        shown = [self.chunks(question) for question in questions]
        prompts = [self.prompt(question, chunks) for question, chunks in zip(questions, shown, strict=True)]
        fits = [len(prompt.ids) + self.cache.max_tokens <= self.model.window for prompt in prompts]
        readings = iter(self.cache.read(self.model, [p for p, fit in zip(prompts, fits, strict=True) if fit]))
        return [
            self._answer(question, chunks, prompt, next(readings) if fit else None)
            for question, chunks, prompt, fit in zip(questions, shown, prompts, fits, strict=True)
        ]

    def chunks(self, question: Question) -> list[Chunk]:
        """What it is shown, best first; empty for a closed book."""
        found = self.retriever.retrieve(question, self.chunks_shown) if self.retriever else []
        return [item.chunk for item in found]

    def prompt(self, question: Question, chunks: Sequence[Chunk]) -> Prompt:
        """The question after the chunks."""
        texts = [chunk.text for chunk in chunks]
        return Prompt(tuple(prompt_ids(self.model.tokenizer, question.question, texts)))

    def context_tokens(self, chunks: Sequence[Chunk]) -> int:
        """Positions that some chunks take in a prompt."""
        return len(text_ids(self.model.tokenizer, context_text([chunk.text for chunk in chunks])))

    def _answer(
        self, question: Question, chunks: Sequence[Chunk], prompt: Prompt, reading: Reading | None
    ) -> Answer:
        if reading is None:
            error = (
                f"the prompt has {len(prompt.ids)} tokens, which with an answer of {self.cache.max_tokens} does not "
                f"fit the model's window of {self.model.window}: use a model with a longer one, or shorter questions"
            )
            reading = Reading(
                prompt_sha256=prompt.sha256, adapter_sha256=weights_digest(self.model), text="",
                tokens_written=0, stopped="error", seconds=0,
            )  # fmt: skip
        else:
            error = None
        return Answer(
            question_id=question.id,
            contender=self.facts.name,
            chunk_ids=tuple(chunk.id for chunk in chunks),
            context_sha256=prompt.memory_sha256 or context_sha256(chunks),
            tokens_read=len(prompt.ids),
            context_tokens=self.context_tokens(chunks),
            error=error,
            **vars(reading),
        )


def context_sha256(chunks: Sequence[Chunk]) -> str | None:
    """Digest of the context as it stands in the prompt; None when nothing is shown."""
    if not chunks:
        return None
    return hashlib.sha256(context_text([chunk.text for chunk in chunks]).encode()).hexdigest()
