"""Questions that the harness's own rules make of the corpus: grammatical, each about one sentence, and very many.

People wrote some ten thousand questions, which a reader soon knows by heart with their passages; these teach it what a
question asks for (who did it, what was done, by whom, in what year) in as many passages as there are.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from itertools import chain
from multiprocessing import get_context
from pathlib import Path
from typing import NamedTuple

from clara.pretraining.corpus import Passage, read_lines, write_lines
from clara.pretraining.looser import asked_loosely
from clara.pretraining.topics import NO_TOPIC, Topic, topic
from clara.pretraining.types import Types
from clara.questions import generate
from clara.records import Chunk, Record

RULED = "ruled.jsonl.xz"
_PASSAGES_A_TASK = 500
_STRICTLY = ("english-novels-100", "eltec-eng", "factbook-facts")  # sources with no looser questions
_UNTITLED = ("plos", "factbook")  # whose titles no pronoun stands for


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


class _Task(NamedTuple):
    """Passages to ask about.

    Attributes:
        passages: By number, their text.
        topics: By number, what those are about that are asked about more loosely too.
        kinds: What the names in them name.
    """

    passages: list[tuple[int, str]]
    topics: dict[int, Topic]
    kinds: dict[str, tuple[str, ...]]


def write_ruled(passages: Sequence[Passage], corpus: Path, workers: int) -> None:
    """Write ``ruled.jsonl.xz`` beside the passages: every wh-question that the rules find in each by itself.

    Of what is no novel, nor a list of facts, looser questions are asked too.
    """
    tasks = list(_tasks(passages))
    if workers == 0:
        write_lines(corpus / RULED, chain.from_iterable(map(_asked, tasks)))
        return
    with ProcessPoolExecutor(workers, get_context("spawn")) as pool:
        write_lines(corpus / RULED, chain.from_iterable(pool.map(_asked, tasks)))


def read_ruled(corpus: Path) -> list[RuledQuestion]:
    """The questions of a corpus, in the order of its passages."""
    return [RuledQuestion.model_construct(**record) for record in read_lines(corpus / RULED)]


def joined(text: str) -> str:
    """A passage as its questions' offsets count it."""
    return " ".join(text.split())


def asked_by_rule(passages: Iterable[tuple[int, str]]) -> list[RuledQuestion]:
    """Every wh-question that the rules find in numbered passages, each by itself."""
    return list(chain.from_iterable(_of_passage(number, joined(text)) for number, text in passages))


def topics_of(passages: Sequence[Passage]) -> dict[int, Topic]:
    """By number, what the passages are about that are asked about more loosely."""
    documents: dict[tuple[str, str], list[int]] = defaultdict(list)
    for number, passage in enumerate(passages):
        if passage.source not in _STRICTLY:
            documents[passage.source, passage.title].append(number)
    topics = {}
    for (source, title), numbers in documents.items():
        is_entity = source not in _UNTITLED
        about = topic(title, [passages[number].text for number in numbers]) if is_entity else NO_TOPIC
        topics.update(dict.fromkeys(numbers, about))
    return topics


def _tasks(passages: Sequence[Passage]) -> Iterator[_Task]:
    topics = topics_of(passages)
    kinds = Types(passages[number].text for number in topics).nouns
    for start in range(0, len(passages), _PASSAGES_A_TASK):
        numbers = range(start, min(start + _PASSAGES_A_TASK, len(passages)))
        own = {number: topics[number] for number in numbers if number in topics}
        text = " ".join(passages[number].text for number in own)
        named = {name: nouns for name, nouns in kinds.items() if name in text}
        yield _Task([(number, passages[number].text) for number in numbers], own, named)


def _asked(task: _Task) -> list[RuledQuestion]:
    found = []
    for number, text in task.passages:
        strict = asked_by_rule([(number, text)])
        found += strict
        if number in task.topics:
            found += _more(number, joined(text), task.topics[number], task.kinds, strict)
    return found


def _more(
    number: int,
    text: str,
    about: Topic,
    kinds: Mapping[str, tuple[str, ...]],
    strict: Sequence[RuledQuestion],
) -> list[RuledQuestion]:
    loose = asked_loosely(text, about, kinds, {asked.question for asked in strict})
    return [
        RuledQuestion(passage=number, start=asked.start, question=asked.question, answer=asked.answer)
        for asked in loose
    ]


def _of_passage(number: int, text: str) -> Iterator[RuledQuestion]:
    chunk = Chunk(id=f"{number}#000", document=str(number), pages=(1,), text=text, tokens=1)
    for asked in generate([chunk], seed=0):
        if asked.kind == "wh" and asked.start is not None:
            yield RuledQuestion(
                passage=number, start=asked.start, question=asked.question, answer=asked.answer
            )
