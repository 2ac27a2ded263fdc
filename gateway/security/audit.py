"""The audit: what one look was, as bytes, and the chain that shows when a row is changed or missing.

A look says who asked what, about which children, and what became of it. It never holds what a record says;
the question itself, which may name a child, is kept in base64 as FHIR's AuditEvent asks.

Source:
    IHE Basic Audit Log Patterns (BALP); FHIR R4 AuditEvent.
"""

import base64
import hmac
from collections.abc import Iterable
from hashlib import sha256
from typing import Any, NamedTuple

import orjson

START = bytes(32)
ANSWERED, REFUSED, BROKEN = "answered", "refused", "broken"


class Look(NamedTuple):
    """One look, or one refusal.

    Attributes:
        at: the instant, UTC, ISO with milliseconds.
        request: the request's id (X-Request-ID).
        interaction: FHIR's word, or "$" and an operation.
        base: "fhir" or the feed's name.
        outcome: `ANSWERED`, `REFUSED` or `BROKEN`.
        status: the HTTP status.
        client, name, sector, purpose, issuer, token: of the principal; empty where there was none.
        address: the network address it came from.
        type: the resource type asked for.
        id: the resource's id on that base.
        children: ids of the children that were looked at.
        problem: the code of the problem, where it was refused.
        question: method, path and query as they were sent; for POST _search the body too.
        sources: upstreams that were asked.
    """

    at: str
    request: str
    interaction: str
    base: str
    outcome: str
    status: int
    client: str = ""
    name: str = ""
    sector: str = ""
    purpose: str = ""
    issuer: str = ""
    token: str = ""
    address: str = ""
    type: str = ""
    id: str = ""
    children: tuple[str, ...] = ()
    problem: str = ""
    question: bytes = b""
    sources: tuple[str, ...] = ()


def outcome_of(status: int) -> str:
    """Return the outcome that an HTTP status stands for."""
    return BROKEN if status >= 500 else REFUSED if status >= 400 else ANSWERED


def written(look: Look) -> bytes:
    """Return a look as one line of JSON, always in the same order; what is empty is left out."""
    entry: dict[str, Any] = {name: value for name, value in zip(Look._fields, look, strict=True) if value}
    if look.question:
        entry["question"] = base64.b64encode(look.question).decode()
    return orjson.dumps(entry)


def rest(written: bytes) -> bytes:
    """Return what `written` gave of a look behind its instant and the request's id, for `again`."""
    return written.split(b'","', 2)[2]


def again(rest: bytes, at: str, request: str) -> bytes:
    """Return a look that is like one before, but at another instant and for another request.

    Args:
        request: an id that is safe to repeat (`gateway.web.words.request_id`).
    """
    return b'{"at":"%s","request":"%s","%s' % (at.encode(), request.encode(), rest)


def read(body: bytes) -> Look:
    """Return the look that `written` made bytes of."""
    found = orjson.loads(body)
    for name in ("children", "sources"):
        found[name] = tuple(found.get(name, ()))
    found["question"] = base64.b64decode(found.get("question", ""))
    return Look(**{name: found[name] for name in Look._fields if name in found})


def chained(previous: bytes, body: bytes) -> bytes:
    """Return the hash of a row: of the row before it (`START` for the first) and of its own content."""
    return sha256(previous + body).digest()


def sealed(head: bytes, count: int, secret: bytes) -> bytes:
    """Return the seal of a chain's end, so that rows missing from the end are noticed."""
    return hmac.digest(secret, b"audit head|%d|" % count + head, "sha256")


def first_break(rows: Iterable[tuple[int, bytes, bytes]]) -> int | None:
    """Return the number of the first row that does not follow from the one before, or None.

    Args:
        rows: (number, content, hash) in the order of the numbers, which start at 1 and have no gaps.
    """
    previous = START
    for expected, (number, body, found) in enumerate(rows, 1):
        if number != expected:
            return expected
        if not hmac.compare_digest(chained(previous, body), found):
            return number
        previous = found
    return None
