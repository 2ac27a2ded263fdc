"""A feed says that two of its records are of one child: the one that is replaced goes where the other is.

Source: IHE ITI Patient Identifier Cross-reference for Mobile (PIXm), Patient Identity Feed FHIR [ITI-104],
resolve duplicate: the Patient has active=false and a link of type replaced-by.
"""

import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

from gateway.fhir.ask import parse
from gateway.fhir.parameters.context import escaped
from gateway.identity.compare import compare
from gateway.identity.person import Person, objects, text, united
from gateway.service.events import MERGED, UNMERGED, distinct_from, standing
from gateway.service.moves import Words, moved
from gateway.store.base import LifeEvent, Record, Review, Work

REASON = "feed-says-duplicate"
_WORDS = "The feed that told it says that it is the same child as another of its records."
#: What no feed's word outweighs: it may be a new identity.
_APART = "nhs-number-verified"

Resource = Mapping[str, Any]
Persons = Callable[[Sequence[Record]], Mapping[int, Person]]


class Resolved(NamedTuple):
    """Whose Patients change, and how many records a person must look at instead."""

    touched: set[int]
    to_review: int


def resolve(
    work: Work,
    feed: str,
    patients: Mapping[str, Resource],
    persons: Persons,
    author: str,
    at: int,
    load: int | None,
) -> Resolved:
    """Link records that were replaced to the child of the record that replaces them.

    A child that has no record left leads to the other one from then on. Who was told apart stays so; what
    a person decided, and two verified NHS numbers, are for a person.

    Args:
        persons: what records say.
    """
    touched, asked = set[int](), list[Review]()
    for local, patient in patients.items():
        survivor = _survivor(work, feed, patient)
        record = work.record(feed, local)
        other = work.record(feed, survivor) if survivor and survivor != local else None
        if record is None or other is None or record.child is None or other.child in (None, record.child):
            continue
        assert other.child is not None
        if other.child in distinct_from(work, record.child):
            continue
        if _is_for_a_person(work, record, other.child, author, persons):
            evidence = json.dumps({"agrees": [], "contradicts": []})
            asked.append(Review(record.rec, REASON, _WORDS, at, other.child, other.rec, evidence, load))
            continue
        _go(work, record, other.child, author, at, load)
        touched |= {record.child, other.child}
    return Resolved(touched, work.review(asked))


def _is_for_a_person(work: Work, record: Record, child: int, author: str, persons: Persons) -> bool:
    """Whether a person said where a record belongs, or it has another verified NHS number than the child."""
    events = [link for link in work.links(rec=record.rec) if link.stands]
    if events[-1].author != author:
        return True
    assert record.child is not None
    if any({one.child, one.other} == {record.child, child} for one in standing(work, child, UNMERGED)):
        return True
    own = persons([record]).get(record.rec)
    rest = list(persons(work.records_of([child]).get(child, ())).values())
    return own is not None and bool(rest) and _APART in compare(own, united(rest)).contradicts


def _go(work: Work, record: Record, child: int, author: str, at: int, load: int | None) -> None:
    """Link a record to another child; if it was the last of its own, that one is merged."""
    assert record.child is not None
    reason = REASON
    if len(work.records_of([record.child])[record.child]) == 1:
        event = LifeEvent(MERGED, record.child, child, _WORDS, author, at, load=load)
        reason = f"{MERGED}-{work.live(event)}"
    work.link(moved(record.rec, record.child, child, Words(reason, _WORDS, author, at, load)))


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
    token = "|".join(escaped(part) for part in (system, value))
    query = parse("Patient", [("identifier", token), ("active:not", "false")], page_most=2)
    rows = work.search(feed, query, limit=2, total=False).rows
    return rows[0].local if len(rows) == 1 else ""
