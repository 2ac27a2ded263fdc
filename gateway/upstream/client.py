"""Questions to other servers, all sent at once from the calling thread and answered against one deadline.

A *plan* is a generator that yields a `Request` and is sent its `Answer`, as often as it likes, and returns
what it made of them. `Flight` drives any number of plans at the same time over one curl multi handle of the
thread: no threads, no event loop, connections kept alive (measured against ten other ways of doing it: within
1.5 times the CPU time of the leanest, with deadlines, TLS and decompression that need not be written again).
"""

import logging
import time
from collections.abc import Callable, Generator, Sequence
from dataclasses import replace
from typing import Generic, TypeVar

import pycurl

from gateway.upstream.values import Answer, Request
from gateway.upstream.wire import Transfer, lane

LOG = logging.getLogger("gateway.upstream")
T = TypeVar("T")
_GRACE = 0.2
_TOO_SHORT = 0.002

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

    def __init__(
        self,
        plans: Sequence[tuple[Plan[T], float]],
        request_id: str = "",
        broken: Callable[[int, int], T] | None = None,
    ) -> None:
        """Start `plans`, each with its deadline (`time.monotonic()`).

        Args:
            request_id: goes as X-Request-ID.
            broken: what a plan returns that raised something nobody foresaw, by its number and the
                milliseconds it took; without it the exception goes on.
        """
        self._plans = plans
        self._request_id = request_id
        self._broken = broken
        self._began = time.monotonic()
        self._lane = lane()
        self._lane.clear()
        self._returned: dict[int, T] = {}
        self._open: dict[pycurl.Curl, Transfer] = {}
        for number, (plan, _) in enumerate(plans):
            self._step(number, plan, None)
        self._lane.attend(0)

    def land(self) -> list[T]:
        """Wait for every plan to end, at the latest at its deadline, and return what they returned."""
        try:
            while self._open:
                self._collect()
                if self._open:
                    self._lane.attend(self._patience())
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

    def _elapsed(self) -> int:
        return round((time.monotonic() - self._began) * 1000)

    def _patience(self) -> int:
        """Milliseconds that polling may take before somebody's deadline has to be looked at."""
        soonest = min(transfer.until for transfer in self._open.values())
        return max(1, min(1000, int((soonest + _GRACE - time.monotonic()) * 1000)))

    def _end(self, handle: pycurl.Curl, code: int) -> None:
        transfer = self._open.pop(handle, None)
        if transfer is None:
            return
        answer = transfer.answer(code)
        if answer.state == "timeout":
            answer = replace(answer, elapsed_ms=self._elapsed())
        self._lane.give_back(handle)
        self._step(transfer.number, self._plans[transfer.number][0], answer)

    def _step(self, number: int, plan: Plan[T], answer: Answer | None) -> None:
        """Let a plan go on until it waits for the network or ends; one that breaks ends alone."""
        try:
            self._go_on(number, plan, answer)
        except Exception as error:  # whatever it is, the other servers' answers are not to be lost with it
            if self._broken is None:
                raise
            # The kind alone: what the exception says may be what the server said.
            LOG.error("an answer could not be read: %s", type(error).__name__)
            self._returned[number] = self._broken(number, self._elapsed())

    def _go_on(self, number: int, plan: Plan[T], answer: Answer | None) -> None:
        until = self._plans[number][1]
        try:
            request = next(plan) if answer is None else plan.send(answer)
            while time.monotonic() >= until - _TOO_SHORT:
                request = plan.send(Answer("timeout", elapsed_ms=self._elapsed()))
        except StopIteration as end:
            self._returned[number] = end.value
            return
        transfer = Transfer(number, until)
        self._open[self._lane.send(request, transfer, self._request_id)] = transfer


def _once(request: Request) -> Plan[Answer]:
    answer = yield request
    return answer
