"""Rows: what a recipe's samples become, and that version 0's recipe goes on making the rows that it made."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

from clara.pretraining.config import Recipe, read_recipe
from clara.pretraining.corpus import Passage, contexts, read_passages, read_questions
from clara.pretraining.library import Library
from clara.pretraining.rows import RowMaker
from clara.pretraining.ruled import asked_by_rule

_ROOT = Path(__file__).parents[2]
# Of the rows of steps 0 and 9,000, taken before anything of version 1 was written.
_VERSION_0 = "041b16c7313b5235064da0ef65613a52732273d1121f739a107527c4448dbb17"


def small(recipe: Recipe) -> Recipe:
    """The recipe with few rows a step."""
    return recipe.model_copy(update={"rows": recipe.rows.model_copy(update={"rows_per_step": 6})})


@pytest.fixture(scope="module")
def passages(text_file: Path) -> list[Passage]:
    return read_passages(text_file, {})


def made_of(passages: list[Passage], questions_file: Path) -> Library:
    questions = read_questions([questions_file])
    share = {"towns": 0.5, "ports": 0.3, "questions": 0.2}
    text = [*passages, *contexts(questions)]
    ruled = asked_by_rule(enumerate(passage.text for passage in text))
    return Library(text, questions, {"plain": share, "asked": share}, ruled)


@pytest.fixture(scope="module")
def tokenizer():
    from transformers import AutoTokenizer

    return AutoTokenizer.from_pretrained(_ROOT / "fixtures" / "models" / "reader-v0")


def test_version_0_makes_the_rows_that_it_made(passages: list[Passage], questions_file: Path, tokenizer):
    library = made_of(passages, questions_file)
    recipe = small(read_recipe(_ROOT / "clara" / "pretraining" / "reader-v0.toml"))
    maker = RowMaker(recipe, tokenizer, library)
    digest = hashlib.sha256()
    for step in (0, 9000):
        rows = maker.rows(step)
        digest.update(rows.ids.tobytes() + rows.weights.tobytes())
    assert digest.hexdigest() == _VERSION_0


@pytest.mark.parametrize("step", [0, 4000])
def test_version_1_fills_its_rows(passages, town_list, questions_file: Path, tokenizer, step: int):
    library = made_of([*passages, *town_list], questions_file)
    recipe = small(read_recipe(_ROOT / "clara" / "pretraining" / "reader-v1.toml"))
    rows = RowMaker(recipe, tokenizer, library).rows(step)
    assert (rows.ids != tokenizer.pad_token_id).mean() > 0.7
