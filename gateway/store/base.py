"""What every store can do, whatever database is behind it: one small Protocol and its values.

    Store   an open database: reads, and `write()` for a unit of work
    Work    a unit of work: reads that see its own writes, and the writes; all or nothing
    Reads   what both can answer

The store knows bytes, the typed values of `gateway.fhir.query`, and who told what when. It does not know
FHIR. Its values are in `values`, and can be had from here.
Times are integer milliseconds since 1970-01-01T00:00Z. A base is `ASK` (`/fhir`) or the name of a feed.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from typing import Protocol

from gateway.fhir.query import Query
from gateway.store.children import Children
from gateway.store.reindexing import Renewing
from gateway.store.shown import Shown
from gateway.store.values import (
    ALWAYS,
    ASK,
    Aside,
    Candidates,
    Child,
    Composed,
    Delete,
    Era,
    Held,
    Key,
    LifeEvent,
    Link,
    Load,
    LoadStart,
    Mark,
    Page,
    Past,
    Put,
    Record,
    Review,
    Row,
    Undone,
    Version,
)
from gateway.store.walks import Walking
from gateway.store.whole import Wanted

__all__ = [
    "ALWAYS",
    "ASK",
    "Aside",
    "Candidates",
    "Child",
    "Composed",
    "Delete",
    "Era",
    "Held",
    "Key",
    "LifeEvent",
    "Link",
    "Load",
    "LoadStart",
    "Mark",
    "Page",
    "Past",
    "Put",
    "Reads",
    "Record",
    "Review",
    "Row",
    "Store",
    "Undone",
    "Version",
    "Walking",
    "Wanted",
    "Work",
]


class Reads(Children, Protocol):
    """What a store can answer."""

    def read(self, base: str, type: str, id: str) -> Row | None:
        """The resource as it stands (`Row.deleted` for a tombstone), or None if the base never showed it."""

    def told(self, feed: str, keys: Sequence[tuple[str, str]]) -> dict[tuple[str, str], Row]:
        """The resources of a feed that stand under these types and ids, tombstones too."""

    def vread(self, base: str, type: str, id: str, version: str) -> Version | None:
        """One version that stands."""

    def history(
        self,
        base: str,
        types: Sequence[str],
        id: str = "",
        *,
        era: Era = ALWAYS,
        limit: int,
        after: Key | None = None,
        total: bool = True,
    ) -> Past | None:
        """Versions that stand, in the order they were made; None if the base never showed the resource.

        Args:
            types: of the one resource with that id; without an id, of everything on a feed's base.
            limit: at most so many; 0 for the total only.
            after: the key of the last version of the page before.
        """

    def held(self, feed: str, keys: Sequence[tuple[str, str]]) -> dict[tuple[str, str], Held]:
        """What is kept under these (type, local id); keys that were never used are left out."""

    def search(
        self,
        base: str,
        query: Query,
        *,
        limit: int,
        after: Key | None = None,
        total: bool = True,
        hidden_systems: frozenset[str] = frozenset(),
        marked: bool = False,
    ) -> Page:
        """The rows that match, in the query's order, from the first behind `after`.

        Args:
            limit: at most so many rows; 0 for the total only.
            hidden_systems: identifier systems the caller must not search by: their index rows match nothing.
                One that ends in "/" stands for every system that begins so.
            marked: whether a page with more behind it has its `Page.mark`, for `walked`.

        Raises:
            Refused: `store.cannot-search` for a criterion of a kind or modifier no index can answer.
        """

    def about(
        self,
        child: str,
        type: str,
        param: str,
        *,
        limit: int,
        after: Key | None = None,
        total: bool = True,
        marked: bool = False,
    ) -> Page:
        """The fast form of `type?param=Patient/<child>` on `ASK` in the default order."""

    def walked(
        self,
        base: str,
        query: Query,
        walking: Walking,
        *,
        limit: int,
        after: Key | None = None,
        total: bool = True,
        hidden_systems: frozenset[str] = frozenset(),
        about: tuple[str, str] | None = None,
    ) -> Page:
        """A later page of a search whose order others may change: what was there at its start comes once.

        Args:
            walking: when the walk began, and what it has shown.
            about: the child and the parameter, where the question is one for `about`.

        Raises:
            Refused: as `search`.
        """

    def whole(
        self, base: str, id: str, wanted: Wanted, *, limit: int, after: int = 0, total: bool = True
    ) -> Page:
        """Everything told about a child, or by a feed about one Patient, or about all of them (`id` is "").

        It comes record by record, and in each as it was first told. On `ASK` no Patient is among it.

        Args:
            id: of the Patient on this base.
            after: the rid of the row that the last page ended with (`Row.key`).
        """

    def search_several(
        self,
        base: str,
        queries: Sequence[Query],
        *,
        limit: int,
        after: Key | None = None,
        total: bool = True,
        hidden_systems: frozenset[str] = frozenset(),
        marked: bool = False,
    ) -> Page:
        """The rows of several types that match, each type by its own query, in one order that all share.

        Raises:
            Refused: as `search`.
        """

    def led_to(
        self,
        base: str,
        rows: Sequence[Row],
        params: Collection[str] | None,
        target: str = "",
        *,
        limit: int,
    ) -> list[Row]:
        """What rows of one type refer to, as far as the base shows it; on `ASK` only within each child.

        Args:
            rows: of one type.
            params: the parameters that are followed; None for all.
            target: the type they lead to; "" for any.
            limit: at most so many.
        """

    def leading_to(
        self,
        base: str,
        rows: Sequence[Row],
        types: Collection[str] | None,
        params: Collection[str] | None,
        *,
        limit: int,
    ) -> list[Row]:
        """What refers to rows of one type, as far as the base shows it; on `ASK` only within each child.

        Args:
            rows: of one type.
            types: of what refers; None for any.
            params: the parameters by which it does; None for all.
            limit: at most so many.
        """

    def loads(self) -> list[Load]:
        """All loads, oldest first."""

    def load(self, number: int) -> Load | None:
        """One load."""

    def asides(self, load: int) -> Iterator[Aside]:
        """The records a load set aside, in order."""

    def counts(self) -> dict[str, int]:
        """How many rows stand: `resources`, `versions`, `records`, `children`, `links`, `reviews`, `loads`;
        and of each index table.
        """

    def indexed(self) -> dict[str, str]:
        """In which form the index is, by url; "" for R4's own parameters: missing where it is the newest."""

    def notes(self) -> dict[str, str]:
        """What the gateway noted about itself with `Work.note`, by name."""

    def dump(self) -> Iterator[tuple[str, ...]]:
        """Everything that stands, in a fixed order, without numbers of the store's own.

        Two stores with equal dumps answer alike.

        The first item names the section: `resource`, `index`, `link`, `composed`, `state`, `seal`,
        `review`, `key`.
        """

    def snapshot(self) -> str:
        """A SHA-256 over `dump()`."""


class Work(Reads, Renewing, Protocol):
    """A unit of work: committed as a whole when its block ends, gone when the block raises."""

    def put(self, puts: Sequence[Put]) -> None:
        """Add versions; index rows and records follow.

        Raises:
            Refused: `store.version-taken` if a version is not the next one.
        """

    def delete(self, deletes: Sequence[Delete]) -> None:
        """Add tombstones.

        Raises:
            Refused: `store.version-taken`.
        """

    def recs(self, feed: str, locals: Sequence[str]) -> dict[str, int]:
        """The record number of each Patient of a feed, made where it is not there yet."""

    def found(self, id: str, cci: str, founder: int, load: int | None) -> int:
        """Make a child and return its number.

        Raises:
            Refused: `store.cci-used` if the id or the CCI was ever used.
        """

    def link(self, events: Sequence[Link]) -> None:
        """Append link events; the last one that stands says which child a record is linked to."""

    def take_back(self, links: Sequence[int]) -> None:
        """Link events, by number, no longer stand; of each record the last one that stands decides again."""

    def live(self, event: LifeEvent) -> int:
        """Append what became of a child, whose state follows; the number of the event."""

    def unlive(self, numbers: Sequence[int]) -> None:
        """Events of children's lives, by number, no longer stand; the states follow."""

    def seal(self, seals: Mapping[int, int | None]) -> None:
        """Say of which sealed child each record told; None lifts it."""

    def keep_seal(self, number: int, child: int) -> None:
        """Let a seal stand though the load that announced it is taken back."""

    def compose(self, composed: Mapping[int, Composed | None]) -> None:
        """Put each child's Patient, or remove it where None is given."""

    def keys(self, keys: Mapping[int, Iterable[bytes]]) -> None:
        """Replace the person keys of these records."""

    def review(self, entries: Sequence[Review]) -> int:
        """Append review entries, and return how many.

        One that is open already or was decided (same rec, child, other, reason) is left out.
        """

    def close_reviews(self, numbers: Sequence[int], state: str, load: int | None = None) -> None:
        """Withdraw, decide or seal review entries; a load that is undone opens again what it closed."""

    def reopen(self, numbers: Sequence[int]) -> None:
        """Open review entries again that were closed."""

    def set_aside(self, load: int, asides: Sequence[Aside]) -> None:
        """Keep records that could not be taken."""

    def note(self, notes: Mapping[str, str]) -> None:
        """Note something about the gateway itself; a note of the same name is replaced."""

    def count_load(self, load: int, counts: Mapping[str, int]) -> None:
        """Replace a load's counters."""

    def finish_load(self, load: int, at: int) -> None:
        """Say that a load is complete."""

    def undo(self, load: int, at: int) -> Undone:
        """Take a load back: its versions, links and reviews no longer stand.

        Raises:
            Refused: `store.load-unknown`, `store.load-undone`, `store.load-running`.
        """


class Store(Reads, Protocol):
    """An open database; `shown` keeps what the pages of walks showed, as long as it can."""

    shown: Shown

    def pulse(self) -> int | None:
        """A number that is another one once anybody has changed anything; None where that is dear to know.

        To be asked by one thread alone.
        """

    def write(self) -> AbstractContextManager[Work]:
        """A unit of work; waits for its turn.

        Raises:
            Refused: `store.locked`, `store.read-only`, `store.disk-full`, `store.disk`; nothing is kept then.
        """

    def start_load(self, start: LoadStart) -> Load:
        """Begin a load, or go on with the same one if its process ended before it did (`continued`).

        Raises:
            Refused: `store.load-running` if another process or thread is at the same load.
        """

    def leave_load(self, number: int) -> None:
        """Say that this process is no longer at the load, finished or not. Call it however the load ends."""

    def close(self) -> None:
        """Close every connection."""
