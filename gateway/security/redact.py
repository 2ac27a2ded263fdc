"""Resources short of what the caller must not see: identifiers of hidden systems, wherever they stand.

A child's own Patient is composed without them. Whatever else is about the child is shown as its feed told it,
and a feed may name the child by a UPN in a reference or in a contained Patient.
"""

import re
from functools import cache
from typing import Any

from gateway.security.policy import hides

_NAMES = re.compile(r"https?://\S*/feed/[^/\s]+/[A-Z][A-Za-z]+/\S+|[A-Z][A-Za-z]+\?\S*identifier=\S+")


def names_hidden(body: bytes, hidden: frozenset[str]) -> bool:
    """Whether a JSON text may hold what belongs to a hidden system, so that it must be looked through."""
    if not hidden:
        return False
    # A plain loop: this runs for every resource of every page.
    for system in _written(hidden):
        if system in body:
            return True
    # one sign is found at a fraction of what a word costs
    return b"?" in body and b"?identifier=" in body


@cache
def _written(hidden: frozenset[str]) -> tuple[bytes, ...]:
    return (*(system.encode() for system in hidden), b"/feed/")


def redacted(value: Any, hidden: frozenset[str]) -> Any:
    """Return a JSON value without identifiers of hidden systems, and without what is empty then.

    Addresses in a feed go as well, since ids there may be case numbers, and references by criteria.
    """
    if isinstance(value, list):
        return [kept for item in value if (kept := redacted(item, hidden)) not in ({}, [])]
    if isinstance(value, str):
        return {} if hidden and _NAMES.fullmatch(value) else value
    if not isinstance(value, dict):
        return value
    system = value.get("system")
    if isinstance(system, str) and hides(hidden, system):
        return {}
    return {name: kept for name, item in value.items() if (kept := redacted(item, hidden)) not in ({}, [])}
