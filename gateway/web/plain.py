"""Which requests are so plain that they need no web framework: GETs on `/fhir` without anything unusual."""

import re

from gateway.web.messages import Request

_PATH = re.compile(r"[A-Z][A-Za-z]{1,63}(?:/[A-Za-z0-9\-.]{1,64})?")
_QUERY = re.compile(
    r"(?:[A-Za-z][A-Za-z:.\-]*|_count|_cursor)=[A-Za-z0-9%|:/.,_=\-]*"
    r"(?:&(?:[A-Za-z][A-Za-z:.\-]*|_count|_cursor)=[A-Za-z0-9%|:/.,_=\-]*)*"
)
#: Headers that make of a GET more than a question.
UNUSUAL = frozenset(
    (
        "content-length",
        "expect",
        "if-match",
        "if-modified-since",
        "if-none-match",
        "prefer",
        "range",
        "transfer-encoding",
        "upgrade",
    )
)


def is_plain(request: Request) -> bool:
    """Whether a request is a plain read or search; Flask should look at any other."""
    if request.method != "GET" or request.feed or not _PATH.fullmatch(request.path):
        return False
    query = request.query
    return (not query or bool(_QUERY.fullmatch(query))) and UNUSUAL.isdisjoint(request.headers)
