"""A question's criteria as conditions in SQL, each in two forms: the rids that meet it, and a test of one.

The store asks the rarest criterion for its rids and tests the others on them, or walks the resources in order
and tests all of them when every criterion is common.
"""

from collections.abc import Sequence
from dataclasses import replace
from typing import cast

from gateway.fhir.having import HAS
from gateway.fhir.leads import references
from gateway.fhir.meets import NEGATIVE
from gateway.fhir.query import Criterion, Span, Token, Value
from gateway.problems import refuse
from gateway.problems.store import STORE_SEARCH
from gateway.store import places
from gateway.store.composites import any_pair, pairs
from gateway.store.having import are_many, having
from gateway.store.kinds import KINDS, MODIFIERS, POINTS, in_record, token_rows
from gateway.store.numbers import FEED_BITS, REC_BITS, REC_MOST, WITHIN_FEED
from gateway.store.view import Clause, View, either, exists, negated, rows, shown, together

#: What can be asked of every type, and has no index rows of its own.
_OF_ALL = frozenset({"_id", "_lastUpdated", HAS})


def clause(view: View, criterion: Criterion) -> Clause:
    """The condition that a criterion sets.

    Raises:
        Refused: `store.cannot-search`.
    """
    if criterion.chained is not None and criterion.kind == "has":
        return having(view, criterion, criterion.chained, clause)
    if criterion.chained is not None:
        return _chain(view, criterion, criterion.chained)
    if criterion.param in ("_id", "_lastUpdated"):
        return _own_column(view, criterion)
    if criterion.kind not in MODIFIERS:
        raise _cannot(criterion, criterion.kind)
    if criterion.modifier == "missing":
        return _missing(view, criterion)
    # a reference may also be narrowed to a type, which its values then name
    typed = criterion.kind == "reference" and criterion.modifier[:1].isupper()
    if criterion.modifier not in MODIFIERS[criterion.kind] and not typed:
        raise _cannot(criterion, criterion.modifier)
    if criterion.kind == "composite":
        return either(pairs(view, criterion, _alone))
    kind = "phrase" if criterion.modifier == "text" else criterion.kind
    named = [replace(criterion, param=name) for name in criterion.names]
    found = either([part for each in named for part in KINDS[kind](view, each, criterion.values)])
    if places.tells(view, criterion.param) or places.leads(view, criterion):
        found = places.told(view, found)
    return negated(found) if criterion.modifier in NEGATIVE else found


def _alone(view: View, kind: str, criterion: Criterion, values: Sequence[Value]) -> list[Clause]:
    return KINDS[kind](view, criterion, values)


def _cannot(criterion: Criterion, how: str) -> Exception:
    return refuse(STORE_SEARCH, field=criterion.param, param=criterion.param, how=how)


def _missing(view: View, criterion: Criterion) -> Clause:
    params = [view.param(name) for name in criterion.names]
    there = [
        rows(view, table, "x.param = ?", param) for table in _MISSING[criterion.kind] for param in params
    ]
    if criterion.kind == "composite":
        there = [each for name in criterion.names for each in any_pair(view, name)]
    if criterion.kind in ("token", "reference"):
        there += [token_rows(view, param) for param in params]
    found = replace(either(there), leads=False)
    if places.tells(view, criterion.param):
        found = places.told(view, found)
    return negated(found) if cast(Token, criterion.values[0].value).code == "true" else found


def _own_column(view: View, criterion: Criterion) -> Clause:
    if criterion.modifier not in ("", "missing", "not"):
        raise _cannot(criterion, criterion.modifier)
    if criterion.modifier == "missing":
        true = cast(Token, criterion.values[0].value).code == "true"
        return Clause((), ("FALSE" if true else "TRUE", ()))
    found = _ids(view, criterion) if criterion.param == "_id" else _updated(view, criterion)
    return negated(found) if criterion.modifier == "not" else found


def _ids(view: View, criterion: Criterion) -> Clause:
    text, ids = view.dialect.any_of([cast(Token, value.value).code for value in criterion.values])
    test = f"{{r}}.type = ? AND {{r}}.{view.id_column} {text}"
    feed = "" if view.feed is None else f" AND y.feed = {view.feed}"
    member = f"SELECT y.rid FROM resource y WHERE {test.replace('{r}', 'y')}{feed}"
    return Clause(((member, (view.number, ids)),), (f"({test})", (view.number, ids)))


def _updated(view: View, criterion: Criterion) -> Clause:
    parts: list[Clause] = []
    type, rid = (view.dialect.second.format(f"y.{column}") for column in ("type", "rid"))
    for value in criterion.values:
        span = cast(Span, value.value)
        test, bound = POINTS[value.prefix]
        values = tuple(span.low if end == "l" else span.high for end in bound)
        member = f"SELECT y.rid FROM resource y WHERE {type} = ? AND {test.format(x='y.updated')}"
        parts.append(
            Clause(
                ((f"{member} AND {rid} BETWEEN ? AND ?", (view.number, *values, *view.rids)),),
                (f"({test.format(x=view.dialect.second.format('{r}.updated'))})", values),
            )
        )
    return either(parts)


def _chain(view: View, criterion: Criterion, inner: Criterion) -> Clause:
    if criterion.modifier:
        types = [criterion.modifier]
    elif inner.param in _OF_ALL:
        able = references(view.type).get(criterion.param)
        every = (name for (name,) in view.connection.execute("SELECT name FROM type"))
        types = [name for name in every if not able or name in able]
    else:
        asked = "SELECT t.name FROM param p JOIN type t USING (type) WHERE p.code = ?"
        types = [name for (name,) in view.connection.execute(asked, (inner.param,))]
    return either([_link(view, view.param(criterion.param), type, inner) for type in types])


def _link(view: View, param: int, type: str, inner: Criterion) -> Clause:
    target = replace(view, type=type, depth=view.depth + 1)
    t, x = f"t{target.depth}", f"x{target.depth}"
    wanted = clause(target, inner)
    test, values = wanted.holds(t)
    seen, base = shown(target, t)
    start, joined, back, own = _roads(view, target, t, x)
    tested = exists(view, back, f"{own} AND {seen} AND {test}", param, *base, *values)
    if not wanted.members:
        return Clause((), tested)
    union, picks = together(wanted.members)
    picked = f"(SELECT DISTINCT rid FROM ({union}) u{target.depth}) p{target.depth}"
    found = f"{picked} {start} WHERE {t}.rid = p{target.depth}.rid AND {seen} AND {joined}"
    member = f"SELECT {x}.rid FROM {found}"
    return Clause(((member, (*picks, *base, param)),), tested, True, leads=not are_many(view, wanted))


def _roads(view: View, target: View, t: str, x: str) -> tuple[str, str, str, str]:
    """How a reference `x` and the resource `t` it leads to are joined, from either side."""
    feed = f"{t}.feed << {FEED_BITS}"
    picked = view.dialect.picked.format(t, f"p{target.depth}")
    name = view.dialect.start.format(f"{x}.target")
    if target.composed:
        record = f"({{r}}.rid >> {REC_BITS}) & {REC_MOST}"
        named = f"{x}.param = ? AND {name} = 'Patient/' || c.local"
        return (
            f"{picked} CROSS JOIN record c CROSS JOIN reference {x}",
            f"c.child = {t}.rid >> {REC_BITS} AND {named} AND {in_record('c').replace('x.', f'{x}.')}",
            f"record c CROSS JOIN reference {x} CROSS JOIN resource {t}",
            f"c.rec = {record} AND {named} AND {x}.rid = {{r}}.rid AND {t}.rid = c.child << {REC_BITS}",
        )
    # a composed Patient speaks of others by the ids that /fhir shows
    column = "public" if view.composed else "local"
    target_of = f"{name} = '{target.type}/' || {t}.{column}"
    within = (
        f"{x}.rid <= {WITHIN_FEED}" if view.composed else f"{x}.rid BETWEEN {feed} AND {feed} | {WITHIN_FEED}"
    )
    named = f"{t}.type = {target.number} AND {t}.{column} = substr({x}.target, {len(target.type) + 2})"
    same = "" if view.composed else f" AND {t}.feed = {{r}}.feed"
    return (
        f"{picked} CROSS JOIN reference {x}",
        f"{x}.param = ? AND {target_of} AND {within}",
        f"{view.dialect.own.format('reference', x, '{r}')} CROSS JOIN resource {t}",
        f"{x}.rid = {{r}}.rid AND {x}.param = ? AND {named} AND {target_of}{same}",
    )


_MISSING: dict[str, tuple[str, ...]] = {
    "composite": (),
    "token": (),
    "string": ("string",),
    "date": ("date",),
    "number": ("number",),
    "quantity": ("quantity",),
    "reference": ("reference",),
    "uri": ("uri",),
}
