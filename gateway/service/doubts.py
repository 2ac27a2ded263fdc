"""What a person is asked about a record: what is shown with it, and when it contradicts itself."""

import json
from collections.abc import Collection, Iterable, Sequence
from typing import Any, NamedTuple

from gateway.identity.compare import compare
from gateway.identity.grade import Known, whole_of
from gateway.identity.match import DISAGREES, GONE, Review
from gateway.identity.person import Person
from gateway.identity.sentences import sentence
from gateway.store.base import Reads, Work
from gateway.store.base import Review as Entry

#: A record has another NHS number and surname than before, and keeps the old number as a former one.
RENEWED = "may-be-new-identity"
_RENEWED = (
    "Another NHS number and another surname than before: its number was superseded, or it is a new identity."
)


class Says(NamedTuple):
    """What a Patient says beside who it is: that its life has ended, or that number and surname are new."""

    ends: bool
    renews: bool


def evidence(doubt: Review) -> str:
    """What an entry is shown with: what agrees and contradicts, and what was weighed."""
    said: dict[str, Any] = {"agrees": list(doubt.agrees), "contradicts": list(doubt.contradicts)}
    if doubt.probability is not None:
        said |= {"probability": doubt.probability, "bits": dict(doubt.bits)}
    return json.dumps(said)


def changed(who: Person, was: Person | None, own: int, rec: int) -> tuple[Review, ...]:
    """What to look at when a record that stands alone contradicts what it said before.

    Twins may share a number by mistake. Where other records of the child are there, they are the judges.
    """
    found = compare(who, was) if was is not None else None
    if found is None or not found.contradicts:
        return ()
    words = sentence(found, code=DISAGREES)
    return (Review(own, rec, DISAGREES, words, found.agrees, found.contradicts),)


def renewed(who: Person, was: Person, own: int, rec: int) -> Review:
    """What two persons look at when a record has another number and surname, and keeps the old number."""
    found = compare(who, was)
    return Review(own, rec, RENEWED, _RENEWED, found.agrees, ("nhs-number", *found.contradicts))


def about_others(doubts: Iterable[Review], own: int, known: Sequence[Known], was: Person | None) -> set[int]:
    """The other children with whom a record has something else in common, or against it, than it had before.

    What a person is asked about them would show what is not told any more.

    Args:
        known: the records of the children that the doubts are about.
        was: what the record said before, if it said anything else.
    """
    if was is None:
        return set()
    records = {doubt.child: [one for one in known if one.child == doubt.child] for doubt in doubts}
    before = {child: compare(was, whole_of(some)) for child, some in records.items() if some and child != own}
    return {
        doubt.child
        for doubt in doubts
        if (found := before.get(doubt.child))
        and (found.agrees, found.contradicts) != (doubt.agrees, doubt.contradicts)
    }


def withdraw(work: Work, rec: int, doubted: Collection[int], news: Collection[int], load: int | None) -> None:
    """Close the open entries about a record that what it says now does not call for, or calls for otherwise.

    Args:
        doubted: the children that it may be about.
        news: those of them about whom there is something else to show.
    """
    over = []
    for entry in work.reviews(rec=rec):
        # that a number was replaced stays to be decided, whatever else is corrected
        if entry.reason not in (RENEWED, GONE):
            own, other = sides_of(work, entry)
            if entry.rec != rec:
                over += [entry.number] if own in news else []
            elif other not in doubted or other in news:
                over.append(entry.number)
    if over:
        work.close_reviews(over, "withdrawn", load)


def sides_of(store: Reads, entry: Entry) -> tuple[int | None, int | None]:
    """The children that the two records of an entry are linked to now."""
    recs = [entry.rec] if entry.other is None else [entry.rec, entry.other]
    records = store.records(recs)
    own = records[entry.rec].child
    return own, entry.child if entry.other is None else records[entry.other].child
