"""Words for the author of a mapping: the nearest name to a mistyped one, and short lists of names."""

import difflib
from collections.abc import Iterable

_SHOWN = 12


def near(name: str, known: Iterable[str]) -> str:
    """`Did you mean x? ` for the nearest of `known`, or ""."""
    pool = list(known)
    found = difflib.get_close_matches(name, pool, 1, 0.6)
    if not found:
        low = {each.lower(): each for each in pool}
        found = [low[each] for each in difflib.get_close_matches(name.lower(), low, 1, 0.6)]
    return f"Did you mean {found[0]}? " if found else ""


def listed(names: Iterable[str]) -> str:
    """The first dozen names, with how many more there are."""
    known = list(names)
    more = f" and {len(known) - _SHOWN} more" if len(known) > _SHOWN else ""
    return (", ".join(known[:_SHOWN]) + more) if known else "none"
