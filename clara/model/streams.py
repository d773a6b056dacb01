"""Work that MLX does side by side: on a CPU each piece has a stream, and so a core, of its own."""

from __future__ import annotations

from collections.abc import Generator, Sequence
from functools import cache
from typing import TypeVar

import mlx.core as mx

from clara.blas import shared_by

Made = TypeVar("Made")


def _stream(number: int) -> mx.Stream:
    return _another(number) if number else mx.default_stream(mx.default_device())


@cache
def _another(number: int) -> mx.Stream:  # noqa: ARG001 (each is a thread: made once, by number)
    return mx.new_stream(mx.default_device())


def side_by_side(pieces: Sequence[Generator[mx.array, None, Made]]) -> list[Made]:
    """What the pieces return, in their order; what each yields is evaluated together with what the others do."""
    made: dict[int, Made] = {}
    with shared_by(len(pieces)):
        while len(made) < len(pieces):
            waiting = []
            for number, piece in enumerate(pieces):
                if number in made:
                    continue
                with mx.stream(_stream(number)):
                    try:
                        waiting.append(next(piece))
                    except StopIteration as end:
                        made[number] = end.value
            mx.eval(waiting)
    return [made[number] for number in range(len(pieces))]
