"""What persons decide about matches, and how it is taken back: the links are then as they were before."""

from typing import NamedTuple

from gateway.identity.match import Reason
from gateway.problems import refuse
from gateway.problems.service import (
    NOT_BY_A_PERSON,
    RECORD_UNKNOWN,
    REVIEW_DECIDED,
    REVIEW_OPEN,
    REVIEW_UNKNOWN,
)
from gateway.service.link import MACHINE, PERSON, Linker, sides_of
from gateway.store.base import Child, Link, Record, Review, Work

#: The reason of a link event that a decision about an entry made is this and the entry's number.
MATCH = "match-"
_STATES = {True: "same", False: "different"}


class Author(NamedTuple):
    """Who decides, why, and when (milliseconds since 1970)."""

    name: str
    reason: str
    at: int


def decide(work: Work, linker: Linker, number: int, same: bool, author: Author) -> None:
    """Close an entry, and link as the person says.

    One child: all records of the one go to the other. Two: the record gets a child of its own.

    Raises:
        Refused: `service.unknown-review`, `service.review-decided`.
    """
    entry = _entry(work, number)
    if entry.state != "open":
        raise refuse(REVIEW_DECIDED, number=number)
    own, other = sides_of(work, entry)
    if own is not None and other is not None and same != (own == other):
        reason = Reason(f"{MATCH}{number}", author.reason)
        moved = [record.rec for record in work.records_of([own])[own]] if same else [entry.rec]
        for rec in moved:
            linker.move(work, rec, other if same else None, reason, author.name, author.at)
    work.close_reviews([number], _STATES[same])


def take_back(work: Work, linker: Linker, number: int, at: int) -> None:
    """Open an entry again that a person decided, and take back the link events of that decision.

    Raises:
        Refused: `service.unknown-review`, `service.review-open`.
    """
    entry = _entry(work, number)
    if entry.state not in _STATES.values():
        raise refuse(REVIEW_OPEN, number=number)
    work.reopen([number])
    _undo(work, linker, _made_by(work, entry), at)


def fall_with(work: Work, linker: Linker, load: int, at: int) -> None:
    """Take back what was decided about entries that a load raised: with its records the reason is gone."""
    decided = [
        entry for entry in work.reviews(state="") if entry.load == load and entry.state in _STATES.values()
    ]
    for entry in reversed(decided):
        _undo(work, linker, _made_by(work, entry), at)


def put_back(work: Work, linker: Linker, record: Record, at: int) -> Child:
    """Take back what a person last did to a record's link; the child it is linked to then.

    Raises:
        Refused: `service.not-by-a-person`.
    """
    events = [event for event in _standing(work, record.rec) if event.author != MACHINE]
    if not events:
        raise refuse(NOT_BY_A_PERSON, feed=record.feed)
    last = events[-1]
    if last.reason.startswith(MATCH):
        take_back(work, linker, int(last.reason.removeprefix(MATCH)), at)
    else:
        later = [
            event for event in _standing(work, record.rec) if event.at >= last.at and event.reason == PERSON
        ]
        _undo(work, linker, later, at)
    child = work.records([record.rec])[record.rec].child
    assert child is not None
    return work.children([child])[child]


def linked(work: Work, feed: str, local: str) -> Record:
    """The record of a feed, linked to a child.

    Raises:
        Refused: `service.unknown-record`.
    """
    record = work.record(feed, local)
    if record is None or record.child is None:
        raise refuse(RECORD_UNKNOWN, feed=feed)
    return record


def _entry(work: Work, number: int) -> Review:
    found = next((one for one in work.reviews(state="") if one.number == number), None)
    if found is None:
        raise refuse(REVIEW_UNKNOWN, number=number)
    return found


def _standing(work: Work, rec: int) -> list[Link]:
    return [link for link in work.links(rec=rec) if link.stands]


def _made_by(work: Work, entry: Review) -> list[Link]:
    """The link events that the decision about an entry made, and those that repeated it later."""
    reason = f"{MATCH}{entry.number}"
    children = {event.child for event in _standing(work, entry.rec) if event.reason == reason}
    events = {event.number: event for child in children for event in work.links(child=child)}
    return [event for event in events.values() if event.stands and event.reason == reason]


def _undo(work: Work, linker: Linker, events: list[Link], at: int) -> None:
    work.take_back([event.number for event in events])
    recs = sorted({event.rec for event in events})
    linker.resettle(work, recs, {event.child for event in events}, at)
