"""What every connected server says it is: asked by `fhirgate check` and `upstreams`, never for a question."""

import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import orjson

from gateway.problems import Problem
from gateway.problems.upstream import UPSTREAM_NOT_R4
from gateway.upstream.capability import R4, listed
from gateway.upstream.client import Flight, Plan
from gateway.upstream.plan import trouble
from gateway.upstream.question import note
from gateway.upstream.values import Answer, Request, Upstream


@dataclass(frozen=True, slots=True)
class Greeting:
    """What a server is, in its own words, or what is wrong with its answer.

    `lacks`: types it is to be asked for and does not say that it has.
    """

    upstream: Upstream
    says: str
    problem: Problem | None = None
    lacks: tuple[str, ...] = ()


def greet(upstreams: Sequence[Upstream]) -> list[Greeting]:
    """Ask all servers for their /metadata at once, each with its own timeout; in the same order."""
    now = time.monotonic()
    return Flight([(_greeted(each), now + each.timeout) for each in upstreams]).land() if upstreams else []


def _greeted(upstream: Upstream) -> Plan[Greeting]:
    answer = yield Request(upstream, "metadata")
    problem = trouble(upstream, answer)
    if problem is not None:
        return Greeting(upstream, "no answer that can be read", problem)
    return _read(upstream, answer)


def _read(upstream: Upstream, answer: Answer) -> Greeting:
    try:
        told = orjson.loads(answer.body)
    except ValueError:
        told = None
    if not isinstance(told, dict) or told.get("resourceType") != "CapabilityStatement":
        reason = "its /metadata is no CapabilityStatement"
        return Greeting(upstream, "answers something else", note(upstream, UPSTREAM_NOT_R4, reason=reason))
    version = str(told.get("fhirVersion", ""))[:20]
    if not version.startswith(R4):
        reason = f"its FHIR version is {version or 'not said'}"
        return Greeting(upstream, "another FHIR", note(upstream, UPSTREAM_NOT_R4, reason=reason))
    says = f"FHIR {version}, answered in {answer.elapsed_ms} ms"
    return Greeting(upstream, says, lacks=_lacks(upstream, told))


def _lacks(upstream: Upstream, told: dict[str, Any]) -> tuple[str, ...]:
    """What the server does not list among its types; nothing where it lists none."""
    rests = [each for each in listed(told, "rest") if each.get("mode", "server") == "server"]
    types = {str(each.get("type")) for rest in rests for each in listed(rest, "resource")}
    return tuple(each for each in ("Patient", *upstream.types) if types and each not in types)
