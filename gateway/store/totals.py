"""How many resources match: counted from index rows wherever these say enough, not from the resources."""

import re
from collections.abc import Sequence

from gateway.store.dialect import Session
from gateway.store.numbers import REC_BITS, REC_MOST
from gateway.store.view import Clause, Sql, View, members_up_to, together

_FEW = 10_000
MOST = 10_000_000
"""More are not counted to find out which condition fewest resources meet."""

#: A test of the row `d` that needs more of the resource than its rid.
_LOOKS = re.compile(r"\bd\.(?!rid\b)")


def narrowest(connection: Session, clauses: Sequence[Clause]) -> Clause | None:
    """The condition that fewest resources meet, of those that can be asked for them; counted only so far."""
    able = [each for each in clauses if each.members]
    most = _FEW
    while len(able) > 1 and most < MOST:
        counts = [members_up_to(connection, each, most) for each in able]
        if min(counts) < most:
            return able[counts.index(min(counts))]
        most *= 10
    return able[0] if able else None


def from_rows(view: View, clauses: Sequence[Clause], leader: Clause | None) -> Sql | None:
    """The number of all that meet every condition, from index rows alone; None where these do not say it.

    Args:
        leader: the one whose rows are counted.
    """
    if leader is None:
        if not clauses:
            return _everything(view)
        if len(clauses) == 1 and clauses[0].others:
            return _all_but(view, clauses[0].others)
        return None
    tests = [each.holds("d") for each in clauses if each is not leader]
    if not leader.bare or any(_LOOKS.search(text) for text, _ in tests):
        return None
    return _rows(view, leader.members, tests)


def _rows(view: View, members: Sequence[Sql], tests: Sequence[Sql] = ()) -> Sql:
    union, values = together(members)
    known, own = _known(view)
    where = " AND ".join([known, *(text for text, _ in tests)])
    counted = view.dialect.distinct.format("d.rid", f"FROM ({union}) d WHERE {where}")
    return counted, (*values, *own, *(value for _, some in tests for value in some))


def _everything(view: View) -> Sql:
    walk = f"resource d{view.dialect.along.format('resource_order')}"
    column = view.dialect.second.format("d.feed")
    known, own = _known(view)
    if view.feed is None and not view.composed:
        feeds = f"(SELECT f.feed FROM feed f WHERE f.feed > 0) g CROSS JOIN {walk}"
        counted = f"SELECT count(*) FROM {feeds} WHERE {column} = g.feed"
        return f"{counted} AND d.type = ? AND d.state = 0 AND {known}", (view.number, *own)
    counted = f"SELECT count(*) FROM {walk} WHERE {column} = ? AND d.type = ? AND d.state = 0"
    return counted, (view.feed or 0, view.number)


def _all_but(view: View, members: Sequence[Sql]) -> Sql:
    every, values = _everything(view)
    some, others = _rows(view, members)
    return f"SELECT ({every}) - ({some})", (*values, *others)


def _known(view: View) -> Sql:
    """The condition that the base shows a row `d` that is of the right type, and there."""
    within = "d.rid BETWEEN ? AND ?"
    if view.feed is not None or view.composed:
        return within, view.rids
    # there are few of them, so they are looked up once and not for each row
    loose = "SELECT l.rec FROM record l WHERE l.child IS NULL"
    return f"{within} AND (d.rid >> {REC_BITS}) & {REC_MOST} NOT IN ({loose})", view.rids
