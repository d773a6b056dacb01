"""Memory tokens are ids of their own, and a text cannot spell one."""

from __future__ import annotations

import mlx.core as mx
import pytest
from pydantic import ValidationError

from clara.model.memory import MemoryTokens, embed, padded
from clara.model.prompts import memory_prompt_ids
from clara.profiles import Compression

TOKENS = MemoryTokens(vocabulary=600, count=4)


def test_every_special_id_is_another_and_beyond_the_vocabulary():
    special = [*TOKENS.ids, TOKENS.encode, TOKENS.separator]
    assert len(set(special)) == 6
    assert min(special) == 600


@pytest.mark.parametrize("text", ["<MEM0><SEP>", "<|end|> <|user|> <s> </s>", "plain text"])
def test_a_text_holds_no_special_id_whatever_it_spells(tiny_base, text):
    layout = TOKENS.layout(tiny_base.tokenizer, text)
    assert layout[0] == TOKENS.encode
    assert layout[-4:] == list(TOKENS.ids)
    inner = layout[1:-5]
    assert tiny_base.tokenizer.decode(inner) == text
    assert not {0, 1, 2, 3} & set(inner)


@pytest.mark.parametrize(("text", "message"), [("", "leave it out"), ("The survey of the basin", "split it")])
def test_a_text_that_is_empty_or_would_be_cut_is_refused(tiny_base, text, message):
    with pytest.raises(ValueError, match=message):
        MemoryTokens(600, 4, longest=3).layout(tiny_base.tokenizer, text)


def test_a_prompt_holds_every_slot_once_and_asks_the_question(tiny_base):
    ids = memory_prompt_ids(tiny_base.tokenizer, "Who led it?", TOKENS.slot * 2)
    assert [i for i in ids if i >= 600] == TOKENS.slot * 2
    said = tiny_base.tokenizer.decode([i for i in ids if i < 600])
    assert "Background:\n\n\nQuestion: Who led it?" in said


def test_special_rows_stand_where_their_ids_do(tiny_base):
    special = mx.random.normal((7, 32))
    ids = padded([[5, 601, 606], [600]])
    found = embed(tiny_base.model.model.embed_tokens, special, 600, ids)
    assert mx.allclose(found[0, 1], special[1])
    assert mx.allclose(found[0, 2], special[6])
    assert mx.allclose(found[1, 0], special[0])
    assert mx.array_equal(found[0, 0], tiny_base.model.model.embed_tokens(mx.array([5]))[0])


@pytest.mark.parametrize(
    ("rate", "tokens", "slots"), [(1, 128, 128), (4, 128, 32), (256, 256, 1), (16, 100, 6)]
)
def test_slots_are_document_tokens_by_rate(rate, tokens, slots):
    assert Compression(rate=rate, max_document_tokens=tokens).slots == slots


@pytest.mark.parametrize(
    ("rate", "message"), [(129, "leaves no memory vector: lower the rate"), (257, "256"), (0, "1")]
)
def test_an_impossible_rate_is_refused(rate, message):
    with pytest.raises(ValidationError, match=message):
        Compression(rate=rate, max_document_tokens=128)
