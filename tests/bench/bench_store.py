"""The store: writing against plain SQLite inserts of the same bytes, reading, searching, and the audit.

python tests/bench/bench_store.py [PATIENTS [postgresql://…]]      the database must be empty
"""

import hashlib
import sqlite3
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

from gateway.fhir.query import Criterion, Entry, Query, Span, Target, Text, Token, Value
from gateway.store.audit import SqliteTrail
from gateway.store.base import ASK, Composed, Link, Put, Store
from gateway.store.opening import open_store

BATCH = 250
DAY = 86_400_000
STARTED = 1_700_000_000_000


def invented(number: int) -> list[Put]:
    """A Patient and three observations, with the index values a school's file gives."""
    local = f"p{number:07}-abcdefghijklmn"
    named = [
        Entry(param, Text(f"ada{number % 997}", f"Ada{number % 997}"))
        for param in ("name", "given", "family")
    ]
    identified = [Entry("identifier", Token("upn", f"U{number}")), Entry("gender", Token("sex", "female"))]
    born = Entry("birthdate", Span(number * DAY, number * DAY + DAY))
    puts = [_put(local, "Patient", local, 1500, (*named, *identified, born), None)]
    for at in range(3):
        time = STARTED + number * DAY + at
        entries = (
            *(Entry(param, Target(f"Patient/{local}", "", "")) for param in ("patient", "subject")),
            *(Entry(param, Token("http://loinc.org", f"c{at}")) for param in ("code", "combo-code")),
            Entry("status", Token("status", "final")),
            Entry("category", Token("category", "survey")),
            Entry("date", Span(time, time + DAY)),
        )
        puts.append(_put(f"o{number:07}-{at}-abcdefghij", "Observation", local, 700, entries, time))
    return puts


def _put(local: str, type: str, about: str, size: int, entries: tuple[Entry, ...], time: int | None) -> Put:
    told = b"Patient/" + about.encode()
    return Put(
        "school", type, local, f"q{local}", about, b"x" * size, told, 1, STARTED, b"d" * 16, entries, time
    )


def fill(store: Store, batches: list[list[Put]]) -> None:
    """What a load writes: resources, records, links, children, person keys."""
    for puts in batches:
        with store.write() as work:
            work.held("school", [(put.type, put.local) for put in puts])
            work.put(puts)
            patients = {put.local: put for put in puts if put.type == "Patient"}
            recs = work.recs("school", list(patients))
            work.keys({rec: [b"%d %d" % (rec, at) for at in range(6)] for rec in recs.values()})
            founded = {local: work.found(f"k{local}", f"C{local}", rec, None) for local, rec in recs.items()}
            work.link(
                [
                    Link(recs[local], child, "linked", "new", "New.", "load", 1)
                    for local, child in founded.items()
                ]
            )
            work.compose(
                {
                    child: Composed(b"y" * 1600, b"y" * 1500, local, STARTED, patients[local].entries)
                    for local, child in founded.items()
                }
            )


def write(store: Store, puts: list[Put]) -> None:
    """One commit of its own."""
    with store.write() as work:
        work.put(puts)


def plain(file: Path, batches: list[list[Put]]) -> None:
    """The same bytes into one table with one index."""
    connection = sqlite3.connect(file, isolation_level=None)
    connection.execute("PRAGMA journal_mode=WAL")
    connection.execute("CREATE TABLE r (id TEXT PRIMARY KEY, body BLOB, told BLOB)")
    for puts in batches:
        connection.execute("BEGIN")
        connection.executemany(
            "INSERT INTO r VALUES (?, ?, ?)", [(put.local, put.body, put.told) for put in puts]
        )
        connection.execute("COMMIT")
    connection.close()


def timed(work: Callable[[], object]) -> tuple[float, float]:
    """Seconds on the wall and of the CPU."""
    wall, cpu = time.perf_counter(), time.process_time()
    work()
    return time.perf_counter() - wall, time.process_time() - cpu


def questions(store: Store, patients: int) -> Iterator[tuple[str, Callable[[], object]]]:
    """What is asked, by name."""
    local = f"p{patients // 2:07}-abcdefghijklmn"
    child = f"k{local}"

    def asked(type: str, *criteria: Criterion) -> Callable[[], object]:
        return lambda: store.search(ASK, Query(type, criteria), limit=20, total=False)

    def criterion(param: str, kind: str, value: object, prefix: str = "eq") -> Criterion:
        return Criterion(param, kind, "", (Value(value, prefix),))  # type: ignore[arg-type]

    identifier = criterion("identifier", "token", Token("upn", f"U{patients // 2}"))
    since = criterion("date", "date", Span(STARTED, STARTED + DAY), "ge")
    yield "read Patient", lambda: store.read(ASK, "Patient", child)
    yield "read Observation", lambda: store.read(ASK, "Observation", f"qo{patients // 2:07}-1-abcdefghij")
    yield "Observation of a child, fast form", lambda: store.about(child, "Observation", "patient", limit=20)
    yield (
        "Observation?patient=",
        asked("Observation", criterion("patient", "reference", Target(f"Patient/{child}", "", ""))),
    )
    yield "Patient?identifier=", asked("Patient", identifier)
    yield (
        "Observation?patient.identifier=",
        asked("Observation", Criterion("patient", "reference", "Patient", chained=identifier)),
    )
    yield (
        "Patient?name=&birthdate=ge",
        asked(
            "Patient",
            criterion("name", "string", Text("ada77", "")),
            criterion("birthdate", "date", Span(0, DAY), "ge"),
        ),
    )
    yield (
        "Observation?status=&date=ge (all match)",
        asked("Observation", criterion("status", "token", Token("*", "final")), since),
    )


def looks(folder: Path, threads: int, each: int) -> float:
    """Looks kept per second by so many threads."""
    trail = SqliteTrail(folder / "audit.db", b"key", lambda a, b: hashlib.sha256(a + b).digest())

    def look() -> None:
        for _ in range(each):
            trail.append(b"x" * 300, ["child"])

    started = [threading.Thread(target=look) for _ in range(threads)]
    wall, _ = timed(lambda: ([thread.start() for thread in started], [thread.join() for thread in started]))
    trail.close()
    return threads * each / wall


def main() -> None:
    """Print the table."""
    patients = int(sys.argv[1]) if len(sys.argv) > 1 else 5000
    with TemporaryDirectory() as name:
        folder = Path(name)
        puts = [put for number in range(patients) for put in invented(number)]
        batches = [puts[at : at + 4 * BATCH] for at in range(0, len(puts), 4 * BATCH)]
        base, _ = timed(lambda: plain(folder / "plain.db", batches))
        store = open_store(sys.argv[2] if len(sys.argv) > 2 else str(folder / "gateway.db"))
        wall, cpu = timed(lambda: fill(store, batches))
        print(f"write, index, link, compose   {len(puts) / wall:10,.0f} resources a second")
        print(f"  CPU                         {cpu / len(puts) * 1e6:10.0f} µs a resource")
        print(
            f"  plain inserts of the bytes  {len(puts) / base:10,.0f} a second, {wall / base:.1f} x the time"
        )
        for what, ask in questions(store, patients):
            ask()
            spent, cpu = timed(lambda ask=ask: [ask() for _ in range(500)])  # type: ignore[misc]
            print(f"{what:42}{spent / 500 * 1e6:8.0f} µs, CPU {cpu / 500 * 1e6:6.0f}")
        more = [invented(10_000_000 + number) for number in range(100)]
        spent, cpu = timed(lambda: [write(store, puts) for puts in more])
        what = "write a Patient and 3 Observations"
        print(f"{what:42}{spent / 100 * 1e6:8.0f} µs, CPU {cpu / 100 * 1e6:6.0f}")
        store.close()
        for threads in (1, 16):
            print(
                f"audit, {threads:2} threads {looks(folder, threads, 800 // threads):28,.0f} looks a second"
            )


if __name__ == "__main__":
    main()
