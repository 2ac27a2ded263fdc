"""Link events that move a record from one child to another."""

from collections.abc import Iterable
from typing import NamedTuple

from gateway.service.events import MERGED, standing
from gateway.store.base import Link, Record, Work

GONE = ("no-patient", "The record has no Patient any more.")


class Words(NamedTuple):
    """What link events say of themselves: reason, sentence, author, time, and the load they belong to."""

    reason: str
    sentence: str
    author: str
    at: int
    load: int | None = None


def moved(rec: int, before: int | None, to: int | None, words: Words) -> list[Link]:
    """The events that link a record to another child: it leaves the one it has, if any, and joins `to`."""
    left = [Link(rec, before, "unlinked", *words)] if before is not None else []
    return [*left, Link(rec, to, "linked", *words)] if to is not None else left


def leave(work: Work, record: Record, author: str, at: int) -> None:
    """Unlink a record without a Patient."""
    work.link(moved(record.rec, record.child, None, Words(*GONE, author, at)))


def follow(work: Work, records: Iterable[Record], at: int) -> None:
    """Let records that were led back to a child which was merged since go where its records went.

    Under the name of that merge: when it is taken back they are with their own child again.
    """
    for record in records:
        child = record.child
        while child is not None and work.children([child])[child].state == "merged":
            event = next(one for one in reversed(standing(work, child, MERGED)) if one.child == child)
            words = Words(f"{MERGED}-{event.number}", event.reason, event.author, at, event.load)
            work.link(moved(record.rec, child, event.other, words))
            child = event.other
