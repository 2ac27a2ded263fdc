"""The embedded store: one SQLite file, many readers, one writer at a time."""

import json
import os
import sqlite3
import sys
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, closing, contextmanager
from typing import Any

from gateway.store.accounts import AccountReads, begin_load
from gateway.store.connections import Connections, connect
from gateway.store.dialect import Dialect, Rows, Session
from gateway.store.faults import refused
from gateway.store.following import FollowingReads
from gateway.store.numbers import Numbers
from gateway.store.people import PeopleReads
from gateway.store.resources import ResourceReads
from gateway.store.schema import prepare
from gateway.store.shown import OwnFile, Shown
from gateway.store.turns import FileTurns
from gateway.store.values import Load, LoadStart
from gateway.store.work import OpenWork


def _any_of(values: Sequence[str] | Sequence[int]) -> tuple[str, object]:
    # one list is bound, because SQLite limits how many values are
    return (
        ("= ?", values[0])
        if len(values) == 1
        else ("IN (SELECT value FROM json_each(?))", json.dumps(list(values)))
    )


def _listed(values: Sequence[int]) -> tuple[str, object]:
    return "SELECT value AS rid FROM json_each(?)", json.dumps(list(values))


def _each(connection: Session, sql: str, keys: Sequence[Sequence[Any]]) -> list[list[Any]]:
    return [connection.execute(sql, key).fetchall() for key in keys]


def _stream(connection: Session, sql: str) -> Iterator[Any]:
    yield from connection.execute(sql)


def _fill(
    connection: Session,
    table: str,
    columns: Sequence[str],
    rows: Sequence[Sequence[Any]],
    how: str = "INSERT",
) -> None:
    marks = ", ".join("?" * len(columns))
    connection.executemany(f"{how} INTO {table} ({', '.join(columns)}) VALUES ({marks})", rows)


def _insert(connection: Session, rows: Rows) -> None:
    for (table, columns), some in rows.items():
        if some:
            _fill(connection, table, columns, some, "INSERT OR IGNORE")


SQLITE = Dialect(
    any_of=_any_of,
    listed=_listed,
    contains="instr({}, ?) > 0",
    longest=sys.maxsize,
    start="{}",
    within="IN ({})",
    picked="CROSS JOIN resource {0}",
    along=" INDEXED BY {}",
    # without the hint SQLite may read all values of the parameter for each resource it tests
    own="{0} {1} INDEXED BY {0}_rid",
    # a sort goes through the file in order; a million in a table of DISTINCT took it seconds
    distinct="SELECT count(*) FROM (SELECT 1 {1} GROUP BY {0}) n",
    second="{}",
    alone="",
    each=_each,
    stream=_stream,
    filled=(),
    fill=_fill,
    insert=_insert,
)


class SqliteStore(ResourceReads, FollowingReads, PeopleReads, AccountReads):
    """See `base.Store`.

    Args:
        file: the path of the database; made, or brought up to date, when it is opened.
        patience: seconds to wait for another writer.
        most_bytes: the size beyond which the file must not grow; 0 for the disk's own limit.

    Raises:
        Refused: the codes of `problems.store`.
    """

    def __init__(self, file: str | os.PathLike[str], *, patience: float = 10.0, most_bytes: int = 0) -> None:
        self.file = os.fspath(file)
        self.dialect = SQLITE
        self.numbers = Numbers()
        self.turns = FileTurns(self.file)
        self._shown = OwnFile(f"{self.file}-walks")
        self.shown = Shown(self._shown.lend, (sqlite3.Error, OSError))
        self._writing_numbers = Numbers()
        self._connections = Connections(self.file, patience, most_bytes)
        try:
            with closing(connect(self.file, patience)) as connection:
                prepare(connection, self.file, patience)
        except sqlite3.Error as error:
            refusal = refused(error, self.file)
            if refusal is None:
                raise
            raise refusal from None

    def lend(self, steady: bool = False) -> AbstractContextManager[sqlite3.Connection]:
        """A connection for reading."""
        return self._connections.read(steady)

    def pulse(self) -> int | None:
        """See `base.Store.pulse`."""
        return self._connections.pulse()

    @contextmanager
    def write(self) -> Iterator[OpenWork]:
        """See `base.Store.write`."""
        with self._connections.write() as connection:
            # taken away while it is its turn, and put back only once they are committed: whoever comes
            # next must never meet numbers that were rolled back
            numbers, self._writing_numbers = self._writing_numbers, Numbers()
            yield OpenWork(SQLITE, connection, numbers, self.turns)
        self._writing_numbers = numbers

    def start_load(self, start: LoadStart) -> Load:
        """See `base.Store.start_load`."""
        with self._connections.write() as connection:
            return begin_load(connection, self.turns, start)

    def leave_load(self, number: int) -> None:
        """See `base.Store.leave_load`."""
        self.turns.leave(number)

    def close(self) -> None:
        """See `base.Store.close`."""
        self.turns.leave_all()
        self._shown.close()
        self._connections.close()
