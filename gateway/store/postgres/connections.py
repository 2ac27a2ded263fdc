"""Connections to one PostgreSQL database: many for reading, one for writing, none shared by a fork."""

import os
import select
import threading
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from types import TracebackType
from typing import Any

import psycopg
from psycopg.conninfo import conninfo_to_dict
from psycopg.pq import TransactionStatus

from gateway.problems import refuse
from gateway.problems.store import STORE_CLOSED, STORE_LOCKED, STORE_URL
from gateway.store.postgres.faults import refused
from gateway.store.postgres.session import SETTINGS, PostgresSession

LOCKS = "hashtext('fhirgate ' || current_schema())"
"""The class of our advisory locks: number 0 is the write turn, the others are loads."""

# Connections made before a fork belong to the parent: closing them here would end its sessions.
_ABANDONED: list[psycopg.Connection[Any]] = []


class Borrowed:
    """A session for reading, for the length of a block; `steady` gives all its statements one state."""

    __slots__ = ("_connections", "_session", "_steady")

    def __init__(self, connections: "Connections", steady: bool) -> None:
        self._connections = connections
        self._steady = steady

    def __enter__(self) -> PostgresSession:
        with self._connections.watched():
            self._session = self._connections.take()
            if self._steady:
                try:
                    self._session.say("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")
                except BaseException:
                    self._connections.give_back(self._session)
                    raise
        return self._session

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        end(self._session)
        self._connections.give_back(self._session)
        refusal = refused(error, self._connections.server, self._connections.closed)
        if refusal:
            raise refusal from None


class Connections:
    """The connections of this process to one database.

    Args:
        url: `postgresql://…`, as libpq reads it.
        patience: seconds to wait for another writer.
    """

    def __init__(self, url: str, patience: float) -> None:
        self.url = url
        self.server = named(url)
        self.patience = patience
        self._begin()

    def _begin(self) -> None:
        self._pid = os.getpid()
        self._idle: deque[PostgresSession] = deque()
        self._all: list[PostgresSession] = []
        self._writer: PostgresSession | None = None
        self._turn = threading.Lock()
        self.closed = False

    def read(self, steady: bool = False) -> Borrowed:
        """A session for reading."""
        return Borrowed(self, steady)

    def take(self) -> PostgresSession:
        """An idle session, or a new one."""
        if self._pid != os.getpid():
            self._leave_behind()
        with suppress(IndexError):
            while True:
                session = self._idle.pop()
                if not _ended(session):
                    return session
                self._all.remove(session)
        return self.open("SET default_transaction_read_only = on")

    def give_back(self, session: PostgresSession) -> None:
        """Make a session idle again; when the server hung up, those that are idle have ended too."""
        if session.raw.closed:
            self._all.remove(session)
            while self._idle:
                with suppress(IndexError):
                    self._idle.pop().raw.close()
        elif self.closed:
            session.raw.close()
        else:
            self._idle.append(session)

    @contextmanager
    def write(self) -> Iterator[PostgresSession]:
        """The writing session in a transaction: committed at the end of the block, or rolled back.

        The turn is an advisory lock that ends with the transaction: whoever has it writes alone, as with
        SQLite, so that versions, links and numbers need no locks of their own and nothing is tried again.

        Raises:
            Refused: `store.locked` when the turn does not come in time, and what `faults.refused` knows.
        """
        if self._pid != os.getpid():
            self._leave_behind()
        if not self._turn.acquire(timeout=self.patience):
            raise refuse(STORE_LOCKED, file=self.server)
        try:
            with self.watched():
                session = self._writer = self._writing()
                try:
                    session.say(
                        "BEGIN",
                        f"SET LOCAL lock_timeout = {int(self.patience * 1000)}",
                        f"SELECT pg_advisory_xact_lock({LOCKS}, 0)",
                    )
                    with session.raw.pipeline():
                        yield session
                        session.say("COMMIT")
                finally:
                    end(session)
        finally:
            self._turn.release()

    def _writing(self) -> PostgresSession:
        if self._writer is None or _ended(self._writer):
            return self.open()
        return self._writer

    def open(self, *settings: str) -> PostgresSession:
        """A session of its own.

        Raises:
            psycopg.Error: the server does not answer or lets nobody in.
        """
        if self.closed:
            raise refuse(STORE_CLOSED)
        session = connect(self.url)
        session.say(*SETTINGS, *settings)
        self._all.append(session)
        return session

    @contextmanager
    def watched(self) -> Iterator[None]:
        """A block in which what the driver raises becomes a problem of ours."""
        try:
            yield
        except (psycopg.Error, UnicodeEncodeError) as error:
            refusal = refused(error, self.server, self.closed)
            if refusal is None:
                raise
            raise refusal from None

    def _leave_behind(self) -> None:
        _ABANDONED.extend(session.raw for session in self._all)
        self._begin()

    def close(self) -> None:
        """Close every connection; those in use are closed when they are given back."""
        self.closed = True
        with self._turn:
            for session in self._all:
                if session is self._writer or session in self._idle:
                    session.raw.close()
            self._idle.clear()
            self._all.clear()


def connect(url: str) -> PostgresSession:
    """A plain session; its transactions are begun and ended in words."""
    raw: psycopg.Connection[Any] = psycopg.connect(
        url, autocommit=True, connect_timeout=5, client_encoding="utf8", fallback_application_name="fhirgate"
    )
    return PostgresSession(raw)


def named(url: str) -> str:
    """The server and database that a URL means, without what lets one in.

    Raises:
        Refused: `store.not-a-url`.
    """
    try:
        parts = conninfo_to_dict(url)
    except psycopg.ProgrammingError:
        raise refuse(STORE_URL) from None
    host = parts.get("host") or parts.get("hostaddr") or "localhost"
    return f"{host}:{parts.get('port') or 5432}/{parts.get('dbname') or ''}"


def _ended(session: PostgresSession) -> bool:
    """Whether the server ended a session while it was idle: then it has said so, and else it says nothing."""
    if session.raw.closed:
        return True
    said = select.poll()
    said.register(session.raw.pgconn.socket, select.POLLIN)
    if not said.poll(0):
        return False
    session.raw.close()
    return True


def end(session: PostgresSession) -> None:
    """Roll back what is open; a connection that cannot even do that is closed."""
    if session.raw.closed or session.raw.pgconn.transaction_status == TransactionStatus.IDLE:
        return
    try:
        session.say("ROLLBACK")
    except psycopg.Error:
        session.raw.close()
