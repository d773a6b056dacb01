"""The base model, shown chunks as text: retrieved ones, and for the bounds the right one and wrong ones."""

from __future__ import annotations

from clara.answering.cache import AnswerCache
from clara.answering.contender import Facts
from clara.answering.reader import Reader
from clara.model.base import LanguageModel
from clara.retrieval import Retriever


def rag(base: LanguageModel, cache: AnswerCache, retriever: Retriever, k: int) -> Reader:
    """Question → its k nearest chunks → base → answer."""
    return Reader(Facts(name="rag", sees="retrieved chunks"), base, cache, retriever, k)


def rag_budget(
    base: LanguageModel, cache: AnswerCache, retriever: Retriever, k: int, rate: str = ""
) -> Reader:
    """``rag`` with a retriever that cuts the same chunks to their best sentences, within a budget of tokens.

    ``rate`` is that of the compressor whose positions it has, such as ``@16x``, where there are several.
    """
    return Reader(Facts(name=f"rag_budget{rate}", sees="best sentences of them"), base, cache, retriever, k)


def oracle(base: LanguageModel, cache: AnswerCache, retriever: Retriever) -> Reader:
    """``rag`` with a retriever that never misses: what the reader could reach."""
    return Reader(
        Facts(name="oracle", sees="gold chunk", control=True, asked_in_part=True), base, cache, retriever, 1
    )


def shuffled(base: LanguageModel, cache: AnswerCache, retriever: Retriever, k: int) -> Reader:
    """``rag`` with chunks of another document: what text as such is worth, which should be nothing."""
    facts = Facts(name="shuffled", sees="another document's chunks", control=True, asked_in_part=True)
    return Reader(facts, base, cache, retriever, k)
