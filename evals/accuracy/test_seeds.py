"""What another seed would have given: the tuned contenders trained again. Judged with ``--seeds`` above 1 only."""

from __future__ import annotations

import pytest


@pytest.mark.presumes("every_question_is_scored")
@pytest.mark.parametrize(("trained", "against"), [("tuned", "closed_book"), ("tuned_rag", "rag")])
def test_another_seed_is_another_training(
    trained,
    against,
    named,
    result,
    asked,
    trained_again,
    sft_artefact,
    base,
    source_chunks,
    settings,
    ledger,
    weak_data,
):
    """Between-seed spread and between-question error, apart: what one training shows may be its seed's."""
    from dataclasses import replace

    from clara.metrics import mark_all
    from clara.statistics import seed_spread

    if len({sources[0] for sources in source_chunks.values()}) < 2:
        weak_data(
            "all questions are on one chunk: what they say of a seed cannot be told from what they say of it"
        )
        pytest.skip("not judged: one chunk has no spread between questions")
    contender, questions = named(trained), asked(named(trained).facts)
    first, rival = result(contender).f1_of, result(named(against)).f1_of
    answerable = [question for question in questions if question.is_answerable]
    by_seed, digests = {settings.seed: first}, {sft_artefact.manifest.adapter_digest}
    for seed in range(settings.seed + 1, settings.seed + settings.seeds):
        artefact = trained_again(seed)
        digests.add(artefact.manifest.adapter_digest)
        marks = mark_all(answerable, replace(contender, model=artefact.load(base)).answer(answerable))
        by_seed[seed] = {mark.question_id: mark.f1 for mark in marks}
    clusters = {id_: source_chunks[id_][0] for id_ in first}
    gains = {seed: {id_: f1 - rival[id_] for id_, f1 in found.items()} for seed, found in by_seed.items()}
    ledger.spreads[trained] = seed_spread(by_seed, clusters)
    ledger.spreads[f"{trained} − {against}"] = seed_spread(gains, clusters, bounds=(-1.0, 1.0))
    assert len(digests) == settings.seeds, (
        f"{settings.seeds} trainings of {trained} gave {len(digests)} adapters: the seed does not reach the training"
    )
