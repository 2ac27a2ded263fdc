"""Following references: what rows refer to, and what refers to rows, as `_include` and `_revinclude` ask.

On `ASK` a reference is followed only within one child: what is about another one does not come along,
whatever a feed wrote.
"""

from collections.abc import Collection, Iterable, Iterator, Sequence
from typing import Protocol

from gateway.store.kinds import in_record
from gateway.store.numbers import FEED_BITS, REC_BITS
from gateway.store.resources import Lending
from gateway.store.search import ROW, row_of
from gateway.store.values import ASK, Row
from gateway.store.view import Sql, View, texts

#: For each id that is named: the children of the rows that name it.
_Named = dict[str, set[str]]

_AT_ONCE = 500
_THERE = 0


class FollowingReads(Lending, Protocol):
    """The part of `base.Reads` that follows references."""

    def led_to(
        self,
        base: str,
        rows: Sequence[Row],
        params: Collection[str] | None,
        target: str = "",
        *,
        limit: int,
    ) -> list[Row]:
        """See `base.Reads.led_to`."""
        found: dict[int, Row] = {}
        if not rows:
            return []
        with self.lend(steady=True) as connection:
            feed = None if base == ASK else self.numbers.feed(connection, base)
            view = View(connection, self.dialect, self.numbers, feed, rows[0].type)
            for (source, type), named in _targets(view, rows, params).items():
                if target in ("", type):
                    there = View(connection, self.dialect, self.numbers, feed, type)
                    for part in _parts(named):
                        _take(there, _called(there, source, part), found, limit)
        return list(found.values())

    def leading_to(
        self,
        base: str,
        rows: Sequence[Row],
        types: Collection[str] | None,
        params: Collection[str] | None,
        *,
        limit: int,
    ) -> list[Row]:
        """See `base.Reads.leading_to`."""
        found: dict[int, Row] = {}
        if not rows:
            return []
        with self.lend(steady=True) as connection:
            feed = None if base == ASK else self.numbers.feed(connection, base)
            view = View(connection, self.dialect, self.numbers, feed, rows[0].type)
            numbers = reference_params(view, types, params)
            for group in _by_feed(rows) if numbers else ():
                _take(view, _callers(view, group, numbers, limit), found, limit)
        return list(found.values())


def references_sql(view: View, rows: Sequence[Row]) -> Sql:
    """What rows refer to: rid, the parameter's number, and the target as it was written."""
    text, rids = view.dialect.any_of([row.rid for row in rows])
    rid = view.dialect.second.format("x.rid")
    return f"SELECT x.rid, x.param, x.target FROM reference x WHERE {rid} {text}", (rids,)


def reference_params(view: View, types: Collection[str] | None, codes: Collection[str] | None) -> list[int]:
    """The numbers of the reference parameters of some types (None: of all), or of those with these codes."""
    if types is not None and codes is not None:
        numbers = view.numbers
        asked = [(numbers.type(view.connection, type), code) for type in types for code in codes]
        known = [numbers.param(view.connection, type, code) for type, code in asked if type >= 0]
        return [number for number in known if number >= 0]
    every = "SELECT p.param, p.code, t.name FROM param p JOIN type t USING (type) WHERE p.kind = 'reference'"
    return [
        number
        for number, code, type in view.connection.execute(every)
        if (types is None or type in types) and (codes is None or code in codes)
    ]


def naming_sql(view: View, group: Sequence[Row], params: Sequence[int], limit: int) -> Sql:
    """What refers to rows of one type and feed: rid, target, and the child whose Patient that is."""
    some, numbers = view.dialect.any_of(params)
    target = view.dialect.start.format("x.target")
    if view.composed:
        which, children = view.dialect.any_of([row.rec for row in group])
        return (
            "SELECT x.rid, x.target, k.id FROM record c CROSS JOIN child k CROSS JOIN reference x"
            f" WHERE c.child {which} AND c.child IS NOT NULL AND k.child = c.child AND x.param {some}"
            f" AND {target} = 'Patient/' || c.local AND {in_record('c')} LIMIT {limit}",
            (children, numbers),
        )
    names, bound = texts(view.dialect, "x.target", [f"{view.type}/{row.local}" for row in group])
    feed = view.numbers.feed(view.connection, group[0].feed)
    low, high = feed << FEED_BITS, (feed + 1 << FEED_BITS) - 1
    return (
        f"SELECT x.rid, x.target, '' FROM reference x"
        f" WHERE x.param {some} AND {names} AND x.rid BETWEEN ? AND ? LIMIT {limit}",
        (numbers, *bound, low, high),
    )


def called_sql(view: View, source: int, ids: object, one_of: str) -> Sql:
    """The resources of a type that a feed calls by ids; a composed Patient calls them as /fhir does."""
    if source:
        return f"{ROW} WHERE r.feed = ? AND r.type = ? AND r.local {one_of}", (source, view.number, ids)
    return f"{ROW} WHERE r.type = ? AND r.public {one_of}", (view.number, ids)


def _targets(
    view: View, rows: Sequence[Row], params: Collection[str] | None
) -> dict[tuple[int, str], _Named]:
    """What rows of one type refer to, by feed and type."""
    wanted = None if params is None else {view.param(code) for code in params}
    held = {row.rid: row for row in rows}
    found: dict[tuple[int, str], _Named] = {}
    for rid, param, target in view.connection.execute(*references_sql(view, rows)):
        type, slash, id = target.partition("/")
        if slash and (wanted is None or param in wanted) and view.numbers.type(view.connection, type) >= 0:
            named = found.setdefault((rid >> FEED_BITS, type), {})
            named.setdefault(id, set()).add(held[rid].child)
    return found


def _called(view: View, source: int, named: _Named) -> Iterator[tuple[set[str], Row]]:
    """The resources of a type that a feed calls by these ids, each with the children of its callers."""
    connection = view.connection
    text, ids = view.dialect.any_of(sorted(named))
    if view.composed and source:
        leads: dict[int, set[str]] = {}
        asked = f"SELECT c.child, c.local FROM record c WHERE c.feed = ? AND c.local {text}"
        for child, local in connection.execute(asked, (source, ids)):
            if child is not None:
                leads.setdefault(child << REC_BITS, set()).update(named[local])
        for row in _by_rid(view, list(leads)):
            yield leads[row.rid], row
    else:
        for row in _matching(view, called_sql(view, source, ids, text)):
            yield named[row.local if source else row.public], row


def _callers(
    view: View, group: Sequence[Row], params: Sequence[int], limit: int
) -> Iterator[tuple[set[str], Row]]:
    """What refers to rows of one type and feed, each with the children of those it refers to."""
    called = {f"{view.type}/{row.local}": row.child for row in group}
    leads: dict[int, set[str]] = {}
    for rid, target, child in view.connection.execute(*naming_sql(view, group, params, limit)):
        leads.setdefault(rid, set()).add(child or called.get(target, ""))
    for row in _by_rid(view, list(leads)):
        yield leads[row.rid], row


def _take(view: View, rows: Iterable[tuple[set[str], Row]], found: dict[int, Row], limit: int) -> None:
    """Add rows to what was found; on `ASK` only those about a child that leads to them."""
    for leads, row in rows:
        if len(found) >= limit:
            return
        if view.feed is not None or (row.child and row.child in leads):
            found[row.rid] = row


def _by_feed(rows: Sequence[Row]) -> Iterator[list[Row]]:
    groups: dict[str, list[Row]] = {}
    for row in rows:
        groups.setdefault(row.feed, []).append(row)
    yield from groups.values()


def _by_rid(view: View, rids: Sequence[int]) -> Iterator[Row]:
    if rids:
        text, values = view.dialect.any_of(list(rids))
        yield from _matching(view, (f"{ROW} WHERE r.rid {text}", (values,)))


def _matching(view: View, sql: Sql) -> Iterator[Row]:
    """The resources of a statement that are there: asked for it, an index by state would be read through."""
    for found in view.connection.execute(*sql):
        if found[-1] == _THERE:
            yield row_of(view.connection, view.numbers, found)


def _parts(named: _Named) -> Iterator[_Named]:
    ids = sorted(named)
    for at in range(0, len(ids), _AT_ONCE):
        yield {id: named[id] for id in ids[at : at + _AT_ONCE]}
