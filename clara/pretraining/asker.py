"""Questions that a model writes after people's: to spans of the text, and kept where it finds the span again.

People's questions are few, and seen so often that their passages are known by heart; these are asked in their manner
of passages that no person asked about.

Source:
    Question generation kept by roundtrip consistency, Alberti et al. 2019 (arXiv:1906.05416).
"""

from __future__ import annotations

import logging
from collections.abc import Iterator, Sequence
from pathlib import Path
from random import Random
from typing import Any

import mlx.nn as nn

from clara.errors import TrainingError
from clara.metrics import f1
from clara.model.decoding import greedy
from clara.model.prompts import prompt_ids
from clara.pretraining.asking import inverse
from clara.pretraining.config import AskerRecipe, Recipe
from clara.pretraining.corpus import ReadingQuestion, write_lines
from clara.pretraining.export import filled
from clara.pretraining.library import Library, Wanted
from clara.pretraining.rows import LEARNT, read_library
from clara.pretraining.samples import make_cloze

_log = logging.getLogger(__name__)
_FEWEST_WORDS, _MOST_WORDS = 50, 150  # of a passage
_SAME = 0.8  # F1 from which the span found is the span asked for
_SHORTEST = 4  # words of a question
_MOST_TOKENS = 40  # of a question or answer
_BATCH = 512


def write_learnt(recipe: Recipe, asker: AskerRecipe, parameters: Any, corpus: Path) -> None:
    """Write ``learnt.jsonl.xz`` beside the corpus: what the asker asks, and can answer itself.

    Raises:
        TrainingError: There is no such question.
    """
    from mlx_lm.tokenizer_utils import load as load_tokenizer

    tokenizer = load_tokenizer(corpus / "tokenizer")
    model, _ = filled(recipe, parameters, tokenizer, recipe.precision)
    library = read_library(corpus, {"plain": {}, "asked": recipe.text.asked_share})
    spans = list(candidates(library, recipe, asker.candidates))
    asked = ask(model, tokenizer, spans)
    kept = found_again(model, tokenizer, asked)
    _log.info("asker: %d spans, %d questions, %d found again", len(spans), len(asked), len(kept))
    if not kept:
        found = f"of {len(spans)} questions that it wrote it can answer none"
        raise TrainingError("asking", asker.steps, found, "Give the asker more steps")
    write_lines(corpus / LEARNT, kept)


def candidates(library: Library, recipe: Recipe, number: int) -> Iterator[ReadingQuestion]:
    """Passages with a span to ask for, and no question yet."""
    draw, made = Random(f"{recipe.seed}/asker"), 0
    while made < number:
        wanted = Wanted(draw.randint(_FEWEST_WORDS, _MOST_WORDS), recipe.rows.longest_answer_words)
        if sample := make_cloze(library, draw, wanted):
            made += 1
            yield ReadingQuestion(
                id=f"learnt-{made}",
                title="",
                context=sample.passages[0],
                question="",
                answers=(sample.answer,),
            )


def ask(model: nn.Module, tokenizer: Any, spans: Sequence[ReadingQuestion]) -> list[ReadingQuestion]:
    """The spans with the question that the model writes to each, where it is one and does not give the answer away."""
    written = _written(model, tokenizer, [(inverse(span.answers[0]), span.context) for span in spans])
    asked = [
        span.model_copy(update={"question": question, "source": "learnt"})
        for span, question in zip(spans, written, strict=True)
    ]
    return [q for q in asked if q.question.count(" ") + 1 >= _SHORTEST and q.answers[0] not in q.question]


def found_again(model: nn.Module, tokenizer: Any, asked: Sequence[ReadingQuestion]) -> list[ReadingQuestion]:
    """The questions to which the model answers with the span that they were written to."""
    answers = _written(model, tokenizer, [(question.question, question.context) for question in asked])
    return [q for q, answer in zip(asked, answers, strict=True) if f1(answer, q.answers[0]) >= _SAME]


def _written(model: nn.Module, tokenizer: Any, asked: Sequence[tuple[str, str]]) -> list[str]:
    """What the model writes to each question and passage; nothing where it does not come to an end."""
    prompts = [prompt_ids(tokenizer, question, [passage]) for question, passage in asked]
    written = greedy(model, tokenizer, prompts, _MOST_TOKENS, _BATCH)
    return [generation.text if generation.stopped != "length" else "" for generation in written]
