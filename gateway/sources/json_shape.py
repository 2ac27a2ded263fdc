"""Rows out of JSON objects: every value becomes the text it was written with."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from gateway.fhir.json import Decimal
from gateway.problems import Kind, Place, problem
from gateway.problems.source import REPEATED, UNREAD
from gateway.records import Field, Reading, Row, Shape

_MOST_WARNINGS = 100

# What is known of an object: its keys, and what is known below them.
_Known = dict[str, Any]


@dataclass(frozen=True, slots=True)
class _Wanted:
    """Where a field may come from: for each place, how many objects up, and the keys from there."""

    places: tuple[tuple[int, tuple[str, ...]], ...]

    @classmethod
    def of(cls, field: Field) -> "_Wanted":
        return cls(tuple(_place(path) for path in field.paths))


class JsonShape:
    """Makes rows of one shape, and of the shapes within it, out of the values of a file."""

    def __init__(self, reading: Reading, name: str) -> None:
        self._reading = reading
        self._name = name
        self._empty = reading.source.empty | {""}
        self._top = reading.source.top
        self._fields: dict[int, list[_Wanted]] = {}
        self._prepare(self._top)
        self._known: _Known = {}
        _learn(self._known, self._top, ())
        for path in reading.source.ignored:
            _leave_out(self._known, path.split("/"))
        self._warned: set[str] = set()

    def row(self, value: Any, line: int) -> Row:
        """The row of one record; the records within it have its line."""
        self._look(value, self._known, (), line)
        return self._row(self._top, value, (), line)

    def _prepare(self, shape: Shape) -> None:
        self._fields[id(shape)] = [_Wanted.of(field) for field in shape.fields]
        for kid in shape.kids:
            self._prepare(kid)

    def _row(self, shape: Shape, value: Any, above: Sequence[Any], line: int) -> Row:
        row: Row = [self._cell(wanted, value, above, line) for wanted in self._fields[id(shape)]]
        for kid in shape.kids:
            steps = tuple(kid.each.split("/"))
            row.append([self._row(kid, item, within, line) for item, within in each(value, steps, above)])
        row.append(line)
        return row

    def _cell(self, wanted: _Wanted, value: Any, above: Sequence[Any], line: int) -> str:
        for up, steps in wanted.places:
            start = value if not up else above[-up] if up <= len(above) else None
            found = value_at(start, steps)
            if isinstance(found, list):
                if len(found) > 1:
                    self._warn(REPEATED, "/".join(steps), line)
                found = found[0] if found else None
            cell = text_of(found)
            if cell not in self._empty:
                return cell
        return ""

    def _look(self, value: Any, known: _Known, path: tuple[str, ...], line: int) -> None:
        """Warn of keys that the mapping neither reads nor ignores."""
        if isinstance(value, list):
            for item in value:
                self._look(item, known, path, line)
        elif isinstance(value, dict) and known:
            for key, within in value.items():
                below = known.get(key)
                if below is None:
                    self._warn(UNREAD, "/".join((*path, key)), line)
                elif below:
                    self._look(within, below, (*path, key), line)

    def _warn(self, kind: Kind, path: str, line: int) -> None:
        if path not in self._warned and len(self._warned) < _MOST_WARNINGS:
            self._warned.add(path)
            place = Place(file=self._name, line=line)
            self._reading.warnings.append(problem(kind, place=place, path=path[:200], line=line))


def _leave_out(known: _Known, steps: Sequence[str]) -> None:
    """Enter a path that is ignored; what a field takes whole is known as it is."""
    for number, step in enumerate(steps):
        if step in known and not known[step]:
            return
        known = known.setdefault(step, {})
        if number == len(steps) - 1:
            known.clear()


def each(value: Any, steps: Sequence[str], above: Sequence[Any]) -> Iterator[tuple[Any, Sequence[Any]]]:
    """Yield the values at `steps`, lists walked item by item, each with the objects that enclose it."""
    if isinstance(value, list):
        for item in value:
            yield from each(item, steps, above)
    elif value is None:
        return
    elif not steps or steps[0] == ".":
        yield value, above
    elif isinstance(value, Mapping):
        yield from each(value.get(steps[0]), steps[1:], (*above, value))


def value_at(value: Any, steps: Sequence[str]) -> Any:
    """The value at `steps`; of lists on the way, the first item."""
    for step in steps:
        if isinstance(value, list):
            value = value[0] if value else None
        if not isinstance(value, Mapping):
            return None
        value = value.get(step)
    return value


def text_at(value: Any, steps: Sequence[str]) -> str:
    """The text of the value at `steps`."""
    return text_of(value_at(value, steps))


def text_of(value: Any) -> str:
    """A value as it was written: `true`, `17`, `0.50`; "" for null, lists and objects."""
    if isinstance(value, str):
        return value.strip()
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, Decimal):
        return value.text
    return str(value) if isinstance(value, int) else ""


def _place(path: str) -> tuple[int, tuple[str, ...]]:
    steps = [step for step in path.split("/") if step != "."]
    up = steps.count("..")
    return up, tuple(steps[up:])


def _learn(known: _Known, shape: Shape, path: tuple[str, ...]) -> None:
    """Enter the paths of a shape's fields, and of the shapes within it, into what is known."""
    for field in shape.fields:
        for up, steps in (_place(place) for place in field.paths):
            _enter(known, (*path[: len(path) - up], *steps))
    for kid in shape.kids:
        below = (*path, *kid.each.split("/"))
        _enter(known, below)
        _learn(known, kid, below)


def _enter(known: _Known, steps: Sequence[str]) -> None:
    for step in steps:
        known = known.setdefault(step, {})
