"""Doubtful values met on the fast path: where each was read, so that a warning needs no second look."""

from collections.abc import Mapping
from dataclasses import dataclass

from gateway.mapping.made import Placed
from gateway.mapping.memo import Doubtful
from gateway.mapping.typed import Cell, Typed, walk
from gateway.mapping.words import Words
from gateway.problems import Place, Problem
from gateway.records import Row

#: A doubtful value, the number of its site (-1: more than one cell), and the row in scope there.
Doubt = tuple[Doubtful, int, Row]


@dataclass(frozen=True, slots=True)
class Site:
    """One place of a mapping where a value can be doubtful: the cell it reads, and the expression."""

    cell: Cell
    rule: Place


def only_cell(node: Typed) -> Cell | None:
    """The one cell that an expression reads, or None where it reads several."""
    found = {part for part in walk(node) if isinstance(part, Cell)}
    return found.pop() if len(found) == 1 else None


def warnings(
    doubts: list[Doubt], sites: list[Site], words: Words, files: Mapping[str, str]
) -> tuple[Problem, ...]:
    """A warning for each cell that has a doubtful value, however often it is used."""
    found: dict[tuple[str, Place, str], Problem] = {}
    for value, number, row in doubts:
        site = sites[number]
        cell = site.cell
        shape = words.records[cell.record].shape
        for slot in cell.through:
            row, shape = row[slot][0], shape.kids[slot - len(shape.fields)]
        name = files.get(shape.file) or files.get("") or shape.file
        text = row[cell.index]
        place = Place(name, text.line if isinstance(text, Placed) else row[shape.place])
        key = (value.kind.code, place, cell.column)
        found.setdefault(key, Problem(value.kind, place, cell.column, {}, str(text), site.rule))
    return tuple(found.values())
