"""The source part of a mapping file turned into what readers and rules need: shapes, files, settings, code
maps.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from gateway.mapping.conceptmaps import Table as CodeTable
from gateway.mapping.conceptmaps import Term, concepts, flatten
from gateway.mapping.hints import listed, near
from gateway.mapping.located import Items, Node, Table, Text
from gateway.mapping.outline_made import is_made
from gateway.problems import Problem, problem
from gateway.problems.mapping import (
    MAPPING_CONTEXT,
    MAPPING_FIELD,
    MAPPING_FILE,
    MAPPING_PATTERN,
    MAPPING_RECORD,
    MAPPING_RECORDS,
    MAPPING_SHAPE,
    MAPPING_TERM_MAP,
)
from gateway.records import Field, FileRule, Shape, Source


@dataclass(frozen=True, slots=True)
class Given:
    """A value that must come from a feed's settings: what it is, the form it has, and the name in
    `source.context` of what a file may say for it.
    """

    name: str
    help: str
    matches: str = ""
    default: str | None = None
    context: str = ""


@dataclass(frozen=True, slots=True)
class Ignored:
    """A path or column that is left out on purpose, and why."""

    path: str
    reason: str


def read_source(tree: Table, problems: list[Problem]) -> tuple[Source, dict[str, tuple[str, ...]]] | None:
    """The `Source` of a mapping, and the key fields of each record; None where it cannot be made out."""
    source = tree.table("source")
    files = tuple(_file(key, source.table("files").table(key)) for key in source.table("files").entries)
    top = _shapes(source.table("records"), {file.key: file for file in files}, source, problems)
    if top is None:
        return None
    _check_files(files, source, problems)
    ignored = frozenset(each.path for each in read_ignored(tree))
    empty = frozenset(("", *(text.strip() for text in source.texts("empty"))))
    context = _fields(source.table("context"))
    made = Source(
        format=source.text("format"),
        top=top,
        root=source.text("root"),
        files=files,
        context=context,
        empty=empty,
        ignored=ignored,
        encoding=source.text("encoding"),
    )
    records = source.table("records")
    return made, {name: records.table(name).texts("key") for name in records.entries}


def read_ignored(tree: Table) -> tuple[Ignored, ...]:
    """What the mapping leaves out on purpose."""
    found = (item for item in tree.table("source").items("ignore") if isinstance(item, Table))
    return tuple(Ignored(item.text("path"), item.text("reason")) for item in found)


def read_given(tree: Table, problems: list[Problem]) -> tuple[Given, ...]:
    """The values that a feed's settings must give."""
    found = []
    given = tree.table("given")
    for name in given.entries:
        each = given.table(name)
        matches = each.text("matches")
        try:
            re.compile(matches)
        except re.error as error:
            problems.append(problem(MAPPING_PATTERN, place=each.at("matches"), reason=error.msg))
        default = each.text("default") if "default" in each.entries else None
        context, known = each.text("context"), tree.table("source").table("context").entries
        if context and context not in known:
            place, hint = each.entries["context"].place, near(context, known)
            problems.append(problem(MAPPING_CONTEXT, place=place, name=context, near=hint))
        found.append(Given(name, each.text("help"), matches, default, context))
    return tuple(found)


def read_terms(
    tree: Table, maps: Mapping[str, Mapping[str, Any]], base: str, problems: list[Problem]
) -> dict[str, Term]:
    """The code maps, each with its ConceptMap made flat."""
    found = {}
    terms = tree.table("terms")
    for name in terms.entries:
        each = terms.table(name)
        table = _code_table(name, each, maps, base, problems)
        absent = {
            code: value.text
            for code, value in each.table("absent").entries.items()
            if isinstance(value, Text)
        }
        policy = each.text("unmapped") or ("keep-source" if table.keeps else "reject-record")
        found[name] = Term(name, table, policy, absent)
    return found


def _code_table(
    name: str, term: Table, maps: Mapping[str, Mapping[str, Any]], base: str, problems: list[Problem]
) -> CodeTable:
    """The ConceptMap or CodeSystem that a code map names, made flat."""
    kinds = [key for key in ("map", "system") if key in term.entries]
    if len(kinds) != 1:
        reason = f"{name} needs map (a ConceptMap) or system (a CodeSystem), one of them"
        problems.append(problem(MAPPING_SHAPE, place=term.place, reason=reason))
        return CodeTable("", {})
    canonical, place = term.text(kinds[0]).replace("{base}", base), term.entries[kinds[0]].place
    wanted = {"map": "ConceptMap", "system": "CodeSystem"}[kinds[0]]
    known = {url: each for url, each in maps.items() if each.get("resourceType", wanted) == wanted}
    if canonical not in known:
        hint = near(canonical, known)
        problems.append(problem(MAPPING_TERM_MAP, place=place, canonical=canonical, near=hint))
        return CodeTable(canonical, {})
    if kinds[0] == "system":
        return concepts(known[canonical])
    table, wrong = flatten(known[canonical])
    problems.extend(one.at(place) for one in wrong)
    return table


def _file(key: str, table: Table) -> FileRule:
    required = table.text("required") == "true"
    return FileRule(key, table.texts("columns"), table.text("name"), required, table.texts("optional"))


def _check_files(files: tuple[FileRule, ...], source: Table, problems: list[Problem]) -> None:
    for file in files:
        try:
            re.compile(file.name)
        except re.error as error:
            place = source.table("files").table(file.key).at("name")
            problems.append(problem(MAPPING_PATTERN, place=place, reason=error.msg))


def _fields(table: Table) -> tuple[Field, ...]:
    return tuple(_field(name, node) for name, node in table.entries.items())


def _field(name: str, node: Node) -> Field:
    if isinstance(node, Text):
        return Field(name, (node.text,))
    if isinstance(node, Items):
        return Field(name, tuple(item.text for item in node.items if isinstance(item, Text)))
    return Field(name, node.texts("path"), node.text("required") == "true")


def _shapes(
    records: Table, files: Mapping[str, FileRule], source: Table, problems: list[Problem]
) -> Shape | None:
    """The tree of shapes, the one top record first."""
    before = len(problems)
    read = [name for name in records.entries if not is_made(records.table(name))]
    tops = [name for name in read if "within" not in records.table(name).entries]
    if len(tops) != 1:
        reason = f"{len(tops)} records lie within no other: {listed(tops)}"
        do = "Exactly one is the top record; give the others within."
        problems.append(problem(MAPPING_RECORDS, place=source.at("records"), reason=reason, do=do))
    for name in read:
        _check_record(name, records, files, source, problems)
    if len(problems) > before:
        return None
    made = _shape(tops[0], records, files, ())
    if len(list(_all(made))) != len(read):
        reason = "Some records lie within each other in a circle"
        do = "Follow within from each of them to the top record."
        problems.append(problem(MAPPING_RECORDS, place=source.at("records"), reason=reason, do=do))
        return None
    return made


def _all(shape: Shape) -> list[Shape]:
    return [shape, *(inner for kid in shape.kids for inner in _all(kid))]


def _shape(name: str, records: Table, files: Mapping[str, FileRule], over: tuple[str, ...]) -> Shape:
    table = records.table(name)
    fields = _fields(table.table("fields"))
    file = files.get(table.text("file"))
    if file and not fields:
        fields = tuple(Field(column, (column,)) for column in file.every)
    kids = tuple(
        _shape(kid, records, files, (*over, name))
        for kid in records.entries
        if records.table(kid).text("within") == name and kid not in over and not is_made(records.table(kid))
    )
    return Shape(
        name=name,
        fields=fields,
        kids=kids,
        each=table.text("each"),
        file=table.text("file"),
        by=table.text("by"),
        most=int(table.text("max", "0")),
        key=table.texts("key"),
        to=table.text("to"),
    )


def _check_record(
    name: str, records: Table, files: Mapping[str, FileRule], source: Table, problems: list[Problem]
) -> None:
    """Tell what is missing from, or does not fit in, one record."""
    table = records.table(name)
    csv = source.text("format") == "csv"
    within = table.text("within")
    if within and within not in records.entries:
        hint, known = near(within, records.entries), listed(records.entries)
        place = table.entries["within"].place
        problems.append(problem(MAPPING_RECORD, place=place, name=within, near=hint, known=known))
    need = [("file" if csv else "each")] + (["by"] if csv and within else [])
    for key in need:
        if key not in table.entries:
            where = records.at(name)
            reason, do = f"The record {name} has no {key}", f"Say {key}: for it."
            problems.append(problem(MAPPING_RECORDS, place=where, reason=reason, do=do))
    file = files.get(table.text("file"))
    if "file" in table.entries and not file:
        place, wanted = table.entries["file"].place, table.text("file")
        hint, known = near(wanted, files), listed(files)
        problems.append(problem(MAPPING_FILE, place=place, name=wanted, near=hint, known=known))
    if file:
        _check_columns(name, table, file, problems)
    above = files.get(records.table(within).text("file")) if within else None
    if above and "to" in table.entries:
        _check_column(table.text("to"), table.entries["to"], above, problems)
    _check_keys(name, table, file, problems)


def _check_columns(name: str, table: Table, file: FileRule, problems: list[Problem]) -> None:
    """Columns that a CSV record names must be columns of its file."""
    fields = table.table("fields")
    used = [(path, fields.entries[field.name]) for field in _fields(fields) for path in field.paths]
    if "by" in table.entries:
        used.append((table.text("by"), table.entries["by"]))
    for column, node in used:
        _check_column(column, node, file, problems)


def _check_column(column: str, node: Node, file: FileRule, problems: list[Problem]) -> None:
    if column not in file.every:
        hint, known = near(column, file.every), listed(file.every)
        record = f"The file {file.key}"
        problems.append(
            problem(MAPPING_FIELD, place=node.place, record=record, name=column, near=hint, known=known)
        )


def _check_keys(name: str, table: Table, file: FileRule | None, problems: list[Problem]) -> None:
    """The fields of a record's key must be fields of it."""
    names = list(table.table("fields").entries) or list(file.every if file else ())
    for item in table.items("key"):
        if isinstance(item, Text) and item.text not in names:
            hint, known = near(item.text, names), listed(names)
            problems.append(
                problem(MAPPING_FIELD, place=item.place, record=name, name=item.text, near=hint, known=known)
            )


def deeper(source: Source, ignored: frozenset[str]) -> Source:
    """The same source with other ignored paths."""
    return replace(source, ignored=ignored)
