"""What a person is asked about a record: what is shown with it, and when it contradicts itself."""

import json
from typing import Any, NamedTuple

from gateway.identity.compare import compare
from gateway.identity.match import DISAGREES, Review
from gateway.identity.person import Person
from gateway.identity.sentences import sentence

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
