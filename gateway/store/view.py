"""Conditions on resources in SQL, and the view of a base from which they are asked."""

from collections.abc import Sequence
from dataclasses import dataclass

from gateway.store.dialect import Dialect, Session
from gateway.store.numbers import FEED_BITS, REC_BITS, REC_MOST, WITHIN_FEED, Numbers

Sql = tuple[str, tuple[object, ...]]

LAST = "\U0010ffff"
"""The last of all characters."""

ALL = 2**63 - 1
"""A limit that is none."""

_COMPOUND = 200  # SQLite joins at most 500 queries by UNION ALL


@dataclass(frozen=True, slots=True)
class Clause:
    """A condition on a resource.

    Attributes:
        members: queries that together give the rids that meet it; empty where only the test exists.
        test: an SQL condition on the resource called `{r}`.
        bare: what the members give is of the view's type and is there, so that it needs no look.
        leads: the members may be asked for a page; False where they are many, and only totals are theirs.
        others: in place of members, those of what does not meet it.
    """

    members: tuple[Sql, ...]
    test: Sql
    bare: bool = False
    leads: bool = True
    others: tuple[Sql, ...] = ()

    def holds(self, alias: str) -> Sql:
        """The test for a resource of that name."""
        return self.test[0].replace("{r}", alias), self.test[1]


@dataclass(frozen=True, slots=True)
class View:
    """Where a question is asked: the base, the type, and what the caller must not search by.

    Attributes:
        feed: the feed's number; None for `ASK`.
        type: the type's name; `number` its number.
        hidden: identifier systems that match nothing; one that ends in "/" stands for all that begin so.
        depth: how many chains lead here; keeps the names in nested queries apart.
    """

    connection: Session
    dialect: Dialect
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


def shown(view: View, alias: str, walked: bool = False) -> Sql:
    """The condition that the base shows a resource of the view's type.

    Args:
        view: the base and type.
        alias: what the resource is called.
        walked: the resources are met in their order.
    """
    if view.feed is not None or view.composed:
        feed = view.dialect.second.format(f"{alias}.feed") if walked else f"{alias}.feed"
        return (
            f"{feed} = ? AND {alias}.type = ? AND {alias}.state = 0",
            (view.feed or 0, view.number),
        )
    return (
        f"{alias}.type = ? AND {alias}.state = 0 AND {alias}.rid >= {1 << FEED_BITS} AND EXISTS (SELECT 1"
        f" FROM record cc WHERE cc.rec = ({alias}.rid >> {REC_BITS}) & {REC_MOST} AND cc.child IS NOT NULL"
        f"{view.dialect.alone})",
        (view.number,),
    )


def unhidden(view: View, column: str) -> Sql:
    """The condition, begun with AND, that a column has a system which the caller may search by."""
    tests = "".join(
        f" AND substr({column}, 1, {len(each)}) <> ?" if each.endswith("/") else f" AND {column} <> ?"
        for each in view.hidden
    )
    return tests, view.hidden


def either(parts: list[Clause]) -> Clause:
    """The condition that one of several holds."""
    if len(parts) == 1:
        return parts[0]
    if not parts:
        return Clause((("SELECT 0 AS rid WHERE FALSE", ()),), ("FALSE", ()), bare=True)
    members = tuple(each for part in parts for each in part.members)
    every = all(part.members for part in parts)
    test = _any([part.test[0] for part in parts])
    return Clause(
        members if every else (),
        (test, tuple(arg for part in parts for arg in part.test[1])),
        all(part.bare for part in parts),
        all(part.leads for part in parts),
    )


def _any(tests: Sequence[str]) -> str:
    # in halves, because SQLite limits how deep a condition may nest and OR nests once for each part
    if len(tests) == 1:
        return tests[0]
    half = len(tests) // 2
    return f"({_any(tests[:half])} OR {_any(tests[half:])})"


def together(members: Sequence[Sql]) -> Sql:
    """One query for what several give."""
    parts = [text for text, _ in members]
    while len(parts) > _COMPOUND:
        groups = [parts[at : at + _COMPOUND] for at in range(0, len(parts), _COMPOUND)]
        # the limit keeps SQLite from taking the groups apart again
        parts = [f"SELECT rid FROM ({' UNION ALL '.join(group)} LIMIT {ALL}) g" for group in groups]
    return " UNION ALL ".join(parts), tuple(value for _, some in members for value in some)


def negated(positive: Clause) -> Clause:
    """The condition that another does not hold; it can only be tested."""
    others = positive.members if positive.bare else ()
    return Clause((), (f"NOT {positive.test[0]}", positive.test[1]), others=others)


def members_up_to(connection: Session, condition: Clause, most: int) -> int:
    """How many members a condition has, some perhaps twice; no more than `most` are counted."""
    union, values = together(condition.members)
    counted = f"SELECT count(*) FROM (SELECT 1 FROM ({union}) u LIMIT {most}) n"
    return int(connection.execute(counted, values).fetchone()[0])


def texts(dialect: Dialect, column: str, values: Sequence[str]) -> Sql:
    """The condition that an indexed text column has one of the values."""
    text, wanted = dialect.any_of([value[: dialect.longest] for value in values])
    where = f"{dialect.start.format(column)} {text}"
    if max(map(len, values)) < dialect.longest:
        return where, (wanted,)
    text, whole = dialect.any_of(values)
    return f"{where} AND {column} {text}", (wanted, whole)


def beginning(dialect: Dialect, column: str, value: str) -> Sql:
    """The condition that an indexed text column begins with a value."""
    part = value[: dialect.longest]
    where = "{0} >= ? AND {0} < ?"
    text = where.format(dialect.start.format(column))
    if part == value:
        return text, (value, value + LAST)
    return f"{text} AND {where.format(column)}", (part, part + LAST, value, value + LAST)


def exists(view: View, source: str, where: str, *values: object) -> Sql:
    """The test that a query finds something for the resource `{r}`."""
    return f"EXISTS (SELECT 1 FROM {source} WHERE {where}{view.dialect.alone})", values


def rows(view: View, table: str, where: str, *values: object) -> Clause:
    """The resources with a row of an index table."""
    return Clause(
        ((f"SELECT x.rid FROM {table} x WHERE {where} AND x.rid BETWEEN ? AND ?", (*values, *view.rids)),),
        exists(view, view.dialect.own.format(table, "x", "{r}"), f"x.rid = {{r}}.rid AND {where}", *values),
        bare=True,
    )
