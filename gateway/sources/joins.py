"""Rows of several files joined by a column, in a temporary database that spills to disk by itself.

SQLite keeps a database without a name in its page cache and moves it to a private, already unlinked file
in the temporary folder when it outgrows the cache: one path for ten rows and for ten million, and nothing
stays behind, whatever ends the process.

Source: https://www.sqlite.org/inmemorydb.html, "Temporary Databases".
"""

import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import NamedTuple

from gateway.problems import refuse
from gateway.problems.source import NO_ROOM

_CACHE_KIB = 24 * 1024
# A control character cannot be in a cell: rows that have one are set aside before they come here.
_BETWEEN = "\x1f"


# group, key, kind, line, cells
Waiting = tuple[int, str, int, int, list[str]]


class Joined(NamedTuple):
    """A row of a joined file: which kid shape it belongs to, its line in its own file, its cells."""

    kind: int
    line: int
    cells: list[str]


class Joins:
    """Rows waiting for their parent, by group (which parent and column) and key."""

    def __init__(self) -> None:
        self._base = sqlite3.connect("", isolation_level=None, check_same_thread=False)
        for setting in (
            f"cache_size=-{_CACHE_KIB}",
            "journal_mode=OFF",
            "synchronous=OFF",
            "temp_store=FILE",
        ):
            self._base.execute(f"PRAGMA {setting}")
        self._base.execute(
            "CREATE TABLE waiting (grp INTEGER, key TEXT, kind INTEGER, line INTEGER, cells TEXT)"
        )
        self._base.execute(
            "CREATE TABLE parent (grp INTEGER, key TEXT, line INTEGER, PRIMARY KEY (grp, key)) WITHOUT ROWID"
        )
        self._base.execute("BEGIN")

    def wait(self, rows: Iterable[Waiting]) -> None:
        """Keep rows until their parent comes."""
        with no_room():
            self._base.executemany(
                "INSERT INTO waiting VALUES (?, ?, ?, ?, ?)",
                ((group, key, kind, line, _BETWEEN.join(cells)) for group, key, kind, line, cells in rows),
            )

    def ready(self) -> None:
        """Say that every row has come."""
        with no_room():
            self._base.execute("CREATE INDEX by_key ON waiting (grp, key)")

    def claim(self, group: int, key: str, line: int) -> int:
        """Note a parent on `line`; return 0, or the line of the one that had the same key before."""
        try:
            self._base.execute("INSERT INTO parent VALUES (?, ?, ?)", (group, key, line))
        except sqlite3.IntegrityError:
            found = self._base.execute("SELECT line FROM parent WHERE grp = ? AND key = ?", (group, key))
            return int(found.fetchone()[0])
        return 0

    def kids(self, group: int, key: str) -> list[Joined]:
        """The rows that waited for this parent, in the order of their files."""
        found = self._base.execute(
            "SELECT kind, line, cells FROM waiting WHERE grp = ? AND key = ? ORDER BY rowid", (group, key)
        )
        return [Joined(kind, line, cells.split(_BETWEEN)) for kind, line, cells in found]

    def orphans(self) -> Iterator[Joined]:
        """The rows whose parent never came."""
        found = self._base.execute(
            "SELECT kind, line, cells FROM waiting WHERE NOT EXISTS"
            " (SELECT 1 FROM parent WHERE parent.grp = waiting.grp AND parent.key = waiting.key)"
            " ORDER BY rowid"
        )
        for kind, line, cells in found:
            yield Joined(kind, line, cells.split(_BETWEEN))

    def close(self) -> None:
        """Give the space back."""
        self._base.close()


@contextmanager
def no_room() -> Iterator[None]:
    """Turn a full or unusable temporary folder into a problem."""
    try:
        yield
    except sqlite3.Error:
        raise refuse(NO_ROOM) from None
