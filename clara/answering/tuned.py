"""The tuned model: base + LoRA trained on the documents and on generated questions, shown nothing or chunks."""

from __future__ import annotations

from clara.answering.cache import AnswerCache
from clara.answering.contender import Facts
from clara.answering.reader import Reader
from clara.model.adapters import attach
from clara.model.base import LanguageModel
from clara.profiles import Lora
from clara.retrieval import Retriever
from clara.training.artefacts import Artefact


def tuned(base: LanguageModel, artefact: Artefact, cache: AnswerCache) -> Reader:
    """Question → base + trained adapter → answer."""
    facts = Facts(name="tuned", sees="nothing", saw_documents="yes", saw_questions="yes")
    return Reader(facts, artefact.load(base), cache)


def tuned_rag(
    base: LanguageModel, artefact: Artefact, cache: AnswerCache, retriever: Retriever, k: int
) -> Reader:
    """Question → the chunks that ``rag`` sees → base + the adapter that ``tuned`` has → answer."""
    facts = Facts(name="tuned_rag", sees="retrieved chunks", saw_documents="yes", saw_questions="yes")
    return Reader(facts, artefact.load(base), cache, retriever, k)


def lm_only(base: LanguageModel, artefact: Artefact, cache: AnswerCache) -> Reader:
    """``tuned`` before it was taught to answer: a step of the ladder."""
    return Reader(
        Facts(name="lm_only", sees="nothing", saw_documents="yes", control=True), artefact.load(base), cache
    )


def untrained(base: LanguageModel, lora: Lora, seed: int, cache: AnswerCache) -> Reader:
    """``tuned`` with the adapter as it was before its first step; it must answer as the base does."""
    return Reader(Facts(name="untrained", sees="nothing", control=True), attach(base, lora, seed), cache)


def shuffled_labels(base: LanguageModel, artefact: Artefact, cache: AnswerCache) -> Reader:
    """``tuned`` on permuted answers: what tuning is worth when it teaches the form and nothing true."""
    facts = Facts(
        name="shuffled_labels", sees="nothing", saw_documents="yes", saw_questions="yes", control=True
    )
    return Reader(facts, artefact.load(base), cache)
