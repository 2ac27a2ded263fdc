"""One page out of several types: each is asked by itself, and their keys are put in one order."""

from collections.abc import Sequence
from typing import Any

from gateway.fhir.query import Query
from gateway.store.search import Plan, counted, fetched_marked, page_keys, planned
from gateway.store.values import Key, Page
from gateway.store.view import View


def several(
    asked: Sequence[tuple[View, Query]], *, limit: int, after: Key | None, total: bool, marked: bool = False
) -> Page:
    """The rows that match, each type by its own query; all have the same order.

    Args:
        asked: the queries with their views, whose connection should be in a transaction.
        marked: as for `search.answer`.
    """
    plans = [planned(view, query) for view, query in asked if view.number >= 0]
    if not plans:
        return Page([], False, 0 if total else None)
    keys = several_keys(plans, after, limit + 1) if limit else []
    more = len(keys) > limit
    rows, mark = fetched_marked(plans[0].view, keys[:limit], marked and more)
    if not total:
        return Page(rows, more, None, mark)
    if limit and after is None and not more:
        return Page(rows, more, len(rows))
    return Page(rows, more, sum(map(counted, plans)), mark)


def several_keys(plans: Sequence[Plan], after: Key | None, limit: int) -> list[tuple[Any, ...]]:
    """The rids of the next resources of several types, each with the order's values."""
    keys: list[tuple[Any, ...]] = []
    for plan in plans:
        keys += page_keys(plan, after, limit)
        keys = _first(keys, [term.descending for term in plan.order.terms], limit)
    return keys


def _first(keys: list[tuple[Any, ...]], descending: Sequence[bool], limit: int) -> list[tuple[Any, ...]]:
    """The first of some keys in the order of their values; the rid in front does not count."""
    for at in range(len(descending), 0, -1):
        keys.sort(key=lambda key: key[at], reverse=descending[at - 1])
    return keys[:limit]
