"""The whole store looked at anew: what `fhirgate link` does, batch by batch, while everything goes on."""

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from typing import Protocol

from gateway.identity.person import Person
from gateway.service.clock import now
from gateway.service.link import Around, Linked, Linker
from gateway.store.base import Store, Work

NOTE = "linking"
"""The note that holds the last record a run got to; empty when it is done."""
COMPOSED = "linking-composed"
"""The same of the composing that comes last where all are linked at once."""
_BATCH = 200

Progress = Callable[[int, int], None]
"""Told how many records are done, of how many."""

Steps = Callable[[str, int, int], None]
"""Told the same of each step, by its name."""


class Everyone(Around, Protocol):
    """All records of a store: first added, then asked about."""

    def add(self, rec: int, who: Person, kept: Collection[bytes], asked: Collection[bytes]) -> None:
        """Add a record, the keys it is kept under, and those to look under for others like it."""

    def find(self) -> None:
        """Find who is near whom, once all are added."""

    def turn_to(self, recs: Sequence[int]) -> None:
        """Get ready to be asked about these records, which follow one another."""


@dataclass(frozen=True, slots=True)
class Relinked:
    """What a run came to: `records` it went through; of them in children known before, and in new ones."""

    records: int
    known: int
    new: int
    to_review: int


def relink(store: Store, linker: Linker, tell: Progress) -> Relinked:
    """Link every record that is not linked, and make keys, entries and Patients of the others anew.

    A link that stands is kept; where this version doubts it, a person is asked. A run that was stopped goes
    on where it was.
    """
    return _link(store, linker, tell)


def relink_at_once(store: Store, linker: Linker, everyone: Everyone, tell: Steps) -> Relinked:
    """Do the same as `relink`, faster: who is near whom is found once, and a child is composed once.

    A record that somebody writes meanwhile is linked as it is written, and not seen by this run.
    """
    _read(store, linker, everyone, tell)
    outcome = _link(store, linker, lambda done, every: tell("Linking", done, every), everyone)
    _compose(store, linker, tell)
    return outcome


def _link(store: Store, linker: Linker, tell: Progress, everyone: Everyone | None = None) -> Relinked:
    outcome = Linked()

    def again(work: Work, recs: Sequence[int]) -> None:
        if everyone is not None:
            everyone.turn_to(recs)
        found = linker.again(work, recs, now(), everyone)
        outcome.known += found.known
        outcome.new += found.new
        outcome.to_review += found.to_review

    done = _in_batches(store, NOTE, again, tell)
    return Relinked(done, outcome.known, outcome.new, outcome.to_review)


def _read(store: Store, linker: Linker, everyone: Everyone, tell: Steps) -> None:
    """Add all records with a Patient, but for those whose life was sealed."""
    after, done, every = 0, 0, store.counts()["records"]
    while recs := store.recs_after(after, _BATCH):
        records = [record for record in store.records(recs).values() if record.sealed is None]
        for rec, who in linker.persons(store, records).items():
            everyone.add(rec, who, *linker.keyed(who))
        after, done = recs[-1], done + len(recs)
        tell("Reading", min(done, every), every)
    everyone.find()


def _compose(store: Store, linker: Linker, tell: Steps) -> None:
    """Compose each child, as its first record comes."""

    def compose(work: Work, recs: Sequence[int]) -> None:
        children = {record.child for record in work.records(recs).values() if record.child is not None}
        members = work.records_of(sorted(children))
        linker.compose(work, [child for child, records in members.items() if records[0].rec in set(recs)])

    _in_batches(store, COMPOSED, compose, lambda done, every: tell("Composing", done, every))


def _in_batches(store: Store, note: str, each: Callable[[Work, Sequence[int]], None], tell: Progress) -> int:
    """Do something with all records, some in each unit of work; how many there were.

    Args:
        note: where it stands how far a run got, for the next one to go on.
    """
    after, done, every = int(store.notes().get(note) or 0), 0, store.counts()["records"]
    while recs := store.recs_after(after, _BATCH):
        with store.write() as work:
            each(work, recs)
            after = recs[-1]
            work.note({note: str(after)})
        done += len(recs)
        tell(min(done, every), every)
    with store.write() as work:
        work.note({note: ""})
    return done
