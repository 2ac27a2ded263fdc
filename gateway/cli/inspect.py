"""The command for a file nobody has described: inspect."""

import sys
from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import click

from gateway.cli import say
from gateway.cli.shared import configured, with_config, with_json
from gateway.problems import Problem, Refused
from gateway.service.draft import draft as drafted
from gateway.service.inspect import Column, Inspection
from gateway.service.inspect import inspect as inspected
from gateway.service.shelf import Shelf
from gateway.service.tally import Looks
from gateway.sources import recognise
from gateway.sources.files import Given

_SHOWN = 20
_CODES_SHOWN = 10
_NAMES = {
    "upn": "UPN",
    "nhs-number": "NHS number",
    "uln": "unique learner number",
    "date-time": "date and time",
    "sex": "sex",
    "ethnicity": "ethnicity",
    "empty": "nothing: it is empty",
}
_GUARDS = {"upn": "check letter", "nhs-number": "check digit", "uln": "check digit"}
_DELIMITERS = {",": "commas", ";": "semicolons", "\t": "tabs"}
_ENCODINGS = {"utf-8": "UTF-8", "cp1252": "Windows-1252"}


@click.command(short_help="Look at a file nobody has described.")
@click.argument("file", type=click.Path(path_type=Path, allow_dash=True))
@click.option("--draft", is_flag=True, help="Print a mapping.yaml to start from, instead of the columns.")
@click.option("--all", "whole", is_flag=True, help=f"Every column, not only the first {_SHOWN}.")
@click.option("--show-values", is_flag=True, help="Add values as they are: they are children's data.")
@with_json
@with_config
def inspect(
    file: Path, draft: bool, whole: bool, show_values: bool, as_json: bool, config_path: Path | None
) -> int:
    """Look at FILE (CSV, XML or JSON; - for stdin): its columns, how full they are, what they could mean.

    \b
    Examples:
      fhirgate inspect spring.csv
      fhirgate inspect spring.csv --draft > mappings/spring/mapping.yaml
    """
    given: Given = {"stdin": sys.stdin.buffer} if str(file) == "-" else file
    found = inspected(given)
    if draft:
        say.out(drafted(found).rstrip("\n"))
    elif as_json:
        say.as_json(_as_json(found, show_values))
    else:
        _tell(found, whole, show_values)
    known = [] if draft or isinstance(given, dict) else _known(file, found, config_path)
    for name in () if as_json else known:
        say.talk(f"The mapping {name} reads files like this one: fhirgate map {file} -m {name}")
    if found.fhir and not as_json:
        say.talk("These are FHIR resources: fhirgate load takes them as they are, without a mapping.")
    _tell_problems(found)
    return 1 if found.broken else 0


def _known(file: Path, found: Inspection, config_path: Path | None) -> list[str]:
    """Mappings that read the format of this file; a mapping that is not sound is not our business here."""
    if found.format == "json":
        return []
    shelf = Shelf.read(configured(config_path))
    sources = {}
    for name in shelf.folders:
        try:
            sources[name] = shelf.mapping(name).source
        except Refused:
            continue
    return recognise(file, {name: each for name, each in sources.items() if each.format == found.format})


def _tell(found: Inspection, whole: bool, values: bool) -> None:
    say.out(_head(found))
    shown = found.columns if whole else found.columns[:_SHOWN]
    rows: list[tuple[str, ...]] = [("  column", "filled", "distinct", "looks like")]
    rows += [_row(each, found.records) for each in shown]
    if values:
        examples = ["for instance", *(" | ".join(each.examples) for each in shown)]
        rows = [(*row, example) for row, example in zip(rows, examples, strict=True)]
    _table(rows)
    if len(shown) < len(found.columns):
        say.out(f"  ... {len(found.columns) - len(shown)} more: --all")


def _head(found: Inspection) -> str:
    encoding = _ENCODINGS.get(found.encoding, found.encoding.upper()) + (" with BOM" if found.mark else "")
    parts = [
        f"{found.file}: {say.counted(found.records, 'record')}",
        say.counted(len(found.columns), "column" if found.format == "csv" else "field"),
        encoding,
    ]
    if found.format == "csv":
        parts.append(_DELIMITERS[found.delimiter])
    else:
        where = found.root if found.each == "." else "/".join(filter(None, (found.root, found.each)))
        parts.append(found.format.upper() + (f", each {where}" if where else ""))
    return ", ".join(parts)


def _row(column: Column, records: int) -> tuple[str, ...]:
    share = f"{_percent(column.filled, records)}%"
    distinct = f"{column.distinct:,}" if column.exact else f"~{round(column.distinct, -3):,}"
    return f"  {column.name}", share, distinct, _meaning(column)


def _percent(part: int, whole: int) -> int:
    """Rounded, but 100 only for all and 0 only for none."""
    if not whole or part in (0, whole):
        return 100 if part and part == whole else 0
    return min(99, max(1, round(part * 100 / whole)))


def _meaning(column: Column) -> str:
    looks = column.looks
    said = _NAMES.get(looks.kind, looks.kind)
    if looks.format:
        said += f" {looks.format.lower().replace(chr(39), '')}"
    if looks.codes or looks.rare:
        said += ": " + " ".join(_codes(looks))
    notes = list(_notes(column))
    return said + (f" ({', '.join(notes)})" if notes else "")


def _codes(looks: Looks) -> Iterator[str]:
    """The values of a code; those seen once could name somebody, so they are only counted."""
    yield from (code for code, _ in looks.codes[:_CODES_SHOWN])
    more = len(looks.codes[_CODES_SHOWN:])
    if more:
        yield f"and {more} more"
    if looks.rare:
        yield f"{'and ' if looks.codes else ''}{looks.rare} seen once"


def _notes(column: Column) -> Iterator[str]:
    looks = column.looks
    if looks.kind in _GUARDS:
        yield f"{_GUARDS[looks.kind]} fits in {looks.fits:,}"
    elif looks.wrong:
        yield f"{looks.wrong:,} impossible"
    if looks.other:
        yield f"{looks.other:,} of another form"
    if column.nothing and looks.kind != "empty":
        yield f"{column.nothing:,} such as NULL"
    if column.most > 1:
        yield f"up to {column.most} in a record"


def _table(rows: list[tuple[str, ...]]) -> None:
    """Columns two spaces apart, numbers to the right."""
    widths = [max(len(row[at]) for row in rows) for at in range(len(rows[0]))]
    for row in rows:
        cells = [
            cell.rjust(width) if at in (1, 2) else cell.ljust(width)
            for at, (cell, width) in enumerate(zip(row, widths, strict=True))
        ]
        say.out("  ".join(cells).rstrip())


def _tell_problems(found: Inspection) -> None:
    """What cannot be read: each kind once, with its first places; and what is doubtful."""
    say.problems(found.warnings)
    say.problems(_first_of_each(found.faults))
    if found.broken:
        kinds = Counter(fault.kind.code for fault in found.faults)
        counts = ", ".join(f"{code} {count:,}" for code, count in kinds.items())
        say.talk(f"{say.counted(found.broken, 'record')} cannot be read: {counts}")


def _first_of_each(faults: Iterable[Problem]) -> list[Problem]:
    first: dict[str, Problem] = {}
    for fault in faults:
        first.setdefault(fault.kind.code, fault)
    return list(first.values())


def _as_json(found: Inspection, values: bool) -> dict[str, Any]:
    return {
        "file": found.file,
        "format": found.format,
        "encoding": found.encoding,
        "byteOrderMark": found.mark,
        "delimiter": found.delimiter,
        "root": found.root,
        "each": found.each,
        "fhir": found.fhir,
        "records": found.records,
        "broken": found.broken,
        "columns": [_column_json(each, values) for each in found.columns],
        "problems": [say.problem_json(each) for each in (*found.faults, *found.warnings)],
    }


def _column_json(column: Column, values: bool) -> dict[str, Any]:
    looks = column.looks
    made: dict[str, Any] = {
        "name": column.name,
        "filled": column.filled,
        "distinct": column.distinct,
        "exact": column.exact,
        "most": column.most,
        "nothing": column.nothing,
        "looks": looks.kind,
        "format": looks.format,
        "fits": looks.fits,
        "wrong": looks.wrong,
        "other": looks.other,
        "codes": dict(looks.codes),
        "rare": looks.rare,
        "shapes": list(column.shapes),
    }
    return made | ({"examples": list(column.examples)} if values else {})


COMMANDS = (inspect,)
