"""What every store can answer about records and children; the part of `base.Reads` that is about them."""

from collections.abc import Callable, Iterable, Sequence
from typing import Protocol

from gateway.store.values import Candidates, Child, LifeEvent, Link, Record, Review, Row


class Children(Protocol):
    """What a store can answer about records, the children they are linked to, and what waits for a person."""

    def records(self, recs: Sequence[int]) -> dict[int, Record]:
        """Records by number."""

    def record(self, feed: str, local: str) -> Record | None:
        """The record of a feed's Patient."""

    def linked(self, after: int, limit: int) -> list[tuple[Record, str]]:
        """The linked records whose number is above `after`, in order, each with its Patient's rule."""

    def recs_after(self, after: int, limit: int) -> list[int]:
        """The numbers of records above `after`, in order."""

    def patients(self, recs: Sequence[int]) -> dict[int, Row]:
        """The current Patient of each record that has one."""

    def patients_but(
        self, recs: Sequence[int], known: Callable[[int, bytes], bool]
    ) -> tuple[dict[int, bytes], dict[int, Row]]:
        """The hash of what the current Patient of each record says, and those that are not known by it.

        Args:
            known: whether it is known what a record says, by its number and hash.
        """

    def told_by(self, recs: Sequence[int]) -> dict[int, str]:
        """The mapping that the current Patient of each record came by; "" where it came over HTTP."""

    def fellows(self, recs: Sequence[int]) -> list[Record]:
        """Every record of each child that one of these is linked to, child by child."""

    def records_of(self, children: Sequence[int]) -> dict[int, tuple[Record, ...]]:
        """The records linked to each child, by record number; children without any are left out."""

    def children(self, numbers: Sequence[int]) -> dict[int, Child]:
        """Children by number."""

    def child(self, *, id: str = "", cci: str = "", sealed: bool = False) -> Child | None:
        """The child with this id or this CCI; one that is sealed only where `sealed` asks for it too."""

    def child_founded_by(self, rec: int) -> Child | None:
        """The child that was made for this record, also if it has no records now."""

    def links(self, *, rec: int | None = None, child: int | None = None) -> list[Link]:
        """Link events of a record or a child, oldest first, with those taken back (`stands` False)."""

    def links_of(self, recs: Sequence[int]) -> dict[int, tuple[Link, ...]]:
        """Link events of each record, oldest first, with those taken back."""

    def life(self, *, child: int | None = None, number: int | None = None, what: str = "") -> list[LifeEvent]:
        """What became of a child (or one event, or all of a kind), oldest first, with what was taken back."""

    def merges(self, children: Sequence[int]) -> dict[int, tuple[LifeEvent, ...]]:
        """The merges that stand, of each child into another one or of others into it."""

    def withheld(self, children: Sequence[int]) -> set[int]:
        """Those of the children whose official identifier was decided to be left out."""

    def sealed_records(self, children: Sequence[int]) -> dict[int, tuple[Record, ...]]:
        """The records that told of each child when it was sealed."""

    def reviews(
        self,
        *,
        state: str = "open",
        rec: int | None = None,
        child: int | None = None,
        number: int | None = None,
        load: int | None = None,
    ) -> list[Review]:
        """Review entries in a state ("" for any but those about sealed children), oldest first.

        Args:
            load: the load that made them.
        """

    def reviews_of(self, children: Sequence[int]) -> dict[int, tuple[Review, ...]]:
        """Review entries in any state about the records of each child, oldest first; some have none."""

    def reviews_before(self, number: int, limit: int, *, state: str = "") -> list[Review]:
        """Review entries with lower numbers, newest first, but those about sealed children.

        Args:
            state: one of them, "decided" for what persons decided, "" for any.
        """

    def candidates(self, keys: Iterable[bytes], cap: int) -> Candidates:
        """Records that share a person key with what is asked."""
