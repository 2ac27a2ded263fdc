"""What the gateway counts for those who run it; nothing of a child, and few enough series."""

import os

from prometheus_client import CollectorRegistry, Counter, Histogram, generate_latest, values
from prometheus_client.multiprocess import MultiProcessCollector

from gateway.problems.upstream import UPSTREAM_ANSWERED
from gateway.upstream.asking import Upstreams

_SECONDS = (0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
_OTHER = "other"

SHARED = "PROMETHEUS_MULTIPROC_DIR"
"""The environment variable with the folder in which workers keep their counters together."""


class Counts:
    """The counters of this process, or its part of those that the workers share."""

    def __init__(self, upstreams: Upstreams) -> None:
        if SHARED in os.environ and values.ValueClass is values.MutexValue:
            # a worker that was forked brings the library along as it was before the folder was known
            values.ValueClass = values.get_value_class()  # type: ignore[no-untyped-call]
        self._registry = CollectorRegistry()
        self._requests = Counter(
            "fhirgate_requests",
            "Requests to the FHIR bases.",
            ("base", "interaction", "type", "status"),
            registry=self._registry,
        )
        self._seconds = Histogram(
            "fhirgate_request_seconds",
            "Time from request to answer.",
            ("interaction",),
            registry=self._registry,
            buckets=_SECONDS,
        )
        self._asked = Counter(
            "fhirgate_upstream_answers",
            "What the connected servers did when they were asked: the codes of the account.",
            ("upstream", "code"),
            registry=self._registry,
        )
        for each in upstreams.upstreams:
            self._asked.labels(each.called, UPSTREAM_ANSWERED.code)
        self._counters: dict[tuple[str, str, str, int], Counter] = {}
        self._timers: dict[str, Histogram] = {}

    def answered(self, base: str, interaction: str, type: str, status: int, seconds: float) -> None:
        """Count one answer.

        Args:
            interaction: "" where the request asked for none that there is.
            type: a known resource type, or "".
        """
        key = (base, interaction or _OTHER, type or _OTHER, status)
        counter = self._counters.get(key)
        if counter is None:
            counter = self._counters[key] = self._requests.labels(*key)
            self._timers.setdefault(key[1], self._seconds.labels(key[1]))
        counter.inc()
        self._timers[key[1]].observe(seconds)

    def told(self, upstream: str, code: str) -> None:
        """Count a line of an account: what a connected server did."""
        self._asked.labels(upstream, code).inc()

    def text(self) -> bytes:
        """All counters in the text format of Prometheus; those of all workers where they share a folder."""
        if SHARED not in os.environ:
            return generate_latest(self._registry)
        together = CollectorRegistry()
        MultiProcessCollector(together)  # type: ignore[no-untyped-call]
        return generate_latest(together)
