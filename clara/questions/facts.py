"""Which gold questions ask for a fact that training had already asked for, in other words."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from clara.records import Chunk, Question, TrainingQuestion
from clara.text import words


def asked_facts(
    training: Sequence[TrainingQuestion], gold: Sequence[Question], chunks: Sequence[Chunk]
) -> frozenset[str]:
    """Ids of the gold questions whose fact some training question asks for.

    A fact is a sentence and an answer in it: both must match, the answer but for case and punctuation. A tuned model's
    scores on these tell what it remembers; its scores on the others, what it makes of what it has read.

    Args:
        training: What was trained on.
        gold: What is scored.
        chunks: Where the training questions come from.
    """
    texts = {chunk.id: chunk.text.replace("\n", " ") for chunk in chunks}
    known: dict[tuple[str, ...], list[TrainingQuestion]] = {}
    for question in training:
        if question.start is not None:
            known.setdefault(tuple(words(question.answer)), []).append(question)
    return frozenset(
        item.id
        for item in gold
        if any(
            _stands_in(asked, sentence, texts[asked.chunk_id])
            for asked in _with_answer(item, known)
            for sentence in item.evidence
        )
    )


def _with_answer(
    item: Question, known: dict[tuple[str, ...], list[TrainingQuestion]]
) -> Iterator[TrainingQuestion]:
    for answer in item.answers:
        yield from known.get(tuple(words(answer)), ())


def _stands_in(asked: TrainingQuestion, sentence: str, text: str) -> bool:
    """Whether the span that a training question asks for lies in this sentence of its chunk."""
    evidence = " ".join(sentence.split())
    begin = text.find(evidence)
    place = asked.start if asked.start is not None else -1
    return begin >= 0 and begin <= place < begin + len(evidence)
