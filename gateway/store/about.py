"""What is about one child in the default order: the fast form of the question that is asked most."""

from collections.abc import Sequence
from functools import cache
from typing import Any

from gateway.store.dialect import Dialect
from gateway.store.numbers import FEED_BITS, REC_BITS, rec_of
from gateway.store.order import NO_TIME
from gateway.store.search import with_marks
from gateway.store.values import Key, Mark, Page, Row
from gateway.store.view import View

_OF_CHILD = """
SELECT r.rid, r.local, r.public, r.body, r.told, COALESCE(r.tag, CAST(r.version AS TEXT)), r.updated
FROM resource r
"""


def fetched_of(
    view: View, child: str, keys: Sequence[tuple[Any, ...]], marked: bool = False
) -> tuple[list[Row], Mark | None]:
    """As `fetched_marked`, where the child of all is known already, and that none is deleted."""
    if not keys:
        return [], None
    text, rids = view.dialect.any_of([key[0] for key in keys])
    asked = with_marks(_OF_CHILD) if marked else _OF_CHILD
    read = view.connection.execute(f"{asked} WHERE r.rid {text}", (rids,)).fetchall()
    found = {row[0]: row for row in read}
    rows = []
    for rid, time, place in keys:
        _, local, public, body, told, version, updated, *_ = found[rid]
        feed = view.numbers.feed_name(view.connection, rid >> FEED_BITS)
        when = None if time == NO_TIME else time
        rows.append(
            Row(
                view.type, feed, local, public, body, told, child, version, updated,
                when, False, rec_of(rid), (time, place), rid,
            )
        )  # fmt: skip
    return rows, Mark(*read[0][-3:]) if marked else None


# Ordered by the index, so a page costs what it holds; the sums for several records of a child are small.
@cache
def about_sql(dialect: Dialect) -> tuple[str, str, str]:
    """What is about a child: the first page, a page behind a place, and the number of all."""
    target = dialect.start.format("x.target")
    found = f"""
    FROM child k CROSS JOIN record c CROSS JOIN resource r{dialect.along.format("resource_head")}
    WHERE k.id = ? AND c.child = k.child
    AND r.head = (c.feed << {FEED_BITS - REC_BITS} | c.rec) AND r.type = ? AND r.state = 0
    AND EXISTS (SELECT 1 FROM reference x
        WHERE x.param = ? AND {target} = 'Patient/' || c.local AND x.rid = r.rid{dialect.alone})
    """
    page = f"SELECT r.rid, r.time, r.public {found}"
    order = "ORDER BY r.time DESC, r.public LIMIT ?"
    behind = "AND r.time <= ? AND (r.time < ? OR r.public > ?)"
    return f"{page} {order}", f"{page} {behind} {order}", f"SELECT count(*) {found}"


def about(
    view: View,
    child: str,
    param: str,
    *,
    limit: int,
    after: Key | None,
    total: bool,
    marked: bool = False,
) -> Page:
    """The resources of a type that name the child's own Patient in `param`, newest first.

    Args:
        marked: as for `search.answer`.
    """
    keys = about_keys(view, child, param, after, limit + 1)
    more = len(keys) > limit
    rows, mark = fetched_of(view, child, keys[:limit], marked and more)
    if not total:
        return Page(rows, more, None, mark)
    if after is None and not more:
        return Page(rows, more, len(rows))
    return Page(rows, more, counted_about(view, child, param), mark)


def about_keys(view: View, child: str, param: str, after: Key | None, limit: int) -> list[tuple[Any, ...]]:
    """As `page_keys`, of what names a child's own Patient."""
    first, behind, _ = about_sql(view.dialect)
    asked = (child, view.number, view.param(param))
    if after is None:
        return view.connection.execute(first, (*asked, limit)).fetchall()
    time, public = after
    return view.connection.execute(behind, (*asked, time, time, public, limit)).fetchall()


def counted_about(view: View, child: str, param: str) -> int:
    """How many name a child's own Patient in all."""
    counted = about_sql(view.dialect)[2]
    return int(view.connection.execute(counted, (child, view.number, view.param(param))).fetchone()[0])
