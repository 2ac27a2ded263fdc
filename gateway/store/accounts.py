"""Reading loads, counts and the whole state."""

import hashlib
import json
from collections.abc import Iterator
from typing import Any, Protocol

from gateway.problems import refuse
from gateway.problems.store import STORE_LOAD_RUNNING
from gateway.store.dialect import Dialect, Session
from gateway.store.entries import COLUMNS
from gateway.store.numbers import FEED_BITS, REC_BITS, REC_MOST
from gateway.store.resources import Lending
from gateway.store.turns import Turns
from gateway.store.values import Aside, Load, LoadStart

LOAD = """
SELECT load, feed, mapping, mapping_sha, files, content, given, begun, state, counts, finished, undone
FROM load
"""

_UNFINISHED = """
SELECT load FROM load
WHERE content = ? AND feed = ? AND mapping = ? AND mapping_sha = ? AND given = ? AND state = 'running'
ORDER BY load DESC LIMIT 1
"""
_BEGIN = """
INSERT INTO load (content, feed, mapping, mapping_sha, given, files, begun, state, counts)
VALUES (?, ?, ?, ?, ?, ?, ?, 'running', '{}') RETURNING load
"""

_COUNTED = {
    "resources": "resource WHERE state = 0 AND feed > 0",
    "composed": "resource WHERE state = 0 AND feed = 0",
    "versions": "version WHERE stands = 1",
    "records": "record WHERE local IS NOT NULL",
    "children": "child WHERE state <> 'sealed'",
    "links": "record WHERE child IS NOT NULL",
    "reviews": "review WHERE stands = 1 AND state = 'open'",
    "loads": "load",
    "keys": "person_key",
    **{table: table for table in COLUMNS},
}

_RESOURCE = f"""
SELECT f.name, t.name, r.local, r.public, c.local, r.version, r.state, r.time, r.updated, r.digest,
    r.method, r.place, r.rule, r.body, r.told
FROM resource r JOIN feed f ON f.feed = r.feed JOIN type t ON t.type = r.type
JOIN record c ON c.rec = (r.rid >> {REC_BITS}) & {REC_MOST}
WHERE r.feed > 0 AND r.state < 2 ORDER BY f.name, t.name, r.local
"""
_COMPOSED = f"""
SELECT r.public, r.tag, r.updated, r.body, r.told FROM resource r WHERE r.rid < {1 << FEED_BITS}
ORDER BY r.public
"""
_LINKS = """
SELECT f.name, c.local, k.id FROM record c JOIN feed f USING (feed) JOIN child k USING (child)
ORDER BY f.name, c.local
"""
_STATES = "SELECT id, state FROM child WHERE state <> 'active' ORDER BY id"
_SEALS = """
SELECT f.name, c.local, k.id FROM record c JOIN feed f USING (feed) JOIN child k ON k.child = c.sealed
ORDER BY f.name, c.local
"""
_REVIEWS = """
SELECT f.name, c.local, COALESCE(k.id, ''), COALESCE(o.local, ''), v.reason, v.sentence, v.evidence, v.at
FROM review v JOIN record c USING (rec) JOIN feed f USING (feed)
LEFT JOIN child k ON k.child = v.child LEFT JOIN record o ON o.rec = v.other
WHERE v.stands = 1 AND v.state = 'open' ORDER BY 1, 2, 3, 4, 5, 6, 7, 8
"""
_KEYS = """
SELECT p.key, f.name, c.local FROM person_key p JOIN record c USING (rec) JOIN feed f USING (feed)
ORDER BY 1, 2, 3
"""


_NUMBERS = ("param", "slot", "unit", "phrase")


class AccountReads(Lending, Protocol):
    """The part of `base.Reads` that is about loads and the whole."""

    def loads(self) -> list[Load]:
        """See `base.Reads.loads`."""
        with self.lend() as connection:
            rows = connection.execute(f"{LOAD} ORDER BY load").fetchall()
        return [load_of(row, self.turns) for row in rows]

    def load(self, number: int) -> Load | None:
        """See `base.Reads.load`."""
        with self.lend() as connection:
            row = connection.execute(f"{LOAD} WHERE load = ?", (number,)).fetchone()
        return load_of(row, self.turns) if row else None

    def asides(self, load: int) -> Iterator[Aside]:
        """See `base.Reads.asides`."""
        asked = "SELECT aside, line, raw, problems, file FROM aside WHERE load = ? AND aside > ?"
        last = 0
        while True:
            with self.lend() as connection:
                rows = connection.execute(f"{asked} ORDER BY aside LIMIT 500", (load, last)).fetchall()
            if not rows:
                return
            yield from (Aside(*row[1:]) for row in rows)
            last = rows[-1][0]

    def counts(self) -> dict[str, int]:
        """See `base.Reads.counts`."""
        with self.lend(steady=True) as connection:
            return {
                name: connection.execute(f"SELECT count(*) FROM {what}").fetchone()[0]
                for name, what in _COUNTED.items()
            }

    def indexed(self) -> dict[str, str]:
        """See `base.Reads.indexed`."""
        with self.lend() as connection:
            return dict(connection.execute("SELECT what, how FROM indexed").fetchall())

    def notes(self) -> dict[str, str]:
        """See `base.Reads.notes`."""
        with self.lend() as connection:
            return dict(connection.execute("SELECT name, value FROM note").fetchall())

    def dump(self) -> Iterator[tuple[str, ...]]:
        """See `base.Reads.dump`."""
        with self.lend(steady=True) as connection:
            yield from _dumped(self.dialect, connection)

    def snapshot(self) -> str:
        """See `base.Reads.snapshot`."""
        digest = hashlib.sha256()
        for item in self.dump():
            digest.update(json.dumps(item).encode())
        return digest.hexdigest()


def begin_load(connection: Session, turns: Turns, start: LoadStart) -> Load:
    """Begin a load, or go on with the same one; see `base.Store.start_load`."""
    given = json.dumps(dict(start.given), sort_keys=True)
    same = (start.content, start.feed, start.mapping, start.mapping_sha, given)
    known = connection.execute(_UNFINISHED, same).fetchone()
    if known:
        (number,) = known
        connection.execute("DELETE FROM aside WHERE load = ?", (number,))
    else:
        values = (*same, json.dumps(start.files), start.at)
        ((number,),) = connection.execute(_BEGIN, values).fetchall()
    if not turns.take(number):
        raise refuse(STORE_LOAD_RUNNING)
    row = connection.execute(f"{LOAD} WHERE load = ?", (number,)).fetchone()
    return load_of(row, turns, continued=known is not None)


def load_of(row: tuple[Any, ...], turns: Turns, continued: bool = False) -> Load:
    """A row of `LOAD` as a value; one that says it runs, but whose process is gone, is stopped."""
    number, feed, mapping, sha, files, content, given, begun, state, counts, finished, undone = row
    if state == "running" and not turns.taken(number):
        state = "stopped"
    start = LoadStart(feed, mapping, sha, tuple(json.loads(files)), content, json.loads(given), begun)
    return Load(number, start, state, json.loads(counts), finished, undone, continued)


def _dumped(dialect: Dialect, connection: Session) -> Iterator[tuple[str, ...]]:
    sections = {
        "resource": _RESOURCE,
        "composed": _COMPOSED,
        "link": _LINKS,
        "state": _STATES,
        "seal": _SEALS,
        "review": _REVIEWS,
        "key": _KEYS,
    }
    for name, asked in sections.items():
        for row in dialect.stream(connection, asked):
            yield (name, *map(_shown, row))
    for table in COLUMNS:
        for row in dialect.stream(connection, _index_dump(table)):
            yield ("index", table, *map(str, row))


def _shown(value: object) -> str:
    return value.hex() if isinstance(value, bytes) else str(value)


def _index_dump(table: str) -> str:
    values = [f"x.{column}" for column in COLUMNS[table] if column not in _NUMBERS]
    joins = "JOIN param p ON p.param = x.param"
    if table == "token":
        joins = "JOIN slot s ON s.slot = x.slot JOIN param p ON p.param = s.param"
        values.append("s.system")
    if table == "worded":
        joins = "JOIN phrase s ON s.phrase = x.phrase JOIN param p ON p.param = s.param"
        values.append("s.words")
    if table == "quantity":
        joins += " JOIN unit u ON u.unit = x.unit"
        values += ["u.system", "u.code", "u.display"]
    columns = ", ".join(["f.name", "t.name", "r.local", "p.code", *values])
    order = ", ".join(str(at + 1) for at in range(4 + len(values)))
    return f"""
    SELECT {columns} FROM {table} x {joins} JOIN resource r ON r.rid = x.rid
    JOIN feed f ON f.feed = r.feed JOIN type t ON t.type = r.type ORDER BY {order}
    """
