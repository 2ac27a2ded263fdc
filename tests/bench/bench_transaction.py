"""A transaction of 100 resources against 100 plain SQLite inserts of the same bytes, as durable each.

python tests/bench/bench_transaction.py [ROUNDS]
"""

import json
import sqlite3
import statistics
import sys
import time
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

sys.path.append(str(Path(__file__).parents[1] / "web"))

from served import settle, token_for

from gateway.app import create_app
from gateway.web.door import Door
from gateway.web.messages import Request, Response
from gateway.web.site import Site

RESOURCES = 100
CHILDREN = 10
BASE = "http://127.0.0.1/feed/clinic"
NHS = "https://fhir.nhs.uk/Id/nhs-number"


def invented(round: int) -> list[dict[str, Any]]:
    """Ten Patients, each with nine Observations, as a clinic's system sends them."""
    entries = []
    for child in range(CHILDREN):
        url = f"urn:uuid:{round:08x}-0000-4000-8000-{child:012x}"
        patient = {
            "resourceType": "Patient",
            "identifier": [{"system": "https://clinic.example/number", "value": f"{round}-{child}"}],
            "name": [{"family": f"Beech{round}x{child}", "given": [f"Ada{child}"]}],
            "gender": "female",
            "birthDate": f"20{round % 17 + 5:02}-{child % 12 + 1:02}-{round % 28 + 1:02}",
            "address": [{"line": [f"{child} Oak Road"], "city": "Anytown", "postalCode": "ZZ99 3AA"}],
        }
        entries.append(_entry("Patient", patient, url))
        for at in range(RESOURCES // CHILDREN - 1):
            observation = {
                "resourceType": "Observation",
                "status": "final",
                "category": [{"coding": [{"system": "http://loinc.org", "code": f"c{at}"}]}],
                "code": {"coding": [{"system": "http://loinc.org", "code": "8302-2", "display": "Height"}]},
                "subject": {"reference": url},
                "effectiveDateTime": f"2025-0{at + 1}-{round % 28 + 1:02}T10:30:00Z",
                "valueQuantity": {
                    "value": 120 + at,
                    "unit": "cm",
                    "system": "http://unitsofmeasure.org",
                    "code": "cm",
                },
            }
            entries.append(_entry("Observation", observation))
    return entries


def _entry(type: str, resource: dict[str, Any], url: str = "") -> dict[str, Any]:
    made = {"resource": resource, "request": {"method": "POST", "url": type}}
    return {"fullUrl": url, **made} if url else made


class Clinic:
    """A client of a gateway in this process, short of HTTP."""

    def __init__(self, door: Door, token: str) -> None:
        self.door = door
        self.headers = {"authorization": f"Bearer {token}", "content-type": "application/fhir+json"}

    def post(self, path: str, body: bytes) -> Response:
        """What the door answers."""
        headers = {**self.headers, "content-length": str(len(body))}
        asked = Request("POST", BASE, "clinic", path, "", headers, "bench", lambda most: body)
        answer = self.door.answer(asked)
        assert answer.status in (200, 201), answer.body
        return answer


def plain(file: Path, bodies: list[bytes], commits: int) -> float:
    """Seconds to insert bodies into a bare table, in so many commits, each on the disk before the next."""
    connection = sqlite3.connect(file, isolation_level=None)
    connection.execute("PRAGMA journal_mode=WAL")
    connection.execute("PRAGMA synchronous=FULL")
    connection.execute("CREATE TABLE IF NOT EXISTS plain (id INTEGER PRIMARY KEY, type TEXT, body BLOB)")
    each = len(bodies) // commits
    began = time.perf_counter()
    for start in range(0, len(bodies), each):
        connection.execute("BEGIN IMMEDIATE")
        for body in bodies[start : start + each]:
            connection.execute("INSERT INTO plain (type, body) VALUES ('x', ?)", (body,))
        connection.execute("COMMIT")
    took = time.perf_counter() - began
    connection.close()
    return took


def measured(rounds: int) -> dict[str, list[float]]:
    """Seconds of each way to keep 100 resources, round by round, the ways in turns."""
    times: dict[str, list[float]] = {}

    def timed(name: str, act: Callable[[], object]) -> None:
        began, used = time.perf_counter(), time.process_time()
        act()
        times.setdefault(name, []).append(time.perf_counter() - began)
        times.setdefault(f"{name}, CPU", []).append(time.process_time() - used)

    with TemporaryDirectory() as folder:
        config = settle(Path(folder))
        site = create_app(config)
        assert isinstance(site, Site)
        clinic = Clinic(site.door, token_for(config, "clinic"))
        for round in range(rounds + 1):
            entries = invented(round)
            sent = json.dumps({"resourceType": "Bundle", "type": "transaction", "entry": entries}).encode()
            bodies = [json.dumps(each["resource"]).encode() for each in entries]
            alone = [json.dumps(each["resource"]).encode() for each in invented(round + 100_000)]
            types = [each["request"]["url"] for each in entries]
            timed("transaction", lambda sent=sent: clinic.post("", sent))  # type: ignore[misc]
            timed(
                "creates",
                lambda: [clinic.post(type, body) for type, body in zip(types, alone, strict=True)],  # noqa: B023
            )
            file = Path(folder) / "plain.db"
            times.setdefault("plain", []).append(plain(file, bodies, RESOURCES))
            times.setdefault("one commit", []).append(plain(file, bodies, 1))
        site.door.gateway.close()
    return {name: each[1:] for name, each in times.items()}


def main() -> None:
    """Measure and print."""
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else 30
    found = {name: statistics.median(each) * 1000 for name, each in measured(rounds).items()}
    cpu = found["transaction, CPU"]
    print(f"transaction of {RESOURCES} resources: {found['transaction']:.1f} ms, {cpu:.1f} of them CPU")
    ratio = found["transaction"] / found["plain"]
    print(f"{RESOURCES} plain inserts: {found['plain']:.1f} ms, ratio {ratio:.2f}")
    print(f"{RESOURCES} plain inserts in one commit: {found['one commit']:.1f} ms")
    print(f"{RESOURCES} creates one by one: {found['creates']:.1f} ms")


if __name__ == "__main__":
    main()
