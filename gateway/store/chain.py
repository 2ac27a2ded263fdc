"""The rows of the audit: events in one hash chain with a sealed end, and an index of whom they were about.

A commit costs what it writes, so it writes one page: the last event carries the seal and the one before loses
it. The index (`look`) follows some hundred events behind, and whoever reads it reads those from the events.
"""

import hashlib
import hmac
import sqlite3
from collections.abc import Callable, Iterator, Sequence

from gateway.problems import Problem, problem
from gateway.problems.store import AUDIT_CHANGED, AUDIT_HEAD, AUDIT_MISSING

Chained = Callable[[bytes, bytes], bytes]
"""(the hash of the row before, this row's content) to this row's hash."""

Row = tuple[bytes, str]
"""An event, and the ids of its children in order, with spaces between."""

INDEXED = 256
"""The index is brought up to date when so many events, or looks of one process, are not in it."""

_BLOCK = 4096
_START = bytes(32)


_End = tuple[int, bytes, bytes | None]
"""The last row's number, hash and seal."""


class Chain:
    """How rows are added to the end and checked; remembers the end while no other process adds to it.

    Args:
        key: the gateway's secret; seals the end.
        chained: the chain function.
    """

    def __init__(self, key: bytes, chained: Chained) -> None:
        self._inner, self._outer = _pads(key)
        self._chained = chained
        self._end: _End | None = None
        self._loose = 0

    def forget(self) -> None:
        """Read the end from the file the next time."""
        self._end = None

    def add(self, cursor: sqlite3.Cursor, rows: Sequence[Row]) -> None:
        """Add rows and commit.

        Args:
            cursor: of a connection that has begun to write.
            rows: in their order; at least one.
        """
        end = self._end
        if end is None or not _unsealed(cursor, end):
            end = _found(cursor)
            _unsealed(cursor, end)
        number, hash, _ = end
        added: list[tuple[int, bytes, str, bytes, bytes | None]] = []
        for event, children in rows:
            number += 1
            hash = self._chained(hash, _content(number, event, children))
            added.append((number, event, children, hash, None))
            # one child an event is what the numbers tell already
            self._loose += children.count(" ")
        added.pop()
        if added:
            cursor.executemany(_ADDED, added)
        seal = self._seal(number, hash)
        cursor.execute(_ADDED, (number, event, children, hash, seal))
        if self._loose > INDEXED or number // INDEXED != end[0] // INDEXED:
            _index(cursor)
            self._loose = 0
        cursor.execute("COMMIT")
        self._end = number, hash, seal

    def verify(self, connection: sqlite3.Connection) -> list[Problem]:
        """Problems: rows changed, missing in the middle, or missing at the end."""
        problems: list[Problem] = []
        # whoever edits the file may have left text for bytes, or text that is no UTF-8
        connection.text_factory = lambda raw: raw.decode(errors="replace")
        connection.execute("BEGIN")
        end: _End = 0, _START, None
        looks = _Looks(connection)
        for number, body, children, found, seal in connection.execute(
            "SELECT number, CAST(body AS BLOB), CAST(children AS TEXT), CAST(hash AS BLOB), "
            "CAST(seal AS BLOB) FROM event ORDER BY number"
        ):
            agrees = looks.agree(number, children)
            last, previous, _ = end
            hash = self._chained(previous, _content(number, body, children))
            if number != last + 1:
                problems.append(problem(AUDIT_MISSING, row=last))
            elif hash != found or not agrees:
                problems.append(problem(AUDIT_CHANGED, row=number))
            end = number, found, seal
        return problems + self._end_problems(end, looks.upto)

    def _end_problems(self, end: _End, indexed: int | None) -> list[Problem]:
        number, hash, seal = end
        if indexed is None:
            return [problem(AUDIT_HEAD)] if number else []
        if seal is None:
            return [problem(AUDIT_MISSING, row=number)]
        return [] if hmac.compare_digest(seal, self._seal(number, hash)) else [problem(AUDIT_HEAD)]

    def _seal(self, number: int, hash: bytes) -> bytes:
        """HMAC-SHA256, written out: after a wait for the disk `hmac.digest` takes ten times as long."""
        inner = hashlib.sha256(self._inner + b"audit head %d " % number + hash)
        return hashlib.sha256(self._outer + inner.digest()).digest()


def _pads(key: bytes) -> tuple[bytes, bytes]:
    block = (hashlib.sha256(key).digest() if len(key) > 64 else key).ljust(64, b"\0")
    return bytes(byte ^ 0x36 for byte in block), bytes(byte ^ 0x5C for byte in block)


class _Looks:
    """The children of each event as the index has them, read alongside the events."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self.upto = _upto(connection)
        self._rows = connection.execute(
            "SELECT number, CASE block WHEN number / ? THEN CAST(child AS TEXT) ELSE ' ' END FROM look "
            "ORDER BY number, child",
            (_BLOCK,),
        )
        self._next = self._rows.fetchone()

    def agree(self, number: int, children: str) -> bool:
        """Whether the index has these children for an event, or none where it does not go so far."""
        found = []
        while self._next is not None and self._next[0] <= number:
            # rows of an event that is gone are passed over; that it is gone is found by its number
            if self._next[0] == number:
                found.append(self._next[1])
            self._next = self._rows.fetchone()
        return " ".join(found) == children if number <= (self.upto or 0) else not found


def looks(connection: sqlite3.Connection, child: str) -> Iterator[bytes]:
    """The events about a child, oldest first."""
    connection.execute("BEGIN")
    upto = _upto(connection) or 0
    for asked, values in (
        (_FROM_INDEX, {"child": child, "upto": upto, "block": _BLOCK}),
        (_FROM_EVENTS, {"child": f" {child} ", "upto": upto}),
    ):
        yield from (body for (body,) in connection.execute(asked, values))


_FROM_INDEX = """
    WITH RECURSIVE block (block) AS (
        SELECT 0 UNION ALL SELECT block + 1 FROM block WHERE block < :upto / :block
    )
    SELECT event.body FROM block CROSS JOIN look USING (block) CROSS JOIN event USING (number)
    WHERE look.child = :child AND look.number <= :upto ORDER BY block.block, look.number
"""
_FROM_EVENTS = (
    "SELECT body FROM event WHERE number > :upto AND instr(' ' || children || ' ', :child) ORDER BY number"
)


_ADDED = "INSERT INTO event VALUES (?, ?, ?, ?, ?)"


def _unsealed(cursor: sqlite3.Cursor, end: _End) -> bool:
    """Take the seal away from the last row, as it will not be the last; False if another row is by now."""
    cursor.execute("UPDATE event SET seal = NULL WHERE number = ? AND seal = ?", (end[0], end[2]))
    return cursor.rowcount == 1


def _found(cursor: sqlite3.Cursor) -> _End:
    """The end as it is in the file. What was cut off stays visible: its numbers are not given again."""
    indexed = _upto(cursor)
    cursor.execute("SELECT number, hash, seal FROM event ORDER BY number DESC LIMIT 1")
    last: _End | None = cursor.fetchone()
    if indexed is None:
        cursor.execute("INSERT INTO indexed VALUES (1, 0)")
    number, hash, seal = last or (0, _START, None)
    if seal is None and (last or indexed is not None):
        number = max(number, indexed or 0) + 1
    return number, hash, seal


def _upto(source: sqlite3.Connection | sqlite3.Cursor) -> int | None:
    found = source.execute("SELECT number FROM indexed").fetchone()
    return int(found[0]) if found else None


def _index(cursor: sqlite3.Cursor) -> None:
    """Bring the index up to date; far behind, in steps, so that nobody waits long."""
    events = cursor.execute(
        "SELECT number, CAST(children AS BLOB) FROM event WHERE number > ? ORDER BY number LIMIT ?",
        (_upto(cursor) or 0, 4 * INDEXED),
    ).fetchall()
    if not events:  # somebody wrote that the index goes further
        return
    looks = sorted(
        (number // _BLOCK, child, number)
        for number, children in events
        for child in children.decode(errors="replace").split(" ")
        if child
    )
    # OR IGNORE: that somebody put rows into it is found, but must not keep looks from being kept
    cursor.executemany("INSERT OR IGNORE INTO look VALUES (?, ?, ?)", looks)
    cursor.execute("INSERT OR REPLACE INTO indexed VALUES (1, ?)", (events[-1][0],))


def _content(number: int, event: bytes, children: str) -> bytes:
    """What is hashed of a row; lengths first, so that no two rows have the same content."""
    return b"%d %d %s %s" % (number, len(event), event, children.encode())
