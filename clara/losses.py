"""Arrays to a scalar, in the notation of ``docs``; nothing here knows a model."""

from __future__ import annotations

from clara import blas

blas.preload()

import mlx.core as mx  # noqa: E402
import mlx.nn as nn  # noqa: E402
from jaxtyping import Float, Int  # noqa: E402


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
