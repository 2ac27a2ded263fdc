"""Everything of some records, in the order in which it was first told: their resources lie side by side."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from gateway.store.numbers import FEED_BITS, REC_BITS, WITHIN_FEED
from gateway.store.search import fetched
from gateway.store.values import Page
from gateway.store.view import Sql, View

Stretch = tuple[int, int]
"""The lowest and highest rid of a record, or of all the records of a feed."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """What of the records is wanted.

    Attributes:
        types: only these; empty for all.
        since: only what has a version of this time or later.
    """

    types: tuple[str, ...] = ()
    since: int = 0


def stretches(view: View, local: str, child: str) -> list[Stretch]:
    """Where the resources of a record or a child lie, in their order.

    Args:
        view: of the base.
        local: the id of a feed's Patient; "" for every record of the feed.
        child: the id of a child, on `ASK`.
    """
    if view.feed is None:
        asked = "SELECT c.feed, c.rec FROM child k CROSS JOIN record c WHERE k.id = ? AND c.child = k.child"
        found = view.connection.execute(asked, (child,)).fetchall()
    elif local:
        asked = "SELECT feed, rec FROM record WHERE feed = ? AND local = ?"
        found = view.connection.execute(asked, (view.feed, local)).fetchall()
    else:
        return list(_between(view, view.feed))
    starts = sorted(feed << FEED_BITS | rec << REC_BITS for feed, rec in found)
    return [(start, start | (1 << REC_BITS) - 1) for start in starts]


def _between(view: View, feed: int) -> Iterator[Stretch]:
    """The records of a feed, without those that hold what is about no Patient."""
    asked = "SELECT rec FROM record WHERE feed = ? AND local IS NULL ORDER BY rec"
    low = feed << FEED_BITS
    for (rec,) in view.connection.execute(asked, (feed,)).fetchall():
        start = feed << FEED_BITS | rec << REC_BITS
        yield low, start - 1
        low = start + (1 << REC_BITS)
    yield low, feed << FEED_BITS | WITHIN_FEED


def whole(
    view: View, where: Sequence[Stretch], wanted: Wanted, *, limit: int, after: int, total: bool
) -> Page:
    """The resources of some stretches behind a rid; the key of each is its rid."""
    test, values = _test(view, wanted)
    within = f"resource r WHERE r.rid BETWEEN ? AND ? AND {test}"
    keys: list[tuple[int, int]] = []
    count = 0
    for low, high in where:
        if len(keys) <= limit and high > after:
            page = f"SELECT r.rid FROM {within} ORDER BY r.rid LIMIT ?"
            bounds = (max(low, after + 1), high)
            found = view.connection.execute(page, (*bounds, *values, limit + 1 - len(keys))).fetchall()
            keys += [(rid, rid) for (rid,) in found]
        if total:
            counted = f"SELECT count(*) FROM {within}"
            count += view.connection.execute(counted, (low, high, *values)).fetchone()[0]
    return Page(fetched(view, keys[:limit]), len(keys) > limit, count if total else None)


def _test(view: View, wanted: Wanted) -> Sql:
    parts, values = ["r.state = 0"], list[object]()
    if wanted.types:
        numbers = [view.numbers.type(view.connection, each) for each in wanted.types]
        text, bound = view.dialect.any_of(numbers)
        parts.append(f"r.type {text}")
        values.append(bound)
    if view.feed is None:
        # their Patients are composed into the child's own
        parts.append("r.type <> ?")
        values.append(view.numbers.type(view.connection, "Patient"))
    if wanted.since:
        parts.append("r.updated >= ?")
        values.append(wanted.since)
    return " AND ".join(parts), tuple(values)
