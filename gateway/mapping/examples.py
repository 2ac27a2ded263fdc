"""Tests beside a mapping (`tests.yaml`): records given, what is expected of them, and a diff in words.

    tests:
      - name: refused SDQ becomes a data-absent-reason
        given: {header: [{CHILD: "566910", SEX: "2", DOB: 27/03/2008}]}
        set: {la: "201"}
        expect: [{resourceType: Observation, valueInteger: 17}]
        absent: [{resourceType: Flag}]
        issues: [record.not-a-date]

`given` is rows for the files of a CSV set, or a text for XML and JSON; `set` are values for `given.`; each
of `expect` is found in some resource and none of `absent` in any; `issues` are the codes of all problems.
"""

import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from gateway.fhir.json import read as read_json
from gateway.mapping import located
from gateway.mapping.file import Mapping as Mapped
from gateway.mapping.ids import Ids
from gateway.mapping.located import Node, Table, Text
from gateway.mapping.subset import Difference, lacking
from gateway.mapping.translate import Translation, Translator
from gateway.problems import Place, Problem, Refused, problem
from gateway.problems.mapping import MAPPING_EXAMPLE
from gateway.records import Row

#: Reads a `given` with the mapping's source: the rows of the top record, and the context of the file.
Reader = Callable[[Mapped, Any], tuple[Iterable[Row], Mapping[str, str]]]


@dataclass(frozen=True, slots=True)
class Example:
    """One test of a mapping."""

    name: str
    given: Any
    set: Mapping[str, str]
    expect: tuple[Any, ...]
    absent: tuple[Any, ...]
    issues: tuple[str, ...]
    place: Place


@dataclass(frozen=True, slots=True)
class Result:
    """How a test went: the differences (none if it passed), and what the mapping made."""

    example: Example
    differences: tuple[Difference, ...]
    translations: tuple[Translation, ...]

    @property
    def passed(self) -> bool:
        """Whether all that was expected came, and no other problem."""
        return not self.differences


def read_examples(text: str, file: str = "tests.yaml") -> tuple[Example, ...]:
    """Return the tests of a `tests.yaml`.

    Raises:
        Refused: `mapping.example` and what `located.read` refuses, with places.
    """
    tree = located.read(text, file)
    problems: list[Problem] = []
    found = []
    for item in tree.items("tests"):
        if not isinstance(item, Table) or "name" not in item.entries or "given" not in item.entries:
            problems.append(
                problem(MAPPING_EXAMPLE, place=item.place, reason="a test has a name and what is given")
            )
            continue
        for key in item.entries:
            if key not in ("name", "given", "set", "expect", "absent", "issues"):
                reason = f"a test has no {key}"
                problems.append(problem(MAPPING_EXAMPLE, place=item.at(key), reason=reason))
        found.append(_example(item))
    if not found and not problems:
        problems.append(problem(MAPPING_EXAMPLE, place=tree.place, reason="it has no tests"))
    if problems:
        raise Refused(*problems)
    return tuple(found)


def run_example(example: Example, mapping: Mapped, read: Reader | None = None) -> Result:
    """Translate what a test gives and compare.

    Args:
        example: the test.
        mapping: the mapping it is for.
        read: reads what is given; for CSV, rows written in the test need none.

    Raises:
        Refused: values under `set` that the mapping does not take, or a `given` that cannot be read.
    """
    rows, context = (read or rows_given)(mapping, example.given)
    translator = Translator(
        mapping,
        Ids(b"examples", "example"),
        given=example.set,
        context=context,
        received="2026-01-01",
        files={"": "given"},
    )
    made = tuple(translator.translate(row) for row in rows)
    return Result(example, tuple(_differences(example, mapping, made)), made)


def rows_given(mapping: Mapped, given: Any) -> tuple[list[Row], dict[str, str]]:
    """The rows of the top record that tables in a test describe: `{file: [{COLUMN: text}]}`, joined as the
    mapping says.

    The line of a row is its number within its file, the header counted.

    Raises:
        Refused: `mapping.example`.
    """
    source = mapping.source
    if not isinstance(given, dict) or source.format != "csv":
        raise Refused(problem(MAPPING_EXAMPLE, reason="given is a table of rows for each file of the set"))
    lines = {file: [(number + 2, each) for number, each in enumerate(rows)] for file, rows in given.items()}
    known = {file.key: set(file.every) for file in source.files}
    for file, rows in lines.items():
        names = known.get(file)
        strange = [name for _, row in rows for name in row if names is None or name not in names]
        if names is None or strange:
            reason = f"the set has no file {file}" if names is None else f"{file} has no column {strange[0]}"
            raise Refused(problem(MAPPING_EXAMPLE, reason=reason))
    return [_row(mapping, source.top, row, line, lines) for line, row in lines.get(source.top.file, ())], {}


def _row(mapping: Mapped, shape: Any, row: Mapping[str, str], line: int, lines: Any) -> Row:
    empty = mapping.source.empty
    cells = [_cell(row, field.paths, empty) for field in shape.fields]
    kids = [
        [
            _row(mapping, kid, other, number, lines)
            for number, other in lines.get(kid.file, ())
            if other.get(kid.by, "") == row.get(kid.joined_to, "")
        ]
        for kid in shape.kids
    ]
    return [*cells, *kids, line]


def _cell(row: Mapping[str, str], paths: tuple[str, ...], empty: frozenset[str]) -> str:
    found = next((row[path].strip() for path in paths if path in row), "")
    return "" if found in empty else found


def _example(item: Table) -> Example:
    return Example(
        name=item.text("name"),
        given=located.plain(item.entries["given"]),
        set={key: node.text for key, node in item.table("set").entries.items() if isinstance(node, Text)},
        expect=tuple(_loose(node) for node in item.items("expect")),
        absent=tuple(_loose(node) for node in item.items("absent")),
        issues=tuple(item.texts("issues")),
        place=item.entries["name"].place,
    )


def _loose(node: Node) -> Any:
    """An expected value: scalars stay text and are compared with how JSON writes them."""
    return located.plain(node)


def _differences(example: Example, mapping: Mapped, made: tuple[Translation, ...]) -> Iterable[Difference]:
    """What was expected and did not come, what came and was not to, and problems nobody expected."""
    base = mapping.words.base
    resources = [read_json(each[3]) for one in made for each in one.resources]
    for wanted in example.expect:
        yield from lacking(wanted, resources, base)
    for unwanted in example.absent:
        if any(not list(lacking(unwanted, [each], base)) for each in resources):
            kind = str(unwanted.get("resourceType", "")) if isinstance(unwanted, dict) else ""
            yield Difference(kind or "resource", "none like it", json.dumps(unwanted, ensure_ascii=False))
    found = [each for one in made for each in (*one.problems, *one.dropped, *one.warnings)]
    codes = [each.kind.code for each in found]
    for code in example.issues:
        if code not in codes:
            yield Difference("issues", code, ", ".join(sorted(set(codes))) or "no problem")
    for each in found:
        if each.kind.code not in example.issues and each.kind.severity == "error":
            yield Difference("issues", "no problem", f"{each.kind.code}: {each.says}", each.rule)
