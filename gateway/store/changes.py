"""What was told when: the versions of a resource, a type or a whole feed, in the order they were made.

A version's place in that order is the time it was made, the rid it had then, and its number. None of these
ever changes, so a walk over the pages meets what was there at its start once, whatever is written meanwhile.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from gateway.store.dialect import Dialect, Session
from gateway.store.numbers import REC_BITS, REC_MOST, Numbers
from gateway.store.search import row_of
from gateway.store.values import Era, Key, Past, Version

_COLUMNS = """
SELECT {x}.{home}, r.type, r.local, r.public, {x}.body, {x}.told, k.id, CAST({x}.version AS TEXT),
    {x}.updated, {x}.time, {x}.state, {x}.method, {x}.load, {x}.place, {x}.rule
"""
_LINKED = f"""
LEFT JOIN record c ON c.rec = ({{x}}.{{home}} >> {REC_BITS}) & {REC_MOST}
LEFT JOIN child k ON k.child = c.child
WHERE {{x}}.rid = ? AND {{x}}.version = ?
"""
_STANDING = (_COLUMNS + "FROM resource r" + _LINKED).format(x="r", home="rid").strip()
_EARLIER = (_COLUMNS + "FROM version v JOIN resource r ON r.rid = v.rid" + _LINKED).format(x="v", home="home")
_EARLIER = f"{_EARLIER.strip()} AND v.stands = 1"
_BEFORE = """
SELECT p.state FROM version p WHERE p.rid = ? AND p.stands = 1 AND p.version < ?
ORDER BY p.version DESC LIMIT 1
""".strip()
_OF_ONE = """
SELECT r.updated, r.rid, r.version, r.rid, 1 FROM resource r WHERE r.rid = ? AND r.state < 2
UNION ALL SELECT v.updated, v.home, v.version, v.rid, 0 FROM version v WHERE v.rid = ? AND v.stands = 1
"""
# not followed, until after that moment, by another version that stands
_OUTLASTS = """
AND NOT EXISTS (SELECT 1 FROM version w WHERE w.rid = v.rid AND w.version > v.version AND w.stands = 1
    AND w.updated <= ?)
AND NOT EXISTS (SELECT 1 FROM resource s WHERE s.rid = v.rid AND s.state < 2 AND s.updated <= ?)
"""


class _Place(NamedTuple):
    """A version's place in the order, and where it is kept."""

    updated: int
    home: int
    version: int
    rid: int
    standing: int

    @property
    def key(self) -> Key:
        return self[:3]


@dataclass(frozen=True, slots=True)
class Telling:
    """A feed's versions in one state of the store."""

    connection: Session
    dialect: Dialect
    numbers: Numbers

    def of_one(self, rid: int, era: Era, limit: int, after: Key | None, total: bool) -> Past:
        """The versions of one resource."""
        found = self.connection.execute(_OF_ONE, (rid, rid)).fetchall()
        places = sorted((_Place(*each) for each in found), key=lambda each: each.version)
        ends = [each.updated for each in places[1:]]
        kept = [
            each
            for each, end in zip(places, [*ends, None], strict=True)
            if era.since <= each.updated < era.before
            and (end is None or era.outlasts is None or end > era.outlasts)
        ]
        count = len(kept) if total else None
        if not era.oldest_first:
            kept.reverse()
        if after is not None:
            versions = [each.version for each in kept]
            last = int(after[2])
            behind = (n > last for n in versions) if era.oldest_first else (n < last for n in versions)
            kept = [each for each, is_behind in zip(kept, behind, strict=True) if is_behind]
        return Past(self.whole(kept[:limit]), len(kept) > limit, count)

    def of_many(
        self, feed: int, types: Sequence[int], era: Era, limit: int, after: Key | None, total: bool
    ) -> Past:
        """The versions of all resources of some types."""
        places: list[_Place] = []
        if limit:
            for type in types:
                places += self._places(feed, type, era, limit + 1, after)
        places.sort(key=lambda each: each.key, reverse=not era.oldest_first)
        count = sum(self._count(feed, type, era) for type in types) if total else None
        return Past(self.whole(places[:limit]), len(places) > limit, count)

    def whole(self, places: Sequence[_Place]) -> list[Version]:
        """The versions at these places, in their order."""
        keys = [(each.rid, each.version) for each in places]
        found: dict[tuple[int, int], tuple[Any, ...]] = {}
        for sql, standing in ((_STANDING, 1), (_EARLIER, 0)):
            some = [key for key, each in zip(keys, places, strict=True) if each.standing == standing]
            rows = self.dialect.each(self.connection, sql, some) if some else []
            found.update((key, row[0]) for key, row in zip(some, rows, strict=True) if row)
        before = self.dialect.each(self.connection, _BEFORE, keys) if keys else []
        return [
            self._version(found[key], place.key, not earlier or earlier[0][0] == 1)
            for key, place, earlier in zip(keys, places, before, strict=True)
        ]

    def one(self, rid: int, version: int) -> Version | None:
        """One version that stands."""
        found = self.connection.execute(_OF_ONE, (rid, rid)).fetchall()
        places = [_Place(*each) for each in found if each[2] == version]
        return self.whole(places)[0] if places else None

    def _version(self, found: tuple[Any, ...], key: Key, created: bool) -> Version:
        *row, method, load, place, rule = found
        return Version(
            row_of(self.connection, self.numbers, tuple(row), key), method, load, place, rule, created
        )

    def _places(self, feed: int, type: int, era: Era, limit: int, after: Key | None) -> list[_Place]:
        """The first places behind `after`, of what stands and of what came before it."""
        way, sign, same = ("", ">=", "<=") if era.oldest_first else (" DESC", "<=", ">=")
        found: list[_Place] = []
        for x, home, standing in (("r", "rid", 1), ("v", "home", 0)):
            where, args = self._where(x, feed, type, era)
            if after is not None:
                place = f"{x}.updated = ? AND {x}.{home} = ? AND {x}.version {same} ?"
                where += f" AND ({x}.updated, {x}.{home}) {sign} (?, ?) AND NOT ({place})"
                args += (*after[:2], *after)
            order = ", ".join(
                f"{x}.{column}{way}" for column in ("updated", home, *("version",) * (not standing))
            )
            columns = f"{x}.updated, {x}.{home}, {x}.version, {x}.rid, {standing}"
            sql = f"SELECT {columns} FROM {where} ORDER BY {order} LIMIT ?"
            found += (_Place(*each) for each in self.connection.execute(sql, (*args, limit)).fetchall())
        return found

    def _count(self, feed: int, type: int, era: Era) -> int:
        count = 0
        for x in "rv":
            where, args = self._where(x, feed, type, era)
            (some,) = self.connection.execute(f"SELECT count(*) FROM {where}", args).fetchone()
            count += some
        return count

    def _where(self, x: str, feed: int, type: int, era: Era) -> tuple[str, tuple[object, ...]]:
        table, index, kept, own = "version", "version_made", "v.stands = 1", "v.type"
        if x == "r":
            table, index, kept, own = "resource", "resource_made", "r.state < 2", ""
            own = self.dialect.second.format("r.type")
        where = f"{table} {x}{self.dialect.along.format(index)} WHERE {own} = ? AND {x}.feed = ? AND {kept}"
        args: tuple[object, ...] = (type, feed)
        where += f" AND {x}.updated >= ? AND {x}.updated < ?"
        args += (era.since, era.before)
        if x == "v" and era.outlasts is not None:
            where += _OUTLASTS
            args += (era.outlasts, era.outlasts)
        return where, args
