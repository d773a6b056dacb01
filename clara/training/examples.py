"""Generated questions to examples for a compressor: on their own chunk, on retrieved ones, with chunks to pick from."""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence

import numpy as np

from clara.questions import Example
from clara.records import Chunk, TrainingQuestion
from clara.retrieval import TfidfRetriever


def on_own_chunk(questions: Sequence[TrainingQuestion], texts: Mapping[str, str]) -> list[Example]:
    """Each question with the chunk that it was made from, or, if that is so, with the one that does not answer it."""
    return [_example(question, [question.chunk_id], texts) for question in questions]


def on_retrieved_chunks(
    questions: Sequence[TrainingQuestion], retriever: TfidfRetriever, k: int, texts: Mapping[str, str]
) -> list[Example]:
    """Each question with the chunks that a contender would be shown, as it would be shown them.

    Where its own is not among them it takes the last one's place: an answer that cannot be read teaches guessing. An
    unanswerable question is shown as many, of the document that does not answer it: their number must not say so.
    """
    examples = []
    for question in questions:
        found = _found(question, retriever, k)
        shown = found if question.chunk_id in found else [*found[:-1], question.chunk_id]
        examples.append(_example(question, shown, texts))
    return examples


def to_pick_from(
    batch: Sequence[TrainingQuestion], chunks: Sequence[Chunk], count: int, seed: int
) -> list[Example]:
    """A batch's questions with the same candidates: the chunks that they were made from and others, drawn by lot.

    At least ``count`` candidates, or all chunks there are; their order says nothing.
    """
    own = dict.fromkeys(question.chunk_id for question in batch)
    draw = random.Random(f"{seed} {[question.id for question in batch]}")
    others = draw.sample([chunk.id for chunk in chunks if chunk.id not in own], len(chunks) - len(own))
    candidates = [*own, *others][: max(count, len(own))]
    draw.shuffle(candidates)
    texts = {chunk.id: chunk.text for chunk in chunks}
    return [_example(question, candidates, texts) for question in batch]


def by_document(examples: Sequence[Example], batch_size: int, seed: int) -> list[list[Example]]:
    """Every example once, in batches whose questions are on few documents: each is compressed once a batch.

    The order of the documents is drawn by seed. The last batch takes what is left.
    """
    groups: dict[tuple[str, ...], list[Example]] = {}
    for example in examples:
        groups.setdefault(example.documents, []).append(example)
    keys = list(groups)
    order = np.random.default_rng(seed).permutation(len(keys))
    line = [example for place in order for example in groups[keys[int(place)]]]
    return [line[start : start + batch_size] for start in range(0, len(line), batch_size)]


def _found(question: TrainingQuestion, retriever: TfidfRetriever, k: int) -> list[str]:
    """The k best chunks of all; for an unanswerable question of the document that does not answer it."""
    if question.kind != "unanswerable":
        return [item.chunk.id for item in retriever.retrieve(question, k)]
    ranking = [item.chunk for item in retriever.retrieve(question, len(retriever.chunks))]
    document = next(chunk.document for chunk in ranking if chunk.id == question.chunk_id)
    return [chunk.id for chunk in ranking if chunk.document == document][:k]


def _example(question: TrainingQuestion, shown: Sequence[str], texts: Mapping[str, str]) -> Example:
    return Example(
        question=question.question, answer=question.answer, documents=tuple(texts[id_] for id_ in shown),
        positives=tuple(place for place, id_ in enumerate(shown) if id_ == question.chunk_id), id=question.id,
    )  # fmt: skip
