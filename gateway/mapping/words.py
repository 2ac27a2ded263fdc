"""What the names in a mapping's expressions can mean: its records, settings, variables, code maps and
rules.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from gateway.mapping.conceptmaps import Term
from gateway.mapping.located import Text
from gateway.records import Shape


@dataclass(frozen=True, slots=True)
class Record:
    """A shape with its number, the record it lies within, and the index of its rows in that one's row."""

    number: int
    shape: Shape
    parent: int = -1
    slot: int = 0
    key: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        """The record's name in the mapping."""
        return self.shape.name


@dataclass(frozen=True, slots=True)
class Head:
    """What other rules need to know of a rule: its name, what it makes, and how many keys find it."""

    name: str
    type: str
    keys: int


@dataclass(frozen=True, slots=True)
class Words:
    """Every name a mapping declares.

    Attributes:
        records: by number; 0 is the top record.
        context: names under `file.`.
        given: names under `given.`.
        lets: variables.
        terms: code maps.
        rules: the rules by name.
        dates: the format of `.date()` without an argument.
        base: what `{base}` in a text stands for.
    """

    records: tuple[Record, ...]
    context: tuple[str, ...] = ()
    given: tuple[str, ...] = ()
    lets: Mapping[str, Text] = field(default_factory=dict)
    terms: Mapping[str, Term] = field(default_factory=dict)
    rules: Mapping[str, Head] = field(default_factory=dict)
    dates: str = ""
    base: str = ""

    def record(self, name: str) -> Record | None:
        """The record of that name."""
        return next((each for each in self.records if each.name == name), None)

    def chain(self, number: int) -> tuple[int, ...]:
        """The numbers of the records from the top down to `number`."""
        found: list[int] = []
        while number >= 0:
            found.insert(0, number)
            number = self.records[number].parent
        return tuple(found)

    def way(self, scope: tuple[int, ...], number: int) -> tuple[int, tuple[int, ...]] | None:
        """How to come from `scope` down to a record.

        Returns:
            The number of the nearest enclosing record in scope, and the numbers of the records to enter below
            it, the wanted one last; None where no record in scope encloses it.
        """
        chain = self.chain(number)
        for depth in range(len(chain) - 1, -1, -1):
            if chain[depth] in scope:
                return chain[depth], chain[depth + 1 :]
        return None


def number_records(top: Shape, keys: Mapping[str, tuple[str, ...]]) -> tuple[Record, ...]:
    """Number the shapes of a tree, each parent before its kids."""
    found: list[Record] = []

    def visit(shape: Shape, parent: int, slot: int) -> None:
        number = len(found)
        found.append(Record(number, shape, parent, slot, keys.get(shape.name, ())))
        for index, kid in enumerate(shape.kids):
            visit(kid, number, len(shape.fields) + index)

    visit(top, -1, 0)
    return tuple(found)
