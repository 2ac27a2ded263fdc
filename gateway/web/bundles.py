"""Batch and transaction: many requests in one Bundle, each by itself, or all or none.

Source: HL7 FHIR R4, https://hl7.org/fhir/R4/http.html#transaction
"""

from collections.abc import Sequence
from dataclasses import replace
from email.utils import parsedate_to_datetime
from typing import cast
from uuid import uuid4

from gateway.fhir.bundle_response import Reply, answered
from gateway.fhir.query import Query
from gateway.problems import refuse
from gateway.problems.bundle import BUNDLE_OPERATION
from gateway.problems.http import HTTP_WRITE_ELSEWHERE
from gateway.problems.store import STORE_LOCKED
from gateway.service.changes import Change, placed, ready
from gateway.service.clock import instant
from gateway.store.base import Store, Work
from gateway.web import conditions, writing
from gateway.web.entries import Entry, read
from gateway.web.messages import Response
from gateway.web.pointers import Pointers
from gateway.web.visit import Visit
from gateway.web.words import pairs
from gateway.web.wsgi import STATUS

TRANSACTION = "transaction"
_READS = ("GET", "HEAD")
#: Seconds after which it is worth trying again to write.
_SOON = "5"
_ORDER = {"DELETE": 0, "POST": 1, "PUT": 2, "PATCH": 2, "GET": 3, "HEAD": 3}
_TYPES = ("batch", TRANSACTION)


def carry_out(visit: Visit) -> Response:
    """Do what the entries of a Bundle ask for.

    Raises:
        Refused: `bundle.…`; of a transaction, what keeps any of its entries from being done, with the entry.
    """
    sent = visit.resource()
    if not visit.request.feed and isinstance(sent, dict) and sent.get("type") == TRANSACTION:
        raise refuse(HTTP_WRITE_ELSEWHERE, path="", allowed="OPTIONS, POST")
    types = _TYPES if visit.request.feed else _TYPES[:1]
    kind, entries = read(sent, visit.request, types, int(visit.gateway.config["bundle_most"]))
    visit.found = visit.found._replace(interaction=kind)
    responses = _transaction(visit, entries) if kind == TRANSACTION else _batch(visit, entries)
    replies = [_reply(entry, response) for entry, response in zip(entries, responses, strict=True)]
    waits = any(response.problem == STORE_LOCKED.code for response in responses)
    return Response(200, answered(f"{kind}-response", replies), [("Retry-After", _SOON)] if waits else [])


def _batch(visit: Visit, entries: Sequence[Entry]) -> list[Response]:
    """Each entry as a request by itself; deletes first and reads last, as in a transaction.

    Where one could not get its turn to write, those behind it would wait as long, one after the other: they
    are not tried.
    """
    assert visit.inner is not None
    responses: dict[int, Response] = {}
    locked: Response | None = None
    for at in sorted(range(len(entries)), key=lambda at: _ORDER[entries[at].request.method]):
        request = entries[at].request
        if locked is not None and request.method not in _READS:
            responses[at] = locked
            continue
        responses[at] = visit.inner.answer(request)
        if responses[at].problem == STORE_LOCKED.code:
            locked = responses[at]
    return [responses[at] for at in range(len(entries))]


def _transaction(visit: Visit, entries: Sequence[Entry]) -> list[Response]:
    parts = [_part(visit, entry) for entry in entries]
    ids = [_place(part, entry) for part, entry in zip(parts, entries, strict=True)]
    pointers = Pointers(zip(entries, ids, strict=True), lambda type, words, entry: _asked(visit, type, words))
    changes = [
        _change(part, entry, id, pointers) for part, entry, id in zip(parts, entries, ids, strict=True)
    ]
    gateway = visit.gateway
    with gateway.changing(gateway.feed(visit.request.feed)) as changing:
        done = iter(changing.make([each for each in changes if each is not None], pointers.wanted))
        responses = [
            _read(part, entry, changing.work) if change is None else writing.written(part, next(done))
            for part, entry, change in zip(parts, entries, changes, strict=True)
        ]
    for part, response in zip(parts, responses, strict=True):
        visit.noted.children |= part.noted.children
        visit.parts.append((part, response))
    return responses


def _part(visit: Visit, entry: Entry) -> Visit:
    """The visit that an entry is; what it asks for is found and allowed."""
    assert visit.inner is not None
    request = entry.request
    if not visit.prefers().returned:
        preferred = ", ".join([*filter(None, [request.headers.get("prefer")]), "return=minimal"])
        request = request._replace(headers={**request.headers, "prefer": preferred})
    part = Visit(visit.gateway, visit.gate, request, principal=visit.principal, inner=visit.inner)
    with placed(entry.place):
        visit.inner.admit(part)
        if request.method not in _READS and not writing.writes(part.found.interaction):
            raise refuse(BUNDLE_OPERATION)
    return part


def _place(part: Visit, entry: Entry) -> str:
    """`Type/id` of what an entry's resource becomes; "" of those that write none."""
    found, sent = part.found, entry.resource
    if part.request.method in _READS or not found.type:
        return ""
    if found.id:
        return f"{found.type}/{found.id}"
    own = sent.get("id") if isinstance(sent, dict) and part.request.method == "PUT" else None
    return f"{found.type}/{own if isinstance(own, str) and own else uuid4()}"


def _change(part: Visit, entry: Entry, stands: str, pointers: Pointers) -> Change | None:
    """What an entry asks of the feed; None where it only reads."""
    if part.request.method in _READS:
        return None
    with placed(entry.place):
        pointers.check_criteria(entry)
        if part.request.method in ("POST", "PUT"):
            part.content = pointers.led(entry)
        change = writing.change_asked(part)
    id = stands.partition("/")[2] if part.request.method in ("POST", "PUT") else change.id
    return ready(replace(change, id=id, place=entry.place))


def _asked(visit: Visit, type: str, words: str) -> Query:
    return conditions.criteria(visit, type, pairs(words))


def _read(part: Visit, entry: Entry, work: Work) -> Response:
    """What an entry reads, with what the others have written."""
    assert part.inner is not None
    # of a store, a read needs only what a unit of work can answer as well
    part.gateway = replace(part.gateway, store=cast(Store, work))
    with placed(entry.place):
        return part.inner.serve(part)


def _reply(entry: Entry, response: Response) -> Reply:
    headers = dict(response.headers)
    body = response.body if response.body and entry.request.method != "HEAD" else None
    outcome = body is not None and body.startswith(b'{"resourceType":"OperationOutcome"')
    url = response.stands_at.partition("/_history/")[0]
    request = entry.request
    if not url and request.method == "GET" and response.status == 200 and not request.query:
        # what an operation answers with stands nowhere
        url = "" if "$" in request.path else f"{request.base}/{request.path}"
    return Reply(
        status=STATUS[response.status],
        resource=None if outcome else body,
        outcome=body if outcome else None,
        full_url=url if body is not None and not outcome else "",
        location=response.stands_at,
        etag=headers.get("ETag", ""),
        modified=instant(response.updated) if response.updated else _modified(headers.get("Last-Modified")),
    )


def _modified(header: str | None) -> str:
    return "" if header is None else instant(int(parsedate_to_datetime(header).timestamp() * 1000))
