"""CPU time a request against HAPI FHIR, on this machine and in this run; ours with token and audit.

    python tests/bench/bench_peer.py [PATIENTS]

Both get the same transactions of ten from two clients, and then the same questions from eight, each about
another child, so that no answer comes from a store of answers. HAPI runs as it is installed, with Java's own
choice of compilers, on a database in memory; ours on SQLite files that are synced. What is measured is what
the processes of each server take of the processors, divided by the requests.
"""

import http.client
import json
import os
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from itertools import count, islice
from pathlib import Path
from typing import Any, NamedTuple

sys.path[:0] = [str(Path(__file__).parents[1] / name) for name in ("peers", "web")]

from peers import Missing, _await, _free_port, _tool, build_hapi  # noqa: E402
from served import token_for  # noqa: E402

from gateway import config as settings  # noqa: E402
from gateway.service.keys import read_secret  # noqa: E402
from gateway.testing import nhs_number  # noqa: E402

PATIENTS = 2_000
NHS = "https://fhir.nhs.uk/Id/nhs-number"
TELLERS = 2
ASKERS = 8
WARMING = 3
SETTINGS = """
[feeds.clinic]
sector = "health"
verified = true

[clients.clinic]
sector = "health"
scopes = ["system/*.cruds"]
feeds = ["clinic"]
"""
LOAD = "load by transactions of 10"
#: What the project asks for: how many times less, or faster.
WANTED = {
    "GET Patient by id": 6.0,
    "Patient?identifier=": 10.0,
    "Observation?patient=&_count=20": 10.0,
    LOAD: 2.5,
}


class Server(NamedTuple):
    """A server to measure: its port, where it is told and asked, headers for it, and its process."""

    port: int
    tell: str
    ask: str
    headers: dict[str, str]
    process: int


def bench(patients: int = PATIENTS) -> Iterator[str]:
    """Run the benchmark; one line for each figure."""
    bundles = [_bundle(at, number) for at, number in enumerate(_numbers(patients))]
    with _hapi() as hapi:
        theirs = dict(_measured(hapi, bundles))
    # one process is what `fhirgate serve` starts, and what HAPI is
    for workers in (1, 2):
        with _ours(workers) as server:
            for name, ours in _measured(server, bundles):
                yield _compared(name, workers, ours, theirs[name])


def _measured(server: Server, bundles: Sequence[bytes]) -> Iterator[tuple[str, float]]:
    """Each figure of a server: resources a second, and CPU milliseconds."""
    patients = len(bundles)
    yield LOAD, patients * 10 / _loaded(server, bundles)
    ids, numbers = _ids(server, patients), _numbers(patients)
    for name, path in {
        "GET Patient by id": lambda at, ids: f"Patient/{ids[at]}",
        "Patient?identifier=": lambda at, ids: f"Patient?identifier={NHS}%7C{numbers[at]}",
        "Observation?patient=&_count=20": lambda at, ids: f"Observation?patient={ids[at]}&_count=20",
    }.items():
        yield name, _cost(server, ids, path)


def _compared(name: str, workers: int, ours: float, theirs: float) -> str:
    ratio, unit = (ours / theirs, "resources/s") if name == LOAD else (theirs / ours, "CPU ms")
    figures = f"fhirgate {ours:9.3f}   HAPI {theirs:9.3f} {unit:12} {ratio:5.1f} x"
    if workers > 1:
        return f"{name:31} {figures}   with {workers} processes"
    verdict = "met" if ratio >= WANTED[name] else "NOT MET"
    return f"{name:31} {figures}   wanted {WANTED[name]} x: {verdict}"


def _loaded(server: Server, bundles: Sequence[bytes]) -> float:
    """Seconds that two clients take to tell all Bundles."""
    began = time.perf_counter()
    _all(server, [("POST", server.tell, each) for each in bundles], TELLERS)
    return time.perf_counter() - began


def _cost(server: Server, ids: Sequence[str], path: Callable[[int, Sequence[str]], str]) -> float:
    """CPU milliseconds a request about half of the children; those about the others warm the server up."""
    asked = [("GET", f"{server.ask}/{path(at, ids)}", b"") for at in range(len(ids))]
    half = len(asked) // 2
    _all(server, asked[:half] * WARMING, ASKERS)
    before = _cpu(server.process)
    _all(server, asked[half:], ASKERS)
    return (_cpu(server.process) - before) / (len(asked) - half) * 1000


def _all(server: Server, requests: Sequence[tuple[str, str, bytes]], clients: int) -> None:
    """Send requests from some clients at once, each over one connection."""
    faults: list[str] = []

    def client(mine: Sequence[tuple[str, str, bytes]]) -> None:
        connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=120)
        for method, path, body in mine:
            connection.request(method, path, body or None, server.headers)
            with connection.getresponse() as answer:
                text = answer.read()
            if answer.status not in (200, 201):
                faults.append(f"{method} {path}: {answer.status} {text[:500]!r}")
                break
        connection.close()

    threads = [threading.Thread(target=client, args=(requests[at::clients],)) for at in range(clients)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not faults, faults[0]


def _ids(server: Server, patients: int) -> list[str]:
    """The id of each child where it is asked for, in the order in which they were told."""
    by_number: dict[str, str] = {}
    path = f"{server.ask}/Patient?_count=200"
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=120)
    while path:
        connection.request("GET", path, None, server.headers)
        with connection.getresponse() as answer:
            page = json.loads(answer.read())
        for entry in page["entry"]:
            patient = entry["resource"]
            number = next(each["value"] for each in patient["identifier"] if each["system"] == NHS)
            by_number[number] = patient["id"]
        following = [each["url"] for each in page["link"] if each["relation"] == "next"]
        path = "/" + following[0].split("/", 3)[3] if following else ""
    connection.close()
    return [by_number[number] for number in _numbers(patients)]


def _numbers(patients: int) -> list[str]:
    """As many NHS numbers that were never given to anybody."""
    return list(islice(filter(None, map(nhs_number, count())), patients))


def _cpu(process: int) -> float:
    """Seconds of CPU that a process and its children have taken."""
    ticks, parents = {}, {}
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            words = stat.read_text().rpartition(")")[2].split()
        except (FileNotFoundError, ProcessLookupError):
            continue
        id = int(stat.parent.name)
        parents[id], ticks[id] = int(words[1]), sum(map(int, words[11:15]))
    ours = {process}
    while more := {id for id, parent in parents.items() if parent in ours} - ours:
        ours |= more
    return sum(ticks.get(id, 0) for id in ours) / os.sysconf("SC_CLK_TCK")


def _bundle(at: int, number: str) -> bytes:
    """A transaction of one invented child and nine Observations."""
    id = f"p{at}"
    patient = {
        "resourceType": "Patient",
        "id": id,
        "identifier": [{"system": NHS, "value": number}],
        "name": [{"use": "official", "family": _surname(at), "given": ["Ada", "Rowan"]}],
        "gender": "female",
        "birthDate": f"20{at % 10 + 10}-{at % 12 + 1:02}-{at % 28 + 1:02}",
        "address": [{"line": [f"{at} Invented Lane"], "city": "Anytown", "postalCode": "ZZ99 3WZ"}],
    }
    told = [patient, *(_observation(id, at) for at in range(9))]
    entries = [
        {"resource": each, "request": {"method": "PUT", "url": f"{each['resourceType']}/{each['id']}"}}
        for each in told
    ]
    return json.dumps({"resourceType": "Bundle", "type": "transaction", "entry": entries}).encode()


def _surname(at: int) -> str:
    """A name that hardly anybody shares, of invented syllables."""
    syllables = (
        "bar",
        "dol",
        "fen",
        "gri",
        "hul",
        "kem",
        "lo",
        "mar",
        "nif",
        "pel",
        "ros",
        "tan",
        "vik",
        "wes",
    )
    first, rest = divmod(at, len(syllables) ** 2)
    second, third = divmod(rest, len(syllables))
    return "".join(syllables[each % len(syllables)] for each in (third, first, second)).capitalize()


def _observation(patient: str, at: int) -> dict[str, Any]:
    loinc = {"system": "http://loinc.org", "code": "8302-2", "display": "Body height"}
    return {
        "resourceType": "Observation",
        "id": f"{patient}-o{at}",
        "identifier": [{"system": "https://fhirgate.example/Id/row/invented", "value": f"{patient}-{at}"}],
        "status": "final",
        "code": {"coding": [loinc], "text": "Height as measured by the school nurse"},
        "subject": {"reference": f"Patient/{patient}"},
        "effectiveDateTime": f"2024-{at + 1:02}-10T09:30:00+00:00",
        "valueQuantity": {
            "value": 90 + at,
            "unit": "cm",
            "system": "http://unitsofmeasure.org",
            "code": "cm",
        },
        "note": [{"text": "Measured without shoes, at the yearly visit of the school nurse."}],
    }


@contextmanager
def _hapi() -> Iterator[Server]:
    folder, port = build_hapi(), _free_port()
    command = [_tool("java", "Java 17"), "-Xmx2g", "-cp", f"{folder}:{folder}/jars/*", "Peer", str(port)]
    headers = {"Content-Type": "application/fhir+json", "Accept": "application/fhir+json"}
    with _running(command, f"http://127.0.0.1:{port}/fhir/metadata") as process:
        yield Server(port, "/fhir", "/fhir", headers, process)


@contextmanager
def _ours(workers: int) -> Iterator[Server]:
    with tempfile.TemporaryDirectory(prefix="fhirgate-bench-") as folder:
        file, port = Path(folder) / "gateway.toml", _free_port()
        file.write_text(SETTINGS)
        config = settings.load(file, {})
        read_secret(Path(config["secret_file"]))
        headers = {"Content-Type": "application/fhir+json", "Accept": "application/fhir+json"}
        headers["Authorization"] = f"Bearer {token_for(config, 'clinic')}"
        command = [sys.executable, "-m", "gateway", "serve", "--port", str(port), "--workers", str(workers)]
        environ = {**os.environ, "GATEWAY_CONFIG": str(file)}
        with _running(command, f"http://127.0.0.1:{port}/health", environ, folder) as process:
            yield Server(port, "/feed/clinic", "/fhir", headers, process)


@contextmanager
def _running(
    command: list[str], url: str, environ: dict[str, str] | None = None, folder: str | None = None
) -> Iterator[int]:
    with tempfile.NamedTemporaryFile("w+b", suffix=".log") as log:
        process = subprocess.Popen(command, stdout=log, stderr=log, env=environ, cwd=folder)
        try:
            _await(url, Path(log.name))
            yield process.pid
        finally:
            process.terminate()
            process.wait(30)


if __name__ == "__main__":
    try:
        for line in bench(*map(int, sys.argv[1:2])):
            print(line, flush=True)
    except Missing as reason:
        sys.exit(f"HAPI cannot be had here: {reason}")
