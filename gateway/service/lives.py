"""What persons may do about children's lives, each in a unit of work of its own; see `life`."""

from collections.abc import Sequence
from dataclasses import dataclass

from gateway.service import decisions, duties, life
from gateway.service.clock import now
from gateway.service.events import Author
from gateway.service.link import Linker
from gateway.store.base import ASK, Child, LifeEvent, Row, Store


class _OnlyToSee(Exception):
    """Ends a unit of work that was only to show what would come of it."""

    def __init__(self, row: Row | None) -> None:
        super().__init__()
        self.row = row


@dataclass(frozen=True, slots=True)
class Lives:
    """Merges, splits, seals and twins; `author` is who decides (see `events.signed`), `reason` why.

    Attributes:
        by_name: another name is another person, whoever gives it: for a demonstration.
    """

    store: Store
    linker: Linker
    by_name: bool = False

    def merge(self, child: Child, into: Child, *, reason: str, author: str) -> bool:
        """Make one child of two; whether it is done, or waits for a second person.

        Raises:
            Refused: `life.itself`, `life.not-active`, `life.distinct`.
        """
        with self.store.write() as work:
            by = Author(author, reason, now(), self.by_name)
            return life.merge_by_two(work, self.linker, child.number, into.number, by)

    def merged(self, child: Child, into: Child) -> Row | None:
        """The Patient that a merge would make; nothing is changed.

        Raises:
            Refused: as `merge`.
        """
        try:
            with self.store.write() as work:
                life.merge(work, self.linker, child.number, into.number, Author("", "", now()))
                raise _OnlyToSee(work.read(ASK, "Patient", into.id))
        except _OnlyToSee as seen:
            return seen.row

    def unmerge(self, child: Child, *, reason: str, author: str) -> None:
        """Make two children of one again: the merged child has its records and its CCI back.

        Raises:
            Refused: `life.not-merged`, `life.into-gone`.
        """
        with self.store.write() as work:
            life.unmerge(work, self.linker, child.number, Author(author, reason, now()))

    def split(self, child: Child, records: Sequence[tuple[str, str]], *, reason: str, author: str) -> Child:
        """Give some records of a child another child of their own; that child.

        Args:
            records: feed and local id of each.

        Raises:
            Refused: `service.unknown-record`, `life.not-active`, `life.nothing-left`.
        """
        with self.store.write() as work:
            recs = [decisions.linked(work, feed, local).rec for feed, local in records]
            by = Author(author, reason, now())
            part = life.split(work, self.linker, child.number, recs, by)
            return work.children([part])[part]

    def unsplit(self, part: Child, *, reason: str, author: str) -> None:
        """Take a split back: the records that left are where they were.

        Raises:
            Refused: `life.not-merged`, `life.into-gone`.
        """
        with self.store.write() as work:
            life.unsplit(work, self.linker, part.number, Author(author, reason, now()))

    def tell_apart(self, child: Child, other: Child, *, reason: str, author: str) -> None:
        """Say once and for good that two are two: twins.

        Raises:
            Refused: `life.itself`, `life.not-active`, `life.known`.
        """
        with self.store.write() as work:
            life.tell_apart(work, child.number, other.number, Author(author, reason, now()))

    def not_apart(self, child: Child, other: Child) -> None:
        """Take it back that two were told apart.

        Raises:
            Refused: `life.not-merged`.
        """
        with self.store.write() as work:
            life.not_apart(work, child.number, other.number)

    def seal(self, child: Child, *, reason: str, author: str) -> int:
        """End a life that nobody may find again; the number of the seal.

        Raises:
            Refused: `life.not-active`.
        """
        with self.store.write() as work:
            return life.seal(work, self.linker, child.number, Author(author, reason, now()))

    def unseal(self, number: int, *, reason: str, author: str) -> Child | None:
        """Lift a seal as soon as two persons have said so; the child, or None while it waits for the second.

        Raises:
            Refused: `life.not-sealed`.
        """
        with self.store.write() as work:
            by = Author(author, reason, now(), self.by_name)
            found = life.unseal_by_two(work, self.linker, number, by)
            return work.children([found])[found] if found is not None else None

    def confirm(self, number: int, *, reason: str, author: str) -> int:
        """Say that a seal is right; how many persons have said so now.

        Raises:
            Refused: `life.not-sealed`, `life.known` for the same person again.
        """
        with self.store.write() as work:
            return life.confirm(work, number, Author(author, reason, now(), self.by_name))

    def withhold(self, child: Child, *, reason: str, author: str) -> None:
        """Leave the official identifier out of the child's Patient.

        Raises:
            Refused: `life.known`.
        """
        with self.store.write() as work:
            duties.withhold(work, self.linker, child.number, Author(author, reason, now()))

    def give(self, child: Child, *, reason: str, author: str) -> None:
        """Include the official identifier again.

        Raises:
            Refused: `life.not-merged`.
        """
        with self.store.write() as work:
            duties.give(work, self.linker, child.number, Author(author, reason, now()))

    def write_down(self, child: Child, what: str, *, reason: str, author: str) -> int:
        """Write down what was decided about sharing, one of `duties.DECISIONS`; its number."""
        with self.store.write() as work:
            return duties.write_down(work, child.number, what, Author(author, reason, now()))

    def written_down(self, child: Child) -> list[LifeEvent]:
        """What was decided about sharing what is known of a child, oldest first."""
        return duties.written_down(self.store, child.number)

    def seals(self) -> list[tuple[LifeEvent, int]]:
        """The seals that stand, oldest first, and how many persons have confirmed each."""
        return life.seals(self.store, self.by_name)
