"""Question files: read as they come, and every problem of them told at once."""

from __future__ import annotations

import json
import unicodedata
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clara.errors import QuestionFileError
from clara.questions.datasets import check_questions, lint, read_questions
from clara.records import Document, Page, Question

ENTRY = {
    "id": "q-1",
    "question": "When was the dome moved?",
    "answers": ["in 1956", "1956"],
    "document": "tarn",
    "evidence": "The dome was moved in 1956.",
    "category": "numeric",
    "keywords": ["1956"],
}


def question(**changes: object) -> Question:
    return Question.model_validate_json(json.dumps({**ENTRY, **changes}))


def document(text: str, name: str = "tarn") -> Document:
    return Document(name=name, path=f"{name}.pdf", pages=(Page(number=1, text=text),))


def write(path: Path, *entries: object, end: str = "\n", encoding: str = "utf-8") -> Path:
    lines = (entry if isinstance(entry, str) else json.dumps(entry, ensure_ascii=False) for entry in entries)
    path.write_bytes("".join(line + end for line in lines).encode(encoding))
    return path


def problems(*paths: Path) -> tuple[str, ...]:
    with pytest.raises(QuestionFileError) as caught:
        read_questions(paths)
    return caught.value.problems


def test_file_is_read_in_the_order_of_its_lines(tmp_path: Path):
    path = write(tmp_path / "a.jsonl", {**ENTRY, "id": "z"}, "", {**ENTRY, "id": "a", "abstractive": True})
    assert read_questions([path]) == [question(id="z"), question(id="a", abstractive=True)]


def test_byte_order_mark_and_windows_line_ends_are_accepted(tmp_path: Path):
    path = write(tmp_path / "a.jsonl", ENTRY, {**ENTRY, "id": "q-2"}, end="\r\n", encoding="utf-8-sig")
    assert [item.id for item in read_questions([path])] == ["q-1", "q-2"]


def test_folder_stands_for_its_files_by_name(tmp_path: Path):
    write(tmp_path / "b.jsonl", {**ENTRY, "id": "b"})
    write(tmp_path / "a.jsonl", {**ENTRY, "id": "a"})
    write(tmp_path / "notes.txt", "not a question")
    assert [item.id for item in read_questions([tmp_path])] == ["a", "b"]


def test_line_separator_inside_a_string_ends_no_line(tmp_path: Path):
    path = write(tmp_path / "a.jsonl", {**ENTRY, "evidence": "The dome was\u2028moved in 1956."})
    assert read_questions([path])[0].evidence == ("The dome was\u2028moved in 1956.",)


def test_decomposed_hangul_is_composed(tmp_path: Path):
    composed = "관측소는 1956년에 옮겨졌다."
    path = write(tmp_path / "a.jsonl", {**ENTRY, "evidence": unicodedata.normalize("NFD", composed)})
    assert read_questions([path])[0].evidence == (composed,)


@pytest.mark.parametrize(
    ("entry", "said"),
    [
        ("{'id': 1}", "JSON"),
        ("[]", "object"),
        ({name: value for name, value in ENTRY.items() if name != "evidence"}, "'evidence'"),
        ({**ENTRY, "evidense": "x"}, "'evidense'"),
        ({**ENTRY, "answers": "in 1956"}, "'answers'"),
        ({**ENTRY, "answers": [1956]}, "'answers.0'"),
        ({**ENTRY, "answers": []}, "evidence without answers"),
        ({**ENTRY, "evidence": []}, "answers without evidence"),
        ({**ENTRY, "evidence": ["The dome was moved in 1956.", ""]}, "'evidence'"),
        ({**ENTRY, "evidence": [1956]}, "'evidence.0'"),
        ({**ENTRY, "evidence": None}, "'evidence'"),
        ({**ENTRY, "answers": ["in 1956", " "]}, "'answers'"),
        ({**ENTRY, "question": ""}, "'question'"),
        ({**ENTRY, "document": {}}, "'document'"),
        ({**ENTRY, "category": "trivia"}, "trivia"),
        ({**ENTRY, "abstractive": "yes"}, "'abstractive'"),
    ],
)
def test_bad_entry_is_told_with_its_place_and_field(tmp_path: Path, entry: object, said: str):
    path = write(tmp_path / "a.jsonl", {**ENTRY, "id": "q-0"}, entry)
    (problem,) = problems(path)
    assert problem.startswith(f"{path}, line 2: ")
    assert said in problem
    assert "\n" not in problem


def test_problems_of_all_files_are_told_at_once(tmp_path: Path):
    first = write(tmp_path / "a.jsonl", "no json", {**ENTRY, "id": "q-0", "category": "trivia", "extra": 1})
    second = write(tmp_path / "b.jsonl", ENTRY, ENTRY)
    absent = tmp_path / "c.jsonl"
    told = problems(first, second, absent)
    assert [line.split(": ")[0] for line in told] == [
        f"{first}, line 1", f"{first}, line 2", f"{first}, line 2", f"{second}, line 2", str(absent),
    ]  # fmt: skip


def test_problems_with_documents_are_told_beside_those_of_the_file_and_with_their_place(tmp_path: Path):
    path = write(
        tmp_path / "a.jsonl",
        {**ENTRY, "id": "q-0"},
        {**ENTRY, "document": "tarm", "category": "trivia"},
        {**ENTRY, "evidence": ["It rained.", "The dome was sold in 1956."]},
        "no json",
    )
    with pytest.raises(QuestionFileError) as caught:
        read_questions([path], [document("It rained. The dome was moved in 1956.")])
    assert [line.partition(": ")[0] for line in caught.value.problems] == [
        f"{path}, line {number}" for number in (2, 2, 3, 3, 4)
    ]
    category, unknown, repeated, missing, broken = (line.partition(": ")[2] for line in caught.value.problems)
    assert "'category'" in category
    assert "Did you mean 'tarn'?" in unknown
    assert f"stands already in {path}, line 2" in repeated
    assert "'sold in 1956.'" in missing
    assert broken.startswith("no JSON")


def test_questions_are_read_where_their_documents_have_the_evidence(tmp_path: Path):
    path = write(tmp_path / "a.jsonl", ENTRY, {**ENTRY, "id": "q-2", "document": "scan"})
    read = read_questions([path], [document("The dome was moved in 1956.")], unread={"scan"})
    assert [item.id for item in read] == ["q-1", "q-2"]


def test_question_without_answer_and_question_of_two_sentences_are_read(tmp_path: Path):
    none = {**ENTRY, "answers": [], "evidence": [], "keywords": []}
    two = {**ENTRY, "id": "q-2", "evidence": ["It rained.", "The dome was moved in 1956."]}
    text = document("The dome was moved in 1956. It was cold. It rained.")
    first, second = read_questions([write(tmp_path / "a.jsonl", none, two)], [text])
    assert (first.answers, first.evidence, first.is_answerable) == ((), (), False)
    assert second.evidence == ("It rained.", "The dome was moved in 1956.")


def test_question_without_answer_is_still_asked_about_a_known_document(tmp_path: Path):
    path = write(tmp_path / "a.jsonl", {**ENTRY, "answers": [], "evidence": [], "document": "hut"})
    with pytest.raises(QuestionFileError, match="no document 'hut'"):
        read_questions([path], [document("It rained.")])


def test_id_may_stand_once_over_all_files(tmp_path: Path):
    first, second = (write(tmp_path / name, ENTRY) for name in ("a.jsonl", "b.jsonl"))
    (problem,) = problems(first, second)
    assert problem.startswith(f"{second}, line 1: ")
    assert "'q-1'" in problem
    assert f"{first}, line 1" in problem


def test_bytes_that_are_not_utf_8_are_told_with_their_line_and_the_other_lines_are_read(tmp_path: Path):
    bad = {**ENTRY, "question": "Où?"}
    path = write(tmp_path / "a.jsonl", {**ENTRY, "id": "q-0"}, bad, "no json", encoding="latin-1")
    first, second = problems(path)
    assert first.startswith(f"{path}, line 2: byte ")
    assert "UTF-8" in first
    assert second.startswith(f"{path}, line 3: ")


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-16-be"])
def test_spreadsheet_text_is_told_for_what_it_is(tmp_path: Path, encoding: str):
    path = write(tmp_path / "a.jsonl", ENTRY, ENTRY, encoding=encoding)
    assert problems(path) == (
        f"{path}, line 1: is UTF-16, as Excel's 'Unicode text' is. Save the file as UTF-8",
    )


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_lines_are_counted_alike_whatever_ends_them(tmp_path: Path, end: str):
    path = write(tmp_path / "a.jsonl", ENTRY, "", "no json", end=end)
    (problem,) = problems(path)
    assert problem.startswith(f"{path}, line 3: ")


def test_files_joined_with_their_byte_order_marks_are_read(tmp_path: Path):
    parts = [
        write(tmp_path / id, {**ENTRY, "id": id}, encoding="utf-8-sig").read_bytes() for id in ("a", "b")
    ]
    (tmp_path / "all.jsonl").write_bytes(b"".join(parts))
    assert [item.id for item in read_questions([tmp_path / "all.jsonl"])] == ["a", "b"]


def test_decomposed_hangul_written_as_escapes_is_composed(tmp_path: Path):
    path = tmp_path / "a.jsonl"
    path.write_text(
        json.dumps({**ENTRY, "question": unicodedata.normalize("NFD", "언제?")}), encoding="utf-8"
    )
    assert read_questions([path])[0].question == "언제?"


@pytest.mark.parametrize("content", ["", "\n\n"])
def test_file_without_a_question_is_a_problem(tmp_path: Path, content: str):
    path = tmp_path / "a.jsonl"
    path.write_text(content, encoding="utf-8")
    assert "no question" in problems(path)[0]


def test_folder_without_a_file_and_no_path_at_all_are_problems(tmp_path: Path):
    assert "no *.jsonl" in problems(tmp_path)[0]
    assert "no question" in problems()[0]


_TEXT = st.text(min_size=1).filter(str.strip).map(lambda text: unicodedata.normalize("NFC", text))


@given(text=_TEXT, answers=st.lists(_TEXT, min_size=1), is_ascii=st.booleans())
def test_what_is_written_is_what_is_read(tmp_path_factory, text: str, answers: list[str], is_ascii: bool):
    written = question(question=text, answers=answers)
    line = json.dumps(written.model_dump(), ensure_ascii=is_ascii) if is_ascii else written.model_dump_json()
    path = tmp_path_factory.mktemp("questions") / "a.jsonl"
    path.write_text(line, encoding="utf-8", newline="")
    assert read_questions([path]) == [written]


def test_evidence_that_stands_in_its_document_passes():
    check_questions(
        [question(evidence="The dome  was\nmoved in 1956.")],
        [document("It rained. The dome was\nmoved in 1956.")],
    )


def test_unknown_documents_and_missing_evidence_are_told_at_once():
    asked = [
        question(id="a", document="tarm"),
        question(id="b", evidence="The dome was sold in 1956."),
        question(id="c"),
    ]
    with pytest.raises(QuestionFileError) as caught:
        check_questions(asked, [document("The dome was moved in 1956.")])
    unknown, missing = caught.value.problems
    assert "question a" in unknown
    assert "Did you mean 'tarn'?" in unknown
    assert "question b" in missing
    assert "'sold in 1956.'" in missing  # where the evidence departs from the text


def test_clean_questions_have_no_lint():
    none = {"answers": [], "evidence": [], "keywords": []}
    two = {"evidence": ["It rained.", "The dome was moved in 1956."]}
    assert lint([question(id=f"q-{n}", **changes) for n, changes in enumerate([{}, none, two])]) == []


def test_answer_that_runs_from_one_sentence_of_the_evidence_into_the_next_is_not_verbatim():
    asked = question(
        answers=["rained. The dome"], evidence=["It rained.", "The dome was moved."], keywords=[]
    )
    assert "no answer stands in its evidence" in lint([asked])[0]


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"answers": [""]}, "empty"),
        ({"answers": ["last year"], "keywords": []}, "abstractive"),
        ({"abstractive": True}, "abstractive"),
        ({"question": "Was the dome moved in 1956?"}, "'1956' stands in the question"),
        ({"keywords": ["In"]}, "lower-case"),
        ({"keywords": ["1957"]}, "stands in no answer"),
        (
            {"question": "돔은 서울에서 언제 왔는가?", "keywords": ["서울"], "answers": ["서울"]},
            "'서울' stands in the question",
        ),
    ],
)
def test_lint_names_the_question_and_the_flaw(changes: dict[str, object], said: str):
    found = lint([question(id=f"q-{n}") for n in range(20)] + [question(id="bad", **changes)])
    assert any("question bad" in line and said in line for line in found), found


def test_keyword_inside_a_longer_word_of_the_question_is_no_flaw():
    asked = question(question="Is it smart?", answers=["mart"], evidence="It is a mart.", keywords=["mart"])
    assert lint([asked]) == []


@pytest.mark.parametrize(("abstractive", "found"), [(3, []), (4, ["16 of 20"])])
def test_lint_counts_answers_that_are_not_verbatim(abstractive: int, found: list[str]):
    loose = [
        question(id=f"a-{n}", answers=["last year"], keywords=[], abstractive=True)
        for n in range(abstractive)
    ]
    asked = loose + [question(id=f"q-{n}") for n in range(20 - abstractive)]
    assert [line.split(" answerable questions")[0] for line in lint(asked)] == found


def test_lint_finds_an_id_twice():
    assert [line for line in lint([question(), question()]) if "q-1" in line]
