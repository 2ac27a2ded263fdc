"""Which records of a whole store share a key, found at once by DuckDB, not one after the other."""

from array import array
from collections.abc import Collection, Iterable
from typing import Any

import duckdb
import pyarrow as arrow

from gateway.identity.keys import SIZE

_MEMORY = "1GB"
_NEAR = """
CREATE TABLE near AS SELECT DISTINCT a.rec, k.rec AS other FROM asked a
JOIN (SELECT key, rec FROM kept WHERE key NOT IN (SELECT key FROM kept GROUP BY key HAVING count(*) > ?)) k
USING (key) WHERE a.rec <> k.rec ORDER BY ALL
"""
_OF = "SELECT rec, list(other ORDER BY other) FROM near WHERE rec BETWEEN ? AND ? GROUP BY rec"


class Blocks:
    """The keys of many records. First all are added, then it is asked who is near whom."""

    def __init__(self, folder: str, cap: int, threads: int = 2) -> None:
        """Begin with none.

        Args:
            folder: where DuckDB may put what is too much for its memory.
            cap: a key under which there are more records says nothing.
        """
        self._cap = cap
        self._database = duckdb.connect(
            config={"temp_directory": folder, "memory_limit": _MEMORY, "threads": threads}
        )
        for table in ("kept", "asked"):
            self._database.execute(f"CREATE TABLE {table} (key UBIGINT, rec BIGINT)")
        self._waiting = {"kept": (array("Q"), array("q")), "asked": (array("Q"), array("q"))}

    def add(self, rec: int, kept: Collection[bytes], asked: Collection[bytes]) -> None:
        """Add a record: the keys it is found under, and those to look under for others like it."""
        for table, keys in (("kept", kept), ("asked", asked)):
            waiting, recs = self._waiting[table]
            waiting.frombytes(b"".join(keys))
            recs.extend([rec] * len(keys))

    def settle(self) -> None:
        """Hand what was added to DuckDB; now and then, so that it takes little memory."""
        for table, (keys, recs) in self._waiting.items():
            rows = arrow.table({"key": _column(keys, arrow.uint64()), "rec": _column(recs, arrow.int64())})
            self._database.register("rows", rows)
            self._database.execute(f"INSERT INTO {table} SELECT * FROM rows")
            self._database.unregister("rows")
            self._waiting[table] = (array("Q"), array("q"))

    def find(self) -> None:
        """Find, of all that were added, who is near whom."""
        self.settle()
        self._database.execute(_NEAR, [self._cap])
        self._database.execute("DROP TABLE kept; DROP TABLE asked")

    def near(self, recs: Iterable[int]) -> dict[int, tuple[int, ...]]:
        """For each of some records that follow one another, those that share a key with it, in order."""
        first, *rest = list(recs)
        found = self._database.execute(_OF, [first, rest[-1] if rest else first]).fetchall()
        return {rec: tuple(others) for rec, others in found}

    def close(self) -> None:
        """Give the memory back."""
        self._database.close()


def _column(numbers: "array[int]", kind: Any) -> Any:
    assert numbers.itemsize == SIZE
    return arrow.Array.from_buffers(kind, len(numbers), [None, arrow.py_buffer(numbers)])
