"""What is held out of training: chunks, to tell learning from rote, or half of the documents, to tell it from form."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Iterable, Sequence

from clara.records import Chunk, TrainingQuestion


def held_out(
    training: Sequence[TrainingQuestion], share: float, seed: int
) -> tuple[list[TrainingQuestion], list[TrainingQuestion]]:
    """Training questions in two parts by source chunk: no chunk has questions in both.

    Generation asks a sentence that two chunks share only once, so the parts share no question either. What they
    may share is context: a chunk shown in training can carry, as its first sentence, the last one of a held-out chunk.

    Args:
        training: Generated questions.
        share: Of the chunks, in [0, 1); rounded to whole chunks, at least one where it is not 0 and there are two.
        seed: Chooses the chunks; the order of ``training`` does not.

    Returns:
        What to train on, and what is held out; each in the order given.

    Raises:
        ValueError: ``share`` is outside [0, 1).
    """
    chosen = _choose((question.chunk_id for question in training), share, seed)
    kept = [question for question in training if question.chunk_id not in chosen]
    return kept, [question for question in training if question.chunk_id in chosen]


def held_out_text(chunks: Sequence[Chunk], share: float, seed: int) -> tuple[list[str], list[str]]:
    """Chunk texts in two parts for next-token training, with no text in both.

    Neighbouring chunks share a sentence, so leaving a chunk out is not enough: its first and last sentence would be
    trained on in its neighbours, and the held-out loss would fall by rote. Held-out chunks stay whole, so that their
    loss is over text like any other chunk's; what their neighbours share with them is cut off the neighbours. (To cut
    it off the held-out chunks instead would leave nothing of one that has only two sentences.) What a document says
    twice by itself, far apart, stays in both parts.

    Args:
        chunks: All chunks of all documents, in reading order.
        share: Of the chunks, as for :func:`held_out`.
        seed: Chooses the chunks.

    Returns:
        Texts to train on and texts held out, in the order of ``chunks``; one of which nothing remains is left out.

    Raises:
        ValueError: ``share`` is outside [0, 1).
    """
    chosen = _choose((chunk.id for chunk in chunks), share, seed)
    training: list[str] = []
    for before, chunk, after in zip([None, *chunks], chunks, [*chunks[1:], None], strict=False):
        if chunk.id not in chosen:
            start = len(shared_text(before, chunk)) if before and before.id in chosen else 0
            end = len(shared_text(chunk, after)) if after and after.id in chosen else 0
            training.append(chunk.text[start : len(chunk.text) - end].strip())
    return [text for text in training if text], [chunk.text for chunk in chunks if chunk.id in chosen]


def halves(chunks: Sequence[Chunk]) -> dict[str, int]:
    """Two halves of the documents, for cross-fitting: what is tuned on one is scored on the other.

    Whole documents, the longest first, each to the half that is shorter so far. Where there is only one document its
    first and second half stand for two; their texts then share names and subject, so that the control is weaker.

    Args:
        chunks: All chunks of all documents.

    Returns:
        Half (0 or 1) by chunk id.
    """
    counts = Counter(chunk.document for chunk in chunks)
    if len(counts) == 1:
        return {chunk.id: int(2 * place >= len(chunks)) for place, chunk in enumerate(chunks)}
    sizes, half_of = [0, 0], {}
    for document in sorted(counts, key=lambda name: (-counts[name], name)):
        half_of[document] = sizes.index(min(sizes))
        sizes[half_of[document]] += counts[document]
    return {chunk.id: half_of[chunk.document] for chunk in chunks}


def shared_text(before: Chunk, after: Chunk) -> str:
    """The longest run of whole words that ends one chunk and begins the next; empty between documents.

    Found by comparing texts and not by splitting sentences again: a heading that a chunk joined to its sentence is
    not told from it any more.
    """
    if before.document != after.document:
        return ""
    ends, begins = before.text.split(), after.text.split()
    longest = min(len(ends), len(begins))
    return " ".join(begins[: next(n for n in range(longest, -1, -1) if ends[len(ends) - n :] == begins[:n])])


def _choose(ids: Iterable[str], share: float, seed: int) -> frozenset[str]:
    if not 0 <= share < 1:
        raise ValueError(
            f"share: {share} is not in [0, 1). Pass the part of the chunks to hold out, such as 0.1."
        )
    unique = sorted(set(ids))
    if share == 0 or len(unique) < 2:
        return frozenset()
    count = min(max(1, round(share * len(unique))), len(unique) - 1)
    return frozenset(random.Random(seed).sample(unique, count))
