"""Reading what became of children: what stands, what was merged into whom, and who was told apart."""

import re
from typing import NamedTuple

from gateway.store.base import LifeEvent, Reads

MERGED, UNMERGED, SPLIT, DISTINCT, SEALED = "merged", "unmerged", "split", "distinct", "sealed"
DIFFERENT = "different"
_BY = re.compile(r"\(([^()]*)\)$")


class Author(NamedTuple):
    """Who decides, why, and when (milliseconds since 1970).

    Attributes:
        name: as it is kept, see `signed`.
        by_name: another name is another person, whoever gives it: for a demonstration.
    """

    name: str
    reason: str
    at: int
    by_name: bool = False

    def repeats(self, said: str) -> bool:
        """Whether who said something, by the name that was kept, may be this one again."""
        return said == self.name if self.by_name else voice(said) == voice(self.name)


def signed(name: str, by: str) -> str:
    """What is kept of who decides: the name that was given, and whose word it counts as.

    Args:
        name: as somebody gave it, "" if nobody did: anybody can give any.
        by: what the gateway knows: who the token names, or the client, or the user of this machine.
    """
    known = by.replace("(", "[").replace(")", "]")
    return f"{name} ({known})" if name and name != by else known


def voice(author: str) -> str:
    """Whose word it counts as, of what was kept of who decides."""
    found = _BY.search(author)
    return found[1] if found else author


def standing(store: Reads, child: int, what: str) -> list[LifeEvent]:
    """The events of a kind about a child, on either side of it, that were not taken back; oldest first."""
    return [event for event in store.life(child=child, what=what) if event.stands]


def merged_into(store: Reads, child: int) -> list[int]:
    """The children that were merged into a child, and into those."""
    found, new = list[int](), [child]
    while new:
        events = [event for one in new for event in standing(store, one, MERGED) if event.other == one]
        new = [event.child for event in events if event.child not in found]
        found += new
    return found


def survivor(store: Reads, child: int) -> int:
    """The child that a child's records are at now, after all merges."""
    seen = set[int]()
    while child not in seen:
        seen.add(child)
        into = [event.other for event in standing(store, child, MERGED) if event.child == child]
        child = into[-1] if into and into[-1] is not None else child
    return child


def distinct_from(store: Reads, child: int) -> set[int]:
    """The children that were told apart from a child, or from one that was merged into it."""
    found = set[int]()
    for one in (child, *merged_into(store, child)):
        for event in standing(store, one, DISTINCT):
            found |= {event.child, event.other or 0} - {one}
    return {survivor(store, one) for one in found}
