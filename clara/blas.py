"""An optimised BLAS under MLX's CPU backend on Linux x86-64, where the wheel links the reference one.

MLX's Linux CPU wheel calls ``cblas_sgemm`` of reference BLAS: 5 GFLOP/s where two cores do 300. A library
loaded with ``RTLD_GLOBAL`` before the first ``import mlx.core`` interposes that symbol, and nothing else
changes. Measured on two cores, f32 1024²: 5.4 GFLOP/s stock, 306 with OpenBLAS, 323 with MKL.
"""

from __future__ import annotations

import ctypes
import ctypes.util
import os
import platform
import sys
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from clara.errors import BlasError

_tried: list[bool] = []  # once: where there is no optimised BLAS, one warning is enough
_MOST_AT_ONCE = 4  # each has its own activations in memory
_THREADS = {
    "mkl": ("MKL_Get_Max_Threads", "MKL_Set_Num_Threads"),
    "openblas": ("openblas_get_num_threads", "openblas_set_num_threads"),
}
_REMEDY = "Install one: `pip install mkl`, or your system's OpenBLAS"


def needed() -> bool:
    """True where MLX's own wheel brings a slow BLAS: Linux on x86-64."""
    return sys.platform == "linux" and platform.machine() == "x86_64"


def preload() -> str:
    """Load an optimised BLAS for MLX to use; harmless when called again.

    A system OpenBLAS is taken if there is one, else the ``mkl`` wheel. With neither, one loud warning.

    Returns:
        What :func:`in_use` says afterwards.

    Raises:
        BlasError: ``mlx.core`` was imported earlier, so that it is bound to the slow BLAS already.
    """
    if not needed() or _optimised(in_use()) or _tried:
        return in_use()
    if "mlx.core" in sys.modules:
        raise BlasError(
            "mlx.core was imported before clara chose its BLAS, so matrix products would run 50 times slower. "
            "Import clara first, or call clara.blas.preload() before `import mlx.core`."
        )
    _tried.append(True)
    # MKL otherwise picks its kernels by the alignment of each buffer, and two runs differ in the last bit.
    os.environ.setdefault("MKL_CBWR", "AUTO,STRICT")
    for library in _candidates():
        try:
            ctypes.CDLL(library, mode=ctypes.RTLD_GLOBAL)
        except OSError:
            continue  # listed but not loadable here: the next one may be
        if _optimised(in_use()):
            return in_use()
    warnings.warn(f"no optimised BLAS found: MLX will run about 50 times slower. {_REMEDY}.", stacklevel=2)
    return in_use()


def in_use() -> str:
    """File name of the library whose ``cblas_sgemm`` MLX calls, or ``"MLX's own"`` if none is interposed.

    It is read from the dynamic linker (``dladdr``), not remembered, so that it says what is, not what was meant.
    """
    if not needed():
        return "MLX's own"
    try:
        address = ctypes.cast(ctypes.CDLL(None).cblas_sgemm, ctypes.c_void_p)
    except AttributeError:
        return "MLX's own"
    info = _SymbolInfo()
    ctypes.CDLL(None).dladdr(address, ctypes.byref(info))
    return Path(os.fsdecode(info.file_name or b"")).name


def threads() -> int:
    """Number of cores the BLAS may use; part of every digest, since it changes the order of sums."""
    for variable in ("MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS"):
        if os.environ.get(variable, "").isdigit():
            return int(os.environ[variable])
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def at_once() -> int:
    """Pieces of work that MLX does best side by side, each on a stream of its own; 1 but on a CPU with this BLAS.

    MLX's elementwise kernels use one core whatever BLAS does: on two cores, two batches at once, each with one thread
    of BLAS, take 7.4 s where one after the other, with two, they take 10.4 (17 million parameters, 64 texts of 330
    tokens).
    """
    import mlx.core as mx

    on_cpu = mx.default_device().type == mx.DeviceType.cpu
    return min(_MOST_AT_ONCE, threads()) if on_cpu and _thread_control() else 1


@contextmanager
def shared_by(pieces: int) -> Iterator[None]:
    """Give each of so many pieces of work its share of the cores, and all of them back to BLAS afterwards."""
    control = _thread_control() if pieces > 1 else None
    if control is None:
        yield
        return
    get, give = control
    before = get()
    give(max(1, before // pieces))
    try:
        yield
    finally:
        give(before)


def _thread_control() -> tuple[Callable[[], int], Callable[[int], None]] | None:
    """How the library in use is asked for, and told, its number of threads; None if it is not known."""
    library = ctypes.CDLL(None)
    for name, (get, give) in _THREADS.items():
        if name in in_use() and hasattr(library, get):
            return getattr(library, get), getattr(library, give)
    return None


class _SymbolInfo(ctypes.Structure):
    """``Dl_info`` of ``dladdr(3)``."""

    _fields_ = (
        ("file_name", ctypes.c_char_p),
        ("file_base", ctypes.c_void_p),
        ("symbol_name", ctypes.c_char_p),
        ("symbol_address", ctypes.c_void_p),
    )


def _optimised(library: str) -> bool:
    return any(name in library for name in ("mkl", "openblas", "blis"))


def _candidates() -> Iterator[str]:
    system = ctypes.util.find_library("openblas")
    if system:
        yield system
    for prefix in dict.fromkeys((sys.prefix, sys.base_prefix, str(Path.home() / ".local"))):
        yield from (str(path) for path in sorted(Path(prefix, "lib").glob("libmkl_rt.so*")))
