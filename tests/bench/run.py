"""Every benchmark, each in a process of its own, and one table of what came out.

    python tests/bench/run.py            what `make bench` does: some minutes
    python tests/bench/run.py --quick    small inputs, for a look
    python tests/bench/run.py xml load   only these

Each bench compares ours with a baseline in the same run, so that the ratio says something on any machine.
The lines each prints are shown as they come; the table picks its figures out of them.
"""

import re
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

HERE = Path(__file__).parent
NUMBER = r"\s*([0-9][0-9,]*(?:\.[0-9]+)?)"


class Row(NamedTuple):
    """One line of the table: a job, and where its figures stand in what the bench prints.

    Attributes:
        ours, baseline, ratio: patterns with one group, a number; "" for none.
        unit: of ours and baseline.
        wanted: what the project asks for, in words; `least` or `most` is the bar for `bar`.
        bar: which figure is held against it: "ours" or "ratio".
    """

    job: str
    unit: str
    ours: str
    baseline: str
    ratio: str
    wanted: str
    bar: str
    least: float = 0
    most: float = 0


class Bench(NamedTuple):
    """A bench: its script, its arguments in full and in a hurry, and its rows."""

    script: str
    full: tuple[str, ...]
    quick: tuple[str, ...]
    rows: tuple[Row, ...]


def _get(name: str, callers: str) -> Row:
    line = rf"GET {re.escape(name)}, {callers} at a time: "
    return Row(
        f"GET {name}, {callers} at a time",
        "CPU µs",
        rf"{line}fhirgate{NUMBER} CPU",
        rf"{line}.*plain Flask{NUMBER} CPU",
        rf"{line}.*,{NUMBER} x fewer",
        ">= 3 x fewer",
        "ratio",
        least=3,
    )


def _bare(name: str, callers: int) -> Row:
    line = rf"{re.escape(name)}, {callers} at a time: "
    return Row(
        f"{name}, {callers} at a time, no audit",
        "CPU µs",
        rf"{line}.*without audit{NUMBER} CPU",
        rf"{line}bare function{NUMBER} CPU",
        rf"{line}.*without audit.*?,{NUMBER} x \(wanted",
        "<= 2 x a bare function",
        "ratio",
        most=2,
    )


def _searched(database: str, label: str) -> Row:
    line = rf"{database}: {re.escape(label)} "
    return Row(
        f"{database}: {label}",
        "ms",
        rf"{line}.*found{NUMBER} ms",
        rf"{database}: read by primary key{NUMBER} ms",
        rf"{line}.*with total{NUMBER} x",
        "<= 50 ms",
        "ours",
        most=50,
    )


SEARCHED = tuple(
    (database, label)
    for database in ("SQLite", "PostgreSQL")
    for label in ("Observation reference", "Observation token, one in ten", "Observation date, a year")
)

BENCHES = {
    "mapping": Bench(
        "bench_mapping.py",
        (),
        ("3000", "3"),
        (
            Row(
                "one row -> Patient + 3 Observations",
                "records/CPU-s",
                rf"mapping engine{NUMBER} records",
                rf"by hand.*?orjson{NUMBER} records",
                rf"ratio{NUMBER}",
                ">= 1.0 x",
                "ratio",
                least=1.0,
            ),
        ),
    ),
    "xml": Bench(
        "bench_xml.py",
        ("300",),
        ("30",),
        (
            Row(
                "CTF-shaped XML -> FHIR",
                "pupils/CPU-s",
                rf"translate{NUMBER} pupils",
                rf"bare{NUMBER} pupils",
                "",
                ">= 20,000",
                "ours",
                least=20_000,
            ),
            Row(
                "  peak memory of it",
                "MB",
                rf"translate.*peak{NUMBER} MB",
                rf"bare.*peak{NUMBER} MB",
                "",
                "<= 64 MB",
                "ours",
                most=64,
            ),
        ),
    ),
    "load": Bench(
        "bench_load.py",
        ("5000",),
        ("1000",),
        (
            Row(
                "load end to end on SQLite",
                "resources/s",
                rf"load end to end{NUMBER} resources/s",
                rf"plain inserts{NUMBER} resources/s",
                "",
                "aim >= 3,000",
                "ours",
                least=3_000,
            ),
        ),
    ),
    "transaction": Bench(
        "bench_transaction.py",
        (),
        ("5",),
        (
            Row(
                "transaction of 100, and 100 plain inserts",
                "ms",
                rf"transaction of 100 resources:{NUMBER} ms",
                rf"100 plain inserts:{NUMBER} ms",
                rf"ratio{NUMBER}",
                "<= 3 x",
                "ratio",
                most=3,
            ),
        ),
    ),
    "audit": Bench(
        "bench_audit.py",
        (),
        ("10",),
        (
            Row(
                "a look in the audit, and a plain commit",
                "CPU µs",
                rf"audit, a look alone:{NUMBER} CPU",
                rf"audit, a look alone:.*plain commit{NUMBER} CPU",
                rf"audit, a look alone:.*ratio{NUMBER}",
                "<= 1.35 x",
                "ratio",
                most=1.35,
            ),
            Row(
                "  each more of 16 looks together",
                "CPU µs",
                rf"looks together:.*CPU µs,{NUMBER} for each",
                "",
                "",
                "<= 12",
                "ours",
                most=12,
            ),
        ),
    ),
    "search": Bench(
        "bench_search.py",
        (),
        ("1000",),
        tuple(_searched(*each) for each in SEARCHED),
    ),
    "http": Bench(
        "bench_http.py",
        (),
        (),
        tuple(
            _get(name, callers)
            for name in ("Patient by id", "Observation?patient= (50)")
            for callers in ("1", "16", "asked before, 1", "asked before, 16")
        ),
    ),
    "match": Bench(
        "bench_match.py",
        (),
        ("2000",),
        (
            Row(
                "Patient/$match over HTTP, p50",
                "ms",
                rf"over HTTP: p50{NUMBER} ms",
                rf"in process: p50{NUMBER} ms",
                "",
                "<= 5 ms",
                "ours",
                most=5,
            ),
            Row(
                "Patient/$match over HTTP, p99",
                "ms",
                rf"over HTTP:.*p99{NUMBER} ms",
                rf"in process:.*p99{NUMBER} ms",
                "",
                "<= 20 ms",
                "ours",
                most=20,
            ),
        ),
    ),
    "raw": Bench(
        "bench_raw.py",
        (),
        ("200",),
        tuple(
            _bare(name, callers)
            for name in ("GET Patient by id", "Patient?identifier=", "Observation?patient=&_count=20")
            for callers in (1, 8)
        ),
    ),
}


def main(arguments: list[str]) -> int:
    """Run what is asked for and print the table; 1 if a bench ends with an error."""
    quick = "--quick" in arguments
    names = [word for word in arguments if not word.startswith("-")] or list(BENCHES)
    unknown = [name for name in names if name not in BENCHES]
    if unknown:
        print(f"There is no bench {', '.join(unknown)}. There are: {', '.join(BENCHES)}.", file=sys.stderr)
        return 2
    lines: list[tuple[str, ...]] = []
    failed = False
    for name in names:
        bench = BENCHES[name]
        code, text = _run(bench.script, bench.quick if quick else bench.full)
        failed = failed or code != 0
        lines += [_line(row, text) for row in bench.rows]
    print()
    _table([("job", "ours", "baseline", "unit", "ratio", "wanted", ""), *lines])
    if quick:
        print("\nSmall inputs (--quick): the figures are rough.")
    return 1 if failed else 0


def _run(script: str, arguments: tuple[str, ...]) -> tuple[int, str]:
    """Run a bench, show its lines as they come, and give them back with its exit code."""
    print(f"-- {script} {' '.join(arguments)}", flush=True)
    command = [sys.executable, str(HERE / script), *arguments]
    lines = []
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        for line in process.stdout:
            print(f"   {line}", end="", flush=True)
            lines.append(line)
    return process.returncode, "".join(lines)


def _line(row: Row, text: str) -> tuple[str, ...]:
    """A row of the table. Where a bench prints no ratio, it is ours over the baseline."""
    ours, baseline = _figure(row.ours, text), _figure(row.baseline, text)
    ratio = _figure(row.ratio, text) if row.ratio else _over(ours, baseline)
    held = ratio if row.bar == "ratio" else ours
    return (
        row.job,
        _shown(ours),
        _shown(baseline),
        row.unit,
        f"{ratio:.2f}" if ratio is not None else "?",
        row.wanted,
        _verdict(row, held),
    )


def _figure(pattern: str, text: str) -> float | None:
    found = re.search(pattern, text) if pattern else None
    return float(found[1].replace(",", "")) if found else None


def _over(ours: float | None, baseline: float | None) -> float | None:
    return ours / baseline if ours is not None and baseline else None


def _verdict(row: Row, held: float | None) -> str:
    if held is None:
        return "not measured"
    return "met" if (not row.least or held >= row.least) and (not row.most or held <= row.most) else "NOT MET"


def _shown(figure: float | None) -> str:
    return "?" if figure is None else f"{figure:,.0f}" if figure >= 100 else f"{figure:,.1f}"


def _table(rows: list[tuple[str, ...]]) -> None:
    widths = [max(len(row[at]) for row in rows) for at in range(len(rows[0]))]
    for row in rows:
        cells = [
            cell.rjust(width) if at in (1, 2, 4) else cell.ljust(width)
            for at, (cell, width) in enumerate(zip(row, widths, strict=True))
        ]
        print("  ".join(cells).rstrip())


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
