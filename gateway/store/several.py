"""One page out of several types: each is asked by itself, and their keys are put in one order."""

from collections.abc import Sequence
from typing import Any

from gateway.fhir.query import Query
from gateway.store.search import fetched, page_sql, planned, total_sql
from gateway.store.values import Key, Page
from gateway.store.view import View


def several(asked: Sequence[tuple[View, Query]], *, limit: int, after: Key | None, total: bool) -> Page:
    """The rows that match, each type by its own query; all have the same order.

    Args:
        asked: the queries with their views, whose connection should be in a transaction.
    """
    plans = [(view, planned(view, query)) for view, query in asked if view.number >= 0]
    if not plans:
        return Page([], False, 0 if total else None)
    keys: list[tuple[Any, ...]] = []
    for view, plan in plans if limit else ():
        sql, args = page_sql(plan, after, limit + 1)
        keys += view.connection.execute(sql, args).fetchall()
        keys = _first(keys, [term.descending for term in plan.terms], limit + 1)
    more = len(keys) > limit
    rows = fetched(plans[0][0], keys[:limit])
    if not total:
        return Page(rows, more, None)
    if limit and after is None and not more:
        return Page(rows, more, len(rows))
    counted = 0
    for view, plan in plans:
        sql, args = total_sql(plan)
        counted += view.connection.execute(sql, args).fetchone()[0]
    return Page(rows, more, counted)


def _first(keys: list[tuple[Any, ...]], descending: Sequence[bool], limit: int) -> list[tuple[Any, ...]]:
    """The first of some keys in the order of their values; the rid in front does not count."""
    for at in range(len(descending), 0, -1):
        keys.sort(key=lambda key: key[at], reverse=descending[at - 1])
    return keys[:limit]
