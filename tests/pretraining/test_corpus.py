"""What is read, and what is kept apart."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from clara.errors import QuestionFileError
from clara.pretraining.corpus import (
    Passage,
    apart_from,
    contexts,
    hold_out,
    read_lines,
    read_passages,
    read_questions,
    runs_of_words,
    write_lines,
)

HELD = ["Ostrel harbour"]


def test_text_that_may_be_protected_elsewhere_is_left_out(text_file: Path):
    titles = {passage.title for passage in read_passages(text_file, {})}
    assert "Corvane" in titles
    assert "Dunstow" not in titles


def test_title_is_cut_to_its_sources_words(text_file: Path):
    passages = [p for p in read_passages(text_file, {"ports": 30}) if p.source == "ports"]
    assert len(passages) == len({passage.title for passage in passages})


def test_held_out_title_is_in_no_training_question(questions_file: Path):
    kept, heldout = hold_out(read_questions([questions_file]), HELD)
    assert {question.title for question in heldout} == set(HELD)
    assert len(kept) == 9
    assert not {question.title for question in kept} & set(HELD)


def test_question_whose_passage_shares_ten_words_with_a_held_out_one_goes_too(questions_file: Path):
    questions = read_questions([questions_file])
    copy = questions[0].model_copy(update={"id": "copy", "title": "Another title"})
    kept, _ = hold_out([*questions, copy], HELD)
    assert "copy" not in {question.id for question in kept}


def test_unknown_held_out_title_is_an_error(questions_file: Path):
    with pytest.raises(QuestionFileError, match="Atlantis"):
        hold_out(read_questions([questions_file]), ["Atlantis"])


def test_passage_that_shares_ten_words_or_the_title_is_dropped(questions_file: Path):
    _, heldout = hold_out(read_questions([questions_file]), HELD)
    words = heldout[0].context.upper().split()
    same_run = Passage(source="s", title="Other", text=" ".join(["Well,", *words[3:13], "indeed."]))
    nine = Passage(source="s", title="Other", text=" ".join(["Well,", *words[3:12], "indeed."]))
    same_title = Passage(source="s", title=HELD[0], text="Something else.")
    assert apart_from([same_run, nine, same_title], heldout) == [nine]


def test_no_text_kept_shares_a_run_with_the_held_out_contexts(text_file: Path, questions_file: Path):
    kept, heldout = hold_out(read_questions([questions_file]), HELD)
    passages = [*apart_from(read_passages(text_file, {}), heldout), *contexts(kept)]
    taken = runs_of_words(question.context for question in heldout)
    assert passages
    assert not taken & runs_of_words(passage.text for passage in passages)


def test_context_is_read_once_however_many_questions_it_has(questions_file: Path):
    assert len(contexts(read_questions([questions_file]))) == 4


@pytest.mark.parametrize("name", ["lines.jsonl", "lines.jsonl.xz"])
def test_what_is_written_is_read_back(tmp_path: Path, name: str):
    passages = [Passage(source="s", title="측량", text="북쪽\n“a”")]
    write_lines(tmp_path / name, passages)
    assert [Passage(**record) for record in read_lines(tmp_path / name)] == passages


def test_every_bad_record_is_listed(tmp_path: Path):
    path = tmp_path / "bad.jsonl"
    good = {"id": "1", "title": "t", "context": "c", "question": "q", "answers": ["a"]}
    lines = [good, {**good, "answers": []}, {"id": "3"}]
    path.write_text("\n".join(map(json.dumps, lines)))
    with pytest.raises(QuestionFileError) as caught:
        read_questions([path])
    assert [problem.split(": ")[0] for problem in caught.value.problems] == [f"{path}:2", f"{path}:3"]
