"""A school's file loaded end to end on SQLite: mapped, linked, composed, indexed, committed.

The baseline, in the same run: the final bytes of the same resources inserted into a plain SQLite table (WAL,
commits after as many records as the load's), with an id and nothing else. What the gateway does on top of
that (translation, versions, search indexes, identity, composed Patients) is what the ratio shows.

    python tests/bench/bench_load.py [PUPILS] [--profile]
"""

import cProfile
import pstats
import sqlite3
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import NamedTuple, TypeVar

from gateway import config
from gateway.app import open_gateway
from gateway.service import Gateway
from gateway.testing import children, write_ctf

Result = TypeVar("Result")

WANTED_RATE = 3_000
FEED = "school"
SETTINGS = f"""
database = "gateway.db"
audit = "audit.db"
secret_file = "secret"

[feeds.{FEED}]
organisation = "Harbour Test Academy"
sector = "education"
"""


class Spent(NamedTuple):
    """What something took: seconds by the clock, and seconds of CPU, all threads counted."""

    wall: float
    cpu: float


class Measured(NamedTuple):
    """A load and its baseline: records, FHIR resources told, and what each took."""

    records: int
    resources: int
    load: Spent
    plain: Spent


def measure(count: int = 5_000, profile: bool = False) -> Measured:
    """Load `count` invented pupils in households, then insert the same bytes plainly."""
    with tempfile.TemporaryDirectory(prefix="fhirgate-bench-") as folder:
        home = Path(folder)
        write_ctf(home / "pupils.xml", children(count))
        with _opened(home) as gateway:
            mapping = gateway.shelf.mapping("ctf")
            feed = gateway.feed(FEED)
            with _profiled(profile):
                report, load = _timed(lambda: gateway.loader.load(home / "pupils.xml", feed, mapping))
        assert report.kept == count and not report.set_aside, report.counts()
        bodies = _bodies(home / "gateway.db")
        together = max(1, len(bodies) * 500 // count)
        _, plain = _timed(lambda: _insert(home / "plain.db", bodies, together))
    return Measured(count, report.created, load, plain)


def main(count: int = 5_000, profile: bool = False) -> Measured:
    """Print what was measured."""
    found = measure(count, profile)
    print(f"{found.records:,} pupils told as {found.resources:,} resources")
    for name, spent in (("load end to end", found.load), ("plain inserts", found.plain)):
        print(
            f"{name:16} {found.resources / spent.wall:10,.0f} resources/s   "
            f"{found.resources / spent.cpu:10,.0f} resources/CPU-s"
        )
    print(f"ratio            {found.load.wall / found.plain.wall:10.1f} x the time of plain inserts")
    print(f"aim: >= {WANTED_RATE:,} resources/s")
    return found


@contextmanager
def _opened(home: Path) -> Iterator[Gateway]:
    (home / "gateway.toml").write_text(SETTINGS)
    with closing(open_gateway(config.load(home / "gateway.toml", {}))) as gateway:
        yield gateway


def _bodies(database: Path) -> list[tuple[str, str, bytes]]:
    """Every resource as it stands, the composed Patients among them."""
    with closing(sqlite3.connect(database)) as connection:
        return connection.execute(
            "SELECT type.name, local, body FROM resource JOIN type USING (type) WHERE state = 0 ORDER BY rid"
        ).fetchall()


def _insert(database: Path, bodies: list[tuple[str, str, bytes]], together: int) -> None:
    with closing(sqlite3.connect(database, isolation_level=None)) as connection:
        connection.execute("PRAGMA page_size=8192")
        connection.execute("PRAGMA journal_mode=WAL")
        connection.execute("PRAGMA synchronous=FULL")
        connection.execute("CREATE TABLE plain (type TEXT, id TEXT, body BLOB, PRIMARY KEY (type, id))")
        for start in range(0, len(bodies), together):
            connection.execute("BEGIN")
            connection.executemany("INSERT INTO plain VALUES (?, ?, ?)", bodies[start : start + together])
            connection.execute("COMMIT")


def _timed(work: Callable[[], Result]) -> tuple[Result, Spent]:
    wall, cpu = time.perf_counter(), time.process_time()
    result = work()
    return result, Spent(time.perf_counter() - wall, time.process_time() - cpu)


@contextmanager
def _profiled(wanted: bool) -> Iterator[None]:
    """Print the dearest functions of the block."""
    if not wanted:
        yield
        return
    profile = cProfile.Profile()
    profile.enable()
    yield
    profile.disable()
    for order in ("tottime", "cumulative"):
        pstats.Stats(profile).sort_stats(order).print_stats(35)


if __name__ == "__main__":
    numbers = [int(argument) for argument in sys.argv[1:] if argument.isdecimal()]
    main(*numbers, profile="--profile" in sys.argv)
