"""The order of an answer: its parts as SQL, the values that a row's key is made of, what comes behind a key.

Whatever the way a page is read, its keys are alike: a walk may begin with one way and go on with another.
"""

import sys
from collections.abc import Sequence
from dataclasses import dataclass

from gateway.fhir.index import sorted_by_moment
from gateway.fhir.query import Sort
from gateway.store import places
from gateway.store.values import Key
from gateway.store.view import ALL, Sql, View, unhidden

NO_TIME = -(2**62)
"""The clinical time of a resource that has none: behind all others."""

MOST = sys.float_info.max
"""Stands for infinity in keys: these are written as JSON."""

COLUMNS = {
    "token": "code",
    "string": "folded",
    "date": "low",
    "number": "low",
    "quantity": "low",
    "reference": "target",
    "uri": "value",
}
"""What is sorted by of each index table."""

_TEXTS = frozenset({"token", "string", "reference", "uri"})


@dataclass(frozen=True, slots=True)
class Term:
    """One part of the order: an SQL expression over a resource `r` and its values, and its direction."""

    sql: str
    descending: bool = False


@dataclass(frozen=True, slots=True)
class Sorted:
    """A parameter that is sorted by.

    Attributes:
        table: the index table of its values; "" where nothing ever had one.
        slots: the slots that its tokens are in, as far as the caller may search by them.
        shut: some values must not tell; then the index is not walked.
    """

    param: int
    table: str
    descending: bool
    slots: tuple[int, ...] = ()
    shut: Sql = ("", ())

    def value(self, view: View, alias: str) -> str:
        """The value of an index row, as it is indexed."""
        column = f"{alias}.{COLUMNS[self.table]}"
        return view.dialect.start.format(column) if self.table in _TEXTS else column

    def own(self, view: View, alias: str) -> Sql:
        """The condition that an index row is one of the parameter's."""
        if self.table != "token":
            return f"{alias}.param = ?", (self.param,)
        if not self.slots:
            return "FALSE", ()
        return f"{alias}.slot IN ({', '.join(map(str, self.slots))})", ()

    def of_resource(self, view: View) -> Sql:
        """The value that a resource `r` is sorted by; NULL where it has none."""
        if not self.table:
            return "CAST(NULL AS BIGINT)", ()
        own, values = self.own(view, "s")
        end = "max" if self.descending else "min"
        source = view.dialect.own.format(self.table, "s", "r")
        select = f"SELECT {end}({self.value(view, 's')}) FROM {source} WHERE s.rid = r.rid"
        return f"{select} AND {own}{self.shut[0]}", (*values, *self.shut[1])

    @property
    def nothing(self) -> str:
        """What stands in a key where there is no value."""
        return "''" if self.table in _TEXTS else "0"

    def clamped(self, value: str) -> str:
        """A value as it is in a key."""
        if self.table not in ("number", "quantity"):
            return value
        low = f"WHEN {value} < -{MOST!r} THEN -{MOST!r}"
        return f"CASE WHEN {value} > {MOST!r} THEN {MOST!r} {low} ELSE {value} END"


@dataclass(frozen=True, slots=True)
class Order:
    """The order of an answer.

    Attributes:
        terms: its parts; the last one is the public id.
        sort: as it was asked for; empty for the default order, by whatever name it was asked for.
        by: the parameters among them that values are kept of, by their place in `sort`.
        places: where the terms of each of them begin.
    """

    terms: tuple[Term, ...]
    sort: tuple[Sort, ...]
    by: dict[int, Sorted]
    places: tuple[int, ...]

    @property
    def plain(self) -> bool:
        """Whether it is the default one, for which there is an index."""
        return not self.sort

    def place(self, after: Key | None) -> Key | None:
        """A key as it would be now: while nothing had a value, it did not tell of what kind values are."""
        if after is None:
            return None
        parts = list(after)
        for at, each in self.by.items():
            if parts[self.places[at]] == 1:
                parts[self.places[at] + 1] = "" if each.nothing == "''" else 0
        return tuple(parts)

    def keyed(self, view: View, tables: str, where: Sql) -> Sql:
        """The question for resources `r` of some tables: the rid and the key, as columns `k0`, `k1`, ...

        Args:
            where: the condition, with what is bound in the tables as well.
        """
        # called otherwise, so that a plan tells reading these from reading the table
        terms = [term.sql.replace("r.", "p.") for term in self.terms]
        columns = ", ".join(f"{term} AS k{at}" for at, term in enumerate(terms))
        values = [(at, each.of_resource(view)) for at, each in self.by.items()]
        every = "".join(f", ({sql}) AS v{at}" for at, (sql, _) in values)
        # the limit keeps a value that several terms speak of from being looked for by each of them
        inner = (
            f"SELECT r.rid, r.public, r.local, r.time, r.updated{every} FROM {tables}"
            f" WHERE {where[0]} LIMIT {ALL}"
        )
        bound = tuple(arg for _, (_, args) in values for arg in args)
        return f"SELECT p.rid, {columns} FROM ({inner}) p", (*bound, *where[1])


NEWEST_FIRST = Order((Term("r.time", descending=True), Term("r.public")), (), {}, ())


def newest_first(type: str, sort: Sequence[Sort]) -> bool:
    """Whether an order is the default one by name: resources are ordered by the moment of that parameter."""
    return len(sort) == 1 and sort[0].descending and sort[0].param == sorted_by_moment(type) != ""


def order_of(view: View, sort: Sequence[Sort]) -> Order:
    """The order that is asked for. Whatever the direction, resources without the element come last.

    Where all else is equal, they come as they were numbered; those without the element in the default order.
    """
    if not sort or newest_first(view.type, sort):
        return NEWEST_FIRST
    moment = sorted_by_moment(view.type)
    by: dict[int, Sorted] = {}
    terms: list[Term] = []
    places: list[int] = []
    for at, each in enumerate(sort):
        places.append(len(terms))
        if each.param == "_id":
            terms.append(Term(f"r.{view.id_column}", each.descending))
        elif each.param == "_lastUpdated":
            terms.append(Term("r.updated", each.descending))
        elif each.param == moment:
            terms.append(Term(f"CASE WHEN r.time = {NO_TIME} THEN 1 ELSE 0 END"))
            terms.append(Term("r.time", each.descending))
        else:
            found = by[at] = _sorted(view, each)
            terms.append(Term(f"CASE WHEN r.v{at} IS NULL THEN 1 ELSE 0 END"))
            terms.append(Term(f"COALESCE({found.clamped(f'r.v{at}')}, {found.nothing})", each.descending))
    return Order((*terms, *_ties(sort[-1], len(sort) - 1, moment, by)), tuple(sort), by, tuple(places))


def _ties(last: Sort, at: int, moment: str, by: dict[int, Sorted]) -> Sequence[Term]:
    public = Term("r.public", last.param == moment and not last.descending)
    if last.param == "_lastUpdated":
        return Term("r.rid", last.descending), public
    if at not in by:
        return (public,)
    time = "r.time" if last.descending else "-r.time"
    return Term(f"CASE WHEN r.v{at} IS NULL THEN {time} ELSE r.rid END", last.descending), public


def _sorted(view: View, sort: Sort) -> Sorted:
    param = view.param(sort.param)
    found = view.connection.execute("SELECT kind FROM param WHERE param = ?", (param,)).fetchone()
    table = found[0] if found else ""
    slots: tuple[int, ...] = ()
    if table == "token":
        seen, hidden = unhidden(view, "s.system")
        asked = f"SELECT s.slot FROM slot s WHERE s.param = ?{seen}"
        slots = tuple(slot for (slot,) in view.connection.execute(asked, (param, *hidden)).fetchall())
    shut: Sql = "", ()
    if places.tells(view, sort.param):
        test, args = places.restricted(view)
        shut = f" AND NOT {test.replace('{r}', 'r')}", args
    return Sorted(param, table, sort.descending, tuple(sorted(slots)), shut)


def behind(terms: Sequence[Term], names: Sequence[str], after: Key | None) -> Sql:
    """The condition that a row comes behind a key.

    Args:
        names: what the terms are called where the condition stands.
    """
    if after is None:
        return "TRUE", ()
    ladder, values = [], []
    for at, (term, name) in enumerate(zip(terms, names, strict=True)):
        equal = [f"{names[before]} = ?" for before in range(at)]
        ladder.append("(" + " AND ".join([*equal, f"{name} {'<' if term.descending else '>'} ?"]) + ")")
        values += [*after[:at], after[at]]
    first = f"{names[0]} {'<=' if terms[0].descending else '>='} ?"
    return f"{first} AND ({' OR '.join(ladder)})", (after[0], *values)
