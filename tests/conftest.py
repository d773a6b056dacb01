"""Shapes and types of ``clara`` are enforced while its own tests run; users never pay for it."""

from __future__ import annotations

from pathlib import Path

import pytest
import tiny
from jaxtyping import install_import_hook

# Before any test imports clara; the plugin is exempt, because pytest itself imports it first.
install_import_hook(["clara.model", "clara.losses", "clara.training"], "beartype.beartype")

pytest_plugins = ["pytester"]


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--parity",
        type=Path,
        metavar="DIR",
        default=Path(__file__).parents[1] / "fixtures" / "parity",
        help="folder of reference outputs that tests/parity holds ours against (default: fixtures/parity)",
    )


@pytest.fixture(scope="session")
def tiny_path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A random Llama of some thousand parameters, on disk."""
    return tiny.save_model(tmp_path_factory.mktemp("models") / "tiny")


@pytest.fixture(scope="session")
def tiny_base(tiny_path: Path):
    """The same, loaded."""
    from clara.model.base import load_base

    return load_base(tiny_path)
