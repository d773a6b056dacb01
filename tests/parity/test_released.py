"""Checkpoints in the released layout: read without torch, converted whole, refused in one line."""

from __future__ import annotations

import io
import json
import pickle
import sys
import types
import zipfile
from pathlib import Path

import mlx.core as mx
import numpy as np
import pytest
import tiny
from parity import reference

from clara.cli import main
from clara.errors import AdapterError
from clara.model import released, views
from clara.model.base import load_base
from clara.model.memory import MARKS
from clara.model.prompts import memory_prompt_ids
from clara.model.reading import answer_from_memory, compress_texts


@pytest.fixture(scope="module")
def folder(request):
    return request.config.getoption("--parity")


@pytest.fixture(scope="module")
def checkpoint(tmp_path_factory, folder):
    """The recorded weights as the original saves them, over a base of its own, with a tokenizer of ours."""
    oracle = reference.load(folder)
    weights = {k.removeprefix("weights/"): v for k, v in oracle.items() if k.startswith("weights/")}
    slots, rows = oracle["compress/mem"].shape[1], weights["lm_head.weight"].shape[0]
    vocabulary = rows - slots - MARKS
    home = tmp_path_factory.mktemp("released")
    base = tiny.save_model(
        home / "base", hidden_size=64, num_hidden_layers=4, num_attention_heads=4, num_key_value_heads=2,
        intermediate_size=128, vocab_size=vocabulary, rope_theta=1e6, tie_word_embeddings=False,
    )  # fmt: skip
    tiny.save_tokenizer(base, vocab_size=vocabulary)
    plain = {k.replace(".base_layer.", "."): v for k, v in weights.items() if ".lora_" not in k}
    for name in ("model.embed_tokens.weight", "lm_head.weight"):
        plain[name] = plain[name][:vocabulary]
    mx.save_safetensors(str(base / "model.safetensors"), plain)
    adapters = {
        adapter: {k.replace(f".{adapter}", ""): v for k, v in weights.items() if f".{adapter}." in k}
        for adapter in reference.VIEWS.values()
    }
    out = home / "checkpoint"
    out.mkdir()
    write_pth(out / "adapters.pth", adapters)
    ends = ("model.embed_tokens.weight", "lm_head.weight")
    write_pth(out / "decoder_first_last_layers.pth", {name: weights[name] for name in ends})
    config = {"compr_rate": 64 // slots, "doc_max_length": 64, "lora_r": 4, "training_stage": "stage2"}
    (out / "config.json").write_text(json.dumps(config))
    return out, base


def write_pth(path: Path, tree) -> None:
    """Torch's zip format, as far as it holds contiguous float32 tensors in dicts."""
    storages: list[bytes] = []
    torch, utils = types.ModuleType("torch"), types.ModuleType("torch._utils")
    utils._rebuild_tensor_v2 = type("_rebuild_tensor_v2", (), {"__module__": "torch._utils"})
    torch.FloatStorage = type("FloatStorage", (), {"__module__": "torch"})

    class Tensor:
        def __init__(self, values):
            self.values = np.ascontiguousarray(np.array(values), dtype=np.float32)

        def __reduce__(self):
            storages.append(self.values.tobytes())
            strides = tuple(n // 4 for n in self.values.strides)
            storage = Storage(str(len(storages) - 1), self.values.size)
            return utils._rebuild_tensor_v2, (storage, 0, self.values.shape, strides, False, None)

    class Storage:
        def __init__(self, key, size):
            self.pid = ("storage", torch.FloatStorage, key, "cpu", size)

    class Pickler(pickle.Pickler):
        def persistent_id(self, thing):
            return thing.pid if isinstance(thing, Storage) else None

    def wrapped(node):
        return {k: wrapped(v) for k, v in node.items()} if isinstance(node, dict) else Tensor(node)

    buffer = io.BytesIO()
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(sys.modules, "torch", torch)
        patch.setitem(sys.modules, "torch._utils", utils)
        Pickler(buffer, protocol=2).dump(wrapped(tree))
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("archive/data.pkl", buffer.getvalue())
        for key, raw in enumerate(storages):
            archive.writestr(f"archive/data/{key}", raw)


def test_every_view_and_row_is_taken_over_and_memory_equals_the_references(
    checkpoint, folder, tmp_path, capsys
):
    source, base_folder = checkpoint
    arguments = [
        "import-checkpoint",
        str(source),
        "--base",
        str(base_folder),
        "--out",
        str(tmp_path / "ours"),
    ]
    assert main(arguments) == 0
    assert "encoder, decoder, reasoner; 64 tokens to 16 vectors (4x)" in capsys.readouterr().out
    clara, settings = views.load(load_base(base_folder), tmp_path / "ours")
    assert (settings.memory_scale, settings.wording) == ("reference", "reference")
    data = reference.load(folder)
    ids, lengths, _ = reference.right_padded(
        data["compress/in/input_ids"], data["compress/in/attention_mask"]
    )
    assert mx.abs(clara.compress(ids, lengths).memory - data["compress/mem"]).max() < 1e-4
    assert clara.head_rows.shape == (19, 64)


def test_the_trained_decoder_is_loaded_whatever_the_stage_is_called(checkpoint, tmp_path):
    source, base_folder = checkpoint
    relabelled = tmp_path / "stage1_2"
    relabelled.mkdir()
    for file in source.iterdir():
        (relabelled / file.name).write_bytes(file.read_bytes())
    config = json.loads((source / "config.json").read_text())
    (relabelled / "config.json").write_text(json.dumps({**config, "training_stage": "stage1_2"}))
    base = load_base(base_folder)
    released.import_checkpoint(relabelled, base, tmp_path / "ours")
    clara, _ = views.load(base, tmp_path / "ours")
    stored = released.read_pth(source / "adapters.pth")["decoder_adapter"]
    wanted = stored["model.layers.0.self_attn.q_proj.lora_B.weight"].read().T
    assert mx.array_equal(clara.decoder.model.layers[0].self_attn.q_proj.lora_b, wanted)
    assert mx.any(wanted != 0)


def test_answers_equal_the_references_where_its_texts_are_there(folder, tmp_path):
    if not (folder / "ckpt_stage2").exists():
        pytest.skip("the committed copy holds numbers only: name the whole folder with --parity")
    base, record = load_base(folder / "base456"), json.loads((folder / "oracle.json").read_text())
    released.import_checkpoint(folder / "ckpt_stage1", base, tmp_path / "ours")
    clara, settings = views.load(base, tmp_path / "ours")
    asked, oracle = record["stage1_2_text"], reference.load(folder)
    k = len(asked["docs"][0])
    prompts = [
        memory_prompt_ids(base.tokenizer, question, clara.tokens.slot * k, settings.wording)
        for question in asked["questions"]
    ]
    wanted, _, _ = reference.right_padded(
        oracle["gen_text/in/dec_input_ids"], oracle["gen_text/in/dec_attention_mask"]
    )
    assert prompts == [row[: len(prompt)] for row, prompt in zip(wanted.tolist(), prompts, strict=True)]
    memories = [compress_texts(clara, base.tokenizer, texts) for texts in asked["docs"]]
    written = answer_from_memory(clara, base.tokenizer, prompts, memories, 8)
    assert [list(said.tokens) for said in written] == oracle["gen_text/out_ids"].tolist()


class Evil:
    def __reduce__(self):
        import os

        return os.system, ("touch evil",)


def _pickle_with_code(path: Path) -> None:
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("archive/data.pkl", pickle.dumps({"encoder_adapter": Evil()}))


@pytest.mark.parametrize(
    ("breaks", "message"),
    [
        (lambda c: _pickle_with_code(c / "adapters.pth"), "asks for (posix|nt).system, which is no tensor"),
        (lambda c: (c / "adapters.pth").write_bytes(b"PK\x03\x04 cut"), "no checkpoint of torch's zip format, or cut"),
        (lambda c: (c / "adapters.pth").unlink(), "FileNotFoundError"),
        (lambda c: (c / "config.json").write_text('{"compr_rate": 4}'), "lacks doc_max_length, lora_r"),
        (lambda c: (c / "config.json").write_text('{"compr_rate": 8, "doc_max_length": 64, "lora_r": 4}'),
         "has 589 rows; base, rate and document length make 581"),
        (lambda c: (c / "config.json").write_text('{"compr_rate": 4, "doc_max_length": 64, "lora_r": 8}'), "wanted"),
    ],
)  # fmt: skip
def test_what_cannot_be_imported_is_refused_and_leaves_nothing(
    checkpoint, tmp_path, monkeypatch, breaks, message
):
    source, base_folder = checkpoint
    broken = tmp_path / "broken"
    broken.mkdir()
    for file in source.iterdir():
        (broken / file.name).write_bytes(file.read_bytes())
    breaks(broken)
    monkeypatch.chdir(tmp_path)
    with pytest.raises(AdapterError, match=message):
        released.import_checkpoint(broken, load_base(base_folder), tmp_path / "ours")
    assert {file.name for file in tmp_path.iterdir()} == {"broken"}


def test_a_checkpoint_of_another_base_is_refused(checkpoint, tmp_path):
    source, base_folder = checkpoint
    other = tmp_path / "other"
    other.mkdir()
    for file in base_folder.iterdir():
        (other / file.name).write_bytes(file.read_bytes())
    weights = mx.load(str(other / "model.safetensors"))
    weights["model.embed_tokens.weight"] = mx.random.normal(weights["model.embed_tokens.weight"].shape)
    mx.save_safetensors(str(other / "model.safetensors"), weights)
    with pytest.raises(AdapterError, match="its embeddings are not those of"):
        released.import_checkpoint(source, load_base(other), tmp_path / "ours")
