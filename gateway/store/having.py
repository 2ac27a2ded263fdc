"""`_has` in SQL: a resource is found by what others, which refer to it, are like."""

from collections.abc import Callable
from dataclasses import replace
from typing import NamedTuple

from gateway.fhir.query import Criterion
from gateway.store.kinds import in_record
from gateway.store.numbers import FEED_BITS, REC_BITS, REC_MOST, WITHIN_FEED
from gateway.store.view import Clause, View, exists, members_up_to, shown, together

#: More than so many are not gathered, to find what is at the other end of their references: that is tested of
#: each resource.
MANY = 20_000

Condition = Callable[[View, Criterion], Clause]


class _Roads(NamedTuple):
    """How a resource `{r}` and one that refers to it, called `t`, are joined by the reference `x`.

    Attributes:
        there: from `{r}` to the sources, and its condition.
        here: behind `t`, to the resources it refers to, with its condition, and their rids.
    """

    there: tuple[str, str]
    here: tuple[str, str, str]


def having(view: View, criterion: Criterion, inner: Criterion, condition: Condition) -> Clause:
    """The condition that something which meets `inner` refers to a resource.

    Args:
        view: where it is asked.
        criterion: of kind "has".
        inner: what the resource that refers meets.
        condition: what `inner` sets in a view.
    """
    source = replace(view, type=criterion.modifier, depth=view.depth + 1)
    param = source.param(criterion.names[0])
    t, x, c = (f"{name}{source.depth}" for name in "txc")
    wanted = condition(source, inner)
    test, values = wanted.holds(t)
    seen, base = shown(source, t)
    roads = _roads(view, source, (t, x, c))
    start, joined = roads.there
    tested = exists(
        view, start, f"{joined} AND {t}.rid = {x}.rid AND {seen} AND {test}", param, *base, *values
    )
    if not wanted.members:
        return Clause((), tested)
    union, picks = together(wanted.members)
    name = f"p{source.depth}"
    some = f"(SELECT DISTINCT rid FROM ({union}) u{source.depth})"
    if wanted.bare and view.composed and not source.composed:
        # what these rids are of is there, and its record says below whether it is about a child
        tables, behind, found = _roads(view, source, (name, x, c)).here
        member = f"SELECT {found} AS rid FROM {some} {name}{tables} WHERE {behind}"
        return Clause(((member, (*picks, param)),), tested, leads=not are_many(view, wanted))
    picked = f"{some} {name}"
    tables, behind, found = roads.here
    member = (
        f"SELECT {found} AS rid FROM {picked} {view.dialect.picked.format(t, name)}{tables}"
        f" WHERE {t}.rid = {name}.rid AND {seen} AND {behind}"
    )
    return Clause(((member, (*picks, *base, param)),), tested, leads=not are_many(view, wanted))


def are_many(view: View, wanted: Clause) -> bool:
    """Whether a condition has too many members to be gathered."""
    return not wanted.leads or members_up_to(view.connection, wanted, MANY + 1) > MANY


def _roads(view: View, source: View, names: tuple[str, str, str]) -> _Roads:
    t, x, c = names
    target = view.dialect.start.format(f"{x}.target")
    own = f"{view.dialect.second.format(f'{x}.rid')} = {t}.rid AND {x}.param = ?"
    picked = view.dialect.picked.format(t, x)
    held = f"reference {x}{view.dialect.along.format('reference_rid')}"
    if view.composed and not source.composed:
        named = f"{target} = 'Patient/' || {c}.local"
        return _Roads(
            (
                f"record {c} CROSS JOIN reference {x} {picked}",
                f"{c}.child = {{r}}.rid >> {REC_BITS} AND {x}.param = ? AND {named}"
                f" AND {in_record(c).replace('x.', f'{x}.')}",
            ),
            (
                f" CROSS JOIN record {c} CROSS JOIN {held}",
                f"{c}.rec = ({t}.rid >> {REC_BITS}) & {REC_MOST} AND {c}.child IS NOT NULL"
                f" AND {own} AND {named}",
                f"{c}.child << {REC_BITS}",
            ),
        )
    # a composed Patient speaks of others by the ids that /fhir shows
    column = "public" if source.composed else "local"
    feed = f"{{r}}.feed << {FEED_BITS}"
    within = (
        f"{x}.rid <= {WITHIN_FEED}"
        if source.composed
        else f"{x}.rid BETWEEN {feed} AND {feed} | {WITHIN_FEED}"
    )
    # asked for each reference by itself, so that it is found by all that is known of it
    same = "" if source.composed else f"h.feed = {t}.rid >> {FEED_BITS} AND "
    named = f"h.type = {view.number} AND h.{column} = substr({x}.target, {len(view.type) + 2})"
    whole = f"{target} = '{view.type}/' || h.{column}"
    found = f"(SELECT h.rid FROM resource h WHERE {same}{named} AND {whole}{view.dialect.alone})"
    return _Roads(
        (
            f"reference {x} {picked}",
            f"{x}.param = ? AND {target} = '{view.type}/' || {{r}}.{column} AND {within}",
        ),
        (f" CROSS JOIN {held}", own, found),
    )
