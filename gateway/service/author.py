"""A mapping is tried: translated, tested, explained, with no database and no network."""

import csv
import io
import tempfile
from collections.abc import Generator, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

from gateway.fhir import json
from gateway.mapping.coverage import Coverage, coverage
from gateway.mapping.examples import Example, Result, read_examples, rows_given, run_example
from gateway.mapping.explain import Explanation
from gateway.mapping.file import Mapping as MappingFile
from gateway.mapping.ids import Ids
from gateway.mapping.translate import Translation, Translator, settle
from gateway.problems import NOWHERE, Place, Problem, refuse
from gateway.problems.service import NO_RECORD_AT, NO_TESTS
from gateway.problems.source import EXTRA_COLUMN, UNKNOWN_FILE, UNREAD
from gateway.records import Broken, Row, Source
from gateway.service.clock import instant, now
from gateway.service.shelf import Shelf
from gateway.sources import open_source, set_aside
from gateway.sources.csv_lines import find_delimiter
from gateway.sources.files import Given

TESTS = "tests.yaml"
_TRIAL = b"a mapping on trial"


class Trial(NamedTuple):
    """One record of a source and what became of it; `row` is None where it could not be read."""

    row: Row | None
    translation: Translation
    place: Place


def trials(
    mapping: MappingFile, given: Given, values: Mapping[str, str], doubts: list[Problem] | None = None
) -> Generator[Trial, None, None]:
    """Translate each record of a source; the ids are those of a trial, not of a feed.

    Args:
        doubts: takes up what is doubtful about the files as such, once the last record was handed out.

    Raises:
        Refused: what keeps the source from being read; values the mapping needs.
    """
    with open_source(given, mapping.source) as reading:
        translator = _translator(mapping, values, reading.context, reading.names)
        name = reading.names.get(mapping.source.top.file, "")
        try:
            for row in reading.rows:
                if isinstance(row, Broken):
                    yield Trial(None, Translation([], (row.problem,)), row.problem.place)
                else:
                    yield Trial(row, translator.translate(row), Place(file=name, line=row[-1]))
        finally:
            if doubts is not None:
                doubts += reading.warnings


def first_as_test(mapping: MappingFile, given: Given, values: Mapping[str, str]) -> dict[str, Any] | None:
    """A test for `tests.yaml`: its `given` is the first record that translates, its `expect` what it becomes.

    None if no record translates.
    """
    with open_source(given, mapping.source) as reading, tempfile.TemporaryDirectory() as folder:
        translator = _translator(mapping, values, reading.context, reading.names)
        for row in reading.rows:
            if isinstance(row, Broken) or not translator.translate(row).resources:
                continue
            path = Path(folder) / "given"
            writer = set_aside(mapping.source, path, reading.envelope)
            writer.add(reading.raw())
            writer.close()
            name, given = f"the record at line {row[-1]}", _given(mapping, path)
            return {
                "name": name,
                "given": given,
                "set": dict(values),
                "expect": _made(mapping, given, values),
            }
    return None


def explained(mapping: MappingFile, given: Given, values: Mapping[str, str], line: int) -> Explanation:
    """Everything about the record that begins at `line`, or at the last line before it.

    Raises:
        Refused: `service.no-record` if there is none.
    """
    with open_source(given, mapping.source) as reading:
        translator = _translator(mapping, values, reading.context, reading.names)
        best: Row | None = None
        for row in reading.rows:
            if isinstance(row, Broken):
                continue
            if row[-1] > line:
                break
            best = row
        if best is None:
            raise refuse(NO_RECORD_AT, line=line)
        return translator.explain(best)


def tested(shelf: Shelf, name: str) -> list[Result]:
    """Prove a mapping and run the tests beside it.

    Raises:
        Refused: what is wrong with the mapping or its tests; `service.no-tests`.
    """
    mapping = shelf.mapping(name)
    file = tests_beside(shelf.folder(name))
    if not file.is_file():
        raise refuse(NO_TESTS, place=Place(file=mapping.file))
    examples = read_examples(file.read_text("utf-8"), str(Path(mapping.file).with_name(TESTS)))
    return [run_example(example, mapping, _rows) for example in examples]


def tests_beside(folder: Path) -> Path:
    """Where the tests of the mapping in a folder, or in a file, lie or would lie."""
    return (folder if folder.is_dir() else folder.parent) / TESTS


def covered(
    mapping: MappingFile, given: Given, values: Mapping[str, str], also: Iterable[Translation] = ()
) -> Coverage:
    """What a mapping leaves unused of a source.

    Args:
        also: what the mapping's tests were translated to.
    """
    doubts: list[Problem] = []
    seen = list(trials(mapping, given, values, doubts))
    rows = [trial.row for trial in seen if trial.row is not None]
    return coverage(mapping, rows, [*(trial.translation for trial in seen), *also], list(_unread(doubts)))


def _unread(doubts: Iterable[Problem]) -> Iterator[str]:
    """What files hold that the mapping neither reads nor ignores: columns, paths, whole files of a set."""
    for doubt in doubts:
        if doubt.kind is EXTRA_COLUMN:
            yield from (f"{doubt.details['file']}.{name}" for name in doubt.details["columns"].split(", "))
        elif doubt.kind is UNREAD:
            yield doubt.details["path"]
        elif doubt.kind is UNKNOWN_FILE:
            yield doubt.place.file


def problems_of(seen: Iterable[Trial]) -> list[Problem]:
    """Every problem of some trials, in order."""
    return [problem for trial in seen for problem in trial.translation.problems]


def _translator(
    mapping: MappingFile, values: Mapping[str, str], context: Mapping[str, str], names: Mapping[str, str]
) -> Translator:
    return Translator(
        mapping,
        Ids(_TRIAL, "trial"),
        given=settle(mapping, values),
        context=context,
        received=instant(now()),
        files=names,
    )


def _made(mapping: MappingFile, given: Any, values: Mapping[str, str]) -> list[Any]:
    """What a test's record becomes, with the ids that a test's references have; its own ids are left out."""
    example = Example("", given, settle(mapping, values), (), (), (), NOWHERE)
    made = [
        json.read(text)
        for translation in run_example(example, mapping, _rows).translations
        for _, _, _, text in translation.resources
    ]
    for resource in made:
        resource.pop("id", None)
    return made


def _given(mapping: MappingFile, path: Path) -> Any:
    """What a test gives: the text of an XML or JSON file, or the rows of each CSV table that has some."""
    if mapping.source.format != "csv":
        return path.read_text("utf-8")
    tables = {}
    for file in sorted(path.iterdir()) if path.is_dir() else [path]:
        key = file.stem if path.is_dir() else mapping.source.top.file
        with file.open(encoding="utf-8-sig", newline="") as lines:
            header = lines.readline()
            lines.seek(0)
            found = csv.DictReader(lines, delimiter=find_delimiter(header))
            rows = [_named(row, mapping.source, key) for row in found]
        if rows:
            tables[key] = rows
    return tables


def _named(row: Mapping[str, str], source: Source, key: str) -> dict[str, str]:
    """The filled cells of a row by the names that the mapping has for their columns; no others."""
    columns = {column.casefold(): column for file in source.files if file.key == key for column in file.every}
    names = ((columns.get(name.strip().casefold()), cell) for name, cell in row.items())
    return {name: cell for name, cell in names if name and cell}


def _rows(mapping: MappingFile, given: Any) -> tuple[list[Row], Mapping[str, str]]:
    """The rows of a test: tables as they stand, a text through the reader of its format."""
    if isinstance(given, dict) and mapping.source.format == "csv":
        return rows_given(mapping, given)
    text = given if isinstance(given, str) else ""
    with open_source({"given": io.BytesIO(text.encode())}, mapping.source) as reading:
        rows = [row for row in reading.rows if not isinstance(row, Broken)]
        return rows, reading.context
