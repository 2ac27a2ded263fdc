"""Links as HAPI FHIR's master data management tells them: `$mdm-query-links` and its kin, to read only.

A golden resource is the composed Patient of a child, a source resource the Patient of a record in its feed.

Source: HAPI FHIR, MDM operations, https://hapifhir.io/hapi-fhir/docs/server_jpa_mdm/mdm_operations.html
"""

from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

from gateway.identity.match import NEW_CHILD
from gateway.problems import refuse
from gateway.problems.operation import OPERATION_MISSING, OPERATION_VALUE
from gateway.service.clock import instant
from gateway.service.doubts import sides_of
from gateway.service.link import MACHINE
from gateway.store.base import Link, Record
from gateway.web.given import Given, given
from gateway.web.messages import Response
from gateway.web.returned import Part, parameters, part
from gateway.web.visit import Visit

_BY = ("goldenResourceId", "resourceId")
_QUERY = (*_BY, "matchResult", "linkSource", "_offset", "_count")
_MOST, _BATCH = 500, 500
_MATCH, _POSSIBLE, _DUPLICATE = "MATCH", "POSSIBLE_MATCH", "POSSIBLE_DUPLICATE"


class _Told(NamedTuple):
    child: int
    record: Record | None
    match: str
    source: str
    by_number: bool = False
    new: bool = False


def query_links(visit: Visit) -> Response:
    """Answer with which record's Patient belongs to which child's; a page of them.

    Raises:
        Refused: `operation.value`.
    """
    asked = given(visit, _QUERY)
    first, count = _whole(asked, "_offset", 0), min(_whole(asked, "_count", 100), _MOST)
    found: list[_Told] = []
    for at, told in enumerate(_wanted(visit, asked)):
        if at >= first:
            found.append(told)
        if len(found) > count:
            break
    parts = [_link(visit, told) for told in found[:count]]
    if len(found) > count:
        following = f"{visit.request.base}/$mdm-query-links?_offset={first + count}&_count={count}"
        parts.insert(0, part("next", valueUri=following))
    return parameters(parts)


def link_history(visit: Visit) -> Response:
    """Answer with every link event of a child or a record, newest first.

    Raises:
        Refused: `operation.missing`.
    """
    asked = given(visit, _BY)
    if not any(asked.listed(name) for name in _BY):
        raise refuse(OPERATION_MISSING, field=_BY[0], operation="$mdm-link-history", what=" or ".join(_BY))
    store = visit.gateway.store
    events: dict[int, Link] = {}
    for id in asked.listed("goldenResourceId"):
        child = store.child(id=_id(id))
        events |= {event.number: event for event in store.links(child=child.number)} if child else {}
    for name in asked.listed("resourceId"):
        record = _record(visit, name)
        events |= {event.number: event for event in store.links(rec=record.rec)} if record else {}
    records = store.records(sorted({event.rec for event in events.values()}))
    parts = [
        _part(visit, _told(event, records[event.rec]), "historical-link", event)
        for event in sorted(events.values(), key=lambda event: -event.number)
        if records[event.rec].sealed is None
    ]
    return parameters(parts)


def duplicates(visit: Visit) -> Response:
    """Answer with the pairs of children that a person must look at, as they may be one."""
    given(visit, ())
    store = visit.gateway.store
    pairs = {frozenset(sides_of(store, entry)) for entry in store.reviews()}
    parts = []
    for pair in sorted(tuple(sorted(one for one in pair if one is not None)) for pair in pairs):
        children = [child for child in store.children(pair).values() if child.composed]
        if len(children) == 2:
            for child in children:
                visit.about(child.id)
            golden, other = (f"Patient/{child.id}" for child in children)
            parts.append(
                part(
                    "link",
                    part=[
                        part("goldenResourceId", valueString=golden),
                        part("targetResourceId", valueString=other),
                        part("matchResult", valueString=_DUPLICATE),
                        part("linkSource", valueString="AUTO"),
                    ],
                )
            )
    return parameters(parts)


def _wanted(visit: Visit, asked: Given) -> Iterator[_Told]:
    """The links that are asked for, in the order of the records."""
    match, source = asked.text("matchResult"), asked.text("linkSource")
    for told in _every(visit, asked):
        if match in ("", told.match) and source in ("", told.source):
            yield told


def _every(visit: Visit, asked: Given) -> Iterator[_Told]:
    store = visit.gateway.store
    golden, resource = asked.text("goldenResourceId"), asked.text("resourceId")
    if golden:
        child = store.child(id=_id(golden))
        records: Sequence[Record] = store.records_of([child.number]).get(child.number, ()) if child else ()
        yield from _of(visit, [one for one in records if resource in ("", _name(one))])
        return
    if resource:
        record = _record(visit, resource)
        yield from _of(visit, [record] if record is not None else [])
        return
    after = 0
    while batch := store.linked(after, _BATCH):
        after = batch[-1][0].rec
        yield from _of(visit, [record for record, _ in batch])


def _of(visit: Visit, records: Sequence[Record]) -> Iterator[_Told]:
    """The link of each record, and what a person must still look at about it."""
    store = visit.gateway.store
    for record in records:
        if record.child is None:
            continue
        standing = [event for event in store.links(rec=record.rec) if event.stands]
        yield _told(standing[-1], record)
        for entry in store.reviews(rec=record.rec):
            if entry.rec == record.rec and entry.child is not None:
                yield _Told(entry.child, record, _POSSIBLE, "AUTO")


def _told(event: Link, record: Record) -> _Told:
    return _Told(
        event.child,
        record,
        _MATCH if event.what == "linked" else "NO_MATCH",
        "AUTO" if event.author == MACHINE else "MANUAL",
        event.reason.startswith("same-") and event.reason != "same-name-and-birth-date",
        event.reason == NEW_CHILD,
    )


def _link(visit: Visit, told: _Told) -> Part:
    return _part(visit, told, "link", None)


def _part(visit: Visit, told: _Told, name: str, event: Link | None) -> Part:
    child = visit.gateway.store.children([told.child])[told.child]
    visit.about(child.id)
    parts = [part("goldenResourceId", valueString=f"Patient/{child.id}")]
    if told.record is not None and visit.asking().sees_upn:
        # an id that a feed gave may be a case number
        parts.append(part("sourceResourceId", valueString=_name(told.record)))
    parts += [
        part("matchResult", valueString=told.match),
        part("linkSource", valueString=told.source),
        part("eidMatch", valueBoolean=told.by_number),
        part("hadToCreateNewResource", valueBoolean=told.new),
    ]
    if event is not None:
        parts.append(part("linkUpdated", valueInstant=instant(event.at)))
    return part(name, part=parts)


def _name(record: Record) -> str:
    return f"feed/{record.feed}/Patient/{record.local}"


def _record(visit: Visit, name: str) -> Record | None:
    """The record that a name such as `feed/school/Patient/7` means, for a caller who may see such names."""
    match name.split("/"):
        case ["feed", feed, "Patient", local] if visit.asking().sees_upn:
            return visit.gateway.store.record(feed, local)
    return None


def _id(reference: str) -> str:
    return reference.rpartition("/")[2]


def _whole(asked: Given, name: str, default: int) -> int:
    value: Any = asked.text(name) or str(default)
    if not value.isdecimal() or len(value) > 9:
        raise refuse(
            OPERATION_VALUE, field=name, name=name, operation="$mdm-query-links", expected="a whole number"
        )
    return int(value)
