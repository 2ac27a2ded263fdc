"""Resources short of what the caller must not see: identifiers of hidden systems, wherever they stand.

A child's own Patient is composed without them. Whatever else is about the child is shown as its feed told it,
and a feed may name the child by a UPN in a reference or in a contained Patient.
"""

from functools import cache
from typing import Any

from gateway.security.policy import hides


def names_hidden(body: bytes, hidden: frozenset[str]) -> bool:
    """Whether a JSON text holds the name of a hidden system, so that it must be looked through."""
    # A plain loop: this runs for every resource of every page.
    for system in _written(hidden):  # noqa: SIM110
        if system in body:
            return True
    return False


@cache
def _written(hidden: frozenset[str]) -> tuple[bytes, ...]:
    return tuple(system.encode() for system in hidden)


def redacted(value: Any, hidden: frozenset[str]) -> Any:
    """Return a JSON value without identifiers of hidden systems, and without what is empty then."""
    if isinstance(value, list):
        return [kept for item in value if (kept := redacted(item, hidden)) not in ({}, [])]
    if not isinstance(value, dict):
        return value
    system = value.get("system")
    if isinstance(system, str) and hides(hidden, system):
        return {}
    return {name: kept for name, item in value.items() if (kept := redacted(item, hidden)) not in ({}, [])}
