"""Training taught something, on supervised tokens, that was not merely remembered."""

from __future__ import annotations

import math

import pytest


@pytest.fixture(params=["tuned", "shuffled_labels", "clara", "clara_e2e", "compression_only"])
def manifests(request):
    """Of every stage of a trained contender."""
    names = {
        "tuned": "sft_artefact", "shuffled_labels": "shuffled_artefact", "clara": "clara_artefact",
        "clara_e2e": "e2e_artefact", "compression_only": "mse_artefact",
    }  # fmt: skip
    return [artefact.manifest for artefact in request.getfixturevalue(names[request.param]).chain]


def test_every_training_ran_to_its_end(manifests):
    """A training that failed and went on is no training: as many steps as its budget says, each with a real loss."""
    for manifest in manifests:
        stage, steps = manifest.recipe.stage, manifest.recipe.settings["steps"]
        assert len(manifest.losses) == steps, (
            f"stage {stage} made {len(manifest.losses)} of {steps} steps and went on"
        )
        bad = [loss for loss in manifest.losses if not (math.isfinite(loss) and loss > 0)]
        assert not bad, f"stage {stage} has {len(bad)} losses that are none, the first {bad[0]}"


def test_every_batch_had_supervised_tokens(manifests):
    """Labels that are all masked train nothing and read as a loss of NaN, or of zero."""
    for manifest in manifests:
        step, fewest = min(enumerate(manifest.supervised_tokens, 1), key=lambda pair: pair[1])
        assert fewest > 0, f"stage {manifest.recipe.stage}, step {step}: a batch had no supervised token"


@pytest.mark.presumes("adapter_in_memory_equals_its_file", "loaded_adapter_changes_the_outputs")
def test_tuned_loss_is_below_the_bases_on_held_out_text(lm_artefact, base, lm_stage, ledger):
    """Text of the same documents kept out of training, read by the base and by the ``lm`` adapter."""
    from clara.training.loop import held_out_loss

    before = held_out_loss(base.model, lm_stage)
    after = held_out_loss(lm_artefact.load(base).model, lm_stage)
    ledger.losses["held-out text"] = before, after
    assert after < before, (
        f"held-out text: {after:.3f} nats a token tuned, {before:.3f} base: reading taught nothing"
    )


@pytest.mark.presumes("adapter_in_memory_equals_its_file", "loaded_adapter_changes_the_outputs")
def test_tuned_loss_is_below_the_bases_on_held_out_questions(
    tuned, base, sft_stage, training_questions, ledger
):
    """Generated questions from chunks kept out of training, answered without context."""
    from clara.training.loop import held_out_loss

    stage = sft_stage(training_questions[0])
    before, after = held_out_loss(base.model, stage), held_out_loss(tuned.model.model, stage)
    ledger.losses["held-out questions"] = before, after
    assert after < before, (
        f"held-out questions: {after:.3f} nats a token tuned, {before:.3f} base: nothing was learnt"
    )


@pytest.mark.presumes("claras_earlier_stages_were_trained_and_named", "every_training_ran_to_its_end")
def test_clara_and_tuned_rag_learnt_from_the_same_questions(clara_artefact, sft_artefact):
    """The same questions, as often, and as many supervised tokens of answers; counted while they were trained."""
    trained = {
        name: [stage.manifest for stage in artefact.chain]
        for name, artefact in (("clara", clara_artefact), ("tuned_rag", sft_artefact))
    }
    asked = {name: sorted(q for stage in stages for q in stage.questions) for name, stages in trained.items()}
    assert asked["clara"] == asked["tuned_rag"], (
        f"clara was trained on {len(asked['clara'])} questions and tuned_rag on {len(asked['tuned_rag'])}, "
        "and they are not the same"
    )
    tokens = {name: sum(stage.answer_tokens for stage in stages) for name, stages in trained.items()}
    assert tokens["clara"] == tokens["tuned_rag"], (
        f"clara was trained on {tokens['clara']} supervised tokens of answers, tuned_rag on {tokens['tuned_rag']}"
    )


@pytest.mark.presumes(
    "compressor_file_exists_and_differs_from_its_start",
    "memory_tokens_have_ids_and_embeddings_of_their_own",
)
def test_claras_loss_is_below_its_start_on_held_out_questions(
    clara_artefact, compressor_form, compression, scp_stage, base, ledger
):
    """Generated questions from chunks kept out of training, answered from their memory before and after adapting."""
    from clara.training.loop import held_out_loss

    stage = scp_stage(compression)
    start = compressor_form(compression).opened(base).clara
    before, after = held_out_loss(start, stage), held_out_loss(clara_artefact.compressor(base).clara, stage)
    ledger.losses["held-out questions from memory"] = before, after
    assert after < before, (
        f"held-out questions from memory: {after:.3f} nats a token adapted, {before:.3f} at the start: "
        "adapting taught nothing"
    )


@pytest.mark.presumes("compressor_file_exists_and_differs_from_its_start")
def test_alignment_alone_lowers_its_own_loss(mse_artefact):
    """What the void study saw: the distance of means falls. That it teaches no answering is ``compression_only``'s."""
    (_, before), *_, (_, after) = mse_artefact.manifest.held_out
    assert after < before, f"the alignment went from {before:.3f} to {after:.3f}: the control was not trained"
