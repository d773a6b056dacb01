"""Arrays to a scalar, in the notation of ``docs``; nothing here knows a model."""

from __future__ import annotations

from clara import blas

blas.preload()

import mlx.core as mx  # noqa: E402
import mlx.nn as nn  # noqa: E402
from jaxtyping import Bool, Float, Int  # noqa: E402


def token_cross_entropy(
    logits: Float[mx.array, "tokens vocab"], targets: Int[mx.array, "tokens"]
) -> Float[mx.array, ""]:
    r"""Mean negative log-likelihood of the supervised tokens, in nats.

    :math:`-\frac1n \sum_i \log p(t_i)`. Only supervised positions come in, so there is no mask to get wrong.

    Args:
        logits: At the positions that predict the targets; any float type, computed in float32.
        targets: Token ids. At least one, or the mean is not defined.

    Returns:
        At least 0; best 0; :math:`\log` of the vocabulary for a model that knows nothing.
    """
    return nn.losses.cross_entropy(logits.astype(mx.float32), targets, reduction="mean")


def alignment(
    memory: Float[mx.array, "documents slots width"], text_mean: Float[mx.array, "documents width"]
) -> Float[mx.array, ""]:
    r"""Squared distance between what a document's memory and its text are on average.

    :math:`\frac{1}{nH} \sum \lVert \bar h_{text} - \bar h_{memory} \rVert^2`; the gradient goes through both. It says
    nothing of answering: minimised alone it nears 0 and the reader has learnt nothing (the void study).

    Source:
        arXiv 2511.18659; apple/ml-clara at 857c3cf.
    """
    return mx.mean(mx.square(text_mean - memory.mean(axis=1)).astype(mx.float32))


def retrieval_contrast(
    scores: Float[mx.array, "batch n"], positive: Bool[mx.array, "batch n"], temperature: float
) -> Float[mx.array, ""]:
    r"""How little of the softmax falls on a row's own documents.

    :math:`\log\sum_{all} e^{s/T} - \log\sum_{pos} e^{s/T}`.

    Candidates are the row's own. A row without a positive is left out.

    Returns:
        Mean over the rows with a positive, at least 0; 0 if there is none.

    Source:
        InfoNCE in its form for several positives; apple/ml-clara at 857c3cf.
    """
    logits = scores.astype(mx.float32) / temperature
    some = mx.any(positive, axis=-1)
    own = mx.logsumexp(mx.where(positive | ~some[:, None], logits, -mx.inf), axis=-1)
    return mx.sum(mx.logsumexp(logits, axis=-1) - own) / mx.maximum(mx.sum(some), 1)
