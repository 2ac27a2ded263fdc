"""Who tells."""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Feed:
    """A feed as the rest of the gateway needs to know it."""

    name: str
    organisation: str
    sector: str
    verified: bool
    given: Mapping[str, str]
