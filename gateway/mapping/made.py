"""Records made of other records: a choice of rows, or rows in a row taken together as one.

A return tells a period of care as several rows, each with the reason why it began and why it ended. A
mapping says which rows are one period, and the rules read the period like any other record:

    care: {of: episode, within: child, sort: DECOM, begins: {RNE: [S]}, ends: {REC: {not: [X1, ""]}},
           fields: {start: first DECOM, end: last DEC}}

Readers never see these records. A row gets them before it is translated; they lie beside those they are
made of.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from gateway.mapping.memo import Unfit
from gateway.records import Row, Shape

#: Stands for a cell where a made row tells how many such rows come after it.
LATER = -1
#: Of which row of a span a cell is taken: the first or last, or the one with the earliest or latest day
#: there (none is the latest of all) or the least text; or that it is the sum of all.
FIRST, LAST, SUM, EARLIEST, LATEST, LEAST = range(6)
#: Where a cell is in a row; or, in a record within that there is one of, its slot and where it is there.
At = int | tuple[int, int]
#: (the index of a cell, the texts it may have, whether it may have any other text instead).
Choice = tuple[int, frozenset[str], bool]


class Placed(str):
    """A cell taken from another line than the rest of its row: `line`."""

    __slots__ = ("line",)
    line: int


@dataclass(frozen=True, slots=True)
class Made:
    """How the rows of one such record are made.

    Attributes:
        slot: where in the parent's row the rows it is made of lie.
        width: the number of cells in one of them.
        where: what a row must have to count.
        order: the cell with the date they are sorted by, and its converter; None to keep their order.
        begins: what the first row of a span has; None where each row stands for itself.
        ends: what the last row of a span has.
        cells: for each cell of the made row, the cell it is taken from (or `LATER`), and how.
        per: the cell whose text parts the rows, each with one text being taken together; None for none.
        day: the converter of dates.
    """

    slot: int
    width: int
    where: tuple[Choice, ...]
    order: tuple[int, Callable[[str], str]] | None
    begins: tuple[Choice, ...] | None
    ends: tuple[Choice, ...]
    cells: tuple[tuple[At, int], ...]
    per: int | None = None
    day: Callable[[str], str] = str

    def rows(self, source: list[Row]) -> list[Row]:
        """The rows made of those in `source`."""
        chosen = [row for row in source if _fits(row, self.where)]
        if self.begins is None:
            return [[*row[: self.width], row[-1]] for row in chosen]
        if self.order:
            index, day = self.order
            chosen.sort(key=lambda row: _day(day, row[index]))
        spans = self._spans(chosen) if self.per is None else _parted(chosen, self.per)
        return [self._one(span, len(spans) - number) for number, span in enumerate(spans, 1)]

    def _spans(self, rows: list[Row]) -> list[list[Row]]:
        spans: list[list[Row]] = []
        over = True
        for row in rows:
            if over or _fits(row, self.begins or ()):
                spans.append([])
            spans[-1].append(row)
            over = bool(self.ends) and _fits(row, self.ends)
        return spans

    def _one(self, span: list[Row], later: int) -> Row:
        cells = (str(later) if at == LATER else self._cell(span, at, how) for at, how in self.cells)
        return [*cells, span[0][-1]]

    def _cell(self, span: list[Row], at: At, how: int) -> str:
        """The cell of a made row that is told of the rows of a span."""
        if how == FIRST:
            return _text(span[0], at)
        if how == SUM:
            return _sum([_text(row, at) for row in span])
        if how == LAST:
            return _placed(span[-1], at)
        if how == LEAST:
            return _placed(min(span, key=lambda row: _text(row, at)), at)
        choose = min if how == EARLIEST else max
        return _placed(choose(span, key=lambda row: _day(self.day, _text(row, at))), at)


@dataclass(frozen=True, slots=True)
class Level:
    """The records made within one kind of record, and the kinds further down that have some."""

    made: tuple[Made, ...]
    below: tuple[tuple[int, "Level"], ...]

    def filled(self, row: Row) -> Row:
        """A copy of a row with its made records before its place; the row itself stays as it was read."""
        done = row[:-1]
        for slot, level in self.below:
            done[slot] = [level.filled(kid) for kid in row[slot]]
        return [*done, *(each.rows(row[each.slot]) for each in self.made), row[-1]]


def levels(shape: Shape, made: dict[str, tuple[Made, ...]]) -> Level | None:
    """What has to be filled below `shape`; None where nothing is made there.

    Args:
        shape: as readers see it, without made records.
        made: by the name of the record they lie within.
    """
    first = len(shape.fields)
    found = ((first + index, levels(kid, made)) for index, kid in enumerate(shape.kids))
    below = tuple((slot, level) for slot, level in found if level)
    own = made.get(shape.name, ())
    return Level(own, below) if own or below else None


def _sum(cells: list[str]) -> str:
    """The sum of whole numbers; "" where a cell is none, which is told where a rule reads the row itself."""
    told = [cell for cell in cells if cell]
    if not told or not all(cell.isascii() and cell.isdecimal() and len(cell) < 10 for cell in told):
        return ""
    return str(sum(map(int, told)))


def _parted(rows: list[Row], per: int) -> list[list[Row]]:
    """The rows by the text of one cell, each text in the place of its first row."""
    found: dict[str, list[Row]] = {}
    for row in rows:
        found.setdefault(row[per], []).append(row)
    return list(found.values())


def _text(row: Row, at: At) -> str:
    if isinstance(at, int):
        return str(row[at])
    slot, inner = at
    return str(row[slot][0][inner]) if row[slot] else ""


def _placed(row: Row, at: At) -> Placed:
    cell = Placed(_text(row, at))
    cell.line = row[-1] if isinstance(at, int) or not row[at[0]] else row[at[0]][0][-1]
    return cell


def _fits(row: Row, choices: tuple[Choice, ...]) -> bool:
    return all((row[index] in texts) != other for index, texts, other in choices)


def _day(convert: Callable[[str], Any], text: str) -> str:
    """A day to sort by; one that is none comes last, and is told where a rule reads it."""
    try:
        return str(convert(text)) or "9"
    except Unfit:
        return "9"
