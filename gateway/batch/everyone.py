"""All records of a store in memory, with who is near whom: what linking them at once looks things up in."""

from collections.abc import Collection, Sequence
from types import TracebackType

from gateway.batch.blocks import Blocks
from gateway.batch.packed import packed, unpacked
from gateway.identity.person import Person

_SETTLE = 20_000


class Everyone:
    """Persons by record number, and their neighbours."""

    def __init__(self, folder: str, cap: int) -> None:
        """Begin with nobody; for `folder` and `cap` see `Blocks`."""
        self._blocks = Blocks(folder, cap)
        self._packed: dict[int, bytes] = {}
        self._near: dict[int, tuple[int, ...]] = {}

    def __enter__(self) -> "Everyone":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._blocks.close()

    def add(self, rec: int, who: Person, kept: Collection[bytes], asked: Collection[bytes]) -> None:
        """Add a record, the keys it is kept under, and those to look under for others like it."""
        self._packed[rec] = packed(who)
        self._blocks.add(rec, kept, asked)
        if not len(self._packed) % _SETTLE:
            self._blocks.settle()

    def find(self) -> None:
        """Find who is near whom, once all are added."""
        self._blocks.find()

    def turn_to(self, recs: Sequence[int]) -> None:
        """Get ready to be asked about these records, which follow one another."""
        self._near = self._blocks.near(recs)

    def near(self, rec: int) -> tuple[int, ...]:
        """The records that share a key with this one, of those turned to."""
        return self._near.get(rec, ())

    def person(self, rec: int) -> Person | None:
        """What a record says; None for one that was not added."""
        told = self._packed.get(rec)
        return unpacked(told) if told is not None else None
