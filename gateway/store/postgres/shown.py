"""What the pages of walks showed, in a table of the server that it may lose: see `gateway.store.shown`."""

import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import psycopg

from gateway.problems import Refused
from gateway.store.postgres.connections import Connections
from gateway.store.postgres.session import PostgresSession

TROUBLES: tuple[type[Exception], ...] = (psycopg.Error, Refused)
"""What is raised where the server does not answer, or takes nothing more."""

# What is lost when the server falls over is only what lies in this table.
_SETTINGS = ("SET synchronous_commit = off", "SET lock_timeout = 250", "SET statement_timeout = 5000")


class OnServer:
    """Lends a session of its own.

    Args:
        connections: those of the store.
    """

    def __init__(self, connections: Connections) -> None:
        self._connections = connections
        self._begin()

    def _begin(self) -> None:
        self._pid = os.getpid()
        self._turn = threading.Lock()
        self._session: PostgresSession | None = None

    @contextmanager
    def lend(self) -> Iterator[PostgresSession]:
        """The session of this process."""
        if self._pid != os.getpid():
            # the parent's session stays the parent's
            self._begin()
        with self._turn:
            if self._session is None or self._session.raw.closed:
                self._session = self._connections.open(*_SETTINGS)
            yield self._session

    def close(self) -> None:
        """Close it."""
        with self._turn:
            if self._session is not None:
                self._session.raw.close()
            self._session = None
