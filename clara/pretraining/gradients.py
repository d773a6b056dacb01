"""Operations whose own gradients are slow, scatters above all, with gradients that are not."""

from __future__ import annotations

from typing import Any

import mlx.core as mx
from jaxtyping import Float, Int


@mx.custom_function
def cross_entropy(
    logits: Float[mx.array, "... vocab"], targets: Int[mx.array, "..."]
) -> Float[mx.array, "..."]:
    """Cross-entropy in nats, float32, as ``mlx.nn.losses.cross_entropy`` of the logits in float32."""
    wide = logits.astype(mx.float32)
    chosen = mx.take_along_axis(wide, targets[..., None], axis=-1).squeeze(-1)
    return mx.logsumexp(wide, axis=-1) - chosen


@cross_entropy.vjp
def _cross_entropy_vjp(primals: Any, cotangent: mx.array, loss: mx.array) -> tuple[mx.array, mx.array]:
    # Softmax less one-hot, all of it elementwise: compiled, it is one pass that reads and writes half precision.
    logits, targets = primals
    chosen = mx.take_along_axis(logits, targets[..., None], axis=-1).astype(mx.float32)
    logsumexp = loss[..., None] + chosen
    probability = mx.exp(logits.astype(mx.float32) - logsumexp)
    target = mx.arange(logits.shape[-1]) == targets[..., None]
    gradient = (probability - target.astype(mx.float32)) * cotangent[..., None]
    return gradient.astype(logits.dtype), mx.zeros_like(targets)


@mx.custom_function
def embed(table: Float[mx.array, "vocab width"], ids: Int[mx.array, "..."]) -> Float[mx.array, "... width"]:
    """Rows of an embedding table."""
    return table[ids]


@embed.vjp
def _embed_vjp(primals: Any, cotangent: mx.array, _: mx.array) -> tuple[mx.array, mx.array]:
    # A product with one-hot rows sums in float32, where atomic additions would round at every token.
    table, ids = primals
    chosen = (ids.reshape(-1)[:, None] == mx.arange(table.shape[0])).astype(cotangent.dtype)
    return chosen.T @ cotangent.reshape(-1, cotangent.shape[-1]), mx.zeros_like(ids)


@mx.custom_function
def unstack(stack: Float[mx.array, "layers m n"]) -> list[Float[mx.array, "m n"]]:
    """The matrices of a stack."""
    return [part.squeeze(0) for part in mx.split(stack, stack.shape[0])]


@unstack.vjp
def _unstack_vjp(_stack: mx.array, cotangents: list[mx.array], _matrices: list[mx.array]) -> mx.array:
    # MLX's gradient of a split or an index fills a whole stack with zeros for every matrix.
    return mx.stack(cotangents)
