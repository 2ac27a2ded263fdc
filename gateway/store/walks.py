"""Later pages of a walk whose order changes meanwhile: each resource that was there comes once.

What changed since the walk began may lie before the place that the walk is at, or behind it, whether it was
shown or not. So what was shown is left out, and what was passed over comes in a tail behind the last of the
order: what changed is found by numbers that grow in the order of commits, since one writes at a time.
"""

from collections.abc import Callable, Container, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from gateway.fhir.query import Query
from gateway.store.about import about_keys, counted_about, fetched_of
from gateway.store.dialect import Session
from gateway.store.numbers import FEED_BITS, REC_BITS
from gateway.store.search import MARKS, Plan, all_but, counted, fetched, page_keys, planned
from gateway.store.several import several_keys
from gateway.store.values import Key, Mark, Page
from gateway.store.view import Sql, View

_MOST = 5000  # keys that are read at once while what was shown is skipped
_FEW = 200

# `+ 0` and COALESCE keep these questions with the index that begins with what is listed
CHANGED = "SELECT DISTINCT rid FROM version WHERE rid {} AND number + 0 > ?"
MOVED = "SELECT child FROM child WHERE child {} AND COALESCE(moved, 0) > ?"

# A version that was taken back later lies behind the end, and in place of one that may have been before it.
_VERSIONS = "SELECT rid, number FROM version WHERE number > ? AND (number <= ? OR stands = 0)"
_PATIENTS = f"SELECT child << {REC_BITS} AS rid, moved AS number FROM child WHERE moved > ? AND child <= ?"

Keys = list[tuple[Any, ...]]
Reader = Callable[[Key | None, int], Keys]
"""Reads the next keys behind one of them: each the rid and the order's values, the public id last."""


@dataclass(frozen=True, slots=True)
class Walking:
    """Where a walk is.

    Attributes:
        mark: of its first page.
        seen: the public ids that were on the pages before; asked for where it matters.
        tail: `Page.tail` of the page before.
    """

    mark: Mark
    seen: Callable[[], Container[str]]
    tail: tuple[int, ...] = ()


class _Stretch(NamedTuple):
    """A page's keys: in the order, then of the tail; whether there are more, and where the tail goes on."""

    keys: Keys
    passed: Keys
    more: bool
    tail: tuple[int, ...] = ()


class _Passed(NamedTuple):
    """A resource that changed: the number of its change, and the place in the tail behind it."""

    number: int
    rid: int
    public: str
    place: tuple[int, ...]


def mark(connection: Session) -> Mark:
    """How far what is there has changed by now."""
    return Mark(*connection.execute(f"SELECT {MARKS}").fetchone())


def walked(
    asked: Sequence[tuple[View, Query]],
    walking: Walking,
    *,
    limit: int,
    after: Key | None,
    total: bool,
    about: tuple[str, str] | None,
) -> Page:
    """The next page of a walk.

    Args:
        asked: the question of each type with its view, whose connection should be in a transaction.
        after: the key of the last row of the page before, as long as there is no tail.
        about: the child and the parameter that the one question asks for alone.
    """
    plans = [planned(view, query) for view, query in asked if view.number >= 0]
    if not plans:
        return Page([], False, 0 if total else None)
    view = plans[0].view

    def read(behind: Key | None, many: int) -> Keys:
        if about:
            return about_keys(view, *about, behind, many)
        return several_keys(plans, behind, many) if len(plans) > 1 else page_keys(plans[0], behind, many)

    keys, passed, more, tail = _stretch(read, plans, walking, after, limit)
    rows = fetched_of(view, about[0], keys)[0] if about else fetched(view, keys)
    rows += fetched(view, passed)
    if not total:
        return Page(rows, more, None, tail=tail)
    number = counted_about(view, *about) if about else sum(map(counted, plans))
    return Page(rows, more, number, tail=tail)


def _stretch(
    read: Reader, plans: Sequence[Plan], walking: Walking, after: Key | None, limit: int
) -> _Stretch:
    view = plans[0].view
    then, now = walking.mark, mark(view.connection)
    place = walking.tail
    if not place and (then.versions, then.moves) == (now.versions, now.moves):
        keys = read(after, limit + 1)
        return _Stretch(keys[:limit], [], len(keys) > limit)
    found: Keys = []
    if not place:
        found = _ahead(read, view, walking, after, limit)
        if len(found) > limit:
            return _Stretch(found[:limit], [], True)
        place = (then.versions, now.versions, then.moves)
    here = {key[-1] for key in found}
    passed: Keys = []
    for each in _passed(plans, walking, place, here):
        if len(found) + len(passed) == limit:
            return _Stretch(found, passed, True, place)
        passed.append((each.rid,))
        place = each.place
    return _Stretch(found, passed, False)


def _ahead(read: Reader, view: View, walking: Walking, after: Key | None, limit: int) -> Keys:
    """What comes next in the order and was not shown: no more than a page has only where the order ends."""
    found: Keys = []
    many = limit + 1
    while True:
        keys = read(after, many)
        changed = _changed(view, [key[0] for key in keys], walking.mark) if keys else set()
        found += [key for key in keys if key[0] not in changed or key[-1] not in walking.seen()]
        if len(keys) < many or len(found) > limit:
            return found
        after = keys[-1][1:]
        many = min(2 * many, _MOST)


def _changed(view: View, rids: Sequence[int], since: Mark) -> set[int]:
    """Those that changed since a moment."""
    told = [rid for rid in rids if rid >= 1 << FEED_BITS]
    children = [rid >> REC_BITS for rid in rids if rid < 1 << FEED_BITS]
    found = set[int]()
    if told:
        text, bound = view.dialect.any_of(told)
        rows = view.connection.execute(CHANGED.format(text), (bound, since.versions)).fetchall()
        found.update(rid for (rid,) in rows)
    if children:
        text, bound = view.dialect.any_of(children)
        rows = view.connection.execute(MOVED.format(text), (bound, since.moves)).fetchall()
        found.update(child << REC_BITS for (child,) in rows)
    return found


def _passed(
    plans: Sequence[Plan], walking: Walking, place: tuple[int, ...], here: set[str]
) -> Iterator[_Passed]:
    """What changed since the walk began, meets the question, and was not shown: in the order of the changes.

    Args:
        place: the numbers of the last version and the last move that were come to; the walk's last version.
        here: the public ids on this page.
    """
    for composed in (False, True):
        some = [each for each in plans if each.view.composed == composed]
        many = _FEW
        while some:
            rows = sorted(row for each in some for row in _rows(each, composed, walking.mark, place, many))[
                :many
            ]
            for row in rows:
                place = row.place
                if row.public not in here and row.public not in walking.seen():
                    here.add(row.public)
                    yield row
            if len(rows) < many:
                break
            many = min(2 * many, _MOST)


def _rows(plan: Plan, composed: bool, since: Mark, place: tuple[int, ...], limit: int) -> Iterator[_Passed]:
    sql, args = passed_sql(plan, composed, since, place, limit)
    version, last, move = place
    for number, rid, public in plan.view.connection.execute(sql, args).fetchall():
        yield _Passed(number, rid, public, (version, last, number) if composed else (number, last, move))


def passed_sql(plan: Plan, composed: bool, since: Mark, place: tuple[int, ...], limit: int) -> Sql:
    """The question for what changed and matches, in the order of the changes: number, rid and public id."""
    version, last, move = place
    where, values = all_but(plan.view, plan.clauses, None)
    changes, bound = (_PATIENTS, (move, since.children)) if composed else (_VERSIONS, (version, last))
    sql = (
        f"SELECT v.number, r.rid, r.public FROM ({changes}) v {plan.view.dialect.picked.format('r', 'v')}"
        f" WHERE r.rid = v.rid AND {where} ORDER BY v.number LIMIT {limit}"
    )
    return sql, (*bound, *values)
