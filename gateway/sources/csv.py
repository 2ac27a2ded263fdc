"""CSV files and sets of CSV files: one file streamed, the others joined to its rows."""

import csv
from collections.abc import Iterator, Sequence
from contextlib import closing
from io import StringIO
from typing import Any, NamedTuple

from gateway.problems import Kind, Place, problem
from gateway.problems.source import ORPHAN, RAGGED, REPEATED_KEY
from gateway.records import Broken, Reading, Row, Source
from gateway.sources.columns import Table, read_header, recognise_tables
from gateway.sources.csv_lines import Taken, records, text_lines
from gateway.sources.csv_plan import Group, Plan, Plans, plan
from gateway.sources.files import File
from gateway.sources.joins import Joins, Waiting, no_room
from gateway.sources.packed import pack

_TICK = 512


class _Line(NamedTuple):
    """A line that a record was made of: the key of its file, its place there, its cells."""

    key: str
    line: int
    cells: Sequence[str]


def open_csv(files: Sequence[File], source: Source) -> Reading:
    """Open a CSV file, or the files of a set.

    Raises:
        Refused: every problem of the files and their columns, before a row is read.
    """
    headers = [read_header(file, source.encoding, source) for file in files]
    tables, warnings = recognise_tables(headers, source)
    warnings += [table.encoding.warning for table in tables.values() if table.encoding.warning]
    plans = plan(source.top, tables, source.empty)
    used = {made.table.key: made.table for made in (plans.top, *plans.kids)}
    reading = Reading(source, iter(()), warnings=warnings)
    reading.size = sum(table.file.size for table in used.values())
    reading.names = {key: table.file.name for key, table in tables.items()}
    reading.envelope = pack([(key, table.delimiter, table.line) for key, table in used.items()])
    if plans.kids:
        joined = _Joined(plans, reading)
        reading.rows, reading.raw, reading.close = joined.rows(), joined.raw, joined.close
    else:
        alone = _Alone(plans.top, reading)
        reading.rows, reading.raw = alone.rows(), alone.raw
    return reading


class _Alone:
    """One table, and the record that is being handed out."""

    def __init__(self, top: Plan, reading: Reading) -> None:
        self._top = top
        self._reading = reading
        self._now: tuple[int, list[str]] = (0, [])

    def rows(self) -> Iterator[Row | Broken]:
        top = self._top
        for taken in _read(top.table, self._reading):
            if taken.fault:
                yield _broken(top.table, taken)
            else:
                self._now = taken.line, taken.cells
                yield top.row(taken.cells, taken.line)

    def raw(self) -> bytes:
        return pack([(self._top.table.key, _text(self._top.table, self._now[1]))])


class _Joined:
    """A set of tables, the rows that wait for their parent, and the record that is being handed out."""

    def __init__(self, plans: Plans, reading: Reading) -> None:
        self._plans = plans
        self._reading = reading
        self._tables = {made.table.key: made.table for made in (plans.top, *plans.kids)}
        self._joins = Joins()
        self._now: list[_Line] = []

    def close(self) -> None:
        self._joins.close()

    def rows(self) -> Iterator[Row | Broken]:
        with no_room():
            for key in {made.table.key: None for made in self._plans.kids}:
                yield from self._wait(self._tables[key])
            self._joins.ready()
            yield from self._parents()
            for kind, line, cells in self._joins.orphans():
                kid = self._plans.kids[kind]
                if kid.joined and kid.joined[0].unique:  # what is only looked up may be there for nobody
                    yield self._orphan(kid, line, cells)

    def raw(self) -> bytes:
        """The lines of the record handed out last, each once."""
        lines = {(line.key, line.line): line.cells for line in self._now}
        return pack([(key, _text(self._tables[key], cells)) for (key, _), cells in lines.items()])

    def _wait(self, table: Table) -> Iterator[Broken]:
        """Put the rows of one file by until their parent comes; yield those that are no rows."""
        kinds = [(kind, *made.joined) for kind, made in enumerate(self._plans.kids) if made.joined]
        kinds = [entry for entry in kinds if self._plans.kids[entry[0]].table is table]
        waiting: list[Waiting] = []
        for taken in _read(table, self._reading):
            if taken.fault:
                yield _broken(table, taken)
                continue
            for kind, group, column in kinds:
                waiting.append((group.number, taken.cells[column].strip(), kind, taken.line, taken.cells))
            if len(waiting) >= _TICK:
                self._joins.wait(waiting)
                waiting.clear()
        self._joins.wait(waiting)

    def _parents(self) -> Iterator[Row | Broken]:
        top = self._plans.top
        for taken in _read(top.table, self._reading):
            if taken.fault:
                yield _broken(top.table, taken)
                continue
            row = top.row(taken.cells, taken.line)
            self._now = [_Line(top.table.key, taken.line, taken.cells)]
            twice = self._join(top, row, taken.cells, taken.line)
            if twice:
                group, first = twice
                yield _broken(top.table, taken, REPEATED_KEY, column=group.by, first=first)
            else:
                yield row

    def _join(self, parent: Plan, row: Row, cells: Sequence[str], line: int) -> tuple[Group, int] | None:
        """Hang the waiting rows on `row`; or return the group whose key another parent had, and its line."""
        for group in parent.groups:
            key = cells[group.column].strip()
            if not key:
                continue
            first = self._joins.claim(group.number, key, line)
            if first and group.unique and parent is self._plans.top:
                return group, first
            for kind, place, found in self._joins.kids(group.number, key):
                kid = self._plans.kids[kind]
                made = kid.row(found, place)
                self._now.append(_Line(kid.table.key, place, found))
                row[kid.slot].append(made)
                if kid.groups:
                    self._join(kid, made, found, place)
        return None

    def _orphan(self, kid: Plan, line: int, cells: list[str]) -> Broken:
        parent = next(made for made in (self._plans.top, *self._plans.kids) if kid.shape in made.shape.kids)
        taken = Taken(line, cells, _text(kid.table, cells), ORPHAN)
        return _broken(kid.table, taken, ORPHAN, parent=parent.table.key, column=kid.shape.by)


def _read(table: Table, reading: Reading) -> Iterator[Taken]:
    """Yield the records of a table below its header, and count the bytes for progress."""
    before = reading.done
    with table.file.open() as stream, closing(text_lines(stream, table.encoding)) as lines:
        found = records(lines, table.delimiter, wide=table.encoding.wide)
        next(found, None)
        for number, taken in enumerate(found):
            yield taken
            if not number % _TICK:
                reading.done = before + stream.tell()
    reading.done = before + table.file.size


def _broken(table: Table, taken: Taken, kind: Kind | None = None, **details: Any) -> Broken:
    """A line of `table` that is no record, and why."""
    kind = kind or taken.fault
    assert kind is not None
    if kind is RAGGED:
        details = {"found": len(taken.cells), "wanted": len(table.header)}
    place = Place(file=table.file.name, line=taken.line)
    return Broken(problem(kind, place=place, **details), pack([(table.key, taken.text)]))


def _text(table: Table, cells: Sequence[str]) -> str:
    text = StringIO()
    csv.writer(text, delimiter=table.delimiter, lineterminator="\r\n").writerow(cells)
    return text.getvalue()
