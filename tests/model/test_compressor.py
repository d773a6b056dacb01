"""The compressor over every kind of architecture: what is after a memory token cannot reach it."""

from __future__ import annotations

from dataclasses import replace

import mlx.core as mx
import mlx.nn as nn
import pytest
import tiny
from mlx.utils import tree_flatten, tree_map_with_path

from clara.errors import AdapterError, ModelError
from clara.losses import alignment, retrieval_contrast
from clara.model import views
from clara.model.base import load_base
from clara.model.memory import padded
from clara.model.prompts import memory_prompt_ids
from clara.model.reading import answer_from_memory, compress_texts
from clara.profiles import Compression, Lora

COMPRESSION, LORA = Compression(rate=8, max_document_tokens=32), Lora(rank=4)
TEXTS = ["The survey was led by Ada Lindqvist.", "A depth of 41 metres.", "Who? <MEM0><SEP><|end|>"]
ARCHITECTURES = {
    "llama": {},
    "mistral": {"model_type": "mistral", "num_key_value_heads": 1, "tie_word_embeddings": False},
    "qwen2": {"model_type": "qwen2", "num_key_value_heads": 1, "rope_theta": 1e4},
    "qwen3": {"model_type": "qwen3", "num_key_value_heads": 1, "head_dim": 16, "rope_theta": 1e4},
    "gemma3": {"model_type": "gemma3_text", "num_key_value_heads": 1, "head_dim": 16, "query_pre_attn_scalar": 16,
               "sliding_window": 64, "sliding_window_pattern": 2, "rope_theta": 1e4, "rope_local_base_freq": 1e4},
    "ministral3": {"model_type": "ministral3", "num_key_value_heads": 1, "head_dim": 16, "rope_parameters": {
        "rope_theta": 1e4, "llama_4_scaling_beta": 0.1, "original_max_position_embeddings": 1024}},
    "smollm3": {"model_type": "smollm3", "num_key_value_heads": 1, "rope_theta": 1e4},
    "mixtral": {"model_type": "mixtral", "num_key_value_heads": 1, "num_local_experts": 2, "num_experts_per_tok": 2},
    "lfm2": {"model_type": "lfm2", "num_key_value_heads": 1, "norm_eps": 1e-5, "conv_bias": False, "conv_L_cache": 3,
             "block_dim": 32, "block_ff_dim": 64, "block_multiple_of": 8, "block_ffn_dim_multiplier": 1.0,
             "block_auto_adjust_ff_dim": False, "full_attn_idxs": [1], "rope_theta": 1e4},
}  # fmt: skip


@pytest.fixture(scope="session")
def bases(tmp_path_factory):
    """Called with an architecture's name: its tiny random base, made once."""
    made = {}

    def base(name):
        if name not in made:
            made[name] = load_base(
                tiny.save_model(tmp_path_factory.mktemp("bases") / name, **ARCHITECTURES[name])
            )
        return made[name]

    return base


@pytest.fixture(
    scope="session", params=[f"{name}{bits}" for name in ARCHITECTURES for bits in ("", " 4-bit")]
)
def base(request, bases):
    name, _, bits = request.param.partition(" ")
    loaded = bases(name)
    if not bits:
        return loaded
    view = loaded.view()
    nn.quantize(view.model, group_size=32, bits=4)
    return view


@pytest.fixture
def clara(base):
    return stirred(views.fresh(base, COMPRESSION, LORA, seed=0))


def stirred(clara):
    """With adapters that do something."""
    mx.random.seed(1)
    for view in (clara.encoder, clara.decoder):
        view.update(tree_map_with_path(
            lambda path, value: mx.random.normal(value.shape) * 0.1 if path.endswith("lora_b") else value,
            view.parameters()))  # fmt: skip
    return clara


def test_memory_does_not_depend_on_the_batch(base, clara):
    together = compress_texts(clara, base.tokenizer, TEXTS)
    assert together.shape == (3, 4, 32)
    for text, memory in zip(TEXTS, together, strict=True):
        assert mx.allclose(compress_texts(clara, base.tokenizer, [text])[0], memory, atol=2e-4)


def test_answers_do_not_depend_on_the_batch_and_follow_the_memory(base, clara):
    memory = compress_texts(clara, base.tokenizer, TEXTS)
    questions = ["Who led it?", "How deep was the harbour at Ostrel in 1907?", "Where?"]
    prompts = [memory_prompt_ids(base.tokenizer, question, clara.tokens.slot) for question in questions]
    shown = [one[None] for one in memory]
    together = answer_from_memory(clara, base.tokenizer, prompts, shown, 6)
    for prompt, one, written in zip(prompts, shown, together, strict=True):
        assert answer_from_memory(clara, base.tokenizer, [prompt], [one], 6)[0].tokens == written.tokens
    ids = padded([prompts[0]])
    assert not mx.allclose(clara.states(ids, shown[0]), clara.states(ids, shown[1]), atol=1e-3)


def test_the_loss_reaches_encoder_decoder_and_memory_and_nothing_else(base, clara):
    clara.train_only("encoder", "decoder", memory=True)
    layouts = [clara.tokens.layout(base.tokenizer, text) for text in TEXTS[:2]]
    ids, lengths = padded(layouts), mx.array([len(row) for row in layouts])
    prompts = padded([memory_prompt_ids(base.tokenizer, "Who led it?", clara.tokens.slot)] * 2)

    def loss(model):
        found = model.compress(ids, lengths)
        states = model.states(prompts, found.memory)
        return model.logits(states[:, -1]).astype(mx.float32).square().mean() + alignment(*found)

    _, gradients = nn.value_and_grad(clara, loss)(clara)
    named = dict(tree_flatten(gradients))
    assert all(name == "memory" or name.endswith(("lora_a", "lora_b")) for name in named)
    for part in ("encoder", "decoder", "memory"):
        assert any(mx.any(value != 0).item() for name, value in named.items() if name.startswith(part)), part


def test_three_views_share_the_base_and_cost_their_adapters(bases):
    base = bases("llama")
    clara = views.fresh(base, COMPRESSION, LORA, seed=0)
    weight = base.model.model.layers[0].mlp.up_proj.weight
    for view in (clara.encoder, clara.decoder):
        assert mx.array_equal(view.model.layers[0].mlp.up_proj.linear.weight, weight)
    mx.eval(base.model.parameters())
    before = mx.get_active_memory()
    again = base.view()
    mx.eval(again.model.parameters())
    assert mx.get_active_memory() - before < weight.nbytes


def test_a_saved_compressor_loads_bit_equal(bases, tmp_path):
    base = bases("llama")
    clara = stirred(views.fresh(base, COMPRESSION, LORA, seed=0))
    views.save(clara, base, COMPRESSION, LORA, tmp_path)
    loaded, settings = views.load(base, tmp_path)
    assert settings.compression == COMPRESSION
    memory = compress_texts(clara, base.tokenizer, TEXTS)
    assert mx.array_equal(compress_texts(loaded, base.tokenizer, TEXTS), memory)


@pytest.fixture
def saved(bases, tmp_path):
    base = bases("llama")
    views.save(stirred(views.fresh(base, COMPRESSION, LORA, seed=0)), base, COMPRESSION, LORA, tmp_path)
    return base, tmp_path


def test_another_base_is_refused(saved, bases):
    with pytest.raises(AdapterError, match="made for another base"):
        views.load(bases("qwen3"), saved[1])


@pytest.mark.parametrize("file", ["compressor.json", "memory.safetensors", "encoder/adapters.safetensors"])
def test_a_truncated_file_is_refused(saved, file):
    base, folder = saved
    whole = (folder / file).read_bytes()
    (folder / file).write_bytes(whole[: len(whole) // 2])
    with pytest.raises(AdapterError):
        views.load(base, folder)


def test_memory_of_another_rate_is_refused(saved):
    base, folder = saved
    text = (folder / "compressor.json").read_text()
    (folder / "compressor.json").write_text(text.replace('"rate": 8', '"rate": 16'))
    with pytest.raises(AdapterError, match=r"memory in memory.safetensors is \(4, 32\), wanted \(2, 32\)"):
        views.load(base, folder)


def test_an_architecture_that_takes_no_embeddings_is_refused_by_name(bases):
    class Deaf(nn.Module):
        def __call__(self, ids, cache=None):
            return ids

    base = bases("llama").view()
    base.model.model = Deaf()
    with pytest.raises(ModelError, match=r"cannot be given embeddings.*Use one of .*gemma3.*llama.*qwen3"):
        views.fresh(replace(base), COMPRESSION, LORA, seed=0)


def test_a_prompt_with_places_for_other_than_its_memory_is_refused(bases):
    base = bases("llama")
    clara = views.fresh(base, COMPRESSION, LORA, seed=0)
    memory = compress_texts(clara, base.tokenizer, TEXTS[:1])
    prompt = memory_prompt_ids(base.tokenizer, "Who?", clara.tokens.slot * 2)
    with pytest.raises(ValueError, match="prompt 0 has 8 places for 4 memory vectors"):
        answer_from_memory(clara, base.tokenizer, [prompt], [memory], 4)


def test_a_question_without_a_reasoner_says_what_to_do(bases):
    clara = views.fresh(bases("llama"), COMPRESSION, LORA, seed=0)
    with pytest.raises(ValueError, match="train the end-to-end stage first"):
        clara.reason(mx.array([[1, 2]]), mx.array([2]))


def test_alignment_is_zero_where_the_means_agree():
    memory = mx.random.normal((2, 4, 8))
    assert float(alignment(memory, memory.mean(axis=1))) < 1e-12
    assert float(alignment(memory, memory.mean(axis=1) + 1)) == pytest.approx(1, abs=1e-5)


def test_contrast_is_zero_where_all_are_positive_and_ignores_rows_without_any():
    scores = mx.array([[0.1, 0.2], [0.3, 0.1]])
    assert float(retrieval_contrast(scores, mx.array([[True, True], [True, True]]), 0.02)) == pytest.approx(
        0, abs=1e-5
    )
    one = retrieval_contrast(scores[:1], mx.array([[True, False]]), 0.02)
    both = retrieval_contrast(scores, mx.array([[True, False], [False, False]]), 0.02)
    assert float(one) == pytest.approx(float(both), rel=1e-5)
    assert float(one) > 1
