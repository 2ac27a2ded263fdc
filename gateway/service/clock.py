"""Times as the store keeps them (milliseconds since 1970, UTC) and as FHIR writes them."""

import time
from datetime import UTC, datetime
from email.utils import formatdate


def now() -> int:
    """The time in milliseconds since 1970-01-01T00:00Z."""
    return time.time_ns() // 1_000_000


def instant(at: int) -> str:
    """A FHIR instant, to the millisecond, in UTC."""
    moment = datetime.fromtimestamp(at // 1000, UTC)
    return f"{moment:%Y-%m-%dT%H:%M:%S}.{at % 1000:03d}Z"


def http_date(at: int) -> str:
    """A date as HTTP headers write it."""
    return formatdate(at / 1000, usegmt=True)
