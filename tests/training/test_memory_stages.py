"""CLaRa's stages: what each trains and what it leaves, what its loss sees, and that each loss falls."""

from __future__ import annotations

from dataclasses import replace

import mlx.core as mx
import pytest
from mlx.utils import tree_flatten

from clara.model import views
from clara.model.adapters import adapter_tensors, base_tensors, tensors_digest
from clara.model.reading import compress_texts
from clara.model.store import MemoryStore
from clara.profiles import Budget, Compression, Lora
from clara.questions import Example, rebuild
from clara.training import loop
from clara.training.forms import CompressorForm
from clara.training.memory_stages import (
    Layout,
    alignment_loss,
    alignment_stage,
    answer_loss,
    choice_loss,
    contrast_loss,
    end_to_end_stage,
    instruction_stage,
    interleaved,
    retrieval_stage,
    salient_loss,
    salient_stage,
)

COMPRESSION, LORA = Compression(rate=8, max_document_tokens=64), Lora(rank=4)
BUDGET = Budget(steps=6, batch_size=3, learning_rate=1e-2, warmup_steps=1)
TEXTS = tuple(f"The depth at station {i} was {i * 7} metres, said Ada Lindqvist." for i in range(6))
EXAMPLES = [
    Example(question=f"How deep was station {i}?", answer=f"{i * 7} metres", documents=TEXTS[i : i + 1],
            positives=(0,), id=f"q{i}")
    for i in range(6)
]  # fmt: skip
PICKING = [
    example.model_copy(update={"documents": TEXTS, "positives": (i,)}) for i, example in enumerate(EXAMPLES)
]
BATCHES = [EXAMPLES[:3], EXAMPLES[3:]] * 3
TO_PICK = [PICKING[:3], PICKING[3:]] * 3


@pytest.fixture
def clara(tiny_base):
    return CompressorForm(COMPRESSION, LORA, seed=0, reasoner=True).begin(tiny_base, None)


@pytest.fixture
def layout(tiny_base):
    return Layout(tiny_base.tokenizer, views.memory_tokens(tiny_base, COMPRESSION))


@pytest.fixture
def memory(tiny_base, clara, tmp_path):
    return MemoryStore(tmp_path / "memory", clara, tiny_base).memory


REBUILT = [[rebuild(text) for text in TEXTS[:2]]] * 6
STAGES = {
    "scp": lambda layout, _: salient_stage(layout, BATCHES[:4], REBUILT[:2], EXAMPLES[:2], BUDGET, 0),
    "cit": lambda layout, _: instruction_stage(layout, BATCHES, EXAMPLES[:2], BUDGET, 0),
    "cit, stored": lambda layout, memory: instruction_stage(layout, BATCHES, EXAMPLES[:2], BUDGET, 0, memory),
    "retrieval": lambda layout, memory: retrieval_stage(layout, TO_PICK, TO_PICK[:1], BUDGET, 0, memory),
    "e2e": lambda layout, memory: end_to_end_stage(layout, TO_PICK, TO_PICK[:1], 2, BUDGET, 0, memory),
    "mse": lambda layout, _: alignment_stage(layout, REBUILT, [rebuild(TEXTS[5])], BUDGET, 0),
}  # fmt: skip
TRAINED = {
    "scp": {"encoder", "decoder", "memory"},
    "cit": {"encoder", "decoder"},
    "cit, stored": {"decoder"},
    "retrieval": {"reasoner"},
    "e2e": {"reasoner", "decoder"},
    "mse": {"encoder", "memory"},
}


def weights(clara):
    """Digest of each part that a stage may train, and of the marks, which none may."""
    adapters = {
        n: tensors_digest(adapter_tensors(getattr(clara, n))) for n in ("encoder", "decoder", "reasoner")
    }
    rows = {"memory": clara.memory, "marks": clara.marks}
    return adapters | {name: tensors_digest({name: value}) for name, value in rows.items()}


@pytest.mark.parametrize("name", STAGES)
def test_a_stage_trains_its_part_and_leaves_the_rest_bit_equal(
    name, clara, layout, memory, tiny_base, tmp_path
):
    before = weights(clara)
    loop.train(clara, STAGES[name](layout, memory), tmp_path)
    after = weights(clara)
    assert {part for part in before if before[part] != after[part]} == TRAINED[name]
    whole = tensors_digest(base_tensors(tiny_base.model))
    assert all(
        tensors_digest(base_tensors(getattr(clara, n))) == whole for n in ("encoder", "decoder", "reasoner")
    )


@pytest.mark.parametrize("name", STAGES)
def test_a_stages_loss_falls_on_what_it_trains_on(name, clara, layout, memory, tmp_path):
    stage = STAGES[name](layout, memory)
    longer = replace(stage, budget=BUDGET.model_copy(update={"steps": 36}),
                     micro_batches=lambda step: stage.micro_batches(step % 6))  # fmt: skip
    losses = loop.train(clara, longer, tmp_path).losses
    assert sum(losses[-6:]) < sum(losses[:6])


def test_questions_and_answer_tokens_are_counted_and_reconstructions_are_not(clara, layout, memory, tmp_path):
    history = loop.train(clara, STAGES["scp"](layout, memory), tmp_path)
    asked = [e.id for batch in BATCHES[:4] for e in batch]
    assert sorted(history.questions) == sorted(asked)
    assert 0 < history.answer_tokens < sum(history.supervised_tokens)


def test_salient_loss_is_answers_and_a_tenth_of_the_alignment(clara, layout, memory):
    batch = STAGES["cit"](layout, memory).micro_batches(0)[0]
    parts = float(answer_loss(clara, batch)), float(alignment_loss(clara, batch))
    assert float(salient_loss(clara, batch)) == pytest.approx(parts[0] + 0.1 * parts[1], rel=1e-5)


def test_a_document_that_several_questions_share_is_compressed_once(layout):
    shared = [example.model_copy(update={"documents": TEXTS[:2]}) for example in EXAMPLES[:3]]
    batch = instruction_stage(layout, [shared], shared, BUDGET, 0).micro_batches(0)[0]
    assert batch.documents.shape[0] == 2
    assert batch.reads.tolist() == [[0, 1]] * 3


def test_stored_memory_gives_the_loss_of_memory_made_in_the_step(clara, layout, memory):
    """Questions with one document, with two, with three: what pads the shorter ones is read by nobody."""
    ragged = [EXAMPLES[i].model_copy(update={"documents": TEXTS[: i + 1]}) for i in range(3)]
    made, stored = (
        instruction_stage(layout, [ragged], ragged, BUDGET, 0, m).micro_batches(0)[0] for m in (None, memory)
    )
    alone = [instruction_stage(layout, [[one]], ragged, BUDGET, 0).micro_batches(0)[0] for one in ragged]
    whole = sum(float(answer_loss(clara, one)) * one.targets.size for one in alone) / made.targets.size
    assert float(answer_loss(clara, made)) == pytest.approx(whole, rel=1e-4)
    assert float(answer_loss(clara, stored)) == pytest.approx(whole, rel=1e-2)  # float16 on disk


def test_the_choice_does_not_know_the_right_documents_and_the_contrast_does(clara, layout, memory):
    batch = STAGES["e2e"](layout, memory).micro_batches(0)[0]
    told = replace(batch, positive=~batch.positive)
    assert float(choice_loss(clara, batch, 2)) == float(choice_loss(clara, told, 2))
    assert float(contrast_loss(clara, batch)) != float(contrast_loss(clara, told))


def test_the_answers_loss_reaches_the_query_reasoner(clara, layout, memory):
    import mlx.nn as nn

    stage = STAGES["e2e"](layout, memory)
    stage.trains(clara)
    batch = stage.micro_batches(0)[0]
    _, gradient = nn.value_and_grad(clara, lambda model, b: choice_loss(model, b, 2))(clara, batch)
    reached = dict(tree_flatten(gradient["reasoner"]))
    assert any(mx.any(value != 0).item() for value in reached.values())


@pytest.mark.parametrize("k", [7, 9])
def test_picking_more_than_there_is_is_refused(layout, memory, k):
    with pytest.raises(ValueError, match=rf"\[6\] documents to pick {k} from"):
        end_to_end_stage(layout, TO_PICK, TO_PICK[:1], k, BUDGET, 0, memory)


def test_a_candidate_that_is_too_long_is_refused_and_not_cut(layout, memory):
    long = [e.model_copy(update={"documents": (TEXTS[0] * 9, *TEXTS[1:])}) for e in PICKING[:2]]
    with pytest.raises(ValueError, match="split it, so that a part is picked"):
        end_to_end_stage(layout, [long], [long], 2, BUDGET, 0, memory)


def test_a_long_document_has_several_places(layout):
    sample = layout.sample(rebuild(TEXTS[0] * 9))
    assert len(sample.documents) > 1
    assert sum(id_ in layout.tokens.ids for id_ in sample.ids) == len(sample.documents) * COMPRESSION.slots


@pytest.mark.parametrize(("many", "few"), [(6, 2), (5, 0), (1, 1), (9, 3), (3, 0)])
def test_interleaving_keeps_both_in_their_order(many, few):
    mixed = interleaved([f"m{i}" for i in range(many)], [f"f{i}" for i in range(few)])
    assert [one for one in mixed if one[0] == "m"] == [f"m{i}" for i in range(many)]
    assert [one for one in mixed if one[0] == "f"] == [f"f{i}" for i in range(few)]


def test_another_rate_starts_from_the_same_adapters_with_tokens_between_the_old_ones(
    tiny_base, clara, tmp_path
):
    clara.decoder.layers[0].mlp.up_proj.lora_b += 1.0
    views.save(clara, tiny_base, COMPRESSION, LORA, tmp_path)
    for rate, slots in ((16, 4), (4, 16)):
        other = Compression(rate=rate, max_document_tokens=64)
        begun = CompressorForm(other, Lora(rank=2), seed=5, start=tmp_path).begin(tiny_base, None)
        assert begun.memory.shape[0] == slots
        assert mx.allclose(begun.memory[0], clara.memory[0])
        assert mx.allclose(begun.memory[-1], clara.memory[-1])
        assert len({tuple(row) for row in begun.memory.tolist()}) == slots
        assert weights(begun)["decoder"] == weights(clara)["decoder"]
        assert compress_texts(begun, tiny_base.tokenizer, TEXTS[:1]).shape[1] == slots


def test_a_compressor_is_the_same_whatever_its_card_says(clara, tiny_base, tmp_path):
    views.save(clara, tiny_base, COMPRESSION, LORA, tmp_path)
    form = CompressorForm(COMPRESSION, LORA, seed=0, start=tmp_path)
    before = form.origin
    (tmp_path / "README.md").write_text("Reads well.")
    assert form.origin == before
    (tmp_path / "memory.safetensors").write_bytes(b"another")
    assert form.origin != before
