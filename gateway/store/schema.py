"""The schema of a SQLite store, as numbered migrations that run when it is opened."""

import sqlite3
import time
from importlib.resources import files

from gateway.problems import refuse
from gateway.problems.store import STORE_FOREIGN, STORE_LOCKED, STORE_NEWER, STORE_OLDER, STORE_READ_ONLY
from gateway.store.faults import busy

APPLICATION = 0x66686774
"""Marks a SQLite file as ours (`fhgt`)."""

_PAGE = 8192  # most resources are 0.6 to 2 KB: several on a page, few on overflow pages


def migrations() -> list[str]:
    """The migrations' SQL, in order; the schema version is how many of them have run."""
    folder = files("gateway.store") / "migrations" / "sqlite"
    found = sorted(entry.name for entry in folder.iterdir() if entry.name.endswith(".sql"))
    return [(folder / name).read_text(encoding="utf-8") for name in found]


def prepare(connection: sqlite3.Connection, file: str, patience: float) -> None:
    """Make the database ready: new, brought up to date, or as it is.

    Raises:
        Refused: `store.not-ours`, `store.newer`, `store.older` (it cannot be written), `store.locked`.
    """
    steps = migrations()
    found = _version(connection, file, len(steps))
    if found == len(steps):
        return
    if found == 0:
        connection.execute(f"PRAGMA page_size={_PAGE}")
    _keep_trying(connection, "PRAGMA journal_mode=WAL", file, patience)
    _keep_trying(connection, "BEGIN IMMEDIATE", file, patience)
    try:
        for step in steps[_version(connection, file, len(steps)) :]:
            for statement in _statements(step):
                connection.execute(statement)
        connection.execute(f"PRAGMA application_id={APPLICATION}")
        connection.execute(f"PRAGMA user_version={len(steps)}")
        connection.execute("COMMIT")
    finally:
        if connection.in_transaction:
            connection.execute("ROLLBACK")


def _version(connection: sqlite3.Connection, file: str, known: int) -> int:
    (found,) = connection.execute("PRAGMA user_version").fetchone()
    (application,) = connection.execute("PRAGMA application_id").fetchone()
    (tables,) = connection.execute("SELECT count(*) FROM sqlite_master").fetchone()
    if tables and application != APPLICATION:
        raise refuse(STORE_FOREIGN, file=file)
    if found > known:
        raise refuse(STORE_NEWER, found=found, known=known)
    return int(found)


def _keep_trying(connection: sqlite3.Connection, statement: str, file: str, patience: float) -> None:
    until = time.monotonic() + patience
    while True:
        try:
            connection.execute(statement)
            return
        except sqlite3.OperationalError as error:
            if getattr(error, "sqlite_errorcode", 0) & 0xFF == sqlite3.SQLITE_READONLY:
                (found,) = connection.execute("PRAGMA user_version").fetchone()
                kind = STORE_OLDER if found else STORE_READ_ONLY
                raise refuse(kind, file=file, found=found, known=len(migrations())) from error
            if not busy(error):
                raise
            if time.monotonic() > until:
                raise refuse(STORE_LOCKED, file=file) from error
        time.sleep(0.01)


def _statements(script: str) -> list[str]:
    found, rest = [], ""
    for line in script.splitlines(keepends=True):
        rest += line
        if sqlite3.complete_statement(rest):
            found.append(rest)
            rest = ""
    return found
