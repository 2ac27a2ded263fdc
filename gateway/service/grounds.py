"""Whether what the machine linked still has grounds, given what the other records of its child say.

A record may have joined a child by what a record said that was taken back since, deleted, or told otherwise.
Nothing is unlinked for that: a person is asked. From then on the entry is open as long as nothing that is
left says that it is one child, and withdrawn while something does, whoever brought that about.
"""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from functools import partial
from typing import NamedTuple

from gateway.identity.grade import Known, Matcher
from gateway.identity.grounds import Member, parts
from gateway.identity.match import CERTAIN, DISAGREES, GONE, RULES, groundless
from gateway.identity.person import Person
from gateway.service.doubts import RENEWED, evidence
from gateway.service.events import MERGED
from gateway.service.persons import Persons
from gateway.store.base import Link, Record, Review, Work

_BY_ITSELF = frozenset({CERTAIN, *(f"same-{rule}" for rule in RULES)})
_OPEN, _WITHDRAWN, _SAME = "open", "withdrawn", "same"
#: The reasons of entries that ask whether a record is of the child that it is linked to.
_OF_ONE = (DISAGREES, RENEWED)
_BATCH = 200

Which = Callable[[int, Link], bool]
"""Whether a person may be asked about a record, by its number and the event that linked it."""


def _any(_: int, __: Link) -> bool:
    return True


def _after(number: int, _: int, event: Link) -> bool:
    return event.number > number


def _and_not_in(which: Which, recs: Collection[int], rec: int, event: Link) -> bool:
    return rec not in recs and which(rec, event)


class _Part(NamedTuple):
    """The records of a child, with what they say: those that it stands on, and others, group by group."""

    stands: list[Known]
    lost: list[list[Known]]
    events: Mapping[int, Link]
    entries: Sequence[Review]

    @property
    def recs(self) -> set[int]:
        """The records without grounds."""
        return {known.record for group in self.lost for known in group}

    def waiting(self) -> set[int]:
        """The records without grounds to ask about.

        Where it is asked whether one of theirs, or one that the child stands on, is of it, that comes first.
        """
        waits = {each.rec for each in self.entries if each.state == _OPEN and each.reason in _OF_ONE}
        if waits & _recs(self.stands):
            return set()
        return {known.record for group in self.lost if not waits & _recs(group) for known in group}

    def unasked(self, which: Which) -> Iterable[Known]:
        """The record to ask about of each group without grounds that nobody was asked about.

        Args:
            which: the links that are looked at.
        """
        known = {each.rec for each in self.entries if _is_live(each)}
        for group in self.lost:
            first = next((one for one in group if which(one.record, self.events[one.record])), None)
            if first is not None and not known & _recs(group):
                yield first


class Grounds:
    """Finds links without grounds, and asks; made once.

    Args:
        machine: the author of what no person did.
    """

    def __init__(self, persons: Persons, matcher: Matcher, machine: str) -> None:
        self._persons = persons
        self._matcher = matcher
        self._machine = machine

    def lost(self, work: Work, child: int) -> set[int]:
        """The records of a child that nothing but their link says to be of it."""
        return {rec for part in self._parts(work, [child]) for rec in part.recs}

    def with_it(self, work: Work, child: int, rec: int) -> list[int]:
        """The records that have no grounds in a child either, and some in what a record without says."""
        groups = [_recs(group) for part in self._parts(work, [child]) for group in part.lost]
        return sorted(other for group in groups if rec in group for other in group - {rec})

    def look(self, work: Work, children: Iterable[int], load: int | None = None) -> None:
        """Open and withdraw the entries that were ever made about children's records, as these are now."""
        entries = work.reviews_of(sorted(set(children)))
        asked = [child for child, every in entries.items() if any(map(_is_live, every))]
        for part in self._parts(work, asked) if asked else ():
            waiting, every = part.waiting(), [each for each in part.entries if _is_live(each)]
            open_ = [each.number for each in every if each.rec in waiting and each.state == _WITHDRAWN]
            over = [each.number for each in every if each.rec not in waiting and each.state == _OPEN]
            work.reopen(open_)
            work.close_reviews(over, _WITHDRAWN, load)

    def ask(
        self,
        work: Work,
        children: Iterable[int],
        at: int,
        load: int | None = None,
        *,
        which: Which = _any,
        instead: Mapping[int, Person] | None = None,
    ) -> int:
        """Ask a person about links without grounds that nobody was asked about; how many entries that makes.

        Args:
            load: the load that took the grounds away, if one did; else the entry goes with the load that
                made the link.
            which: the links that are looked at.
            instead: what records said before; then only what had grounds by that.
        """
        had_none = {
            rec
            for part in (self._parts(work, children, instead=instead) if instead else ())
            for rec in part.recs
        }
        wanted = partial(_and_not_in, which, had_none)
        entries = [
            self._entry(part, one, at, load)
            for part in self._parts(work, children, which)
            for one in part.unasked(wanted)
        ]
        work.review(entries)
        return sum(entry.state == _OPEN for entry in entries)

    def after_told(
        self,
        work: Work,
        touched: Iterable[int],
        moved: Iterable[int],
        fell: Mapping[int, Person],
        at: int,
        load: int | None,
    ) -> int:
        """Look at children of which something was told; how many new entries that makes.

        Args:
            moved: the children that a record left because its feed said so.
            fell: what records said before that do not say it now.
        """
        self.look(work, touched, load)
        children = {record.child for record in work.records(list(fell)).values() if record.child is not None}
        return self.ask(work, moved, at, load) + self.ask(work, children, at, load, instead=fell)

    def came(self, work: Work, records: Iterable[Record]) -> dict[int, int]:
        """The number of the event that linked the first of some records to each child."""
        children = {record.rec: record.child for record in records if record.child is not None}
        found: dict[int, int] = {}
        for rec, event in self._events(work, list(children)).items():
            found[children[rec]] = min(event.number, found.get(children[rec], event.number))
        return found

    def after_leaving(self, work: Work, touched: Iterable[int], left: Mapping[int, int], at: int) -> None:
        """Look at children, and ask about what was linked to them after records that have left.

        Args:
            left: see `came`.
        """
        self.look(work, touched)
        for child, number in left.items():
            self.ask(work, [child], at, which=partial(_after, number))

    def after_undo(
        self, work: Work, load: int, children: Iterable[int], again: Collection[int], at: int
    ) -> int:
        """Ask about what was linked since a load began that was taken back; how many entries that makes.

        Args:
            again: records about which the load itself had somebody asked.
        """
        records = work.records(sorted(again)).values()
        every = {*children, *(record.child for record in records if record.child is not None)}
        known: dict[int, bool] = {}
        begun = self._begun(work, load)

        def since(rec: int, event: Link) -> bool:
            if rec in again or event.at >= begun:
                return True
            # one that began before may have gone on beside it
            if event.load is not None and event.load not in known:
                other = work.load(event.load)
                known[event.load] = other is None or other.finished is None or other.finished >= begun
            return event.load is not None and known[event.load]

        self.look(work, every - set(children))
        return self.ask(work, every, at, which=since)

    @staticmethod
    def _begun(work: Work, load: int) -> int:
        found = work.load(load)
        return found.start.at if found else 0

    def _entry(self, part: _Part, one: Known, at: int, load: int | None) -> Review:
        doubt = groundless(one.person, part.stands, self._matcher)
        of = part.events[one.record].load if load is None else load
        state = _OPEN if one.record in part.waiting() else _WITHDRAWN
        return Review(one.record, GONE, doubt.sentence, at, one.child, one.record, evidence(doubt), of, state)

    def _parts(
        self,
        work: Work,
        children: Iterable[int],
        which: Which | None = None,
        instead: Mapping[int, Person] | None = None,
    ) -> Iterator[_Part]:
        """What each child stands on, and what has no grounds.

        Args:
            which: only of children of more than one record with a link of that sort that the machine made.
            instead: what records say instead of what they say now.
        """
        numbers = sorted(set(children))
        for start in range(0, len(numbers), _BATCH):
            members = work.records_of(numbers[start : start + _BATCH])
            if which is not None:
                members = {child: records for child, records in members.items() if len(records) > 1}
            events = self._events(work, [record.rec for records in members.values() for record in records])
            if which is not None:
                members = {
                    child: records
                    for child, records in members.items()
                    if any(self._is_own(one) and which(one.rec, one) for one in _some(events, records))
                }
            said = self._persons.of(work, [record for records in members.values() for record in records])
            said |= {rec: person for rec, person in (instead or {}).items() if rec in said}
            entries = work.reviews_of(list(members))
            for child, records in members.items():
                came = {one.rec: one for one in _some(events, records) if one.rec in said}
                yield self._part(child, came, said, entries.get(child, ()))

    def _part(
        self, child: int, events: Mapping[int, Link], said: Mapping[int, Person], entries: Sequence[Review]
    ) -> _Part:
        same = {each.rec for each in entries if each.state == _SAME}
        members = [
            Member(Known(child, rec, said[rec]), event.child, rec in same or not self._is_own(event))
            for rec, event in sorted(events.items(), key=lambda pair: pair[1].number)
        ]
        stands, *lost = parts(members, self._matcher) or [[]]
        return _Part(stands, lost, events, entries)

    def _is_own(self, event: Link) -> bool:
        """Whether the machine made a link by itself, by a rule or by weights."""
        return event.author == self._machine and event.reason in _BY_ITSELF

    @staticmethod
    def _events(work: Work, recs: Sequence[int]) -> dict[int, Link]:
        """What linked each record to the child that it came with, if that one was merged into another."""
        found = {}
        for rec, links in work.links_of(recs).items():
            events = [link for link in links if link.stands and link.what == "linked"]
            own = [link for link in events if not link.reason.startswith(f"{MERGED}-")]
            if events:
                found[rec] = (own or events)[-1]
        return found


def _some(events: Mapping[int, Link], records: Iterable[Record]) -> list[Link]:
    return [events[record.rec] for record in records if record.rec in events]


def _is_live(entry: Review) -> bool:
    return entry.reason == GONE and entry.state in (_OPEN, _WITHDRAWN)


def _recs(group: Collection[Known]) -> set[int]:
    return {known.record for known in group}


def fell(was: Person, who: Person) -> bool:
    """Whether others may have been linked to a record by what it said before and does not say now.

    Who moves or takes another surname is the same child; so is who has another number and tells the old one.
    """
    gone = (
        was.nhs - who.nhs - who.nhs_former,
        was.upns - who.upns - who.upns_former,
        was.la_ids - who.la_ids,
        was.birth_dates - who.birth_dates,
        was.givens - who.givens,
    )
    return any(gone)
