"""A small invented corpus: text of two sources and questions about three articles."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from clara.pretraining import train
from clara.pretraining.corpus import Passage

_TOWNS = ("Ostrel", "Varnholm", "Quillby", "Pellmar", "Dunstow", "Corvane")
_PEOPLE = ("Ada Lindqvist", "Tomas Brell", "Ines Okafor", "Ruth Palander", "Jon Averley", "Mira Stanek")


def _paragraphs(i: int) -> list[str]:
    town, person, year = _TOWNS[i], _PEOPLE[i], 1840 + 13 * i
    return [
        f"{person} (born {year - 31}) was the first keeper of the {town} lighthouse. It was built in {year} by the "
        f"harbour board of {town}, because the beacon of {year - 9} had been lost. "
        f"The {town} lighthouse cost {12 + i},400 crowns.",
        f"In {year + 4} {person} measured a depth of {31 + i} metres in the northern basin. The survey for {town} was "
        f"repeated by drilling through ice in {year + 5}. Its results were printed in the Almanac of {town}.",
        f"The ferry to {_TOWNS[i - 1]} leaves the lower quay every morning. About {200 + i} passengers use it on a "
        f"market day, and the market of {town} sells smoked eel. The ferry of {town} is painted blue.",
    ]


@pytest.fixture(scope="session")
def text_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Passages of six towns, the fifth under a licence that may not hold everywhere."""
    path = tmp_path_factory.mktemp("text") / "text.jsonl"
    with path.open("w", encoding="utf-8") as file:
        for i, town in enumerate(_TOWNS):
            for text in _paragraphs(i):
                licence = "public domain in the USA (published 1929)" if i == 4 else "CC0-1.0"
                record = {
                    "source": "towns" if i % 2 else "ports",
                    "licence": licence,
                    "title": town,
                    "text": text,
                }
                file.write(json.dumps(record) + "\n")
    return path


@pytest.fixture(scope="session")
def questions_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three questions about each of four articles; their contexts are the towns' first two paragraphs."""
    path = tmp_path_factory.mktemp("questions") / "questions.jsonl"
    with path.open("w", encoding="utf-8") as file:
        for i in range(4):
            town, person = _TOWNS[i], _PEOPLE[i]
            asked = [
                (f"Who was the first keeper of the {town} lighthouse?", person),
                (f"When was the lighthouse of {town} built?", str(1840 + 13 * i)),
                (f"How deep is the northern basin of {town}?", f"{31 + i} metres"),
            ]
            for number, (question, answer) in enumerate(asked):
                record = {"id": f"{town}-{number}", "title": f"{town} harbour", "context": " ".join(_paragraphs(i)[:2]),
                          "question": question, "answers": [answer]}  # fmt: skip
                file.write(json.dumps(record) + "\n")
    return path


@pytest.fixture(scope="session")
def town_list() -> list[Passage]:
    """Text that says what its names name."""
    text = " ".join(
        f"{town} is a small town in the north. {town} is a town of eel smokers." for town in _TOWNS
    )
    return [Passage(source="towns", title="Towns", text=text)]


RECIPE = """
name = "tiny"
seed = 0
precision = "float32"
dropout = 0.1

[text]
heldout_titles = ["Ostrel harbour", "Varnholm harbour", "Quillby harbour"]
plain_share = { towns = 0.5, ports = 0.5 }
asked_share = { towns = 0.5, ports = 0.4, questions = 0.1 }
words_per_title = { ports = 90 }

[tokenizer]
entries = 400
training_words = 2000

[rows]
tokens_per_row = 192
rows_per_step = 4
text_weight = 2
answer_weight = 20
three_passages = 0.2
no_passage = 0.1
longest_answer_words = 8
unanswerable = 0.05

[[phases]]
until = 0.5
plain_text = 0.25
context_weight = 1
kinds = { cloze = 0.4, wh = 0.3, recurring = 0.2, written = 0.1 }

[[phases]]
until = 1.0
plain_text = 0.0
context_weight = 1
kinds = { wh = 0.3, ruled = 0.3, written = 0.4 }

[model]
model_type = "llama"
hidden_size = 64
num_hidden_layers = 1
num_attention_heads = 2
num_key_value_heads = 2
head_dim = 32
intermediate_size = 64
rms_norm_eps = 1e-5
max_position_embeddings = 192
tie_word_embeddings = true

[optimizer]
steps = 16
warmup_steps = 2
decay_steps = 4
learning_rate = 5e-3
weight_decay = 0.1
betas = [0.9, 0.95]
clip_norm = 1.0

[watch]
log_every_steps = 2
score_every_steps = 16
score_questions = 2
save_every_steps = 8
"""


@pytest.fixture(scope="session")
def recipe_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A recipe of seconds, and its model card."""
    path = tmp_path_factory.mktemp("recipe") / "tiny.toml"
    path.write_text(RECIPE, encoding="utf-8")
    path.with_suffix(".md").write_text(
        "$steps steps, $tokens M tokens, $minutes min, not $heldout\n\n$scores\n\n$apart\n"
    )
    return path


@pytest.fixture(scope="session")
def command_line(recipe_file: Path, text_file: Path, questions_file: Path) -> Callable[[Path], list[str]]:
    """Called with a folder to write to: what the one command is called with, without processes for the rows."""
    inputs = [str(recipe_file), "--text", str(text_file), "--questions", str(questions_file)]
    return lambda out: [*inputs, "--out", str(out), "--workers", "0"]


@pytest.fixture(scope="session")
def trained(command_line: Callable[[Path], list[str]], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A reader made by the one command, in miniature."""
    out = tmp_path_factory.mktemp("trained")
    assert train.main(command_line(out)) == 0
    return out
