"""What was learnt from an upstream and saves a round next time: short-lived, in this process only."""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from hashlib import blake2b
from secrets import token_bytes
from threading import Lock
from typing import Any

LIFE = 300.0
"""Seconds a server's Patient is believed to be as it was when it was read."""

MOST = 10_000

COMPARED = ("identifier", "name", "birthDate", "gender")
"""The elements of a Patient that the wrong-child guard looks at."""


@dataclass(frozen=True, slots=True)
class Known:
    """A child's Patient on one server: its id, and what the wrong-child guard compares."""

    id: str
    patient: Mapping[str, Any] = field(repr=False)
    base: str = ""
    until: float = 0.0


class Memory:
    """Patients by upstream and NHS number, and which upstreams do without POST searches.

    NHS numbers are kept as keyed hashes whose key dies with the process.
    """

    def __init__(self, life: float = LIFE, clock: Callable[[], float] = time.monotonic) -> None:
        self._life = life
        self._clock = clock
        self._key = token_bytes(32)
        self._lock = Lock()
        self._known: dict[bytes, Known] = {}
        self._get_only: set[str] = set()

    def find(self, upstream: str, nhs_number: str) -> Known | None:
        """The child's Patient there, if it was read not long ago."""
        found = self._known.get(self._mark(upstream, nhs_number))
        return found if found is not None and found.until > self._clock() else None

    def keep(self, upstream: str, nhs_number: str, id_: str, patient: Mapping[str, Any], base: str) -> Known:
        """Remember a Patient that was just read; of it only what identifies."""
        compared = {name: patient[name] for name in COMPARED if name in patient}
        known = Known(id_, compared, base, self._clock() + self._life)
        with self._lock:
            if len(self._known) >= MOST:
                self._known.clear()
            self._known[self._mark(upstream, nhs_number)] = known
        return known

    def drop(self, upstream: str, nhs_number: str) -> None:
        """Forget a Patient that is not there any more."""
        with self._lock:
            self._known.pop(self._mark(upstream, nhs_number), None)

    def posts(self, upstream: str) -> bool:
        """Whether the server may be asked by POST, which keeps NHS numbers out of its access log."""
        return upstream not in self._get_only

    def gets_only(self, upstream: str) -> None:
        """Remember that the server answers no POST searches."""
        self._get_only.add(upstream)

    def _mark(self, upstream: str, nhs_number: str) -> bytes:
        return blake2b(f"{upstream}\0{nhs_number}".encode(), key=self._key, digest_size=16).digest()
