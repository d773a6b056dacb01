"""Adapters fused into the weights, to answer many questions with."""

from __future__ import annotations

from dataclasses import replace

import mlx.core as mx
import pytest
import tiny
from mlx.utils import tree_unflatten
from mlx_lm import load

from clara.model import views
from clara.model.adapters import adapter_digest, adapter_tensors, attach, base_tensors, fused, tensors_digest
from clara.model.base import load_base
from clara.model.decoding import greedy
from clara.model.writing import Compressor, Prompt, for_many, write
from clara.profiles import Compression, Lora

IDS = mx.array([[5, 6, 7, 8], [9, 10, 11, 12]])


def _trained(base, **lora):
    """A view whose adapters change a good deal."""
    view = attach(base, Lora(rank=4, **lora), seed=0)
    _change(view.model)
    return view


def _change(model):
    mx.random.seed(1)
    changed = {
        name: tensor + 0.3 * mx.random.normal(tensor.shape) for name, tensor in adapter_tensors(model).items()
    }
    model.update(tree_unflatten(list(changed.items())))
    model.eval()


@pytest.mark.parametrize("num_layers", [-1, 1])
def test_fused_weights_give_the_logits_of_the_adapters(tiny_base, num_layers):
    view = _trained(tiny_base, num_layers=num_layers)
    expected = view.model(IDS)
    assert not mx.allclose(expected, tiny_base.model(IDS), atol=1e-2)
    together = fused(view.model)
    assert mx.allclose(together(IDS), expected, atol=1e-4)
    assert not adapter_tensors(together)


def test_fusing_touches_neither_the_view_nor_its_base(tiny_base):
    before, view = tensors_digest(base_tensors(tiny_base.model)), _trained(tiny_base)
    trained = adapter_digest(view.model)
    fused(view.model)
    assert adapter_digest(view.model) == trained
    assert tensors_digest(base_tensors(tiny_base.model)) == before


def test_half_precision_and_quantised_weights_keep_their_adapters(tiny_path, tmp_path):
    half = load_base(tiny_path)
    half.model.set_dtype(mx.float16)
    quantised = load(str(tiny.save_quantised(tiny_path, tmp_path, bits=4)))[0]  # as on a GPU
    for model in (half.model, quantised):
        view = attach(replace(half, model=model), Lora(rank=4), seed=0)
        assert fused(view.model) is view.model


def test_a_bare_model_is_fused_as_it_is(tiny_base):
    assert fused(tiny_base.model) is tiny_base.model


def test_many_answers_are_those_that_the_adapter_gives_one_by_one(tiny_base):
    view, prompts = _trained(tiny_base), tiny.prompts(seed=3, count=5)
    many = for_many(view)
    assert not adapter_tensors(many.model)
    together = write(many, [Prompt(tuple(ids)) for ids in prompts], 8, 4)
    alone = [greedy(view.model, view.tokenizer, [ids], 8)[0] for ids in prompts]
    assert [written.tokens for written in together] == [written.tokens for written in alone]


def test_a_compressor_writes_what_its_decoder_s_adapter_gives(tiny_base):
    compression = Compression(rate=4, max_document_tokens=16)
    lora = Lora(rank=4)
    clara = views.fresh(tiny_base, compression, lora, seed=0)
    _change(clara.decoder)
    model = Compressor(tiny_base, clara, views.described(clara, tiny_base, compression, lora))
    memory = mx.random.normal((1, compression.slots, clara.memory.shape[1]), key=mx.random.key(2))
    prompts = [Prompt((*clara.tokens.slot, *ids), memory) for ids in tiny.prompts(seed=5, count=3)]
    many = for_many(model)
    assert not adapter_tensors(many.clara.decoder)
    together, apart = (write(each, prompts, 8, 2) for each in (many, model))
    assert [written.tokens for written in together] == [written.tokens for written in apart]
    assert adapter_tensors(model.clara.decoder)  # still
