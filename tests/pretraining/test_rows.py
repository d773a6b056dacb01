"""Rows: what a recipe's samples become, and that the reader's recipe goes on making the rows that it was trained on."""

from __future__ import annotations

import hashlib
import re
from pathlib import Path
from zlib import crc32

import pytest

from clara.pretraining.config import Recipe, read_recipe
from clara.pretraining.corpus import Passage, contexts, read_passages, read_questions
from clara.pretraining.library import Library
from clara.pretraining.rows import RowMaker
from clara.pretraining.ruled import RuledQuestion

RECIPE = Path(__file__).parents[2] / "clara" / "pretraining" / "reader-v1.toml"
PHASES = (0, 6600)  # their first steps
# Of the rows of these steps, by the code that trained reader-v1.
TRAINED_ON = "9b4d6a07a907a35652f8366775b0f2e0c7bea567d03d1afef85e8951bf9e9b2e"

RULED = {
    "Who built the lighthouse?": "harbour board",
    "When does the ferry leave the lower quay?": "every morning",
    "What does the market sell?": "smoked eel",
}


class Words:
    """A token a word: the rows must not hang on the tokenizer that lies beside a reader."""

    pad_token_id, eos_token_id = 0, 1
    all_special_tokens = ()

    def apply_chat_template(self, messages, **_) -> str:
        return f"{messages[-1]['content']} assistant"

    def encode(self, text: str, **_) -> list[int]:
        return [2 + crc32(word.encode()) % 60_000 for word in re.findall(r"\w+|[^\w\s]", text)]


@pytest.fixture(scope="module")
def recipe() -> Recipe:
    """The reader's, with few rows a step."""
    recipe = read_recipe(RECIPE)
    return recipe.model_copy(update={"rows": recipe.rows.model_copy(update={"rows_per_step": 32})})


@pytest.fixture(scope="module")
def maker(recipe: Recipe, text_file: Path, questions_file: Path, town_list: list[Passage]) -> RowMaker:
    questions = read_questions([questions_file])
    passages = [*read_passages(text_file, {}), *town_list, *contexts(questions)]
    share = {"towns": 0.5, "ports": 0.3, "questions": 0.2}
    # Not made by the rules of the day: those may change, these rows must not.
    ruled = [
        RuledQuestion(passage=i, start=passage.text.index(answer), question=question, answer=answer)
        for i, passage in enumerate(passages)
        for question, answer in RULED.items()
        if answer in passage.text
    ]
    library = Library(passages, questions, {"plain": share, "asked": share}, ruled)
    return RowMaker(recipe, Words(), library)


def test_the_recipe_makes_the_rows_that_the_reader_was_trained_on(recipe: Recipe, maker: RowMaker):
    assert [recipe.phase(step) for step in PHASES] == list(recipe.phases)
    digest = hashlib.sha256()
    for step in PHASES:
        rows = maker.rows(step)
        digest.update(rows.ids.tobytes() + rows.weights.tobytes())
    assert digest.hexdigest() == TRAINED_ON


@pytest.mark.parametrize("step", PHASES)
def test_rows_are_filled(maker: RowMaker, step: int):
    rows = maker.rows(step)
    assert (rows.ids > 0).mean() > 0.9
