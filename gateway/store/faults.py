"""What SQLite reports when it cannot go on, as problems of ours."""

import sqlite3

from gateway.problems import Refused, refuse
from gateway.problems.store import (
    STORE_CLOSED,
    STORE_DAMAGED,
    STORE_DISK,
    STORE_FULL,
    STORE_LOCKED,
    STORE_OPEN,
    STORE_READ_ONLY,
    STORE_TEXT,
)

_KINDS = {
    sqlite3.SQLITE_READONLY: STORE_READ_ONLY,
    sqlite3.SQLITE_PERM: STORE_READ_ONLY,
    sqlite3.SQLITE_BUSY: STORE_LOCKED,
    sqlite3.SQLITE_LOCKED: STORE_LOCKED,
    sqlite3.SQLITE_FULL: STORE_FULL,
    sqlite3.SQLITE_IOERR: STORE_DISK,
    sqlite3.SQLITE_CANTOPEN: STORE_OPEN,
    sqlite3.SQLITE_CORRUPT: STORE_DAMAGED,
    sqlite3.SQLITE_NOTADB: STORE_DAMAGED,
}
# What the extended code says better: a full disk has no room for what connections share in memory either.
_EXACTLY = {sqlite3.SQLITE_IOERR_SHMSIZE: STORE_FULL}


def refused(error: BaseException | None, file: str) -> Refused | None:
    """The refusal that `error` means, or None where it is a mistake of ours and must be seen as one.

    Args:
        error: what the driver raised.
        file: the database's file, for the remedy.
    """
    if isinstance(error, UnicodeEncodeError):
        return refuse(STORE_TEXT)
    if not isinstance(error, sqlite3.Error):
        return None
    if isinstance(error, sqlite3.ProgrammingError) and "closed" in str(error):
        return refuse(STORE_CLOSED)
    code = getattr(error, "sqlite_errorcode", 0)
    # extended codes keep the primary one in their low byte
    kind = _EXACTLY.get(code) or _KINDS.get(code & 0xFF)
    return refuse(kind, file=file) if kind else None


def busy(error: sqlite3.Error) -> bool:
    """Whether another connection is in the way and trying again makes sense."""
    return getattr(error, "sqlite_errorcode", 0) & 0xFF in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED)


def read_only(error: sqlite3.Error) -> bool:
    """Whether the file may not be written."""
    return getattr(error, "sqlite_errorcode", 0) & 0xFF == sqlite3.SQLITE_READONLY
