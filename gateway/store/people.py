"""Reading records, children, links, reviews and person keys."""

from collections.abc import Callable, Iterable, Sequence
from typing import Any, Protocol

from gateway.store.dialect import Dialect, Session
from gateway.store.numbers import FEED_BITS, REC_BITS, rec_of
from gateway.store.resources import Lending
from gateway.store.search import ROW, row_of
from gateway.store.values import Candidates, Child, LifeEvent, Link, Record, Review, Row

_RECORD = "SELECT c.rec, f.name, c.local, c.child, c.sealed FROM record c JOIN feed f USING (feed)"
_TOLD_BY = "SELECT r.rid, COALESCE(l.mapping, '') FROM resource r LEFT JOIN load l ON l.load = r.load"
# the Patient of a record is always the first of its resources
_LINKED = f"""
SELECT c.rec, f.name, c.local, c.child, c.sealed, r.rule FROM record c JOIN feed f USING (feed)
JOIN resource r ON r.rid = (c.feed << {FEED_BITS}) | (c.rec << {REC_BITS})
WHERE c.rec > ? AND c.child IS NOT NULL ORDER BY c.rec LIMIT ?
"""
_CHILD = f"""
SELECT k.child, k.id, k.cci, k.state, k.founder, k.load, r.rid IS NOT NULL
FROM child k LEFT JOIN resource r ON r.rid = k.child << {REC_BITS}
"""
# the Patient of a record is always the first of its resources
_RIDS = f"SELECT (o.feed << {FEED_BITS}) | (o.rec << {REC_BITS}) FROM record o WHERE o.rec"
_DIGEST = "SELECT r.rid, r.digest, r.state FROM resource r"
_LINK = "SELECT rec, child, what, reason, sentence, author, at, load, link, stands FROM link"
_LIFE = "SELECT what, child, other, reason, author, at, second, load, life, stands FROM life"
_REVIEW = "SELECT rec, reason, sentence, at, child, other, evidence, load, state, review FROM review"
_UNSEALED = """
state NOT LIKE 'sealed-%'
AND NOT EXISTS (SELECT 1 FROM record s WHERE s.rec IN (review.rec, review.other) AND s.sealed IS NOT NULL)
AND NOT EXISTS (SELECT 1 FROM child k WHERE k.child = review.child AND k.state = 'sealed')
"""

SEALED = "sealed"
DECIDED = "decided"
"""Stands for every state of an entry that persons brought it to."""


def reviews_sql(
    *, state: str, rec: int | None, child: int | None, number: int | None, load: int | None
) -> tuple[str, list[Any]]:
    """The question for entries, by what is given."""
    where, values = ["stands = 1"], list[Any]()
    if number is not None:
        where.append("review = ?")
        values.append(number)
    if load is not None:
        where.append("load = ?")
        values.append(load)
    if state:
        # many are open and few name a record or a child: their indexes lead, not that of the states
        where.append("state = ?" if rec is None and child is None else "state || '' = ?")
        values.append(state)
    if not state.startswith("sealed-"):
        # what is about a sealed child is nobody's to see, also where it was decided before
        where.append(_UNSEALED)
    if rec is not None:
        where.append("(rec = ? OR other = ?)")
        values += [rec, rec]
    if child is not None:
        where.append("(child = ? OR rec IN (SELECT c.rec FROM record c WHERE c.child = ?))")
        values += [child, child]
    return f"{_REVIEW} WHERE {' AND '.join(where)} ORDER BY review", values


class PeopleReads(Lending, Protocol):
    """The part of `base.Reads` that is about records and children."""

    def records(self, recs: Sequence[int]) -> dict[int, Record]:
        """See `base.Reads.records`."""
        with self.lend(steady=True) as connection:
            rows = {row[0]: row for row in _picked(self.dialect, connection, _RECORD, "c.rec", recs)}
        return {rec: _record(rows[rec]) for rec in recs if rec in rows}

    def record(self, feed: str, local: str) -> Record | None:
        """See `base.Reads.record`."""
        with self.lend() as connection:
            asked = (self.numbers.feed(connection, feed), local)
            row = connection.execute(f"{_RECORD} WHERE c.feed = ? AND c.local = ?", asked).fetchone()
        return _record(row) if row else None

    def linked(self, after: int, limit: int) -> list[tuple[Record, str]]:
        """See `base.Reads.linked`."""
        with self.lend() as connection:
            rows = connection.execute(_LINKED, (after, limit)).fetchall()
        return [(_record(row[:-1]), row[-1]) for row in rows]

    def recs_after(self, after: int, limit: int) -> list[int]:
        """See `base.Reads.recs_after`."""
        asked = "SELECT rec FROM record WHERE rec > ? AND local IS NOT NULL ORDER BY rec LIMIT ?"
        with self.lend() as connection:
            return [rec for (rec,) in connection.execute(asked, (after, limit)).fetchall()]

    def patients(self, recs: Sequence[int]) -> dict[int, Row]:
        """See `base.Reads.patients`."""
        with self.lend(steady=True) as connection:
            return self._patients(connection, recs)

    def patients_but(
        self, recs: Sequence[int], known: Callable[[int, bytes], bool]
    ) -> tuple[dict[int, bytes], dict[int, Row]]:
        """See `base.Reads.patients_but`."""
        with self.lend(steady=True) as connection:
            rows = _of_patients(self.dialect, connection, _DIGEST, recs)
            digests = {rec_of(rid): bytes(digest) for rid, digest, state in rows if state == 0}
            new = [rec for rec, digest in digests.items() if not known(rec, digest)]
            return digests, self._patients(connection, new)

    def _patients(self, connection: Session, recs: Sequence[int]) -> dict[int, Row]:
        found = _of_patients(self.dialect, connection, ROW, recs)
        rows = {rec_of(row[0]): row for row in found if row[-1] == 0}
        return {rec: row_of(connection, self.numbers, rows[rec]) for rec in recs if rec in rows}

    def told_by(self, recs: Sequence[int]) -> dict[int, str]:
        """See `base.Reads.told_by`."""
        with self.lend() as connection:
            found = _of_patients(self.dialect, connection, _TOLD_BY, recs)
        return {rec_of(rid): mapping for rid, mapping in found}

    def fellows(self, recs: Sequence[int]) -> list[Record]:
        """See `base.Reads.fellows`."""
        if not recs:
            return []
        text, bound = self.dialect.any_of(recs)
        with self.lend() as connection:
            rows = connection.execute(fellows_sql(self.dialect, text), (bound,)).fetchall()
        return sorted(map(_record, rows), key=lambda record: (record.child, record.rec))

    def records_of(self, children: Sequence[int]) -> dict[int, tuple[Record, ...]]:
        """See `base.Reads.records_of`."""
        with self.lend(steady=True) as connection:
            rows = _picked(self.dialect, connection, _RECORD, "c.child", children)
        found = dict[int, list[Record]]()
        for row in sorted(rows):
            found.setdefault(row[3], []).append(_record(row))
        return {child: tuple(found[child]) for child in children if child in found}

    def children(self, numbers: Sequence[int]) -> dict[int, Child]:
        """See `base.Reads.children`."""
        with self.lend(steady=True) as connection:
            rows = {row[0]: row for row in _picked(self.dialect, connection, _CHILD, "k.child", numbers)}
        return {number: _child(rows[number]) for number in numbers if number in rows}

    def child(self, *, id: str = "", cci: str = "", sealed: bool = False) -> Child | None:
        """See `base.Reads.child`."""
        where, value = ("id", id) if id else ("cci", cci)
        with self.lend() as connection:
            row = connection.execute(f"{_CHILD} WHERE k.{where} = ?", (value,)).fetchone()
        child = _child(row) if row else None
        return None if child is None or (child.state == SEALED and not sealed) else child

    def child_founded_by(self, rec: int) -> Child | None:
        """See `base.Reads.child_founded_by`."""
        with self.lend() as connection:
            row = connection.execute(
                f"{_CHILD} WHERE k.founder = ? ORDER BY k.child DESC LIMIT 1", (rec,)
            ).fetchone()
        return _child(row) if row else None

    def links(self, *, rec: int | None = None, child: int | None = None) -> list[Link]:
        """See `base.Reads.links`."""
        where, value = ("rec", rec) if rec is not None else ("child", child)
        with self.lend() as connection:
            rows = connection.execute(f"{_LINK} WHERE {where} = ? ORDER BY link", (value,)).fetchall()
        return [Link(*row) for row in rows]

    def links_of(self, recs: Sequence[int]) -> dict[int, tuple[Link, ...]]:
        """See `base.Reads.links_of`."""
        with self.lend(steady=True) as connection:
            asked = f"{_LINK} WHERE rec = ? ORDER BY link"
            read = self.dialect.each(connection, asked, [(rec,) for rec in recs])
            return {rec: tuple(Link(*row) for row in rows) for rec, rows in zip(recs, read, strict=True)}

    def life(self, *, child: int | None = None, number: int | None = None, what: str = "") -> list[LifeEvent]:
        """See `base.Reads.life`."""
        where, values = ["TRUE"], list[Any]()
        if child is not None:
            where.append("(child = ? OR other = ?)")
            values += [child, child]
        if number is not None:
            where.append("life = ?")
            values.append(number)
        if what:
            where.append("what = ?")
            values.append(what)
        with self.lend() as connection:
            asked = f"{_LIFE} WHERE {' AND '.join(where)} ORDER BY life"
            rows = connection.execute(asked, values).fetchall()
        return [LifeEvent(*row) for row in rows]

    def merges(self, children: Sequence[int]) -> dict[int, tuple[LifeEvent, ...]]:
        """See `base.Reads.merges`."""
        found = {}
        with self.lend(steady=True) as connection:
            asked = f"{_LIFE} WHERE (child = ? OR other = ?) AND what = 'merged' AND stands = 1 ORDER BY life"
            read = self.dialect.each(connection, asked, [(child, child) for child in children])
            for child, rows in zip(children, read, strict=True):
                if rows:
                    found[child] = tuple(LifeEvent(*row) for row in rows)
        return found

    def withheld(self, children: Sequence[int]) -> set[int]:
        """See `base.Reads.withheld`."""
        asked = "SELECT child FROM life WHERE child = ? AND what = 'withheld' AND stands = 1 LIMIT 1"
        with self.lend(steady=True) as connection:
            read = self.dialect.each(connection, asked, [(child,) for child in children])
            return {child for rows in read for (child,) in rows}

    def sealed_records(self, children: Sequence[int]) -> dict[int, tuple[Record, ...]]:
        """See `base.Reads.sealed_records`."""
        found = {}
        with self.lend(steady=True) as connection:
            asked = f"{_RECORD} WHERE c.sealed = ? ORDER BY c.rec"
            read = self.dialect.each(connection, asked, [(child,) for child in children])
            for child, rows in zip(children, read, strict=True):
                if rows:
                    found[child] = tuple(_record(row) for row in rows)
        return found

    def reviews(
        self,
        *,
        state: str = "open",
        rec: int | None = None,
        child: int | None = None,
        number: int | None = None,
        load: int | None = None,
    ) -> list[Review]:
        """See `base.Reads.reviews`."""
        asked, values = reviews_sql(state=state, rec=rec, child=child, number=number, load=load)
        with self.lend() as connection:
            rows = connection.execute(asked, values).fetchall()
        return [Review(*row) for row in rows]

    def reviews_of(self, children: Sequence[int]) -> dict[int, tuple[Review, ...]]:
        """See `base.Reads.reviews_of`."""
        found = {}
        own = "rec IN (SELECT c.rec FROM record c WHERE c.child = ?)"
        asked = f"{_REVIEW} WHERE stands = 1 AND {_UNSEALED} AND {own} ORDER BY review"
        with self.lend(steady=True) as connection:
            read = self.dialect.each(connection, asked, [(child,) for child in children])
            for child, rows in zip(children, read, strict=True):
                if rows:
                    found[child] = tuple(Review(*row) for row in rows)
        return found

    def reviews_before(self, number: int, limit: int, *, state: str = "") -> list[Review]:
        """See `base.Reads.reviews_before`."""
        where, values = f"stands = 1 AND {_UNSEALED} AND review < ?", list[Any]([number])
        if state == DECIDED:
            where += " AND state NOT IN ('open', 'withdrawn')"
        elif state:
            where += " AND state = ?"
            values.append(state)
        values.append(limit)
        with self.lend() as connection:
            rows = connection.execute(f"{_REVIEW} WHERE {where} ORDER BY review DESC LIMIT ?", values)
            return [Review(*row) for row in rows.fetchall()]

    def candidates(self, keys: Iterable[bytes], cap: int) -> Candidates:
        """See `base.Reads.candidates`."""
        found, overfull = dict[bytes, tuple[int, ...]](), set[bytes]()
        asked = "SELECT rec FROM person_key WHERE key = ? ORDER BY rec LIMIT ?"
        every = list(keys)
        with self.lend(steady=True) as connection:
            read = self.dialect.each(connection, asked, [(key, cap + 1) for key in every])
            for key, rows in zip(every, read, strict=True):
                recs = tuple(rec for (rec,) in rows)
                if len(recs) > cap:
                    overfull.add(key)
                elif recs:
                    found[key] = recs
        return Candidates(found, frozenset(overfull))


def _picked(
    dialect: Dialect, connection: Session, sql: str, column: str, values: Sequence[int]
) -> list[tuple[Any, ...]]:
    """What a question gives for any of some numbers, all at once and in no order."""
    if not values:
        return []
    text, bound = dialect.any_of(values)
    return connection.execute(f"{sql} WHERE {column} {text}", (bound,)).fetchall()


def _of_patients(
    dialect: Dialect, connection: Session, sql: str, recs: Sequence[int]
) -> list[tuple[Any, ...]]:
    """What a question gives for the Patients of some records, in whatever state."""
    if not recs:
        return []
    text, bound = dialect.any_of(recs)
    return connection.execute(patients_sql(dialect, sql, text), (bound,)).fetchall()


def patients_sql(dialect: Dialect, sql: str, text: str) -> str:
    """A question about resources `r`, for the Patients of the records for which a condition holds."""
    return f"{sql} WHERE r.rid {dialect.within.format(f'{_RIDS} {text}')}"


def fellows_sql(dialect: Dialect, text: str) -> str:
    """The question for the records of the children of those records for which a condition holds."""
    own = f"SELECT o.child FROM record o WHERE o.rec {text} AND o.child IS NOT NULL"
    return f"{_RECORD} WHERE c.child {dialect.within.format(own)}"


def _record(row: tuple[Any, ...]) -> Record:
    rec, feed, local, child, sealed = row
    return Record(rec, feed, local or "", child, sealed)


def _child(row: tuple[Any, ...]) -> Child:
    number, id, cci, state, founder, load, composed = row
    return Child(number, id, cci, state, founder, load, bool(composed))
