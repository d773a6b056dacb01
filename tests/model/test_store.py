"""Memory on disk: compressed once, read ever after, and by its own compressor only."""

from __future__ import annotations

import mlx.core as mx
import pytest

from clara.errors import AdapterError
from clara.model import store, views
from clara.model.reading import compress_texts, parts
from clara.model.store import MemoryStore
from clara.profiles import Compression, Lora

COMPRESSION, LORA = Compression(rate=4, max_document_tokens=16), Lora(rank=4)
SHORT, OTHER = "Ada Lindqvist led it.", "A depth of 41 metres."
LONG = "The survey of the northern basin was led by Ada Lindqvist. She measured a depth of 41 metres. " * 3


@pytest.fixture
def clara(tiny_base):
    return views.fresh(tiny_base, COMPRESSION, LORA, seed=0)


def test_what_is_stored_is_never_compressed_again(tiny_base, clara, tmp_path, monkeypatch):
    first = MemoryStore(tmp_path, clara, tiny_base).memory([SHORT, LONG])
    monkeypatch.setattr(store, "compress_texts", lambda *_: pytest.fail("it was compressed again"))
    again = MemoryStore(tmp_path, clara, tiny_base)
    assert again.fill([LONG, SHORT]) == 0
    assert all(mx.array_equal(a, b) for a, b in zip(first, again.memory([SHORT, LONG]), strict=True))


def test_stored_memory_is_the_compressors_in_float16(tiny_base, clara, tmp_path):
    kept = MemoryStore(tmp_path, clara, tiny_base).memory([SHORT])[0]
    fresh = compress_texts(clara, tiny_base.tokenizer, [SHORT])
    assert mx.array_equal(kept, fresh.astype(mx.float16))


def test_a_long_text_is_split_and_nothing_of_it_is_lost(tiny_base, clara, tmp_path):
    pieces = parts(tiny_base.tokenizer, LONG, 16)
    assert " ".join(pieces).split() == LONG.split()
    assert max(len(tiny_base.tokenizer.encode(piece, add_special_tokens=False)) for piece in pieces) <= 16
    assert MemoryStore(tmp_path, clara, tiny_base).memory([LONG])[0].shape == (len(pieces), 4, 32)


def test_texts_come_in_the_order_asked_for_from_several_shards(tiny_base, clara, tmp_path):
    kept = MemoryStore(tmp_path, clara, tiny_base)
    one, two = kept.memory([SHORT])[0], kept.memory([OTHER])[0]
    assert len(list(tmp_path.glob("memory-*.safetensors"))) == 2
    found = kept.memory([OTHER, SHORT, OTHER])
    assert all(mx.array_equal(a, b) for a, b in zip(found, [two, one, two], strict=True))


def test_it_says_what_memory_costs_and_saves(tiny_base, clara, tmp_path):
    kept = MemoryStore(tmp_path, clara, tiny_base)
    kept.fill([LONG])
    pieces = len(parts(tiny_base.tokenizer, LONG, 16))
    tokens = len(tiny_base.tokenizer.encode(LONG, add_special_tokens=False))
    assert kept.tokens_saved == tokens - pieces * 5
    assert kept.bytes_per_document == pytest.approx(pieces * 4 * 32 * 2, abs=200)


def test_memory_of_another_compressor_is_refused(tiny_base, clara, tmp_path):
    MemoryStore(tmp_path, clara, tiny_base).fill([SHORT])
    other = views.fresh(tiny_base, COMPRESSION, LORA, seed=7)
    with pytest.raises(AdapterError, match="written by another compressor"):
        MemoryStore(tmp_path, other, tiny_base)


@pytest.mark.parametrize("file", ["index.json", "memory-00001.safetensors"])
def test_a_truncated_file_is_refused(tiny_base, clara, tmp_path, file):
    MemoryStore(tmp_path, clara, tiny_base).fill([SHORT])
    whole = (tmp_path / file).read_bytes()
    (tmp_path / file).write_bytes(whole[: len(whole) // 2])
    with pytest.raises(AdapterError, match="Delete the folder"):
        MemoryStore(tmp_path, clara, tiny_base).memory([SHORT])
