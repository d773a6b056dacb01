"""What a question costs: measured now, on this machine, by a sample; never from the cache."""

from __future__ import annotations

import pytest

FIRST_TOKENS = 8


@pytest.mark.benchmark(group="speed", warmup=False)
def test_reading_speed(rag, questions, benchmark):
    """Prompt tokens a second of ``rag``, decoding included."""
    prompts = [rag.prompt(question, rag.chunks(question)) for question in questions[:4]]
    benchmark.pedantic(lambda: rag.cache.read_afresh(rag.model, prompts), rounds=1, iterations=1)
    tokens = sum(len(prompt.ids) for prompt in prompts)
    benchmark.extra_info["tokens_read"] = tokens
    if benchmark.stats:  # none under --benchmark-disable
        benchmark.extra_info["tokens_per_second"] = tokens / benchmark.stats.stats.mean


@pytest.mark.benchmark(group="time to first token", warmup=False)
def test_time_to_first_token(costed, questions, benchmark, ledger):
    """From the chunks that were found to the first token, one question at a time; memory is read from the store."""
    from statistics import median

    from clara.model.writing import write

    shown = [(question, costed.chunks(question)) for question in questions[:FIRST_TOKENS]]
    waiting = iter(shown)

    def first_token():
        write(costed.model, [costed.prompt(*next(waiting))], max_tokens=1, batch_size=1)

    laid_out = [costed.prompt(*one) for one in shown]  # what is not stored yet is compressed here
    write(costed.model, laid_out[:1], max_tokens=1, batch_size=1)  # whatever is made lazily
    benchmark.pedantic(first_token, rounds=len(shown), iterations=1)
    if benchmark.stats:
        waited = round(1000 * median(benchmark.stats.stats.data), 1)
        ledger.facts[f"time to first token, {costed.facts.name} (ms)"] = waited


@pytest.mark.benchmark(group="speed", warmup=False)
def test_retrieval_speed(retriever, questions, benchmark):
    """Ranking the chunks for every gold question."""
    benchmark.pedantic(lambda: [retriever.retrieve(q, 3) for q in questions], rounds=1, iterations=1)
