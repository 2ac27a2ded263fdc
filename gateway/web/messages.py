"""A request and its answer as plain records: REST rules stand on these, with no web server in sight."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from dataclasses import field as attribute
from typing import NamedTuple

Header = tuple[str, str]
Pair = tuple[str, str]
FHIR_JSON = "application/fhir+json; charset=utf-8"
FHIR_XML = "application/fhir+xml; charset=utf-8"


def no_body(most: int) -> bytes:
    """What is read where nothing was sent."""
    return b""


class Request(NamedTuple):
    """One HTTP request to a FHIR base.

    Attributes:
        method: upper case.
        base: the absolute address of the base, without a slash at its end.
        feed: the feed's name, "" on `/fhir`.
        path: what stands behind the base, without a slash at the start (`Patient/abc`).
        query: the raw query string.
        headers: by lower-case name.
        id: the request id that is echoed; made when the client sent none.
        sent: reads the body, of at most so many bytes.
        address: the network address it came from.
    """

    method: str
    base: str
    feed: str = ""
    path: str = ""
    query: str = ""
    headers: Mapping[str, str] = {}
    id: str = ""
    sent: Callable[[int], bytes] = no_body
    address: str = ""


@dataclass(slots=True)
class Response:
    """One HTTP answer.

    Attributes:
        type: its Content-Type.
        problem: the code of the problem, where it is a refusal.
        updated: when the resource it is about was last changed, in milliseconds since 1970; 0 if of none.
        stands_at: the address of the version that stands after a write.
    """

    status: int
    body: bytes = b""
    headers: list[Header] = attribute(default_factory=list)
    type: str = FHIR_JSON
    problem: str = ""
    updated: int = 0
    stands_at: str = ""


Parts = tuple[int, list[tuple[bytes, bytes]], bytes]
"""Status, headers and body as they go out."""


def outgoing(status: int, headers: Iterable[Header], body: bytes) -> Parts:
    """An answer as it goes out."""
    return (
        status,
        [(name.lower().encode("latin-1"), value.encode("latin-1")) for name, value in headers],
        body,
    )
