"""The lane for short questions: answered one after the other on the server's own thread.

Sixteen threads that each read a few rows spend more time on handing the interpreter to each other than on
their questions. So what is sure to be short never leaves the event loop; what it is asked within one turn of
the loop is kept in the audit by one commit; and as long as nobody has changed anything, the same question of
the same caller gets the answer that it got before.
"""

import asyncio
import re
from collections import OrderedDict
from collections.abc import Iterable
from concurrent.futures import Executor
from functools import partial
from time import perf_counter
from typing import NamedTuple

from gateway.web.door import ANSWERS, Door, events, served
from gateway.web.messages import Header, Request, Response
from gateway.web.visit import Visit

_ABOUT_ONE = re.compile(r"(?:^|&)(?:patient|subject|(?:patient\.)?identifier)=[^&]")
_SHORT = re.compile(r"(?:(?:(?:[a-z][a-z\-]*|patient\.identifier)=[^&]*|_count=[0-9]{1,2})(?:&|\Z))+")
#: Bytes of answers that are remembered, and for how many seconds: a date in the settings may have come.
MOST, LIFE = 33_554_432, 30.0

Event = tuple[bytes, Iterable[str]]


class Given(NamedTuple):
    """An answer that was given, and what the audit is to know of it."""

    until: float
    status: int
    body: bytes
    headers: tuple[Header, ...]
    type: str
    problem: str
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
        self._given: OrderedDict[tuple[object, ...], Given] = OrderedDict()
        self._size = 0
        self._pulse = self._store.pulse()
        self._gathered: list[tuple[list[Event], asyncio.Future[None]]] = []

    def takes(self, request: Request) -> bool:
        """Whether a plain GET on `/fhir` is sure to be short: one resource, or a page about one child."""
        if self._pulse is None:
            return False
        if "/" in request.path:
            return not request.query
        about_one = _ABOUT_ONE.search(request.query) and _SHORT.fullmatch(request.query)
        return bool(about_one) and not self._asks_others

    async def answer(self, request: Request) -> Response:
        """Return the answer to a request; it is in the audit when this returns."""
        visit = self._door.visit(request)
        response = self._door.answered(visit, self._answered)
        kept = asyncio.get_running_loop().create_future()
        self._keep(events(visit, response), kept)
        try:
            await kept
        except Exception as error:
            # nothing that was not kept is told
            response = self._door.answered(visit, partial(_raised, error))
        return self._door.leaving(visit, response)

    def _answered(self, visit: Visit) -> Response:
        return served(visit, self._as_before)

    def _as_before(self, visit: Visit) -> Response:
        """The answer that was given before, if nothing has changed since; else one that is found anew."""
        pulse = self._store.pulse()
        if pulse != self._pulse:
            self._pulse = pulse
            self._given.clear()
            self._size = 0
        request = visit.request
        key = (visit.principal, request.base, request.path, request.query, visit.format, visit.pretty)
        known = self._given.get(key)
        if known is not None and perf_counter() < known.until:
            visit.noted.children |= known.children
            return Response(known.status, known.body, list(known.headers), known.type, known.problem)
        response = ANSWERS[visit.found.interaction](visit)
        if not visit.noted.sources and not visit.noted.account:
            self._remember(key, visit, response)
        return response

    def _remember(self, key: tuple[object, ...], visit: Visit, response: Response) -> None:
        body, headers = response.body, tuple(response.headers)
        until = perf_counter() + LIFE
        children = frozenset(visit.noted.children)
        if (old := self._given.pop(key, None)) is not None:
            self._size -= len(old.body)
        self._given[key] = Given(
            until, response.status, body, headers, response.type, response.problem, children
        )
        self._size += len(body)
        while self._size > MOST:
            _, first = self._given.popitem(last=False)
            self._size -= len(first.body)

    def _keep(self, some: list[Event], kept: "asyncio.Future[None]") -> None:
        """Have events kept at the end of this turn of the loop, with all that came in it."""
        self._gathered.append((some, kept))
        if len(self._gathered) == 1:
            asyncio.get_running_loop().call_soon(self._write)

    def _write(self) -> None:
        gathered, self._gathered = self._gathered, []
        every = [event for some, _ in gathered for event in some]
        waiting = [kept for _, kept in gathered]
        trail = self._door.gateway.trail
        try:
            if trail.try_append_all(every):
                _tell(waiting, None)
                return
        except Exception as error:
            _tell(waiting, error)
            return
        # another thread or process writes in it: that is waited for elsewhere
        loop = asyncio.get_running_loop()
        written = loop.run_in_executor(self._threads, trail.append_all, every)
        written.add_done_callback(lambda done: _tell(waiting, done.exception()))


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
