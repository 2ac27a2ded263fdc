"""How the shapes of a mapping lie in the tables of a CSV set: cells, joins, and who joins whom."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import count
from typing import NamedTuple

from gateway.records import Row, Shape
from gateway.sources.columns import Cells, Table, cells_of


class Group(NamedTuple):
    """Rows joined to a parent by one column of it; `unique` if no two parents may share its value."""

    number: int
    column: int
    by: str
    unique: bool


@dataclass(slots=True)
class Plan:
    """How one shape is read.

    Attributes:
        shape: the shape.
        table: the file its rows come from.
        cells: where its fields stand there.
        slot: where its rows go in the parent's row.
        joined: for a kid: the group it waits in and the column that holds its key.
        groups: the groups of its own kids.
    """

    shape: Shape
    table: Table
    cells: Cells
    slot: int = 0
    joined: tuple[Group, int] | None = None
    groups: list[Group] = field(default_factory=list)

    def row(self, cells: Sequence[str], line: int) -> Row:
        """A row of the shape, its kids still empty."""
        row = self.cells.row(cells)
        row += [[] for _ in self.shape.kids]
        row.append(line)
        return row


class Plans(NamedTuple):
    """The plan of the top shape, and those of every kid shape whose file is there, by number."""

    top: Plan
    kids: list[Plan]


def plan(top: Shape, tables: Mapping[str, Table], empty: frozenset[str]) -> Plans:
    """Return how `top` and the shapes within it are read from `tables`."""
    kids: list[Plan] = []
    numbers = count()

    def of(shape: Shape) -> Plan:
        table = tables[shape.file]
        made = Plan(shape, table, cells_of(shape, table, empty))
        for number, kid in enumerate(shape.kids):
            if kid.file in tables:
                within = of(kid)
                within.slot = len(shape.fields) + number
                within.joined = (group_of(made, kid.joined_to), within.table.index(kid.by))
                kids.append(within)
        return made

    def group_of(parent: Plan, by: str) -> Group:
        known = next((group for group in parent.groups if group.by == by), None)
        if known is None:
            known = Group(next(numbers), parent.table.index(by), by, _is_key(parent.shape, by))
            parent.groups.append(known)
        return known

    return Plans(of(top), kids)


def _is_key(shape: Shape, by: str) -> bool:
    return not shape.key or any(by in field.paths for field in shape.fields if field.name in shape.key)
