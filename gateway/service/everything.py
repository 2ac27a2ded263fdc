"""Everything about a child, or of a feed's Patient: page by page, and never of another child.

A resource belongs to the record of the one Patient it is about, so who performed, wrote or is in the focus of
it brings nobody else's resources in.

Source: HL7 FHIR R4, https://hl7.org/fhir/R4/patient-operation-everything.html
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from functools import cache
from typing import NamedTuple

import msgspec

from gateway.fhir import facts, index
from gateway.fhir.json import read_trusted
from gateway.fhir.query import Span
from gateway.identity.person import objects
from gateway.problems import Problem, problem, refuse
from gateway.problems.operation import EVERYTHING_LINKED, EVERYTHING_REPLACED
from gateway.problems.search import SEARCH_CURSOR
from gateway.service.ask import Asking, Found, shown
from gateway.service.keys import Keys
from gateway.store.base import ASK, Reads, Row, Wanted

_REFERENCE = re.compile(rb'"reference":"([A-Z][A-Za-z]+)/([A-Za-z0-9\-.]{1,64})"')
_ROUNDS = 20


class Question(NamedTuple):
    """What is asked.

    Attributes:
        id: of the Patient on the base; "" for every Patient of a feed.
        types: only these; empty for all.
        since: only what has a version of this time or later, in milliseconds.
        care: [low, high) of the dates of care; what has no such date is in it.
    """

    id: str = ""
    types: tuple[str, ...] = ()
    since: int = 0
    care: Span | None = None


class Page(NamedTuple):
    """A page of the answer; `beside` has what its resources refer to that is about nobody."""

    found: list[Found]
    beside: list[Found]
    total: int | None
    next: str
    notes: list[Problem]


class _Place(NamedTuple):
    """What a sealed next-page link holds."""

    client: str
    base: str
    question: Question
    limit: int
    after: int
    total: int | None


def begin(
    store: Reads, keys: Keys, asking: Asking, question: Question, patient: Row | None, limit: int
) -> Page:
    """The first page.

    Args:
        question: its types are those that the caller may see.
        patient: the Patient of the base, None where all of a feed are asked for.
    """
    place = _Place(asking.client, asking.base, question, limit, 0, None)
    notes = list(_linked(store, asking, patient)) if patient else []
    first = [patient] if patient and asking.base == ASK and _wanted(patient, question) else []
    if question.care is None:
        total = len(first)
        for id in _records(store, asking, question):
            total += store.whole(asking.base, id, _of(question), limit=0).total or 0
        place = place._replace(total=total)
    page = _page(store, keys, asking, place, limit - len(first))
    return page._replace(found=[*(shown(each, asking) for each in first), *page.found], notes=notes)


def go_on(store: Reads, keys: Keys, asking: Asking, id: str, sealed: str, life: int) -> Page:
    """The page that a next-page link leads to.

    Raises:
        Refused: `search.cursor` where it is another client's, another base's or Patient's, or too old.
    """
    content = keys.unseal(sealed, life)
    if content is None:
        raise refuse(SEARCH_CURSOR)
    try:
        place = msgspec.json.decode(content, type=_Place)
    except msgspec.MsgspecError:
        raise refuse(SEARCH_CURSOR) from None
    if (place.client, place.base, place.question.id) != (asking.client, asking.base, id):
        raise refuse(SEARCH_CURSOR)
    return _page(store, keys, asking, place, place.limit)


def _page(store: Reads, keys: Keys, asking: Asking, place: _Place, limit: int) -> Page:
    rows, after = _rows(store, asking, place.question, place.after, limit)
    found = [shown(row, asking) for row in rows]
    asking.noted.children.update(row.child for row in rows if row.child)
    beside = list(_beside(store, asking, place.question, found)) if asking.base != ASK else []
    going_on = keys.seal(msgspec.json.encode(place._replace(after=after))) if after else ""
    return Page(found, beside, place.total, going_on, [])


def _rows(store: Reads, asking: Asking, question: Question, after: int, limit: int) -> tuple[list[Row], int]:
    """The next rows, and the rid behind which there are more; 0 where there are none."""
    found: list[Row] = []
    for id in _records(store, asking, question):
        for _ in range(_ROUNDS):
            room = max(limit - len(found), 0)
            page = store.whole(asking.base, id, _of(question), limit=room, after=after, total=False)
            found += [row for row in page.rows if _in_care(row, question, asking)]
            after = int(page.rows[-1].key[0]) if page.rows else after
            if not page.more:
                break
            if len(found) >= limit:
                return found, after or -1
        else:
            return found, after
    return found, 0


def _of(question: Question) -> Wanted:
    return Wanted(question.types, question.since)


def _wanted(row: Row, question: Question) -> bool:
    return row.updated >= question.since and (not question.types or row.type in question.types)


def _in_care(row: Row, question: Question, asking: Asking) -> bool:
    """Whether a resource tells of care in the time asked about, or of no time."""
    if question.care is None:
        return True
    time = index.clinical_time(read_trusted(shown(row, asking).body), row.type)
    return time is None or (time.low < question.care.high and question.care.low < time.high)


def _records(store: Reads, asking: Asking, question: Question) -> list[str]:
    """The Patients whose records are the answer, in the order of their records.

    On a feed those are, beside the one asked for, others that it says to see also, where the gateway itself
    holds both for one child.
    """
    if asking.base == ASK or not question.id:
        return [question.id]
    own = store.record(asking.base, question.id)
    if own is None:
        return []
    found = {own.rec: own.local}
    row = store.read(asking.base, "Patient", question.id)
    for other in _links(row, asking, "seealso") if row and not row.deleted else ():
        record = store.record(asking.base, other)
        if record is not None and own.child is not None and record.child == own.child:
            found[record.rec] = other
    return [found[rec] for rec in sorted(found)]


def _linked(store: Reads, asking: Asking, patient: Row) -> Iterator[Problem]:
    """What is to be said of other Patients that a Patient names."""
    for other in _links(patient, asking, "replaced-by"):
        yield problem(EVERYTHING_REPLACED, patient=f"Patient/{other}")
    if asking.base != ASK:
        with_it = _records(store, asking, Question(patient.local))
        for other in _links(patient, asking, "seealso"):
            if other not in with_it:
                yield problem(EVERYTHING_LINKED, patient=f"Patient/{other}")


def _links(patient: Row, asking: Asking, type: str) -> list[str]:
    resource = read_trusted(shown(patient, asking).body)
    texts = [
        str(link.get("other", {}).get("reference", ""))
        for link in objects(resource.get("link"))
        if link.get("type") == type
    ]
    return [text.removeprefix("Patient/") for text in texts if text.startswith("Patient/")]


def _beside(store: Reads, asking: Asking, question: Question, found: Sequence[Found]) -> Iterator[Found]:
    """What a feed's resources refer to that is about nobody: those who did it, and where."""
    named: Iterable[tuple[bytes, bytes]] = dict.fromkeys(
        pair for each in found for pair in _REFERENCE.findall(each.body)
    )
    for type, id in ((type.decode(), id.decode()) for type, id in named):
        if (not question.types or type in question.types) and type in _about_nobody():
            row = store.read(asking.base, type, id)
            if row is not None and not row.deleted and not row.child and row.updated >= question.since:
                yield shown(row, asking)


@cache
def _about_nobody() -> frozenset[str]:
    """The types whose resources can name no Patient."""
    return frozenset(
        type
        for type in facts.resource_types()
        if not facts.compartment(type)
        and type != "Patient"
        and not any("Patient" in each.targets for each in facts.parameters(type).values())
    )
