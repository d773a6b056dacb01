"""Nothing that a reader or its compressor is trained on may come from the documents and questions it is marked by.

What was compared is kept beside the training, in ``overlap.json``. A machine without the documents can so go on with a
corpus that was compared elsewhere; without a record of the corpus at hand nothing is exported, however it was trained.
"""

from __future__ import annotations

import json
import logging
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import chain, pairwise
from pathlib import Path
from random import Random
from typing import Any

import numpy as np
from pydantic import ValidationError

from clara.documents import read_documents
from clara.errors import ArtefactError, DocumentError, OverlapError
from clara.pretraining.config import CompressorRecipe, Recipe
from clara.pretraining.corpus import read_lines
from clara.pretraining.rows import Maker, Rows, read_row_maker
from clara.pretraining.ruled import RULED
from clara.provenance import digest, file_digest, files_digest
from clara.questions import gold_text_in, read_questions, text_overlaps
from clara.records import Document, Question, Record
from clara.reports.files import write_whole

RECORD = "overlap.json"
PASSAGES, QUESTIONS = "passages.jsonl.xz", "questions.jsonl.xz"
_CORPUS = (PASSAGES, QUESTIONS, RULED)  # all but the first hold questions

_STEPS = 24  # whose rows are looked at; the reader's draw between four and five thousand samples for them
_REPOSITORY = Path(__file__).parents[2]
_log = logging.getLogger(__name__)

Text = tuple[str, str]  # where it stands, and itself


class Comparison(Record):
    """What was held against what, and what was found.

    Attributes:
        passages: Passages of the corpus.
        questions: Its questions, each with its passage and answers.
        samples: Samples that the row makers made of them, for steps spread over the whole training.
        documents: Documents that must not stand in any of these.
        gold_questions: Questions about them, which must not either.
        overlaps: A line for each sentence and question that does; none where the corpus may be trained on.
        digests: SHA-256 of the files of the corpus, of the recipe, of the code that makes and compares, of the rows
            that were made, and of the files of documents and gold questions (``exam``).
    """

    passages: int
    questions: int
    samples: int
    documents: int
    gold_questions: int
    overlaps: tuple[str, ...]
    digests: dict[str, str]

    def __str__(self) -> str:
        return (
            f"{self.passages:,} passages, {self.questions:,} questions and {self.samples:,} generated samples held "
            f"against {self.documents} documents and {self.gold_questions:,} gold questions: "
            f"{len(self.overlaps)} overlaps"
        )


def own_exam() -> list[Path]:
    """The folder of this repository's documents and gold questions; none where only the package is installed."""
    return [folder for folder in (_REPOSITORY / "fixtures",) if folder.is_dir()]


def hold_apart(
    recipe: Recipe | CompressorRecipe, corpus: Path, tokenizer: Path, out: Path, exam: Sequence[Path]
) -> None:
    """Compare what is trained on with what is marked, unless the record says that just this was done.

    Args:
        recipe: Of the reader, or of the compressor.
        corpus: Folder that the reader's pretraining prepared.
        tokenizer: Folder of the tokenizer, or of the reader that has it.
        out: Folder of the training, where the record is kept.
        exam: Folders of documents with gold questions; where none is named, the record must be there.

    Raises:
        DocumentError: A folder without documents or gold questions, or a document that cannot be read.
        QuestionFileError: Gold questions with problems, or about a document that is not there.
        ArtefactError: Neither a folder is named nor is there a record of this corpus.
        OverlapError: Something of the exam stands in what is trained on.
    """
    files = [file for folder in exam for file in _files(folder)]
    marked_by = {"exam": files_digest(files)} if files else {}
    unlike = _unlike(recipe, corpus, out, {"code": _code(), **marked_by})
    if unlike and not files:
        raise _no_record(out, unlike)
    if unlike:
        record = _compared(recipe, corpus, tokenizer, files)
        write_whole(out / RECORD, record.model_dump_json(indent=1))
        _log.info("%s", record)
    require_apart(recipe, corpus, out)


def require_apart(recipe: Recipe | CompressorRecipe, corpus: Path, out: Path) -> None:
    """Refuse to go on without a record of the corpus at hand; called before anything is exported.

    Raises:
        ArtefactError: There is none, or it is of another corpus or recipe.
        OverlapError: It tells of an overlap.
    """
    if unlike := _unlike(recipe, corpus, out, {}):
        raise _no_record(out, unlike)
    if overlaps := read_record(out).overlaps:
        raise OverlapError(corpus, overlaps)


def read_record(out: Path) -> Comparison:
    """The record in a training's folder.

    Raises:
        ValueError: It is not of this form.
    """
    return Comparison.model_validate_json((out / RECORD).read_text(encoding="utf-8"))


def _unlike(
    recipe: Recipe | CompressorRecipe, corpus: Path, out: Path, more: Mapping[str, str]
) -> str | None:
    """Why the record says nothing of what is at hand; None if it does."""
    if not (out / RECORD).exists():
        return "there is no record that the corpus was held against the documents and gold questions"
    try:
        told = read_record(out).digests
    except ValidationError as error:
        return f"is no record of a comparison ({error.error_count()} fields are missing or wrong)"
    at_hand = {**_digests(recipe, corpus), **more}
    changed = [name for name, found in at_hand.items() if told.get(name) != found]
    return f"the comparison was made with another {', '.join(changed)}" if changed else None


def _no_record(out: Path, found: str) -> ArtefactError:
    remedy = "Go on with --resume where the documents are, or name their folder with --apart-from"
    return ArtefactError(out / RECORD, found, remedy)


def _digests(recipe: Recipe | CompressorRecipe, corpus: Path) -> dict[str, str]:
    files = {name: file_digest(corpus / name) for name in _CORPUS}
    return {**files, "recipe": digest(recipe.model_dump(mode="json"))}


def _code() -> str:
    """Digest of what makes samples, puts them into words and compares texts."""
    here, package = Path(__file__).parent, Path(__file__).parents[1]
    made = [*here.rglob("*.py"), *here.glob("invented/*.toml"), package / "model" / "prompts.py"]
    return files_digest([*made, *(package / "questions").rglob("*.py")])


def _files(folder: Path) -> list[Path]:
    """The documents and gold questions anywhere in a folder; all that its manifest lists, where it has one."""
    if not folder.is_dir():
        raise DocumentError(folder, "no such folder", "Name a folder of documents and their gold questions")
    manifest = folder / "MANIFEST.json"
    for name, frozen in json.loads(manifest.read_text())["files"].items() if manifest.exists() else ():
        if not (folder / name).exists() or file_digest(folder / name) != frozen:
            raise DocumentError(folder / name, f"is not there as {manifest} has it", "Restore the file")
    documents, questions = sorted(folder.rglob("*.[pP][dD][fF]")), sorted(folder.rglob("*.jsonl"))
    if not documents or not questions:
        found = f"{len(documents)} PDFs and {len(questions)} files of gold questions"
        raise DocumentError(folder, found, "Name a folder that holds documents and their gold questions")
    return [*documents, *questions]


def _read_exam(files: Sequence[Path]) -> tuple[list[Document], list[Question]]:
    documents, errors = read_documents([file for file in files if file.suffix != ".jsonl"])
    if errors:
        raise errors[0]
    return documents, read_questions([file for file in files if file.suffix == ".jsonl"], documents)


def _compared(
    recipe: Recipe | CompressorRecipe, corpus: Path, tokenizer: Path, files: Sequence[Path]
) -> Comparison:
    documents, gold = _read_exam(files)
    rows, samples = _made(recipe, corpus, tokenizer)
    counts: Counter[str] = Counter()
    texts = chain(*(_counted(name, corpus, counts) for name in _CORPUS), rows)
    return Comparison(
        overlaps=_overlaps(texts, corpus, documents, gold),
        passages=counts[PASSAGES],
        questions=counts[QUESTIONS] + counts[RULED],
        samples=samples,
        documents=len(documents),
        gold_questions=len(gold),
        digests={
            **_digests(recipe, corpus),
            "code": _code(),
            "rows": digest(rows),
            "exam": files_digest(files),
        },
    )


def _overlaps(
    texts: Iterable[Text], corpus: Path, documents: Sequence[Document], gold: Sequence[Question]
) -> tuple[str, ...]:
    """A line for each sentence and gold question that stands in the texts.

    A gold question of fewer than five words, which may stand in any text, is looked for among the questions only.
    """
    found = text_overlaps(texts, documents, gold)
    told = {overlap.sentence for overlap in found}
    asked = (
        f"{text!r} is asked in {name}"
        for name in _CORPUS[1:]
        for text in gold_text_in([line["question"] for line in read_lines(corpus / name)], gold)
        if text not in told
    )
    return (*map(str, found), *asked)


def _counted(name: str, corpus: Path, counts: Counter[str]) -> Iterator[Text]:
    """The texts of a file of the corpus, which are counted."""
    for line in read_lines(corpus / name):
        counts[name] += 1
        where = f" ({line['source']}, {line['title']})" if "source" in line else ""
        texts = chain.from_iterable([value] if isinstance(value, str) else value for value in _told(line))
        yield f"{name}, line {counts[name]}{where}", "\n".join(texts)


def _told(line: Mapping[str, Any]) -> list[Any]:
    """All that a line of the corpus tells a model."""
    return [line[name] for name in ("text", "context", "question", "answers", "answer") if name in line]


def _made(recipe: Recipe | CompressorRecipe, corpus: Path, folder: Path) -> tuple[list[Text], int]:
    """Rows as they are trained on, turned back into text, and the number of samples in them."""
    from transformers import AutoTokenizer

    tokenizer = AutoTokenizer.from_pretrained(folder)
    maker, texts, samples = _row_maker(recipe, corpus, folder), [], 0
    for step in _steps(recipe):
        ids, count = _ids(maker.rows(step), tokenizer.eos_token_id)
        samples += count
        words = [row[row < len(tokenizer)] for row in ids]  # a memory token spells nothing
        texts += [(f"the samples of step {step}", text) for text in tokenizer.batch_decode(words)]
    return texts, samples


def _row_maker(recipe: Recipe | CompressorRecipe, corpus: Path, reader: Path) -> Maker[Any]:
    if isinstance(recipe, Recipe):
        return read_row_maker(recipe, corpus)
    from clara.pretraining.compression_rows import read_compression_rows

    return read_compression_rows(recipe, corpus, reader)


def _steps(recipe: Recipe | CompressorRecipe) -> list[int]:
    """Steps drawn by the recipe's seed, one from each of so many equal stretches of the training."""
    draw = Random(f"{recipe.seed}/overlap")
    ends = [number * recipe.optimizer.steps // _STEPS for number in range(_STEPS + 1)]
    return [draw.randrange(begin, end) for begin, end in pairwise(ends) if begin < end]


def _ids(rows: Any, end: int) -> tuple[Any, int]:
    """A step's token ids, documents before what is asked about them, and its number of samples."""
    if isinstance(rows, Rows):
        return rows.ids, int((rows.ids == end).sum())
    asked = len(rows.prompts)
    return np.concatenate([rows.documents.reshape(asked, -1), rows.prompts], axis=1), asked
