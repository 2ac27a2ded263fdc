"""Questions to other servers, all sent at once from the calling thread and answered against one deadline.

A *plan* is a generator that yields a `Request` and is sent its `Answer`, as often as it likes, and returns
what it made of them. `Flight` drives any number of plans at the same time over one curl multi handle of the
thread: no threads, no event loop, connections kept alive (measured against ten other ways of doing it: within
1.5 times the CPU time of the leanest, with deadlines, TLS and decompression that need not be written again).
"""

import errno
import io
import time
from collections.abc import Generator, Sequence
from dataclasses import dataclass, field
from threading import local
from typing import Generic, Literal, TypeVar
from urllib.parse import urlsplit

import pycurl

from gateway.problems import refuse
from gateway.problems.upstream import UPSTREAM_SETTING
from gateway.upstream.trust import authorities

BODY_MOST = 10_000_000
_KEPT_ALIVE = 32
_GRACE = 0.2

State = Literal[
    "answered", "timeout", "refused", "unreachable", "untrusted", "reset", "status", "nonsense", "too-large"
]
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Upstream:
    """A FHIR server that is asked at the moment of the question.

    Attributes:
        name: its key in the settings: letters, digits and hyphens, as it stands in `meta.source`.
        base_url: its FHIR R4 base.
        timeout: seconds it may take for one question, all rounds together.
        token: a bearer token sent to it.
        types: the resource types it is asked for.
        title: what people call it, used in answers; empty: `name`.

    Raises:
        Refused: `upstream.setting` when the base is no http(s) URL or the token holds a line break.
    """

    name: str
    base_url: str
    timeout: float = 2.0
    token: str = field(default="", repr=False)
    types: tuple[str, ...] = ("Observation",)
    title: str = ""

    def __post_init__(self) -> None:
        parts = urlsplit(self.base_url)
        if parts.scheme not in ("http", "https") or not parts.hostname or parts.query or parts.username:
            reason = "base_url is not the plain http or https address of a FHIR base"
            raise refuse(UPSTREAM_SETTING, name=self.name, reason=reason)
        if not self.token.isprintable():
            raise refuse(UPSTREAM_SETTING, name=self.name, reason="the token holds a control character")
        object.__setattr__(self, "base_url", self.base_url.rstrip("/"))

    @property
    def called(self) -> str:
        """What the server is called in answers."""
        return self.title or self.name


@dataclass(frozen=True, slots=True)
class Request:
    """One question to one server: a GET of `path` under its base, or a POST of `form` where there is one."""

    upstream: Upstream
    path: str = field(repr=False)
    form: str = field(default="", repr=False)

    @property
    def url(self) -> str:
        """The full address; `path` may be a bare query string (`?_getpages=…`)."""
        joint = "" if self.path.startswith("?") else "/"
        return f"{self.upstream.base_url}{joint}{self.path}"


@dataclass(frozen=True, slots=True)
class Answer:
    """What came of one request.

    `state` is "answered" for any 200 with a JSON media type; `status` is the HTTP status where one came.
    """

    state: State
    status: int = 0
    body: bytes = field(default=b"", repr=False)
    elapsed_ms: int = 0


Plan = Generator[Request, Answer, T]


def ask(requests: Sequence[Request], deadline: float) -> list[Answer]:
    """Send all requests at once and return their answers, in the same order.

    Args:
        requests: any number, to any servers.
        deadline: the time (`time.monotonic()`) after which an answer counts as "timeout".
    """
    return Flight([(_once(request), deadline) for request in requests]).land()


class Flight(Generic[T]):
    """Plans under way: their first requests are sent by the time this is made, `land()` brings them home.

    Whatever the caller does between the two happens while the servers work. A thread has one flight at a
    time; a new one abandons what an earlier one left unlanded.
    """

    def __init__(self, plans: Sequence[tuple[Plan[T], float]], request_id: str = "") -> None:
        """Start `plans`, each with its deadline (`time.monotonic()`); `request_id` goes as X-Request-ID."""
        self._plans = plans
        self._request_id = request_id
        self._lane = _lane()
        self._lane.clear()
        self._returned: dict[int, T] = {}
        self._open: dict[pycurl.Curl, _Transfer] = {}
        for number, (plan, _) in enumerate(plans):
            self._step(number, plan, None)
        self._lane.multi.perform()

    def land(self) -> list[T]:
        """Wait for every plan to end, at the latest at its deadline, and return what they returned."""
        multi = self._lane.multi
        try:
            while self._open:
                multi.perform()
                self._collect()
                if self._open:
                    multi.poll(self._patience())
        finally:
            self._lane.clear()
        return [self._returned[number] for number in range(len(self._plans))]

    def _collect(self) -> None:
        _, done, broken = self._lane.multi.info_read()
        for handle in done:
            self._end(handle, 0)
        for handle, code, _ in broken:
            self._end(handle, code)
        now = time.monotonic()
        for handle in [each for each, transfer in self._open.items() if now > transfer.until + _GRACE]:
            self._end(handle, pycurl.E_OPERATION_TIMEDOUT)

    def _patience(self) -> int:
        """Milliseconds that polling may take before somebody's deadline has to be looked at."""
        soonest = min(transfer.until for transfer in self._open.values())
        return max(1, min(1000, int((soonest + _GRACE - time.monotonic()) * 1000)))

    def _end(self, handle: pycurl.Curl, code: int) -> None:
        transfer = self._open.pop(handle, None)
        if transfer is None:
            return
        answer = transfer.answer(code)
        self._lane.give_back(handle)
        self._step(transfer.number, self._plans[transfer.number][0], answer)

    def _step(self, number: int, plan: Plan[T], answer: Answer | None) -> None:
        """Let a plan go on until it waits for the network or ends."""
        until = self._plans[number][1]
        try:
            request = next(plan) if answer is None else plan.send(answer)
            while time.monotonic() >= until:
                request = plan.send(Answer("timeout"))
        except StopIteration as end:
            self._returned[number] = end.value
            return
        transfer = _Transfer(number, until)
        self._open[self._lane.send(request, transfer, self._request_id)] = transfer


class _Transfer:
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
        json = "json" in (handle.getinfo(pycurl.CONTENT_TYPE) or "").lower()
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


class _Lane:
    """The curl handles of one thread: a multi with its kept-alive connections, and spare easy handles."""

    def __init__(self) -> None:
        self.multi = pycurl.CurlMulti()
        self.multi.setopt(pycurl.M_MAXCONNECTS, _KEPT_ALIVE)
        self._spare: list[pycurl.Curl] = []
        self._busy: set[pycurl.Curl] = set()

    def send(self, request: Request, transfer: _Transfer, request_id: str) -> pycurl.Curl:
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
    handle.setopt(pycurl.PROTOCOLS_STR, "http,https")
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


def _lane() -> _Lane:
    lane: _Lane | None = getattr(_THREAD, "lane", None)
    if lane is None:
        lane = _THREAD.lane = _Lane()
    return lane


def _once(request: Request) -> Plan[Answer]:
    answer = yield request
    return answer
