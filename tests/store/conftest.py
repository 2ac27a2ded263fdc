"""The store under test: every test here is written against `base.Store` and runs once for each backend."""

import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from gateway.store.base import Store
from gateway.store.sqlite import SqliteStore

# the tests share the invented resources of told.py
sys.path.append(str(Path(__file__).parent))

Open = Callable[[], Store]


def _sqlite(folder: Path) -> Store:
    return SqliteStore(folder / "gateway.db", patience=5)


BACKENDS = {"sqlite": _sqlite}


@pytest.fixture(params=sorted(BACKENDS))
def open_store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Open]:
    """Opens the same store again at each call."""
    opened: list[Store] = []

    def open_again() -> Store:
        opened.append(BACKENDS[request.param](tmp_path))
        return opened[-1]

    yield open_again
    for store in opened:
        store.close()


@pytest.fixture
def store(open_store: Open) -> Store:
    """An empty store."""
    return open_store()
