"""The audit: a look kept by itself and sixteen kept together, against a plain SQLite commit of one row.

python tests/bench/bench_audit.py [ROUNDS]      in the folder for temporary files, which should be on a disk
"""

import os
import sqlite3
import sys
import time
from collections.abc import Callable
from itertools import count
from pathlib import Path
from tempfile import TemporaryDirectory

from gateway.security.audit import chained
from gateway.store.audit import SqliteTrail

BODY = os.urandom(300)
TOGETHER = 16
CHILDREN = 500
SETTLING = 1500
"""Commits after which the write-ahead log has begun again at its start, and is no longer made longer."""

EACH = 100
"""Commits of one kind before it is another's turn, so that a busy machine is as busy for all."""


def plain(file: Path) -> Callable[[], object]:
    """One commit of one row, as durable."""
    connection = sqlite3.connect(file, isolation_level=None)
    connection.execute("PRAGMA journal_mode=WAL")
    connection.execute("PRAGMA synchronous=FULL")
    connection.execute("CREATE TABLE row (number INTEGER PRIMARY KEY, body BLOB)")

    def commit() -> None:
        connection.execute("BEGIN IMMEDIATE")
        connection.execute("INSERT INTO row (body) VALUES (?)", (BODY,))
        connection.execute("COMMIT")

    return commit


def looks(file: Path, together: int, *, at_once: bool = False) -> Callable[[], object]:
    """One commit of so many looks, each at one of many children."""
    trail = SqliteTrail(file, b"key", chained)
    keep = trail.try_append_all if at_once else trail.append_all
    numbers = count()
    return lambda: keep([(BODY, (f"child-{next(numbers) % CHILDREN}",)) for _ in range(together)])


def measured(kinds: dict[str, Callable[[], object]], rounds: int) -> dict[str, float]:
    """Microseconds of the CPU for one commit of each kind: the median of the rounds."""
    spent: dict[str, list[float]] = {name: [] for name in kinds}
    for commit in kinds.values():
        for _ in range(SETTLING):
            commit()
    for _ in range(rounds):
        for name, commit in kinds.items():
            began = time.process_time()
            for _ in range(EACH):
                commit()
            spent[name].append((time.process_time() - began) / EACH * 1e6)
    return {name: sorted(each)[len(each) // 2] for name, each in spent.items()}


def main() -> None:
    """Print what each costs."""
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else 50
    with TemporaryDirectory() as name:
        folder = Path(name)
        found = measured(
            {
                "plain": plain(folder / "plain.db"),
                "alone": looks(folder / "alone.db", 1),
                "at once": looks(folder / "at-once.db", 1, at_once=True),
                "together": looks(folder / "together.db", TOGETHER),
            },
            rounds,
        )
        base = found["plain"]
        for name, words in (("alone", "a look alone"), ("at once", "a look at once or not at all")):
            ours = found[name]
            print(
                f"audit, {words}: {ours:.0f} CPU µs, plain commit {base:.0f} CPU µs, ratio {ours / base:.2f}"
            )
        more = (found["together"] - found["alone"]) / (TOGETHER - 1)
        print(f"audit, {TOGETHER} looks together: {found['together']:.0f} CPU µs, {more:.1f} for each more")
        trail = SqliteTrail(folder / "together.db", b"key", chained)
        began = time.perf_counter()
        seen = sum(1 for _ in trail.looks("child-7"))
        took = (time.perf_counter() - began) * 1e3
        print(f"audit, the looks at a child: {seen:,} of {trail.count():,} in {took:.0f} ms")


if __name__ == "__main__":
    main()
