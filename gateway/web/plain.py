"""Which requests are so plain that they need no web framework: GETs on `/fhir` without anything unusual."""

import re

from gateway.web.messages import Request
from gateway.web.proxies import Networks
from gateway.web.wsgi import Environ, request_of

_PATH = re.compile(r"/fhir/[A-Z][A-Za-z]{1,63}(?:/[A-Za-z0-9\-.]{1,64})?")
_QUERY = re.compile(
    r"(?:[A-Za-z][A-Za-z:.\-]*|_count|_cursor)=[A-Za-z0-9%|:/.,_=\-]*"
    r"(?:&(?:[A-Za-z][A-Za-z:.\-]*|_count|_cursor)=[A-Za-z0-9%|:/.,_=\-]*)*"
)
_UNUSUAL = frozenset(
    (
        "HTTP_IF_NONE_MATCH",
        "HTTP_IF_MODIFIED_SINCE",
        "HTTP_IF_MATCH",
        "HTTP_RANGE",
        "HTTP_PREFER",
        "HTTP_UPGRADE",
        "HTTP_EXPECT",
        "HTTP_TRANSFER_ENCODING",
    )
)


def plain(environ: Environ, public_url: str, trusted: Networks = ()) -> Request | None:
    """Return the request if it is a plain read or search, None for anything that Flask should look at."""
    if environ["REQUEST_METHOD"] != "GET" or not _PATH.fullmatch(environ.get("PATH_INFO", "")):
        return None
    query = environ.get("QUERY_STRING", "")
    if query and not _QUERY.fullmatch(query):
        return None
    if environ.get("CONTENT_LENGTH") or not _UNUSUAL.isdisjoint(environ):
        return None
    return request_of(environ, public_url, trusted)
