"""`fhirgate demo`: the whole journey with invented children, and a second gateway as the hospital."""

import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from socket import socket
from typing import Any

import requests

from gateway import config as settings
from gateway.app import open_gateway
from gateway.demo import telling
from gateway.fhir import ask
from gateway.fhir.query_text import to_text
from gateway.identity.person import person
from gateway.service import Gateway
from gateway.service.ask import Answer, Asking
from gateway.service.matching import find
from gateway.service.report import Report
from gateway.store.base import ASK, Child

Out = Callable[[str], None]
Facts = dict[str, Any]

DATA = Path(__file__).parent / "data"

#: Feed, mapping ("" for FHIR as it is), file or folder, and what it is.
FILES = (
    ("anytown-council", "ssda903", "ssda903", "SSDA903 return of the council (CSV set, no names)"),
    (
        "anytown-council",
        "csc-api",
        "children_201.json",
        "children's social care records of the council (JSON)",
    ),
    ("harbour-academy", "ctf", "2019002_CTF_2019001_001.xml", "common transfer file of a school (XML)"),
    ("anytown-trace", "", "trace.ndjson", "NHS numbers the council had traced (FHIR)"),
)

#: Whom a clinic asks about without a number: a surname a letter short, and the beginning of two twins' names.
WHO = (("Amelia", "Okafor-Bennet", "2012-03-04"), ("Ava", "Thompson", "2013-09-30"))

_SETTINGS = """\
one_operator = true
{upstreams}
[feeds.anytown-council]
organisation = "Anytown Council"
sector = "local-authority"
set = {{la = "201", year = "2025-26"}}

[feeds.harbour-academy]
organisation = "Harbour Test Academy"
sector = "education"

[feeds.anytown-trace]
organisation = "Anytown Council, traced numbers"
sector = "local-authority"
verified = true
"""

_HOSPITAL = """\
[feeds.records]
organisation = "Anytown Hospital"
sector = "health"
verified = true
"""

_UPSTREAM = """\
[upstreams.anytown-hospital]
name = "Anytown Hospital"
base_url = "http://127.0.0.1:{port}/feed/records"
types = ["Observation"]
"""


def run(*, once: bool, port: int, out: Out, facts: Callable[[Facts], None] | None = None) -> None:
    """Tell the journey; then serve on loopback unless it is `once`.

    Args:
        out: prints a line.
        facts: is given the same journey as a value for a program.
    """
    with (
        _ended_by_terminate(),
        tempfile.TemporaryDirectory(prefix="fhirgate-demo-") as folder,
        _hospital(Path(folder)) as hospital,
    ):
        path = Path(folder) / "gateway.toml"
        path.write_text(_SETTINGS.format(upstreams=_UPSTREAM.format(port=hospital)), "utf-8")
        gateway = open_gateway(settings.load(path, {}))
        gateway.upstreams.learn()
        told = _journey(gateway, out)
        gateway.close()
        if facts is not None:
            facts(told)
        out("")
        if once:
            out("Look around: fhirgate demo keeps serving until you stop it.")
        else:
            telling.addresses(port, out)
            _serve(path, port)


def _journey(gateway: Gateway, out: Out) -> Facts:
    """Files in, children out, what is asked of them, a seal: each step on the screen as it is done."""
    telling.opening(out)
    reports = [_loaded(gateway, *each, out) for each in FILES]
    child = _linked_to(gateway, "10234")
    telling.children(gateway, out)
    telling.child(gateway, child, out)
    telling.child(gateway, _linked_to(gateway, "9871"), out)
    telling.reviews(gateway, out)
    feeds = {report.number: report.feed for report in reports}
    first = f"Observation?patient.identifier=CCI|{child.cci}&date=ge2025-10-01"
    joined = _asked(gateway, first)
    telling.answer(first, joined, feeds, out)
    adopted = _linked_to(gateway, "10655")
    second = f"Observation?patient.identifier=CCI|{adopted.cci}&_count=1"
    guarded = _asked(gateway, second)
    telling.guarded(second, guarded, out)
    matches = [_matched(gateway, *who) for who in WHO]
    telling.matches(matches, out)
    seal = _sealed(gateway, adopted)
    telling.seal(adopted, seal, out)
    return {
        "loads": [report.as_json() for report in reports],
        "children": gateway.store.counts()["composed"],
        "reviews": [entry.sentence for entry in gateway.store.reviews()],
        "questions": [telling.told(first, joined), telling.told(second, guarded)],
        "matches": matches,
        "seal": seal,
    }


def _loaded(gateway: Gateway, feed: str, mapping: str, name: str, what: str, out: Out) -> Report:
    found = gateway.shelf.mapping(mapping) if mapping else None
    report = gateway.loader.load(DATA / name, gateway.feed(feed), found)
    telling.load(report, what, out)
    return report


def _asked(gateway: Gateway, question: str) -> Answer:
    type, _, words = question.partition("?")
    pairs = [(name, value) for name, _, value in (each.partition("=") for each in words.split("&"))]
    query = ask.parse(type, pairs, page_most=100, context=gateway.context())
    asking = Asking(ASK, sees_upn=True, seconds=3.0, client="demo")
    limit = query.count if query.count is not None else 20
    return gateway.asker.search(gateway.store, query, asking, limit, to_text(query))


def _matched(gateway: Gateway, given: str, family: str, born: str) -> Facts:
    """Whom a Patient without any number may be."""
    asked = {"name": [{"given": [given], "family": family}], "birthDate": born}
    found = find(gateway.store, gateway.linker, person(asked, gateway.config["base_uri"]))
    graded = [
        {"grade": one.match.grade.name.lower(), "score": round(one.match.probability, 2)} for one in found
    ]
    return {"asked": f"{given} {family}, born {born}", "found": graded}


def _sealed(gateway: Gateway, child: Child) -> Facts:
    """How many a search by the CCI finds once a child is sealed, and once two persons have lifted that."""
    question = f"Patient?identifier=CCI|{child.cci}"
    number = gateway.lives.seal(child, reason="adoption order", author="a social worker")
    sealed = len(_asked(gateway, question).found)
    for author in ("a social worker", "her manager"):
        gateway.lives.unseal(number, reason="it was another child", author=author)
    lifted = len(_asked(gateway, question).found)
    return {"question": question, "seal": number, "sealed": sealed, "lifted": lifted}


def _linked_to(gateway: Gateway, la_child_id: str) -> Child:
    """The child with a council's case number."""
    system = f"{gateway.config['base_uri']}/Id/la-child-id/201"
    query = ask.parse("Patient", [("identifier", f"{system}|{la_child_id}")], page_most=1)
    row = gateway.store.search(ASK, query, limit=1, total=False).rows[0]
    child = gateway.store.child(id=row.public)
    assert child is not None
    return child


@contextmanager
def _hospital(folder: Path) -> Iterator[int]:
    """A second gateway in a process of its own, with health observations; gives its port."""
    home = folder / "hospital"
    home.mkdir()
    path = home / "gateway.toml"
    path.write_text(_HOSPITAL, "utf-8")
    gateway = open_gateway(settings.load(path, {}))
    gateway.loader.load(DATA / "hospital.ndjson", gateway.feed("records"), None)
    gateway.close()
    port = _free_port()
    with _served(path, port, stderr=subprocess.DEVNULL) as process:
        _wait(f"http://127.0.0.1:{port}/health", process)
        yield port


@contextmanager
def _served(path: Path, port: int, stderr: int | None = None) -> Iterator["subprocess.Popen[bytes]"]:
    """A server of the demo until the block ends.

    It is in a session of its own, so that Ctrl-C reaches the demo alone, which then ends it.
    """
    program = [sys.executable, "-m", "gateway.demo.serving", str(port)]
    environ = {**os.environ, "GATEWAY_CONFIG": str(path)}
    with subprocess.Popen(
        program, env=environ, stdout=subprocess.DEVNULL, stderr=stderr, start_new_session=True
    ) as process:
        try:
            yield process
        finally:
            process.terminate()
            process.wait(20)


@contextmanager
def _ended_by_terminate() -> Iterator[None]:
    """Inside the block SIGTERM does what Ctrl-C does, so that nothing is left running."""
    before = signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def _free_port() -> int:
    with socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _wait(url: str, process: "subprocess.Popen[bytes]") -> None:
    end = time.monotonic() + 60
    while time.monotonic() < end and process.poll() is None:
        try:
            requests.get(url, timeout=1)
            return
        except (requests.ConnectionError, requests.Timeout):
            time.sleep(0.1)
    raise TimeoutError("the pretend hospital did not start")


def _serve(path: Path, port: int) -> None:
    with _served(path, port) as process, suppress(KeyboardInterrupt):
        process.wait()


__all__ = ["run"]
