"""What becomes of children: merged, split, sealed, told apart; each an event, and each taken back exactly.

A merge or a split is a row of link events under one reason, and composed Patients follow from the links: so
to take it back is to take those events back. What a machine linked on the strength of it is decided anew.

A sealed child (adoption, changed identity) has no linked records, no keys, no Patient and no entries:
whatever asks finds nothing, at the cost of finding nothing. Its feeds still read what they told.
"""

from collections.abc import Sequence

from gateway.problems import refuse
from gateway.problems.life import (
    LIFE_DISTINCT,
    LIFE_INTO_GONE,
    LIFE_ITSELF,
    LIFE_KNOWN,
    LIFE_NOT_ACTIVE,
    LIFE_NOT_MERGED,
    LIFE_NOT_SEALED,
    LIFE_NOTHING_LEFT,
)
from gateway.service.doubts import sides_of
from gateway.service.events import (
    DISTINCT,
    MERGED,
    SEALED,
    SPLIT,
    UNMERGED,
    Author,
    distinct_from,
    merged_into,
    standing,
    survivor,
    voice,
)
from gateway.service.link import MACHINE, Linker
from gateway.service.moves import Words, moved
from gateway.service.seals import shut
from gateway.store.base import LifeEvent, Link, Reads, Record, Work

MERGE_ASKED = "merge-asked"
UNSEALED, UNSEAL_ASKED, CONFIRMED = "unsealed", "unseal-asked", "seal-confirmed"


def merge(work: Work, linker: Linker, child: int, into: int, author: Author, second: str = "") -> int:
    """Make one child of two: all records go to `into`, whose CCI is the one that counts; the event's number.

    Args:
        second: the other person, where it takes two.

    Raises:
        Refused: `life.itself`, `life.not-active`, `life.distinct`.
    """
    _check_merge(work, child, into)
    number = work.live(LifeEvent(MERGED, child, into, author.reason, author.name, author.at, second))
    between = _between(work, child, into)
    _relink(work, work.records_of([child]).get(child, ()), into, f"{MERGED}-{number}", author)
    work.close_reviews(between, f"{MERGED}-{number}")
    linker.grounds.look(work, [into])
    linker.compose(work, {child, into, *merged_into(work, child)})
    return number


def merge_by_two(work: Work, linker: Linker, child: int, into: int, author: Author) -> bool:
    """Make one child of two as soon as two persons have said so; whether it is done.

    One person is enough for a lone record's child: nobody knows it by its CCI for long.

    Raises:
        Refused: as `merge`.
    """
    _check_merge(work, child, into)
    first = "" if is_lone(work, child) else said_before(work, child, into, author)
    if first is not None:
        merge(work, linker, child, into, author, first)
    return first is not None


def said_before(work: Work, child: int, other: int, author: Author) -> str | None:
    """Who else has said that two are one child; None where nobody has, which is then written down.

    Args:
        other: the same as `child`, where the question is whether all its records are of one child.
    """
    pair = [one for one in standing(work, child, MERGE_ASKED) if {one.child, one.other} == {child, other}]
    first = next((one.author for one in pair if not author.repeats(one.author)), None)
    if first is not None:
        work.unlive([one.number for one in pair])
    elif not pair:
        work.live(LifeEvent(MERGE_ASKED, child, other, author.reason, author.name, author.at))
    return first


def is_lone(work: Work, child: int) -> bool:
    """Whether a child is that of one record alone, and always was.

    Otherwise one person could part a child record by record, and join the parts to another one.
    """
    told = {link.rec for link in work.links(child=child) if link.stands and link.what == "linked"}
    links = [link for rec in told for link in work.links(rec=rec)]
    return len(told) == 1 and {link.child for link in links if link.stands and link.what == "linked"} == {
        child
    }


def _check_merge(work: Work, child: int, into: int) -> None:
    """Refuse what may not become one child.

    Raises:
        Refused: `life.itself`, `life.not-active`, `life.distinct`.
    """
    if child == into:
        raise refuse(LIFE_ITSELF)
    _active(work, child, into)
    if into in distinct_from(work, child):
        raise refuse(LIFE_DISTINCT)


def unmerge(work: Work, linker: Linker, child: int, author: Author) -> None:
    """Make two children of one again: the merged child has its records and its CCI back.

    What was linked by the machine to the child of both meanwhile is decided anew.

    Raises:
        Refused: `life.not-merged`; `life.into-gone` where the other one was itself merged or sealed since.
    """
    event = next((one for one in reversed(standing(work, child, MERGED)) if one.child == child), None)
    if event is None or event.other is None:
        raise refuse(LIFE_NOT_MERGED)
    if work.children([event.other])[event.other].state != "active":
        raise refuse(LIFE_INTO_GONE)
    _take_back(work, linker, event, author)
    work.live(LifeEvent(UNMERGED, child, event.other, author.reason, author.name, author.at))
    linker.compose(work, merged_into(work, child))


def fall_with(work: Work, linker: Linker, load: int, author: Author) -> None:
    """Take back merges of children that a load founded, where nothing that was told of them is left.

    What persons said stands as long as there are records on both sides to which it can apply.
    """
    for event in reversed([one for one in work.life(what=MERGED) if one.stands]):
        sides = work.children([one for one in (event.child, event.other) if one is not None])
        gone = [one for one in sides.values() if one.load == load and not _told_of(work, one.number)]
        # a sealed life stays shut, whatever of its records goes
        if not gone or any(one.state == SEALED for one in sides.values()):
            continue
        if event.other is not None and sides[event.other].state != "active":
            # it was merged on: of what is gone there is nothing to give back
            work.unlive([event.number])
            linker.compose(work, [event.child])
        else:
            unmerge(work, linker, event.child, author)


def _told_of(work: Work, child: int) -> bool:
    """Whether there is a record that was linked to a child itself, not to one merged into it."""
    own = {link.rec for link in work.links(child=child) if link.stands and link.what == "linked"}
    own -= {link.rec for link in work.links(child=child) if link.stands and _is_merge(link)}
    records = work.records(sorted(own)).values()
    return any(record.child == survivor(work, child) for record in records if record.child is not None)


def _is_merge(link: Link) -> bool:
    return link.what == "linked" and link.reason.startswith(f"{MERGED}-")


def split(work: Work, linker: Linker, child: int, recs: Sequence[int], author: Author) -> int:
    """Give some records of a child another child of their own; that child's number.

    Raises:
        Refused: `life.not-active`; `life.nothing-left` where no record would stay or none would leave.
    """
    _active(work, child)
    own = {record.rec: record for record in work.records_of([child]).get(child, ())}
    leaving = [own[rec] for rec in sorted(set(recs)) if rec in own]
    if not leaving or len(leaving) == len(own) or len(leaving) != len(set(recs)):
        raise refuse(LIFE_NOTHING_LEFT)
    had_none = linker.grounds.lost(work, child)
    part = linker.new_child(work, leaving[0].rec)
    number = work.live(LifeEvent(SPLIT, child, part, author.reason, author.name, author.at))
    _relink(work, leaving, part, f"{SPLIT}-{number}", author)
    linker.grounds.look(work, [child, part])
    linker.grounds.ask(work, [child], author.at, which=lambda rec, _: rec not in had_none)
    linker.compose(work, {child, part})
    return part


def unsplit(work: Work, linker: Linker, part: int, author: Author) -> None:
    """Take a split back: the records that left are where they were.

    Raises:
        Refused: `life.not-merged`, `life.into-gone`.
    """
    event = next((one for one in reversed(standing(work, part, SPLIT)) if one.other == part), None)
    if event is None:
        raise refuse(LIFE_NOT_MERGED)
    if any(each.state != "active" for each in work.children([event.child, part]).values()):
        raise refuse(LIFE_INTO_GONE)
    _take_back(work, linker, event, author)


def tell_apart(work: Work, child: int, other: int, author: Author) -> None:
    """Say once and for good that two are two: twins. Nothing asks about them again, and nothing merges them.

    Raises:
        Refused: `life.itself`, `life.not-active`, `life.known`.
    """
    if child == other:
        raise refuse(LIFE_ITSELF)
    _active(work, child, other)
    if other in distinct_from(work, child):
        raise refuse(LIFE_KNOWN)
    number = work.live(LifeEvent(DISTINCT, child, other, author.reason, author.name, author.at))
    work.close_reviews(_between(work, child, other), f"{DISTINCT}-{number}")


def not_apart(work: Work, child: int, other: int) -> None:
    """Take it back that two were told apart.

    Raises:
        Refused: `life.not-merged`.
    """
    events = [one for one in standing(work, child, DISTINCT) if other in (one.child, one.other)]
    if not events:
        raise refuse(LIFE_NOT_MERGED)
    for event in events:
        _open_again(work, f"{DISTINCT}-{event.number}")
    work.unlive([event.number for event in events])


def seal(work: Work, linker: Linker, child: int, author: Author) -> int:
    """End a life that nobody may find again, with all that was merged into it; the event's number.

    Raises:
        Refused: `life.not-active`.
    """
    _active(work, child)
    near = linker.beside(work, [record.rec for record in work.records_of([child]).get(child, ())])
    number, gone = shut(work, child, author)
    linker.compose(work, gone | near)
    return number


def unseal_by_two(work: Work, linker: Linker, number: int, author: Author) -> int | None:
    """Lift a seal as soon as two persons have said so: records, keys, entries and Patient are as before.

    Returns:
        The child, or None while it waits for the second person.

    Raises:
        Refused: `life.not-sealed`.
    """
    event = _seal_event(work, number)
    asked = [one for one in standing(work, event.child, UNSEAL_ASKED) if one.number > number]
    first = next((one for one in asked if not author.repeats(one.author)), None)
    if first is None:
        if not asked:
            work.live(LifeEvent(UNSEAL_ASKED, event.child, None, author.reason, author.name, author.at))
        return None
    also = [one for one in standing(work, event.child, SEALED) if one.other == event.child]
    words = (author.reason, author.name, author.at)
    work.unlive([number, *(one.number for one in (*also, *asked))])
    work.live(LifeEvent(UNSEALED, event.child, None, *words, second=first.author))
    _unshut(work, linker, event, author.at)
    linker.compose(work, [one.child for one in also])
    return event.child


def confirm(work: Work, number: int, author: Author) -> int:
    """Say that a seal is right; how many persons have said so now.

    With the second one it no longer depends on the load that announced it: two persons lift it, or nobody.

    Raises:
        Refused: `life.not-sealed`; `life.known` for the same person again.
    """
    event = _seal_event(work, number)
    said = [event.author, *(one.author for one in _confirmed(work, event))]
    if any(author.repeats(one) for one in said):
        raise refuse(LIFE_KNOWN)
    work.live(LifeEvent(CONFIRMED, event.child, None, author.reason, author.name, author.at))
    persons = _persons(work, event, author.by_name)
    if persons > 1:
        work.keep_seal(number, event.child)
    return persons


def sealed_by(work: Work, load: int) -> list[int]:
    """The records that a load sealed by what it announced."""
    children = [one.child for one in work.life(what=SEALED) if one.stands and one.load == load]
    return [record.rec for records in work.sealed_records(children).values() for record in records]


def seals(store: Reads, by_name: bool = False) -> list[tuple[LifeEvent, int]]:
    """The seals that stand, oldest first, and how many persons have said that each is right.

    One for each life, not for what was merged into it.

    Args:
        by_name: see `Author`.
    """
    every = [one for one in store.life(what=SEALED) if one.stands and one.other is None]
    return [(event, _persons(store, event, by_name)) for event in every]


def _confirmed(store: Reads, event: LifeEvent) -> list[LifeEvent]:
    return [one for one in standing(store, event.child, CONFIRMED) if one.number > event.number]


def _persons(store: Reads, event: LifeEvent, by_name: bool) -> int:
    said = {event.author, *(one.author for one in _confirmed(store, event))} - {MACHINE}
    return len(said if by_name else {voice(one) for one in said})


def _unshut(work: Work, linker: Linker, event: LifeEvent, at: int) -> None:
    """Bring back the links, keys and entries that a seal took away."""
    reason = f"{SEALED}-{event.number}"
    records = work.sealed_records([event.child]).get(event.child, ())
    links = [link for link in work.links(child=event.child) if link.stands and link.reason == reason]
    work.seal({record.rec: None for record in records})
    work.take_back([link.number for link in links])
    _open_again(work, reason)
    recs = [record.rec for record in records]
    linker.resettle(work, recs, [event.child], at)
    linker.compose(work, linker.beside(work, recs))


def _seal_event(work: Work, number: int) -> LifeEvent:
    found = work.life(number=number)
    if not found or found[0].what != SEALED or not found[0].stands or found[0].other is not None:
        raise refuse(LIFE_NOT_SEALED, number=number)
    return found[0]


def _active(work: Work, *children: int) -> None:
    if any(each.state != "active" for each in work.children(children).values()):
        raise refuse(LIFE_NOT_ACTIVE)


def _relink(work: Work, records: Sequence[Record], to: int, reason: str, author: Author) -> None:
    words = Words(reason, author.reason, author.name, author.at)
    for record in records:
        work.link(moved(record.rec, record.child, to, words))


def _take_back(work: Work, linker: Linker, event: LifeEvent, author: Author) -> None:
    """Take back the links of a merge or split; what a machine linked because of it is decided anew."""
    reason = f"{event.what}-{event.number}"
    assert event.other is not None
    links = [link for link in work.links(child=event.other) if link.stands]
    came = [link for link in links if link.reason == reason]
    left = [link for link in work.links(child=event.child) if link.stands and link.reason == reason]
    # the first of them: others were led back later to a child that was merged by then
    first = min((link.number for link in came), default=0)
    later = [
        link for link in links if came and link.number > first and _by_machine(link) and link not in came
    ]
    recs = {link.rec for link in (*came, *left)}
    later = [link for link in later if link.rec not in recs]
    work.take_back(sorted({link.number for link in (*came, *left, *later)}))
    work.unlive([event.number])
    _open_again(work, reason)
    linker.resettle(work, sorted(recs | {link.rec for link in later}), [event.child, event.other], author.at)


def _by_machine(link: Link) -> bool:
    return link.author == MACHINE and link.what == "linked"


def _between(work: Work, child: int, other: int) -> list[int]:
    """The open entries that ask about these two."""
    pair = {child, other}
    found = {entry.number: entry for one in pair for entry in work.reviews(child=one)}
    recs = {record.rec for one in pair for record in work.records_of([one]).get(one, ())}
    found |= {entry.number: entry for rec in recs for entry in work.reviews(rec=rec)}
    return sorted(number for number, entry in found.items() if set(sides_of(work, entry)) == pair)


def _open_again(work: Work, state: str) -> None:
    work.reopen([entry.number for entry in work.reviews(state=state)])
