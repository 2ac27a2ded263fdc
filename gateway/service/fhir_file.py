"""A file of FHIR itself: each resource as it is, and references within the file resolved."""

import hashlib
from collections.abc import Generator, Iterator, Mapping
from dataclasses import replace
from itertools import chain
from typing import Any
from uuid import UUID

from gateway.fhir import json
from gateway.fhir.validate import validate
from gateway.problems import Place
from gateway.records import Broken
from gateway.service.read import Read
from gateway.service.tell import Said, as_said
from gateway.sources.fhir import FhirReading, Told
from gateway.sources.files import File

_URN = "urn:uuid:"


class FhirFile(FhirReading):
    """A file of FHIR in the form a load asks of every reading."""

    envelope = b""

    def __init__(self, file: File) -> None:
        """Open the file."""
        super().__init__(file)
        self.file = file

    @property
    def names(self) -> dict[str, str]:
        """The name of the one file."""
        return {"": self.name}

    def __enter__(self) -> "FhirFile":
        return self

    def __exit__(self, *error: object) -> None:
        if isinstance(self.rows, Generator):
            self.rows.close()


def as_they_are(reading: FhirFile) -> Iterator[Read]:
    """Each resource of a file, checked as if it had been sent over HTTP.

    In a Bundle, an entry may be referred to by its fullUrl; such references become those of the feed.
    """
    rows = iter(reading.rows)
    first = next(rows, None)
    if first is None:
        return
    known: Mapping[str, str] = {}
    if isinstance(first, Told) and first.full_url:
        known = _named(FhirReading(reading.file))
    for row in chain((first,), rows):
        if isinstance(row, Broken):
            yield Read([], (row.problem,), row.raw, row.problem.place)
        else:
            yield _read(row, known, reading.name)


def _read(row: Told, known: Mapping[str, str], name: str) -> Read:
    resource = row.resource
    raw, place = json.write(resource), Place(file=name, line=row.line)
    problems = tuple(found.at(replace(place, path=found.place.path)) for found in validate(resource))
    if problems:
        return Read([], problems, raw, place)
    type, id = resource["resourceType"], _id(row)
    if known:
        _localise(resource, known)
    source = None if "source" in resource.get("meta", {}) else ""
    return Read([Said(type, id, as_said(resource, id), f"line:{row.line}", source=source)], (), raw, place)


def _named(reading: FhirReading) -> dict[str, str]:
    """The reference of each entry of a Bundle, by its fullUrl."""
    return {
        row.full_url: f"{row.resource['resourceType']}/{_id(row)}"
        for row in reading.rows
        if isinstance(row, Told) and row.full_url
    }


def _id(row: Told) -> str:
    """The resource's id; without one, the UUID of its entry or a hash of what it says: the same each time."""
    if isinstance(own := row.resource.get("id"), str):
        return own
    if row.full_url.startswith(_URN):
        try:
            return str(UUID(row.full_url[len(_URN) :]))
        except ValueError:
            pass
    return hashlib.blake2b(json.write(row.resource), digest_size=16).hexdigest()


def _localise(value: Any, known: Mapping[str, str]) -> None:
    """Replace references by fullUrl, wherever they stand."""
    if isinstance(value, dict):
        reference = value.get("reference")
        if isinstance(reference, str) and reference in known:
            value["reference"] = known[reference]
        for each in value.values():
            _localise(each, known)
    elif isinstance(value, list):
        for each in value:
            _localise(each, known)
