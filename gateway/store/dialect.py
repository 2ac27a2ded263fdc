"""Where databases differ: the few things each says in its own words, as one value.

All SQL of the store is written once, with `?` for what is bound. The order of joins is the written order
(`CROSS JOIN`), and which index answers what is decided here, not by a planner that knows less about the data.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol


class Answer(Protocol):
    """The rows that a statement gives."""

    def fetchone(self) -> Any:
        """The next row, or None."""

    def fetchall(self) -> list[Any]:
        """The rows that are left."""

    def __iter__(self) -> Iterator[Any]: ...


class Session(Protocol):
    """A connection, as far as both databases have the same: statements with `?` for each value."""

    def execute(self, sql: str, args: Sequence[Any] = ..., /) -> Answer:
        """Run one statement."""

    def executemany(self, sql: str, rows: Sequence[Any], /) -> Any:
        """Run one statement for each row of values."""


Rows = Mapping[tuple[str, tuple[str, ...]], Sequence[tuple[Any, ...]]]
"""Rows of index tables, by the table's name and columns."""


@dataclass(frozen=True, slots=True)
class Dialect:
    """What one database says differently.

    Attributes:
        any_of: from values, the condition that a column has one of them, and what is bound to it.
        listed: from numbers, a query that gives them as `rid`, and what is bound to it.
        contains: the condition that the text `{}` has a bound text within.
        longest: how many characters of an indexed text are in the index.
        start: the part of the text column `{}` that is in the index.
        within: the condition that a column has a value that the query `{}` gives.
        picked: joins the resource `{0}` that the rid of a row called `{1}` names.
        along: an index `{}` that a table must be read by.
        own: the rows of index table `{0}`, called `{1}`, of a resource called `{2}`: found by its rid alone.
        distinct: how many different values the expression `{0}` has in what `{1}` gives.
        second: the column `{}` where the second index that begins with it is wanted, and no other.
        alone: ends a query in EXISTS, so that it is asked for each row and not joined.
        each: one statement for each key: the rows for each. The keys of a query have no None.
        stream: a statement whose rows are too many for memory.
        filled: statements after rows came with numbers, so that the next ones follow on.
        fill: rows that are written into a table.
        insert: index rows that are written; a row may be given twice.
    """

    any_of: Callable[[Sequence[str] | Sequence[int]], tuple[str, object]]
    listed: Callable[[Sequence[int]], tuple[str, object]]
    contains: str
    longest: int
    start: str
    within: str
    picked: str
    along: str
    own: str
    distinct: str
    second: str
    alone: str
    each: Callable[[Session, str, Sequence[Sequence[Any]]], list[list[Any]]]
    stream: Callable[[Session, str], Iterator[Any]]
    filled: tuple[str, ...]
    fill: Callable[[Session, str, Sequence[str], Sequence[Sequence[Any]]], None]
    insert: Callable[[Session, Rows], None]
