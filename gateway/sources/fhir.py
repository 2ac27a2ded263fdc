"""Files of FHIR itself: one resource, NDJSON of resources, or a Bundle of any size; no mapping is needed."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from gateway.problems import Place, Problem, problem
from gateway.problems.source import NOT_RESOURCE
from gateway.records import Broken, Reading, Shape, Source
from gateway.sources.files import File, Given, single
from gateway.sources.json import broken, json_items
from gateway.sources.json_items import Item, Wrapper
from gateway.sources.plain import gather_text

_SOURCE = Source("json", Shape("resource", ()))


@dataclass(frozen=True, slots=True)
class Told:
    """A resource of a file: its value (numbers as written), its line, and the fullUrl of its entry."""

    resource: dict[str, Any]
    line: int
    full_url: str = ""


class FhirReading:
    """An opened file of FHIR: `rows` yields each resource in order, or what is wrong in its place."""

    def __init__(self, file: File) -> None:
        self.name = file.name
        self._file = file
        self._reading = Reading(_SOURCE, iter(()), size=file.size)
        self.rows = self._rows()

    @property
    def size(self) -> int:
        """Bytes to read in all."""
        return self._reading.size

    @property
    def done(self) -> int:
        """Bytes read so far."""
        return self._reading.done

    @property
    def warnings(self) -> list[Problem]:
        """What to warn of, so far."""
        return self._reading.warnings

    def _rows(self) -> Iterator[Told | Broken]:
        for found in json_items(self._file, Wrapper(("entry",), kind="Bundle"), self._reading):
            if isinstance(found, Broken):
                yield found
            else:
                yield from _told(*found, self.name)


def open_fhir(given: Given) -> FhirReading:
    """Open a file of FHIR; a Bundle is read entry by entry, whatever its size.

    Raises:
        Refused: `source.not-found`, `source.unreadable`, `source.empty`, `source.not-text`,
            `source.one-file`; and while reading `source.wrong-format` if the file is not JSON.
    """
    return FhirReading(single(gather_text(given, "json"), "json"))


def _told(item: Item, value: dict[str, Any], name: str) -> Iterator[Told | Broken]:
    if value.get("resourceType") == "Bundle" and isinstance(value.get("entry"), list):
        for entry in value["entry"]:
            yield from _told(item, entry if isinstance(entry, dict) else {}, name)
        return
    full_url = value.get("fullUrl")
    resource = value if "resourceType" in value else value.get("resource")
    if isinstance(resource, dict) and isinstance(resource.get("resourceType"), str):
        yield Told(resource, item.line, full_url if isinstance(full_url, str) else "")
    else:
        yield broken(item, problem(NOT_RESOURCE, place=Place(file=name, line=item.line)))
