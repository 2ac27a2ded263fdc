"""What the pages of walks showed, kept for the pages behind them by all processes together.

It lies apart from the store, because it may be lost: then a walk says that it may repeat something. It is
sealed with a key that only the links of the walk have.
"""

import os
import secrets
import sqlite3
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, suppress

from gateway.store.connections import connect
from gateway.store.dialect import Session
from gateway.store.faults import busy

#: Bytes that are kept in all; beyond that the walks that rested longest go.
MOST = 268_435_456

_KEEP = "INSERT INTO shown (walk, page, at, rows) VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING RETURNING page"
_AGAIN = "UPDATE shown SET at = ? WHERE walk = ? AND page = ? AND rows = ? RETURNING page"
_FORK = (
    "INSERT INTO shown (walk, page, at, rows) SELECT ?, page, ?, rows FROM shown WHERE walk = ? AND page < ?"
)
_KEPT = "SELECT rows FROM shown WHERE walk = ? AND page < ? ORDER BY page"
_WALKS = "SELECT walk, max(at) AS last, sum(length(rows)) FROM shown GROUP BY walk ORDER BY last DESC"

_PATIENCE = 0.25
_MADE = (
    "PRAGMA journal_mode=WAL",
    "PRAGMA synchronous=OFF",
    "PRAGMA journal_size_limit=16777216",
    "CREATE TABLE IF NOT EXISTS shown (walk INTEGER NOT NULL, page INTEGER NOT NULL, at INTEGER NOT NULL,"
    " rows BLOB NOT NULL, PRIMARY KEY (walk, page))",
)

Lend = Callable[[], AbstractContextManager[Session]]


_LEAST, _BEYOND = 10**18, 2**62


def new_number() -> int:
    """A number for a walk that nobody guesses; all have as many digits, so that links are of one length."""
    return _LEAST + secrets.randbelow(_BEYOND - _LEAST)


class Shown:
    """What the pages of walks showed.

    Args:
        lend: a connection for the length of a block, shared by nobody meanwhile.
        troubles: what is raised where nothing can be kept, or read.
    """

    def __init__(self, lend: Lend, troubles: tuple[type[Exception], ...]) -> None:
        self._lend = lend
        self._troubles = troubles

    def keep(self, walk: int, page: int, rows: bytes) -> int:
        """Keep what a page showed; the number that the walk has from there on.

        Whoever asks for a page again may be shown something else: then the walk has two ways on, and the
        second one gets a number of its own, with what came before. One that could not be kept gets a number
        of which nothing is known.
        """
        at = int(time.time())
        other = new_number()
        with suppress(*self._troubles), self._lend() as connection:
            if connection.execute(_KEEP, (walk, page, at, rows)).fetchall():
                return walk
            if connection.execute(_AGAIN, (at, walk, page, rows)).fetchall():
                return walk
            connection.execute(_FORK, (other, at, walk, page))
            connection.execute(_KEEP, (other, page, at, rows)).fetchall()
        return other

    def kept(self, walk: int, pages: int) -> list[bytes] | None:
        """What the first pages of a walk showed; None where that is not known of each of them."""
        with suppress(*self._troubles), self._lend() as connection:
            found = connection.execute(_KEPT, (walk, pages)).fetchall()
            return [rows for (rows,) in found] if len(found) == pages else None
        return None

    def expire(self, life: float, most: int = MOST) -> None:
        """Forget walks that nobody has gone on with for so many seconds, and the oldest of too many."""
        before = time.time() - life
        with suppress(*self._troubles), self._lend() as connection:
            size, gone = 0, []
            for walk, last, bytes_ in connection.execute(_WALKS).fetchall():
                size += bytes_
                if last < before or size > most:
                    gone.append((walk,))
            if gone:
                connection.executemany("DELETE FROM shown WHERE walk = ?", gone)


class OwnFile:
    """Lends a connection to a SQLite file of its own, which is made when it is missing or damaged.

    Args:
        file: its path.
    """

    def __init__(self, file: str) -> None:
        self._file = file
        self._begin()

    def _begin(self) -> None:
        self._pid = os.getpid()
        self._turn = threading.Lock()
        self._connection: sqlite3.Connection | None = None
        self._node = 0

    @contextmanager
    def lend(self) -> Iterator[sqlite3.Connection]:
        """The connection of this process."""
        if self._pid != os.getpid():
            # the parent's connection stays open: closing it here would drop the parent's locks
            _LEFT_BEHIND.append(self._connection)
            self._begin()
        with self._turn:
            try:
                yield self._open()
            except sqlite3.DatabaseError as error:
                self._mend(error)
                raise

    def close(self) -> None:
        """Close it."""
        with self._turn:
            if self._connection is not None:
                self._connection.close()
            self._connection = None

    def _open(self) -> sqlite3.Connection:
        if self._connection is not None:
            with suppress(FileNotFoundError):
                if os.stat(self._file).st_ino == self._node:
                    return self._connection
            # it was taken away, and others have another one by now
            self._connection.close()
            self._connection = None
        connection = connect(self._file, _PATIENCE)
        try:
            for statement in _MADE:
                _insisted(connection, statement)
        except BaseException:
            connection.close()
            raise
        self._node = os.stat(self._file).st_ino
        self._connection = connection
        return connection

    def _mend(self, error: sqlite3.DatabaseError) -> None:
        """Take a damaged file away: it holds nothing that must last."""
        if getattr(error, "sqlite_errorcode", 0) & 0xFF not in (
            sqlite3.SQLITE_CORRUPT,
            sqlite3.SQLITE_NOTADB,
        ):
            return
        if self._connection is not None:
            self._connection.close()
        self._connection = None
        for end in ("", "-wal", "-shm"):
            with suppress(OSError):
                os.unlink(f"{self._file}{end}")


def _insisted(connection: sqlite3.Connection, statement: str) -> None:
    """Say a statement again where several make the file at once: SQLite itself does not wait then."""
    until = time.monotonic() + _PATIENCE
    while True:
        try:
            connection.execute(statement)
            return
        except sqlite3.OperationalError as error:
            if not busy(error) or time.monotonic() > until:
                raise
        time.sleep(0.002)


_LEFT_BEHIND: list[sqlite3.Connection | None] = []
