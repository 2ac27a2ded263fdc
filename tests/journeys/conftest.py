"""A gateway over an empty folder, for every journey."""

import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

sys.path.append(str(Path(__file__).parent / "common"))

from gates import opened

from gateway.service import Gateway


@pytest.fixture
def gate(tmp_path: Path) -> Iterator[Gateway]:
    """A gateway of its own for one test."""
    gateway = opened(tmp_path)
    yield gateway
    gateway.close()


@pytest.fixture
def gates(tmp_path: Path) -> Iterator[Callable[[str], Gateway]]:
    """As many gateways as a test needs, each by a name of its own."""
    made: list[Gateway] = []

    def make(name: str) -> Gateway:
        folder = tmp_path / name
        folder.mkdir()
        made.append(opened(folder))
        return made[-1]

    yield make
    for gateway in made:
        gateway.close()
