"""Writing versions of resources."""

from collections.abc import Iterable, Sequence
from typing import Any

from gateway.problems import refuse
from gateway.problems.store import STORE_ROOM, STORE_VERSION
from gateway.store import entries
from gateway.store.dialect import Dialect, Session
from gateway.store.numbers import REC_MOST, SEQ_MOST, Numbers, rec_of, rid_of
from gateway.store.order import NO_TIME
from gateway.store.values import Delete, Put

_KNOWN = "SELECT rid, highest, state FROM resource WHERE feed = ? AND type = ? AND local = ?"
_KNOWN_OF = "SELECT local, rid, highest, state FROM resource WHERE feed = ? AND type = ? AND local {}"
_COLUMNS = (
    *("rid", "type", "state", "time", "updated", "version", "highest", "load", "local", "public", "digest"),
    *("method", "place", "rule", "told", "body"),
)
_UPDATE = """
UPDATE resource SET rid = ?, state = ?, time = ?, updated = ?, version = ?, highest = ?, load = ?, public = ?,
    digest = ?, method = ?, place = ?, rule = ?, told = ?, body = ?
WHERE rid = ?
"""
_TOMBSTONE = """
UPDATE resource SET state = 1, method = 'DELETE', rule = '', time = ?, updated = ?, version = ?, highest = ?,
    load = ?, place = ?, digest = ?, told = ?, body = ?
WHERE rid = ?
"""
_KEEP = """
INSERT INTO version (rid, version, stands, type, state, home, time, updated, load, digest, method, place,
    rule, told, body, entries)
SELECT rid, version, ?, type, state, rid, time, updated, load, digest, method, place, rule, told, body, ?
FROM resource WHERE rid = ?
"""
_REC = "SELECT rec, seq FROM record WHERE feed = ? AND local = ?"
_NEW_REC = "INSERT INTO record (feed, local) VALUES (?, ?) RETURNING rec"


class Writing:
    """The writes of one unit of work that are about resources; batches are gathered and written together."""

    def __init__(self, dialect: Dialect, connection: Session, numbers: Numbers) -> None:
        self._dialect = dialect
        self._connection = connection
        self._numbers = numbers
        self._recs: dict[tuple[int, str | None], int] = {}
        self._seqs: dict[int, int] = {}
        self._longer: set[int] = set()
        self._fresh: dict[tuple[int, int, str], tuple[Any, ...]] = {}
        self._rows = entries.no_rows()

    def put(self, puts: Sequence[Put]) -> None:
        """See `base.Work.put`."""
        connection, numbers = self._connection, self._numbers
        keys = [
            (numbers.feed(connection, each.feed, True), numbers.type(connection, each.type, True), each.local)
            for each in puts
        ]
        kept = self._kept(keys)
        abouts: dict[int, list[str]] = {}
        for (feed, _, _), each in zip(keys, puts, strict=True):
            if each.about is not None:
                abouts.setdefault(feed, []).append(each.about)
        for feed, locals in abouts.items():
            self.recs(feed, locals)
        for key, each in zip(keys, puts, strict=True):
            feed, type, _ = key
            if key in self._fresh:
                self._flush()
            known = kept.get(key)
            if each.version != (known[1] if known else 0) + 1:
                raise refuse(STORE_VERSION)
            rec = self._rec(feed, each.about)
            time = NO_TIME if each.time is None else each.time
            if known is None:
                rid = self._new_rid(feed, rec, each)
                self._fresh[key] = (
                    *(rid, type, 0, time, each.updated, each.version, each.version, each.load, each.local),
                    *(each.public, each.digest, each.method, each.place, each.rule, each.told, each.body),
                )
            else:
                rid = self._supersede(known, feed, rec, each)
            kept[key] = (rid, each.version, 0)
            entries.spread(connection, numbers, type, rid, each.entries, self._rows)
        self._flush()

    def delete(self, deletes: Sequence[Delete]) -> None:
        """See `base.Work.delete`."""
        connection, numbers = self._connection, self._numbers
        for each in deletes:
            key = (numbers.feed(connection, each.feed), numbers.type(connection, each.type), each.local)
            known = connection.execute(_KNOWN, key).fetchone()
            if known is None or known[2] or each.version != known[1] + 1:
                raise refuse(STORE_VERSION)
            rid = known[0]
            self.keep(rid, stands=True)
            values = (NO_TIME, each.updated, each.version, each.version, each.load, each.place)
            connection.execute(_TOMBSTONE, (*values, b"", b"", b"", rid))

    def _kept(self, keys: Sequence[tuple[int, int, str]]) -> dict[tuple[int, int, str], tuple[int, int, int]]:
        """Rid, highest version and state of each resource that was there before."""
        by_type: dict[tuple[int, int], list[str]] = {}
        for feed, type, local in keys:
            by_type.setdefault((feed, type), []).append(local)
        found = {}
        for (feed, type), locals in by_type.items():
            text, bound = self._dialect.any_of(locals)
            asked = _KNOWN_OF.format(text)
            for local, *known in self._connection.execute(asked, (feed, type, bound)).fetchall():
                found[feed, type, local] = (known[0], known[1], known[2])
        return found

    def recs(self, feed: int, locals: Iterable[str]) -> dict[str, int]:
        """The records of a feed's Patients, made where they are new."""
        every = list(dict.fromkeys(locals))
        new = [local for local in every if (feed, local) not in self._recs]
        for local, rows in self._each(_REC, feed, new):
            if rows:
                rec, self._seqs[rec] = rows[0]
                self._recs[feed, local] = rec
        for local, rows in self._each(
            _NEW_REC, feed, [each for each in new if (feed, each) not in self._recs]
        ):
            rec = self._recs[feed, local] = _in_range(rows[0][0])
            self._seqs[rec] = 0
        return {local: self._recs[feed, local] for local in every}

    def _each(self, sql: str, feed: int, locals: Sequence[str]) -> Iterable[tuple[str, list[Any]]]:
        answers = self._dialect.each(self._connection, sql, [(feed, local) for local in locals])
        return zip(locals, answers, strict=True)

    def _rec(self, feed: int, local: str | None) -> int:
        """The record that holds what is about a Patient; None: what is about none."""
        if local is not None:
            return self._recs[feed, local]
        rec = self._recs.get((feed, None))
        if rec is None:
            asked = "SELECT max(rec) FROM record WHERE feed = ? AND local IS NULL"
            (found,) = self._connection.execute(asked, (feed,)).fetchone()
            rec = self._recs[feed, None] = found or self._new_rec(feed, None)
        return rec

    def keep(self, rid: int, stands: bool) -> None:
        """Move the current version to the versions, and its index rows out of the way."""
        pack = entries.packed(self._dialect, self._connection, rid) if stands else b""
        self._connection.execute(_KEEP, (int(stands), pack, rid))
        entries.remove(self._dialect, self._connection, (rid,))

    def move(self, old: int, new: int) -> None:
        """Take a resource's versions along to another record."""
        if old != new:
            self._connection.execute("UPDATE version SET rid = ? WHERE rid = ?", (new, old))

    def _supersede(self, known: tuple[int, int, int], feed: int, rec: int, each: Put) -> int:
        old, _, state = known
        if state < 2:
            self.keep(old, stands=True)
        rid = old if rec_of(old) == rec else self._new_rid(feed, rec, each)
        time = NO_TIME if each.time is None else each.time
        values = (rid, 0, time, each.updated, each.version, each.version, each.load, each.public, each.digest)
        text = (each.method, each.place, each.rule, each.told, each.body, old)
        self._connection.execute(_UPDATE, (*values, *text))
        self.move(old, rid)
        return rid

    def _new_rec(self, feed: int, local: str | None) -> int:
        ((rec,),) = self._connection.execute(_NEW_REC, (feed, local)).fetchall()
        return _in_range(rec)

    def _new_rid(self, feed: int, rec: int, each: Put) -> int:
        if each.type == "Patient" and each.about == each.local:
            return rid_of(feed, rec, 0)
        seq = self._seqs.get(rec)
        if seq is None:
            asked = "SELECT seq FROM record WHERE rec = ?"
            (seq,) = self._connection.execute(asked, (rec,)).fetchone()
        if seq >= SEQ_MOST:
            if each.about is not None:
                raise refuse(STORE_ROOM, what="resource about one Patient")
            rec = self._recs[feed, None] = self._new_rec(feed, None)
            seq = 0
        self._seqs[rec] = seq + 1
        self._longer.add(rec)
        return rid_of(feed, rec, seq + 1)

    def _flush(self) -> None:
        if self._fresh:
            self._dialect.fill(self._connection, "resource", _COLUMNS, list(self._fresh.values()))
        self._fresh.clear()
        entries.insert(self._dialect, self._connection, self._rows)
        self._connection.executemany(
            "UPDATE record SET seq = ? WHERE rec = ?", [(self._seqs[rec], rec) for rec in self._longer]
        )
        self._longer.clear()

    def reindex(self, packs: Iterable[tuple[bytes, int]]) -> None:
        """Write packed index rows back, each under a rid."""
        for pack, rid in packs:
            entries.unpack(pack, rid, self._rows)
        entries.insert(self._dialect, self._connection, self._rows)


def _in_range(rec: int) -> int:
    if rec > REC_MOST:
        raise refuse(STORE_ROOM, what="record")
    return int(rec)
