"""One record through one mapping, as a test wants it: resources as dicts, and problems."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import Any

from gateway import config
from gateway.fhir import json
from gateway.mapping.examples import rows_given
from gateway.mapping.file import Mapping as MappingFile
from gateway.mapping.ids import Ids
from gateway.mapping.translate import Translator
from gateway.problems import Problem, Refused
from gateway.records import Broken, Row
from gateway.service.shelf import Shelf
from gateway.sources import open_source

Rows = Mapping[str, Sequence[Mapping[str, str]]]


@dataclass(frozen=True, slots=True)
class Told:
    """What a mapping makes of one record.

    Attributes:
        resources: FHIR, in the order of the mapping's rules; numbers keep their digits.
        problems: why the record would be set aside; empty if it would not.
        dropped: why single resources were left out.
        warnings: doubts about values that were kept.
    """

    resources: tuple[dict[str, Any], ...]
    problems: tuple[Problem, ...]
    dropped: tuple[Problem, ...]
    warnings: tuple[Problem, ...]

    @property
    def patient(self) -> dict[str, Any]:
        """The Patient.

        Raises:
            LookupError: the record became none; its problems are in the message.
        """
        return self.only("Patient")

    def only(self, type: str) -> dict[str, Any]:
        """The one resource of a type.

        Raises:
            LookupError: there are none or several.
        """
        found = [each for each in self.resources if each["resourceType"] == type]
        if len(found) != 1:
            why = "; ".join(str(each) for each in self.problems)
            raise LookupError(f"{len(found)} resources are {type}" + (f": {why}" if why else ""))
        return found[0]


def translate(
    mapping: str | Path | MappingFile,
    given: str | Rows,
    *,
    set: Mapping[str, str] | None = None,
    received: str = "2026-01-01",
) -> Told:
    """Return what a mapping makes of the first record of `given`.

    Args:
        mapping: a path to its folder or file, or the name of one that ships with fhirgate.
        given: the text of an XML or JSON file; for CSV, rows of each file of the set
            (`{"header": [{"CHILD": "1"}]}`).
        set: values the mapping asks for.
        received: the date of the load.

    Raises:
        Refused: what is wrong with the mapping, with the values it needs, or with the record as such.
        LookupError: `given` has no record.
    """
    if not isinstance(mapping, MappingFile):
        mapping = Shelf.read(config.load(None, {})).mapping(str(mapping))
    row, context = _first(mapping, given)
    translator = Translator(
        mapping, Ids(b"testing", "testing"), given=set, context=context, received=received
    )
    made = translator.translate(row)
    resources = tuple(json.read(text) for _, _, _, text in made.resources)
    return Told(resources, made.problems, made.dropped, made.warnings)


def _first(mapping: MappingFile, given: str | Rows) -> tuple[Row, Mapping[str, str]]:
    if isinstance(given, str):
        with open_source({"given": BytesIO(given.encode())}, mapping.source) as reading:
            first = next(iter(reading.rows), None)
            context: Mapping[str, str] = dict(reading.context)
    else:
        rows, context = rows_given(mapping, given)
        first = rows[0] if rows else None
    if first is None:
        raise LookupError("there is no record in what is given")
    if isinstance(first, Broken):
        raise Refused(first.problem)
    return first, context
