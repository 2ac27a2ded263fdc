"""The clinical time of a resource: when it was so, not when it was written down, as far as it says."""

from typing import Any

from gateway.fhir.parameters.dates import span
from gateway.upstream.searchset import Fields, value

ELEMENTS = (
    "effectiveDateTime",
    "effectiveInstant",
    "effectivePeriod",
    "performedDateTime",
    "performedPeriod",
    "occurrenceDateTime",
    "occurrencePeriod",
    "onsetDateTime",
    "onsetPeriod",
    "period",
    "date",
    "authoredOn",
    "recordedDate",
    "authored",
    "created",
    "sent",
    "started",
)


def clinical_time(fields: Fields) -> int | None:
    """The first moment of the clinical time, in milliseconds since 1970; None where the resource has none."""
    for name in ELEMENTS:
        if name in fields:
            start = _start(value(fields, name))
            if start is not None:
                return start
    return None


def _start(found: Any) -> int | None:
    written = found.get("start") if isinstance(found, dict) else found
    try:
        return span(written).low if isinstance(written, str) else None
    except ValueError:
        return None
