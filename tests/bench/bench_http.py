"""GET Patient by id and Observation?patient=, with token and audit, against the same routes as plain Flask.

The baseline is a route as it is usually written: PyJWT verifies each request's token, a row of the audit is
committed, the stored JSON is parsed and written again. Both sides are called in this process, without a
server: the baseline through WSGI, by one caller and by sixteen threads as a server would; ours through ASGI,
by one task and by sixteen. What counts is the CPU time of the whole process.

Ours remembers what it answered as long as nothing is changed. So there are two figures: of questions that
are new each time, and of those that were asked before.
"""

import asyncio
import io
import json
import sqlite3
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import jwt
import uvloop
from flask import Flask, Response, request

from gateway import config as settings
from gateway.app import clients_of, create_app, own_issuer, signing_key
from gateway.security.token import make
from gateway.service import Gateway
from gateway.web import lane
from gateway.web.asgi import Application
from gateway.web.site import Site

ROUNDS = 5
REQUESTS = {"Patient by id": 1600, "Observation?patient= (50)": 480}
CALLERS = (1, 16)
WANTED = 3.0
OBSERVATIONS = 50
THREADS = 16

Called = Callable[[dict[str, Any], Any], Any]


def bench() -> Iterator[str]:
    """Run the benchmark; one line for each figure."""
    with tempfile.TemporaryDirectory() as folder:
        config_file = Path(folder) / "gateway.toml"
        config_file.write_text(
            '[feeds.clinic]\nsector = "health"\nverified = true\n'
            '[clients.clinic]\nsector = "health"\nscopes = ["system/*.rs"]\nfeeds = ["clinic"]\n'
        )
        config = settings.load(config_file, {})
        site = create_app(config)
        assert isinstance(site, Site)
        gateway = site.door.gateway
        child = _fill(gateway)
        key = signing_key(gateway.keys)
        issuer = own_issuer(config, key)
        token = make(
            key,
            issuer=issuer.issuer,
            audience=issuer.audience,
            client="clinic",
            scopes=clients_of(config)["clinic"].scopes,
            now=time.time(),
            token_id="bench",
        )
        plain = _plain_flask(Path(folder), gateway, child, key.key.public, issuer.audience)
        for name, (path, query) in {
            "Patient by id": (f"/fhir/Patient/{child}", ""),
            "Observation?patient= (50)": ("/fhir/Observation", f"patient={child}&_count=50"),
        }.items():
            for callers in CALLERS:
                yield from _compared(name, callers, plain, site, path, query, token)
        gateway.close()


def _compared(
    name: str, callers: int, plain: Flask, site: Site, path: str, query: str, token: str
) -> Iterator[str]:
    environ, scope = _environ(path, query, token), _scope(path, query, token)
    assert _answered(plain.wsgi_app, environ) > 500 and _told(site, scope) > 500
    requests = REQUESTS[name]
    baseline, new, again = [], [], []
    for _ in range(ROUNDS):
        baseline.append(_cost(plain.wsgi_app, environ, callers, requests))
        new.append(_ours(site, scope, callers, requests, life=0))
        again.append(_ours(site, scope, callers, requests, life=lane.LIFE))
    before = sorted(baseline)[ROUNDS // 2]
    for called, costs in (("", new), (", asked before", again)):
        now = sorted(costs)[ROUNDS // 2]
        verdict = "" if before / now >= WANTED else f"   wanted {WANTED:.1f} x"
        yield (
            f"GET {name}{called}, {callers} at a time: fhirgate {now:.0f} CPU µs, plain Flask"
            f" {before:.0f} CPU µs, {before / now:.2f} x fewer{verdict}"
        )


def _ours(site: Site, scope: dict[str, Any], callers: int, requests: int, *, life: float) -> float:
    """CPU microseconds for each request to the gateway.

    Args:
        life: for how many seconds answers are remembered.
    """
    before, lane.LIFE = lane.LIFE, life
    try:
        return uvloop.run(_asked(Application(site, THREADS), scope, callers, requests))
    finally:
        lane.LIFE = before


async def _asked(application: Application, scope: dict[str, Any], callers: int, requests: int) -> float:
    loop = asyncio.get_running_loop()

    async def call(times: int) -> None:
        for _ in range(times):
            # a task for each request, as a server makes one
            await loop.create_task(application(dict(scope), _receive, _send))

    await call(3)
    began = time.process_time()
    await asyncio.gather(*(call(requests // callers) for _ in range(callers)))
    return (time.process_time() - began) / requests * 1e6


async def _receive() -> dict[str, Any]:
    return {"type": "http.request", "body": b"", "more_body": False}


async def _send(message: Any) -> None:
    assert message.get("status", 200) == 200


def _told(site: Site, scope: dict[str, Any]) -> int:
    """How many bytes the gateway answers with."""
    sizes = []

    async def send(message: Any) -> None:
        sizes.append(len(message.get("body", b"")))

    async def once() -> None:
        await Application(site, 1)(scope, _receive, send)

    uvloop.run(once())
    return sum(sizes)


def _scope(path: str, query: str, token: str) -> dict[str, Any]:
    """A request as a server hands it on through ASGI."""
    environ = _environ(path, query, token)
    headers = [
        (name[5:].replace("_", "-").lower(), value) for name, value in environ.items() if name[:5] == "HTTP_"
    ]
    return {
        "type": "http",
        "method": "GET",
        "http_version": "1.1",
        "scheme": "http",
        "server": ("127.0.0.1", 8080),
        "client": ("127.0.0.1", 50_000),
        "raw_path": path.encode(),
        "query_string": query.encode(),
        "headers": [(name.encode(), value.encode()) for name, value in headers],
    }


def _cost(application: Called, environ: dict[str, Any], callers: int, requests: int) -> float:
    """CPU microseconds for each request, of all threads together."""

    def call() -> None:
        for _ in range(requests // callers):
            _answered(application, environ)

    threads = [threading.Thread(target=call) for _ in range(callers)]
    began = time.process_time()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return (time.process_time() - began) / requests * 1e6


def _answered(application: Called, environ: dict[str, Any]) -> int:
    """How many bytes a WSGI application answers with."""
    answer = application(dict(environ), lambda status, headers, fault=None: None)
    body = b"".join(answer)
    if hasattr(answer, "close"):
        answer.close()
    return len(body)


def _plain_flask(folder: Path, gateway: Gateway, child: str, key: Any, audience: str) -> Flask:
    """The same two routes as plain Flask, over the same bytes in tables of their own."""
    own = threading.local()

    def opened(name: str) -> sqlite3.Connection:
        if not hasattr(own, name):
            connection = sqlite3.connect(folder / f"plain-{name}.db", timeout=30)
            connection.execute("PRAGMA journal_mode=WAL")
            connection.execute("PRAGMA synchronous=FULL")
            setattr(own, name, connection)
        return getattr(own, name)  # type: ignore[no-any-return]

    def let_in(what: str) -> None:
        token = request.headers["Authorization"].removeprefix("Bearer ")
        claims = jwt.decode(token, key, algorithms=["EdDSA"], audience=audience)
        if "system/*.rs" not in claims["scope"].split():
            raise PermissionError
        audit = opened("audit")
        audit.execute(
            "INSERT INTO look (at, client, what, child) VALUES (?, ?, ?, ?)",
            (time.time(), claims["client_id"], what, child),
        )
        audit.commit()

    opened("audit").execute("CREATE TABLE look (number INTEGER PRIMARY KEY, at, client, what, child)")
    _copy(opened("store"), gateway, child)
    app = Flask("plain")

    @app.get("/fhir/Patient/<id>")
    def patient(id: str) -> Response:
        let_in("read")
        (body,) = opened("store").execute("SELECT body FROM patient WHERE id = ?", (id,)).fetchone()
        return Response(json.dumps(json.loads(body)), mimetype="application/fhir+json")

    @app.get("/fhir/Observation")
    def observations() -> Response:
        let_in("search")
        asked = (request.args["patient"], int(request.args["_count"]))
        rows = opened("store").execute(
            "SELECT id, body FROM observation WHERE patient = ? ORDER BY time DESC LIMIT ?", asked
        )
        entries = [
            {
                "fullUrl": f"{request.url_root}fhir/Observation/{id}",
                "resource": json.loads(body),
                "search": {"mode": "match"},
            }
            for id, body in rows
        ]
        bundle = {"resourceType": "Bundle", "type": "searchset", "total": len(entries), "entry": entries}
        return Response(json.dumps(bundle), mimetype="application/fhir+json")

    return app


def _copy(store: sqlite3.Connection, gateway: Gateway, child: str) -> None:
    store.execute("CREATE TABLE patient (id TEXT PRIMARY KEY, body)")
    store.execute("CREATE TABLE observation (id TEXT PRIMARY KEY, patient, time, body)")
    store.execute("CREATE INDEX by_patient ON observation (patient, time)")
    row = gateway.store.read("", "Patient", child)
    assert row is not None
    store.execute("INSERT INTO patient VALUES (?, ?)", (child, row.told))
    page = gateway.store.about(child, "Observation", "patient", limit=OBSERVATIONS)
    store.executemany(
        "INSERT INTO observation VALUES (?, ?, ?, ?)",
        [
            (
                each.public,
                child,
                each.time,
                each.body.replace(b"\x01", b"").replace(b"\x00", child.encode()),
            )
            for each in page.rows
        ],
    )
    store.commit()


def _fill(gateway: Gateway) -> str:
    """One invented child with fifty Observations; the child's id."""
    feed = gateway.feed("clinic")
    identifier = {"system": "https://fhir.nhs.uk/Id/nhs-number", "value": "9990000018"}
    patient = {
        "resourceType": "Patient",
        "id": "p",
        "meta": {"profile": ["https://fhir.hl7.org.uk/StructureDefinition/UKCore-Patient"]},
        "identifier": [identifier, {"system": "https://fhirgate.example/Id/mis-child-id", "value": "A123"}],
        "name": [
            {"use": "official", "family": "Beech", "given": ["Ada", "Rowan"]},
            {"use": "old", "family": "Alder", "given": ["Ada", "Rowan"]},
        ],
        "telecom": [{"system": "phone", "value": "01632960000", "use": "home"}],
        "gender": "female",
        "birthDate": "2015-03-31",
        "address": [
            {
                "use": "home",
                "line": ["1 Invented Lane", "Little Harbour"],
                "city": "Anytown",
                "postalCode": "ZZ99 3WZ",
            },
            {"use": "old", "line": ["22 Invented Street"], "city": "Anytown", "postalCode": "ZZ99 3VZ"},
        ],
        "contact": [
            {
                "relationship": [{"text": "Mother"}],
                "name": {"family": "Beech", "given": ["Eve"]},
                "telecom": [{"system": "phone", "value": "07700900001", "use": "mobile"}],
            }
        ],
    }
    gateway.write(feed, "Patient", "p", patient)
    for number in range(OBSERVATIONS):
        gateway.write(feed, "Observation", f"o{number}", _observation(number))
    row = gateway.store.read("clinic", "Patient", "p")
    assert row is not None
    return row.child


def _observation(number: int) -> dict[str, Any]:
    """As the shipped mappings make them: 1.1 KB in the mean of the samples."""
    loinc = {"system": "http://loinc.org", "code": "8302-2", "display": "Body height"}
    category = {
        "system": "http://terminology.hl7.org/CodeSystem/observation-category",
        "code": "vital-signs",
        "display": "Vital Signs",
    }
    return {
        "resourceType": "Observation",
        "id": f"o{number}",
        "meta": {
            "source": f"https://fhirgate.example/load/1#line:{number}",
            "profile": ["https://fhir.hl7.org.uk/StructureDefinition/UKCore-Observation"],
        },
        "identifier": [{"system": "https://fhirgate.example/Id/row/invented", "value": f"height-{number}"}],
        "status": "final",
        "category": [{"coding": [category]}],
        "code": {"coding": [loinc], "text": "Height as measured by the school nurse"},
        "subject": {"reference": "Patient/p"},
        "effectiveDateTime": f"2024-{number % 12 + 1:02}-{number % 28 + 1:02}T09:30:00+00:00",
        "performer": [
            {
                "type": "Organization",
                "identifier": {"system": "https://fhir.hl7.org.uk/Id/urn-school-number", "value": "999002"},
                "display": "Harbour Test Academy",
            }
        ],
        "valueQuantity": {
            "value": 90 + number,
            "unit": "cm",
            "system": "http://unitsofmeasure.org",
            "code": "cm",
        },
        "note": [{"text": "Measured without shoes, at the yearly visit of the school nurse."}],
    }


def _environ(path: str, query: str, token: str) -> dict[str, Any]:
    return {
        "REQUEST_METHOD": "GET",
        "SCRIPT_NAME": "",
        "PATH_INFO": path,
        "QUERY_STRING": query,
        "SERVER_NAME": "127.0.0.1",
        "SERVER_PORT": "8080",
        "SERVER_PROTOCOL": "HTTP/1.1",
        "HTTP_HOST": "127.0.0.1:8080",
        "HTTP_USER_AGENT": "bench",
        "HTTP_ACCEPT": "application/fhir+json",
        # the baseline does not pack: neither side is asked to
        "HTTP_ACCEPT_ENCODING": "identity",
        "HTTP_AUTHORIZATION": f"Bearer {token}",
        "REMOTE_ADDR": "127.0.0.1",
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": "http",
        "wsgi.input": io.BytesIO(),
        "wsgi.errors": io.StringIO(),
        "wsgi.multithread": True,
        "wsgi.multiprocess": False,
        "wsgi.run_once": False,
    }


if __name__ == "__main__":
    for line in bench():
        print(line, flush=True)
