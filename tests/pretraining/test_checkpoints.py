"""Where a training goes on: to the bit on its machine, from half-precision weights on another."""

from __future__ import annotations

from pathlib import Path

import mlx.core as mx
import pytest

from clara.errors import TrainingError
from clara.pretraining.checkpoints import STATE, WEIGHTS, State, begin, save, save_weights
from clara.pretraining.config import OptimizerRecipe
from clara.pretraining.optimisation import learning_rate

RECIPE = OptimizerRecipe(
    steps=100, warmup_steps=10, decay_steps=40, learning_rate=1.0, weight_decay=0.0, betas=(0.9, 0.95), clip_norm=1.0
)  # fmt: skip
INITIAL = {"a": mx.zeros((2, 3)), "b": mx.ones(4)}
TRAINED = {"a": mx.random.normal((2, 3), key=mx.random.key(0)), "b": mx.ones(4) / 3}


def _saved(folder: Path, step: int = 50) -> State:
    _, begun = begin(folder, INITIAL, RECIPE)
    state = State(step, begun.begun, TRAINED, begun.moments)
    save(folder, state)
    return state


def test_an_empty_folder_begins_at_step_0_with_the_weights_given(tmp_path: Path):
    _, state = begin(tmp_path, INITIAL, RECIPE)
    assert (state.step, state.begun) == (0, 0)
    assert mx.array_equal(state.parameters["b"], INITIAL["b"])


def test_on_the_same_machine_it_goes_on_to_the_bit(tmp_path: Path):
    saved = _saved(tmp_path)
    _, state = begin(tmp_path, INITIAL, RECIPE)
    assert (state.step, state.begun) == (50, 0)
    assert all(mx.array_equal(state.parameters[name], saved.parameters[name]) for name in INITIAL)
    assert state.moments.keys() == saved.moments.keys()


def test_from_weights_alone_it_goes_on_at_their_step_and_warms_up_again(tmp_path: Path):
    _saved(tmp_path)
    (tmp_path / STATE).unlink()
    optimizer, state = begin(tmp_path, INITIAL, RECIPE)
    assert (state.step, state.begun) == (50, 50)
    assert state.parameters["a"].dtype == mx.float32
    assert mx.allclose(state.parameters["a"], TRAINED["a"], atol=1e-3)
    rate = learning_rate(RECIPE, begun=50)
    assert [rate(mx.array(done)).item() for done in (0, 5, 10)] == pytest.approx([0.0, 0.5, 1.0])
    assert rate(mx.array(40)).item() == learning_rate(RECIPE)(mx.array(90)).item() < 0.3
    save(tmp_path, State(60, state.begun, state.parameters, state.moments))
    assert begin(tmp_path, INITIAL, RECIPE)[1].begun == 50
    assert optimizer.state.keys() == state.moments.keys()


def test_weights_of_step_0_are_what_another_training_begins_with(tmp_path: Path):
    save_weights(tmp_path, TRAINED)
    assert (tmp_path / WEIGHTS).exists()
    _, state = begin(tmp_path, INITIAL, RECIPE)
    assert (state.step, state.begun) == (0, 0)
    assert mx.allclose(state.parameters["a"], TRAINED["a"], atol=1e-3)


@pytest.mark.parametrize("left", [STATE, WEIGHTS])
@pytest.mark.parametrize("other", [{"a": mx.zeros((2, 4)), "b": mx.ones(4)}, {"a": mx.zeros((2, 3))}])
def test_files_of_another_model_are_refused(tmp_path: Path, left: str, other: dict[str, mx.array]):
    _saved(tmp_path)
    (tmp_path / (WEIGHTS if left == STATE else STATE)).unlink()
    with pytest.raises(TrainingError, match="another model"):
        begin(tmp_path, other, RECIPE)
