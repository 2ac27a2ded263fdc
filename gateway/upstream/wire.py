"""The curl handles of a thread, and one transfer at a time on each."""

import contextlib
import errno
import io
import select
import time
from threading import local

import pycurl

from gateway.upstream.trust import authorities
from gateway.upstream.values import Answer, Request, State

BODY_MOST = 10_000_000
_KEPT_ALIVE = 32


class Transfer:
    """One request under way: whose it is, and what has come of it."""

    __slots__ = ("_body", "_size", "began", "handle", "number", "until")

    def __init__(self, number: int, until: float) -> None:
        self.number = number
        self.until = until
        self.began = time.monotonic()
        self.handle: pycurl.Curl | None = None
        self._body = io.BytesIO()
        self._size = 0

    def take(self, chunk: bytes) -> int | None:
        """Keep a piece of the body; anything but None makes curl break off."""
        self._size += len(chunk)
        if self._size > BODY_MOST:
            return -1
        self._body.write(chunk)
        return None

    def answer(self, code: int) -> Answer:
        """What the transfer came to, by curl's result code."""
        elapsed = round((time.monotonic() - self.began) * 1000)
        handle = self.handle
        if handle is None or code:
            return Answer(_state(code, handle), 0, b"", elapsed)
        status = handle.getinfo(pycurl.RESPONSE_CODE)
        body = self._body.getvalue()
        if status != 200:
            return Answer("status", status, body, elapsed)
        # As bytes: pycurl makes a text of ASCII alone.
        json = b"json" in (handle.getinfo_raw(pycurl.CONTENT_TYPE) or b"").lower()
        return Answer("answered" if json else "nonsense", status, body, elapsed)


_STATES: dict[int, State] = {
    pycurl.E_OPERATION_TIMEDOUT: "timeout",
    pycurl.E_RECV_ERROR: "reset",
    pycurl.E_SEND_ERROR: "reset",
    pycurl.E_GOT_NOTHING: "reset",
    pycurl.E_PARTIAL_FILE: "reset",
    pycurl.E_SSL_CONNECT_ERROR: "untrusted",
    pycurl.E_PEER_FAILED_VERIFICATION: "untrusted",
    pycurl.E_WRITE_ERROR: "too-large",
    pycurl.E_FILESIZE_EXCEEDED: "too-large",
    pycurl.E_BAD_CONTENT_ENCODING: "nonsense",
    pycurl.E_FTP_WEIRD_SERVER_REPLY: "nonsense",
    pycurl.E_UNSUPPORTED_PROTOCOL: "nonsense",
}


def _state(code: int, handle: pycurl.Curl | None) -> State:
    if code == pycurl.E_COULDNT_CONNECT and handle is not None:
        return "refused" if handle.getinfo(pycurl.OS_ERRNO) == errno.ECONNREFUSED else "unreachable"
    return _STATES.get(code, "unreachable")


class Lane:
    """The curl handles of one thread: a multi with its kept-alive connections, and spare easy handles.

    curl tells which sockets it waits for and we poll them: its own `select` cannot wait for sockets beyond
    the 1,024th of a busy server.
    """

    def __init__(self) -> None:
        self.multi = pycurl.CurlMulti()
        self.multi.setopt(pycurl.M_MAXCONNECTS, _KEPT_ALIVE)
        self.multi.setopt(pycurl.M_SOCKETFUNCTION, self._watch)
        self.multi.setopt(pycurl.M_TIMERFUNCTION, self._wake)
        self._poll = select.poll()
        self._wake_at: float | None = None
        self._spare: list[pycurl.Curl] = []
        self._busy: set[pycurl.Curl] = set()

    def attend(self, patience_ms: int) -> None:
        """Wait for the network, or for a timer of curl's, at most `patience_ms`; then let curl work."""
        if self._wake_at is not None:
            patience_ms = min(patience_ms, max(0, int((self._wake_at - time.monotonic()) * 1000) + 1))
        ready = self._poll.poll(patience_ms)
        for socket, event in ready:
            self.multi.socket_action(socket, _curl_events(event))
        if self._wake_at is not None and time.monotonic() >= self._wake_at:
            self._wake_at = None
            self.multi.socket_action(pycurl.SOCKET_TIMEOUT, 0)

    def _watch(self, what: int, socket: int, multi: pycurl.CurlMulti, ours: object) -> None:
        if what == pycurl.POLL_REMOVE:
            with contextlib.suppress(KeyError):
                self._poll.unregister(socket)
            return
        reads = select.POLLIN if what in (pycurl.POLL_IN, pycurl.POLL_INOUT) else 0
        writes = select.POLLOUT if what in (pycurl.POLL_OUT, pycurl.POLL_INOUT) else 0
        self._poll.register(socket, reads | writes)

    def _wake(self, after_ms: int) -> None:
        self._wake_at = None if after_ms < 0 else time.monotonic() + after_ms / 1000

    def send(self, request: Request, transfer: Transfer, request_id: str) -> pycurl.Curl:
        """Put a request on its way; it goes out with the next `perform`."""
        handle = self._spare.pop() if self._spare else pycurl.Curl()
        _address(handle, request, request_id)
        handle.setopt(pycurl.TIMEOUT_MS, max(1, int((transfer.until - time.monotonic()) * 1000)))
        handle.setopt(pycurl.WRITEFUNCTION, transfer.take)
        transfer.handle = handle
        self._busy.add(handle)
        self.multi.add_handle(handle)
        return handle

    def give_back(self, handle: pycurl.Curl) -> None:
        """Take a handle out of the multi and keep it for the next request, with nothing of this one in it."""
        self._busy.discard(handle)
        self.multi.remove_handle(handle)
        handle.reset()
        self._spare.append(handle)

    def clear(self) -> None:
        """Break off whatever is still under way."""
        for handle in list(self._busy):
            self.give_back(handle)


def _curl_events(event: int) -> int:
    reads = pycurl.CSELECT_IN if event & (select.POLLIN | select.POLLHUP) else 0
    writes = pycurl.CSELECT_OUT if event & select.POLLOUT else 0
    return reads | writes | (pycurl.CSELECT_ERR if event & (select.POLLERR | select.POLLNVAL) else 0)


def _address(handle: pycurl.Curl, request: Request, request_id: str) -> None:
    """Set a handle up for one request: nothing from the environment, no redirects, certificates verified."""
    headers = ["Accept: application/fhir+json", "Cache-Control: no-cache", "Expect:"]
    if request.upstream.token:
        headers.append(f"Authorization: Bearer {request.upstream.token}")
    if request_id.isprintable() and request_id:
        headers.append(f"X-Request-ID: {request_id}")
    handle.setopt(pycurl.URL, request.url)
    handle.setopt(pycurl.NOSIGNAL, 1)
    handle.setopt(pycurl.PROXY, "")
    handle.setopt(pycurl.PROTOCOLS, pycurl.PROTO_HTTP | pycurl.PROTO_HTTPS)
    handle.setopt(pycurl.FOLLOWLOCATION, 0)
    handle.setopt(pycurl.CAINFO, authorities())
    handle.setopt(pycurl.SSLVERSION, pycurl.SSLVERSION_TLSv1_2)
    handle.setopt(pycurl.ACCEPT_ENCODING, "gzip")
    handle.setopt(pycurl.MAXFILESIZE, BODY_MOST)
    handle.setopt(pycurl.BUFFERSIZE, 262_144)
    handle.setopt(pycurl.USERAGENT, "fhirgate")
    if request.form:
        handle.setopt(pycurl.POSTFIELDS, request.form)
    handle.setopt(pycurl.HTTPHEADER, headers)


_THREAD = local()


def lane() -> Lane:
    """The lane of the calling thread, made on first use."""
    found: Lane | None = getattr(_THREAD, "lane", None)
    if found is None:
        found = _THREAD.lane = Lane()
    return found
