"""Reading resources, their versions, and searches."""

import re
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager
from typing import Any, Protocol

from gateway.fhir.query import Query
from gateway.store import search
from gateway.store.about import about
from gateway.store.changes import Telling
from gateway.store.dialect import Dialect, Session
from gateway.store.numbers import Numbers, rec_of
from gateway.store.search import READ_COMPOSED, READ_LOCAL, READ_PUBLIC, ROW, row_of
from gateway.store.several import several
from gateway.store.turns import Turns
from gateway.store.values import ALWAYS, ASK, Era, Held, Key, Page, Past, Row, Version
from gateway.store.view import View
from gateway.store.walks import Walking, walked
from gateway.store.whole import Wanted, stretches, whole

HELD = (
    "SELECT r.local, r.version, r.highest, r.digest, r.state, c.local, r.load FROM resource r"
    " LEFT JOIN record c ON c.rec = (r.rid >> 20) & 2147483647"
)
OF_FEED = " WHERE r.feed = ? AND r.type = ? AND r.local {}"

_ALL = 2**31
_NUMBER = re.compile("[1-9][0-9]{0,8}")


class Lending(Protocol):
    """What reading needs: a connection for the length of a block, and the numbers of names."""

    dialect: Dialect
    numbers: Numbers
    turns: Turns

    def lend(self, steady: bool = False) -> AbstractContextManager[Session]:
        """A connection; `steady` shows one state to all statements of the block."""


class ResourceReads(Lending, Protocol):
    """The part of `base.Reads` that is about resources."""

    def read(self, base: str, type: str, id: str) -> Row | None:
        """See `base.Reads.read`."""
        with self.lend() as connection:
            return _read(connection, self.numbers, base, type, id)

    def vread(self, base: str, type: str, id: str, version: str) -> Version | None:
        """See `base.Reads.vread`."""
        with self.lend(steady=True) as connection:
            row = _read(connection, self.numbers, base, type, id)
            if row is None:
                return None
            if row.feed == ASK:
                return _composed(row) if row.version == version else None
            if not _NUMBER.fullmatch(version):
                return None
            found = self._telling(connection).one(_rid(connection, self.numbers, row), int(version))
        return found if found and _is_shown(base, found) else None

    def history(
        self,
        base: str,
        types: Sequence[str],
        id: str = "",
        *,
        era: Era = ALWAYS,
        limit: int,
        after: Key | None = None,
        total: bool = True,
    ) -> Past | None:
        """See `base.Reads.history`."""
        with self.lend(steady=True) as connection:
            telling = self._telling(connection)
            if not id:
                numbers = [self.numbers.type(connection, type) for type in types]
                feed = self.numbers.feed(connection, base)
                return telling.of_many(feed, numbers, era, limit, after, total)
            row = _read(connection, self.numbers, base, types[0], id)
            if row is None:
                return None
            if row.feed == ASK:
                within = era.since <= row.updated < era.before
                return _page_of([_composed(row)] if within else [], era, limit, after)
            if base != ASK:
                rid = _rid(connection, self.numbers, row)
                return telling.of_one(rid, era, limit, after, total)
            # few, and which of them are shown is known only once they are read
            every = telling.of_one(_rid(connection, self.numbers, row), era, _ALL, None, False).versions
        shown = [each for each in every if _is_shown(base, each)]
        return _page_of(shown, era, limit, after)

    def _telling(self, connection: Session) -> Telling:
        return Telling(connection, self.dialect, self.numbers)

    def held(self, feed: str, keys: Sequence[tuple[str, str]]) -> dict[tuple[str, str], Held]:
        """See `base.Reads.held`."""
        with self.lend(steady=True) as connection:
            found = self._of_feed(connection, HELD, feed, keys)
        return {
            (type, local): Held(version, highest, digest, state == 0, about, load)
            for type, (local, version, highest, digest, state, about, load) in found
        }

    def told(self, feed: str, keys: Sequence[tuple[str, str]]) -> dict[tuple[str, str], Row]:
        """See `base.Reads.told`."""
        with self.lend(steady=True) as connection:
            rows = [
                row_of(connection, self.numbers, row)
                for _, row in self._of_feed(connection, ROW, feed, keys)
                # not in the question: an index that begins with it would lead through the whole feed
                if row[-1] < 2
            ]
        return {(row.type, row.local): row for row in rows}

    def _of_feed(
        self, connection: Session, sql: str, feed: str, keys: Sequence[tuple[str, str]]
    ) -> Iterator[tuple[str, Any]]:
        """What a question gives for some resources of a feed: one question for each type."""
        number = self.numbers.feed(connection, feed)
        locals: dict[str, list[str]] = {}
        for type, local in keys:
            locals.setdefault(type, []).append(local)
        for type, some in locals.items():
            text, bound = self.dialect.any_of(some)
            asked = sql + OF_FEED.format(text)
            args = (number, self.numbers.type(connection, type), bound)
            yield from ((type, row) for row in connection.execute(asked, args).fetchall())

    def search(
        self,
        base: str,
        query: Query,
        *,
        limit: int,
        after: Key | None = None,
        total: bool = True,
        hidden_systems: frozenset[str] = frozenset(),
        marked: bool = False,
    ) -> Page:
        """See `base.Reads.search`."""
        with self.lend(steady=True) as connection:
            view = self.view(connection, base, query.type, tuple(sorted(hidden_systems)))
            return search.answer(view, query, limit=limit, after=after, total=total, marked=marked)

    def search_several(
        self,
        base: str,
        queries: Sequence[Query],
        *,
        limit: int,
        after: Key | None = None,
        total: bool = True,
        hidden_systems: frozenset[str] = frozenset(),
        marked: bool = False,
    ) -> Page:
        """See `base.Reads.search_several`."""
        with self.lend(steady=True) as connection:
            hidden = tuple(sorted(hidden_systems))
            asked = [(self.view(connection, base, each.type, hidden), each) for each in queries]
            return several(asked, limit=limit, after=after, total=total, marked=marked)

    def about(
        self,
        child: str,
        type: str,
        param: str,
        *,
        limit: int,
        after: Key | None = None,
        total: bool = True,
        marked: bool = False,
    ) -> Page:
        """See `base.Reads.about`."""
        with self.lend(steady=True) as connection:
            view = self.view(connection, ASK, type)
            return about(view, child, param, limit=limit, after=after, total=total, marked=marked)

    def walked(
        self,
        base: str,
        query: Query,
        walking: Walking,
        *,
        limit: int,
        after: Key | None = None,
        total: bool = True,
        hidden_systems: frozenset[str] = frozenset(),
        about: tuple[str, str] | None = None,
    ) -> Page:
        """See `base.Reads.walked`."""
        hidden = tuple(sorted(hidden_systems))
        with self.lend(steady=True) as connection:
            asked = [
                (self.view(connection, base, each.type, hidden), each) for each in query.each or (query,)
            ]
            return walked(asked, walking, limit=limit, after=after, total=total, about=about)

    def whole(
        self, base: str, id: str, wanted: Wanted, *, limit: int, after: int = 0, total: bool = True
    ) -> Page:
        """See `base.Reads.whole`."""
        with self.lend(steady=True) as connection:
            view = self.view(connection, base, "Patient")
            where = stretches(view, id if base != ASK else "", id)
            return whole(view, where, wanted, limit=limit, after=after, total=total)

    def view(self, connection: Session, base: str, type: str, hidden: tuple[str, ...] = ()) -> View:
        """A base and type as SQL needs them."""
        feed = None if base == ASK else self.numbers.feed(connection, base)
        return View(connection, self.dialect, self.numbers, feed, type, hidden)


def _read(connection: Session, numbers: Numbers, base: str, type: str, id: str) -> Row | None:
    kind = numbers.type(connection, type)
    if base != ASK:
        found = connection.execute(READ_LOCAL, (numbers.feed(connection, base), kind, id)).fetchone()
    else:
        statement = READ_COMPOSED if type == "Patient" else READ_PUBLIC
        found = connection.execute(statement, (kind, id)).fetchone()
    return row_of(connection, numbers, found) if found else None


def _rid(connection: Session, numbers: Numbers, row: Row) -> int:
    asked = (numbers.feed(connection, row.feed), numbers.type(connection, row.type), row.local)
    (rid,) = connection.execute(
        "SELECT rid FROM resource WHERE feed = ? AND type = ? AND local = ?", asked
    ).fetchone()
    assert rec_of(rid) == row.rec
    return int(rid)


def _is_shown(base: str, version: Version) -> bool:
    """Whether a base shows a version: `ASK` only where the record it was about is linked to a child now."""
    return base != ASK or bool(version.row.child)


def _composed(row: Row) -> Version:
    """The one version of a child's Patient that there is: it is made anew, and no earlier one is kept."""
    return Version(row._replace(key=(row.updated, 0, 0)), "PUT", None, "", "", True)


def _page_of(versions: list[Version], era: Era, limit: int, after: Key | None) -> Past:
    """A page of all the versions of one resource."""
    behind = versions
    if after is not None:
        last = int(after[-1])
        behind = [
            each
            for each in versions
            if (int(each.row.key[-1]) > last if era.oldest_first else int(each.row.key[-1]) < last)
        ]
    return Past(behind[:limit], len(behind) > limit, len(versions))
