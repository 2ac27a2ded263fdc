"""What a PostgreSQL server reports when it cannot go on, as problems of ours."""

import psycopg

from gateway.problems import Refused, refuse
from gateway.problems.store import (
    STORE_CLOSED,
    STORE_DAMAGED,
    STORE_DISK,
    STORE_FULL,
    STORE_LOCKED,
    STORE_LONG,
    STORE_NUL,
    STORE_READ_ONLY,
    STORE_TEXT,
    STORE_UNREACHABLE,
)

# Source: https://www.postgresql.org/docs/current/errcodes-appendix.html
_KINDS = {
    "22021": STORE_NUL,
    "25006": STORE_READ_ONLY,
    "42501": STORE_READ_ONLY,
    "53100": STORE_FULL,
    "54000": STORE_LONG,
    "55P03": STORE_LOCKED,
    "58030": STORE_DISK,
    "XX001": STORE_DAMAGED,
    "XX002": STORE_DAMAGED,
}


def refused(error: BaseException | None, server: str, closed: bool = False) -> Refused | None:
    """The refusal that `error` means, or None where it is a mistake of ours and must be seen as one.

    Args:
        error: what the driver raised.
        server: the server and database, without user and password, for the remedy.
        closed: whether the store was closed.
    """
    if isinstance(error, UnicodeEncodeError):
        return refuse(STORE_TEXT)
    if not isinstance(error, psycopg.Error):
        return None
    kind = _KINDS.get(error.sqlstate or "")
    if kind:
        return refuse(kind, file=server)
    if closed:
        return refuse(STORE_CLOSED)
    if isinstance(error, psycopg.OperationalError):
        return refuse(STORE_UNREACHABLE, file=server)
    return None
