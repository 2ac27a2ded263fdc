"""A live store is copied into another database, and the copy proved equal."""

from dataclasses import dataclass

from gateway.problems import refuse
from gateway.problems.store import STORE_MOVED
from gateway.store.copying import Said, copy
from gateway.store.opening import OpenStore


@dataclass(frozen=True, slots=True)
class Moved:
    """What went across: rows by table, and the snapshot that both stores have."""

    rows: dict[str, int]
    snapshot: str


def move(source: OpenStore, target: OpenStore, tell: Said = lambda table, rows: None) -> Moved:
    """Copy everything, and keep it only when both stores count and answer the same.

    Questions go on being answered from the source; whoever wants to write to it waits until this is done, so
    that nothing is told to the one store that the other does not have.

    Args:
        source: the store that is in use; it is not changed.
        target: an empty store.
        tell: hears of the progress: a table, and how many of its rows are across.

    Raises:
        Refused: `store.not-empty`, `store.move-differs`, `store.locked`, and what either database reports.
    """
    with source.write() as here, target.write() as there:
        rows = copy(here, there, tell)
        if here.counts() != there.counts():
            raise refuse(STORE_MOVED, what="counts")
        snapshot = here.snapshot()
        if snapshot != there.snapshot():
            raise refuse(STORE_MOVED, what="snapshots")
    return Moved(rows, snapshot)
