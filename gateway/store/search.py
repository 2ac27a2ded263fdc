"""A question answered in SQL: which criterion leads, in which order, from where on, and how many in all."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cache
from typing import Any, NamedTuple

from gateway.fhir.query import Query
from gateway.store.bounds import moments
from gateway.store.clauses import clause
from gateway.store.dialect import Session
from gateway.store.inorder import BUDGET, Reader
from gateway.store.numbers import FEED_BITS, REC_BITS, REC_MOST, Numbers, rec_of
from gateway.store.order import NEWEST_FIRST, NO_TIME, Order, behind, order_of
from gateway.store.totals import MOST, from_rows, narrowest
from gateway.store.values import Key, Mark, Page, Row
from gateway.store.view import Clause, Sql, View, members_up_to, shown, together

RARE = 5000
"""A criterion with no more matches than this leads; otherwise the resources are walked in order."""

_GATHERED = 100_000  # more matches than this are not put in order

_FEEDS_APART = 64  # more feeds than this are sorted together, not merged


class Source(NamedTuple):
    """A FROM clause that gives resources called `r`, its own condition, and the values of both."""

    tables: str
    where: str
    args: tuple[object, ...]


@dataclass(frozen=True, slots=True)
class Plan:
    """The SQL of a question, short of order and place.

    Attributes:
        sources: their rows are put together.
        where: what each of them must meet.
        order: their order.
        walks: the resources are met in their order, and every criterion is tested on each.
        view: where it is asked.
        clauses: what it asks.
        leader: the condition whose members lead; None where the order does.
    """

    sources: tuple[Source, ...]
    where: Sql
    order: Order
    walks: bool
    view: View
    clauses: tuple[Clause, ...]
    leader: Clause | None


def answer(
    view: View, query: Query, *, limit: int, after: Key | None, total: bool, marked: bool = False
) -> Page:
    """The rows that match.

    Args:
        view: where it is asked; its connection should be in a transaction, so that all steps see one state.
        marked: whether a page with more behind it has its mark.
    """
    plan = planned(view, query)
    keys = page_keys(plan, after, limit + 1) if limit else []
    more = len(keys) > limit
    rows, mark = fetched_marked(view, keys[:limit], marked and more)
    if not total:
        return Page(rows, more, None, mark)
    if limit and after is None and not more:
        return Page(rows, more, len(rows))
    return Page(rows, more, counted(plan), mark)


def page_keys(plan: Plan, after: Key | None, limit: int) -> list[tuple[Any, ...]]:
    """The rids of the next resources, each with the order's values."""
    after = plan.order.place(after)
    if not plan.walks or plan.order.plain or _few(plan):
        return _asked(plan, after, limit)

    def newest(where: Sql, place: Key | None, many: int) -> list[tuple[Any, ...]]:
        sources = tuple(_walks(plan.view, plain=True))
        return _asked(replace(plan, sources=sources, where=where, order=NEWEST_FIRST), place, many)

    keys = Reader(plan.view, plan.order, newest, BUDGET).page(plan.where, after, limit)
    if keys is not None:
        return keys
    leader = narrowest(plan.view.connection, plan.clauses)
    many = members_up_to(plan.view.connection, leader, MOST) if leader else MOST
    if leader is not None and many <= _GATHERED:
        where = all_but(plan.view, plan.clauses, leader)
        led = replace(plan, sources=(_led_by(plan.view, leader),), where=where, leader=leader, walks=False)
        return _asked(led, after, limit)
    # to sort all of these costs no less than to read on
    keys = Reader(plan.view, plan.order, newest, many).page(plan.where, after, limit)
    return _asked(plan, after, limit) if keys is None else keys


def _asked(plan: Plan, after: Key | None, limit: int) -> list[tuple[Any, ...]]:
    sql, args = page_sql(plan, after, limit)
    return plan.view.connection.execute(sql, args).fetchall()


def _few(plan: Plan) -> bool:
    """Whether there are so few of a type that they are sorted sooner than others are passed over."""
    view, second = plan.view, plan.view.dialect.second.format
    if view.feed is not None or view.composed:
        known = f"{second('r.feed')} = ? AND r.type = ? AND r.state = 0 ORDER BY r.time DESC"
        walk, values = "resource_order", (view.feed or 0, view.number)
    elif plan.order.sort[0].param == "_id":
        # ordered, so that it is read by that index
        known = f"{second('r.type')} = ? ORDER BY {second('r.type')}, r.feed, r.updated"
        walk, values = "resource_made", (view.number,)  # type: ignore[assignment]
    else:
        return False
    some = f"SELECT 1 FROM resource r{view.dialect.along.format(walk)} WHERE {known} LIMIT {RARE + 1}"
    return int(view.connection.execute(f"SELECT count(*) FROM ({some}) n", values).fetchone()[0]) <= RARE


def counted(plan: Plan) -> int:
    """How many match in all."""
    sql, args = total_sql(plan)
    return int(plan.view.connection.execute(sql, args).fetchone()[0])


def planned(view: View, query: Query) -> Plan:
    """Choose what leads: the rarest criterion, or the order itself where none is rare."""
    clauses = tuple(clause(view, criterion) for criterion in query.criteria)
    leader = _rarest(view.connection, clauses)
    where = all_but(view, clauses, leader)
    order = order_of(view, query.sort)
    if leader is None:
        bounds, ends = moments(view, query.criteria)
        where = f"{bounds}{where[0]}", (*ends, *where[1])
    sources = (_led_by(view, leader),) if leader else tuple(_walks(view, order.plain))
    return Plan(sources, where, order, leader is None, view, clauses, leader)


def all_but(view: View, clauses: Sequence[Clause], leader: Clause | None) -> Sql:
    """What a resource `r` that the leader gives must meet."""
    base, values = shown(view, "r", walked=True)
    tests = [each.holds("r") for each in clauses if each is not leader]
    where = " AND ".join([base, *(text for text, _ in tests)])
    return where, (*values, *(value for _, some in tests for value in some))


def _rarest(connection: Session, clauses: Sequence[Clause]) -> Clause | None:
    best, fewest = None, RARE + 1
    for each in clauses:
        if each.members and each.leads:
            found = members_up_to(connection, each, fewest)
            if found < fewest:
                best, fewest = each, found
            if fewest == 0:
                break
    return best


def _led_by(view: View, leader: Clause) -> Source:
    union, values = together(leader.members)
    joined = view.dialect.picked.format("r", "d")
    return Source(f"(SELECT DISTINCT rid FROM ({union}) u) d {joined}", "r.rid = d.rid", values)


def _walks(view: View, plain: bool) -> list[Source]:
    """The resources in their order: of one feed, or of each feed by itself, to be merged."""
    walk = f"resource r{view.dialect.along.format('resource_order')}"
    if view.feed is not None or view.composed:
        return [Source(walk, "TRUE", ())]
    column = view.dialect.second.format("r.feed")
    asked = "SELECT feed FROM feed WHERE feed > 0"
    feeds = [feed for (feed,) in view.connection.execute(asked)]
    if plain and 0 < len(feeds) <= _FEEDS_APART:
        return [Source(walk, f"{column} = {feed}", ()) for feed in feeds]
    return [Source(walk, f"{column} {view.dialect.within.format(asked)}", ())]


def page_sql(plan: Plan, after: Key | None, limit: int) -> Sql:
    """The question for one page: rid and the order's values."""
    terms = plan.order.terms
    names = [f"k{at}" for at in range(len(terms))]
    order = ", ".join(
        f"{name} DESC" if term.descending else name for term, name in zip(terms, names, strict=True)
    )
    if not plan.order.plain:
        ((tables, own, args),) = plan.sources
        where = f"{own} AND {plan.where[0]}", (*args, *plan.where[1])
        select, values = plan.order.keyed(plan.view, tables, where)
        later = behind(terms, names, after)
        return f"SELECT * FROM ({select}) q WHERE {later[0]} ORDER BY {order} LIMIT {limit}", (
            *values,
            *later[1],
        )
    # written so that the index gives the order and the place to start from
    columns = ", ".join(f"{term.sql} AS {name}" for term, name in zip(terms, names, strict=True))
    later = behind(terms, [term.sql for term in terms], after)
    ends = f"AND {later[0]} ORDER BY r.time DESC, r.public LIMIT {limit}"
    selects = [
        (
            f"SELECT r.rid, {columns} FROM {tables} WHERE {own} AND {plan.where[0]} {ends}",
            (*args, *plan.where[1], *later[1]),
        )
        for tables, own, args in plan.sources
    ]
    if len(selects) == 1:
        return selects[0]
    pages = " UNION ALL ".join(f"SELECT * FROM ({select}) p" for select, _ in selects)
    return f"{pages} ORDER BY {order} LIMIT {limit}", tuple(value for _, every in selects for value in every)


def total_sql(plan: Plan) -> Sql:
    """The question for the number of all that match."""
    view, clauses = plan.view, plan.clauses
    leader = plan.leader or narrowest(view.connection, clauses)
    counted = from_rows(view, clauses, leader)
    if counted is not None:
        return counted
    sources, where = plan.sources, plan.where
    if plan.walks and leader is not None:
        sources, where = (_led_by(view, leader),), all_but(view, clauses, leader)
    selects, values = [], []
    for tables, own, args in sources:
        selects.append(f"SELECT count(*) AS n FROM {tables} WHERE {own} AND {where[0]}")
        values += [*args, *where[1]]
    return f"SELECT CAST(sum(n) AS BIGINT) FROM ({' UNION ALL '.join(selects)}) q", tuple(values)


#: A resource with what a `Row` needs, short of its condition.
ROW = f"""
SELECT r.rid, r.type, r.local, r.public, r.body, r.told, k.id, COALESCE(r.tag, CAST(r.version AS TEXT)),
    r.updated, r.time, r.state
FROM resource r
LEFT JOIN record c ON c.rec = (r.rid >> {REC_BITS}) & {REC_MOST} AND r.rid >= {1 << FEED_BITS}
LEFT JOIN child k ON k.child = c.child
"""

READ_LOCAL = ROW + "WHERE r.feed = ? AND r.type = ? AND r.local = ? AND r.state < 2"
READ_PUBLIC = ROW + (
    f"WHERE r.type = ? AND r.public = ? AND r.state < 2 AND r.rid >= {1 << FEED_BITS} AND c.child IS NOT NULL"
)
READ_COMPOSED = ROW + f"WHERE r.type = ? AND r.public = ? AND r.rid < {1 << FEED_BITS}"


def row_of(connection: Session, numbers: Numbers, found: tuple[Any, ...], key: Key = ()) -> Row:
    """A row of `READ_…` as a value."""
    rid, type, local, public, body, told, child, version, updated, time, state = found
    feed = numbers.feed_name(connection, rid >> FEED_BITS)
    return Row(
        numbers.type_name(connection, type),
        feed,
        local,
        public,
        body,
        told,
        (child or "") if feed else public,
        version,
        updated,
        None if time == NO_TIME else time,
        state == 1,
        rec_of(rid),
        key,
        rid,
    )


def fetched(view: View, keys: Sequence[tuple[Any, ...]]) -> list[Row]:
    """The resources behind a page's keys, in their order; one statement for all of them."""
    return fetched_marked(view, keys, False)[0]


def fetched_marked(
    view: View, keys: Sequence[tuple[Any, ...]], marked: bool
) -> tuple[list[Row], Mark | None]:
    """As `fetched`, where it is wanted with the mark of this moment, which comes by the same statement."""
    if not keys:
        return [], None
    text, rids = view.dialect.any_of([key[0] for key in keys])
    read = view.connection.execute(
        f"{with_marks(ROW) if marked else ROW} WHERE r.rid {text}", (rids,)
    ).fetchall()
    mark = Mark(*read[0][-3:]) if marked else None
    found = {row[0]: row[:-3] if marked else row for row in read}
    return [row_of(view.connection, view.numbers, found[key[0]], key[1:]) for key in keys], mark


_MOVES = "SELECT moved FROM child WHERE moved IS NOT NULL ORDER BY moved DESC LIMIT 1"
MARKS = f"""
    COALESCE((SELECT max(number) FROM version), 0), COALESCE(({_MOVES}), 0),
    COALESCE((SELECT max(child) FROM child), 0)
"""
"""What `Mark` is made of."""


@cache
def with_marks(select: str) -> str:
    """A question for resources, each with the marks of this moment."""
    return select.replace("\nFROM resource r", f", {MARKS}\nFROM resource r", 1)
