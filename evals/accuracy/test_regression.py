"""The gate: what fell since the baseline, and since the last release. Judged with ``--benchmark-compare`` only."""

from __future__ import annotations

import pytest


def regressions(judged):
    """What fell, and what to do about it; empty where nothing did."""
    fallen = [f"since {judgement.baseline}: {judgement.sentence}" for judgement in judged if judgement.red]
    remedy = "Mend it, or accept the level with its reason: clara baseline accept SAVED_RUN --reason TEXT"
    return f"{'; '.join(fallen)}. {remedy}." if fallen else ""


@pytest.mark.presumes("every_question_is_scored")
def test_answers_hold_against_the_baseline(contender, result, baselines, run_so_far, ledger, record_property):
    """Letter for letter where nothing was trained and the machine is the same; by right and wrong elsewhere."""
    from clara.reports.regression import judge

    result(contender)
    now, name = run_so_far(), contender.facts.name
    judged = [judge(name, now, before, label) for label, before in baselines.items()]
    ledger.judgements.extend(judged)
    for judgement in judged:
        record_property(judgement.baseline, judgement.sentence)
    assert not (fallen := regressions(judged)), fallen
    if all(judgement.blind for judgement in judged):
        pytest.skip(f"not judged: {judged[0].sentence}")


@pytest.mark.presumes("tuned_loss_is_below_the_bases_on_held_out_questions")
def test_losses_hold_against_the_baseline(baselines, run_so_far, ledger, record_property):
    """A quarter of what training had gained is not given back."""
    from clara.reports.regression import judge_losses

    now = run_so_far()
    judged = [found for label, before in baselines.items() for found in judge_losses(now, before, label)]
    ledger.judgements.extend(judged)
    for judgement in judged:
        record_property(judgement.baseline, judgement.sentence)
    assert not (fallen := regressions(judged)), fallen
    missing = sorted({name for before in baselines.values() for name in before.losses} - now.losses.keys())
    if missing:
        pytest.skip(f"not judged: this run did not measure the loss of {', '.join(missing)}")
