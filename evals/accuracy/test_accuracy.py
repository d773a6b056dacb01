"""One benchmark a contender: how right it is, and the seconds its answers took when they were made."""

from __future__ import annotations

import pytest


class ReplayClock:
    """Tells the time that answers took, so that a warm run never enters the history as a fast one."""

    now = 0.0

    def __call__(self) -> float:
        """Seconds, as ``time.perf_counter`` gives them."""
        return self.now


clock = ReplayClock()


@pytest.mark.presumes("every_question_is_scored")
@pytest.mark.benchmark(group="accuracy", timer=clock, disable_gc=False, warmup=False)
def test_accuracy(contender, result, benchmark, ledger):
    """EM, F1, ROUGE-L and keyword match over the gold questions, in all and by category."""
    marked = result(contender)

    def answered() -> None:
        clock.now += max(marked.seconds, 1e-9)  # echo takes none, and a benchmark must take some

    benchmark.pedantic(answered, rounds=1, iterations=1)
    # Answers and scores of single questions stand in the file once, under its key ``clara``.
    benchmark.extra_info.update(marked.model_dump(), question_set=ledger.digests["questions"])
    assert marked.n > 0
