"""Work done side by side is the work done one after the other."""

from __future__ import annotations

import mlx.core as mx
import pytest

from clara import blas
from clara.model.streams import side_by_side


def _powers(start: float, times: int):
    value = mx.array(start)
    for _ in range(times):
        value = value * value
        yield value
    return value.item()


def test_pieces_of_different_lengths_return_what_they_return_alone():
    starts = [(1.5, 3), (2.0, 1), (1.1, 5), (3.0, 0)]
    together = side_by_side([_powers(*start) for start in starts])
    alone = [side_by_side([_powers(*start)])[0] for start in starts]
    assert together == alone == pytest.approx([start ** (2**times) for start, times in starts], rel=1e-4)


def test_nothing_to_do_returns_nothing():
    assert side_by_side([]) == []


def test_what_one_piece_yields_is_evaluated_before_it_goes_on():
    seen = []

    def piece(stream_of):
        array = mx.arange(4) + stream_of
        yield array
        seen.append(array.tolist())

    side_by_side([piece(0), piece(10)])
    assert seen == [[0, 1, 2, 3], [10, 11, 12, 13]]


@pytest.mark.skipif(blas.at_once() == 1, reason="one core, or a BLAS that is not told its threads")
def test_blas_has_its_threads_back_even_after_an_error():
    get, _ = blas._thread_control()
    before = get()

    def failing():
        assert get() == max(1, before // 2)
        yield mx.array(1)
        raise RuntimeError("stop")

    with pytest.raises(RuntimeError, match="stop"):
        side_by_side([failing(), _powers(2.0, 2)])
    assert get() == before


def test_on_an_accelerator_one_piece_is_done_at_a_time(monkeypatch):
    monkeypatch.setattr(mx, "default_device", lambda: mx.Device(mx.gpu))
    assert blas.at_once() == 1
