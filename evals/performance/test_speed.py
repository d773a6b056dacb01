"""What a question costs: measured now, on this machine, by a sample; never from the cache."""

from __future__ import annotations

import pytest


@pytest.mark.benchmark(group="speed", warmup=False)
def test_reading_speed(rag, questions, benchmark):
    """Prompt tokens a second of ``rag``, decoding included."""
    prompts = [rag.prompt(question, rag.chunks(question)) for question in questions[:4]]
    benchmark.pedantic(lambda: rag.cache.read_afresh(rag.model, prompts), rounds=1, iterations=1)
    tokens = sum(len(prompt.ids) for prompt in prompts)
    benchmark.extra_info["tokens_read"] = tokens
    if benchmark.stats:  # none under --benchmark-disable
        benchmark.extra_info["tokens_per_second"] = tokens / benchmark.stats.stats.mean


@pytest.mark.benchmark(group="speed", warmup=False)
def test_retrieval_speed(retriever, questions, benchmark):
    """Ranking the chunks for every gold question."""
    benchmark.pedantic(lambda: [retriever.retrieve(q, 3) for q in questions], rounds=1, iterations=1)
