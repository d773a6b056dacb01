"""The gate: what fell since the baseline, and since the last release. Judged with ``--benchmark-compare`` only."""

from __future__ import annotations

import pytest


def enter(judged, ledger, record_property):
    """Enter what was judged in the ledger and in JUnit's file; red where something fell, with what to do about it."""
    ledger.judgements.extend(judged)
    for judgement in judged:
        record_property(judgement.baseline, judgement.sentence)
    fallen = [f"since {judgement.baseline}: {judgement.sentence}" for judgement in judged if judgement.red]
    remedy = "Mend it, or accept the level with its reason: clara baseline accept SAVED_RUN --reason TEXT"
    assert not fallen, f"{'; '.join(fallen)}. {remedy}."


@pytest.mark.presumes("every_question_is_scored")
def test_answers_hold_against_the_baseline(contender, result, baselines, run_so_far, ledger, record_property):
    """Letter for letter where nothing was trained and the machine is the same; by right and wrong elsewhere."""
    from clara.reports.regression import judge

    result(contender)
    now, name = run_so_far(), contender.facts.name
    judged = [judge(name, now, before, label) for label, before in baselines.items()]
    enter(judged, ledger, record_property)
    if all(judgement.blind for judgement in judged):
        pytest.skip(f"not judged: {judged[0].sentence}")


@pytest.mark.presumes("tuned_loss_is_below_the_bases_on_held_out_questions")
def test_losses_hold_against_the_baseline(baselines, run_so_far, ledger, record_property):
    """A quarter of what training had gained is not given back."""
    from clara.reports.regression import judge_losses

    now = run_so_far()
    judged = [found for label, before in baselines.items() for found in judge_losses(now, before, label)]
    enter(judged, ledger, record_property)
    missing = sorted({name for before in baselines.values() for name in before.losses} - now.losses.keys())
    if missing:
        pytest.skip(f"not judged: this run did not measure the loss of {', '.join(missing)}")
