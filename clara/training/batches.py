"""Token samples to right-padded batches that name their supervised positions."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import mlx.core as mx
import numpy as np
from jaxtyping import Int


@dataclass(frozen=True)
class Sample:
    """One training sequence.

    Attributes:
        ids: Token ids.
        start: Index of the first supervised token, at least 1: a token is predicted from those before it.
    """

    ids: tuple[int, ...]
    start: int


@dataclass(frozen=True)
class Batch:
    """Samples side by side, padded on the right: exact for causal models without any mask.

    Attributes:
        ids: Padded with 0.
        positions: Places of the predicting states in the flattened ``batch × length``.
        targets: The token that each of them should predict.
    """

    ids: Int[mx.array, "batch length"]
    positions: Int[mx.array, "tokens"]
    targets: Int[mx.array, "tokens"]


def collate(samples: Sequence[Sample]) -> Batch:
    """One batch of the samples, as long as the longest."""
    length = max(len(sample.ids) for sample in samples)
    ids = np.zeros((len(samples), length), dtype=np.int32)
    positions: list[int] = []
    targets: list[int] = []
    for row, sample in enumerate(samples):
        ids[row, : len(sample.ids)] = sample.ids
        positions += range(row * length + sample.start - 1, row * length + len(sample.ids) - 1)
        targets += sample.ids[sample.start :]
    return Batch(mx.array(ids), mx.array(positions, mx.int32), mx.array(targets, mx.int32))


@dataclass(frozen=True)
class Pool:
    """Samples to draw batches from, epoch after epoch, each epoch in an order of its own.

    Batch ``i`` depends on the seed and on ``i`` alone, so a resumed training sees what an uninterrupted one
    would have seen. Every sample is used: an epoch's remainder opens the next batch.
    """

    samples: Sequence[Sample]
    batch_size: int
    seed: int

    def batch(self, index: int) -> Batch:
        """Batch number ``index``, from 0."""
        places = range(index * self.batch_size, (index + 1) * self.batch_size)
        drawn = [divmod(place, len(self.samples)) for place in places]
        orders = {epoch: self._order(epoch) for epoch in dict(drawn)}
        return collate([self.samples[int(orders[epoch][i])] for epoch, i in drawn])

    def _order(self, epoch: int) -> np.ndarray:
        return np.random.default_rng([self.seed, epoch]).permutation(len(self.samples))
