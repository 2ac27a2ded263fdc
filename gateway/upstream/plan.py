"""How one upstream is asked one question: find the child, make sure it is the child, read page by page.

Cold it takes two rounds (the Patient, then what is about it), warm one; a further one only where a page of
the server's ends inside ours, or where the server does not keep to the order asked.
"""

import time
from collections.abc import Generator, Mapping
from dataclasses import dataclass

from gateway.fhir import facts
from gateway.fhir.primitives import ID
from gateway.problems import Kind, Problem, Refused
from gateway.problems.upstream import (
    UPSTREAM_AMBIGUOUS,
    UPSTREAM_CANNOT_TELL,
    UPSTREAM_DENIED,
    UPSTREAM_NONSENSE,
    UPSTREAM_OTHER_CHILD,
    UPSTREAM_REFUSED,
    UPSTREAM_RESET,
    UPSTREAM_STATUS,
    UPSTREAM_THROTTLED,
    UPSTREAM_TIMEOUT,
    UPSTREAM_TOO_LARGE,
    UPSTREAM_UNKNOWN_CHILD,
    UPSTREAM_UNREACHABLE,
    UPSTREAM_UNTRUSTED,
)
from gateway.upstream.capability import Capability
from gateway.upstream.client import Plan
from gateway.upstream.guard import compare
from gateway.upstream.links import under
from gateway.upstream.question import (
    ALL,
    PAGE_MOST,
    PAGES_MOST,
    RESOURCES_MOST,
    Question,
    Told,
    count_asked,
    first_page,
    lookup,
    note,
)
from gateway.upstream.reading import Reading
from gateway.upstream.remember import COMPARED, Known, Memory
from gateway.upstream.rewrite import Names, PublicId
from gateway.upstream.searchset import Nonsense, Page, own_base, page, text, value
from gateway.upstream.values import Answer, Request, State, Upstream
from gateway.upstream.wire import BODY_MOST

_NO_POST = (400, 404, 405, 406, 415, 501)
_TROUBLES: Mapping[State, Kind] = {
    "timeout": UPSTREAM_TIMEOUT,
    "refused": UPSTREAM_REFUSED,
    "unreachable": UPSTREAM_UNREACHABLE,
    "untrusted": UPSTREAM_UNTRUSTED,
    "reset": UPSTREAM_RESET,
    "too-large": UPSTREAM_TOO_LARGE,
}
_STATUSES = {401: UPSTREAM_DENIED, 403: UPSTREAM_DENIED, 429: UPSTREAM_THROTTLED}


@dataclass(frozen=True, slots=True)
class Means:
    """What a plan needs beside the question and the server."""

    memory: Memory
    capability: Capability
    public_id: PublicId
    base_uri: str


def plan(question: Question, upstream: Upstream, place: str, means: Means) -> Plan[Told]:
    """Ask one upstream one question.

    Args:
        place: where to begin: "" for its first page, else `Told.place` of the page before.
    """
    began = time.monotonic()
    try:
        known = yield from _patient(question, upstream, means.memory)
        if not isinstance(known, Known):
            return Told(upstream, elapsed_ms=_since(began), problems=(known,))
        reading = _reading(question, upstream, known, means, place == ALL)
        yield from _pages(reading, "" if place == ALL else place)
    except Refused as gap:
        return Told(
            upstream, answered=False, elapsed_ms=_since(began), problems=tuple(gap.problems), rest=place
        )
    return reading.told(_since(began))


def trouble(upstream: Upstream, answer: Answer) -> Problem | None:
    """Why an answer cannot be read on; None for one that can."""
    if answer.state == "answered":
        return None
    if answer.state == "status":
        kind = _STATUSES.get(answer.status, UPSTREAM_STATUS)
        return note(upstream, kind, status=answer.status)
    if answer.state == "nonsense":
        return note(upstream, UPSTREAM_NONSENSE, reason="it is not sent as JSON")
    return note(upstream, _TROUBLES[answer.state], ms=answer.elapsed_ms, most=BODY_MOST)


def _patient(
    question: Question, upstream: Upstream, memory: Memory
) -> Generator[Request, Answer, Known | Problem]:
    """The child's Patient on the server, past the guard; or the problem that it knows no such Patient."""
    known = memory.find(upstream.name, question.nhs_number)
    if known is not None:
        _guard(question, upstream, known.patient)
        return known
    answer = yield from _looked_up(question, upstream, memory)
    found = _page(upstream, answer)
    patients = [fields for _, fields in found.resources if text(fields, "resourceType") == "Patient"]
    if not patients:
        return note(upstream, UPSTREAM_UNKNOWN_CHILD)
    if len(patients) > 1 or (found.total or 1) > 1 or "next" in found.links:
        raise Refused(note(upstream, UPSTREAM_AMBIGUOUS))
    fields = patients[0]
    if ID.fullmatch(text(fields, "id")) is None:
        raise Refused(note(upstream, UPSTREAM_NONSENSE, reason="its Patient has no id"))
    patient = {name: value(fields, name) for name in COMPARED if name in fields}
    _guard(question, upstream, patient)
    base = own_base(found, "Patient")
    return memory.keep(upstream.name, question.nhs_number, text(fields, "id"), patient, base)


def _looked_up(question: Question, upstream: Upstream, memory: Memory) -> Generator[Request, Answer, Answer]:
    """The answer to the look-up: by POST, so that the NHS number is in nobody's access log, else by GET."""
    if memory.posts(upstream.name):
        answer = yield lookup(question, upstream, post=True)
        if answer.status not in _NO_POST:
            return answer
    answer = yield lookup(question, upstream, post=False)
    if answer.state == "answered":
        memory.gets_only(upstream.name)
    return answer


def _guard(question: Question, upstream: Upstream, patient: Mapping[str, object]) -> None:
    verdict = compare(patient, question.person, question.nhs_number)
    if verdict.missing:
        raise Refused(note(upstream, UPSTREAM_CANNOT_TELL, missing=" and ".join(verdict.missing)))
    if verdict.differs:
        raise Refused(note(upstream, UPSTREAM_OTHER_CHILD, differs=" and ".join(verdict.differs)))


def _reading(question: Question, upstream: Upstream, known: Known, means: Means, drains: bool) -> Reading:
    lacks = (name for name in question.names if means.capability.lacks(question.type, name))
    leave = question.ours.union(lacks)
    source = f"{means.base_uri}/upstream/{upstream.name}"
    bases = (upstream.base_url, known.base)
    names = Names(upstream.name, bases, known.id, question.child, means.public_id, source)
    reading = Reading(question, upstream, names, leave, drains)
    if leave and question.accept is None:
        raise Refused(reading.ignored(leave))
    return reading


def _pages(reading: Reading, place: str) -> Generator[Request, Answer, None]:
    """Read pages until enough is settled, all is read, or the cap is reached."""
    question, upstream = reading.question, reading.upstream
    sort = "date" in facts.parameters(question.type)
    count = PAGE_MOST if reading.drains else count_asked(question)
    start = place
    visited = set()
    while True:
        visited.add(start)
        first = first_page(question, reading.names.patient, sort=sort, count=count, leave=reading.leave)
        answer = yield Request(upstream, start or first)
        if answer.status == 400 and sort and not start:
            sort = False
            continue
        if not _taken(reading, answer, start):
            return
        held = min(reading.total or 0, RESOURCES_MOST)
        if reading.short and count < held:
            count = held
            reading.forget()
            continue
        if _enough(reading, visited):
            return
        start = reading.rest or ""


def _taken(reading: Reading, answer: Answer, start: str) -> bool:
    """Take a page in; an answer that is none ends the reading, and the question if it was the first."""
    try:
        found = _page(reading.upstream, answer)
        reading.rest = None
        reading.take(found, start)
    except Refused as gap:
        if not reading.read_pages:
            raise
        reading.problems += gap.problems
        return False
    following = found.links.get("next")
    if following:
        reading.rest = under(following, reading.question.type, reading.names.bases)
        if reading.rest is None:
            reading.incomplete("its next page is somewhere else")
    return True


def _enough(reading: Reading, visited: set[str]) -> bool:
    """Whether reading ends here, with what is then to be said."""
    if reading.rest is None:
        if reading.short and not reading.problems:
            reading.incomplete("it counts more than it sends and has no next page")
        return True
    if len(reading.settled()) >= reading.question.limit:
        return True
    if reading.rest in visited:
        reading.incomplete("its pages go round in a circle")
        reading.rest = None
    elif reading.read_pages >= PAGES_MOST or reading.count >= RESOURCES_MOST:
        reading.incomplete(f"reading ended after {reading.count} results")
    else:
        return False
    if not reading.settled():
        reading.rest = None
    return True


def _page(upstream: Upstream, answer: Answer) -> Page:
    problem = trouble(upstream, answer)
    if problem is not None:
        raise Refused(problem)
    try:
        return page(answer.body)
    except Nonsense as error:
        if "multiple-matches" in str(error):
            raise Refused(note(upstream, UPSTREAM_AMBIGUOUS)) from None
        raise Refused(note(upstream, UPSTREAM_NONSENSE, reason=str(error))) from None


def _since(began: float) -> int:
    return round((time.monotonic() - began) * 1000)
