"""An honest run, once; every test breaks a copy of what it left behind."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from bench import Bench, arguments


@pytest.fixture(scope="session")
def honest_store(tiny_path, tmp_path_factory) -> Path:
    """What an honest run leaves behind; it is green, or nothing below means anything."""
    store = tmp_path_factory.mktemp("honest")
    # Run by pytest.main, so that what it imports stays imported: pytester unloads what its runs import.
    history = ["--benchmark-autosave", "--benchmark-storage", f"file://{store / 'history'}"]
    with pytest.MonkeyPatch.context() as patch:
        # The run inside is no worker, and pytest-benchmark saves nothing in one.
        patch.delenv("PYTEST_XDIST_WORKER", raising=False)
        assert pytest.main([*arguments(tiny_path, store, store / "report"), *history]) == 0
    return store


@pytest.fixture
def bench(pytester, tiny_path, honest_store, tmp_path) -> Bench:
    shutil.copytree(honest_store / "adapters", tmp_path / "store" / "adapters")
    return Bench(pytester, tiny_path, tmp_path / "store")
