"""The embedded store: one SQLite file, many readers, one writer at a time."""

import json
import os
import sqlite3
from collections.abc import Iterator
from contextlib import AbstractContextManager, closing, contextmanager

from gateway.problems import refuse
from gateway.problems.store import STORE_LOAD_RUNNING
from gateway.store.accounts import LOAD, AccountReads, load_of
from gateway.store.connections import Connections, connect
from gateway.store.faults import refused
from gateway.store.numbers import Numbers
from gateway.store.people import PeopleReads
from gateway.store.resources import ResourceReads
from gateway.store.schema import prepare
from gateway.store.turns import Turns
from gateway.store.values import Load, LoadStart
from gateway.store.work import SqliteWork


class SqliteStore(ResourceReads, PeopleReads, AccountReads):
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
        self.numbers = Numbers()
        self.turns = Turns(self.file)
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

    @contextmanager
    def write(self) -> Iterator[SqliteWork]:
        """See `base.Store.write`."""
        try:
            with self._connections.write() as connection:
                yield SqliteWork(connection, self._writing_numbers, self.turns)
        except BaseException:
            # numbers that were rolled back must not be used again
            self._writing_numbers = Numbers()
            raise

    def start_load(self, start: LoadStart) -> Load:
        """See `base.Store.start_load`."""
        given = json.dumps(dict(start.given), sort_keys=True)
        same = (start.content, start.feed, start.mapping, start.mapping_sha, given)
        with self._connections.write() as connection:
            asked = (
                "SELECT load FROM load WHERE content = ? AND feed = ? AND mapping = ? AND mapping_sha = ?"
                " AND given = ? AND state = 'running' ORDER BY load DESC LIMIT 1"
            )
            known = connection.execute(asked, same).fetchone()
            if known:
                (number,) = known
                connection.execute("DELETE FROM aside WHERE load = ?", (number,))
            else:
                number = connection.execute(
                    "INSERT INTO load (content, feed, mapping, mapping_sha, given, files, begun, state,"
                    " counts) VALUES (?, ?, ?, ?, ?, ?, ?, 'running', '{}')",
                    (*same, json.dumps(start.files), start.at),
                ).lastrowid
            if not self.turns.take(number):
                raise refuse(STORE_LOAD_RUNNING)
            row = connection.execute(f"{LOAD} WHERE load = ?", (number,)).fetchone()
        return load_of(row, self.turns, continued=known is not None)

    def leave_load(self, number: int) -> None:
        """See `base.Store.leave_load`."""
        self.turns.leave(number)

    def close(self) -> None:
        """See `base.Store.close`."""
        self.turns.leave_all()
        self._connections.close()
