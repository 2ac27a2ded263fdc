"""Many records joined for the first time, in several processes and little memory: a nation's on two cores.

Three steps. Each process reads a part of the records and works out their keys; DuckDB finds who is near whom;
each process decides whole groups of records that may be about one child, by the code that decides one record
in real time. Two of another birthday who share no postcode are no pair (they are never certain), nor are two
who have one key in common and begin with other letters: a surname and a birthday, as many do.
"""

import gc
from array import array
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from dataclasses import dataclass
from multiprocessing import get_context
from typing import Any

import duckdb
import pyarrow as arrow

from gateway.batch.packed import packed, unpacked
from gateway.identity.grade import Grade, Known, Matcher
from gateway.identity.keys import asked_facts, kept_facts
from gateway.identity.model import Model, read, written
from gateway.identity.person import Person

Read = Callable[[int], Iterable[tuple[int, Person]]]
"""Gives a part of the records, by its number: the number of each, and what it says. It runs in a process of
its own."""

_CAP = 400
_MEMORY = "1GB"
_TOGETHER = 4_000
_TABLES = """
CREATE TABLE kept (key UBIGINT, rec INTEGER);
CREATE TABLE asked (key UBIGINT, rec INTEGER);
CREATE TABLE first (rec INTEGER, letters VARCHAR, born VARCHAR, postcode VARCHAR);
"""
_HASHED = "SELECT hash(fact) AS key FROM facts"
_PAIRS = f"""
WITH crowded AS (SELECT key FROM kept GROUP BY key HAVING count(*) > {_CAP}),
few AS (SELECT * FROM kept ANTI JOIN crowded USING (key)),
pair AS (
  SELECT a.rec AS one, b.rec AS other FROM few a JOIN few b USING (key) WHERE a.rec < b.rec
  UNION ALL
  SELECT least(a.rec, k.rec), greatest(a.rec, k.rec) FROM asked a JOIN few k USING (key) WHERE a.rec <> k.rec
),
counted AS (SELECT one, other, count(*) AS keys FROM pair GROUP BY ALL)
SELECT one, other FROM counted JOIN first f ON f.rec = one JOIN first g ON g.rec = other
WHERE (keys > 1 OR f.letters = g.letters OR '' IN (f.letters, g.letters))
AND (
  f.born = g.born OR '' IN (f.born, g.born) OR suffix(f.born, '-01-01') OR suffix(g.born, '-01-01')
  OR concat(f.born[1:5], f.born[9:10], '-', f.born[6:7]) = g.born
  OR f.postcode = g.postcode OR '' IN (f.postcode, g.postcode)
)
"""


@dataclass(frozen=True, slots=True)
class Part:
    """What is left of a part of the records: numbers, persons, keys with where each record's begin."""

    recs: "array[int]"
    letters: list[str]
    born: list[str]
    postcodes: list[str]
    persons: list[bytes]
    kept: tuple["array[int]", bytes]
    asked: tuple["array[int]", bytes]


def joined(
    read_part: Read, parts: int, model: Model, registered: int, folder: str, processes: int = 2
) -> dict[int, int]:
    """Return for each record of whom there is another one the lowest number of a record of the same child.

    Args:
        read_part: gives the records of one of `parts` parts.
        registered: how many children are expected.
        folder: where DuckDB may put what is too much for its memory.
    """
    pool = ProcessPoolExecutor(
        processes, get_context("spawn"), initializer=_begin, initargs=(written(model), registered)
    )
    try:
        with duckdb.connect(config={"temp_directory": folder, "memory_limit": _MEMORY}) as database:
            database.execute(_TABLES)
            persons: dict[int, bytes] = {}
            for part in pool.map(_part, [read_part] * parts, range(parts)):
                _add(database, part)
                persons.update(zip(part.recs, part.persons, strict=True))
            near = _near(database)
        found: dict[int, int] = {}
        for decided in _decided(pool, near, persons, 2 * processes):
            found.update(decided)
        return found
    finally:
        # nobody needs to wait until the processes have put their memory in order
        pool.shutdown(wait=False, cancel_futures=True)


def _part(read_part: Read, number: int) -> Part:
    """In a process: the keys of a part of the records."""
    recs = array("i")
    letters: list[str] = []
    born: list[str] = []
    postcodes: list[str] = []
    persons: list[bytes] = []
    kept, asked = _Facts(), _Facts()
    for rec, who in read_part(number):
        recs.append(rec)
        letters.append(_letters(who))
        born.append(_only(who.birth_dates))
        postcodes.append(_only(who.postcodes) if who.postcodes else f"none-{rec}")
        persons.append(packed(who))
        facts = set(kept_facts(who))
        kept.add(facts)
        asked.add(set(asked_facts(who)) - facts)
    with duckdb.connect() as database:
        return Part(recs, letters, born, postcodes, persons, kept.hashed(database), asked.hashed(database))


class _Facts:
    """What is hashed, for one record after the other."""

    def __init__(self) -> None:
        self._facts: list[str] = []
        self._begins = array("i", [0])

    def add(self, facts: Iterable[str]) -> None:
        self._facts += facts
        self._begins.append(len(self._facts))

    def hashed(self, database: duckdb.DuckDBPyConnection) -> tuple["array[int]", bytes]:
        """Where each record's begin, and the hashes."""
        database.register("facts", arrow.table({"fact": arrow.array(self._facts, arrow.string())}))
        keys = database.sql(_HASHED).to_arrow_table()["key"]
        database.unregister("facts")
        return self._begins, b"".join(map(_bytes, keys.chunks))


def _bytes(chunk: Any) -> bytes:
    text: bytes = chunk.buffers()[1].to_pybytes()
    return text[8 * chunk.offset : 8 * (chunk.offset + len(chunk))]


def _only(values: Collection[str]) -> str:
    """The only one of several values, or ""."""
    return next(iter(values)) if len(values) == 1 else ""


def _letters(who: Person) -> str:
    """The first letters of first name and surname; "" where there is more than one name, or none."""
    if len(who.names) != 1:
        return ""
    (name,) = who.names
    return f"{name.first[:1]} {name.family[:1]}"


def _add(database: duckdb.DuckDBPyConnection, part: Part) -> None:
    columns = {
        "rec": _column(part.recs, arrow.int32()),
        "letters": arrow.array(part.letters, arrow.string()),
        "born": arrow.array(part.born, arrow.string()),
        "postcode": arrow.array(part.postcodes, arrow.string()),
        "kept": _lists(*part.kept),
        "asked": _lists(*part.asked),
    }
    database.register("part", arrow.table(columns))
    for table in ("kept", "asked"):
        database.execute(f"INSERT INTO {table} SELECT unnest({table}), rec FROM part")
    database.execute("INSERT INTO first SELECT rec, letters, born, postcode FROM part")
    database.unregister("part")


def _column(numbers: "array[int] | bytes", kind: Any) -> Any:
    buffer = arrow.py_buffer(numbers)
    return arrow.Array.from_buffers(kind, buffer.size // (kind.bit_width // 8), [None, buffer])


def _lists(begins: "array[int]", keys: bytes) -> Any:
    return arrow.ListArray.from_arrays(_column(begins, arrow.int32()), _column(keys, arrow.uint64()))


def _near(database: duckdb.DuckDBPyConnection) -> dict[int, list[int]]:
    """For each record, those of a lower number that it is compared with."""
    near: dict[int, list[int]] = {}
    rows = database.execute(_PAIRS)
    while pairs := rows.fetchmany(_TOGETHER):
        for one, other in pairs:
            near.setdefault(other, []).append(one)
    return near


def _groups(near: Mapping[int, Sequence[int]]) -> Iterator[list[int]]:
    """Records that hang together, in order."""
    above: dict[int, int] = {}

    def top(rec: int) -> int:
        while (up := above.get(rec, rec)) != rec:
            above[rec] = rec = above.get(up, up)
        return rec

    for rec, others in near.items():
        for other in others:
            one, two = top(rec), top(other)
            above[max(one, two)] = min(one, two)
    groups: dict[int, list[int]] = {}
    for rec in sorted({*near, *(other for others in near.values() for other in others)}):
        groups.setdefault(top(rec), []).append(rec)
    yield from groups.values()


Member = tuple[int, bytes, Sequence[int]]


def _decided(
    pool: ProcessPoolExecutor, near: Mapping[int, Sequence[int]], persons: Mapping[int, bytes], ahead: int
) -> Iterator[dict[int, int]]:
    """What the processes decide of all groups, of which so many parcels wait for them at most."""
    waiting: list[Future[dict[int, int]]] = []
    for parcel in _parcels(near, persons):
        waiting.append(pool.submit(_decide, parcel))
        if len(waiting) > ahead:
            yield waiting.pop(0).result()
    yield from (one.result() for one in waiting)


def _parcels(near: Mapping[int, Sequence[int]], persons: Mapping[int, bytes]) -> Iterator[list[Member]]:
    parcel: list[Member] = []
    for group in _groups(near):
        parcel += [(rec, persons[rec], near.get(rec, ())) for rec in group]
        if len(parcel) >= _TOGETHER:
            yield parcel
            parcel = []
    if parcel:
        yield parcel


_MATCHERS: list[tuple[Matcher, int]] = []


def _begin(model: str, registered: int) -> None:
    """Once in each process."""
    # nothing here goes round in circles, and much is made
    gc.disable()
    _MATCHERS.append((Matcher.of(read(model)), registered))


def _decide(parcel: Sequence[Member]) -> dict[int, int]:
    """In a process: the child of each record, one after the other."""
    matcher, registered = _MATCHERS[-1]
    child: dict[int, int] = {}
    records: dict[int, list[Known]] = {}
    for rec, told, near in parcel:
        who = unpacked(told)
        children = sorted({child[other] for other in near})
        known = [one for each in children for one in records[each]]
        matches = matcher.matches(who, known, registered=registered) if known else ()
        certain = matches and matches[0].grade is Grade.CERTAIN
        child[rec] = matches[0].child if certain else rec
        records.setdefault(child[rec], []).append(Known(child[rec], rec, who))
    return child
