"""pytest's side."""

from clara import blas


def pytest_configure(config) -> None:
    blas.preload()
