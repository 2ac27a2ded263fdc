"""Connections to one SQLite file: many for reading, one at a time for writing, none shared by a fork."""

import os
import sqlite3
import threading
import time
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from types import TracebackType

from gateway.problems import refuse
from gateway.problems.store import STORE_CLOSED, STORE_LOCKED
from gateway.store.faults import busy, refused

# Connections made before a fork belong to the parent: closing them here would drop locks it relies on.
_ABANDONED: list[sqlite3.Connection] = []


class Borrowed:
    """A connection for reading, for the length of a block; `steady` gives all its statements one state."""

    __slots__ = ("_connection", "_connections", "_steady")

    def __init__(self, connections: "Connections", steady: bool) -> None:
        self._connections = connections
        self._steady = steady

    def __enter__(self) -> sqlite3.Connection:
        self._connection = self._connections.take()
        if self._steady:
            self._connection.execute("BEGIN")
        return self._connection

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._connection.in_transaction:
            self._connection.execute("ROLLBACK")
        self._connections.give_back(self._connection)
        refusal = refused(error, self._connections.file)
        if refusal:
            raise refusal from None


class Connections:
    """The connections of this process to one file.

    Args:
        file: the path of the database.
        patience: seconds to wait for another writer.
        most_bytes: the size beyond which the file must not grow; 0 for the disk's own limit.
    """

    def __init__(self, file: str, patience: float, most_bytes: int) -> None:
        self.file = file
        self.patience = patience
        self._most_bytes = most_bytes
        self._begin()

    def _begin(self) -> None:
        self._pid = os.getpid()
        self._idle: deque[sqlite3.Connection] = deque()
        self._all: list[sqlite3.Connection] = []
        self._writer: sqlite3.Connection | None = None
        self._watcher: sqlite3.Connection | None = None
        self._turn = threading.Lock()
        self._closed = False

    def read(self, steady: bool = False) -> Borrowed:
        """A connection for reading."""
        return Borrowed(self, steady)

    def take(self) -> sqlite3.Connection:
        """An idle connection, or a new one."""
        if self._pid != os.getpid():
            self._leave_behind()
        try:
            return self._idle.pop()
        except IndexError:
            return self._open(writing=False)

    def give_back(self, connection: sqlite3.Connection) -> None:
        """Make a connection idle again."""
        if self._closed:
            connection.close()
        else:
            self._idle.append(connection)

    def pulse(self) -> int:
        """See `base.Store.pulse`: SQLite counts for a connection what all others have committed."""
        if self._watcher is None or self._pid != os.getpid():
            self._watcher = self.take()
        try:
            (number,) = self._watcher.execute("PRAGMA data_version").fetchone()
        except sqlite3.Error as error:
            refusal = refused(error, self.file)
            if refusal is None:
                raise
            raise refusal from None
        return int(number)

    @contextmanager
    def write(self) -> Iterator[sqlite3.Connection]:
        """The writing connection in a transaction: committed at the end of the block, or rolled back.

        Raises:
            Refused: `store.locked` when the turn does not come in time, and what `faults.refused` knows.
        """
        if self._pid != os.getpid():
            self._leave_behind()
        if not self._turn.acquire(timeout=self.patience):
            raise refuse(STORE_LOCKED, file=self.file)
        try:
            connection = self._writer = self._writer or self._open(writing=True)
            self._wait_for_turn(connection)
            try:
                yield connection
                connection.execute("COMMIT")
            finally:
                if connection.in_transaction:
                    connection.execute("ROLLBACK")
        except (sqlite3.Error, UnicodeEncodeError) as error:
            refusal = refused(error, self.file)
            if refusal is None:
                raise
            raise refusal from None
        finally:
            self._turn.release()

    def _wait_for_turn(self, connection: sqlite3.Connection) -> None:
        # SQLite's own busy timeout sleeps up to 100 ms between tries and so starves beside a load that
        # commits batch after batch; short steps find the gaps, and the first ones the end of a single write.
        until, step = time.monotonic() + self.patience, 0.0002
        while True:
            try:
                connection.execute("BEGIN IMMEDIATE")
                return
            except sqlite3.OperationalError as error:
                if not busy(error) or time.monotonic() > until:
                    raise
            time.sleep(step)
            step = min(1.5 * step, 0.002)

    def _open(self, writing: bool) -> sqlite3.Connection:
        if self._closed:
            raise refuse(STORE_CLOSED)
        try:
            connection = connect(self.file, self.patience)
            if writing:
                self._prepare_writer(connection)
            else:
                connection.execute("PRAGMA query_only=ON")
                connection.execute("PRAGMA mmap_size=1073741824")
        except sqlite3.Error as error:
            refusal = refused(error, self.file)
            if refusal is None:
                raise
            raise refusal from None
        self._all.append(connection)
        return connection

    def _prepare_writer(self, connection: sqlite3.Connection) -> None:
        # FULL: what was answered with 201 must outlive a power cut; a load commits hundreds of records
        # at a time and does not feel it.
        connection.execute("PRAGMA synchronous=FULL")
        connection.execute("PRAGMA cache_size=-65536")
        connection.execute("PRAGMA journal_size_limit=67108864")
        # 32 MB: a page that many commits change is copied into the database, and synced there, once for all
        connection.execute("PRAGMA wal_autocheckpoint=4000")
        if self._most_bytes:
            (size,) = connection.execute("PRAGMA page_size").fetchone()
            connection.execute(f"PRAGMA max_page_count={max(1, self._most_bytes // size)}")
        # not sooner: the first statement looks at the file, which somebody may have alone for a moment
        connection.execute("PRAGMA busy_timeout=0")

    def _leave_behind(self) -> None:
        _ABANDONED.extend(self._all)
        self._begin()

    def close(self) -> None:
        """Close every connection; those in use are closed when they are given back."""
        self._closed = True
        with self._turn:
            for connection in self._all:
                if connection in (self._writer, self._watcher) or connection in self._idle:
                    connection.close()
            self._idle.clear()
            self._all.clear()


def connect(file: str, patience: float) -> sqlite3.Connection:
    """A plain connection; its transactions are begun and ended in words.

    A file that is made is its owner's alone, and so is what SQLite puts beside it.
    """
    with suppress(OSError):  # one that is there, or that SQLite has its own words for
        os.close(os.open(file, os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o600))
    return sqlite3.connect(
        file, timeout=patience, isolation_level=None, check_same_thread=False, cached_statements=512
    )
