"""The published forms of CLaRa's training data, read to the letter or refused by line."""

from __future__ import annotations

import json

import pytest

from clara.errors import QuestionFileError
from clara.questions import read_examples
from clara.questions.examples import PARAPHRASE


def read(tmp_path, *rows):
    path = tmp_path / "data.jsonl"
    path.write_text("\n".join(row if isinstance(row, str) else json.dumps(row) for row in rows))
    return read_examples(path)


def test_a_pretraining_row_is_one_example_a_question(tmp_path):
    row = {
        "data_type": "qa",
        "question": ["Who?", "Where?"],
        "answers": ["Ada", "At sea"],
        "docs": ["Ada at sea."],
    }
    examples = read(tmp_path, row)
    assert [(e.question, e.answer, e.documents) for e in examples] == [
        ("Who?", "Ada", ("Ada at sea.",)),
        ("Where?", "At sea", ("Ada at sea.",)),
    ]
    assert len({e.id for e in examples}) == 2


def test_a_paraphrase_row_asks_for_the_paraphrase_whatever_its_question_says(tmp_path):
    row = {
        "data_type": "paraphrase",
        "question": "ignored",
        "answers": ["In other words."],
        "docs": ["A text."],
    }
    (example,) = read(tmp_path, row)
    assert (example.question, example.answer, example.id) == (PARAPHRASE, "In other words.", None)


@pytest.mark.parametrize("documents", ["docs", "context", "content"])
@pytest.mark.parametrize(
    "answer", [{"answer": "Ada"}, {"answers": ["Ada", "A."]}, {"golden_answers": ["Ada"]}]
)
def test_documents_and_answers_go_by_any_of_their_names(tmp_path, documents, answer):
    (example,) = read(tmp_path, {"question": "Who?", documents: ["One.", "Two."], "pos_index": [1], **answer})
    assert (example.answer, example.documents, example.positives) == ("Ada", ("One.", "Two."), (1,))


def test_every_broken_line_is_named(tmp_path):
    whole = {"question": "Who?", "answer": "Ada", "docs": ["One."]}
    with pytest.raises(QuestionFileError) as caught:
        read(
            tmp_path, "no json", {**whole, "docs": []}, {**whole, "docs": [" "]}, {**whole, "pos_index": [1]}, whole,
            {"question": "Who?", "docs": ["One."], "gold_answer": "Ada"}, {**whole, "question": ["Who?", "Where?"]},
            {"answer": "Ada", "docs": ["One."]}, [1],
        )  # fmt: skip
    lines = [
        problem.rsplit(":", 2)[1] if "jsonl:" not in problem else problem for problem in caught.value.problems
    ]
    assert [int(line.split("jsonl:")[1].split(":")[0]) for line in lines] == [1, 2, 3, 4, 6, 7, 8, 9]
    assert "pos_index [1] points beyond its 1 docs" in str(caught.value)
