"""Which database a setting names: a file, or a PostgreSQL server."""

from importlib import import_module

from gateway.config import SERVERS
from gateway.problems import refuse
from gateway.problems.store import STORE_NO_POSTGRES
from gateway.store.base import Store
from gateway.store.sqlite import SqliteStore


def open_store(database: str, *, patience: float = 10.0) -> Store:
    """The open store.

    Args:
        database: `postgresql://…` for a server; else the path of a SQLite file, also as `sqlite:path`.
        patience: seconds to wait for another writer.

    Raises:
        Refused: the codes of `problems.store`; `store.no-postgres` where psycopg is not installed.
    """
    if not database.startswith(SERVERS):
        return SqliteStore(database.removeprefix("sqlite:"), patience=patience)
    try:
        import_module("psycopg")
    except ImportError:
        raise refuse(STORE_NO_POSTGRES) from None
    from gateway.store.postgres.store import PostgresStore

    return PostgresStore(database, patience=patience)
