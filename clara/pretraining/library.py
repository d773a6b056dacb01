"""Text and written questions to draw from, and the sample that a draw becomes."""

from __future__ import annotations

import re
from bisect import bisect
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import accumulate
from random import Random
from typing import Literal

from clara.pretraining.corpus import Passage, ReadingQuestion
from clara.pretraining.ruled import RuledQuestion
from clara.pretraining.spans import FUNCTION_WORDS, find_names, first_names, sentences
from clara.pretraining.types import Types

Use = Literal["plain", "asked"]


@dataclass(frozen=True)
class Sample:
    """A question about passages; the answer stands in one of them, or nothing is shown.

    Attributes:
        passages: What is shown.
        question: What is asked.
        answer: What stands in a passage, or the words for "no answer".
        refused: What would have answered a question that is asked in vain, or what it is about; in no passage.
    """

    passages: tuple[str, ...]
    question: str
    answer: str
    refused: tuple[str, ...] = ()


@dataclass(frozen=True)
class Wanted:
    """What a maker is to make.

    Attributes:
        words: Words of the passage, about.
        longest_answer_words: Words of a phrase that is asked for, at most.
    """

    words: int
    longest_answer_words: int


class Library:
    """Text and written questions, arranged for drawing from.

    Attributes:
        documents: By source, the paragraphs of each title in order.
        questions: Written questions with an answer that stands in the passage.
        contexts: By title, the passages of the written questions, each once.
        first_names: First names of the people that the text has articles about.
    """

    def __init__(
        self,
        passages: Iterable[Passage],
        questions: Sequence[ReadingQuestion],
        shares: Mapping[Use, Mapping[str, float]],
        ruled: Iterable[RuledQuestion] = (),
    ) -> None:
        titles: dict[tuple[str, str], list[str]] = defaultdict(list)
        places: list[tuple[str, list[str], int]] = []
        for passage in passages:
            paragraphs = titles[passage.source, passage.title]
            places.append((passage.source, paragraphs, len(paragraphs)))
            paragraphs.append(passage.text)
        self.documents: dict[str, list[list[str]]] = defaultdict(list)
        for (source, _), paragraphs in titles.items():
            self.documents[source].append(paragraphs)
        self.questions = [question for question in questions if question.verbatim]
        self._ruled: dict[str, list[tuple[list[str], int, RuledQuestion]]] = defaultdict(list)
        for asked in ruled:
            source, paragraphs, number = places[asked.passage]
            self._ruled[source].append((paragraphs, number, asked))
        self.contexts: dict[str, list[str]] = defaultdict(list)
        for context, title in {question.context: question.title for question in questions}.items():
            self.contexts[title].append(context)
        self.first_names = first_names(paragraphs[0] for _, paragraphs in titles.items())
        self._shares = {
            use: {source: share[source] for source in share if source in self.documents}
            for use, share in shares.items()
        }
        self._ends = {
            source: list(accumulate(map(len, documents))) for source, documents in self.documents.items()
        }
        self._answers: dict[str, list[str]] = defaultdict(list)
        for question in self.questions:
            for answer in question.verbatim:
                self._answers[_shape(answer)].append(answer)

    @cached_property
    def types(self) -> Types:
        """What the names in the text name; learnt when first asked for."""
        return Types(text for documents in self.documents.values() for texts in documents for text in texts)

    def document(self, use: Use, draw: Random) -> tuple[list[str], int]:
        """A title, by its source's share and then by its length, and the number of one of its paragraphs."""
        share = self._shares[use]
        source = draw.choices(list(share), list(share.values()))[0]
        ends = self._ends[source]
        place = draw.randrange(ends[-1])
        number = bisect(ends, place)
        document = self.documents[source][number]
        return document, place - (ends[number] - len(document))

    def window(self, draw: Random, words: int) -> str:
        """About so many words of running text, to ask about."""
        document, start = self.document("asked", draw)
        return window(document, start, words)

    def ruled(self, draw: Random) -> tuple[list[str], int, RuledQuestion] | None:
        """A title, the number of one of its paragraphs, and a question made of that by rule; None if there are none.

        A source is asked about by its share, but never more often than by its part of the questions: few would be
        read again and again.
        """
        total = sum(map(len, self._ruled.values()))
        share = {
            source: min(weight, len(self._ruled[source]) / total)
            for source, weight in self._shares["asked"].items()
            if source in self._ruled
        }
        if not share:
            return None
        return draw.choice(self._ruled[draw.choices(list(share), list(share.values()))[0]])

    def name(self, draw: Random) -> str:
        """A name from somewhere in the text."""
        while True:
            passage = self.window(draw, 40)
            names = [passage[span.start : span.end] for span in find_names(passage)]
            if names:
                return draw.choice(names)

    def look_alike(self, answer: str, draw: Random) -> str:
        """Another written question's answer of the same shape."""
        return draw.choice(self._answers[_shape(answer)])


def window(document: Sequence[str], start: int, words: int) -> str:
    """Whole sentences from paragraph ``start`` on, up to about so many words."""
    kept: list[str] = []
    room = words
    for paragraph in document[start:]:
        for left, right in sentences(paragraph):
            length = paragraph.count(" ", left, right) + 1
            if kept and length > room:
                return " ".join(kept)
            kept.append(paragraph[left:right])
            room -= length
    return " ".join(kept)


def around(context: str, answer: str, words: int, draw: Random, place: int | None = None) -> str:
    """Whole neighbouring sentences of a context, about so many words, with the answer in one of them.

    Args:
        context: The text.
        answer: What stands in it.
        words: Words of what is returned.
        draw: Chooses which neighbours.
        place: Where the answer stands that is meant; the first one if None.
    """
    bounds = sentences(context)
    place = context.index(answer) if place is None else place
    first = last = max(i for i, (start, _) in enumerate(bounds) if start <= place)
    while context.count(" ", bounds[first][0], bounds[last][1]) < words and last - first + 1 < len(bounds):
        down = last + 1 == len(bounds) or (first > 0 and draw.random() < 0.5)
        first, last = (first - 1, last) if down else (first, last + 1)
    return context[bounds[first][0] : max(bounds[last][1], place + len(answer))]


def _shape(answer: str) -> str:
    """Coarse type of an answer: its digits, capitals and number of words."""
    words = answer.split()
    head = words[0].casefold() if words[0].casefold() in FUNCTION_WORDS else ""
    if any(character.isdigit() for character in answer):
        return re.sub(r"[^\W\d]+", "a", re.sub(r"\d", "0", answer))
    return f"{head}/{'A' if answer[-1:].isalnum() and words[-1][:1].isupper() else 'a'}/{min(len(words), 4)}"
