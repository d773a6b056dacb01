"""Training questions without an answer: what one document answers is asked of a chunk of another that does not."""

from __future__ import annotations

import random
from collections import Counter, defaultdict
from collections.abc import Sequence

from clara.abstention import NO_ANSWER
from clara.records import Chunk, TrainingQuestion
from clara.text import script, words

_MIN_LETTERS = 4  # shorter words are mostly grammar and bring nothing near


def cross(
    questions: Sequence[TrainingQuestion], chunks: Sequence[Chunk], seed: int, share: float
) -> list[TrainingQuestion]:
    """Questions that the chunk shown with them does not answer, so that saying so is learnt too.

    Each is a wh-question of one document beside a chunk of another that looks near, by the words they share, and in
    which the answer does not stand. That chunk alone is checked, since nothing else is shown.

    Args:
        questions: Generated questions of several documents.
        chunks: The chunks of these documents, in order.
        seed: Chooses the questions.
        share: How many to make, as a part of ``questions``; at most one for each wh-question.

    Returns:
        New questions of kind ``unanswerable``, in the order of those that they were made from; none where there is
        only one document.

    Raises:
        ValueError: ``share`` is negative.
    """
    if share < 0:
        raise ValueError(f"share: {share} is negative. Pass a part of the questions, such as 0.1.")
    asked = [question for question in questions if question.kind == "wh"]
    order = random.Random(seed).sample(range(len(asked)), len(asked))
    near = _Near(chunks)
    wanted = round(share * len(questions))
    found: dict[int, Chunk] = {}
    for index in order:
        if len(found) < wanted and (chunk := near.chunk_for(asked[index])):
            found[index] = chunk
    numbers: Counter[str] = Counter()
    crossed = []
    for index in sorted(found):
        chunk = found[index]
        numbers[chunk.id] += 1
        crossed.append(
            TrainingQuestion(
                id=f"{chunk.id}/unanswerable/{numbers[chunk.id]:03d}",
                question=asked[index].question,
                answer=NO_ANSWER[script(asked[index].question)],
                start=None,
                document=chunk.document,
                chunk_id=chunk.id,
                kind="unanswerable",
            )
        )
    return crossed


class _Near:
    """Chunks by the words that they hold."""

    def __init__(self, chunks: Sequence[Chunk]) -> None:
        self._chunks = chunks
        self._texts = [f" {' '.join(words(chunk.text))} " for chunk in chunks]
        self._holders: dict[str, list[int]] = defaultdict(list)
        for index, text in enumerate(self._texts):
            for word in sorted(set(text.split())):
                self._holders[word].append(index)

    def chunk_for(self, question: TrainingQuestion) -> Chunk | None:
        """The chunk of another document that shares most with a question, rare words first, and not its answer."""
        weights: dict[int, float] = defaultdict(float)
        for word in set(words(question.question)):
            if len(word) >= _MIN_LETTERS or not word.isascii():
                for index in self._holders.get(word, ()):
                    weights[index] += 1 / len(self._holders[word])
        for index in sorted(weights, key=lambda index: (-weights[index], index)):
            if self._chunks[index].document != question.document and not self._holds(index, question.answer):
                return self._chunks[index]
        return None

    def _holds(self, index: int, answer: str) -> bool:
        return f" {' '.join(words(answer))} " in self._texts[index]
