"""What an upstream says it can do: its CapabilityStatement, read now and then, never during a question.

A server that says nothing (no /metadata, or one without search parameters) is asked everything; whether it
applied what was asked is then read from its self link.
"""

import logging
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from threading import Lock, Thread
from typing import Any

import orjson
import requests

from gateway.upstream.trust import authorities
from gateway.upstream.values import Upstream

LOG = logging.getLogger("gateway.upstream")
#: How the version of an R4 server begins.
R4 = "4.0"
LIFE = 3600.0
LIFE_OF_SILENCE = 60.0
_MOST = 5_000_000
_TIMEOUT = 10.0


@dataclass(frozen=True, slots=True)
class Capability:
    """The search parameters each type has, and the version of its FHIR, as far as the server says so."""

    parameters: Mapping[str, frozenset[str]] = field(default_factory=dict)
    version: str = ""

    @property
    def is_other(self) -> bool:
        """Whether the server says that it speaks another FHIR than R4."""
        return bool(self.version) and not self.version.startswith(R4)

    def lacks(self, type_: str, parameter: str) -> bool:
        """Whether the server says what it has for the type, and the parameter is not among it."""
        return type_ in self.parameters and parameter not in self.parameters[type_]


SILENT = Capability()


class Capabilities:
    """The capabilities of the upstreams, read when they are first needed and again when they are old."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._lock = Lock()
        self._known: dict[str, tuple[Capability, float]] = {}

    def of(self, upstream: Upstream) -> Capability:
        """What is known of the server now; does not wait, but has it read in the background if it is old."""
        with self._lock:
            known, until = self._known.get(upstream.name, (SILENT, 0.0))
            if until > self._clock():
                return known
            self._known[upstream.name] = (known, self._clock() + LIFE_OF_SILENCE)
        Thread(target=self.learn, args=(upstream,), name=f"metadata-{upstream.name}", daemon=True).start()
        return known

    def learn(self, upstream: Upstream) -> Capability:
        """Read the server's CapabilityStatement and remember it; a server that gives none is silent."""
        found = SILENT
        try:
            found = capability(read(upstream))
        except Exception as error:  # what it says is only of use, never needed
            LOG.warning("no capabilities of %s: %s", upstream.name, type(error).__name__)
        life = LIFE if found.parameters and not found.is_other else LIFE_OF_SILENCE
        with self._lock:
            self._known[upstream.name] = (found, self._clock() + life)
        return found


def read(upstream: Upstream) -> Any:
    """The server's CapabilityStatement as it came, or None where there is none to be had."""
    headers = {"Accept": "application/fhir+json"}
    if upstream.token:
        headers["Authorization"] = f"Bearer {upstream.token}"
    with requests.Session() as session:
        session.trust_env = False
        session.verify = authorities()
        try:
            return orjson.loads(_body(session, f"{upstream.base_url}/metadata", headers))
        except (requests.RequestException, ValueError):
            return None


def _body(session: requests.Session, url: str, headers: dict[str, str]) -> bytes:
    """The body of a 200 answer of bearable size, else nothing."""
    body = bytearray()
    with session.get(url, headers=headers, timeout=_TIMEOUT, stream=True, allow_redirects=False) as answer:
        if answer.status_code == 200:
            for chunk in answer.iter_content(65536):
                body += chunk
                if len(body) > _MOST:
                    return b""
    return bytes(body)


def capability(statement: Any) -> Capability:
    """What a CapabilityStatement says about searching; silent where it is none or says nothing."""
    found: dict[str, frozenset[str]] = {}
    for rest in listed(statement, "rest"):
        everywhere = {str(each.get("name")) for each in listed(rest, "searchParam")}
        for resource in listed(rest, "resource"):
            own = {str(each.get("name")) for each in listed(resource, "searchParam")}
            if own:
                found[str(resource.get("type"))] = frozenset(own | everywhere)
    version = statement.get("fhirVersion") if isinstance(statement, dict) else None
    return Capability(found, version[:20] if isinstance(version, str) else "")


def listed(value: Any, name: str) -> list[dict[str, Any]]:
    """The objects of a list of an object; none where it is something else."""
    found = value.get(name) if isinstance(value, dict) else None
    return [each for each in found if isinstance(each, dict)] if isinstance(found, list) else []
