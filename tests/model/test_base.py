from __future__ import annotations

import json

import mlx.core as mx
import pytest
import tiny

from clara.errors import ModelError
from clara.model.adapters import base_tensors, tensors_digest
from clara.model.base import head, hidden_states, load_base

ARCHITECTURES = [
    {},
    {"tie_word_embeddings": False},
    {"model_type": "qwen3", "num_key_value_heads": 1, "head_dim": 16, "rope_theta": 10000.0},
    {"model_type": "gemma3_text", "num_hidden_layers": 6, "num_key_value_heads": 1, "head_dim": 16},
]


@pytest.mark.parametrize("changes", ARCHITECTURES, ids=["llama-tied", "llama", "qwen3", "gemma3_text"])
def test_head_over_gathered_states_gives_the_models_own_logits(tmp_path, changes):
    base = load_base(tiny.save_model(tmp_path, **changes))
    ids = mx.array([[5, 6, 7, 8], [9, 10, 11, 12]])
    whole = base.model(ids).reshape(8, -1)
    states = hidden_states(base.model, ids).reshape(8, -1)
    places = mx.array([1, 6])
    assert mx.allclose(head(base.model, states[places]), whole[places], atol=1e-5)


def test_a_view_shares_the_base_and_never_changes_it(tiny_base):
    before = tensors_digest(base_tensors(tiny_base.model))
    view = tiny_base.view()
    view.model.model.norm.weight = mx.zeros_like(view.model.model.norm.weight)
    assert tensors_digest(base_tensors(tiny_base.model)) == before


def test_a_quantised_model_becomes_float32_on_the_cpu(tiny_path, tmp_path):
    base = load_base(tiny.save_quantised(tiny_path, tmp_path / "q4", bits=4))
    assert {value.dtype for value in base_tensors(base.model).values()} == {mx.float32}


def test_a_missing_folder_is_named(tmp_path):
    with pytest.raises(ModelError, match="no such folder"):
        load_base(tmp_path / "nowhere")


def test_missing_files_are_named(tiny_path, tmp_path):
    (tmp_path / "config.json").write_bytes((tiny_path / "config.json").read_bytes())
    with pytest.raises(ModelError, match=r"tokenizer.json, model\*.safetensors missing"):
        load_base(tmp_path)


@pytest.mark.parametrize("name", ["hyperclovax", "perceiver9"])
def test_an_architecture_that_mlx_lm_does_not_know_is_refused_by_name_with_what_to_do(tmp_path, name):
    tiny.save_model(tmp_path)
    config = json.loads((tmp_path / "config.json").read_text())
    (tmp_path / "config.json").write_text(json.dumps({**config, "model_type": name}))
    with pytest.raises(ModelError, match=rf"{name}.*update mlx-lm, or use a model of one that it knows"):
        load_base(tmp_path)


def test_a_model_without_a_chat_template_is_refused(tmp_path):
    tiny.save_model(tmp_path)
    path = tmp_path / "tokenizer_config.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), "chat_template": None}))
    with pytest.raises(ModelError, match="no chat template"):
        load_base(tmp_path)
