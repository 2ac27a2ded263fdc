"""The application as its server calls it: short questions on the server's own thread, all else in others.

What the server calls is ASGI; what answers is WSGI (`gateway.web.site`), so that any other server can be put
in front of `gateway.create_app` too.
"""

import asyncio
import sys
from collections.abc import Awaitable, Callable, Iterable, Mapping, MutableMapping
from concurrent.futures import ThreadPoolExecutor
from functools import lru_cache
from typing import Any
from urllib.parse import unquote_to_bytes

from gateway.problems import Kind, Refused, refuse
from gateway.problems.http import HTTP_BODY_CUT, HTTP_BROKEN, HTTP_BUSY
from gateway.web.door import log_fault
from gateway.web.lane import Lane
from gateway.web.messages import Header, Parts, Request, Response, outgoing
from gateway.web.plain import is_plain
from gateway.web.site import Site
from gateway.web.words import request_id
from gateway.web.wsgi import Environ, address, request_of

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]

_ASK = b"/fhir/"
#: Bodies up to so many bytes are awaited before a thread is taken, so that a slow client keeps none waiting.
_SMALL = 1_048_576
#: Seconds in which a client has to go on with a body that it began.
_PATIENCE = 60
#: Requests that may wait for one thread.
_QUEUE = 64


class Application:
    """See the module; made once for each process.

    Args:
        threads: how many requests that may have to wait are answered at once.
    """

    def __init__(self, site: Site, threads: int) -> None:
        self._site = site
        self._threads = ThreadPoolExecutor(threads, thread_name_prefix="answer")
        self._most = threads * _QUEUE
        self._waiting = 0
        self._lane = Lane(site.door, self._threads)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http":
            return
        try:
            answer = await self._answer(scope, receive)
        except Exception as error:
            id = request_id(None)
            log_fault(id, error)
            answer = _parts(self.refusal(HTTP_BROKEN, scope["headers"], id=id))
        status, headers, body = answer
        await send({"type": "http.response.start", "status": status, "headers": headers})
        await send({"type": "http.response.body", "body": body})

    def refusal(self, kind: Kind, headers: Iterable[tuple[bytes, bytes]] = (), **details: Any) -> Response:
        """The answer to what does not become a request.

        Args:
            headers: as far as they were read.
        """
        read = {name.decode("latin-1"): value.decode("latin-1") for name, value in headers}
        request = Request("GET", "", headers=read, id=request_id(read.get("x-request-id")))
        return self._site.door.refusal(request, refuse(kind, **details))

    async def _answer(self, scope: Scope, receive: Receive) -> Parts:
        """What a request is answered with."""
        asked = self._asked(scope)
        if asked is not None:
            if (known := self._lane.known(asked)) is not None:
                return await self._lane.again(asked, known)
            if is_plain(asked) and self._lane.takes(asked):
                return await self._lane.answer(asked)
        if self._waiting >= self._most:
            return _parts(self.refusal(HTTP_BUSY, scope["headers"]))
        environ = _environ(scope)
        body = environ["wsgi.input"] = _Body(receive)
        self._waiting += 1
        try:
            await body.begun(environ)
            loop = asyncio.get_running_loop()
            return await loop.run_in_executor(self._threads, _called, self._site, environ)
        except Refused:
            return _parts(self.refusal(HTTP_BODY_CUT, scope["headers"]))
        finally:
            self._waiting -= 1

    def _asked(self, scope: Scope) -> Request | None:
        """The request to `/fhir`, if it is a GET; of what a proxy says the environment must be asked."""
        path = scope["raw_path"]
        if scope["method"] != "GET" or not path.startswith(_ASK) or b"%" in path:
            return None
        if self._site.trusted:
            return request_of(_environ(scope), self._site.public_url, self._site.trusted)
        headers = _headers(scope)
        client = scope["client"]
        if headers is None or client is None or scope["server"] is None:
            return None
        name, port = scope["server"]
        base = self._site.public_url or address(scope["scheme"], headers.get("host", ""), name, str(port))
        return Request(
            "GET",
            f"{base}/fhir",
            path=path[len(_ASK) :].decode("latin-1"),
            query=scope["query_string"].decode("latin-1"),
            headers=headers,
            id=request_id(headers.get("x-request-id")),
            address=client[0],
        )


class _Body:
    """What a request sends, read by the thread that answers it: bytes as they come, and their end."""

    def __init__(self, receive: Receive) -> None:
        self._receive = receive
        self._loop = asyncio.get_running_loop()
        self._held = bytearray()
        self._more = False

    async def begun(self, environ: Environ) -> None:
        """Await a small body.

        Raises:
            Refused: as `read`.
        """
        chunked = "HTTP_TRANSFER_ENCODING" in environ
        length = environ.get("CONTENT_LENGTH", "0")
        self._more = chunked or length != "0"
        if not chunked and length.isdecimal() and int(length) <= _SMALL:
            while self._more:
                await self._next()

    def read(self, size: int = -1) -> bytes:
        """The next `size` bytes, fewer at the end; all that are left if it is negative.

        Raises:
            Refused: `http.body-cut` if the client went away or fell silent before the end.
        """
        while self._more and (size < 0 or len(self._held) < size):
            asyncio.run_coroutine_threadsafe(self._next(), self._loop).result()
        some = bytes(self._held if size < 0 else self._held[:size])
        del self._held[: len(some)]
        return some

    async def _next(self) -> None:
        try:
            async with asyncio.timeout(_PATIENCE):
                message = await self._receive()
        except TimeoutError:
            raise refuse(HTTP_BODY_CUT) from None
        if message["type"] != "http.request":
            raise refuse(HTTP_BODY_CUT)
        self._held += message.get("body", b"")
        self._more = bool(message.get("more_body"))


def _called(site: Site, environ: Environ) -> Parts:
    """What the WSGI application answers."""
    begun: list[Any] = []

    def start(status: str, headers: list[Header], *_: Any) -> Any:
        begun[:] = [int(status[:3]), headers]

    answer: Any = site(environ, start)
    try:
        content = b"".join(answer)
    finally:
        if hasattr(answer, "close"):
            answer.close()
    return outgoing(begun[0], begun[1], content)


def _parts(response: Response) -> Parts:
    return outgoing(response.status, response.headers, response.body)


def _headers(scope: Scope) -> dict[str, str] | None:
    """The headers of a request; None where one stands there twice or has an underscore in its name."""
    headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]}
    if len(headers) != len(scope["headers"]) or "_" in "".join(headers):
        return None
    return headers


def _environ(scope: Mapping[str, Any]) -> Environ:
    """The request as WSGI has it (PEP 3333).

    A header whose name has an underscore is left out: WSGI could not tell it from the one with a hyphen that
    a proxy set.
    """
    path = scope["raw_path"]
    host, port = scope["server"] or ("", 0)
    client = scope["client"]
    environ: Environ = {
        "REQUEST_METHOD": scope["method"],
        "SCRIPT_NAME": "",
        "PATH_INFO": (unquote_to_bytes(path) if b"%" in path else path).decode("latin-1"),
        "QUERY_STRING": scope["query_string"].decode("latin-1"),
        "SERVER_NAME": host,
        "SERVER_PORT": str(port or ""),
        "SERVER_PROTOCOL": f"HTTP/{scope['http_version']}",
        "REMOTE_ADDR": client[0] if client else "",
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": scope["scheme"],
        "wsgi.errors": sys.stderr,
        "wsgi.multithread": True,
        "wsgi.multiprocess": True,
        "wsgi.run_once": False,
    }
    for raw, value in scope["headers"]:
        if name := _variable(raw):
            text = value.decode("latin-1")
            environ[name] = f"{environ[name]},{text}" if name in environ else text
    return environ


@lru_cache(1024)
def _variable(header: bytes) -> str:
    """What a header is called in an environment."""
    if b"_" in header:
        return ""
    name = header.decode("latin-1").upper().replace("-", "_")
    return name if name in ("CONTENT_TYPE", "CONTENT_LENGTH") else f"HTTP_{name}"
