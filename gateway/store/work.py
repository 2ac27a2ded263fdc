"""A unit of work: reads that see its own writes, and the writes."""

import json
from collections.abc import Iterable, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext

from gateway.fhir.query import Entry
from gateway.problems import refuse
from gateway.problems.store import STORE_CCI, STORE_LOAD_RUNNING, STORE_LOAD_UNDONE, STORE_LOAD_UNKNOWN
from gateway.store import entries, reindexing, walks
from gateway.store.accounts import AccountReads
from gateway.store.dialect import Dialect, Session
from gateway.store.following import FollowingReads
from gateway.store.numbers import REC_BITS, Numbers
from gateway.store.order import NO_TIME
from gateway.store.people import PeopleReads
from gateway.store.reindexing import Stale
from gateway.store.resources import ResourceReads
from gateway.store.turns import Turns
from gateway.store.undoing import fold, fold_states, undo
from gateway.store.values import Aside, Composed, Delete, LifeEvent, Link, Put, Review, Undone
from gateway.store.writing import Writing

_COMPOSE = """
INSERT INTO resource (rid, type, state, time, version, highest, local, public, digest, method, place, rule,
    updated, tag, told, body)
SELECT k.child << 20, ?, 0, ?, 0, 0, k.id, k.id, ?, 'PUT', '', '', ?, ?, ?, ? FROM child k WHERE k.child = ?
ON CONFLICT (rid) DO UPDATE SET updated = excluded.updated, tag = excluded.tag, told = excluded.told,
    body = excluded.body
"""
_SAME_REVIEW = """
SELECT 1 FROM review
WHERE rec = ? AND COALESCE(child, 0) = ? AND COALESCE(other, 0) = ? AND reason = ? AND stands = 1
    AND state <> 'withdrawn'
"""
_LIVE = """
INSERT INTO life (what, child, other, reason, author, second, at, load) VALUES (?, ?, ?, ?, ?, ?, ?, ?)
RETURNING life
"""
_NOTE = """
INSERT INTO note (name, value) VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET value = excluded.value
"""


class OpenWork(ResourceReads, FollowingReads, PeopleReads, AccountReads):
    """See `base.Work`."""

    def __init__(self, dialect: Dialect, connection: Session, numbers: Numbers, turns: Turns) -> None:
        self.dialect = dialect
        self.numbers = numbers
        self.turns = turns
        self._connection = connection
        self._writing = Writing(dialect, connection, numbers)

    def lend(self, steady: bool = False) -> AbstractContextManager[Session]:
        """The connection of this work: it sees what was written, and nothing else changes meanwhile."""
        return nullcontext(self._connection)

    def put(self, puts: Sequence[Put]) -> None:
        """See `base.Work.put`."""
        self._writing.put(puts)

    def delete(self, deletes: Sequence[Delete]) -> None:
        """See `base.Work.delete`."""
        self._writing.delete(deletes)

    def recs(self, feed: str, locals: Sequence[str]) -> dict[str, int]:
        """See `base.Work.recs`."""
        number = self.numbers.feed(self._connection, feed, make=True)
        return self._writing.recs(number, locals)

    def found(self, id: str, cci: str, founder: int, load: int | None) -> int:
        """See `base.Work.found`."""
        made = self._connection.execute(
            "INSERT INTO child (id, cci, state, founder, load) VALUES (?, ?, 'active', ?, ?)"
            " ON CONFLICT DO NOTHING RETURNING child",
            (id, cci, founder, load),
        ).fetchall()
        if not made:
            raise refuse(STORE_CCI)
        return int(made[0][0])

    def link(self, events: Sequence[Link]) -> None:
        """See `base.Work.link`."""
        self._connection.executemany(
            "INSERT INTO link (rec, child, what, reason, sentence, author, at, load)"
            " VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
            [(e.rec, e.child, e.what, e.reason, e.sentence, e.author, e.at, e.load) for e in events],
        )
        last = {event.rec: event.child if event.what == "linked" else None for event in events}
        self._connection.executemany(
            "UPDATE record SET child = ? WHERE rec = ?", [(child, rec) for rec, child in last.items()]
        )

    def take_back(self, links: Sequence[int]) -> None:
        """See `base.Work.take_back`."""
        recs = set[int]()
        asked = "UPDATE link SET stands = 0 WHERE link = ? RETURNING rec"
        for rows in self.dialect.each(self._connection, asked, [(number,) for number in links]):
            recs.update(rec for (rec,) in rows)
        fold(self._connection, recs)

    def live(self, event: LifeEvent) -> int:
        """See `base.Work.live`."""
        values = (
            *(event.what, event.child, event.other, event.reason, event.author, event.second, event.at),
            event.load,
        )
        made = self._connection.execute(_LIVE, values).fetchall()
        fold_states(self._connection, [event.child])
        return int(made[0][0])

    def unlive(self, numbers: Sequence[int]) -> None:
        """See `base.Work.unlive`."""
        asked = "UPDATE life SET stands = 0 WHERE life = ? RETURNING child"
        gone = self.dialect.each(self._connection, asked, [(number,) for number in numbers])
        fold_states(self._connection, {child for rows in gone for (child,) in rows})

    def seal(self, seals: Mapping[int, int | None]) -> None:
        """See `base.Work.seal`."""
        self._connection.executemany(
            "UPDATE record SET sealed = ? WHERE rec = ?", [(child, rec) for rec, child in seals.items()]
        )

    def keep_seal(self, number: int, child: int) -> None:
        """See `base.Work.keep_seal`."""
        of_seal = "UPDATE life SET load = NULL WHERE what = 'sealed' AND (life = ? OR other = ?)"
        self._connection.execute(of_seal, (number, child))
        self._connection.execute("UPDATE link SET load = NULL WHERE reason = ?", (f"sealed-{number}",))
        closed = "UPDATE review SET closed_load = NULL WHERE state = ?"
        self._connection.execute(closed, (f"sealed-{number}",))

    def compose(self, composed: Mapping[int, Composed | None]) -> None:
        """See `base.Work.compose`."""
        connection = self._connection
        type = self.numbers.type(connection, "Patient", make=True)
        rows = entries.no_rows()
        asked = "SELECT tag, updated, told, body FROM resource WHERE rid = ?"
        kept = self.dialect.each(connection, asked, [(child << REC_BITS,) for child in composed])
        stale, values = list[int](), list[tuple[object, ...]]()
        for (child, patient), there in zip(composed.items(), kept, strict=True):
            rid = child << REC_BITS
            told = patient and (patient.version, patient.updated, patient.reduced, patient.full)
            if there == [told] or (patient is None and not there):
                continue
            if there:
                stale.append(rid)
            if patient:
                version, *texts = (patient.version, patient.reduced, patient.full)
                values.append((type, NO_TIME, b"", patient.updated, version, *texts, child))
                entries.spread(connection, self.numbers, type, rid, patient.entries, rows)
        entries.remove(self.dialect, connection, stale)
        self._moved([rid >> REC_BITS for rid in stale])
        gone = [(child << REC_BITS,) for child, patient in composed.items() if patient is None]
        connection.executemany("DELETE FROM resource WHERE rid = ?", gone)
        connection.executemany(_COMPOSE, values)
        entries.insert(self.dialect, connection, rows)

    def _moved(self, children: Sequence[int]) -> None:
        """Number the changes of Patients that were there: they keep no versions that would tell of them."""
        if children:
            last = walks.mark(self._connection).moves
            numbered = [(last + at, child) for at, child in enumerate(children, 1)]
            self._connection.executemany("UPDATE child SET moved = ? WHERE child = ?", numbered)

    def keys(self, keys: Mapping[int, Iterable[bytes]]) -> None:
        """See `base.Work.keys`."""
        self._connection.executemany("DELETE FROM person_key WHERE rec = ?", [(rec,) for rec in keys])
        rows = [(key, rec) for rec, some in keys.items() for key in some]
        self.dialect.insert(self._connection, {("person_key", ("key", "rec")): rows})

    def review(self, entries: Sequence[Review]) -> int:
        """See `base.Work.review`."""
        new = 0
        for e in entries:
            same = (e.rec, e.child or 0, e.other or 0, e.reason)
            if not self._connection.execute(_SAME_REVIEW, same).fetchone():
                self._connection.execute(
                    "INSERT INTO review (rec, child, other, reason, sentence, evidence, at, load, state)"
                    " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
                    (e.rec, e.child, e.other, e.reason, e.sentence, e.evidence, e.at, e.load, e.state),
                )
                new += 1
        return new

    def close_reviews(self, numbers: Sequence[int], state: str, load: int | None = None) -> None:
        """See `base.Work.close_reviews`."""
        self._connection.executemany(
            "UPDATE review SET state = ?, closed_load = ? WHERE review = ? AND state = 'open'",
            [(state, load, number) for number in numbers],
        )

    def reopen(self, numbers: Sequence[int]) -> None:
        """See `base.Work.reopen`."""
        self._connection.executemany(
            "UPDATE review SET state = 'open', closed_load = NULL WHERE review = ?",
            [(number,) for number in numbers],
        )

    def set_aside(self, load: int, asides: Sequence[Aside]) -> None:
        """See `base.Work.set_aside`."""
        self._connection.executemany(
            "INSERT INTO aside (load, line, file, raw, problems) VALUES (?, ?, ?, ?, ?)",
            [(load, aside.line, aside.file, aside.raw, aside.problems) for aside in asides],
        )

    def note(self, notes: Mapping[str, str]) -> None:
        """See `base.Work.note`."""
        self._connection.executemany(_NOTE, list(notes.items()))

    def stale(self, after: int, limit: int, *, versions: bool) -> list[Stale]:
        """See `base.Work.stale`."""
        return reindexing.stale(self._connection, after, limit, versions=versions)

    def renew(self, found: Iterable[tuple[Stale, Sequence[Entry]]]) -> None:
        """See `base.Work.renew`."""
        reindexing.renew(self.dialect, self._connection, self.numbers, found)

    def note_indexed(self, said: Mapping[str, str | None]) -> None:
        """See `base.Work.note_indexed`."""
        reindexing.note(self._connection, said)

    def count_load(self, load: int, counts: Mapping[str, int]) -> None:
        """See `base.Work.count_load`."""
        self._connection.execute(
            "UPDATE load SET counts = ? WHERE load = ?", (json.dumps(dict(counts)), load)
        )

    def finish_load(self, load: int, at: int) -> None:
        """See `base.Work.finish_load`."""
        self._connection.execute(
            "UPDATE load SET state = 'finished', finished = ? WHERE load = ?", (at, load)
        )

    def undo(self, load: int, at: int) -> Undone:
        """See `base.Work.undo`."""
        row = self._connection.execute("SELECT state FROM load WHERE load = ?", (load,)).fetchone()
        if row is None:
            raise refuse(STORE_LOAD_UNKNOWN, load=load)
        if row[0] == "undone":
            raise refuse(STORE_LOAD_UNDONE, load=load)
        if row[0] == "running" and self.turns.taken(load):
            raise refuse(STORE_LOAD_RUNNING)
        undone = undo(self._connection, self._writing, load)
        reindexing.begin_again(self._connection)
        self._connection.execute("UPDATE load SET state = 'undone', undone = ? WHERE load = ?", (at, load))
        return undone
