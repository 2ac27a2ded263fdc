"""A request and its answer as plain records: REST rules are written and tested on these, with no web server."""

from collections.abc import Mapping
from dataclasses import dataclass
from dataclasses import field as attribute

Header = tuple[str, str]


@dataclass(frozen=True, slots=True)
class Request:
    """One HTTP request to a FHIR base.

    Attributes:
        method: upper case.
        feed: the feed's name, or None on `/fhir`.
        base: the absolute address of the base, without a slash at the end.
        path: what stands behind the base, without a slash at the start (`Patient/abc`).
        query: the raw query string.
        pairs: query and form parameters in order, decoded.
        headers: by lower-case name.
        body: the bytes sent.
        id: the request id that is echoed; made when the client sent none.
    """

    method: str
    feed: str | None
    base: str
    path: str = ""
    query: str = ""
    pairs: tuple[tuple[str, str], ...] = ()
    headers: Mapping[str, str] = attribute(default_factory=dict)
    body: bytes = b""
    id: str = ""


@dataclass(slots=True)
class Response:
    """One HTTP answer; `type` is its Content-Type."""

    status: int
    body: bytes = b""
    headers: list[Header] = attribute(default_factory=list)
    type: str = "application/fhir+json; charset=utf-8"
