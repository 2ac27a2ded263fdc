"""Which children a person said are another than this one, in whatever way, and whose a record is."""

from collections.abc import Iterable, Sequence
from dataclasses import replace

from gateway.identity.compare import compare
from gateway.identity.grade import Known, whole_of
from gateway.identity.match import Review as Doubt
from gateway.identity.person import Person
from gateway.service.events import DIFFERENT, distinct_from, merged_into, standing, survivor
from gateway.store.base import Link, Reads, Work

#: Who moves to where the other one lives, or takes the same surname, is not the same child for that.
_NO_NEWS = ("postcode", "family")


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


def said_before(work: Work, rec: int, machine: str) -> tuple[Link | None, set[int]]:
    """What a person said about a record before its Patient went away; it holds when that comes back.

    Returns:
        The link that they made, and the children that they parted from the one that it was of.
    """
    events = work.links(rec=rec)
    told = _told(work, [link for link in events if link.stands and link.author != machine])
    before = [link.child for link in events if link.what == "linked"]
    apart = parted_from(work, survivor(work, before[-1]), machine) if before else set[int]()
    return told, apart


def _told(work: Work, said: Sequence[Link]) -> Link | None:
    if not said or said[-1].what != "linked":
        return None
    # the child that they meant may be part of another one by now, or gone
    child = survivor(work, said[-1].child)
    open_ = work.children([child])[child].state == "active"
    return replace(said[-1], child=child) if open_ else None


def unanswered(
    store: Reads,
    own: int,
    doubts: Sequence[Doubt],
    known: Iterable[Known],
    was: Person | None,
    machine: str,
) -> list[Doubt]:
    """The doubts about a record of a child but those that a person answered, when they said that two are two.

    Where it has something in common with the other child that it did not have then, that is another question.

    Args:
        known: the records of the children that the doubts are about.
        was: what the record said before, if it said anything else.
    """
    apart = parted_from(store, own, machine) if doubts else set[int]()
    told = list(known)

    def is_new(doubt: Doubt) -> bool:
        records = [one for one in told if one.child == doubt.child]
        if was is None or not records:
            return False
        return not set(doubt.agrees) <= {*compare(was, whole_of(records)).agrees, *_NO_NEWS}

    return [doubt for doubt in doubts if doubt.child not in apart or is_new(doubt)]
