"""An answer made ready to leave: in the format asked for, packed, with the headers of every answer."""

from contextlib import suppress
from functools import lru_cache

from gateway.fhir import json, xml
from gateway.fhir.negotiate import answer_format
from gateway.problems import Refused
from gateway.web.messages import FHIR_JSON, FHIR_XML, Header, Request, Response
from gateway.web.packing import WORTH_PACKING, packed, takes_gzip
from gateway.web.words import correlation_id, value_of

#: What a browser lets a page see beside the body.
SEEN = "Content-Location, ETag, Last-Modified, Location, X-Correlation-ID, X-Request-ID"
#: What a page may send.
SENT = (
    "Accept, Authorization, Content-Encoding, Content-Type, If-Match, If-Modified-Since, If-None-Exist, "
    "If-None-Match, Prefer, X-Correlation-ID, X-Request-ID"
)
ANYWHERE = "*"
_REMEMBERED = "600"
_format = lru_cache(256)(answer_format)


def asked_format(request: Request) -> str:
    """The format that a request asks for, "json" or "xml".

    Raises:
        Refused: `http.not-acceptable`, `http.other-fhir-version` (406); `http.query-text`, `http.query-long`.
    """
    return _format(request.headers.get("accept"), value_of(request.query, "_format"))


def near_format(request: Request) -> str:
    """The format for a refusal: what the request asks for, as far as it can be had, else "json"."""
    accept = request.headers.get("accept")
    with suppress(Refused):
        return asked_format(request)
    with suppress(Refused):
        return _format(accept)
    return "json"


def is_pretty(query: str) -> bool:
    """Whether the query asks for white space; one that cannot be read asks for nothing."""
    try:
        return value_of(query, "_pretty") == "true"
    except Refused:
        return False


def spoken(response: Response, format: str, pretty: bool) -> Response:
    """The same answer in a format: all answers are made as JSON, and this is where some become XML.

    Args:
        pretty: with white space for people.

    Raises:
        Refused: `xml.unwritable` (406) for a resource of another server that is not of R4's shape.
    """
    if not response.body or response.type != FHIR_JSON:
        return response
    if format == "xml":
        response.body = xml.write(json.read_trusted(response.body), pretty=pretty)
        response.type = FHIR_XML
    elif pretty:
        response.body = json.write(json.read_trusted(response.body), pretty=True)
    return response


def preflight(request: Request, methods: str) -> list[Header]:
    """What a browser is told that asks whether a page of another address may send a request."""
    if "access-control-request-method" not in request.headers:
        return []
    return [
        ("Access-Control-Allow-Methods", methods),
        ("Access-Control-Allow-Headers", SENT),
        ("Access-Control-Max-Age", _REMEMBERED),
    ]


def finished(request: Request, response: Response, origins: frozenset[str] = frozenset()) -> Response:
    """The answer with the headers that every answer has.

    Args:
        origins: addresses whose pages a browser may let see the answer; `ANYWHERE` for all.
    """
    headers = response.headers
    if response.body:
        headers.insert(0, ("Content-Type", response.type))
        _pack(request, response)
    if "Cache-Control" not in [name for name, _ in headers]:
        headers.append(("Cache-Control", "no-store"))
    headers.append(("Vary", "Accept, Accept-Encoding, Origin" if origins else "Accept, Accept-Encoding"))
    headers.append(("X-Content-Type-Options", "nosniff"))
    headers.append(("X-Request-ID", request.id))
    correlation = correlation_id(request.headers.get("x-correlation-id"))
    if correlation:
        headers.append(("X-Correlation-ID", correlation))
    if origins:
        _let_see(request, headers, origins)
    if response.status not in (204, 304):
        headers.append(("Content-Length", str(len(response.body))))
    return response


def _pack(request: Request, response: Response) -> None:
    """Pack a long answer where the request allows it."""
    if len(response.body) < WORTH_PACKING:
        return
    codings = request.headers.get("accept-encoding")
    if codings and takes_gzip(codings):
        response.body = packed(response.body)
        response.headers.append(("Content-Encoding", "gzip"))


def _let_see(request: Request, headers: list[Header], origins: frozenset[str]) -> None:
    origin = request.headers.get("origin")
    if origin and (origin in origins or ANYWHERE in origins):
        headers.append(("Access-Control-Allow-Origin", origin))
        headers.append(("Access-Control-Expose-Headers", SEEN))
