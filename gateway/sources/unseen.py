"""A file nobody has described: its format, where its records are, and the values in them.

No mapping is needed: the records are found by what repeats. Values come in blocks of some records, by the
path a mapping would use (`UPN`, `BasicDetails/Ethnicity`, `phones/number`), so that a file of any size is
looked at in little memory.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import chain, islice

from gateway.problems import Place, Problem, problem
from gateway.problems.inspect import TOO_MANY
from gateway.problems.source import RAGGED
from gateway.records import Broken
from gateway.sources.columns import Table, read_header
from gateway.sources.csv_lines import Taken, records, text_lines
from gateway.sources.encoding import Encoding
from gateway.sources.files import File, Given, single
from gateway.sources.plain import first_character, gather_text
from gateway.sources.unseen_json import look_json
from gateway.sources.unseen_tree import Found, Leaves, shown
from gateway.sources.unseen_xml import look_xml

BLOCK = 2_000
MOST_PATHS = 2_000


@dataclass(slots=True)
class Block:
    """Some records.

    Attributes:
        records: how many.
        values: the values at each path.
        filled: how many records have a value there.
        most: the most values in one record.
    """

    records: int = 0
    values: dict[str, list[str]] = field(default_factory=dict)
    filled: dict[str, int] = field(default_factory=dict)
    most: dict[str, int] = field(default_factory=dict)

    def add(self, name: str, values: list[str]) -> None:
        """Enter a column of a table, which has one value in a record at most."""
        self.values[name], self.filled[name], self.most[name] = values, len(values), 1


@dataclass(slots=True)
class Unseen:
    """An opened file.

    Attributes:
        name: of the file.
        format: "csv", "xml" or "json".
        encoding: of its text.
        columns: CSV: the names in the first line; else what was met so far, in order.
        delimiter: CSV: what separates cells.
        root: XML: the name of the root element.
        each: XML and JSON: the path of the record, as a mapping writes it (`each`).
        blocks: the records, to be taken once.
        warnings: what is doubtful about the file.
        broken: grows while blocks are taken: how many stretches cannot be read.
        faults: the first of those.
    """

    name: str
    format: str
    encoding: Encoding
    columns: list[str] = field(default_factory=list)
    delimiter: str = ""
    root: str = ""
    each: str = ""
    blocks: Iterator[Block] = field(default_factory=lambda: iter(()))
    faults: list[Problem] = field(default_factory=list)
    warnings: list[Problem] = field(default_factory=list)
    broken: int = 0


#: So many faults are kept with their places; the others are counted.
_FAULTS_KEPT = 200


def open_unseen(given: Given) -> Unseen:
    """Open a CSV, XML or JSON file, told by how it begins.

    Raises:
        Refused: `source.not-found`, `.unreadable`, `.empty`, `.one-file`, `.doctype`, `.encoding`,
            `.duplicate-column`, `source.not-text`.
    """
    file = single(gather_text(given, "csv"), "csv")
    first = first_character(file)
    if first == "<":
        return _tree(file, "xml")
    return _tree(file, "json") if first in ("{", "[") else _table(file)


def _table(file: File) -> Unseen:
    table = read_header(file)
    found = Unseen(
        file.name, "csv", table.encoding, [shown(name) for name in table.header if name], table.delimiter
    )
    if table.encoding.warning:
        found.warnings.append(table.encoding.warning)
    found.blocks = _table_blocks(table, found)
    return found


def _table_blocks(table: Table, found: Unseen) -> Iterator[Block]:
    with table.file.open() as stream:
        taken = records(text_lines(stream, table.encoding), table.delimiter, wide=table.encoding.wide)
        next(taken, None)
        while lines := list(islice(taken, BLOCK)):
            yield _table_block(table, [one.cells for one in lines if _is_record(one, table, found)])


def _is_record(one: Taken, table: Table, found: Unseen) -> bool:
    if one.fault is None:
        return True
    place = Place(file=table.file.name, line=one.line)
    if one.fault is RAGGED:
        _note(found, problem(RAGGED, place=place, found=len(one.cells), wanted=len(table.header)))
    else:
        _note(found, problem(one.fault, place=place))
    return False


def _table_block(table: Table, rows: list[list[str]]) -> Block:
    block = Block(records=len(rows))
    for name, column in zip(table.header, zip(*rows, strict=True), strict=False):
        if name:
            values = [text for cell in column if (text := cell.strip())]
            block.add(shown(name), values)
    return block


def _tree(file: File, kind: str) -> Unseen:
    looked: Found = look_xml(file) if kind == "xml" else look_json(file)
    found = Unseen(
        file.name,
        kind,
        looked.encoding,
        root=looked.root,
        each=looked.each,
        warnings=looked.warnings,
    )
    found.blocks = _tree_blocks(looked.rows, found)
    return found


def _tree_blocks(rows: Iterator[Leaves | Broken], found: Unseen) -> Iterator[Block]:
    known: dict[str, None] = {}
    while first := next(rows, None):
        block = Block()
        for row in chain((first,), islice(rows, BLOCK - 1)):
            if isinstance(row, Broken):
                _note(found, row.problem)
            elif not _add(block, row, known) and not any(each.kind is TOO_MANY for each in found.warnings):
                found.warnings.append(problem(TOO_MANY, place=Place(file=found.name), most=MOST_PATHS))
        found.columns = list(known)
        yield block


def _add(block: Block, row: Leaves, known: dict[str, None]) -> bool:
    """Add a record to a block; False if it has paths beyond the most that are followed."""
    block.records += 1
    here: dict[str, int] = {}
    for path, text in row:
        if path not in known and len(known) < MOST_PATHS:
            known[path] = None
        if path in known:
            block.values.setdefault(path, []).append(text)
            here[path] = here.get(path, 0) + 1
    for path, count in here.items():
        block.filled[path] = block.filled.get(path, 0) + 1
        block.most[path] = max(block.most.get(path, 0), count)
    return all(path in known for path, _ in row)


def _note(found: Unseen, fault: Problem) -> None:
    found.broken += 1
    if len(found.faults) < _FAULTS_KEPT:
        found.faults.append(fault)
