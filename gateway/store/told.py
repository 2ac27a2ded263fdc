"""What one load has told so far: id to content hash, in a temporary table that spills to disk by itself."""

import sqlite3
from collections.abc import Iterable

_MAKE = "CREATE TABLE told (key BLOB PRIMARY KEY, digest BLOB NOT NULL) WITHOUT ROWID"
_FIND = "SELECT digest FROM told WHERE key = ?"
_KEEP = "INSERT OR IGNORE INTO told VALUES (?, ?)"


class ToldSoFar:
    """Remembers every id of a load with bounded memory; gone with `close()`."""

    def __init__(self) -> None:
        # A database without a name lives in SQLite's page cache and spills to an unlinked file.
        self._connection = sqlite3.connect("", isolation_level=None)
        self._connection.execute(_MAKE)

    def digest(self, key: bytes) -> bytes | None:
        """The content hash told under this key, None if it was not told yet."""
        found = self._connection.execute(_FIND, (key,)).fetchone()
        return None if found is None else bytes(found[0])

    def add(self, told: Iterable[tuple[bytes, bytes]]) -> None:
        """Remember keys and hashes; the first word under a key stays."""
        self._connection.executemany(_KEEP, told)

    def close(self) -> None:
        """Forget everything."""
        self._connection.close()
