"""The loop: what it trains, what it never touches, and that a kill costs time and nothing else."""

from __future__ import annotations

from dataclasses import replace

import mlx.core as mx
import pytest

from clara.errors import TrainingError
from clara.model.adapters import adapter_tensors, attach, base_tensors, tensors_digest
from clara.profiles import Budget, Lora
from clara.training import loop
from clara.training.batches import Batch, Sample, collate
from clara.training.stages import lm_stage, next_token_loss

TEXTS = [f"The depth at station {i} was {i * 7} metres, measured by Ada Lindqvist." for i in range(9)]
BUDGET = Budget(steps=8, batch_size=3, accumulate=2, learning_rate=1e-2, warmup_steps=2)


@pytest.fixture
def stage(tiny_base):
    return lm_stage(tiny_base.tokenizer, TEXTS[:-1], TEXTS[-1:], BUDGET, seed=0)


@pytest.fixture
def fresh(tiny_base):
    return attach(tiny_base, Lora(rank=4), seed=0)


def test_losses_fall_on_trained_and_on_held_out_text(fresh, stage, tmp_path):
    history = loop.train(fresh.model, stage, tmp_path)
    assert history.losses[-1] < history.losses[0]
    assert history.held_out[-1][1] < history.held_out[0][1]
    assert history.held_out[0][0] == 0
    assert history.held_out[-1][0] == BUDGET.steps


def test_the_frozen_base_stays_bit_equal(tiny_base, fresh, stage, tmp_path):
    before = tensors_digest(base_tensors(tiny_base.model))
    loop.train(fresh.model, stage, tmp_path)
    assert tensors_digest(base_tensors(tiny_base.model)) == before
    assert tensors_digest(base_tensors(fresh.model)) == before


def test_a_killed_and_resumed_run_equals_an_uninterrupted_one(tiny_base, stage, tmp_path):
    whole, killed = (attach(tiny_base, Lora(rank=4, dropout=0.1), seed=0) for _ in range(2))
    uninterrupted = loop.train(whole.model, stage, tmp_path / "whole", save_every=2)
    with pytest.raises(KeyboardInterrupt):
        loop.train(killed.model, _killed_at(stage, 5), tmp_path / "killed", save_every=2)
    resumed_model = attach(tiny_base, Lora(rank=4, dropout=0.1), seed=9)
    resumed = loop.train(resumed_model.model, stage, tmp_path / "killed", save_every=2)
    assert resumed.losses == uninterrupted.losses
    assert resumed.held_out == uninterrupted.held_out
    assert tensors_digest(adapter_tensors(resumed_model.model)) == tensors_digest(
        adapter_tensors(whole.model)
    )


def test_splitting_a_batch_does_not_change_the_step(tiny_base, tmp_path):
    samples = [Sample(tuple(range(4, 9 + i)), start=1 + i) for i in range(4)]
    budget = BUDGET.model_copy(update={"steps": 1, "clip_norm": 1e9})
    models = []
    for parts in ([samples], [samples[:1], samples[1:]]):
        model = attach(tiny_base, Lora(rank=4), seed=0).model
        batches = [collate(part) for part in parts]
        stage = loop.Stage(
            "lm", lambda _, batches=batches: batches, [collate(samples)], next_token_loss, budget
        )
        loss = loop.train(model, stage, tmp_path).losses[0]
        models.append((loss, adapter_tensors(model)))
    assert models[0][0] == pytest.approx(models[1][0], rel=1e-5)
    assert all(mx.allclose(a, models[1][1][name], atol=1e-5) for name, a in models[0][1].items())


def test_a_batch_without_supervised_tokens_stops_the_training(fresh, stage, tmp_path):
    empty = Batch(mx.zeros((1, 4), mx.int32), mx.zeros((0,), mx.int32), mx.zeros((0,), mx.int32))
    with pytest.raises(TrainingError, match="stage lm, step 1: a batch has no supervised token") as raised:
        loop.train(fresh.model, replace(stage, micro_batches=lambda _: [empty]), tmp_path)
    assert raised.value.step == 1
    assert (tmp_path / "failed-1.safetensors").exists()


def test_a_loss_that_is_not_finite_stops_the_training_and_keeps_the_batch(fresh, stage, tmp_path):
    broken = replace(stage, loss=lambda model, batch: next_token_loss(model, batch) * mx.array(float("nan")))
    with pytest.raises(TrainingError, match="loss is nan"):
        loop.train(fresh.model, broken, tmp_path)
    assert set(mx.load(str(tmp_path / "failed-1.safetensors"))) >= {"0.ids", "0.positions", "0.targets"}


def test_recomputing_blocks_changes_no_gradient_and_leaves_no_trace(tiny_base, stage, tmp_path, monkeypatch):
    results = []
    block = type(tiny_base.model.layers[0])
    before = block.__call__
    for above in (10**9, 0):
        monkeypatch.setattr(loop, "_CHECKPOINTED_ABOVE", above)
        model = attach(tiny_base, Lora(rank=4), seed=0).model
        results.append(loop.train(model, stage, tmp_path / str(above)).losses)
        assert block.__call__ is before
    assert results[0] == pytest.approx(results[1], rel=1e-5)


def _killed_at(stage: loop.Stage, step: int) -> loop.Stage:
    def micro_batches(now: int) -> list[Batch]:
        if now == step:
            raise KeyboardInterrupt
        return list(stage.micro_batches(now))

    return replace(stage, micro_batches=micro_batches)
