"""What persons decide about matches, and how it is taken back: the links are then as they were before."""

from gateway.identity.match import GONE, Reason
from gateway.problems import refuse
from gateway.problems.life import LIFE_INTO_GONE
from gateway.problems.service import (
    NOT_BY_A_PERSON,
    RECORD_UNKNOWN,
    REVIEW_DECIDED,
    REVIEW_OPEN,
    REVIEW_UNKNOWN,
)
from gateway.service import life
from gateway.service.doubts import RENEWED, sides_of
from gateway.service.events import DIFFERENT, MERGED, SPLIT, Author, survivor
from gateway.service.link import MACHINE, PERSON, Linker
from gateway.store.base import Child, LifeEvent, Link, Reads, Record, Review, Work

#: The reason of a link event that a decision about an entry made is this and the entry's number.
MATCH = "match-"
NOT_SURE = "not-sure"
#: The state of an entry that was decided by a merge is this and the number of the event.
_MERGED = f"{MERGED}-"
_SAME = "same"


def decide(work: Work, linker: Linker, number: int, same: bool, author: Author) -> bool:
    """Close an entry, and link as the person says; whether that is done, or waits for a second person.

    One child: that of the record is merged into the other, or the other into it if that is a lone record.
    Two: the record gets a child of its own.

    Raises:
        Refused: `service.unknown-review`, `service.review-decided`; as `life.merge`.
    """
    entry = _open(work, number)
    own, other = sides_of(work, entry)
    if same and own is not None and other is not None and own != other:
        lone = not life.is_lone(work, own) and life.is_lone(work, other)
        child, into = (other, own) if lone else (own, other)
        # closes the entry with what else asks about the two
        return life.merge_by_two(work, linker, child, into, author)
    if same and entry.reason == RENEWED and own is not None and own == other:
        if life.said_before(work, own, own, author) is None:
            return False
    elif not same and own is not None and own == other:
        own = _apart(work, linker, entry, own, author)
    work.close_reviews([number], _SAME if same else _written_down(work, own, other, author))
    linker.grounds.look(work, [one for one in (own, other) if one is not None])
    return True


def _apart(work: Work, linker: Linker, entry: Review, child: int, author: Author) -> int:
    """Give a record a child of its own, with those that belong to it alone; that child's number."""
    with_it = linker.grounds.with_it(work, child, entry.rec) if entry.reason == GONE else []
    reason = Reason(f"{MATCH}{entry.number}", author.reason)
    apart = linker.move(work, entry.rec, None, reason, author.name, author.at)
    for rec in with_it:
        linker.move(work, rec, apart, reason, author.name, author.at)
    # as it stands alone there is nothing to ask any more: it is closed by what was decided, not by that
    work.reopen([entry.number])
    return apart


def not_sure(work: Work, number: int, author: Author) -> None:
    """Write down that a person looked and could not tell; the entry stays open.

    Raises:
        Refused: `service.unknown-review`, `service.review-decided`.
    """
    entry = _open(work, number)
    own, other = sides_of(work, entry)
    if own is not None:
        work.live(LifeEvent(NOT_SURE, own, other, author.reason, author.name, author.at))


def said_of(store: Reads, entry: Review) -> list[LifeEvent]:
    """What persons said about an open entry without deciding it, oldest first: not sure, or one of two."""
    own, other = sides_of(store, entry)
    events = store.life(child=own) if own is not None and entry.state == "open" else []
    return [
        event
        for event in events
        if event.what in (NOT_SURE, life.MERGE_ASKED)
        and event.stands
        and {_now(store, event.child), _now(store, event.other)} == {own, other}
    ]


def _now(store: Reads, child: int | None) -> int | None:
    return None if child is None else survivor(store, child)


def _written_down(work: Work, own: int | None, other: int | None, author: Author) -> str:
    """The state of an entry whose sides are different, by the event that has author and reason."""
    if own is None:
        return DIFFERENT
    return f"{DIFFERENT}-{work.live(LifeEvent(DIFFERENT, own, other, author.reason, author.name, author.at))}"


def take_back(work: Work, linker: Linker, number: int, author: Author) -> None:
    """Open an entry again that a person decided: links and children are as they were before.

    Raises:
        Refused: `service.unknown-review`, `service.review-open`; as `life.unmerge`.
    """
    entry = _entry(work, number)
    if not _decided(entry):
        raise refuse(REVIEW_OPEN, number=number)
    _undo_entry(work, linker, entry, author)


def fall_with(work: Work, linker: Linker, load: int, author: Author) -> None:
    """Take back what was decided about entries that a load raised: with its records the reason is gone.

    A merge on which another one rests stands as long as that one: persons said it of more than the load told.
    """
    decided = [entry for entry in work.reviews(state="") if entry.load == load and _decided(entry)]
    for entry in reversed(decided):
        # one merge may have decided several of them
        if _decided(_entry(work, entry.number)) and not _merged_on(work, entry):
            _undo_entry(work, linker, entry, author)


def _merged_on(work: Work, entry: Review) -> bool:
    """Whether an entry was decided by a merge into a child that persons merged into another one since."""
    if not entry.state.startswith(_MERGED):
        return False
    event = work.life(number=int(entry.state.removeprefix(_MERGED)))[0]
    return event.other is not None and work.children([event.other])[event.other].state != "active"


def put_back(work: Work, linker: Linker, record: Record, author: Author) -> Child:
    """Take back what a person last did to a record's link; the child it is linked to then.

    Raises:
        Refused: `service.not-by-a-person`; `life.into-gone`; as `life.unmerge` and `life.unsplit`.
    """
    events = [event for event in _standing(work, record.rec) if event.author != MACHINE]
    if not events:
        raise refuse(NOT_BY_A_PERSON, feed=record.feed)
    last = events[-1]
    what, _, number = last.reason.rpartition("-")
    if what == MERGED:
        life.unmerge(work, linker, work.life(number=int(number))[0].child, author)
    elif what == SPLIT:
        life.unsplit(work, linker, last.child, author)
    elif last.reason.startswith(MATCH):
        take_back(work, linker, int(number), author)
    else:
        later = [
            event for event in _standing(work, record.rec) if event.at >= last.at and event.reason == PERSON
        ]
        _undo(work, linker, later, author.at)
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
    found = work.reviews(state="", number=number)
    if not found:
        raise refuse(REVIEW_UNKNOWN, number=number)
    return found[0]


def _open(work: Work, number: int) -> Review:
    entry = _entry(work, number)
    if entry.state != "open":
        raise refuse(REVIEW_UNKNOWN if entry.state == "withdrawn" else REVIEW_DECIDED, number=number)
    return entry


def _decided(entry: Review) -> bool:
    return entry.state == _SAME or entry.state.startswith((DIFFERENT, _MERGED))


def _undo_entry(work: Work, linker: Linker, entry: Review, author: Author) -> None:
    if entry.state.startswith(_MERGED):
        event = work.life(number=int(entry.state.removeprefix(_MERGED)))[0]
        life.unmerge(work, linker, event.child, author)
        return
    if entry.state.startswith(f"{DIFFERENT}-"):
        work.unlive([int(entry.state.removeprefix(f"{DIFFERENT}-"))])
    work.reopen([entry.number])
    _undo(work, linker, _made_by(work, entry), author.at)
    linker.grounds.look(work, [side for side in sides_of(work, entry) if side is not None])


def _standing(work: Work, rec: int) -> list[Link]:
    return [link for link in work.links(rec=rec) if link.stands]


def _made_by(work: Work, entry: Review) -> list[Link]:
    """The link events that the decision about an entry made, and those that repeated it later."""
    reason = f"{MATCH}{entry.number}"
    children = {event.child for event in _standing(work, entry.rec) if event.reason == reason}
    events = {event.number: event for child in children for event in work.links(child=child)}
    return [event for event in events.values() if event.stands and event.reason == reason]


def _undo(work: Work, linker: Linker, events: list[Link], at: int) -> None:
    recs = sorted({event.rec for event in events})
    before = {rec for rec, record in work.records(recs).items() if record.sealed is not None}
    work.take_back([event.number for event in events])
    if any(record.sealed is not None for rec, record in work.records(recs).items() if rec not in before):
        raise refuse(LIFE_INTO_GONE)
    linker.resettle(work, recs, {event.child for event in events}, at)
