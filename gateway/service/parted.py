"""Which children a person said are another than this one, in whatever way, and whose a record is."""

from dataclasses import replace

from gateway.service.events import DIFFERENT, distinct_from, merged_into, standing, survivor
from gateway.store.base import Link, Reads, Work


def parted_from(store: Reads, child: int, machine: str) -> set[int]:
    """The children that a person told apart from a child, or parted from it.

    Whoever is one of these is never taken for the same child who is there twice. Only those who are
    `distinct` are so for good; the others may be merged by a person who knows better.

    Args:
        machine: the author of what no person did.
    """
    found = distinct_from(store, child)
    for one in (child, *merged_into(store, child)):
        for event in standing(store, one, DIFFERENT):
            found |= {event.child, event.other or 0} - {one}
    recs = sorted({link.rec for link in store.links(child=child) if link.stands})
    for rec in recs:
        events = [link for link in store.links(rec=rec) if link.stands]
        if any(link.what == "unlinked" and link.author != machine for link in events):
            found |= {link.child for link in events}
    return {survivor(store, one) for one in found if one} - {child}


def told_by_a_person(work: Work, rec: int, machine: str) -> Link | None:
    """What a person said about a record before its Patient went away; it holds when that comes back."""
    events = [link for link in work.links(rec=rec) if link.stands and link.author != machine]
    if not events or events[-1].what != "linked":
        return None
    # the child that they meant may be part of another one by now, or gone
    child = survivor(work, events[-1].child)
    open_ = work.children([child])[child].state == "active"
    return replace(events[-1], child=child) if open_ else None
