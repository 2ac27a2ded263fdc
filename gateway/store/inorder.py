"""A page read in the order that was asked for, by the indexes that have this order already.

Where every criterion is common, many of the values that come next belong to a match: so they are read a few
at a time, and what they are of is tested, until the page is full. That costs what the page holds, and not
what all matches hold. Where more is sorted by, the resources that are alike in the first are put in order,
or, where these are many, read in the order of the next.
"""

from collections.abc import Callable, Sequence
from functools import cmp_to_key
from math import inf
from typing import Any, NamedTuple

from gateway.fhir.query import Sort
from gateway.store.order import MOST, NO_TIME, Order, Sorted, Term, behind
from gateway.store.values import Key
from gateway.store.view import Sql, View, exists

BUDGET = 30_000
"""So many values are read for a page: more, where matches lie at the other end of the order, or are few."""

_TOGETHER = 64  # more indexes than this are not merged
_EACH = 4  # values are read for each row that is wanted at first
_AT_ONCE = 8000

GROUP = 1000
"""Of values that are alike more are not put in order, where a tenth of so many match."""

Row = tuple[Any, ...]
"""A rid and the order's values."""

Newest = Callable[[Sql, Key | None, int], list[Row]]
"""Reads the next of those resources that meet a condition in the default order."""


class Stretch(NamedTuple):
    """Values that follow one another in an index, or in several that are merged.

    Attributes:
        stage: the stage of the order that they make up; None where it has none.
        selects: for each index the FROM clause and the condition, and what is bound to it.
        value: what is sorted by.
        tie: what comes next in the index.
        rid: the rid.
        only: a test of a resource `r` that it has the value that is bound.
    """

    stage: int | None
    selects: tuple[Sql, ...]
    value: Term
    tie: Term
    rid: str
    only: Sql


class Place(NamedTuple):
    """From where on values are read: from this one on, or behind it, or behind a tie with it."""

    value: Any
    tie: Any = None
    itself: bool = False


class Reader:
    """Reads the pages of one answer; for one page.

    Args:
        order: not the default one.
        newest: reads in the default order.
        budget: how many values may be read.
    """

    def __init__(self, view: View, order: Order, newest: Newest, budget: int) -> None:
        self._view = view
        self._order = order
        self._newest = newest
        self._left = budget

    def page(self, where: Sql, after: Key | None, limit: int) -> list[Row] | None:
        """The next rows; None where this is not the way.

        Args:
            where: what a resource `r` must meet.
            after: the key of the last row of the page before.
        """
        return self._level(0, where, after, limit)

    def _level(self, level: int, where: Sql, after: Key | None, limit: int) -> list[Row] | None:
        """Of resources that are alike in what is sorted by before a level."""
        at = self._order.places[level]
        ways = stretches(self._view, self._order, level)
        if ways is None:
            return None
        found: list[Row] = []
        for stretch in ways:
            if after and stretch.stage is not None and after[at] > stretch.stage:  # type: ignore[operator]
                continue
            begun = after if after and stretch.stage in (None, after[at]) else None
            some = self._stretch(level, stretch, where, begun, limit - len(found))
            if some is None:
                return None
            found += some
            if len(found) >= limit:
                return found
        known = self._order.by.get(level)
        if known is None:
            return found
        some = self._without(
            level, known, where, after if after and after[at] == 1 else None, limit - len(found)
        )
        return None if some is None else found + some

    def _without(
        self, level: int, known: Sorted, where: Sql, after: Key | None, limit: int
    ) -> list[Row] | None:
        """Of those among them that have nothing to be sorted by."""
        view = self._view
        if known.table:
            own, values = known.own(view, "s")
            source = view.dialect.own.format(known.table, "s", "r")
            test, bound = exists(view, source, f"s.rid = r.rid AND {own}", *values)
            where = f"{where[0]} AND NOT {test}", (*where[1], *bound)
        if level + 1 < len(self._order.sort):
            return self._level(level + 1, where, after, limit)
        place = None
        if after:
            time = after[-2] if known.descending else -after[-2]  # type: ignore[operator]
            place = time, after[-1]
        keys = self._tested(where, [row[0] for row in self._newest(where, place, limit)])
        return [(rid, *key) for rid, key in keys.items()]

    def _stretch(
        self, level: int, stretch: Stretch, where: Sql, after: Key | None, limit: int
    ) -> list[Row] | None:
        """Of a stretch: fewer than asked for only where it ends; None where it takes too long."""
        if not stretch.selects:
            return []
        at, last = self._order.places[level] + (stretch.stage is not None), level + 1 == len(self._order.sort)
        place = None
        if after:
            place = Place(_unclamped(after[at]), after[at + 1] if last else None, itself=not last)
        found: list[Row] = []
        group: list[Row] = []
        met = set[int]()
        many = _EACH * limit
        while True:
            rows = self._view.connection.execute(*values_sql(stretch, place, many)).fetchall()
            group += self._matching(where, rows, at, met)
            ended = len(rows) < many
            if last:
                found, group = found + group, []
            else:
                whole = len(group) if ended else sum(row[at + 1] != _clamped(rows[-1][0]) for row in group)
                found += self._sorted(group[:whole], after)
                group = group[whole:]
            if len(found) >= limit or ended:
                return found[:limit]
            if self._left < 0:
                return None
            place, many = Place(*rows[-1][:2]), min(4 * many, _AT_ONCE)
            if not last and len(group) > GROUP // 10 and rows[0][0] == rows[-1][0]:
                value = rows[-1][0]
                same = f"{where[0]} AND {stretch.only[0]} = ?", (*where[1], *stretch.only[1], value)
                begun = after if after and after[at] == _clamped(value) else None
                some = self._level(level + 1, same, begun, limit - len(found))
                if some is None:
                    return None
                found += some
                if len(found) >= limit:
                    return found
                place, many, group = Place(value), _EACH * limit, []

    def _matching(self, where: Sql, rows: Sequence[Row], at: int, met: set[int]) -> list[Row]:
        """What meets a condition of that which some values are of, and has its place by this value.

        Args:
            at: where a key has the value.
            met: those that were met before.
        """
        self._left -= len(rows)
        keys = self._tested(where, [rid for *_, rid in rows])
        found = []
        for value, _, rid in rows:
            key = keys.get(rid)
            if key and rid not in met and key[at] == _clamped(value):
                met.add(rid)
                found.append((rid, *key))
        return found

    def _sorted(self, rows: list[Row], after: Key | None) -> list[Row]:
        """Rows in their order, as far as they come behind a key."""

        def compared(one: Row, other: Row) -> int:
            for term, mine, yours in zip(self._order.terms, one[1:], other[1:], strict=True):
                if mine != yours:
                    return -1 if (mine < yours) != term.descending else 1
            return 0

        before = (0, *after) if after else None
        return sorted(
            (row for row in rows if not before or compared(row, before) > 0), key=cmp_to_key(compared)
        )

    def _tested(self, where: Sql, rids: Sequence[int]) -> dict[int, tuple[Any, ...]]:
        """The keys of those resources that meet a condition, in the order that they are given in."""
        if not rids:
            return {}
        sql, args = tested_sql(self._view, where, self._order, list(dict.fromkeys(rids)))
        found = {rid: tuple(key) for rid, *key in self._view.connection.execute(sql, args).fetchall()}
        return {rid: found[rid] for rid in rids if rid in found}


def values_sql(stretch: Stretch, place: Place | None, limit: int) -> Sql:
    """The question for the next values: each with what it ties by, and its rid."""
    value, tie = stretch.value, stretch.tie
    later: Sql = "TRUE", ()
    if place and place.tie is not None:
        later = behind((value, tie), (value.sql, tie.sql), (place.value, place.tie))
    elif place:
        sign = "<" if value.descending else ">"
        later = f"{value.sql} {sign}{'=' if place.itself else ''} ?", (place.value,)
    order = [f"{term.sql}{' DESC' if term.descending else ''}" for term in (value, tie)]
    selects = [
        f"SELECT {value.sql} AS v, {tie.sql} AS t, {stretch.rid} AS rid FROM {source} AND {later[0]}"
        f" ORDER BY {', '.join(order)} LIMIT {limit}"
        for source, _ in stretch.selects
    ]
    args = tuple(arg for _, own in stretch.selects for arg in (*own, *later[1]))
    if len(selects) == 1:
        return selects[0], args
    order = [f"{name}{' DESC' if term.descending else ''}" for name, term in (("v", value), ("t", tie))]
    union = " UNION ALL ".join(f"SELECT * FROM ({select}) p" for select in selects)
    return f"SELECT * FROM ({union}) u ORDER BY {', '.join(order)} LIMIT {limit}", args


def tested_sql(view: View, where: Sql, order: Order, rids: Sequence[int]) -> Sql:
    """The question for the keys of those among some resources that meet a condition."""
    listed, bound = view.dialect.listed(rids)
    tables = f"({listed}) d {view.dialect.picked.format('r', 'd')}"
    return order.keyed(view, tables, (f"r.rid = d.rid AND {where[0]}", (bound, *where[1])))


def stretches(view: View, order: Order, level: int) -> tuple[Stretch, ...] | None:
    """How the values follow one another that are sorted by at a level; None where no index has them so."""
    known = order.by.get(level)
    if known is not None:
        return _of_values(view, known)
    sort: Sort = order.sort[level]
    down = sort.descending
    if sort.param == "_id":
        # ids are never alike
        id, public = Term(f"r.{view.id_column}", down), Term("r.public", down)
        return (Stretch(None, _named(view), id, public, "r.rid", (id.sql, ())),)
    if len(_feeds(view)) > _TOGETHER:
        return None
    if sort.param == "_lastUpdated":
        updated, rid = Term("r.updated", down), Term("r.rid", down)
        only = view.dialect.second.format("r.updated"), ()
        return (Stretch(None, _of_resources(view, "resource_made"), updated, rid, "r.rid", only),)
    found = []
    for stage, test in enumerate((f"r.time > {NO_TIME}", f"r.time = {NO_TIME}")):
        selects = _of_resources(view, "resource_order", f"r.state = 0 AND {test}")
        time, public = Term("r.time", down), Term("r.public", not down)
        found.append(Stretch(stage, selects, time, public, "r.rid", (time.sql, ())))
    return tuple(found)


def _of_values(view: View, known: Sorted) -> tuple[Stretch, ...] | None:
    if known.shut[0] or len(known.slots) > _TOGETHER:
        return None
    within = "s.rid BETWEEN ? AND ?"
    selects: list[Sql] = []
    if known.table == "token":
        selects = [(f"token s WHERE s.slot = {slot} AND {within}", view.rids) for slot in known.slots]
    elif known.table:
        selects = [(f"{known.table} s WHERE s.param = ? AND {within}", (known.param, *view.rids))]
    down = known.descending
    value, tie = Term(known.value(view, "s") if known.table else "", down), Term("s.rid", down)
    only, values = known.of_resource(view)
    return (Stretch(0, tuple(selects), value, tie, "s.rid", (f"({only})", values)),)


def _of_resources(view: View, index: str, test: str = "TRUE") -> tuple[Sql, ...]:
    second = view.dialect.second.format
    feed, type = ("r.feed", second("r.type")) if index == "resource_made" else (second("r.feed"), "r.type")
    walk = f"resource r{view.dialect.along.format(index)} WHERE {feed} = ? AND {type} = ? AND {test}"
    return tuple((walk, (each, view.number)) for each in _feeds(view))


def _feeds(view: View) -> list[int]:
    if view.feed is not None or view.composed:
        return [view.feed or 0]
    return [feed for (feed,) in view.connection.execute("SELECT feed FROM feed WHERE feed > 0").fetchall()]


def _named(view: View) -> tuple[Sql, ...]:
    if view.feed is not None:
        walk = f"resource r{view.dialect.along.format('resource_local')}"
        return ((f"{walk} WHERE r.feed = ? AND r.type = ?", (view.feed, view.number)),)
    walk = f"resource r{view.dialect.along.format('resource_public')}"
    return ((f"{walk} WHERE r.type = ? AND r.rid BETWEEN ? AND ?", (view.number, *view.rids)),)


def _clamped(value: Any) -> Any:
    return max(-MOST, min(MOST, value)) if isinstance(value, float) else value


def _unclamped(value: Any) -> Any:
    return value if not isinstance(value, float) or abs(value) < MOST else inf if value > 0 else -inf
