"""The audit: events appended in one hash chain, durable before the answer leaves.

Callers of all threads share commits: the first to come writes, and what gathers meanwhile is written together
by one of those who wait. Processes take turns, so there is one chain whose end is known, sealed with the
gateway's secret (`gateway.store.chain`). It is a file of its own, so that a load never makes a look wait.

What cannot be found here is the whole file exchanged for an older copy of itself: the store notes how far it
went (`gateway.service.notes`). Whoever can write both can hide that too: keep copies elsewhere.
"""

import os
import sqlite3
import threading
import time
import weakref
from collections.abc import Iterable, Iterator
from contextlib import closing, contextmanager

from gateway.problems import Problem, refuse
from gateway.problems.store import STORE_AUDIT
from gateway.store.chain import Chain, Chained, Row, looks
from gateway.store.connections import connect
from gateway.store.faults import busy, refused
from gateway.store.schema import prepare

_GROUP = 500
# Who comes first waits a moment for others if others came lately: most of a commit's cost is its fsync.
_MOMENT, _LATELY = 50e-6, 8


# A connection made before a fork belongs to the parent: closing it here would drop locks it relies on.
_LEFT_BEHIND: list[sqlite3.Cursor] = []


class _Waiting:
    """Rows that are to be kept, and what their caller waits for: that they are, or that it is its turn."""

    __slots__ = ("leads", "rows", "trouble", "woken")

    def __init__(self, rows: list[Row]) -> None:
        self.rows = rows
        self.woken = threading.Lock()
        self.woken.acquire()
        self.leads = False
        self.trouble: BaseException | None = None


class SqliteTrail:
    """See `base.Trail`.

    Args:
        file: the path of the audit; made when it is opened.
        key: the gateway's secret; seals the end.
        chained: the chain function.
        patience: seconds to wait for another process.

    Raises:
        Refused: the codes of `problems.store`.
    """

    def __init__(
        self, file: str | os.PathLike[str], key: bytes, chained: Chained, *, patience: float = 5.0
    ) -> None:
        self.file = os.fspath(file)
        self._chain = Chain(key, chained)
        self._patience = patience
        self._writer: sqlite3.Cursor | None = None
        self._company = 0
        self._writing: bool
        self._begin()
        _TRAILS.add(self)
        with self._connected() as connection:
            prepare(connection, self.file, patience, "audit")

    def append(self, event: bytes, children: Iterable[str] = ()) -> None:
        """See `base.Trail.append`."""
        self.append_all([(event, children)])

    def append_all(self, events: Iterable[tuple[bytes, Iterable[str]]]) -> None:
        """See `base.Trail.append_all`."""
        rows = _rows(events)
        if not rows:
            return
        with self._changing:
            if self._closed:
                raise refuse(STORE_AUDIT, file=self.file)
            first = not self._writing
            if first:
                self._writing = True
            else:
                waiting = _Waiting(rows)
                self._gathered.append(waiting)
        if first:
            trouble = self._lead(rows)
        else:
            waiting.woken.acquire()
            trouble = self._lead([], waiting) if waiting.leads else waiting.trouble
        if trouble is not None:
            raise self._refusal(trouble)

    def try_append_all(self, events: Iterable[tuple[bytes, Iterable[str]]]) -> bool:
        """See `base.Trail.try_append_all`."""
        rows = _rows(events)
        if not rows:
            return True
        if not self._changing.acquire(blocking=False):
            return False
        try:
            if self._closed:
                raise refuse(STORE_AUDIT, file=self.file)
            if self._writing:
                return False
            self._writing = True
        finally:
            self._changing.release()
        trouble = self._write(rows, patience=0)
        self._hand_over()
        if trouble is None:
            return True
        if isinstance(trouble, sqlite3.Error) and busy(trouble):
            return False
        raise self._refusal(trouble)

    def looks(self, child: str) -> Iterator[bytes]:
        """See `base.Trail.looks`."""
        with self._connected() as connection:
            yield from looks(connection, child)

    def count(self) -> int:
        """How many events there are."""
        with self._connected() as connection:
            (found,) = connection.execute("SELECT count(*) FROM event").fetchone()
        return int(found)

    def sealed(self) -> str:
        """See `base.Trail.sealed`."""
        with self._connected() as connection:
            found = connection.execute(
                "SELECT number, hex(hash) FROM event ORDER BY number DESC LIMIT 1"
            ).fetchone()
        return f"{found[0]} {found[1]}" if found else ""

    def holds(self, sealed: str) -> bool:
        """See `base.Trail.holds`."""
        number, _, hash = sealed.partition(" ")
        with self._connected() as connection:
            found = connection.execute("SELECT hex(hash) FROM event WHERE number = ?", (number,)).fetchone()
        return not sealed or found == (hash,)

    def verify(self) -> list[Problem]:
        """See `base.Trail.verify`."""
        with self._connected() as connection:
            return self._chain.verify(connection)

    def close(self) -> None:
        """See `base.Trail.close`."""
        with self._changing:
            self._closed = True
            while self._writing:
                self._quiet.wait()
            self._drop_writer()

    def _begin(self) -> None:
        """A state of its own for each process: neither who waits nor connections survive a fork."""
        if self._writer is not None:
            _LEFT_BEHIND.append(self._writer)
        self._writer = None
        self._chain.forget()
        self._changing = threading.Lock()
        self._quiet = threading.Condition(self._changing)
        self._gathered: list[_Waiting] = []
        self._writing = False
        self._closed = False

    @contextmanager
    def _connected(self) -> Iterator[sqlite3.Connection]:
        try:
            with closing(connect(self.file, self._patience)) as connection:
                yield connection
        except sqlite3.Error as error:
            refusal = refused(error, self.file)
            if refusal is None:
                raise
            raise refusal from None

    def _lead(self, rows: list[Row], own: _Waiting | None = None) -> BaseException | None:
        """Write rows and what has gathered; the rest is for the next who waits.

        Returns:
            Why nothing was kept, or None.
        """
        if self._company and len(self._gathered) <= (own is not None):
            time.sleep(_MOMENT)
        group: list[_Waiting] = []
        if self._gathered:
            with self._changing:
                group = self._gathered[:_GROUP]
                del self._gathered[:_GROUP]
            rows = rows + [row for waiting in group for row in waiting.rows]
        self._company = _LATELY if len(group) > (own is not None) else max(0, self._company - 1)
        trouble = self._write(rows, self._patience)
        for waiting in group:
            waiting.trouble = trouble
            waiting.woken.release()
        self._hand_over()
        return trouble

    def _write(self, rows: list[Row], patience: float) -> BaseException | None:
        try:
            writer = self._writer = self._writer or self._open_writer(patience)
            _wait_for_turn(writer, patience)
            self._chain.add(writer, rows)
        except BaseException as error:
            # whoever waits must learn that nothing was kept, whatever went wrong
            self._chain.forget()
            if not _only_busy(error, self._writer):
                self._drop_writer()
            return error
        return None

    def _drop_writer(self) -> None:
        if self._writer is not None:
            connection = self._writer.connection
            # first: a statement that is still open would keep the file locked after its connection is closed
            self._writer.close()
            connection.close()
        self._writer = None

    def _hand_over(self) -> None:
        with self._changing:
            if self._gathered:
                self._gathered[0].leads = True
                self._gathered[0].woken.release()
                return
            self._writing = False
            if self._closed:
                self._quiet.notify_all()

    def _refusal(self, trouble: BaseException) -> BaseException:
        if isinstance(trouble, KeyboardInterrupt | SystemExit):
            return trouble
        refusal = refuse(STORE_AUDIT, file=self.file)
        refusal.__cause__ = trouble
        return refusal

    def _open_writer(self, patience: float) -> sqlite3.Cursor:
        # the first statement looks at the file, and whoever closes it last has it alone for a moment
        connection = connect(self.file, patience)
        try:
            connection.execute("PRAGMA synchronous=FULL")
            connection.execute("PRAGMA journal_size_limit=16777216")
            connection.execute("PRAGMA busy_timeout=0")
        except BaseException:
            connection.close()
            raise
        return connection.cursor()


_TRAILS: weakref.WeakSet[SqliteTrail] = weakref.WeakSet()


def _forked() -> None:
    for trail in _TRAILS:
        trail._begin()


os.register_at_fork(after_in_child=_forked)


def _rows(events: Iterable[tuple[bytes, Iterable[str]]]) -> list[Row]:
    rows = []
    for event, children in events:
        seen = tuple(children)
        rows.append((event, seen[0] if len(seen) == 1 else " ".join(sorted(set(seen)))))
    return rows


def _wait_for_turn(writer: sqlite3.Cursor, patience: float) -> None:
    until = 0.0
    while True:
        try:
            writer.execute("BEGIN IMMEDIATE")
            return
        except sqlite3.OperationalError as error:
            until = until or time.monotonic() + patience
            if not busy(error) or time.monotonic() >= until:
                raise
        time.sleep(0.0005)


def _only_busy(error: BaseException, writer: sqlite3.Cursor | None) -> bool:
    """Whether it only was not our turn, so that nothing is half done."""
    ours = writer is not None and writer.connection.in_transaction
    return isinstance(error, sqlite3.Error) and busy(error) and not ours
