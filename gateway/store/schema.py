"""The schema of a SQLite file, as numbered migrations that run when it is opened."""

import sqlite3
import time
from dataclasses import dataclass
from importlib.resources import files

from gateway.problems import refuse
from gateway.problems.store import STORE_FOREIGN, STORE_LOCKED, STORE_NEWER, STORE_OLDER, STORE_READ_ONLY
from gateway.store.faults import busy, read_only

APPLICATIONS = {"sqlite": 0x66686774, "audit": 0x66686761}
"""Marks a SQLite file as a store (`fhgt`) or an audit (`fhga`) of ours."""

# Most resources are 0.6 to 2 KB: several on a page, few on overflow pages. A commit of the audit writes the
# end of each of its tables: small pages make it cheap.
_PAGES = {"sqlite": 8192, "audit": 4096}


def migrations(kind: str) -> list[str]:
    """The migrations' SQL, in order; the schema version is how many of them have run."""
    folder = files("gateway.store") / "migrations" / kind
    found = sorted(entry.name for entry in folder.iterdir() if entry.name.endswith(".sql"))
    return [(folder / name).read_text(encoding="utf-8") for name in found]


def prepare(connection: sqlite3.Connection, file: str, patience: float, kind: str = "sqlite") -> None:
    """Make the database ready: new, brought up to date, or as it is.

    Args:
        connection: in no transaction.
        file: its path, for remedies.
        patience: seconds to wait for another process that does the same.
        kind: a folder of migrations.

    Raises:
        Refused: `store.not-ours`, `store.newer`, `store.older` (it cannot be written), `store.locked`.
    """
    steps = migrations(kind)
    # one state for all its questions: another process may be making the tables just now
    connection.execute("BEGIN")
    try:
        found = _version(connection, file, len(steps), kind)
    finally:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
    if found == len(steps):
        return
    if found == 0:
        connection.execute(f"PRAGMA page_size={_PAGES[kind]}")
    turn = _Turn(file, patience, found, len(steps))
    turn.keep_trying(connection, "PRAGMA journal_mode=WAL")
    turn.keep_trying(connection, "BEGIN IMMEDIATE")
    try:
        for step in steps[_version(connection, file, len(steps), kind) :]:
            for statement in _statements(step):
                connection.execute(statement)
        connection.execute(f"PRAGMA application_id={APPLICATIONS[kind]}")
        connection.execute(f"PRAGMA user_version={len(steps)}")
        connection.execute("COMMIT")
    finally:
        if connection.in_transaction:
            connection.execute("ROLLBACK")


def _version(connection: sqlite3.Connection, file: str, known: int, kind: str) -> int:
    (found,) = connection.execute("PRAGMA user_version").fetchone()
    (application,) = connection.execute("PRAGMA application_id").fetchone()
    (tables,) = connection.execute("SELECT count(*) FROM sqlite_master").fetchone()
    if tables and application != APPLICATIONS[kind]:
        raise refuse(STORE_FOREIGN, file=file)
    if found > known:
        raise refuse(STORE_NEWER, found=found, known=known)
    return int(found)


@dataclass(frozen=True, slots=True)
class _Turn:
    file: str
    patience: float
    found: int
    known: int

    def keep_trying(self, connection: sqlite3.Connection, statement: str) -> None:
        until = time.monotonic() + self.patience
        while True:
            try:
                connection.execute(statement)
                return
            except sqlite3.OperationalError as error:
                if read_only(error):
                    kind = STORE_OLDER if self.found else STORE_READ_ONLY
                    raise refuse(kind, file=self.file, found=self.found, known=self.known) from error
                if not busy(error):
                    raise
                if time.monotonic() > until:
                    raise refuse(STORE_LOCKED, file=self.file) from error
            time.sleep(0.01)


def _statements(script: str) -> list[str]:
    found, rest = [], ""
    for line in script.splitlines(keepends=True):
        rest += line
        if sqlite3.complete_statement(rest):
            found.append(rest)
            rest = ""
    return found
