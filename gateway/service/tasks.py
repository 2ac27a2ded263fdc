"""What waits for a person, as FHIR Tasks: composed from the entries to review when they are asked for.

requested   nobody has said anything yet
on-hold     somebody looked and could not tell, or one of two persons has said that it is one child
completed   it was decided: one child, or two
cancelled   what the records say now does not call for it any more

A seal that two persons are to confirm is one as well; it names nobody.
"""

import re
from collections.abc import Iterable, Sequence
from hashlib import blake2b
from typing import Any, NamedTuple

from gateway.fhir.json import write
from gateway.service.clock import instant
from gateway.service.decisions import NOT_SURE, said_of
from gateway.service.doubts import sides_of
from gateway.service.events import DIFFERENT, DISTINCT, MERGED
from gateway.store.base import Child, LifeEvent, Reads, Review

TYPE = "Task"
#: The code systems of a Task, below the gateway's own base_uri.
CODES, STATES, REASONS = "CodeSystem/review", "CodeSystem/review-state", "CodeSystem/review-reason"
ONE_CHILD, RIGHT_SEAL = "one-child", "right-seal"
#: The Tasks of seals have numbers above this, so that they come before those of entries.
SEALS = 2**50
OF_SEAL = "seal-"
_OPEN, _WITHDRAWN, _SAME = "open", "withdrawn", "same"
_BY_EVENT = re.compile(rf"({MERGED}|{DIFFERENT}|{DISTINCT})-(\d+)")
_WORDS = {
    ONE_CHILD: "Is the record about that child?",
    "waiting": "Nobody has looked yet",
    "not-sure": "Somebody looked and could not tell",
    "one-of-two": "One person says it is one child; a second one has to say the same",
    _SAME: "One child",
    DIFFERENT: "Two children",
    _WITHDRAWN: "What the records say now does not call for it any more",
    RIGHT_SEAL: "Was it right to seal that life?",
    "one-of-two-confirmed": "One person has confirmed it; a second one has to",
    "confirmed": "Two persons have confirmed it",
}
_OF_SEAL = (
    ("requested", "waiting"),
    ("on-hold", "one-of-two-confirmed"),
    ("completed", "confirmed"),
)
_SEALED = "A life was sealed. Two persons confirm that this is right, or lift the seal."

Resource = dict[str, Any]


class Asked(NamedTuple):
    """An entry to review and what a Task tells of it.

    Attributes:
        entry: of a seal, one that stands for it.
        own: the child that the record belongs to; `other` the one that it may be about; None where there is
            no such child any more, and for a seal.
        record: the record, as FEED/id of its Patient.
        said: what persons said about it, oldest first.
    """

    entry: Review
    own: Child | None
    other: Child | None
    record: str
    said: Sequence[LifeEvent]


def asked(store: Reads, entries: Iterable[Review]) -> list[Asked]:
    """Entries with their children, as these stand now, and what persons said about them."""
    found = []
    for entry in entries:
        decided = _BY_EVENT.fullmatch(entry.state)
        said = store.life(number=int(decided[2])) if decided else said_of(store, entry)
        own, other = sides_of(store, entry)
        if decided and decided[1] == MERGED:
            own, other = said[0].child, said[0].other
        children = store.children([one for one in {own, other} if one is not None])
        shown = {number: child for number, child in children.items() if child.composed}
        record = store.records([entry.rec])[entry.rec]
        sides = (shown.get(own or 0), shown.get(other or 0))
        found.append(Asked(entry, *sides, f"{record.feed}/{record.local}", said))
    return found


def of_seals(seals: Iterable[tuple[LifeEvent, int]]) -> list[Asked]:
    """Seals, newest first, each with how many persons have confirmed it, as what is asked about them.

    Nothing of the life is in them, nor who sealed it and why: that may name it.
    """
    found = []
    for event, persons in sorted(seals, key=lambda each: -each[0].number):
        number = SEALS + event.number
        entry = Review(0, RIGHT_SEAL, _SEALED, event.at, state=str(min(persons, 2)), number=number)
        found.append(Asked(entry, None, None, "", ()))
    return found


def concerning(store: Reads, child: Child) -> list[Review]:
    """The entries about a child on either side, decided ones too; newest first."""
    entries = store.reviews(state="", child=child.number)
    for record in store.records_of([child.number]).get(child.number, ()):
        entries += store.reviews(state="", rec=record.rec)
    for event in store.life(child=child.number, what=MERGED):
        entries += store.reviews(state=f"{MERGED}-{event.number}")
    every = {entry.number: entry for entry in entries}
    return [every[number] for number in sorted(every, reverse=True)]


def updated(one: Asked) -> int:
    """When somebody last said something about it, in milliseconds."""
    return max(one.entry.at, *(event.at for event in one.said), 0)


def task(one: Asked, base_uri: str, secret: bytes, *, names_records: bool) -> Resource:
    """The Task of an entry.

    Args:
        secret: for the versionId, a keyed hash of the content.
        names_records: whether the record is named as its feed calls it; that may be a case number.
    """
    number = one.entry.number
    seal = number > SEALS
    status, state = _OF_SEAL[int(one.entry.state)] if seal else _standing(one)
    told = instant(updated(one))
    content = {
        "status": status,
        **({"statusReason": {"text": _WORDS[state]}} if status == "on-hold" else {}),
        "businessStatus": _concept(base_uri, STATES, state),
        "intent": "order",
        "code": _concept(base_uri, CODES, RIGHT_SEAL if seal else ONE_CHILD),
        "description": one.entry.sentence,
        **({"focus": _patient(one.own)} if one.own else {}),
        **({"for": _patient(one.other)} if one.other else {}),
        "authoredOn": instant(one.entry.at),
        "lastModified": told,
        **({} if seal else {"reasonCode": _reason(base_uri, one.entry.reason)}),
        **({"note": [_note(event) for event in one.said]} if one.said else {}),
        **({"input": [_named(one.record)]} if names_records and one.record else {}),
    }
    version = blake2b(write(content), digest_size=8, key=secret[:64]).hexdigest()
    meta = {"versionId": version, "lastUpdated": told}
    return {"resourceType": TYPE, "id": id_of(number), "meta": meta, **content}


def id_of(number: int) -> str:
    """The id of a Task: the number that `fhirgate matches` has, or "seal-" and that of `fhirgate seal`."""
    return f"{OF_SEAL}{number - SEALS}" if number > SEALS else str(number)


def _standing(one: Asked) -> tuple[str, str]:
    """The status in FHIR's words, and in ours."""
    state = one.entry.state
    if state == _OPEN:
        last = one.said[-1].what if one.said else ""
        return (
            ("on-hold", "not-sure" if last == NOT_SURE else "one-of-two")
            if last
            else ("requested", "waiting")
        )
    if state == _WITHDRAWN:
        return "cancelled", _WITHDRAWN
    return "completed", _SAME if state == _SAME or state.startswith(MERGED) else DIFFERENT


def _concept(base_uri: str, system: str, code: str) -> Resource:
    return {"coding": [{"system": f"{base_uri}/{system}", "code": code, "display": _WORDS[code]}]}


def _reason(base_uri: str, code: str) -> Resource:
    return {"coding": [{"system": f"{base_uri}/{REASONS}", "code": code}]}


def _named(record: str) -> Resource:
    return {"type": {"text": "record"}, "valueString": record}


def _patient(child: Child) -> Resource:
    return {"reference": f"Patient/{child.id}"}


def _note(event: LifeEvent) -> Resource:
    """What a person said: who, when and why."""
    author = " and ".join(filter(None, (event.second, event.author)))
    return {"authorString": author, "time": instant(event.at), "text": event.reason}
