"""All upstreams, asked together: the one door of this room."""

import time
from collections.abc import Sequence

from gateway.problems.upstream import UPSTREAM_NONSENSE, UPSTREAM_NOT_ASKED, UPSTREAM_NOT_R4
from gateway.upstream.capability import SILENT, Capabilities, Capability
from gateway.upstream.client import Flight
from gateway.upstream.merge import Cursor, Merged
from gateway.upstream.plan import Means, plan
from gateway.upstream.question import Question, Told, note
from gateway.upstream.remember import Memory
from gateway.upstream.rewrite import PublicId
from gateway.upstream.values import Upstream


class Upstreams:
    """The connected servers, and what is remembered of them; one for the whole process."""

    def __init__(
        self,
        upstreams: Sequence[Upstream],
        *,
        base_uri: str,
        public_id: PublicId,
        memory: Memory | None = None,
        capabilities: Capabilities | None = None,
    ) -> None:
        """Connect servers; nothing is asked yet.

        Args:
            base_uri: the start of `meta.source` (`{base_uri}/upstream/<name>`).
            public_id: (upstream's name, type, id there) to the id `/fhir` shows.
        """
        self.upstreams = tuple(upstreams)
        self._base_uri = base_uri
        self._public_id = public_id
        self._memory = memory or Memory()
        self._capabilities = capabilities or Capabilities()

    def begin(
        self, question: Question, deadline: float, cursor: Cursor | None = None, request_id: str = ""
    ) -> "Asking":
        """Send the question to every server that is to be asked, and return without waiting.

        Args:
            deadline: when all has to be over (`time.monotonic()`); each server's own timeout counts from now.
            cursor: where the page before ended; `question.after` has to be its `after`.
            request_id: sent as X-Request-ID.
        """
        now = time.monotonic()
        told: list[Told | None] = []
        plans, asked = [], []
        for upstream in self.upstreams:
            place = "" if cursor is None else cursor.places.get(upstream.name, "")
            reason = not_asked(question, upstream, place)
            capability = SILENT if reason else self._capabilities.of(upstream)
            left = (
                _left_out(upstream, reason) if reason else _of_another_fhir(upstream, capability, place or "")
            )
            told.append(left)
            if left is None:
                means = Means(self._memory, capability, self._public_id, self._base_uri)
                until = min(deadline, now + upstream.timeout)
                plans.append((plan(question, upstream, place or "", means), until))
                asked.append((upstream, place or ""))
        return Asking(told, Flight(plans, request_id, lambda number, ms: _broken(*asked[number], ms)))

    def learn(self) -> None:
        """Read the CapabilityStatement of every server, one after the other; do it in a thread at start."""
        for upstream in self.upstreams:
            self._capabilities.learn(upstream)


class Asking:
    """A question under way."""

    def __init__(self, told: list[Told | None], flight: Flight[Told]) -> None:
        self._told = told
        self._flight = flight

    def finish(self) -> list[Told]:
        """Wait, at the longest until the deadline, and return what each server told, in their order."""
        landed = iter(self._flight.land())
        return [each if each is not None else next(landed) for each in self._told]


def cursor(merged: Merged, told: Sequence[Told], *, more: bool) -> Cursor | None:
    """Where this page ends; None when no source has anything more.

    Args:
        more: the gateway's own store has rows beyond those that were merged.
    """
    if not merged.rows or not (merged.more or more or any(each.more for each in told)):
        return None
    after = (merged.rows[-1].time, merged.rows[-1].id)
    return Cursor(after, {each.upstream.name: each.place(after) for each in told}, merged.seen)


def not_asked(question: Question, upstream: Upstream, place: str | None) -> str:
    """Why a server is not asked a question, "" if it is.

    Args:
        place: where the page before ended there; None if nothing of it is left.
    """
    if place is None:
        return "all it has stands on the pages before"
    if question.type not in upstream.types:
        return f"its settings do not name {question.type}"
    if not question.nhs_number:
        return "the child has no verified NHS number"
    return ""


def _left_out(upstream: Upstream, reason: str) -> Told:
    return Told(upstream, asked=False, problems=(note(upstream, UPSTREAM_NOT_ASKED, reason=reason),))


def _of_another_fhir(upstream: Upstream, capability: Capability, place: str) -> Told | None:
    """The gap of a server that says that it speaks another FHIR; None for one that can be asked."""
    if not capability.is_other:
        return None
    gap = note(upstream, UPSTREAM_NOT_R4, reason=f"its FHIR version is {capability.version}")
    return Told(upstream, asked=False, answered=False, problems=(gap,), rest=place)


def _broken(upstream: Upstream, place: str, elapsed_ms: int) -> Told:
    gap = note(upstream, UPSTREAM_NONSENSE, reason="it could not be read")
    return Told(upstream, answered=False, elapsed_ms=elapsed_ms, problems=(gap,), rest=place)
