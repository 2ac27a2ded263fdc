"""Which loads are being run: an advisory lock of a session that the server ends with its process."""

import os
import threading
from typing import Any

import psycopg

from gateway.store.postgres.connections import LOCKS, Connections
from gateway.store.postgres.session import PostgresSession

_TAKEN = f"""
SELECT 1 FROM pg_locks
WHERE locktype = 'advisory' AND objsubid = 2 AND granted AND objid::bigint = ?
AND classid::bigint = {LOCKS}::bigint & 4294967295
AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
"""

# The server needs a moment to see that a process was killed: who takes up its load must not be refused.
_MOMENT = "SET lock_timeout = 500"


class ServerTurns:
    """See `turns.Turns`."""

    def __init__(self, connections: Connections) -> None:
        self._connections = connections
        self._begin()

    def _begin(self) -> None:
        self._pid = os.getpid()
        self._one = threading.Lock()
        self._held: set[int] = set()
        self._session: PostgresSession | None = None

    def take(self, load: int) -> bool:
        """See `turns.Turns.take`."""
        with self._own(), self._connections.watched():
            if load in self._held:
                return False
            try:
                self._ask(f"SELECT pg_advisory_lock({LOCKS}, ?::integer)", load)
            except psycopg.errors.LockNotAvailable:
                return False
            self._held.add(load)
            return True

    def taken(self, load: int) -> bool:
        """See `turns.Turns.taken`."""
        with self._own(), self._connections.watched():
            return load in self._held or self._ask(_TAKEN, load) is not None

    def leave(self, load: int) -> None:
        """See `turns.Turns.leave`."""
        with self._own(), self._connections.watched():
            if load in self._held:
                self._held.discard(load)
                self._ask(f"SELECT pg_advisory_unlock({LOCKS}, ?::integer)", load)

    def leave_all(self) -> None:
        """See `turns.Turns.leave_all`."""
        with self._own():
            self._held.clear()
            if self._session is not None:
                self._session.raw.close()
            self._session = None

    def _own(self) -> threading.Lock:
        if self._pid != os.getpid():
            # the parent's session, and so its locks, stay the parent's
            self._begin()
        return self._one

    def _ask(self, sql: str, load: int) -> Any:
        if self._session is None or self._session.raw.closed:
            # with a session that ended, its locks ended too
            self._held.clear()
            self._session = self._connections.open(_MOMENT)
        return self._session.execute(sql, (load,)).fetchone()
