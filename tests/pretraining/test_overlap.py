"""Nothing that a reader is marked by may stand in what it is trained on, and nothing is exported unchecked."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import pytest
from transformers import AutoTokenizer

from clara.documents import read_pdf, sentences
from clara.errors import ArtefactError, DocumentError, OverlapError, QuestionFileError
from clara.pretraining import train
from clara.pretraining.config import Recipe, read_recipe
from clara.pretraining.corpus import Passage, read_lines, read_questions, write_lines
from clara.pretraining.overlap import PASSAGES, QUESTIONS, RECORD, hold_apart, read_record
from clara.pretraining.rows import read_row_maker
from clara.pretraining.ruled import RULED

FIXTURES = Path(__file__).parents[2] / "fixtures"
SURVEY = FIXTURES / "documents" / "en" / "harbour-survey.pdf"
ASKED = FIXTURES / "questions" / "en" / "harbour-survey.jsonl"


@pytest.fixture(scope="module")
def recipe(recipe_file: Path) -> Recipe:
    return read_recipe(recipe_file)


@pytest.fixture
def exam(tmp_path: Path) -> Path:
    """One document with its gold questions."""
    folder = tmp_path / "exam"
    folder.mkdir()
    for file in (SURVEY, ASKED):
        shutil.copy(file, folder)
    return folder


@pytest.fixture
def corpus(trained: Path, tmp_path: Path) -> Path:
    """What was prepared for the miniature reader, not compared yet."""
    folder = tmp_path / "corpus"
    shutil.copytree(trained / "tokenizer", folder / "tokenizer")
    for name in (PASSAGES, QUESTIONS, RULED):
        shutil.copy(trained / name, folder)
    return folder


@pytest.fixture(scope="module")
def stolen() -> str:
    """A sentence of the document, of more than 20 words."""
    text = " ".join(page.text for page in read_pdf(SURVEY).pages)
    return next(sentence for sentence in sentences(text) if sentence.count(" ") > 20)


def add_passages(corpus: Path, *texts: str) -> None:
    had = [Passage.model_validate(line) for line in read_lines(corpus / PASSAGES)]
    more = [Passage(source="towns", title="Thieves", text=text) for text in texts]
    write_lines(corpus / PASSAGES, [*had, *more])


def add_question(corpus: Path, question: str) -> None:
    had = read_questions([corpus / QUESTIONS])
    write_lines(corpus / QUESTIONS, [*had, had[0].model_copy(update={"question": question})])


def compare(recipe: Recipe, corpus: Path, *exam: Path) -> None:
    hold_apart(recipe, corpus, corpus / "tokenizer", corpus, exam)


def test_a_clean_corpus_passes_and_the_record_says_what_was_compared(trained: Path):
    record = read_record(trained)
    assert record.overlaps == ()
    assert record.passages == len(list(read_lines(trained / PASSAGES)))
    assert record.questions == sum(1 for name in (QUESTIONS, RULED) for _ in read_lines(trained / name))
    assert record.samples > 50
    assert record.documents == len(list(FIXTURES.glob("documents/*/*.pdf")))
    assert record.gold_questions == sum(
        len(file.read_text().splitlines()) for file in FIXTURES.glob("questions/*/*.jsonl")
    )
    assert set(record.digests) == {PASSAGES, QUESTIONS, RULED, "recipe", "code", "rows", "exam"}


def test_the_card_says_what_was_compared(trained: Path):
    record = read_record(trained)
    card = (trained / "tiny" / "README.md").read_text(encoding="utf-8")
    assert f"{record.samples:,} generated samples held against {record.documents} documents" in card


def test_the_samples_are_those_of_the_seed(recipe: Recipe, corpus: Path, exam: Path):
    rows = set()
    for seed in (0, 0, 1):
        (corpus / RECORD).unlink(missing_ok=True)
        compare(recipe.model_copy(update={"seed": seed}), corpus, exam)
        rows.add(read_record(corpus).digests["rows"])
    assert len(rows) == 2


def test_a_sentence_of_a_document_is_refused_with_its_source_and_text(
    recipe: Recipe, corpus: Path, exam: Path, stolen: str
):
    add_passages(corpus, f"They say so. {stolen.upper()}")
    with pytest.raises(OverlapError, match=r"passages\.jsonl\.xz, line \d+ \(towns, Thieves\)") as caught:
        compare(recipe, corpus, exam)
    assert any(line.startswith("harbour-survey: ") and stolen[:30] in line for line in caught.value.overlaps)
    with pytest.raises(OverlapError):  # the record is remembered
        compare(recipe, corpus)


def test_a_gold_question_among_the_questions_is_refused(recipe: Recipe, corpus: Path, exam: Path):
    gold = next(line for line in read_lines(ASKED) if line["question"].count(" ") > 7)
    add_question(corpus, gold["question"].lower())
    with pytest.raises(OverlapError, match=rf"{gold['id']}.*questions\.jsonl\.xz"):
        compare(recipe, corpus, exam)


def test_a_gold_question_too_short_for_any_text_is_refused_among_the_questions(
    recipe: Recipe, corpus: Path, exam: Path
):
    short = next(read_lines(ASKED)) | {"id": "short", "question": "Who drew it?"}
    (exam / "short.jsonl").write_text(json.dumps(short), encoding="utf-8")
    add_passages(corpus, "Who drew it? Nobody knows.")
    compare(recipe, corpus, exam)
    add_question(corpus, "who drew it")
    with pytest.raises(OverlapError, match="'Who drew it\\?' is asked"):
        compare(recipe, corpus, exam)


def test_a_sentence_that_only_generated_samples_hold_is_refused(
    recipe: Recipe, corpus: Path, exam: Path, stolen: str
):
    words = stolen.split()[:20]
    halves = (f"{' '.join(words[:10])}.", f"{' '.join(words[10:])}.")  # ten words are no copy, twenty are
    add_passages(corpus, *halves * 40)
    with pytest.raises(OverlapError) as caught:
        compare(recipe, corpus, exam)
    assert all("the samples of step" in line for line in caught.value.overlaps)


def test_a_gold_question_that_the_generator_makes_up_is_refused(recipe: Recipe, corpus: Path, exam: Path):
    phase = recipe.phases[0].model_copy(update={"until": 1.0, "plain_text": 0.0, "kinds": {"invented": 1.0}})
    inventing = recipe.model_copy(update={"phases": (phase,)})
    maker, tokenizer = read_row_maker(inventing, corpus), AutoTokenizer.from_pretrained(corpus / "tokenizer")
    texts = [text for step in range(16) for text in tokenizer.batch_decode(maker.rows(step).ids)]
    asked = re.findall(r"Question: ([^<\n]+)<\|assistant", "".join(texts))
    made = next(question for question in asked if question.count(" ") > 7)
    compare(inventing, corpus, exam)
    gold = next(read_lines(ASKED)) | {"id": "made", "question": made}
    (exam / "made.jsonl").write_text(json.dumps(gold), encoding="utf-8")
    with pytest.raises(OverlapError, match=r"made: .* of the samples of step"):
        compare(inventing, corpus, exam)


@pytest.mark.parametrize("left", ["nothing", "no folder", "no questions", "no documents"])
def test_a_folder_without_documents_or_questions_is_refused(
    recipe: Recipe, corpus: Path, exam: Path, left: str
):
    gone = {"no questions": ["*.jsonl"], "no documents": ["*.pdf"]}.get(left, ["*.pdf", "*.jsonl"])
    for file in [file for pattern in gone for file in exam.glob(pattern)]:
        file.unlink()
    if left == "no folder":
        exam.rmdir()
    with pytest.raises(DocumentError, match="Name a folder"):
        compare(recipe, corpus, exam)
    assert not (corpus / RECORD).exists()


def test_a_document_that_cannot_be_read_is_refused(recipe: Recipe, corpus: Path, exam: Path):
    (exam / SURVEY.name).write_bytes(SURVEY.read_bytes()[:400])
    with pytest.raises(DocumentError, match=r"harbour-survey\.pdf: broken PDF"):
        compare(recipe, corpus, exam)


def test_questions_about_a_document_that_is_not_there_are_refused(recipe: Recipe, corpus: Path, exam: Path):
    (exam / SURVEY.name).rename(exam / "other.pdf")
    with pytest.raises(QuestionFileError, match="no document 'harbour-survey'"):
        compare(recipe, corpus, exam)


def test_a_folder_that_misses_what_its_manifest_lists_is_refused(recipe: Recipe, corpus: Path, exam: Path):
    (exam / "MANIFEST.json").write_text(json.dumps({"files": {"lost.pdf": "0" * 64}}), encoding="utf-8")
    with pytest.raises(DocumentError, match=r"lost\.pdf: is not there as"):
        compare(recipe, corpus, exam)


def test_without_documents_a_record_of_this_corpus_is_enough_and_no_record_is_not(
    recipe: Recipe, corpus: Path, exam: Path
):
    with pytest.raises(ArtefactError, match="no record"):
        compare(recipe, corpus)
    compare(recipe, corpus, exam)
    compare(recipe, corpus)
    add_passages(corpus, "Nobody has compared this.")
    with pytest.raises(ArtefactError, match=rf"another {PASSAGES}\. Go on with --resume"):
        compare(recipe, corpus)
    compare(recipe, corpus, exam)


def test_another_exam_is_compared_anew(recipe: Recipe, corpus: Path, exam: Path):
    compare(recipe, corpus, exam)
    shutil.copy(FIXTURES / "documents" / "en" / "kiln-manual.pdf", exam)
    compare(recipe, corpus, exam)
    assert read_record(corpus).documents == 2


@pytest.mark.parametrize("record", ["none", "another corpus", "no record", "an overlap"])
def test_nothing_is_exported_without_a_record_that_this_corpus_is_clean(
    recipe: Recipe, corpus: Path, exam: Path, stolen: str, record: str
):
    if record == "an overlap":
        add_passages(corpus, stolen)
    with suppress(OverlapError):
        compare(recipe, corpus, exam)
    if record == "none":
        (corpus / RECORD).unlink()
    elif record == "no record":
        (corpus / RECORD).write_text("{}", encoding="utf-8")
    elif record == "another corpus":
        add_question(corpus, "Which towns smoke eel?")
    before = sorted(corpus.iterdir())
    with pytest.raises((ArtefactError, OverlapError)):
        train.finish(recipe, "", None, corpus)
    assert sorted(corpus.iterdir()) == before


def test_a_corpus_that_holds_a_document_is_refused_before_any_training(
    command_line: Callable[[Path], list[str]],
    text_file: Path,
    stolen: str,
    tmp_path: Path,
):
    text = tmp_path / "text.jsonl"
    thief = {"source": "towns", "licence": "CC0-1.0", "title": "Thieves", "text": stolen}
    text.write_text(text_file.read_text(encoding="utf-8") + json.dumps(thief), encoding="utf-8")
    arguments = [str(text) if given == str(text_file) else given for given in command_line(tmp_path / "out")]
    for given in (arguments, [*arguments, "--resume"]):
        assert train.main(given) == 1
    assert not (tmp_path / "out" / "state.safetensors").exists()


def test_a_training_that_ended_elsewhere_is_compared_before_its_export(
    trained: Path, command_line: Callable[[Path], list[str]], exam: Path, tmp_path: Path
):
    out = tmp_path / "out"
    shutil.copytree(trained, out)
    for folder in ("tiny", "8-bit", "float16"):
        shutil.rmtree(out / folder)
    (out / RECORD).unlink()
    again = [*command_line(out), "--resume", "--apart-from"]
    assert train.main([*again, str(tmp_path / "nowhere")]) == 1
    assert not (out / "tiny").exists()
    assert train.main([*again, str(exam)]) == 0
    assert (out / "tiny" / "model.safetensors").exists()
    assert read_record(out).documents == 1
