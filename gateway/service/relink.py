"""The whole store looked at anew: what `fhirgate link` does, batch by batch, while everything goes on."""

from collections.abc import Callable
from dataclasses import dataclass

from gateway.service.clock import now
from gateway.service.link import Linked, Linker
from gateway.store.base import Store

NOTE = "linking"
"""The note that holds the last record a run got to; empty when it is done."""
_BATCH = 200

Progress = Callable[[int, int], None]
"""Told how many records are done, of how many."""


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
    after = int(store.notes().get(NOTE) or 0)
    every = store.counts()["records"]
    outcome, done = Linked(), 0
    while recs := store.recs_after(after, _BATCH):
        with store.write() as work:
            found = linker.again(work, recs, now())
            after = recs[-1]
            work.note({NOTE: str(after)})
        done += len(recs)
        outcome.known += found.known
        outcome.new += found.new
        outcome.to_review += found.to_review
        tell(min(done, every), every)
    with store.write() as work:
        work.note({NOTE: ""})
    return Relinked(done, outcome.known, outcome.new, outcome.to_review)
