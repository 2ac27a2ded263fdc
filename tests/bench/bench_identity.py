"""The matcher on invented families it was not taught by: what it joins, whom it takes for whom, how fast.

    python tests/bench/bench_identity.py                         20,000 records, a minute
    python tests/bench/bench_identity.py --records 1000000       what the documentation has: 25 minutes, 8 GB
    python tests/bench/bench_identity.py --seed 78 --questions 4000
    python tests/bench/bench_identity.py --records 1000000 --at-once     a first link, in two processes

What is joined is held against what Splink 5, as it comes, makes of the same records in the same run; most of
its time on few records is training. The baselines of single questions are those of two classes on a million
records of a generator like this one.
"""

import argparse
import resource
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from multiprocessing import active_children, get_context
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple

from splink_baseline import as_it_comes

from gateway.identity.grade import Grade, Matcher
from gateway.identity.model import shipped
from gateway.testing.families import families
from gateway.testing.measuring import Asked, Clusters, ask, clusters, judged, lives_of, people

RECORDS_A_CHILD = 1.9


class Row(NamedTuple):
    """One figure: ours, the baseline's, and what is wanted."""

    what: str
    ours: str
    baseline: str
    wanted: str


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure and print the table."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--records", type=int, default=20_000, help="about how many are joined")
    parser.add_argument("--questions", type=int, default=8_000, help="about children, one after the other")
    parser.add_argument("--seed", type=int, default=77, help="another one gives other families")
    parser.add_argument("--at-once", action="store_true", help="only join them, as `gateway.batch` does")
    asked = parser.parse_args(arguments)
    children = int(asked.records / RECORDS_A_CHILD)
    matcher = Matcher.of(shipped())
    print(f"{asked.records} records of {children} children, seed {asked.seed}", flush=True)
    if asked.at_once:
        _at_once(children, asked.seed)
        return
    began = time.perf_counter()
    rows = [*_joined("no numbers", *joined(matcher, children, asked.seed))]
    rows += _joined("with numbers", *joined(matcher, children, asked.seed, numbers=True))
    for name, numbers in (("no numbers", False), ("with numbers", True)):
        rows += _questions(name, ask(matcher, children, asked.questions, asked.seed, numbers=numbers))
    widths = [max(len(row[column]) for row in rows) for column in range(4)]
    for row in (Row("", "ours", "baseline", "wanted"), *rows):
        print("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip())
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6
    print(f"{time.perf_counter() - began:.0f} s in all, {peak:.1f} GB at most")


def joined(matcher: Matcher, children: int, seed: int, *, numbers: bool = False) -> tuple[Clusters, Clusters]:
    """Join all records of some children, one after the other; and what Splink joins of the same."""
    records = [(one.child, who) for one, who in people(children, seed, numbers=numbers)]
    lives = lives_of(families(children, seed))
    return clusters(matcher, records, lives), as_it_comes(records, lives, numbers=numbers)


def _at_once(children: int, seed: int) -> None:
    """Join all records of some children, from a table, and print what it came to."""
    from gateway.batch.first import joined as joined_at_once
    from gateway.testing.tables import read_table, write_tables

    with TemporaryDirectory(prefix="fhirgate-") as folder:
        # in a process of its own, whose memory is not counted
        with ProcessPoolExecutor(1, get_context("spawn")) as pool:
            parts, truths = pool.submit(write_tables, Path(folder), children, seed).result()
        spent, began = _spent(), time.perf_counter()
        found = joined_at_once(partial(read_table, Path(folder)), parts, shipped(), children, folder)
        seconds = time.perf_counter() - began
    for process in active_children():
        # what it took is told when it has ended
        process.join()
    by_child: dict[int, list[int]] = {}
    for place in range(len(truths)):
        by_child.setdefault(found.get(place, place), []).append(place)
    outcome = judged(truths, by_child.values(), seconds, lives_of(families(children, seed)))
    million, mega = 1e6 / outcome.records, 1e3
    own, theirs = (resource.getrusage(whose).ru_maxrss / mega for whose in _WHOSE)
    print(
        f"{outcome.records} records in {seconds:.1f} s, {million * seconds:.0f} s for a million (wanted: 60)"
    )
    print(f"processor seconds for a million: {million * (_spent() - spent):.0f}")
    print(
        f"memory at most: {own:.0f} MB, and {theirs:.0f} MB in each of two processes (wanted: 2,500 in all)"
    )
    print(f"precision {outcome.precision:.5f}, recall {outcome.recall:.5f}")
    print(f"children that mix two: {outcome.mixed} ({outcome.adopted} adopted)")


_WHOSE = (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)


def _spent() -> float:
    """Processor seconds of this process and of those that have ended."""
    return sum(used.ru_utime + used.ru_stime for used in map(resource.getrusage, _WHOSE))


def _joined(name: str, ours: Clusters, theirs: Clusters) -> list[Row]:
    def row(what: str, tell: Callable[[Clusters], str], wanted: str) -> Row:
        return Row(what, tell(ours), tell(theirs), wanted)

    return [
        row(f"children, {name}: precision", lambda found: f"{found.precision:.5f}", ">= .998"),
        row("  recall", lambda found: f"{found.recall:.5f}", ">= .965"),
        row(
            "  of a million records, children that mix two",
            lambda found: f"{1e6 * found.mixed / found.records:.0f} ({found.adopted} adopted)",
            "<= 250",
        ),
        row(
            "  processor seconds for a million records",
            lambda found: f"{1e6 * found.seconds / found.records:.0f}",
            "<= 60",
        ),
    ]


def _questions(name: str, found: Asked) -> list[Row]:
    sure, likely = Grade.CERTAIN, Grade.PROBABLE
    twins = f" of {found.twins}"
    plain = name == "no numbers"
    return [
        Row(f"one child, {name}, certain: precision", f"{found.precision(sure):.5f}", "", ">= .9998"),
        Row("  recall", f"{found.recall(sure):.5f}", "", ">= .985"),
        Row("  probable or better: precision", f"{found.precision(likely):.5f}", "", ""),
        Row("  recall", f"{found.recall(likely):.5f}", "", ""),
        Row("  unregistered twin taken, certain", f"{found.taken[sure]}{twins}", "", "0 in 500"),
        Row(
            "  unregistered twin taken, probable or better",
            f"{found.taken[likely]}{twins}",
            "50%" if plain else "36%",
            "<= 3%",
        ),
        Row(
            "  processor milliseconds, p50 and p99",
            f"{found.quantile(0.5):.2f}, {found.quantile(0.99):.2f}",
            "55",
            "0.42, 1.25",
        ),
    ]


if __name__ == "__main__":
    main()
