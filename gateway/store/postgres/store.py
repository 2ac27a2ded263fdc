"""The store on a server: one PostgreSQL database, many readers, one writer at a time."""

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager

from gateway.store.accounts import AccountReads, begin_load
from gateway.store.dialect import Session
from gateway.store.following import FollowingReads
from gateway.store.numbers import Numbers
from gateway.store.people import PeopleReads
from gateway.store.postgres.connections import Connections, connect, end
from gateway.store.postgres.schema import prepare
from gateway.store.postgres.session import POSTGRES
from gateway.store.postgres.shown import TROUBLES, OnServer
from gateway.store.postgres.turns import ServerTurns
from gateway.store.resources import ResourceReads
from gateway.store.shown import Shown
from gateway.store.values import Load, LoadStart
from gateway.store.work import OpenWork


class PostgresStore(ResourceReads, FollowingReads, PeopleReads, AccountReads):
    """See `base.Store`.

    Args:
        url: `postgresql://user:password@host:port/database`, as libpq reads it; the tables are in the
            first schema of its search path, and are made or brought up to date when the store is opened.
        patience: seconds to wait for another writer.

    Raises:
        Refused: the codes of `problems.store`.
    """

    def __init__(self, url: str, *, patience: float = 10.0) -> None:
        self.dialect = POSTGRES
        self.numbers = Numbers()
        self._connections = Connections(url, patience)
        self.turns = ServerTurns(self._connections)
        self._shown = OnServer(self._connections)
        self.shown = Shown(self._shown.lend, TROUBLES)
        self._writing_numbers = Numbers()
        with self._connections.watched():
            session = connect(url)
            try:
                prepare(session, self._connections.server, patience)
            finally:
                end(session)
                session.raw.close()

    def lend(self, steady: bool = False) -> AbstractContextManager[Session]:
        """A connection for reading."""
        return self._connections.read(steady)

    def pulse(self) -> None:
        """See `base.Store.pulse`: a server elsewhere is asked more cheaply for the answer itself."""

    @contextmanager
    def write(self) -> Iterator[OpenWork]:
        """See `base.Store.write`."""
        with self._connections.write() as session:
            # taken away while it is its turn, and put back only once they are committed: whoever comes
            # next must never meet numbers that were rolled back
            numbers, self._writing_numbers = self._writing_numbers, Numbers()
            yield OpenWork(POSTGRES, session, numbers, self.turns)
        self._writing_numbers = numbers

    def start_load(self, start: LoadStart) -> Load:
        """See `base.Store.start_load`."""
        with self._connections.write() as session:
            return begin_load(session, self.turns, start)

    def leave_load(self, number: int) -> None:
        """See `base.Store.leave_load`."""
        self.turns.leave(number)

    def close(self) -> None:
        """See `base.Store.close`."""
        self.turns.leave_all()
        self._shown.close()
        self._connections.close()
