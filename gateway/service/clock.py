"""Times as the store keeps them (milliseconds since 1970, UTC) and as FHIR writes them."""

import time
from datetime import UTC, datetime
from email.utils import formatdate
from functools import lru_cache


def now() -> int:
    """The time in milliseconds since 1970-01-01T00:00Z."""
    return time.time_ns() // 1_000_000


def instant(at: int) -> str:
    """A FHIR instant, to the millisecond, in UTC."""
    return f"{_second(at // 1000)}.{at % 1000:03d}Z"


@lru_cache(64)
def _second(second: int) -> str:
    # many events are of the second that is now, and formats are slow to read
    return f"{datetime.fromtimestamp(second, UTC):%Y-%m-%dT%H:%M:%S}"


def http_date(at: int) -> str:
    """A date as HTTP headers write it."""
    return formatdate(at / 1000, usegmt=True)
