"""A first look at a file nobody has described: what is in it, column by column, and what it could mean."""

from collections.abc import Iterable
from dataclasses import dataclass

from gateway.problems import Place, Problem, problem
from gateway.problems.inspect import NO_HEADER
from gateway.service.looks import looks
from gateway.service.tally import Distinct, Looks, Tally
from gateway.sources.files import Given
from gateway.sources.unseen import Unseen, open_unseen

# So many hashes are kept of each of the first columns, and of each further one: about 1 MB and 0.1 MB.
_MANY, _FEW, _FIRST = 8_192, 1_024, 64


@dataclass(frozen=True, slots=True)
class Column:
    """One column of a table, or one path below the records of an XML or JSON file.

    Attributes:
        name: of the column, or the path.
        filled: how many records have a value.
        distinct: how many different values there are; about, if not `exact`.
        unique: no value comes twice.
        most: the most values in one record.
        nothing: values such as NULL or N/A.
        looks: what it could be.
        shapes: the form of its first values, letters and digits hidden.
        examples: its first values, as they are: for the eyes of the file's owner only.
    """

    name: str
    filled: int
    distinct: int
    exact: bool
    unique: bool
    most: int
    nothing: int
    looks: Looks
    shapes: tuple[str, ...]
    examples: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Inspection:
    """What was found in a file.

    Attributes:
        file: its name.
        format: "csv", "xml" or "json".
        encoding: a codec's name; `mark` if it begins with a byte order mark.
        delimiter: of CSV.
        root: of XML.
        each: the path of the records in XML and JSON, "." for the whole or a plain list.
        records: how many.
        columns: in the order of the file.
        fhir: its records are FHIR resources: they load as they are, without a mapping.
        broken: how many stretches cannot be read; `faults` has the first of them.
        warnings: what is doubtful about the file as such.
    """

    file: str
    format: str
    encoding: str
    mark: bool
    delimiter: str
    root: str
    each: str
    records: int
    columns: tuple[Column, ...]
    fhir: bool
    broken: int
    faults: tuple[Problem, ...]
    warnings: tuple[Problem, ...]


def inspect(given: Given) -> Inspection:
    """Look through a whole CSV, XML or JSON file, in memory that does not grow with it.

    Raises:
        Refused: what keeps the file from being read at all (see `open_unseen`).
    """
    found = open_unseen(given)
    tallies: dict[str, Tally] = {}
    records = 0
    for name in found.columns:
        _tally(tallies, name)
    for block in found.blocks:
        records += block.records
        for name, values in block.values.items():
            _tally(tallies, name).add(values, block.filled[name], block.most[name])
    return Inspection(
        file=found.name,
        format=found.format,
        encoding=found.encoding.codec,
        mark=found.encoding.mark > 0,
        delimiter=found.delimiter,
        root=found.root,
        each=found.each,
        records=records,
        columns=tuple(_column(tally) for tally in tallies.values()),
        fhir=found.format == "json" and "resourceType" in tallies,
        broken=found.broken,
        faults=tuple(found.faults),
        warnings=(*found.warnings, *_headless(found)),
    )


def _tally(tallies: dict[str, Tally], name: str) -> Tally:
    if name not in tallies:
        tallies[name] = Tally(name, Distinct(_MANY if len(tallies) < _FIRST else _FEW))
    return tallies[name]


def _column(tally: Tally) -> Column:
    return Column(
        name=tally.name,
        filled=tally.filled,
        distinct=tally.different,
        exact=tally.distinct.exact,
        unique=tally.unique,
        most=tally.most,
        nothing=tally.nothing,
        looks=tally.looks(),
        shapes=tuple(tally.shapes),
        examples=tuple(tally.examples),
    )


def _headless(found: Unseen) -> Iterable[Problem]:
    """A warning if the names of the columns look like values."""
    if found.format == "csv":
        values = [name for name in found.columns if any(_is_value(form) for form in looks(name))]
        if values:
            count = f"{len(values)} of {len(found.columns)}"
            yield problem(NO_HEADER, place=Place(file=found.name, line=1), columns=count)


def _is_value(form: str) -> bool:
    return form in ("upn", "ten digits", "decimal") or form.startswith("real ")
