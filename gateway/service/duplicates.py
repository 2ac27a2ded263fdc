"""A feed says that two of its records are of one child: the one that is replaced goes where the other is.

Source: IHE ITI Patient Identifier Cross-reference for Mobile (PIXm), Patient Identity Feed FHIR [ITI-104],
resolve duplicate: the Patient has active=false and a link of type replaced-by.
"""

from collections.abc import Mapping
from typing import Any

from gateway.fhir.ask import parse
from gateway.identity.person import objects, text
from gateway.service.events import MERGED
from gateway.store.base import LifeEvent, Link, Work

REASON = "feed-says-duplicate"
_WORDS = "The feed that told it says that it is the same child as another of its records."

Resource = Mapping[str, Any]


def resolve(
    work: Work, feed: str, patients: Mapping[str, Resource], author: str, at: int, load: int | None
) -> set[int]:
    """Link records that were replaced to the child of the record that replaces them; whose Patients change.

    A child that has no record left leads to the other one from then on.
    """
    touched = set[int]()
    for local, patient in patients.items():
        survivor = _survivor(work, feed, patient)
        record = work.record(feed, local)
        other = work.record(feed, survivor) if survivor and survivor != local else None
        if record is None or other is None or record.child is None or other.child in (None, record.child):
            continue
        assert other.child is not None
        words = (REASON, _WORDS, author, at, load)
        work.link(
            [
                Link(record.rec, record.child, "unlinked", *words),
                Link(record.rec, other.child, "linked", *words),
            ]
        )
        if not work.records_of([record.child]):
            work.live(LifeEvent(MERGED, record.child, other.child, _WORDS, author, at, load=load))
        touched |= {record.child, other.child}
    return touched


def _survivor(work: Work, feed: str, patient: Resource) -> str:
    """The local id of the Patient that replaces one, "" where none does, or none that is known."""
    if patient.get("active") is not False:
        return ""
    for link in objects(patient.get("link")):
        other = link.get("other")
        if link.get("type") != "replaced-by" or not isinstance(other, dict):
            continue
        reference = text(other.get("reference"))
        if reference.startswith("Patient/"):
            return reference.removeprefix("Patient/")
        identifier = other.get("identifier")
        if isinstance(identifier, dict):
            return _named(work, feed, text(identifier.get("system")), text(identifier.get("value")))
    return ""


def _named(work: Work, feed: str, system: str, value: str) -> str:
    """The one Patient of a feed in force with an identifier."""
    if not value:
        return ""
    token = "|".join(_plain(part) for part in (system, value))
    query = parse("Patient", [("identifier", token), ("active:not", "false")], page_most=2)
    rows = work.search(feed, query, limit=2, total=False).rows
    return rows[0].local if len(rows) == 1 else ""


def _plain(part: str) -> str:
    for sign in "\\,$|":
        part = part.replace(sign, f"\\{sign}")
    return part
