from __future__ import annotations

import json
import subprocess
import sys

import mlx.core as mx
import pytest
import tiny

from clara.errors import AdapterError, ArtefactError, TrainingError
from clara.model.adapters import (
    adapter_digest,
    adapter_tensors,
    attach,
    base_tensors,
    load_adapter,
    save_adapter,
    tensors_digest,
    without_adapter,
)
from clara.model.base import load_base
from clara.profiles import Budget, Lora
from clara.training.artefacts import obtain
from clara.training.forms import AdapterForm
from clara.training.stages import lm_stage

TEXTS = ["The basin is 41 metres deep.", "Ada Lindqvist led the survey in 1907."]
LORA = Lora(rank=4)


def train(store, base, steps=4, **changes):
    budget = Budget(steps=steps, batch_size=2, learning_rate=1e-2, warmup_steps=1)
    arguments = {
        "name": "lm",
        "data": TEXTS,
        "settings": budget.model_dump(),
        "form": AdapterForm(LORA, seed=0),
        "seed": 0,
        **changes,
    }
    return obtain(
        store, base, lambda: lm_stage(base.tokenizer, TEXTS, TEXTS[:1], budget, seed=0), **arguments
    )


def test_it_is_trained_once_and_read_after(tmp_path, tiny_base):
    first = train(tmp_path, tiny_base)
    written = (first.path / "adapters.safetensors").stat().st_mtime_ns
    again = train(tmp_path, tiny_base)
    assert again == first
    assert (again.path / "adapters.safetensors").stat().st_mtime_ns == written


def test_what_is_loaded_is_what_was_trained(tmp_path, tiny_base):
    artefact = train(tmp_path, tiny_base)
    loaded = artefact.load(tiny_base)
    assert (
        adapter_digest(loaded.model) == artefact.manifest.adapter_digest != artefact.manifest.initial_digest
    )


@pytest.mark.parametrize("change", [{"seed": 1}, {"data": ["other"]}, {"settings": {"steps": 5}}])
def test_any_change_of_input_makes_another_artefact(tmp_path, tiny_base, change):
    assert train(tmp_path, tiny_base).path != train(tmp_path, tiny_base, **change).path


def test_two_trainings_of_one_recipe_are_bit_equal(tmp_path, tiny_base):
    digests = {train(tmp_path / side, tiny_base).manifest.adapter_digest for side in "ab"}
    assert len(digests) == 1


def test_a_later_stage_goes_on_from_its_parent(tmp_path, tiny_base):
    parent = train(tmp_path, tiny_base)
    child = train(tmp_path, tiny_base, name="sft", parent=parent)
    assert child.manifest.initial_digest == parent.manifest.adapter_digest
    assert [artefact.manifest.recipe.stage for artefact in child.chain] == ["lm", "sft"]


def test_a_training_that_fails_leaves_nothing_under_its_name(tmp_path, tiny_base, monkeypatch):
    def no_number(model, batch):
        return mx.array(float("nan")) * sum(value.sum() for value in adapter_tensors(model).values())

    with monkeypatch.context() as patch:
        patch.setattr("clara.training.stages.next_token_loss", no_number)
        with pytest.raises(TrainingError):
            train(tmp_path, tiny_base)
    assert not [path for path in tmp_path.iterdir() if path.is_dir() and path.suffix != ".partial"]


def test_a_manifest_of_another_run_is_refused(tmp_path, tiny_base):
    artefact, other = train(tmp_path, tiny_base), train(tmp_path, tiny_base, seed=1)
    (artefact.path / "manifest.json").write_bytes((other.path / "manifest.json").read_bytes())
    with pytest.raises(ArtefactError, match="another recipe"):
        train(tmp_path, tiny_base)


def test_a_broken_manifest_is_named(tmp_path, tiny_base):
    artefact = train(tmp_path, tiny_base)
    (artefact.path / "manifest.json").write_text("{")
    with pytest.raises(ArtefactError, match=r"manifest\.json is missing or broken"):
        train(tmp_path, tiny_base)


@pytest.mark.parametrize("bits", [4, 8])
def test_an_adapter_trains_on_a_quantised_base_and_loads(tiny_path, tmp_path, bits, monkeypatch):
    monkeypatch.setattr("mlx_lm.utils.dequantize_model", lambda model: model)  # keep the codes, as a GPU does
    base = load_base(tiny.save_quantised(tiny_path, tmp_path / "base", bits))
    assert any(name.endswith(".scales") for name in base_tensors(base.model))
    artefact = train(tmp_path / "store", base)
    assert adapter_digest(artefact.load(base).model) == artefact.manifest.adapter_digest


def test_mlx_lm_generates_with_a_saved_adapter(tmp_path, tiny_base):
    artefact = train(tmp_path, tiny_base)
    command = [sys.executable, "-m", "mlx_lm", "generate", "--model", str(tiny_base.path)]
    command += ["--adapter-path", str(artefact.path), "--prompt", "Where?", "--max-tokens", "2"]
    run = subprocess.run(command, capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stderr


def test_removing_the_adapter_restores_the_outputs_bit_for_bit(tmp_path, tiny_base):
    view = train(tmp_path, tiny_base).load(tiny_base)
    ids = mx.array([[5, 6, 7]])
    base = tiny_base.model(ids)
    assert not mx.array_equal(view.model(ids), base)
    assert mx.array_equal(without_adapter(view)(ids), base)


class TestAFileThatDoesNotFit:
    """mlx-lm's loader lets the first of these through in silence."""

    @pytest.fixture
    def folder(self, tmp_path, tiny_base):
        return train(tmp_path, tiny_base).path

    @staticmethod
    def rewrite(folder, change):
        path = str(folder / "adapters.safetensors")
        tensors = dict(mx.load(path))
        mx.eval(tensors)
        mx.save_safetensors(path, change(tensors))

    def test_missing_tensors_are_counted_and_named(self, folder, tiny_base):
        self.rewrite(folder, lambda tensors: {k: v for k, v in tensors.items() if "layers.1" not in k})
        with pytest.raises(AdapterError, match=r"14 tensors missing, the first model\.layers\.1\.mlp"):
            load_adapter(tiny_base, folder)

    def test_unknown_tensors_are_named(self, folder, tiny_base):
        self.rewrite(folder, lambda tensors: {**tensors, "model.layers.7.lora_a": mx.zeros((2, 2))})
        with pytest.raises(AdapterError, match=r"1 unknown tensors, the first model\.layers\.7"):
            load_adapter(tiny_base, folder)

    def test_another_shape_is_named(self, folder, tiny_base):
        self.rewrite(folder, lambda tensors: {k: v[:1] if "lora_b" in k else v for k, v in tensors.items()})
        with pytest.raises(AdapterError, match=r"is \(1, \d+\) on disk, \(4, \d+\) here"):
            load_adapter(tiny_base, folder)

    def test_an_adapter_that_changes_nothing_is_refused(self, tmp_path, tiny_base):
        save_adapter(attach(tiny_base, LORA, seed=0).model, LORA, tmp_path / "fresh")
        with pytest.raises(AdapterError, match="every lora_b is zero"):
            load_adapter(tiny_base, tmp_path / "fresh")

    def test_a_missing_file_is_named(self, folder, tiny_base):
        (folder / "adapter_config.json").unlink()
        with pytest.raises(AdapterError, match=r"adapter_config\.json is missing"):
            load_adapter(tiny_base, folder)

    def test_a_truncated_file_is_named(self, folder, tiny_base):
        path = folder / "adapters.safetensors"
        path.write_bytes(path.read_bytes()[:100])
        with pytest.raises(AdapterError, match="cannot be read"):
            load_adapter(tiny_base, folder)


def test_an_untrained_adapter_answers_as_the_base(tiny_base):
    ids = mx.array([[5, 6, 7]])
    assert mx.array_equal(attach(tiny_base, LORA, seed=3).model(ids), tiny_base.model(ids))


def test_the_same_seed_draws_the_same_adapter(tiny_base):
    drawn = [tensors_digest(adapter_tensors(attach(tiny_base, LORA, seed=s).model)) for s in (1, 1, 2)]
    assert drawn[0] == drawn[1] != drawn[2]


def test_the_adapter_config_is_mlx_lms(tmp_path, tiny_base):
    artefact = train(tmp_path, tiny_base)
    config = json.loads((artefact.path / "adapter_config.json").read_text())
    assert config["lora_parameters"] == {"rank": 4, "scale": 2.0, "dropout": 0.0}
