"""Birth dates as they are compared: equal, day and month swapped, or different."""

from datetime import date
from enum import Enum
from functools import lru_cache
from itertools import product


class Born(Enum):
    """How the birth dates of two records stand to each other."""

    SAME = "same"
    SWAPPED = "swapped"
    DIFFERENT = "different"
    UNKNOWN = "unknown"


# most candidates for one child were born on few days
@lru_cache(20_000)
def compared(one: frozenset[str], other: frozenset[str]) -> Born:
    """Return the best that any pair of birth dates gives; UNKNOWN where a side has none.

    A partial date agrees with each date it may stand for.
    """
    if not one or not other:
        return Born.UNKNOWN
    pairs = list(product(one, other))
    if any(a.startswith(b) or b.startswith(a) for a, b in pairs):
        return Born.SAME
    return Born.SWAPPED if any(swapped(a) == b for a, b in pairs) else Born.DIFFERENT


def swapped(written: str) -> str | None:
    """Return a full ISO date with day and month swapped, or None where that is no other real date."""
    year, month, day = [*written.split("-"), "", ""][:3]
    if not day or day == month:
        return None
    try:
        return date(int(year), int(day), int(month)).isoformat()
    except ValueError:
        return None
