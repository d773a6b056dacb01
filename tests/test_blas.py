"""The BLAS under MLX: chosen before it loads, fast once chosen, said by name."""

from __future__ import annotations

import subprocess
import sys
import textwrap
import time
from collections.abc import Callable
from statistics import median

import numpy as np
import pytest

from clara import blas

linux_x86 = pytest.mark.skipif(not blas.needed(), reason="MLX brings a fast BLAS on this system")


@linux_x86
def test_matmul_reaches_half_of_numpys_rate_in_the_same_process():
    import mlx.core as mx

    a = np.random.default_rng(0).random((1024, 1024), dtype=np.float32)
    b = mx.array(a)
    assert _seconds(lambda: mx.eval(b @ b)) <= 2 * _seconds(lambda: a @ a)


@linux_x86
def test_the_library_in_use_is_an_optimised_one():
    assert any(name in blas.in_use() for name in ("mkl", "openblas"))


@linux_x86
def test_preloading_again_changes_nothing():
    assert blas.preload() == blas.preload() == blas.in_use()


@linux_x86
def test_importing_mlx_too_early_is_said_in_one_line():
    program = "import mlx.core; from clara import blas; blas.preload()"
    run = _python(program)
    assert run.returncode == 1
    assert (
        run.stderr.strip().splitlines()[-1].startswith("clara.errors.BlasError: mlx.core was imported before")
    )


@linux_x86
def test_without_any_optimised_blas_it_warns_with_the_remedy_and_goes_on():
    program = """
        from clara import blas
        blas._candidates = lambda: iter(())
        print(blas.preload())
        import mlx.core as mx
        print(mx.ones((2, 2)) @ mx.ones((2, 2)))
    """
    run = _python(textwrap.dedent(program))
    assert run.returncode == 0
    assert run.stdout.startswith("MLX's own\n")
    assert "pip install mkl" in run.stderr


def _seconds(act: Callable[[], object], repeats: int = 7) -> float:
    act()
    seconds = []
    for _ in range(repeats):
        began = time.perf_counter()
        act()
        seconds.append(time.perf_counter() - began)
    return median(seconds)


def _python(program: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
