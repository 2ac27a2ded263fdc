"""A FHIR server that misbehaves as told: real sockets on loopback, for what no honest server does on demand.

    liar = Liar(); base = liar.base("unsorted")      # http://127.0.0.1:PORT/unsorted
    ...; liar.close()

The first part of the path chooses the habit (`HABITS`); "honest" is a small, correct server. It holds one
Patient and some Observations, set with `liar.holds(patient, observations)`, and remembers what it was asked
in `liar.asked`.
"""

import gzip
import json
import socket
import struct
import threading
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, unquote_plus, urlsplit

import pytest

NHS_NUMBER = "https://fhir.nhs.uk/Id/nhs-number"
Resource = dict[str, Any]


@dataclass(frozen=True)
class Asked:
    """One request as it arrived."""

    method: str
    path: str
    query: str
    body: str
    headers: dict[str, str]


@dataclass
class Reply:
    """What is sent: a JSON value, or bytes as they are; `more` are further headers."""

    content: Any
    status: int = 200
    type: str = "application/fhir+json"
    more: dict[str, str] = field(default_factory=dict)


class Liar:
    """The server, listening on a free port of loopback until `close()`."""

    def __init__(self) -> None:
        """Start listening."""
        self.asked: list[Asked] = []
        self.patient: Resource = {}
        self.observations: list[Resource] = []
        self.released = threading.Event()
        self._server = _Server(("127.0.0.1", 0), _Door)
        self._server.liar = self
        self.root = f"http://127.0.0.1:{self._server.server_port}"
        threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()

    def base(self, habit: str) -> str:
        """The base URL under which it has this habit."""
        assert habit in HABITS, habit
        return f"{self.root}/{habit}"

    def holds(self, patient: Resource, observations: list[Resource]) -> None:
        """Let it hold a Patient `p1` and Observations `o0`, `o1`, … about it."""
        self.patient = {**patient, "id": "p1"}
        self.observations = [
            {"subject": {"reference": "Patient/p1"}, **each, "id": f"o{number}"}
            for number, each in enumerate(observations)
        ]

    def close(self) -> None:
        """Stop, and let go of whoever is kept waiting."""
        self.released.set()
        self._server.shutdown()
        self._server.server_close()


def bundle(
    resources: list[Resource], base: str, query: str = "", total: int | None = None, next_: str = ""
) -> Resource:
    """A correct Bundle of search results."""
    links = [{"relation": "self", "url": f"{base}/{_type(resources)}{'?' + query if query else ''}"}]
    links += [{"relation": "next", "url": next_}] if next_ else []
    return {
        "resourceType": "Bundle",
        "type": "searchset",
        "total": len(resources) if total is None else total,
        "link": links,
        "entry": [
            {
                "fullUrl": f"{base}/{each['resourceType']}/{each['id']}",
                "resource": each,
                "search": {"mode": "match"},
            }
            for each in resources
        ],
    }


def _type(resources: list[Resource]) -> str:
    return resources[0]["resourceType"] if resources else "Observation"


def _sorted(observations: list[Resource]) -> list[Resource]:
    dated = [each for each in observations if each.get("effectiveDateTime")]
    undated = [each for each in observations if not each.get("effectiveDateTime")]
    return sorted(dated, key=lambda each: each["effectiveDateTime"], reverse=True) + undated


# habits: (liar, base, request) to a Reply, or an action on the socket


def honest(liar: Liar, base: str, asked: Asked) -> Reply:
    """A correct small server, with pages."""
    kind = asked.path.removesuffix("/_search")
    if kind == "Patient":
        value = unquote_plus(asked.query + asked.body).rpartition("|")[2]
        known = {each["value"] for each in liar.patient.get("identifier", ())}
        return Reply(bundle([liar.patient] if value in known else [], base))
    return paged(liar, base, asked, _sorted(liar.observations))


def paged(liar: Liar, base: str, asked: Asked, observations: list[Resource], **lies: Any) -> Reply:
    """One page of `observations`, `_count` and `_offset` honoured."""
    given = parse_qs(asked.query)
    count, offset = int(given.get("_count", ["20"])[0]), int(given.get("_offset", ["0"])[0])
    page = observations[offset : offset + count]
    plain = "&".join(each for each in asked.query.split("&") if not each.startswith("_offset="))
    following = (
        f"{base}/Observation?{plain}&_offset={offset + count}" if offset + count < len(observations) else ""
    )
    return Reply({**bundle(page, base, asked.query, len(observations), following), **lies})


def only_observations(lie: Callable[[Liar, str, Asked], Any]) -> Callable[[Liar, str, Asked], Any]:
    """A habit that shows only when Observations are asked for."""
    return lambda liar, base, asked: (honest if asked.path.startswith("Patient") else lie)(liar, base, asked)


def hang(liar: Liar, base: str, asked: Asked) -> None:
    """Say nothing at all."""
    liar.released.wait(30)


def drip(liar: Liar, base: str, asked: Asked) -> Iterator[bytes]:
    """Send the head and then a byte now and then, for ever."""
    yield b"HTTP/1.1 200 OK\r\nContent-Type: application/fhir+json\r\n\r\n{"
    while not liar.released.wait(0.05):
        yield b" "


def reset(liar: Liar, base: str, asked: Asked) -> str:
    """Break off with a RST."""
    return "reset"


def cut(liar: Liar, base: str, asked: Asked) -> Iterator[bytes]:
    """Promise more than is sent."""
    yield b"HTTP/1.1 200 OK\r\nContent-Type: application/fhir+json\r\nContent-Length: 5000\r\n\r\n"
    yield b'{"resourceType":'


def says(content: Any, status: int = 200, **more: Any) -> Callable[[Liar, str, Asked], Reply]:
    """The same answer to everything."""
    return lambda liar, base, asked: Reply(content, status, **more)


def outcome(code: str, severity: str = "error") -> Resource:
    """An OperationOutcome; its diagnostics hold what must not be repeated."""
    issue = {
        "severity": severity,
        "code": code,
        "diagnostics": "secret of http://10.0.0.7/fhir for 9990000018",
    }
    return {"resourceType": "OperationOutcome", "issue": [issue]}


def other_child(liar: Liar, base: str, asked: Asked) -> Reply:
    """The Patient it finds has the right number and is somebody else."""
    other = {**liar.patient, "name": [{"family": "Other", "given": ["Child"]}], "birthDate": "2009-09-09"}
    return Reply(bundle([other], base)) if asked.path.startswith("Patient") else honest(liar, base, asked)


def other_number(liar: Liar, base: str, asked: Asked) -> Reply:
    """It ignores the identifier and answers with a Patient of another NHS number."""
    other = {**liar.patient, "identifier": [{"system": NHS_NUMBER, "value": "9990000026"}]}
    return Reply(bundle([other], base)) if asked.path.startswith("Patient") else honest(liar, base, asked)


def two_children(liar: Liar, base: str, asked: Asked) -> Reply:
    """Two Patients have the number."""
    both = [liar.patient, {**liar.patient, "id": "p2"}]
    return Reply(bundle(both, base)) if asked.path.startswith("Patient") else honest(liar, base, asked)


def other_subjects(liar: Liar, base: str, asked: Asked) -> Reply:
    """Every second Observation is about somebody else, in one of several ways."""
    wrong: list[Resource] = [
        {"subject": {"reference": "Patient/p2"}},
        {"subject": {"reference": "http://elsewhere.example/fhir/Patient/p1"}},
        {"subject": {"display": "p1"}},
        {"subject": {"reference": "Group/p1"}},
        {"resourceType": "Condition", "subject": {"reference": "Patient/p1"}},
    ]
    mixed = [
        {**each, **(wrong[n // 2 % len(wrong)] if n % 2 else {})}
        for n, each in enumerate(_sorted(liar.observations))
    ]
    return paged(liar, base, asked, mixed)


def unsorted(liar: Liar, base: str, asked: Asked) -> Reply:
    """Pages in no order at all."""
    shuffled = sorted(liar.observations, key=lambda each: each["id"][::-1])
    return paged(liar, base, asked, shuffled)


def endless(liar: Liar, base: str, asked: Asked) -> Reply:
    """There is always one more page, of the same things."""
    offset = int(parse_qs(asked.query).get("_offset", ["0"])[0])
    page = bundle(liar.observations[:1], base, asked.query, 10**6, f"{base}/Observation?_offset={offset + 1}")
    return Reply(page)


def circle(liar: Liar, base: str, asked: Asked) -> Reply:
    """The next page is this page."""
    page = bundle(liar.observations[:1], base, asked.query, 10**6, f"{base}/Observation?again=1")
    return Reply(page)


def elsewhere(liar: Liar, base: str, asked: Asked) -> Reply:
    """The next page is on another server."""
    return Reply(
        bundle(liar.observations[:1], base, asked.query, 2, "http://127.0.0.1:9/fhir/Observation?page=2")
    )


def ignores_filters(liar: Liar, base: str, asked: Asked) -> Reply:
    """It applies nothing but `patient`, and its self link says so."""
    query = "&".join(each for each in asked.query.split("&") if not each.startswith(("date", "code")))
    bare = Asked(asked.method, asked.path, query, asked.body, asked.headers)
    return paged(liar, base, bare, _sorted(liar.observations))


def no_post(liar: Liar, base: str, asked: Asked) -> Reply:
    """No search by POST."""
    return Reply(outcome("not-supported"), 405) if asked.method == "POST" else honest(liar, base, asked)


def no_sort(liar: Liar, base: str, asked: Asked) -> Reply:
    """No `_sort`."""
    return Reply(outcome("not-supported"), 400) if "_sort" in asked.query else unsorted(liar, base, asked)


def warns(liar: Liar, base: str, asked: Asked) -> Reply:
    """A warning beside the matches."""
    reply = honest(liar, base, asked)
    reply.content["entry"].append(
        {"resource": outcome("incomplete", "warning"), "search": {"mode": "outcome"}}
    )
    return reply


def inner_base(liar: Liar, base: str, asked: Asked) -> Reply:
    """Behind a proxy: links, fullUrls and absolute references have the address of inside."""
    reply = honest(liar, base, asked)
    inside = "http://inside.example:8080/fhir"
    text = json.dumps(reply.content).replace(base, inside).replace('"Patient/p1"', f'"{inside}/Patient/p1"')
    return Reply(json.loads(text))


def _bomb() -> bytes:
    return gzip.compress(b'{"resourceType":"Bundle","pad":"' + b" " * 40_000_000 + b'"}')


HABITS: dict[str, Callable[[Liar, str, Asked], Any]] = {
    "honest": honest,
    "hang": hang,
    "hang-later": only_observations(hang),
    "drip": drip,
    "reset": reset,
    "cut": cut,
    "error": says(outcome("exception"), 500),
    "error-later": only_observations(says(outcome("exception"), 500)),
    "throttled": says(outcome("throttled"), 429),
    "denied": says(outcome("security"), 401),
    "redirect": says(b"", 302, more={"Location": "http://127.0.0.1:9/"}),
    "truncated": says(
        b'{"resourceType":"Bundle","type":"searchset","entry":[{"resource":{"resourceType":"Pat'
    ),
    "deep": says(
        b'{"resourceType":"Bundle","type":"searchset","entry":' + b"[" * 100_000 + b"]" * 100_000 + b"}"
    ),
    "html": says(b"<html>Welcome to the hospital</html>", type="text/html"),
    "latin": says('{"resourceType":"Bundle","note":"\xe9"}'.encode("latin-1")),
    "not-a-bundle": says({"resourceType": "Patient", "id": "p1"}),
    "history": says({"resourceType": "Bundle", "type": "history", "entry": []}),
    "wrong-shape": says({"resourceType": "Bundle", "type": "searchset", "entry": "none"}),
    "outcome": says(outcome("multiple-matches")),
    "bomb": says(_bomb(), more={"Content-Encoding": "gzip"}),
    "other-child": other_child,
    "other-number": other_number,
    "two-children": two_children,
    "other-subjects": other_subjects,
    "unsorted": unsorted,
    "endless": only_observations(endless),
    "circle": only_observations(circle),
    "elsewhere": only_observations(elsewhere),
    "ignores-filters": only_observations(ignores_filters),
    "no-post": no_post,
    "no-sort": only_observations(no_sort),
    "warns": only_observations(warns),
    "inner-base": inner_base,
}
for _name in ("other-subjects", "unsorted"):
    HABITS[_name] = only_observations(HABITS[_name])


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128
    liar: Liar

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that leaves early is what these tests are about."""


class _Door(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    wbufsize = 65536
    server: _Server

    def do_GET(self) -> None:
        """Answer by habit."""
        self._answer("")

    def do_POST(self) -> None:
        """Answer by habit."""
        self._answer(self.rfile.read(int(self.headers.get("Content-Length") or 0)).decode())

    def log_message(self, *_: Any) -> None:
        """Keep quiet."""

    def _answer(self, body: str) -> None:
        liar, parts = self.server.liar, urlsplit(self.path)
        _, habit, path = parts.path.split("/", 2)
        asked = Asked(self.command, path, parts.query, body, dict(self.headers))
        liar.asked.append(asked)
        reply = HABITS[habit](liar, liar.base(habit), asked)
        if isinstance(reply, Reply):
            self._send(reply)
            return
        self.close_connection = True
        if reply == "reset":
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            self.connection.close()
            return
        with suppress(OSError):
            for piece in reply or ():
                self.wfile.write(piece)
                self.wfile.flush()

    def _send(self, reply: Reply) -> None:
        content = reply.content if isinstance(reply.content, bytes) else json.dumps(reply.content).encode()
        self.send_response(reply.status)
        for name, value in {
            "Content-Type": reply.type,
            "Content-Length": str(len(content)),
            **reply.more,
        }.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(content)


@pytest.fixture
def liar() -> Iterator[Liar]:
    """A server that can be told to misbehave."""
    server = Liar()
    yield server
    server.close()
