"""Reading what became of children: what stands, what was merged into whom, and who was told apart."""

from typing import NamedTuple

from gateway.store.base import LifeEvent, Reads

MERGED, UNMERGED, SPLIT, DISTINCT, SEALED = "merged", "unmerged", "split", "distinct", "sealed"


class Author(NamedTuple):
    """Who decides, why, and when (milliseconds since 1970)."""

    name: str
    reason: str
    at: int


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
