"""The audit: events appended in one hash chain, durable before the answer leaves.

Callers of all threads share commits: the first to come writes, and what gathers meanwhile is written together
by one of those who wait. Processes take turns, so there is one chain whose end is known: the head row, sealed
with the gateway's secret. It is a file of its own, so that a load never makes a look wait.

What cannot be found here is the whole file exchanged for an older copy of itself: the store notes how far it
went (`gateway.service.notes`). Whoever can write both can hide that too: keep copies elsewhere.
"""

import hashlib
import hmac
import os
import sqlite3
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing, contextmanager

from gateway.problems import Problem, problem, refuse
from gateway.problems.store import AUDIT_CHANGED, AUDIT_HEAD, AUDIT_MISSING, STORE_AUDIT
from gateway.store.connections import connect
from gateway.store.faults import busy, refused
from gateway.store.schema import prepare

Chained = Callable[[bytes, bytes], bytes]
"""(the hash of the row before, this row's content) to this row's hash."""

_START = bytes(32)
_GROUP = 500
# Who comes first waits a moment for others if others came lately: most of a commit's cost is its fsync.
_MOMENT, _LATELY = 50e-6, 8


# A connection made before a fork belongs to the parent: closing it here would drop locks it relies on.
_LEFT_BEHIND: list[sqlite3.Connection] = []


class _Waiting:
    """Events that are to be kept, and what their caller waits for: that they are, or that it is its turn."""

    __slots__ = ("events", "leads", "trouble", "woken")

    def __init__(self, events: Iterable[tuple[bytes, Iterable[str]]]) -> None:
        self.events = [(event, sorted(set(children))) for event, children in events]
        self.woken = threading.Lock()
        self.woken.acquire()
        self.leads = False
        self.trouble: BaseException | None = None


class SqliteTrail:
    """See `base.Trail`.

    Args:
        file: the path of the audit; made when it is opened.
        key: the gateway's secret; seals the head.
        chained: the chain function.
        patience: seconds to wait for another process.

    Raises:
        Refused: the codes of `problems.store`.
    """

    def __init__(
        self, file: str | os.PathLike[str], key: bytes, chained: Chained, *, patience: float = 5.0
    ) -> None:
        self.file = os.fspath(file)
        self._key = key
        self._chained = chained
        self._patience = patience
        self._connection: sqlite3.Connection | None = None
        self._writing = self._closed = False
        self._company = 0
        self._begin()
        with self._connected() as connection:
            prepare(connection, self.file, patience, "audit")

    def append(self, event: bytes, children: Iterable[str] = ()) -> None:
        """See `base.Trail.append`."""
        self.append_all([(event, children)])

    def append_all(self, events: Iterable[tuple[bytes, Iterable[str]]]) -> None:
        """See `base.Trail.append_all`."""
        if self._pid != os.getpid():
            self._begin()
        waiting = _Waiting(events)
        with self._changing:
            if self._closed:
                raise refuse(STORE_AUDIT, file=self.file)
            self._gathered.append(waiting)
            first = not self._writing
            self._writing = True
        if not first:
            waiting.woken.acquire()
        if first or waiting.leads:
            self._write_group()
        if waiting.trouble is not None:
            raise refuse(STORE_AUDIT, file=self.file) from waiting.trouble

    def try_append_all(self, events: Iterable[tuple[bytes, Iterable[str]]]) -> bool:
        """See `base.Trail.try_append_all`."""
        if self._pid != os.getpid():
            self._begin()
        waiting = _Waiting(events)
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
        self._write([waiting], patience=0)
        self._hand_over()
        trouble = waiting.trouble
        if isinstance(trouble, sqlite3.Error) and busy(trouble):
            return False
        if isinstance(trouble, KeyboardInterrupt | SystemExit):
            raise trouble
        if trouble is not None:
            raise refuse(STORE_AUDIT, file=self.file) from trouble
        return True

    def looks(self, child: str) -> Iterator[bytes]:
        """See `base.Trail.looks`."""
        asked = "SELECT e.body FROM look l JOIN event e USING (number) WHERE l.child = ? ORDER BY l.number"
        with self._connected() as connection:
            yield from (body for (body,) in connection.execute(asked, (child,)))

    def count(self) -> int:
        """How many events there are."""
        with self._connected() as connection:
            (found,) = connection.execute("SELECT count(*) FROM event").fetchone()
        return int(found)

    def sealed(self) -> str:
        """See `base.Trail.sealed`."""
        with self._connected() as connection:
            found = connection.execute("SELECT number, hex(hash) FROM head").fetchone()
        return f"{found[0]} {found[1]}" if found else ""

    def holds(self, sealed: str) -> bool:
        """See `base.Trail.holds`."""
        number, _, hash = sealed.partition(" ")
        with self._connected() as connection:
            found = connection.execute("SELECT hex(hash) FROM event WHERE number = ?", (number,)).fetchone()
        return not sealed or found == (hash,)

    def verify(self) -> list[Problem]:
        """See `base.Trail.verify`."""
        problems: list[Problem] = []
        with self._connected() as connection:
            # whoever edits the file may have left text for bytes, or text that is no UTF-8
            connection.text_factory = lambda raw: raw.decode(errors="replace")
            connection.execute("BEGIN")
            last, previous = 0, _START
            looks = _Looks(connection)
            for number, body, children, found in connection.execute(
                "SELECT number, CAST(body AS BLOB), CAST(children AS TEXT), CAST(hash AS BLOB) FROM event "
                "ORDER BY number"
            ):
                looked = looks.of(number)
                hash = self._chained(previous, _content(number, body, children))
                if number != last + 1:
                    problems.append(problem(AUDIT_MISSING, row=last))
                elif hash != found or looked != children:
                    problems.append(problem(AUDIT_CHANGED, row=number))
                last, previous = number, found
            problems += self._head_problems(connection, last, previous)
        return problems

    def close(self) -> None:
        """See `base.Trail.close`."""
        if self._pid != os.getpid():
            self._begin()
        with self._changing:
            self._closed = True
            while self._writing:
                self._changing.wait()
            if self._connection is not None:
                self._connection.close()
                self._connection = None

    def _begin(self) -> None:
        """A state of its own for each process: neither who waits nor connections survive a fork."""
        if self._connection is not None:
            _LEFT_BEHIND.append(self._connection)
        self._pid = os.getpid()
        self._connection = None
        self._changing = threading.Condition(threading.Lock())
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

    def _write_group(self) -> None:
        """Write what has gathered, the caller's own event among it; the rest is for the next who waits."""
        if self._company and len(self._gathered) == 1:
            time.sleep(_MOMENT)
        with self._changing:
            group = self._gathered[:_GROUP]
            del self._gathered[:_GROUP]
            self._company = _LATELY if len(group) > 1 else max(0, self._company - 1)
        self._write(group, self._patience)
        for waiting in group:
            waiting.woken.release()
        self._hand_over()
        if group and isinstance(group[0].trouble, KeyboardInterrupt | SystemExit):
            raise group[0].trouble

    def _write(self, group: list[_Waiting], patience: float) -> None:
        try:
            self._connection = self._connection or self._open_writer(patience)
            self._keep(self._connection, group, patience)
        except BaseException as error:
            # whoever waits must learn that nothing was kept, whatever went wrong
            for waiting in group:
                waiting.trouble = error
            self._begin_again(error)

    def _begin_again(self, error: BaseException) -> None:
        """Leave nothing half done: another connection is made, unless it was only not our turn."""
        if self._connection is None or (
            isinstance(error, sqlite3.Error) and busy(error) and not self._connection.in_transaction
        ):
            return
        self._connection.close()
        self._connection = None

    def _hand_over(self) -> None:
        with self._changing:
            if self._gathered:
                self._gathered[0].leads = True
                self._gathered[0].woken.release()
            else:
                self._writing = False
                self._changing.notify_all()

    def _open_writer(self, patience: float) -> sqlite3.Connection:
        # the first statement looks at the file, and whoever closes it last has it alone for a moment
        connection = connect(self.file, patience)
        try:
            connection.execute("PRAGMA synchronous=FULL")
            connection.execute("PRAGMA journal_size_limit=16777216")
            connection.execute("PRAGMA busy_timeout=0")
        except BaseException:
            connection.close()
            raise
        return connection

    def _keep(self, connection: sqlite3.Connection, group: list[_Waiting], patience: float) -> None:
        self._wait_for_turn(connection, patience)
        found = connection.execute("SELECT number, hash FROM head").fetchone()
        number, previous = found or (0, _START)
        events, looks = [], []
        for event, seen in (each for waiting in group for each in waiting.events):
            number += 1
            children = " ".join(seen)
            previous = self._chained(previous, _content(number, event, children))
            events.append((number, event, children, previous))
            looks += [(child, number) for child in seen]
        connection.executemany("INSERT INTO event VALUES (?, ?, ?, ?)", events)
        connection.executemany("INSERT INTO look VALUES (?, ?)", looks)
        connection.execute(
            "INSERT OR REPLACE INTO head VALUES (1, ?, ?, ?)",
            (number, previous, self._seal(number, previous)),
        )
        connection.execute("COMMIT")

    def _wait_for_turn(self, connection: sqlite3.Connection, patience: float) -> None:
        until = time.monotonic() + patience
        while True:
            try:
                connection.execute("BEGIN IMMEDIATE")
                return
            except sqlite3.OperationalError as error:
                if not busy(error) or time.monotonic() > until:
                    raise
            time.sleep(0.0005)

    def _seal(self, number: int, hash: bytes) -> bytes:
        return hmac.digest(self._key, b"audit head %d " % number + hash, hashlib.sha256)

    def _head_problems(self, connection: sqlite3.Connection, last: int, previous: bytes) -> list[Problem]:
        head = connection.execute(
            "SELECT number, CAST(hash AS BLOB), CAST(seal AS BLOB) FROM head"
        ).fetchone()
        if head is None:
            return [problem(AUDIT_HEAD)] if last else []
        number, hash, seal = head
        problems = []
        if not hmac.compare_digest(seal, self._seal(number, hash)):
            problems.append(problem(AUDIT_HEAD))
        if (number, hash) != (last, previous):
            problems.append(problem(AUDIT_MISSING if number > last else AUDIT_HEAD, row=last))
        return problems


class _Looks:
    """The children of each event as the index has them, read alongside the events."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._rows = connection.execute("SELECT number, CAST(child AS TEXT) FROM look ORDER BY number, child")
        self._next = self._rows.fetchone()

    def of(self, number: int) -> str:
        children = []
        while self._next is not None and self._next[0] <= number:
            # rows of an event that is gone are passed over; that it is gone is found by its number
            if self._next[0] == number:
                children.append(self._next[1])
            self._next = self._rows.fetchone()
        return " ".join(children)


def _content(number: int, event: bytes, children: str) -> bytes:
    """What is hashed of a row; lengths first, so that no two rows have the same content."""
    return b"%d %d %s %s" % (number, len(event), event, children.encode())
