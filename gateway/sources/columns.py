"""Which file of a CSV set a file is, told by its columns; and where each field of a shape stands in it."""

import re
from collections.abc import Iterator, Sequence
from collections.abc import Set as AbstractSet
from contextlib import closing
from dataclasses import dataclass

from gateway.problems import Place, Problem, Refused, problem, refuse
from gateway.problems.source import (
    DUPLICATE_COLUMN,
    EMPTY,
    EXTRA_COLUMN,
    MISSING_COLUMN,
    MISSING_FILE,
    SAME_FILE_TWICE,
    UNKNOWN_FILE,
    WRONG_FORMAT,
)
from gateway.records import FileRule, Row, Shape, Source
from gateway.sources.csv_lines import find_delimiter, records, text_lines
from gateway.sources.encoding import Encoding, find_encoding
from gateway.sources.files import File

# Half of the columns in common is enough to say "this is that file, and these columns are missing".
_ALIKE = 0.5

# What may be shown of a first line: it could be a child's record, if the file has no header.
_COLUMN_NAME = re.compile(r"[^\W\d](?!(?:[^0-9]*[0-9]){5})[\w .\-/()#%&?']{0,39}")
_POSTCODE = re.compile(r"[A-Za-z]{1,2}[0-9][0-9A-Za-z]? ?[0-9][A-Za-z]{2}")


@dataclass(frozen=True, slots=True)
class Table:
    """A CSV file whose header has been read: what it is called, how to read it, and its columns."""

    file: File
    encoding: Encoding
    delimiter: str
    header: tuple[str, ...]
    line: str
    rule: FileRule | None = None

    @property
    def key(self) -> str:
        """Its key in `Source.files`, or "" if it is none of them."""
        return self.rule.key if self.rule else ""

    def index(self, column: str) -> int:
        """Where `column` stands, or -1; capitals and surrounding spaces do not matter."""
        wanted = _plain(column)
        return next((at for at, name in enumerate(self.header) if _plain(name) == wanted), -1)


@dataclass(frozen=True, slots=True)
class Cells:
    """Turns the cells of a line into those of a row: the column each field takes, and its alternatives."""

    first: tuple[int, ...]
    others: tuple[tuple[int, tuple[int, ...]], ...]
    empty: frozenset[str]

    def row(self, cells: Sequence[str]) -> Row:
        """The trimmed cells of the fields; "" for what is absent or means nothing."""
        cells = [*cells, ""]
        empty = self.empty
        row = ["" if (cell := cells[at].strip()) in empty else cell for at in self.first]
        for slot, places in self.others:
            if not row[slot]:
                row[slot] = next((cell for at in places if (cell := cells[at].strip()) not in empty), "")
        return row


def read_header(file: File, declared: str = "", source: Source | None = None) -> Table:
    """Return what the first line of a CSV file says.

    Args:
        file: the file.
        declared: its encoding, if the mapping states one.
        source: what the mapping expects; only where one of its columns is met may a problem repeat names.

    Raises:
        Refused: `source.empty`, `source.duplicate-column`, `source.encoding-unknown`, `source.unreadable`.
    """
    encoding = find_encoding(file, declared)
    with file.open() as stream, closing(text_lines(stream, encoding)) as lines:
        first = next((line for line in lines if line.strip()), "")
        delimiter = find_delimiter(first)
        taken = next(records(iter([first]), delimiter, wide=encoding.wide), None)
    if taken is None:
        raise refuse(EMPTY, place=Place(file=file.name))
    header = tuple(name.strip() for name in taken.cells)
    plain = [_plain(name) for name in header if name]
    table = Table(file, encoding, delimiter, header, first)
    if twice := sorted({name for name in plain if plain.count(name) > 1}, key=plain.index):
        known = _expected(source) if source else frozenset()
        columns = ", ".join(_place_of(name, table, known) for name in twice)
        raise refuse(DUPLICATE_COLUMN, place=Place(file=file.name, line=1), file=file.name, columns=columns)
    return table


def recognise_tables(tables: Sequence[Table], source: Source) -> tuple[dict[str, Table], list[Problem]]:
    """Return the tables of a set by their key, and warnings of what is not read.

    A file is told by its columns; its name decides only between rules that the columns fit alike.

    Raises:
        Refused: `source.wrong-format` if no file is of the set; else every `source.missing-file`,
            `source.missing-column` and `source.same-file-twice` at once.
    """
    found: dict[str, Table] = {}
    problems: list[Problem] = []
    warnings: list[Problem] = []
    for table in tables:
        rule = best_rule(table, source)
        if rule is None:
            warnings.append(problem(UNKNOWN_FILE, place=Place(file=table.file.name, line=1)))
            continue
        named = Table(table.file, table.encoding, table.delimiter, table.header, table.line, rule)
        if rule.key in found:
            names = f"{found[rule.key].file.name}, {table.file.name}"
            problems.append(problem(SAME_FILE_TWICE, file=rule.key, names=names))
        found[rule.key] = named
        warnings += _extra(named, source)
    for named in found.values():
        problems += _missing(named, source, found.keys())
    if not found:
        raise refuse(
            WRONG_FORMAT,
            place=Place(file=tables[0].file.name, line=1),
            found=_found(tables[0], _expected(source)),
            wanted=" or ".join(f"{rule.key} ({_some(rule.columns)})" for rule in source.files[:3]),
        )
    problems += [
        problem(MISSING_FILE, file=rule.key, columns=", ".join(rule.columns))
        for rule in source.files
        if rule.key not in found and (rule.required or rule.key == source.top.file)
    ]
    if problems:
        raise Refused(*problems)
    return found, warnings


def best_rule(table: Table, source: Source) -> FileRule | None:
    """The rule that a file's columns fit best, or, where none has enough of them, the one its name fits."""

    def fit(rule: FileRule) -> tuple[bool, float, bool]:
        want = {_plain(name) for name in rule.columns}
        have = {_plain(name) for name in table.header if name} | _stood_in(table, rule, source)
        have -= {_plain(name) for name in rule.optional}
        alike = len(have & want) / len(have | want) if want else 0.0
        return want <= have and bool(want), alike, _named(table, rule)

    for rule in sorted(source.files, key=fit, reverse=True):
        whole, alike, named = fit(rule)
        if whole or alike >= _ALIKE or named:
            return rule
    return None


def cells_of(shape: Shape, table: Table, empty: frozenset[str]) -> Cells:
    """Return where the fields of `shape` stand in `table`."""
    places = [[at for path in field.paths if (at := table.index(path)) >= 0] for field in shape.fields]
    first = tuple(found[0] if found else -1 for found in places)
    others = tuple((slot, tuple(found[1:])) for slot, found in enumerate(places) if len(found) > 1)
    return Cells(first, others, empty | {""})


def shapes_of(top: Shape) -> Iterator[Shape]:
    """Yield a shape and every shape within it."""
    yield top
    for kid in top.kids:
        yield from shapes_of(kid)


def _stood_in(table: Table, rule: FileRule, source: Source) -> set[str]:
    """Columns that are not there, but for which every field that wants them has an alternative that is."""
    fields = [field for shape in shapes_of(source.top) if shape.file == rule.key for field in shape.fields]
    wanting: dict[str, bool] = {}
    for field in fields:
        met = any(table.index(path) >= 0 for path in field.paths)
        for path in field.paths:
            wanting[_plain(path)] = wanting.get(_plain(path), True) and met
    return {column for column, met in wanting.items() if met}


def _missing(table: Table, source: Source, given: AbstractSet[str]) -> list[Problem]:
    """Columns the rule names, or a join with a file that is given needs, that are not there."""
    assert table.rule is not None
    stood_in = _stood_in(table, table.rule, source)
    missing = [
        column for column in table.rule.columns if table.index(column) < 0 and _plain(column) not in stood_in
    ]
    joins = {
        column
        for shape in shapes_of(source.top)
        for kid in shape.kids
        if kid.by and kid.file in given
        for column, file in ((kid.by, kid.file), (kid.joined_to, shape.file))
        if file == table.key
    }
    missing += [by for by in sorted(joins) if table.index(by) < 0 and by not in missing]
    place = Place(file=table.file.name, line=1)
    columns = ", ".join(missing)
    return [problem(MISSING_COLUMN, place=place, file=table.key, columns=columns)] if missing else []


def _extra(table: Table, source: Source) -> list[Problem]:
    assert table.rule is not None
    known = {_plain(column) for column in table.rule.every}
    for shape in shapes_of(source.top):
        if shape.file == table.key:
            known |= {_plain(path) for field in shape.fields for path in field.paths}
    known |= {_plain(path.partition(".")[2]) for path in source.ignored if path.startswith(f"{table.key}.")}
    extra = [name for name in table.header if name and _plain(name) not in known]
    if not extra:
        return []
    columns = ", ".join(_shown(extra, table, known)) or f"{len(extra)} of {len(table.header)}"
    return [problem(EXTRA_COLUMN, place=Place(file=table.file.name, line=1), file=table.key, columns=columns)]


def _expected(source: Source) -> AbstractSet[str]:
    """Every column that any file of the set may have, in plain writing."""
    known = {_plain(column) for rule in source.files for column in rule.every}
    for shape in shapes_of(source.top):
        known |= {_plain(path) for field in shape.fields for path in field.paths}
    return known


def _found(table: Table, known: AbstractSet[str]) -> str:
    names = _shown([name for name in table.header if name], table, known)
    return f"the columns {_some(names)}" if names else "a first line that names none of its columns"


def _shown(names: Sequence[str], table: Table, known: AbstractSet[str]) -> list[str]:
    """Those of `names` that may be repeated in a problem: none unless the line has a column we expect."""
    if not any(_plain(name) in known for name in table.header):
        return []
    return [name for name in names if _plain(name) in known or _like_a_column(name)]


def _like_a_column(name: str) -> bool:
    return bool(_COLUMN_NAME.fullmatch(name)) and not _POSTCODE.fullmatch(name)


def _place_of(plain: str, table: Table, known: AbstractSet[str]) -> str:
    """Where a column stands that is there more than once, and its name if that may be repeated."""
    places = [(at, name) for at, name in enumerate(table.header, 1) if _plain(name) == plain]
    where = " and ".join(str(at) for at, _ in places)
    shown = _shown([name for _, name in places], table, known)
    return f"{shown[0]} ({where})" if shown else f"number {where}"


def _named(table: Table, rule: FileRule) -> bool:
    return bool(rule.name and re.search(rule.name, table.file.name))


def _plain(name: str) -> str:
    return name.strip().casefold()


def _some(names: Sequence[str]) -> str:
    shown = ", ".join(name[:40] for name in names[:6])
    return f"{shown}, …" if len(names) > 6 else shown
