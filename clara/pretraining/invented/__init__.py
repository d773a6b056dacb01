"""Invented passages with questions: a seeded world of things whose facts are told in one wording and asked in another.

Reading order: tables → wording → values → scene → telling → questions.
"""

from __future__ import annotations

from random import Random

from clara.pretraining.invented.questions import ask
from clara.pretraining.invented.scene import Scene
from clara.pretraining.invented.tables import read_tables
from clara.pretraining.invented.telling import Telling
from clara.pretraining.library import Library, Sample, Wanted

__all__ = ["make_invented"]

_WORDS_A_FACT = 15
_EMBEDDED = 0.3  # share of invented passages that stand before or after real text


def make_invented(library: Library, draw: Random, wanted: Wanted) -> Sample:
    """An invented passage of about so many words with a question; some are asked in vain.

    The answer stands in the passage as it is given, or is what says that there is none.
    """
    embedded = draw.random() < _EMBEDDED
    told = wanted.words // 2 if embedded else wanted.words
    scene = Scene(read_tables(), library, draw, max(2, told // _WORDS_A_FACT))
    telling = Telling(scene, draw)
    passage = telling.passage()
    asked = ask(scene, telling.phrasings, draw)
    if embedded:
        real = library.window(draw, wanted.words - told)
        passage = draw.choice((f"{real} {passage}", f"{passage} {real}"))
    return Sample((passage,), asked.question, _as_told(asked.answer, passage))


def _as_told(answer: str, passage: str) -> str:
    """The answer in the letters of the passage, which may have begun a sentence with it."""
    place = passage.find(answer)
    if place < 0:
        place = passage.find(answer[:1].upper() + answer[1:])
    return passage[place : place + len(answer)] if place >= 0 else answer
