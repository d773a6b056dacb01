"""What a session has found so far."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

import pytest

if TYPE_CHECKING:
    from clara.reports.results import Comparison, ContenderResult, Curve, Judgement
    from clara.statistics import SeedSpread

Outcome = Literal["passed", "failed", "skipped"]
NOT_JUDGED = "not judged"


@dataclass
class Ledger:
    """What the session has found; reports are made of it and of nothing else.

    Attributes:
        evaluations: Outcome and message of each evaluation, by node id, in the order run.
        contenders: What each contender answered and scored.
        comparisons: Paired differences that were looked at.
        judgements: What became of contenders and losses since the baselines.
        spreads: What varies between trainings and between questions, by contender or difference.
        warnings: What weak data could not carry.
        digests: Digests of documents, questions, base, training data, adapters.
        facts: Numbers about the run: documents, chunks, questions, recall.
        losses: Held-out losses, in nats a token, before and after training.
        curves: Losses of each training stage.
        causes: Errors of fixtures by identity, kept alive, with the evaluation that met each first.
    """

    evaluations: dict[str, tuple[Outcome, str]] = field(default_factory=dict)
    contenders: dict[str, ContenderResult] = field(default_factory=dict)
    comparisons: list[Comparison] = field(default_factory=list)
    judgements: list[Judgement] = field(default_factory=list)
    spreads: dict[str, SeedSpread] = field(default_factory=dict)
    warnings: list[str] = field(default_factory=list)
    digests: dict[str, str] = field(default_factory=dict)
    facts: dict[str, float | int | str] = field(default_factory=dict)
    losses: dict[str, tuple[float, float]] = field(default_factory=dict)
    curves: dict[str, Curve] = field(default_factory=dict)
    causes: dict[int, tuple[str, BaseException]] = field(default_factory=dict)

    def unsound(self, name: str) -> bool:
        """True if an evaluation of this name has failed in this session, or could not be judged itself."""
        return any(
            outcome == "failed" or message.startswith(NOT_JUDGED)
            for node, (outcome, message) in self.evaluations.items()
            if node.split("::")[-1].split("[")[0] == f"test_{name}"
        )


ledger_key = pytest.StashKey[Ledger]()
