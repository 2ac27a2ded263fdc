"""Records become children: keys, candidates, the decision, its events, and the composed Patient."""

import base64
import secrets
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, Protocol

from gateway.identity import cci
from gateway.identity.compare import compare
from gateway.identity.grade import Known, Match, Matcher
from gateway.identity.keys import asked_keys, kept_keys
from gateway.identity.match import Decision, Reason, decide, decide_ended, recheck
from gateway.identity.match import Review as Doubt
from gateway.identity.model import Model
from gateway.identity.person import Person, person
from gateway.identity.renewal import Renewal, renewal
from gateway.problems import Kind
from gateway.problems.service import NEW_IDENTITY, OTHER_PERSON
from gateway.service import duplicates, former, grounds, moves
from gateway.service.composer import Composer, Official
from gateway.service.doubts import Says, about_others, changed, evidence, renewed, sides_of, withdraw
from gateway.service.events import Author, distinct_from
from gateway.service.feed import Feed
from gateway.service.keys import Keys
from gateway.service.parted import parted_from, said_before, unanswered
from gateway.service.persons import Persons
from gateway.service.seals import ANNOUNCED, announces, shut
from gateway.store.base import Link, Reads, Record, Review, Work

MACHINE = "fhirgate"
#: A key under which there are more records says nothing.
CAP = 400
PERSON = "person"

Resource = dict[str, Any]


@dataclass(slots=True)
class Linked:
    """What linking some records came to: records of children known before, of new ones, and doubts."""

    known: int = 0
    new: int = 0
    to_review: int = 0


class Around(Protocol):
    """What is known beforehand where a whole store is linked at once."""

    def near(self, rec: int) -> Collection[int]:
        """The records that share a key with this one."""

    def person(self, rec: int) -> Person | None:
        """What a record says; None for one that was not looked at."""


class Linker:
    """Decides, within a unit of work, which child each record is about, and composes the children."""

    def __init__(
        self, keys: Keys, base_uri: str, feeds: Mapping[str, Feed], official: Official, model: Model
    ) -> None:
        self._secret = keys.key("person")
        self._base = base_uri
        self._feeds = feeds
        self._composer = Composer(keys, base_uri, feeds, official)
        self._persons = Persons(feeds, base_uri)
        self._matcher = Matcher.of(model)
        self.grounds = grounds.Grounds(self._persons, self._matcher, MACHINE)

    def unlike(self, before: Resource, told: Resource) -> Kind | None:
        """Why what a feed tells under a key is not of the person it told of before, if it is not.

        A name or a birth date can be corrected; who has neither first name nor birth date in common with the
        record's Patient is somebody else, and must not come into the first one's history. Nor must a new
        identity come into the old one's.
        """
        found = compare(person(before, self._base), person(told, self._base))
        if {"birth-date", "given"} <= set(found.contradicts):
            return OTHER_PERSON
        dropped = renewal(before, told) is Renewal.DROPPED
        return NEW_IDENTITY if dropped and not announces(told, self._base) else None

    def link(
        self,
        work: Work,
        feed: Feed,
        patients: Mapping[str, Resource],
        at: int,
        load: int | None = None,
        before: Mapping[str, Resource] | None = None,
    ) -> Linked:
        """Link the records whose Patients were written, one after the other, and compose their children.

        Args:
            patients: the written Patient by its local id.
            before: what stood there before, by the same id, where something did.
        """
        outcome = Linked()
        touched: set[int] = set()
        recs = work.recs(feed.name, list(patients))
        shut = {rec for rec, record in work.records(list(recs.values())).items() if record.sealed is not None}
        persons: dict[int, Person] = {}
        fell: dict[int, Person] = {}
        ended = [recs[local] for local, patient in patients.items() if announces(patient, self._base)]
        for local, patient in patients.items():
            if recs[local] in shut:
                # it tells of a life that has ended: its feed reads it, nobody else
                continue
            who = persons[recs[local]] = person(patient, self._base, verified=feed.verified)
            was = person(before[local], self._base) if before and local in before else None
            if was is not None and grounds.fell(was, who):
                fell[recs[local]] = was
            renews = was is not None and renewal((before or {})[local], patient) is Renewal.KEPT
            says = Says(recs[local] in ended, renews)
            touched.add(self._link_one(work, recs[local], who, was, at, load, outcome, persons, says=says))
            work.keys({recs[local]: kept_keys(who, self._secret)})
        # first of all: a life that ended goes nowhere, whatever else is said of it
        touched |= self._shut(work, ended, at, load)
        resolved = duplicates.resolve(
            work, feed.name, patients, partial(self.persons, work), MACHINE, at, load
        )
        outcome.to_review += resolved.to_review
        touched |= resolved.touched
        outcome.to_review += self.grounds.after_told(work, touched, resolved.touched, fell, at, load)
        self.compose(work, touched)
        return outcome

    def beside(self, work: Work, recs: Iterable[int]) -> set[int]:
        """The children of which a record tells a number that one of these records tells."""
        return former.beside(work, self._feeds, recs)

    def _shut(self, work: Work, recs: Sequence[int], at: int, load: int | None) -> set[int]:
        """Seal the children of records that say their life has ended; whose Patients go."""
        gone = set[int]()
        for rec in recs:
            child = work.records([rec])[rec].child
            if child is not None:
                near = self.beside(work, [record.rec for record in work.records_of([child])[child]])
                gone |= near | shut(work, child, Author(MACHINE, ANNOUNCED, at), load)[1]
        return gone

    def _link_one(
        self,
        work: Work,
        rec: int,
        who: Person,
        was: Person | None,
        at: int,
        load: int | None,
        outcome: Linked,
        persons: dict[int, Person],
        around: Around | None = None,
        says: Says | None = None,
    ) -> int:
        known = self._known(work, who, rec, persons, around)
        own = work.records([rec])[rec].child
        if own is not None:
            outcome.known += 1
            doubts = self._worth(work, own, recheck(who, own, known, self._matcher))
            if says and says.renews and was is not None:
                doubts = (renewed(who, was, own, rec), *(one for one in doubts if one.child != own))
            elif all(one.child != own for one in known):
                doubts = (*changed(who, was, own, rec), *doubts)
            news = about_others(doubts, own, known, was)
            withdraw(work, rec, {doubt.child for doubt in doubts}, news, load)
            asked = unanswered(work, own, doubts, known, was, MACHINE)
            outcome.to_review += self._doubt(work, rec, own, asked, at, load)
            return own
        told, apart = said_before(work, rec, MACHINE)
        free = [one for one in known if one.child not in apart]
        decision = None if told else self._decide(work, who, free, says)
        child = decision.child if decision else told.child if told else None
        if child is None:
            child = self._found(work, rec, load)
            outcome.new += 1
        else:
            outcome.known += 1
        reason = decision.reason if decision else Reason(told.reason, told.sentence) if told else None
        assert reason is not None
        work.link([Link(rec, child, "linked", reason.code, reason.sentence, MACHINE, at, load)])
        doubts = decision.reviews if decision and not apart else recheck(who, child, known, self._matcher)
        outcome.to_review += self._doubt(work, rec, child, self._worth(work, child, doubts), at, load)
        return child

    def _decide(self, work: Work, who: Person, known: Sequence[Known], says: Says | None) -> Decision:
        if says and says.ends:
            return decide_ended(who, known)
        return decide(who, known, self._matcher, partial(parted_from, work, machine=MACHINE))

    @staticmethod
    def _worth(work: Work, own: int, doubts: Iterable[Doubt]) -> tuple[Doubt, ...]:
        """Doubts but those about children that somebody told apart from this one."""
        every = tuple(doubts)
        apart = distinct_from(work, own) if every else set[int]()
        return tuple(doubt for doubt in every if doubt.child not in apart)

    def _known(
        self, work: Work, who: Person, rec: int, persons: dict[int, Person], around: Around | None = None
    ) -> list[Known]:
        """Every record of each child that shares a key with `who`, but for the record itself.

        Args:
            persons: what records say, as far as it was looked at in this unit of work; grows.
        """
        recs = sorted({rec, *around.near(rec)}) if around else self._recs_near(work, who)
        members = [record for record in work.fellows(recs) if record.rec != rec]
        if around:
            told = {one.rec: around.person(one.rec) for one in members if one.rec not in persons}
            persons |= {other: said for other, said in told.items() if said is not None}
        feed = work.records([rec])[rec].feed
        persons |= self.persons(work, [record for record in members if record.rec not in persons])
        own = [record.rec for record in members if record.feed == feed]
        # one system tells of a child once; a school's two, its roll and its timetable, once each
        by = work.told_by([rec, *own]) if own else {}
        alike = {other for other in own if by.get(other) == by.get(rec)}
        return [
            Known(record.child, record.rec, persons[record.rec], own_feed=record.rec in alike)
            for record in members
            if record.child is not None and record.rec in persons
        ]

    def near(self, store: Reads, who: Person) -> list[Known]:
        """Every record of each child that shares a key with a person."""
        members = store.fellows(self._recs_near(store, who))
        persons = self.persons(store, members)
        return [
            Known(record.child, record.rec, persons[record.rec])
            for record in members
            if record.child is not None and record.rec in persons
        ]

    def matches(self, store: Reads, who: Person, known: Sequence[Known]) -> list[Match]:
        """How the children of some records stand to a person, the likeliest first."""
        return (
            list(self._matcher.matches(who, known, apart=partial(parted_from, store, machine=MACHINE)))
            if known
            else []
        )

    def _recs_near(self, store: Reads, who: Person) -> list[int]:
        """The records that share a key with a person."""
        found = store.candidates(asked_keys(who, self._secret), CAP).found
        return sorted({rec for recs in found.values() for rec in recs})

    def persons(self, work: Reads, records: Sequence[Record]) -> dict[int, Person]:
        """What each record with a Patient says that can be compared."""
        return self._persons.of(work, records)

    def _found(self, work: Work, rec: int, load: int | None) -> int:
        """A child for this record: the one that was made for it before if nobody else came to be in it."""
        before = work.child_founded_by(rec)
        if before is not None and before.state == "active" and not work.records_of([before.number]):
            return before.number
        return self.new_child(work, rec, load)

    def new_child(self, work: Work, rec: int, load: int | None = None) -> int:
        """A child that nobody is linked to yet, with a CCI of its own."""
        number = cci.mint(secrets.randbelow, lambda made: work.child(cci=made, sealed=True) is not None)
        return work.found(_opaque_id(), number, rec, load)

    def _doubt(
        self, work: Work, rec: int, own: int, doubts: Iterable[Doubt], at: int, load: int | None
    ) -> int:
        """Enter what a person must look at; a pair of children has one open entry at most."""
        open_pairs = self._open_pairs(work, own)
        entries = [
            Review(
                rec=rec,
                reason=doubt.code,
                sentence=doubt.sentence,
                at=at,
                child=doubt.child,
                other=doubt.record,
                evidence=evidence(doubt),
                load=load,
            )
            for doubt in doubts
            if doubt.child not in open_pairs
        ]
        return work.review(entries)

    def _open_pairs(self, work: Work, own: int) -> set[int]:
        """The children that an open entry names together with `own`."""
        recs = {record.rec for record in work.records_of([own]).get(own, ())}
        entries = {entry.number: entry for rec in recs for entry in work.reviews(rec=rec)}
        sides = {side for entry in entries.values() for side in sides_of(work, entry)}
        return {child for child in sides if child is not None and child != own}

    def move(self, work: Work, rec: int, child: int | None, reason: Reason, author: str, at: int) -> int:
        """A person links a record to another child, or (None) to one of its own; the number of that child."""
        before = work.records([rec])[rec].child
        had_none = self.grounds.lost(work, before) if before is not None else set()
        words = moves.Words(reason.code, reason.sentence, author, at)
        leaves = child is None
        if child is None:
            # it must have left before it is known whether its own child is free for it
            work.link(moves.moved(rec, before, None, words))
            child = self._found(work, rec, None)
        work.link(moves.moved(rec, None if leaves else before, child, words))
        touched = {child} | ({before} if before is not None else set())
        self.grounds.look(work, touched)
        self.grounds.ask(work, touched - {child}, at, which=lambda rec, _: rec not in had_none)
        self.compose(work, touched)
        return child

    def resettle(self, work: Work, recs: Sequence[int], children: Iterable[int], at: int) -> None:
        """Patients went away, or older ones came back: keys, links and composed Patients as they are now.

        A record is linked as long as it has a Patient: one that lost it leaves its child, and one whose link
        was taken back with an earlier load, while a later one still tells of it, is linked anew.
        """
        moves.follow(work, work.records(recs).values(), at)
        records = {rec: record for rec, record in work.records(recs).items() if record.sealed is None}
        recs = list(records)
        persons = self.persons(work, list(records.values()))
        empty: frozenset[bytes] = frozenset()
        work.keys({rec: kept_keys(persons[rec], self._secret) if rec in persons else empty for rec in recs})
        touched = {record.child for record in records.values() if record.child is not None} | set(children)
        left = self.grounds.came(work, [record for rec, record in records.items() if rec not in persons])
        for rec, record in records.items():
            if rec in persons and record.child is None:
                load = self._load_of(work, record)
                touched.add(self._link_one(work, rec, persons[rec], None, at, load, Linked(), persons))
            elif rec not in persons:
                moves.leave(work, record, MACHINE, at)
        self.look_again(work, [entry for rec in records for entry in work.reviews(rec=rec)], at)
        self.grounds.after_leaving(work, touched, left, at)
        self.compose(work, touched)

    def again(self, work: Work, recs: Sequence[int], at: int, around: Around | None = None) -> Linked:
        """Look anew at records as this version does: keys, links where there are none, entries, Patients.

        Args:
            around: what is known beforehand of the whole store; then Patients are left for later.
        """
        outcome = Linked()
        records = [record for record in work.records(recs).values() if record.sealed is None]
        persons = self.persons(work, records)
        work.keys({rec: kept_keys(who, self._secret) for rec, who in persons.items()})
        touched = set[int]()
        for record in records:
            if record.rec in persons:
                load, who = self._load_of(work, record), persons[record.rec]
                touched.add(self._link_one(work, record.rec, who, None, at, load, outcome, persons, around))
        self.grounds.look(work, touched)
        if around is None:
            self.compose(work, touched)
        return outcome

    def keyed(self, who: Person) -> tuple[frozenset[bytes], frozenset[bytes]]:
        """The keys that a person is kept under, and those to look under for others like it."""
        return kept_keys(who, self._secret), asked_keys(who, self._secret)

    @staticmethod
    def _load_of(work: Work, record: Record) -> int | None:
        """The load that told the record's Patient as it stands: its undoing must take the link along."""
        key = ("Patient", record.local)
        return work.held(record.feed, [key])[key].load

    def look_again(self, work: Work, entries: Sequence[Review], at: int) -> None:
        """Withdraw the entries of which a record is not there any more, and ask anew about the other one."""
        over = [entry for entry in entries if None in sides_of(work, entry)]
        work.close_reviews([entry.number for entry in over], "withdrawn")
        asked = set[int]()
        for entry in over:
            record = work.records([entry.rec])[entry.rec]
            who = self.persons(work, [record]).get(entry.rec)
            if who is not None and record.child is not None:
                known = self._known(work, who, entry.rec, {})
                doubts = recheck(who, record.child, known, self._matcher)
                doubts = tuple(unanswered(work, record.child, doubts, known, None, MACHINE))
                self._doubt(work, entry.rec, record.child, doubts, at, entry.load)
                asked.add(record.child)
        self.grounds.look(work, asked)

    def compose(self, work: Work, children: Iterable[int]) -> None:
        """Compose the Patient of each child from its records, or remove it where none has one."""
        self._composer.compose(work, children)


def _opaque_id() -> str:
    """A new Patient.id for `/fhir`: 26 characters that say nothing."""
    return base64.b32encode(secrets.token_bytes(16)).decode().rstrip("=").lower()
