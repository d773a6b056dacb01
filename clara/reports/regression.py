"""Two runs → what fell, contender by contender and loss by loss: the gate's and ``clara compare``'s one judgement."""

from __future__ import annotations

from clara.reports.results import Judgement
from clara.reports.runs import ContenderRun, Run, RunError
from clara.statistics import gate_frozen, gate_loss, gate_right


def judge(contender: str, now: Run, before: Run, baseline: str = "the baseline") -> Judgement:
    """A contender now and then.

    One that nothing was trained in must answer the same, letter for letter, where versions and machine are the same.
    Everywhere else right and wrong are weighed (:func:`clara.statistics.gate_right`).

    Raises:
        RunError: One of the runs lacks it, or they asked it different questions.
    """
    a, b = (_find(contender, run, source) for run, source in ((before, baseline), (now, "this run")))
    if a.answers.keys() != b.answers.keys():
        found = f"{contender} was asked {len(a.answers)} questions, {len(b.answers)} in this run, and not the same"
        raise RunError(baseline, found, "Compare runs on one question set")
    is_frozen = a.frozen and b.frozen
    if is_frozen and now.same_machine(before):
        equality = gate_frozen(contender, a.answers, b.answers)
        return Judgement(
            baseline=baseline, contender=contender, red=equality.red, sentence=equality.sentence,
            changed=tuple(flip.question_id for flip in equality.flips),
        )  # fmt: skip
    right_then, right_now = ({id_: em == 1 for id_, em in run.em.items()} for run in (a, b))
    # What no document answers has no chunk, and is a cluster of its own.
    clusters = {id_: now.sources.get(id_, id_) for id_ in b.answers}
    decision = gate_right(contender, right_then, right_now, clusters, now.seed)
    elsewhere = f" (weighed, not compared letter for letter: {now.difference(before)})" if is_frozen else ""
    return Judgement(
        baseline=baseline, contender=contender, red=decision.red, blind=decision.blind,
        changed=decision.lost + decision.won, sentence=decision.sentence + elsewhere,
    )  # fmt: skip


def judge_losses(now: Run, before: Run, baseline: str = "the baseline") -> list[Judgement]:
    """The held-out losses that both runs measured; each is red that gave back a quarter of what training had gained.

    A loss is far more sensitive than right and wrong: on a reader that answers little, it is the only thing to fall.
    """
    decisions = [
        gate_loss(name, *before.losses[name], now.losses[name][1])
        for name in before.losses
        if name in now.losses
    ]
    return [
        Judgement(
            baseline=baseline,
            contender=found.contender,
            red=found.red,
            blind=found.blind,
            sentence=found.sentence,
        )
        for found in decisions
    ]


def comparison(before: Run, now: Run) -> tuple[str, bool]:
    """Two runs side by side as text, and whether anything fell.

    Raises:
        RunError: They asked different questions, or have no contender in common.
    """
    both = [name for name in now.contenders if name in before.contenders]
    if not both or now.question_set != before.question_set:
        raise RunError(
            "the two runs", "they share no contender or no question set", "Compare runs of one set"
        )
    judged = [*(judge(name, now, before) for name in both), *judge_losses(now, before)]
    lines = [line for judgement in judged for line in _lines(judgement, before, now)]
    apart = sorted(
        (before.contenders.keys() ^ now.contenders.keys()) | (before.losses.keys() ^ now.losses.keys())
    )
    if apart:
        lines.append(f"in one run only, not compared: {', '.join(apart)}")
    return "\n".join(lines), any(judgement.red for judgement in judged)


def _lines(judgement: Judgement, before: Run, now: Run) -> list[str]:
    """The sentence, and below it each question that changed."""
    name = judgement.contender
    return [
        judgement.sentence,
        *(
            f"    {id_}: {_answer(before, name, id_)} → {_answer(now, name, id_)}"
            for id_ in judgement.changed
        ),
    ]


def _answer(run: Run, contender: str, question_id: str) -> str:
    found = run.contenders[contender]
    return f"{found.answers[question_id]!r} ({'right' if found.em[question_id] == 1 else 'wrong'})"


def _find(contender: str, run: Run, source: str) -> ContenderRun:
    if contender not in run.contenders:
        raise RunError(source, f"it has no {contender}", "Compare runs with the same contenders")
    return run.contenders[contender]
