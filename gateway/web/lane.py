"""The lane for short questions: answered one after the other on the server's own thread.

Sixteen threads that each read a few rows spend more time on handing the interpreter to each other than on
their questions. So what is sure to be short never leaves the event loop; all that is asked within one turn of
the loop, and soon after where as many came lately, is kept in the audit by one commit; and as long as nobody
has changed anything, the same question of the same caller gets the answer that it got before.
"""

import asyncio
import re
from collections import OrderedDict
from collections.abc import Iterable
from concurrent.futures import Executor
from functools import partial
from hashlib import sha256
from math import inf
from time import perf_counter, time
from typing import NamedTuple

from gateway.problems import Refused
from gateway.security import audit
from gateway.service.clock import instant, now
from gateway.web.door import Door, look
from gateway.web.messages import Parts, Request, Response, outgoing
from gateway.web.plain import UNUSUAL
from gateway.web.visit import Visit

_ABOUT_ONE = re.compile(r"(?:^|&)(?:patient|subject|(?:patient\.)?identifier)=[^&]")
_SHORT = re.compile(r"(?:(?:(?:[a-z][a-z\-]*|patient\.identifier)=[^&]*|_count=[0-9]{1,2})(?:&|\Z))+")
#: Bytes of answers that are remembered, and for how many seconds: a date in the settings may have come.
MOST, LIFE = 33_554_432, 30.0

#: The headers that the answer to a plain GET depends on, beside the id that it repeats.
_HEEDED = ("accept", "accept-encoding", "origin", "x-correlation-id")
_ID = b"x-request-id"

#: Seconds in which looks gather until there are as many as lately: most of what a commit costs is its fsync.
_GATHERING = 0.003
#: How often an audit that another writes in is tried again, and after how many seconds.
_TRIES, _AGAIN = 10, 0.001

Event = tuple[bytes, Iterable[str]]
Key = tuple[object, ...]


class Given(NamedTuple):
    """An answer that was given, and what the audit and the counters are to know of it.

    Attributes:
        until: by `time.perf_counter`.
        expires: when the token ends, in seconds since 1970.
        answer: short of the header with the request's id.
        event: see `audit.rest`.
        children: whom it showed something of.
    """

    until: float
    expires: float
    interaction: str
    type: str
    answer: Parts
    event: bytes
    children: frozenset[str]


class Lane:
    """Answers short questions; for the thread of one event loop alone.

    Args:
        door: what answers.
        threads: where the audit is waited for when another writes in it.
    """

    def __init__(self, door: Door, threads: Executor) -> None:
        self._door = door
        self._threads = threads
        self._store = door.gateway.store
        self._asks_others = bool(door.gateway.upstreams.upstreams)
        self._given: OrderedDict[Key, Given] = OrderedDict()
        self._size = 0
        self._pulse = self._store.pulse()
        self._gathered: list[tuple[Event, asyncio.Future[None]]] = []
        self._expected = 1
        self._due: asyncio.Handle | None = None
        self._waits = False

    def takes(self, request: Request) -> bool:
        """Whether a plain GET on `/fhir` is sure to be short: one resource, or a page about one child."""
        if self._pulse is None:
            return False
        if "/" in request.path:
            return not request.query
        about_one = _ABOUT_ONE.search(request.query) and _SHORT.fullmatch(request.query)
        return bool(about_one) and not self._asks_others

    def known(self, request: Request) -> Given | None:
        """The answer that was given before to the same GET, if it still holds."""
        if not UNUSUAL.isdisjoint(request.headers):
            return None
        try:
            pulse = self._store.pulse()
        except Refused:
            # whoever answers anew says what is wrong with the store
            return None
        if pulse != self._pulse:
            self._pulse = pulse
            self._given.clear()
            self._size = 0
        known = self._given.get(_key(request))
        return known if known and perf_counter() < known.until and time() < known.expires else None

    async def again(self, request: Request, known: Given) -> Parts:
        """Give an answer again; the look is in the audit when this returns."""
        began = perf_counter()
        event = audit.again(known.event, instant(now()), request.id)
        try:
            await self._kept((event, known.children))
        except Exception as error:
            return self._untold(self._door.visit(request), error)
        status, headers, body = known.answer
        self._door.count(request, known.interaction, known.type, status, began)
        return status, [*headers, (_ID, request.id.encode())], body

    async def answer(self, request: Request) -> Parts:
        """Return the answer to a request; it is in the audit when this returns."""
        pulse = self._pulse
        visit = self._door.visit(request)
        response = self._door.answered(visit)
        event = audit.written(look(visit, response))
        try:
            await self._kept((event, visit.noted.children))
        except Exception as error:
            return self._untold(visit, error)
        left = self._door.leaving(visit, response)
        answer = outgoing(left.status, left.headers, left.body)
        if pulse == self._pulse and response.status == 200 and not visit.noted.sources:
            self._remember(visit, answer, event)
        return answer

    def _untold(self, visit: Visit, error: Exception) -> Parts:
        """What is answered in place of what could not be kept in the audit."""
        left = self._door.leaving(visit, self._door.answered(visit, partial(_raised, error)))
        return outgoing(left.status, left.headers, left.body)

    def _remember(self, visit: Visit, answer: Parts, event: bytes) -> None:
        if visit.principal is None:
            return
        key = _key(visit.request)
        status, headers, body = answer
        if (old := self._given.pop(key, None)) is not None:
            self._size -= len(old.answer[2])
        self._given[key] = Given(
            until=visit.began + LIFE,
            expires=visit.principal.expires or inf,
            interaction=visit.found.interaction,
            type=visit.found.type,
            answer=(status, [each for each in headers if each[0] != _ID], body),
            event=audit.rest(event),
            children=frozenset(visit.noted.children),
        )
        self._size += len(body)
        while self._size > MOST:
            _, first = self._given.popitem(last=False)
            self._size -= len(first.answer[2])

    def _kept(self, event: Event) -> "asyncio.Future[None]":
        """Have an event kept, with all that come in this turn of the loop, or soon if they did lately."""
        loop = asyncio.get_running_loop()
        kept: asyncio.Future[None] = loop.create_future()
        self._gathered.append((event, kept))
        enough = len(self._gathered) >= self._expected
        if self._due is None or (self._waits and enough):
            if self._due is not None:
                self._due.cancel()
            self._due = loop.call_soon(self._write) if enough else loop.call_later(_GATHERING, self._write)
            self._waits = not enough
        return kept

    def _write(self, tries: int = _TRIES) -> None:
        """Keep what has gathered; while another thread or process does, gather on for a moment."""
        every = [event for event, _ in self._gathered]
        trail = self._door.gateway.trail
        loop = asyncio.get_running_loop()
        trouble: Exception | None = None
        try:
            if not trail.try_append_all(every):
                if tries:
                    self._due, self._waits = loop.call_later(_AGAIN, self._write, tries - 1), False
                    return
                # it takes long: that is waited for elsewhere
                waiting = self._taken()
                written = loop.run_in_executor(self._threads, trail.append_all, every)
                written.add_done_callback(lambda done: _tell(waiting, done.exception()))
                return
        except Exception as error:
            trouble = error
        _tell(self._taken(), trouble)

    def _taken(self) -> "list[asyncio.Future[None]]":
        """Who waits for what has gathered, which is gathered no longer."""
        waiting = [kept for _, kept in self._gathered]
        self._gathered = []
        self._expected = max(len(waiting), self._expected - 1)
        self._due = None
        return waiting


def _key(request: Request) -> Key:
    """What the answer to a plain GET depends on; of the token its hash."""
    headers = request.headers
    token = sha256(headers.get("authorization", "").encode(errors="backslashreplace")).digest()
    heeded = [headers.get(name) for name in _HEEDED]
    return (token, request.address, request.base, request.path, request.query, *heeded)


def _tell(waiting: list["asyncio.Future[None]"], trouble: BaseException | None) -> None:
    for kept in waiting:
        if kept.done():
            continue
        if trouble is None:
            kept.set_result(None)
        else:
            kept.set_exception(trouble)


def _raised(error: Exception, _: Visit) -> Response:
    raise error
