"""Questions that the harness's own rules make of the corpus: grammatical, each about one sentence, and very many.

People wrote some ten thousand questions, which a reader soon knows by heart with their passages; these teach it what a
question asks for (who did it, what was done, by whom, in what year) in as many passages as there are.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from itertools import chain
from multiprocessing import get_context
from pathlib import Path

from clara.pretraining.corpus import Passage, read_lines, write_lines
from clara.questions import generate
from clara.records import Chunk, Record

RULED = "ruled.jsonl.xz"
_PASSAGES_A_TASK = 500


class RuledQuestion(Record):
    """A question about one passage of the corpus.

    Attributes:
        passage: Number of the passage in the file, from 0.
        start: Character offset of the answer in the passage, its words joined by single spaces.
        question: What is asked.
        answer: The span that answers it.
    """

    passage: int
    start: int
    question: str
    answer: str


def write_ruled(passages: Sequence[Passage], corpus: Path, workers: int) -> None:
    """Write ``ruled.jsonl.xz`` beside the passages: every wh-question that the rules find in each by itself."""
    texts = [(number, passage.text) for number, passage in enumerate(passages)]
    tasks = [texts[start : start + _PASSAGES_A_TASK] for start in range(0, len(texts), _PASSAGES_A_TASK)]
    if workers == 0:
        write_lines(corpus / RULED, chain.from_iterable(map(asked_by_rule, tasks)))
        return
    with ProcessPoolExecutor(workers, get_context("spawn")) as pool:
        write_lines(corpus / RULED, chain.from_iterable(pool.map(asked_by_rule, tasks)))


def read_ruled(corpus: Path) -> list[RuledQuestion]:
    """The questions of a corpus, in the order of its passages."""
    return [RuledQuestion.model_construct(**record) for record in read_lines(corpus / RULED)]


def joined(text: str) -> str:
    """A passage as its questions' offsets count it."""
    return " ".join(text.split())


def asked_by_rule(passages: Iterable[tuple[int, str]]) -> list[RuledQuestion]:
    """Every wh-question that the rules find in numbered passages, each by itself."""
    return list(chain.from_iterable(_of_passage(number, joined(text)) for number, text in passages))


def _of_passage(number: int, text: str) -> Iterator[RuledQuestion]:
    chunk = Chunk(id=f"{number}#000", document=str(number), pages=(1,), text=text, tokens=1)
    for asked in generate([chunk], seed=0):
        if asked.kind == "wh" and asked.start is not None:
            yield RuledQuestion(
                passage=number, start=asked.start, question=asked.question, answer=asked.answer
            )
