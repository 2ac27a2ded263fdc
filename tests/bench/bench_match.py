"""`Patient/$match` over HTTP: how long one client waits for an answer, with many children registered.

    python tests/bench/bench_match.py                     20,000 children, two minutes
    python tests/bench/bench_match.py 1000000             as many as the project asks for: half an hour, 6 GB
    python tests/bench/bench_match.py 1000000 FOLDER      the store is kept in that folder, and used again

Invented children are loaded as a hospital tells of them. Then a school or a social worker asks about them, as
they write names, dates and addresses, without any number; one in five asks about a child nobody registered.
Beside the time over HTTP, token and audit included, stands that of the same question within one process.
"""

import gc
import json
import random
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from http.client import HTTPConnection
from pathlib import Path
from typing import Any

sys.path[:0] = [str(Path(__file__).parent), str(Path(__file__).parents[1] / "web")]

from bench_raw import Running, _served  # noqa: E402
from served import token_for  # noqa: E402

from gateway import config as settings  # noqa: E402
from gateway.app import open_gateway  # noqa: E402
from gateway.config import Config  # noqa: E402
from gateway.identity.person import person  # noqa: E402
from gateway.service.matching import find  # noqa: E402
from gateway.testing.families import Kid, Mix, families  # noqa: E402
from gateway.testing.tellings import Habits, patient, plainly, told, without_numbers  # noqa: E402

CHILDREN, QUESTIONS, WARMING, SEED = 20_000, 2_000, 200, 78
BASE = "https://fhirgate.example"
WANTED = (5.0, 20.0)
SETTINGS = """
[feeds.clinic]
sector = "health"
verified = true

[clients.clinic]
sector = "health"
scopes = ["system/*.rs"]
feeds = ["clinic"]
"""


def bench(children: int = CHILDREN, folder: str = "") -> Iterator[str]:
    """Run the benchmark; one line for each figure."""
    with ExitStack() as stack:
        home = Path(folder or stack.enter_context(tempfile.TemporaryDirectory(prefix="fhirgate-bench-")))
        kids = list(families(children, SEED, Mix(adopted=0)))
        absent = set(random.Random(SEED).sample(range(len(kids)), len(kids) // 20))
        config = _filled(home, [kid for kid in kids if kid.number not in absent])
        asked = list(_questions(kids, absent))
        del kids
        gc.freeze()
        yield _line("in process", *_within(config, asked))
        running = stack.enter_context(_served("audited", str(home)))
        within = _over_http(running, token_for(config, "clinic"), asked)
        met = all(figure <= wanted for figure, wanted in zip(within, WANTED, strict=True))
        wanted = f"   wanted {WANTED[0]:.0f} and {WANTED[1]:.0f} ms: {'met' if met else 'NOT MET'}"
        yield _line("over HTTP", *within) + wanted


def _line(name: str, p50: float, p99: float) -> str:
    return f"$match {name}: p50 {p50:.2f} ms, p99 {p99:.2f} ms"


def _filled(home: Path, kids: Sequence[Kid]) -> Config:
    """Settings of a gateway with these children, loaded unless they are there already."""
    file = home / "gateway.toml"
    file.write_text(SETTINGS)
    config = settings.load(file, {})
    gateway = open_gateway(config)
    try:
        if not (home / "loaded").exists():
            lines = home / "patients.ndjson"
            with lines.open("w") as out:
                for kid in kids:
                    out.write(json.dumps(patient(plainly(kid), BASE) | {"id": f"p{kid.number}"}) + "\n")
            began = time.perf_counter()
            report = gateway.loader.load(lines, gateway.feed("clinic"), None)
            assert report.kept == len(kids), report.counts()
            seconds = time.perf_counter() - began
            print(f"{len(kids):,} Patients loaded, {len(kids) / seconds:,.0f} a second", flush=True)
            lines.unlink()
            (home / "loaded").touch()
    finally:
        gateway.close()
    return config


def _questions(kids: Sequence[Kid], absent: set[int]) -> Iterator[dict[str, Any]]:
    """Patients as offices write them."""
    pick, habits = random.Random(SEED + 1), Habits()
    here = [kid for kid in kids if kid.number not in absent]
    gone = [kid for kid in kids if kid.number in absent]
    for number in range(QUESTIONS + WARMING):
        kid = pick.choice(gone if number % 5 == 0 else here)
        office = pick.choice(("school", "school", "school", "care"))
        one = patient(without_numbers(told(kid, office, 0, pick, habits)), BASE)
        yield {name: value for name, value in one.items() if name != "id"}


def _within(config: Config, asked: Sequence[dict[str, Any]]) -> tuple[float, float]:
    gateway = open_gateway(config)
    spent = []
    for one in asked:
        began = time.perf_counter()
        find(gateway.store, gateway.linker, person(one, BASE))
        spent.append(time.perf_counter() - began)
    gateway.close()
    return _quantiles(spent[WARMING:])


def _over_http(running: Running, token: str, asked: Sequence[dict[str, Any]]) -> tuple[float, float]:
    headers = {"Content-Type": "application/fhir+json", "Authorization": f"Bearer {token}"}
    connection = HTTPConnection("127.0.0.1", running.port)
    spent, named = [], 0
    for one in asked:
        body = json.dumps(
            {"resourceType": "Parameters", "parameter": [{"name": "resource", "resource": one}]}
        ).encode()
        began = time.perf_counter()
        connection.request("POST", "/fhir/Patient/$match", body, headers)
        answer = connection.getresponse()
        text = answer.read()
        spent.append(time.perf_counter() - began)
        # too little to ask by is refused
        assert answer.status in (200, 400), text
        named += b'"certain"' in text
    connection.close()
    assert named > len(asked) // 2, f"only {named} of {len(asked)} were named as certain"
    return _quantiles(spent[WARMING:])


def _quantiles(seconds: Sequence[float]) -> tuple[float, float]:
    """Median and 99th percentile, in milliseconds."""
    ordered = sorted(seconds)
    return 1000 * ordered[len(ordered) // 2], 1000 * ordered[len(ordered) * 99 // 100]


if __name__ == "__main__":
    count = int(sys.argv[1]) if sys.argv[1:] else CHILDREN
    for line in bench(count, *sys.argv[2:3]):
        print(line, flush=True)
