"""The index made anew while everything goes on: batch by batch, from a place that is kept in the database.

Versions come first, so that whoever falls back to one finds it with its new rows; then the resources; then
the versions that came meanwhile, of resources that were not indexed anew yet. An undo goes back to the start.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple, Protocol

import msgspec

from gateway.fhir.query import Entry
from gateway.store import entries
from gateway.store.dialect import Dialect, Session
from gateway.store.numbers import FEED_BITS, Numbers

PLACE = "reindex"
"""The row of `indexed` that says how far it went."""

_RESOURCES = """
SELECT r.rid, t.name, r.body, r.told, r.type FROM resource r JOIN type t USING (type)
WHERE r.rid > ? AND r.state = 0 ORDER BY r.rid LIMIT ?
"""
_VERSIONS = """
SELECT v.number, t.name, v.body, v.told, r.type
FROM version v JOIN resource r ON r.rid = v.rid JOIN type t ON t.type = r.type
WHERE v.number > ? AND v.stands = 1 AND v.state = 0 ORDER BY v.number LIMIT ?
"""
_NOTE = "INSERT INTO indexed (what, how) VALUES (?, ?) ON CONFLICT (what) DO UPDATE SET how = excluded.how"


class Stale(NamedTuple):
    """A text whose index rows may be old.

    Attributes:
        key: the rid of a resource, or the number of a version.
        composed: it is a child's own Patient; `body` is its full text then.
        number: of its type.
    """

    key: int
    type: str
    body: bytes
    told: bytes
    number: int
    version: bool
    composed: bool


class Renewing(Protocol):
    """The part of `base.Work` that is about an index that is made anew."""

    def stale(self, after: int, limit: int, *, versions: bool) -> list[Stale]:
        """The next texts behind a key that may have old index rows: of resources, or of kept versions."""

    def renew(self, found: Iterable[tuple[Stale, Sequence[Entry]]]) -> None:
        """Give each of `stale` its rows anew."""

    def note_indexed(self, said: Mapping[str, str | None]) -> None:
        """Say in which form the index is; None for what is no longer indexed."""


def stale(session: Session, after: int, limit: int, *, versions: bool) -> list[Stale]:
    """The next resources, or versions that a resource can fall back to, behind a key."""
    rows = session.execute(_VERSIONS if versions else _RESOURCES, (after, limit)).fetchall()
    return [
        Stale(key, type, body, told, number, versions, not versions and key < 1 << FEED_BITS)
        for key, type, body, told, number in rows
    ]


def renew(
    dialect: Dialect, session: Session, numbers: Numbers, found: Iterable[tuple[Stale, Sequence[Entry]]]
) -> None:
    """Give each its rows; what is right already is not touched."""
    missing = entries.no_rows()
    for each, values in found:
        wanted = entries.no_rows()
        entries.spread(session, numbers, each.number, each.key, values, wanted)
        if each.version:
            _repack(session, each.key, wanted)
            continue
        for table, rows in entries.rows_of(dialect, session, each.key).items():
            new = set(wanted[table])
            if not new.issuperset(rows):
                entries.clear(dialect, session, table, each.key)
                rows = set()
            missing[table] += new.difference(rows)
    entries.insert(dialect, session, missing)


def _repack(session: Session, number: int, wanted: Mapping[str, list[tuple[object, ...]]]) -> None:
    rows = {table: [row[:-1] for row in dict.fromkeys(some)] for table, some in wanted.items() if some}
    pack = msgspec.msgpack.encode(rows)
    session.execute("UPDATE version SET entries = ? WHERE number = ?", (pack, number))


def note(session: Session, said: Mapping[str, str | None]) -> None:
    """Say what is indexed how; None takes a row away."""
    for what, how in said.items():
        if how is None:
            session.execute("DELETE FROM indexed WHERE what = ?", (what,))
        else:
            session.execute(_NOTE, (what, how))


def begin_again(session: Session) -> None:
    """Let one that is under way start anew: older versions stand again."""
    session.execute("UPDATE indexed SET how = '' WHERE what = ?", (PLACE,))
