"""Which database a setting names: a file, or a PostgreSQL server."""

from contextlib import AbstractContextManager
from importlib import import_module
from pathlib import Path
from typing import Protocol

from gateway.config import SERVERS
from gateway.problems import refuse
from gateway.problems.store import STORE_NO_POSTGRES, STORE_OPEN
from gateway.store.base import Store
from gateway.store.sqlite import SqliteStore
from gateway.store.work import OpenWork


class OpenStore(Store, Protocol):
    """A store whose units of work can be copied from and into."""

    def write(self) -> AbstractContextManager[OpenWork]:
        """See `base.Store.write`."""


def open_store(database: str, *, patience: float = 10.0, new: bool = True) -> OpenStore:
    """The open store.

    Args:
        database: `postgresql://…` for a server; else the path of a SQLite file, also as `sqlite:path`.
        patience: seconds to wait for another writer.
        new: whether a file that is not there is made.

    Raises:
        Refused: the codes of `problems.store`; `store.no-postgres` where psycopg is not installed.
    """
    if not database.startswith(SERVERS):
        file = database.removeprefix("sqlite:")
        if not new and not Path(file).exists():
            raise refuse(STORE_OPEN, file=file)
        return SqliteStore(file, patience=patience)
    try:
        import_module("psycopg")
    except ImportError:
        raise refuse(STORE_NO_POSTGRES) from None
    from gateway.store.postgres.store import PostgresStore

    return PostgresStore(database, patience=patience)
