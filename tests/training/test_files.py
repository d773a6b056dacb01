"""``clara train``: a file in a published form becomes a compressor, once, whatever the stage."""

from __future__ import annotations

import json

import pytest

from clara.errors import QuestionFileError
from clara.model import views
from clara.profiles import Budget, Compression, Lora
from clara.training.files import train_on_file

BUDGET = Budget(steps=2, batch_size=2, learning_rate=1e-2, warmup_steps=1)
ROWS = [
    {"question": f"How deep is station {i}?", "answer": f"{i} metres", "pos_index": [i % 4],
     "docs": [f"Station {j} is {i} metres deep." for j in range(4)]}
    for i in range(25)
]  # fmt: skip


@pytest.fixture
def data(tmp_path):
    path = tmp_path / "data.jsonl"
    path.write_text("\n".join(map(json.dumps, ROWS)))
    return path


@pytest.fixture
def start(tiny_base, tmp_path):
    compression, lora = Compression(rate=8, max_document_tokens=64), Lora(rank=4)
    views.save(
        views.fresh(tiny_base, compression, lora, seed=0), tiny_base, compression, lora, tmp_path / "start"
    )
    return tmp_path / "start"


@pytest.mark.parametrize("stage", ["scp", "cit", "retrieval", "e2e"])
def test_every_stage_goes_on_from_a_compressor_and_names_it(stage, data, start, tiny_base, tmp_path):
    made = train_on_file(stage, data, tiny_base, tmp_path / "out", BUDGET, start=start, k=2)
    again = train_on_file(stage, data, tiny_base, tmp_path / "out", BUDGET, start=start, k=2)
    assert made.path == again.path
    assert made.manifest.adapter_digest != made.manifest.initial_digest
    assert made.manifest.recipe.parent
    assert ("reasoner" in made.compressor(tiny_base).settings.views) == (stage in ("retrieval", "e2e"))
    assert made.compressor(tiny_base).settings.compression.rate == 8


def test_without_a_compressor_it_starts_fresh_at_the_rate_asked_for(data, tiny_base, tmp_path):
    made = train_on_file("scp", data, tiny_base, tmp_path / "out", BUDGET, rate=32)
    assert made.manifest.recipe.parent is None
    assert made.compressor(tiny_base).settings.compression == Compression(rate=32)


def test_too_few_examples_are_refused(tiny_base, tmp_path):
    (tmp_path / "one.jsonl").write_text(json.dumps(ROWS[0]))
    with pytest.raises(QuestionFileError, match="one set of documents"):
        train_on_file("scp", tmp_path / "one.jsonl", tiny_base, tmp_path / "out", BUDGET)
