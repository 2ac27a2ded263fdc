"""A question's criteria as conditions in SQL, each in two forms: the rids that meet it, and a test of one.

The store asks the rarest criterion for its rids and tests the others on them, or walks the resources in order
and tests all of them when every criterion is common.
"""

import sqlite3
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import cast

from gateway.fhir.query import Criterion, Number, Quantity, Span, Target, Text, Token, Uri, Value
from gateway.problems import refuse
from gateway.problems.store import STORE_SEARCH
from gateway.store.numbers import FEED_BITS, REC_BITS, REC_MOST, SEQ_MOST, WITHIN_FEED, Numbers

Sql = tuple[str, tuple[object, ...]]


@dataclass(frozen=True, slots=True)
class Clause:
    """A condition on a resource.

    Attributes:
        members: queries that together give the rids that meet it; empty where only the test exists.
        test: an SQL condition on the resource called `{r}`.
    """

    members: tuple[Sql, ...]
    test: Sql

    def holds(self, alias: str) -> Sql:
        """The test for a resource of that name."""
        return self.test[0].replace("{r}", alias), self.test[1]


@dataclass(frozen=True, slots=True)
class View:
    """Where a question is asked: the base, the type, and what the caller must not search by.

    Attributes:
        feed: the feed's number; None for `ASK`.
        type: the type's name; `number` its number.
        depth: how many chains lead here; keeps the names in nested queries apart.
    """

    connection: sqlite3.Connection
    numbers: Numbers
    feed: int | None
    type: str
    hidden: tuple[str, ...] = ()
    depth: int = 0

    @property
    def number(self) -> int:
        """The type's number."""
        return self.numbers.type(self.connection, self.type)

    @property
    def composed(self) -> bool:
        """Whether the resources are the composed Patients."""
        return self.feed is None and self.type == "Patient"

    @property
    def rids(self) -> tuple[int, int]:
        """The lowest and highest rid that the base can show."""
        if self.feed is not None:
            return self.feed << FEED_BITS, self.feed << FEED_BITS | WITHIN_FEED
        return (0, WITHIN_FEED) if self.composed else (1 << FEED_BITS, (1 << 63) - 1)

    @property
    def id_column(self) -> str:
        """The column with the id that the base shows."""
        return "public" if self.feed is None else "local"

    def param(self, code: str) -> int:
        """The number of a parameter of the type."""
        return self.numbers.param(self.connection, self.number, code)


def shown(view: View, alias: str) -> Sql:
    """The condition that the base shows a resource of the view's type."""
    if view.feed is not None or view.composed:
        return (
            f"{alias}.feed = ? AND {alias}.type = ? AND {alias}.state = 0",
            (view.feed or 0, view.number),
        )
    return (
        f"{alias}.type = ? AND {alias}.state = 0 AND {alias}.rid >= {1 << FEED_BITS} AND EXISTS (SELECT 1"
        f" FROM record cc WHERE cc.rec = ({alias}.rid >> {REC_BITS}) & {REC_MOST} AND cc.child IS NOT NULL)",
        (view.number,),
    )


def clause(view: View, criterion: Criterion) -> Clause:
    """The condition that a criterion sets.

    Raises:
        Refused: `store.cannot-search`.
    """
    if criterion.chained is not None:
        return _chain(view, criterion, criterion.chained)
    if criterion.param in ("_id", "_lastUpdated"):
        return _own_column(view, criterion)
    if criterion.kind not in _KINDS:
        raise _cannot(criterion, criterion.kind)
    if criterion.modifier == "missing":
        return _missing(view, criterion)
    # a reference may also be narrowed to a type, which its values then name
    typed = criterion.kind == "reference" and criterion.modifier[:1].isupper()
    if criterion.modifier not in _MODIFIERS[criterion.kind] and not typed:
        raise _cannot(criterion, criterion.modifier)
    parts: list[Clause] = []
    for value in criterion.values:
        parts += _KINDS[criterion.kind](view, criterion, value)
    either = _either(parts)
    return _negated(either) if criterion.modifier == "not" else either


def _cannot(criterion: Criterion, how: str) -> Exception:
    return refuse(STORE_SEARCH, field=criterion.param, param=criterion.param, how=how)


def _either(parts: list[Clause]) -> Clause:
    if len(parts) == 1:
        return parts[0]
    if not parts:
        return Clause((("SELECT 0 AS rid WHERE 0", ()),), ("0", ()))
    members = tuple(each for part in parts for each in part.members)
    every = all(part.members for part in parts)
    test = "(" + " OR ".join(part.test[0] for part in parts) + ")"
    return Clause(members if every else (), (test, tuple(arg for part in parts for arg in part.test[1])))


def _negated(positive: Clause) -> Clause:
    return Clause((), (f"NOT {positive.test[0]}", positive.test[1]))


def _rows(view: View, table: str, where: str, *values: object) -> Clause:
    """The resources with a row of an index table."""
    return Clause(
        ((f"SELECT x.rid FROM {table} x WHERE {where} AND x.rid BETWEEN ? AND ?", (*values, *view.rids)),),
        # without the hint SQLite may read all values of the parameter for each resource it tests
        (
            f"EXISTS (SELECT 1 FROM {table} x INDEXED BY {table}_rid WHERE x.rid = {{r}}.rid AND {where})",
            values,
        ),
    )


def _token(view: View, criterion: Criterion, value: Value) -> list[Clause]:
    return [_token_rows(view, view.param(criterion.param), cast(Token, value.value))]


def _token_rows(view: View, param: int, token: Token) -> Clause:
    system, code = token
    slots, values = "SELECT s.slot FROM slot s WHERE s.param = ?", [param]
    asked: list[object] = [*values]
    if system != "*":
        slots += " AND s.system = ?"
        asked.append(system)
    if view.hidden:
        slots += f" AND s.system NOT IN ({', '.join('?' * len(view.hidden))})"
        asked += view.hidden
    where = f"x.slot IN ({slots})"
    if code != "*":
        where += " AND x.code = ?"
        asked.append(code)
    return _rows(view, "token", where, *asked)


def _string(view: View, criterion: Criterion, value: Value) -> list[Clause]:
    folded, exact = cast(Text, value.value)
    param = view.param(criterion.param)
    if criterion.modifier == "exact":
        return [_rows(view, "string", "x.param = ? AND x.folded = ? AND x.exact = ?", param, folded, exact)]
    if criterion.modifier == "contains":
        return [_rows(view, "string", "x.param = ? AND instr(x.folded, ?)", param, folded)]
    where = "x.param = ? AND x.folded >= ? AND x.folded < ?"
    return [_rows(view, "string", where, param, folded, folded + "\U0010ffff")]


def _uri(view: View, criterion: Criterion, value: Value) -> list[Clause]:
    wanted = cast(Uri, value.value).value
    return [_rows(view, "uri", "x.param = ? AND x.value = ?", view.param(criterion.param), wanted)]


# How a stored interval [low, high) compares with the asked one: conditions of which one must hold, each with
# the ends that are bound to its question marks. Source: https://hl7.org/fhir/R4/search.html#prefix
_COMPARISONS: dict[str, tuple[tuple[str, str], ...]] = {
    "eq": (("{low} >= ? AND {low} <= ? AND {high} <= ?", "lhh"),),
    "ne": (("{low} < ?", "l"), ("{high} > ?", "h")),
    "gt": (("{high} > ?", "h"),),
    "lt": (("{low} < ?", "l"),),
    "ge": (("{high} > ?", "h"), ("{low} >= ? AND {low} <= ? AND {high} <= ?", "lhh")),
    "le": (("{low} < ?", "l"), ("{low} >= ? AND {low} <= ? AND {high} <= ?", "lhh")),
    "sa": (("{low} >= ?", "h"),),
    "eb": (("{high} <= ?", "l"),),
    "ap": (("{low} < ? AND {high} > ?", "hl"),),
}


def _intervals(view: View, criterion: Criterion, value: Value, table: str, extra: Sql) -> list[Clause]:
    asked = cast(Span | Number | Quantity, value.value)
    ends = {"l": asked.low, "h": asked.high}
    param = view.param(criterion.param)
    found = []
    for text, bound in _COMPARISONS[value.prefix]:
        where = f"x.param = ? AND {text.format(low='x.low', high='x.high')}{extra[0]}"
        found.append(_rows(view, table, where, param, *(ends[end] for end in bound), *extra[1]))
    return found


def _date(view: View, criterion: Criterion, value: Value) -> list[Clause]:
    return _intervals(view, criterion, value, "date", ("", ()))


def _number(view: View, criterion: Criterion, value: Value) -> list[Clause]:
    return _intervals(view, criterion, value, "number", ("", ()))


def _quantity(view: View, criterion: Criterion, value: Value) -> list[Clause]:
    asked = cast(Quantity, value.value)
    if asked.code == "*" and asked.system == "*":
        return _intervals(view, criterion, value, "quantity", ("", ()))
    if asked.system == "*":
        units: Sql = (" IN (SELECT unit FROM unit WHERE code = ? OR display = ?)", (asked.code, asked.code))
    elif asked.code == "*":
        units = (" IN (SELECT unit FROM unit WHERE system = ?)", (asked.system,))
    else:
        units = (" IN (SELECT unit FROM unit WHERE system = ? AND code = ?)", (asked.system, asked.code))
    return _intervals(view, criterion, value, "quantity", (f" AND x.unit{units[0]}", units[1]))


def _reference(view: View, criterion: Criterion, value: Value) -> list[Clause]:
    to, system, code = cast(Target, value.value)
    param = view.param(criterion.param)
    if criterion.modifier == "identifier":
        return [_token_rows(view, param, Token(system, code))]
    type, slash, id = to.partition("/")
    if view.feed is not None or not slash or ":" in to or view.composed:
        return [_rows(view, "reference", "x.param = ? AND x.target = ?", param, to)]
    if type == "Patient":
        return [_of_child(param, id)]
    number = view.numbers.type(view.connection, type)
    # what a feed calls by its local id has another one on /fhir
    source = "resource t CROSS JOIN reference x"
    where = (
        "t.type = ? AND t.public = ? AND x.param = ? AND x.target = ? || t.local"
        f" AND x.rid BETWEEN t.feed << {FEED_BITS} AND t.feed << {FEED_BITS} | {WITHIN_FEED}"
    )
    return [] if number < 0 else [_joined(source, where, number, id, param, f"{type}/")]


def _of_child(param: int, child: str) -> Clause:
    """What the child's records say about their own Patient."""
    source = "child k CROSS JOIN record c CROSS JOIN reference x"
    own = f"x.param = ? AND x.target = 'Patient/' || c.local AND {_in_record('c')}"
    where = f"k.id = ? AND c.child = k.child AND {own}"
    return _joined(source, where, child, param)


def _in_record(record: str) -> str:
    # SQLite reads << and | from left to right, without rank
    low = f"(({record}.feed << {FEED_BITS}) | ({record}.rec << {REC_BITS}))"
    return f"x.rid BETWEEN {low} AND {low} | {SEQ_MOST}"


def _joined(source: str, where: str, *values: object) -> Clause:
    return Clause(
        ((f"SELECT x.rid FROM {source} WHERE {where}", values),),
        (f"EXISTS (SELECT 1 FROM {source} WHERE {where} AND x.rid = {{r}}.rid)", values),
    )


def _missing(view: View, criterion: Criterion) -> Clause:
    param = view.param(criterion.param)
    there = [_rows(view, table, "x.param = ?", param) for table in _MISSING[criterion.kind]]
    if criterion.kind in ("token", "reference"):
        there.append(_token_rows(view, param, Token("*", "*")))
    either = replace(_either(there), members=())
    return _negated(either) if cast(Token, criterion.values[0].value).code == "true" else either


def _own_column(view: View, criterion: Criterion) -> Clause:
    if criterion.modifier not in ("", "missing", "not"):
        raise _cannot(criterion, criterion.modifier)
    if criterion.modifier == "missing":
        true = cast(Token, criterion.values[0].value).code == "true"
        return Clause((), ("0" if true else "1", ()))
    parts: list[Clause] = []
    for value in criterion.values:
        if criterion.param == "_id":
            id = cast(Token, value.value).code
            text, values = f"{{r}}.type = ? AND {{r}}.{view.id_column} = ?", (view.number, id)
            feed = "" if view.feed is None else f" AND y.feed = {view.feed}"
            member = f"SELECT y.rid FROM resource y WHERE {text.replace('{r}', 'y')}{feed}"
            parts.append(Clause(((member, values),), (f"({text})", values)))
        else:
            span = cast(Span, value.value)
            ends = {"l": span.low, "h": span.high}
            for text, bound in _COMPARISONS[value.prefix]:
                test = text.format(low="{r}.updated", high="({r}.updated + 1)")
                parts.append(Clause((), (f"({test})", tuple(ends[end] for end in bound))))
    either = _either(parts)
    return _negated(either) if criterion.modifier == "not" else either


def _chain(view: View, criterion: Criterion, inner: Criterion) -> Clause:
    if criterion.modifier:
        types = [criterion.modifier]
    else:
        asked = "SELECT t.name FROM param p JOIN type t USING (type) WHERE p.code = ?"
        types = [name for (name,) in view.connection.execute(asked, (inner.param,))]
    return _either([_link(view, view.param(criterion.param), type, inner) for type in types])


def _link(view: View, param: int, type: str, inner: Criterion) -> Clause:
    target = replace(view, type=type, depth=view.depth + 1)
    t, x = f"t{target.depth}", f"x{target.depth}"
    wanted = clause(target, inner)
    test, values = wanted.holds(t)
    seen, base = shown(target, t)
    start, joined, back, own = _roads(view, target, t, x)
    check = f"EXISTS (SELECT 1 FROM {back} WHERE {own} AND {seen} AND {test})"
    tested = (check, (param, *base, *values))
    if not wanted.members:
        return Clause((), tested)
    union = " UNION ALL ".join(member for member, _ in wanted.members)
    picks = tuple(value for _, some in wanted.members for value in some)
    member = f"SELECT {x}.rid FROM {start} WHERE {t}.rid IN ({union}) AND {seen} AND {joined}"
    return Clause(((member, (*picks, *base, param)),), tested)


def _roads(view: View, target: View, t: str, x: str) -> tuple[str, str, str, str]:
    """How a reference `x` and the resource `t` it leads to are joined, from either side."""
    feed = f"{t}.feed << {FEED_BITS}"
    # NOT INDEXED leaves the primary key, by which the few that are wanted are read
    if target.composed:
        record = f"({{r}}.rid >> {REC_BITS}) & {REC_MOST}"
        named = f"{x}.param = ? AND {x}.target = 'Patient/' || c.local"
        return (
            f"resource {t} NOT INDEXED CROSS JOIN record c CROSS JOIN reference {x}",
            f"c.child = {t}.rid >> {REC_BITS} AND {named} AND {_in_record('c').replace('x.', f'{x}.')}",
            f"record c CROSS JOIN reference {x} CROSS JOIN resource {t}",
            f"c.rec = {record} AND {named} AND {x}.rid = {{r}}.rid AND {t}.rid = c.child << {REC_BITS}",
        )
    # a composed Patient speaks of others by the ids that /fhir shows
    column = "public" if view.composed else "local"
    target_of = f"{x}.target = '{target.type}/' || {t}.{column}"
    within = (
        f"{x}.rid <= {WITHIN_FEED}" if view.composed else f"{x}.rid BETWEEN {feed} AND {feed} | {WITHIN_FEED}"
    )
    named = f"{t}.type = {target.number} AND {t}.{column} = substr({x}.target, {len(target.type) + 2})"
    same = "" if view.composed else f" AND {t}.feed = {{r}}.feed"
    return (
        f"resource {t} NOT INDEXED CROSS JOIN reference {x}",
        f"{x}.param = ? AND {target_of} AND {within}",
        f"reference {x} CROSS JOIN resource {t}",
        f"{x}.rid = {{r}}.rid AND {x}.param = ? AND {named} AND {target_of}{same}",
    )


_KINDS: dict[str, Callable[[View, Criterion, Value], list[Clause]]] = {
    "token": _token,
    "string": _string,
    "date": _date,
    "number": _number,
    "quantity": _quantity,
    "reference": _reference,
    "uri": _uri,
}
_MODIFIERS: dict[str, tuple[str, ...]] = {
    "token": ("", "not"),
    "string": ("", "exact", "contains"),
    "date": ("",),
    "number": ("",),
    "quantity": ("",),
    "reference": ("", "identifier"),
    "uri": ("",),
}
_MISSING: dict[str, tuple[str, ...]] = {
    "token": (),
    "string": ("string",),
    "date": ("date",),
    "number": ("number",),
    "quantity": ("quantity",),
    "reference": ("reference",),
    "uri": ("uri",),
}
