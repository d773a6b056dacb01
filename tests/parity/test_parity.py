"""Ours equals the reference: every state, loss, gradient and choice that was recorded from running it.

Left padding becomes right padding on the way in; nothing else is changed.
"""

from __future__ import annotations

import json

import mlx.core as mx
import mlx.nn as nn
import numpy as np
import pytest
from parity import reference

from clara.losses import alignment, retrieval_contrast, token_cross_entropy
from clara.model.selection import TEMPERATURE, cosine_scores, top_k

STATES, LOSSES, GRADIENTS = 1e-4, 1e-5, 1e-3


@pytest.fixture(scope="module")
def folder(request):
    return request.config.getoption("--parity")


@pytest.fixture(scope="module")
def oracle(folder):
    return reference.load(folder)


@pytest.fixture
def positives(folder):
    """Which of each question's candidates are its own documents."""
    places = json.loads((folder / "oracle.json").read_text())["stage2_text"]["pos_index"]
    return mx.array([[n in own for n in range(5)] for own in places])


@pytest.fixture
def clara(oracle):
    return reference.model(oracle)


@pytest.fixture
def batch(oracle):
    """Called with a stage: its tensors, by the name that they have in it."""
    return lambda stage: {
        k.removeprefix(f"{stage}/"): v for k, v in oracle.items() if k.startswith(f"{stage}/")
    }


def close(found, wanted, within):
    difference = float(mx.max(mx.abs(found.astype(mx.float32) - wanted.astype(mx.float32))))
    assert difference <= within, f"largest difference {difference:.2e}, allowed {within:.0e}"


def compressed(clara, data, prefix="enc_"):
    ids, lengths, _ = reference.right_padded(
        data[f"in/{prefix}input_ids"], data[f"in/{prefix}attention_mask"]
    )
    return clara.compress(ids, lengths)


def decoded(clara, data, memory):
    """Cross-entropy of the batch, and its logits as the reference lays them out, where its mask is 1."""
    ids, _, moved = reference.right_padded(data["in/dec_input_ids"], data["in/dec_attention_mask"])
    states = clara.states(ids, memory)
    logits = clara.logits(states.reshape(-1, states.shape[-1])).reshape(*ids.shape, -1)
    labels = np.array(data["in/labels"])
    rows, places = np.nonzero(labels[:, 1:] >= 0)
    predicting = logits[mx.array(rows), mx.array(places - np.array(moved)[rows])]
    return token_cross_entropy(predicting, mx.array(labels[rows, places + 1])), logits, moved


def same_logits(data, logits, moved, key="logits"):
    for row, shift in enumerate(moved):
        wanted = data[key][row, shift:]
        close(logits[row, : wanted.shape[0]], wanted, STATES)


def same_gradients(clara, gradients, data):
    wanted = {k.removeprefix("grad/"): v for k, v in data.items() if k.startswith("grad/")}
    found = reference.gradient_names(gradients)
    table = wanted.pop("model.embed_tokens.weight", None)
    if table is not None:
        first = clara.tokens.vocabulary
        wanted["memory"] = table[first : first + clara.tokens.count]
    found = {name: value for name, value in found.items() if name in wanted or mx.any(value != 0).item()}
    assert found.keys() == wanted.keys()
    for name, value in wanted.items():
        largest = float(mx.max(mx.abs(value)))
        close(found[name], value, GRADIENTS * largest)


def test_memory_and_alignment_equal_the_reference(clara, batch):
    data = batch("compress")
    ids, lengths, _ = reference.right_padded(data["in/input_ids"], data["in/attention_mask"])
    found = clara.compress(ids, lengths)
    close(found.memory, data["mem"], STATES)
    close(alignment(*found), data["mse"], LOSSES)


@pytest.mark.parametrize("stage", ["stage1", "stage1_2"])
def test_compressor_stages_equal_the_reference(clara, batch, stage):
    data = batch(stage)
    clara.train_only("encoder", "decoder", memory=True)

    def losses(model):
        found = compressed(model, data)
        answer, logits, moved = decoded(model, data, found.memory)
        return answer, alignment(*found), logits, moved

    def total(model):
        answer, aligned, *_ = losses(model)
        return answer + 0.1 * aligned

    answer, aligned, logits, moved = losses(clara)
    close(answer, data["loss"], LOSSES)
    close(aligned, data["mse"], LOSSES)
    same_logits(data, logits, moved)
    value, gradients = nn.value_and_grad(clara, total)(clara)
    close(value, data["total"], LOSSES)
    same_gradients(clara, gradients, data)


def end_to_end(clara, data, documents):
    ids, lengths, _ = reference.right_padded(data["in/query_input_ids"], data["in/query_attention_mask"])
    questions = clara.reason(ids, lengths)
    candidates = documents.reshape(questions.shape[0], -1, questions.shape[1])
    scores = cosine_scores(questions, candidates)
    selection, chosen = top_k(scores, data["topk_idx"].shape[1])
    return questions, scores, selection, chosen, (selection @ candidates).reshape(-1, *documents.shape[1:])


def test_end_to_end_stage_equals_the_reference(clara, batch):
    data = batch("stage2")
    clara.train_only("decoder", "reasoner")
    documents = compressed(clara, data)
    close(documents.memory, data["doc_mem"], STATES)
    close(alignment(*documents), data["mse"], LOSSES)
    questions, scores, selection, chosen, memory = end_to_end(clara, data, documents.memory)
    close(questions, data["query_rep"], STATES)
    close(scores, data["scores"], STATES)
    close(selection, data["W"], STATES)
    assert chosen.tolist() == data["topk_idx"].tolist()
    answer, logits, moved = decoded(clara, data, memory)
    close(answer, data["loss"], LOSSES)
    same_logits(data, logits, moved)

    def loss(model):
        return decoded(model, data, end_to_end(model, data, documents.memory)[-1])[0]

    same_gradients(clara, nn.value_and_grad(clara, loss)(clara)[1], data)


def test_retrieval_stage_equals_the_reference(clara, batch, positives):
    data, inputs = batch("stage2_retr"), batch("stage2")
    inputs["topk_idx"] = data["topk_idx"]
    clara.train_only("reasoner")
    documents = compressed(clara, inputs).memory

    def loss(model):
        scores = end_to_end(model, inputs, documents)[1]
        return retrieval_contrast(scores, positives, TEMPERATURE)

    value, gradients = nn.value_and_grad(clara, loss)(clara)
    close(value, data["loss"], LOSSES)
    assert end_to_end(clara, inputs, documents)[3].tolist() == data["topk_idx"].tolist()
    same_gradients(clara, gradients, data)


@pytest.mark.parametrize(("case", "k", "temperature"), [(0, 1, 1.0), (1, 3, 0.5), (2, 5, 0.02), (3, 5, 0.1)])
def test_top_k_alone_equals_the_reference(batch, case, k, temperature):
    data = batch(f"topk{case}")
    selection, chosen = top_k(data["scores"], k, temperature)
    close(selection, data["W"], STATES)
    assert chosen.tolist() == data["idx"].tolist()

    def weighted(scores):
        return mx.sum(top_k(scores, k, temperature)[0] * data["cotangent"])

    gradient = mx.grad(weighted)(data["scores"])
    close(gradient, data["grad"], GRADIENTS * float(mx.max(mx.abs(data["grad"]))))


def test_injected_prompt_and_its_logits_equal_the_reference(clara, batch):
    data, inputs = batch("gen_text"), batch("stage1_2")
    memory = compressed(clara, inputs).memory
    ids, _, moved = reference.right_padded(data["in/dec_input_ids"], data["in/dec_attention_mask"])
    embeddings = clara.prompt_embeddings(ids, memory)
    states = clara.states(ids, memory)
    logits = clara.logits(states.reshape(-1, states.shape[-1])).reshape(*ids.shape, -1)
    for row, shift in enumerate(moved):
        wanted = data["inputs_embeds"][row, shift:]
        close(embeddings[row, : wanted.shape[0]], wanted, STATES)
    same_logits(data, logits, moved, key="prompt_logits")
