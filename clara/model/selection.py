"""Choosing documents so that a loss can teach the choice: top-k forward, softmax backward."""

from __future__ import annotations

import mlx.core as mx
from jaxtyping import Float, Int

TEMPERATURE = 0.02
_TAKEN = 1e-8  # what is left of an entry that an earlier slot took; its logarithm stays finite


def cosine_scores(
    queries: Float[mx.array, "batch width"], candidates: Float[mx.array, "batch n width"]
) -> Float[mx.array, "batch n"]:
    """Cosine of each row's query with each of the row's candidates, in float32."""
    return (unit(candidates) @ unit(queries)[..., None])[..., 0]


def top_k(
    scores: Float[mx.array, "batch n"], k: int, temperature: float = TEMPERATURE
) -> tuple[Float[mx.array, "batch k n"], Int[mx.array, "batch k"]]:
    r"""The k best, as one-hot rows whose gradient is that of a softmax (straight-through estimator).

    Slot :math:`j` is :math:`W_j = e_{i_j} + p_j - \mathrm{sg}(p_j)` with
    :math:`p_j = \mathrm{softmax}(s/T + \log(m_j + 10^{-8}))`, where :math:`m_j` is 0 for entries that earlier slots
    took. So :math:`W_j D` is exactly the document chosen, and the loss reaches every score.

    Args:
        scores: One row a question, at least k entries.
        k: Documents to choose, at least 1.
        temperature: :math:`T`; at most 1e-6 counts as that.

    Returns:
        The selection, and the indices chosen, best first.

    Raises:
        ValueError: Fewer than k candidates.

    Source:
        arXiv 2511.18659; apple/ml-clara at 857c3cf.
    """
    n = scores.shape[-1]
    if not 1 <= k <= n:
        raise ValueError(f"cannot choose {k} of {n} candidates: give at least k documents, or lower k")
    logits = scores.astype(mx.float32) / max(temperature, 1e-6)
    chosen = mx.argsort(-mx.stop_gradient(logits), axis=-1)[:, :k].astype(mx.int32)
    hard = (chosen[..., None] == mx.arange(n)).astype(mx.float32)
    free = 1 - (mx.cumsum(hard, axis=1) - hard)
    soft = mx.softmax(logits[:, None] + mx.log(free + _TAKEN), axis=-1)
    return hard + soft - mx.stop_gradient(soft), chosen


def unit(vectors: Float[mx.array, "*rows width"]) -> Float[mx.array, "*rows width"]:
    """Vectors of length one, in float32; one that is zero stays zero."""
    vectors = vectors.astype(mx.float32)
    return vectors / mx.maximum(mx.linalg.norm(vectors, axis=-1, keepdims=True), 1e-8)
