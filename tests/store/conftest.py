"""The store under test: every test here is written against `base.Store` and runs once for each backend."""

import sys
from collections.abc import Callable, Iterator
from itertools import count
from pathlib import Path

import pytest
from postgres import emptied, postgres  # noqa: F401

from gateway.store.base import Store
from gateway.store.opening import open_store as opened_store

# the tests share the invented resources of told.py
sys.path.append(str(Path(__file__).parent))

Open = Callable[[], Store]

BACKENDS = ("postgres", "sqlite")


@pytest.fixture(params=BACKENDS)
def new_database(request: pytest.FixtureRequest, tmp_path: Path) -> Callable[[], str]:
    """Gives another empty database at each call, as the setting `database` names it."""
    if request.param == "postgres":
        made: Callable[[], str] = request.getfixturevalue("postgres")
        return made
    number = count()
    return lambda: str(tmp_path / f"gateway-{next(number)}.db")


@pytest.fixture
def database(new_database: Callable[[], str]) -> str:
    """An empty database of each kind."""
    return new_database()


@pytest.fixture
def open_store(database: str) -> Iterator[Open]:
    """Opens the same store again at each call."""
    opened: list[Store] = []

    def open_again() -> Store:
        opened.append(opened_store(database, patience=5))
        return opened[-1]

    yield open_again
    for store in opened:
        store.close()


@pytest.fixture
def empty_store(new_database: Callable[[], str]) -> Callable[[], Store]:
    """Gives an empty store at each call, for tests that need many."""
    url = new_database()
    if not url.startswith("postgresql:"):
        return lambda: opened_store(new_database())

    opened_store(url).close()

    def again() -> Store:
        emptied(url)
        return opened_store(url)

    return again


@pytest.fixture
def store(open_store: Open) -> Store:
    """An empty store."""
    return open_store()
