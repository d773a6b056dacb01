"""The adapter that was trained is the adapter that answers; the base is nobody's."""

from __future__ import annotations

from itertools import pairwise

import pytest

PROBES = 4  # questions whose outputs are compared: one is enough to see a difference, four to be told which


TRAINED = {"tuned": "sft_artefact", "tuned_rag": "sft_artefact", "shuffled_labels": "shuffled_artefact"}
BARE = ("closed_book", "rag", "rag_budget", "oracle", "shuffled")


@pytest.fixture(params=["lm_artefact", "sft_artefact", "shuffled_artefact", "other_artefacts"])
def artefacts(request):
    """What one stage left on disk; cross-fitting leaves two."""
    found = request.getfixturevalue(request.param)
    return found if isinstance(found, tuple) else (found,)


def trained_readers(request, name):
    """Pairs: an artefact, and the reader that should have loaded it."""
    contender = request.getfixturevalue(name)
    if name == "tuned_other":
        return list(zip(request.getfixturevalue("other_artefacts"), contender.readers, strict=True))
    return [(request.getfixturevalue(TRAINED[name]), contender)]


@pytest.fixture(scope="module")
def prompts(questions, base):
    from clara.model.prompts import prompt_ids

    return [prompt_ids(base.tokenizer, question.question) for question in questions[:PROBES]]


def logits(model, prompt):
    import mlx.core as mx

    return model(mx.array([prompt]))


def test_adapter_file_exists_and_differs_from_its_initialisation(artefacts):
    """The void study scored freshly initialised adapters: nothing had been saved."""
    import mlx.core as mx

    from clara.model.adapters import WEIGHTS, tensors_digest

    for artefact in artefacts:
        manifest, file = artefact.manifest, artefact.path / WEIGHTS
        assert file.exists(), f"no adapter was saved in {artefact.path}"
        on_disk = tensors_digest(mx.load(str(file)))
        assert on_disk == manifest.adapter_digest, (
            f"{file} is not the adapter that was trained: {on_disk[:12]} in the file, "
            f"{manifest.adapter_digest[:12]} in its manifest. It belongs to another run: delete the folder"
        )
        assert on_disk != manifest.initial_digest, (
            f"stage {manifest.recipe.stage}: the adapter is still as it was before its first step"
        )


@pytest.mark.presumes("adapter_file_exists_and_differs_from_its_initialisation")
def test_every_earlier_stage_was_trained_and_named(sft_artefact):
    """``tuned`` has read the documents and then learnt to answer; a stage left out is another experiment."""
    stages = [artefact.manifest.recipe.stage for artefact in sft_artefact.chain]
    assert stages == ["lm", "sft"], f"tuned was trained by the stages {stages}, not by lm, then sft"
    for earlier, later in pairwise(sft_artefact.chain):
        assert later.manifest.initial_digest == earlier.manifest.adapter_digest, (
            f"stage {later.manifest.recipe.stage} did not start where {earlier.manifest.recipe.stage} ended"
        )


@pytest.mark.presumes("adapter_file_exists_and_differs_from_its_initialisation")
@pytest.mark.parametrize("name", [*TRAINED, "tuned_other"])
def test_adapter_in_memory_equals_its_file(request, name):
    """What is loaded is, tensor by tensor, what lies on disk."""
    from clara.model.adapters import adapter_digest

    for trained, reader in trained_readers(request, name):
        in_memory = adapter_digest(reader.model.model)
        assert in_memory, f"{name} answers with a model that has no adapter: the base was returned instead"
        assert in_memory == trained.manifest.adapter_digest, (
            f"{name} answers with weights that are not those of {trained.path}: the adapter was not loaded"
        )


@pytest.mark.presumes("adapter_in_memory_equals_its_file")
@pytest.mark.parametrize("name", TRAINED)
def test_answers_were_written_with_the_trained_adapter(request, name, answers):
    """Each answer carries the digest of the adapter that was in the model while it was written."""
    trained = request.getfixturevalue(TRAINED[name]).manifest.adapter_digest
    others = [a.question_id for a in answers(request.getfixturevalue(name)) if a.adapter_sha256 != trained]
    assert not others, (
        f"{len(others)} answers of {name} were written by a model with another adapter or none, "
        f"the first to {others[0]}"
    )


@pytest.mark.presumes("adapter_in_memory_equals_its_file")
def test_tuned_other_is_asked_what_it_was_not_tuned_on(
    tuned_other, other_artefacts, half_of, chunks, answers
):
    """Tuned on the documents that it is asked about, it is a second ``tuned``, and no difference is knowledge."""
    documents = [{chunk.document for chunk in chunks if half_of[chunk.id] == half} for half in (0, 1)]
    shared = documents[0] & documents[1] if len(documents[0] | documents[1]) > 1 else set()
    assert not shared, f"in both halves: {', '.join(sorted(shared))}"
    digests = [artefact.manifest.adapter_digest for artefact in other_artefacts]
    own = [
        a.question_id for a in answers(tuned_other) if a.adapter_sha256 != digests[1 - half_of[a.question_id]]
    ]
    assert not own, (
        f"tuned_other answered {len(own)} questions on documents that it was tuned on, the first {own[0]}"
    )


@pytest.mark.parametrize("name", BARE)
def test_untrained_contenders_answer_with_the_bare_base(request, name, answers):
    """They are what tuning is compared with: an adapter in one of them, and every difference is void."""
    adapted = [a.question_id for a in answers(request.getfixturevalue(name)) if a.adapter_sha256 is not None]
    assert not adapted, (
        f"{name} answered with an adapter in the model, first to {adapted[0]}: not the bare base"
    )


def test_permuted_answers_are_wrong_ones(training_questions, settings):
    """Otherwise ``shuffled_labels`` is a second ``tuned``, and bounds nothing; some may be equal by chance."""
    from clara.training import stages

    true = training_questions[0]
    permuted = stages.permuted_answers(true, settings.seed)
    changed = sum(p.answer != q.answer for p, q in zip(permuted, true, strict=True))
    assert changed >= 0.9 * len(true), f"only {changed} of {len(true)} answers were permuted"


@pytest.mark.presumes("adapter_in_memory_equals_its_file")
def test_loaded_adapter_changes_the_outputs(tuned, base, prompts):
    """An adapter that changes no logit was trained for nothing."""
    import mlx.core as mx

    same = [mx.array_equal(logits(tuned.model.model, p), logits(base.model, p)).item() for p in prompts]
    assert not all(same), (
        f"base and tuned give bit-equal logits on {len(same)} prompts: the adapter does nothing"
    )


def test_base_is_bit_equal_after_training(base, tuned, settings):
    """Training a view must not reach the base: it is what ``rag`` answers with."""
    from clara.model.adapters import base_tensors, tensors_digest
    from clara.model.base import load_base

    fresh = tensors_digest(base_tensors(load_base(settings.model).model))
    for name, model in (("the base", base.model), ("tuned's base", tuned.model.model)):
        assert tensors_digest(base_tensors(model)) == fresh, (
            f"{name} is no longer what lies in {settings.model}"
        )


@pytest.mark.presumes("adapter_in_memory_equals_its_file", "base_is_bit_equal_after_training")
def test_removing_the_adapter_restores_the_base_bit_for_bit(tuned, base, prompts):
    """So that the adapter is all that lies between ``tuned`` and ``closed_book``."""
    import mlx.core as mx

    from clara.model.adapters import without_adapter

    bare = without_adapter(tuned.model)
    for prompt in prompts:
        assert mx.array_equal(logits(bare, prompt), logits(base.model, prompt)).item(), (
            "with its adapter removed, tuned still differs from the base: something else was changed"
        )


def test_untrained_answers_equal_the_bases(untrained, closed_book, answers):
    """A fresh adapter is an exact zero; a difference would be one of wiring, and is in every number."""
    base_says = {answer.question_id: answer.text for answer in answers(closed_book)}
    different = [a.question_id for a in answers(untrained) if a.text != base_says[a.question_id]]
    assert not different, f"an untrained adapter changes {len(different)} answers, the first {different[0]}"
