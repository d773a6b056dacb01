"""A stage of CLaRa on a file in a published form: what ``clara train`` does."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from clara.errors import QuestionFileError
from clara.model import views
from clara.model.base import LanguageModel
from clara.model.store import MemoryStore, encoder_digest
from clara.profiles import Budget, Compression, Lora
from clara.questions import Example, read_examples
from clara.training import memory_stages
from clara.training.artefacts import Artefact, obtain
from clara.training.batches import Pool
from clara.training.examples import by_document
from clara.training.forms import CompressorForm
from clara.training.loop import Stage
from clara.training.memory_stages import Layout, Memory

StageName = Literal["scp", "cit", "retrieval", "e2e"]
_HELD_OUT = 20  # the examples on one set of documents of so many are measured on, and never trained on


def train_on_file(
    stage: StageName, data: Path, base: LanguageModel, store: Path, budget: Budget,
    *, start: Path | None = None, rate: int | None = None, k: int = 5, seed: int = 0,
) -> Artefact:  # fmt: skip
    """The compressor of this stage, file and budget: read if it was made before, trained if not.

    The examples on every twentieth set of documents are held out. ``retrieval`` and ``e2e`` compress the file's
    documents once, beforehand.

    Args:
        stage: Which of CLaRa's.
        data: A file that :func:`clara.questions.read_examples` reads.
        base: The frozen base.
        store: Folder of the compressors that were trained, and of the memory that they need.
        budget: Steps and rates.
        start: Compressor to go on from; None for fresh adapters.
        rate: Compression rate; None for that of ``start``, or 4.
        k: Documents that ``e2e`` picks.
        seed: Of fresh weights and the order of examples.

    Raises:
        QuestionFileError: The file has too few examples, or lines that cannot be read.
    """
    examples = read_examples(data)
    order = {key: place for place, key in enumerate(dict.fromkeys(e.documents for e in examples))}
    held_out = [e for e in examples if order[e.documents] % _HELD_OUT == 0]
    trained_on = [e for e in examples if order[e.documents] % _HELD_OUT]
    if not trained_on:
        raise QuestionFileError(
            [f"{data}: its examples are on one set of documents, which would be held out: give more"]
        )
    made_for = views.read_settings(start) if start else None
    compression = made_for.compression if made_for else Compression(rate=4)
    if rate:
        compression = Compression(rate=rate, max_document_tokens=compression.max_document_tokens)
    wording = made_for.wording if made_for else "clara"
    layout = Layout(base.tokenizer, views.memory_tokens(base, compression), wording)
    form = CompressorForm(compression, Lora(), seed, start, reasoner=stage in ("retrieval", "e2e"))
    pool = Pool(by_document(trained_on, budget.batch_size, seed), 1, seed)
    asked = [pool.batch(index)[0] for index in range(budget.steps * budget.accumulate)]

    def build() -> Stage:
        memory = _memory(form, base, store) if form.reasoner else None
        return _stage(stage, layout, asked, held_out, k, budget, seed, memory)

    return obtain(
        store, base, build, form=form, name=stage, data=[example.model_dump() for example in examples],
        settings={**budget.model_dump(), "k": k}, seed=seed,
    )  # fmt: skip


def _stage(
    name: StageName, layout: Layout, asked: list[list[Example]], held_out: list[Example], k: int, budget: Budget,
    seed: int, memory: Memory | None,
) -> Stage:  # fmt: skip
    measured = [
        held_out[start : start + budget.batch_size] for start in range(0, len(held_out), budget.batch_size)
    ]
    if name == "scp":
        return memory_stages.salient_stage(layout, asked, [], held_out, budget, seed)
    if name == "cit":
        return memory_stages.instruction_stage(layout, asked, held_out, budget, seed)
    assert memory is not None
    if name == "retrieval":
        return memory_stages.retrieval_stage(layout, asked, measured, budget, seed, memory)
    return memory_stages.end_to_end_stage(layout, asked, measured, k, budget, seed, memory)


def _memory(form: CompressorForm, base: LanguageModel, store: Path) -> Memory:
    """Memory by the encoder that the stage starts with, which it leaves as it is."""
    clara = form.begin(base, None)
    return MemoryStore(store / "memory" / encoder_digest(clara, base)[:32], clara, base).memory
