"""Between WSGI and the records of `messages`, both ways."""

from collections.abc import Callable, Iterable
from functools import lru_cache
from http import HTTPStatus
from typing import Any

from gateway.problems import refuse
from gateway.problems.http import HTTP_TOO_LARGE
from gateway.web.messages import Request, Response
from gateway.web.proxies import HOST, Networks, seen
from gateway.web.words import request_id

Environ = dict[str, Any]
Start = Callable[..., Any]

STATUS = {each.value: f"{each.value} {each.phrase}" for each in HTTPStatus}
_CHUNK = 65_536


def request_of(environ: Environ, public_url: str, trusted: Networks = ()) -> Request | None:
    """Return the request to a FHIR base that a WSGI environment holds; None where it is to something else.

    Args:
        public_url: the address under which clients see the gateway, "" where that is as the request says.
        trusted: proxies whose word counts on where the request came from and went to.
    """
    path = environ.get("PATH_INFO", "")
    if not path.isascii():
        path = path.encode("latin-1").decode("utf-8", "replace")
    head, _, rest = path[1:].partition("/")
    feed = ""
    if head == "feed":
        feed, _, rest = rest.partition("/")
        head = f"feed/{feed}"
    if head != "fhir" and not feed:
        return None
    headers = {_header(name): value for name, value in environ.items() if name[:5] == "HTTP_"}
    if content := environ.get("CONTENT_TYPE"):
        headers["content-type"] = content
    if length := environ.get("CONTENT_LENGTH"):
        headers["content-length"] = length
    known = seen(environ, trusted)
    return Request(
        method=environ["REQUEST_METHOD"],
        base=f"{public_url or origin(environ, known.origin)}/{head}",
        feed=feed,
        path=rest,
        query=environ.get("QUERY_STRING", ""),
        headers=headers,
        id=request_id(headers.get("x-request-id")),
        sent=_reader(environ),
        address=known.address,
    )


def origin(environ: Environ, told: str = "") -> str:
    """Scheme, host and mount point as the request says.

    Args:
        told: scheme and host, and perhaps more, as a trusted proxy says.
    """
    mounted = environ.get("SCRIPT_NAME", "")
    if told:
        return f"{told}{mounted}"
    host = environ.get("HTTP_HOST", "")
    server = environ["SERVER_NAME"], environ["SERVER_PORT"]
    return f"{address(environ['wsgi.url_scheme'], host, *server)}{mounted}"


@lru_cache(256)
def address(scheme: str, host: str, name: str, port: str) -> str:
    """Scheme and host as the request says, or the server's own where it names no host that can be one."""
    return f"{scheme}://{host}" if HOST.fullmatch(host) else f"{scheme}://{name}:{port}"


def respond(response: Response, method: str, start_response: Start) -> Iterable[bytes]:
    """Send an answer through WSGI."""
    start_response(STATUS[response.status], response.headers)
    return (b"",) if method == "HEAD" or not response.body else (response.body,)


@lru_cache(512)
def _header(name: str) -> str:
    """What a header is called whose name in the environment this is."""
    return name[5:].replace("_", "-").lower()


def _reader(environ: Environ) -> Callable[[int], bytes]:
    def sent(most: int) -> bytes:
        length = environ.get("CONTENT_LENGTH") or ""
        chunked = "HTTP_TRANSFER_ENCODING" in environ
        if chunked:
            # RFC 9112: then the length does not count
            length = ""
        elif not length.isdecimal():
            return b""
        if length.isdecimal() and int(length) > most:
            raise refuse(HTTP_TOO_LARGE, most=most)
        return _read(environ["wsgi.input"], int(length) if length.isdecimal() else None, most)

    return sent


def _read(stream: Any, length: int | None, most: int) -> bytes:
    """The body; of one that does not say how long it is, never more than `most` bytes are held."""
    if length is not None:
        whole: bytes = stream.read(length)
        return whole
    parts: list[bytes] = []
    size = 0
    while part := stream.read(_CHUNK):
        parts.append(part)
        size += len(part)
        if size > most:
            raise refuse(HTTP_TOO_LARGE, most=most)
    return b"".join(parts)
