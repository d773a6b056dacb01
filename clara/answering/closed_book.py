"""The base model, shown nothing: what it knows of the documents beforehand, which should be little."""

from __future__ import annotations

from clara.answering.cache import AnswerCache
from clara.answering.contender import Facts
from clara.answering.reader import Reader
from clara.model.base import LanguageModel


def closed_book(base: LanguageModel, cache: AnswerCache) -> Reader:
    """Question → base → answer."""
    return Reader(Facts(name="closed_book", sees="nothing"), base, cache)
