"""What a person is asked about a record: what is shown with it, and when it contradicts itself."""

import json
from typing import Any

from gateway.identity.compare import compare
from gateway.identity.match import DISAGREES, Review
from gateway.identity.person import Person
from gateway.identity.sentences import sentence


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
