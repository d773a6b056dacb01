"""Questions that the harness's rules make of the corpus."""

from __future__ import annotations

from pathlib import Path
from random import Random

import pytest

from clara.pretraining.corpus import Passage, contexts, read_passages, read_questions
from clara.pretraining.library import Library
from clara.pretraining.ruled import asked_by_rule, joined, read_ruled, write_ruled
from clara.pretraining.samples import make_ruled, make_sample


@pytest.fixture(scope="module")
def passages(text_file: Path) -> list[Passage]:
    return read_passages(text_file, {})


def test_each_is_answered_where_it_says(passages: list[Passage]):
    ruled = asked_by_rule(enumerate(passage.text for passage in passages))
    assert len({asked.passage for asked in ruled}) > len(passages) / 2
    for asked in ruled:
        assert joined(passages[asked.passage].text)[asked.start :].startswith(asked.answer)
        assert "____" not in asked.question


@pytest.mark.parametrize("workers", [0, 2])
def test_what_is_written_is_read_whoever_made_it(passages: list[Passage], tmp_path: Path, workers: int):
    write_ruled(passages, tmp_path, workers)
    assert read_ruled(tmp_path) == asked_by_rule(enumerate(passage.text for passage in passages))


def test_a_sample_shows_the_sentence_that_was_asked_about(passages: list[Passage]):
    ruled = asked_by_rule(enumerate(passage.text for passage in passages))
    share = {"towns": 0.5, "ports": 0.5}
    library = Library(passages, [], {"plain": share, "asked": share}, ruled)
    for seed in range(40):
        sample = make_sample(
            library, {"ruled": 1.0}, 0.0, 0.0, Random(seed), longest_answer_words=8, unanswerable=0.0
        )
        assert sample.answer in sample.passages[0]
        assert sample.answer not in sample.question


def test_without_any_none_is_made(questions_file: Path):
    questions = read_questions([questions_file])
    library = Library(
        contexts(questions), questions, {"plain": {"questions": 1.0}, "asked": {"questions": 1.0}}
    )
    assert make_ruled(library, Random(0), None) is None
