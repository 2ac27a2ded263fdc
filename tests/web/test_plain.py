"""The short way and Flask's way give the same answers, byte for byte."""

import ast
import io
import re
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from flask import Flask
from served import NHS, UPN, token_for

from gateway.web.plain import is_plain
from gateway.web.site import Site
from gateway.web.wsgi import request_of

CHILD = "@child"
PLAIN = [
    "/fhir/Patient/@child",
    "/fhir/Patient/unknown",
    "/fhir/Observation/@observation",
    "/fhir/Observation/unknown",
    "/fhir/Observation?patient=@child",
    "/fhir/Observation?patient=Patient/@child&_count=2",
    "/fhir/Observation?subject=Patient/@child&code=8302-2",
    f"/fhir/Observation?patient.identifier={NHS}|9990000018",
    f"/fhir/Patient?identifier={NHS}|9990000018",
    f"/fhir/Patient?identifier={NHS}%7C9990000018",
    f"/fhir/Patient?identifier={UPN}|H801200001001",
    "/fhir/Patient?identifier=nobody",
    "/fhir/Patient?nonsense=1",
    "/fhir/Patient?birthdate=yesterday",
    "/fhir/Patients/1",
    "/fhir/Organization/1",
    "/fhir/Patient",
]
CONFORMANCE = Path(__file__).parents[1] / "conformance"
CLIENTS = ["council", "clinic", "observer", "nobody", "", "nonsense"]


def filled(site: Site) -> dict[str, str]:
    """Fill the gateway with one child; the ids to ask for."""
    gateway = site.door.gateway
    feed = gateway.feed("clinic")
    identifiers = [{"system": NHS, "value": "9990000018"}, {"system": UPN, "value": "H801200001001"}]
    patient = {"resourceType": "Patient", "id": "p", "identifier": identifiers, "name": [{"family": "Żółć"}]}
    gateway.write(feed, "Patient", "p", patient)
    for number in range(5):
        gateway.write(
            feed,
            "Observation",
            f"o{number}",
            {
                "resourceType": "Observation",
                "id": f"o{number}",
                "status": "final",
                "code": {"coding": [{"system": "http://loinc.org", "code": "8302-2"}]},
                "subject": {"reference": "Patient/p"},
                "effectiveDateTime": f"2025-01-0{number + 1}",
            },
        )
    row = gateway.store.read("clinic", "Observation", "o1")
    assert row is not None
    return {CHILD: row.child, "@observation": row.public}


def asked_for_conformance() -> list[str]:
    """What the conformance tests ask by GET, and queries of theirs, where `/fhir` has a short way for them.

    Of what varies from run to run in a test the child stands in its place.
    """
    found = set()
    for file in sorted(CONFORMANCE.glob("test_*.py")):
        for node in ast.walk(ast.parse(file.read_text("utf-8"))):
            parts = node.values if isinstance(node, ast.JoinedStr) else [node]
            words = [part.value if isinstance(part, ast.Constant) else CHILD for part in parts]
            text = quote("".join(map(str, words)).removeprefix("/fhir/"), safe="/?=&:,$-.%@")
            if re.fullmatch(r"[A-Z][A-Za-z]+[/?].+", text):
                found.add(f"/fhir/{text}")
            elif re.fullmatch(r"[a-z_][A-Za-z_:.\-]*=.*", text):
                found.update(f"/fhir/{type}?{text}" for type in ("Observation", "Patient"))
    return sorted(path for path in found if is_short(path.replace(CHILD, "x")))


def environ(path: str, token: str, **more: str) -> dict[str, Any]:
    where, _, query = path.partition("?")
    made = {
        "REQUEST_METHOD": "GET",
        "SCRIPT_NAME": "",
        "PATH_INFO": where,
        "QUERY_STRING": query,
        "SERVER_NAME": "127.0.0.1",
        "SERVER_PORT": "8080",
        "SERVER_PROTOCOL": "HTTP/1.1",
        "HTTP_HOST": "127.0.0.1:8080",
        "HTTP_ACCEPT": "application/fhir+json",
        "HTTP_X_REQUEST_ID": "the-same",
        "REMOTE_ADDR": "127.0.0.1",
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": "http",
        "wsgi.input": io.BytesIO(),
        "wsgi.errors": io.StringIO(),
        "wsgi.multithread": True,
        "wsgi.multiprocess": True,
        "wsgi.run_once": False,
        **more,
    }
    if token:
        made["HTTP_AUTHORIZATION"] = f"Bearer {token}"
    return made


def is_short(path: str, **more: str) -> bool:
    """Whether there is a short way for a GET."""
    asked = request_of(environ(path, "", **more), "")
    return asked is not None and is_plain(asked)


def called(application: Any, environ: dict[str, Any]) -> tuple[str, list[tuple[str, str]], bytes]:
    """Status, headers and body that a WSGI application answers with."""
    got: list[Any] = []

    def start_response(status: str, headers: list[tuple[str, str]], _: Any = None) -> None:
        got[:] = [status, list(headers)]

    answer = application(environ, start_response)
    body = b"".join(answer)
    if hasattr(answer, "close"):
        answer.close()
    return got[0], got[1], body


def both_ways(site: Site, path: str, token: str, **more: str) -> list[tuple[Any, ...]]:
    """The answers of the short way and of Flask's, short of the seal of a link, which is new each time."""
    ways = (site.wsgi_app, lambda *given: Flask.wsgi_app(site, *given))
    answers = [called(way, environ(path, token, **more)) for way in ways]
    return [
        (status, headers, re.sub(rb"_cursor=[^\"]+", b"", body))
        if b"_cursor=" in body
        else (status, headers, body)
        for status, headers, body in answers
    ]


@pytest.mark.parametrize("client", ["council", "clinic"])
def test_both_ways_answer_alike_whatever_conformance_asks_for(site: Site, client: str) -> None:
    ids, token = filled(site), token_for(site.door.gateway.config, client)
    paths = asked_for_conformance()

    statuses = set()
    for path in paths:
        short, long = both_ways(site, path.replace(CHILD, ids[CHILD]), token)
        assert short == long, path
        statuses.add(short[0][:3])

    assert len(paths) > 100
    assert {"200", "400", "404"} <= statuses


@pytest.mark.parametrize(
    "more",
    [
        {"HTTP_ACCEPT": "application/fhir+xml"},
        {"HTTP_ACCEPT": "text/html,*/*;q=0.8"},
        {"HTTP_ACCEPT": "image/png"},
        {"HTTP_ACCEPT": "application/fhir+json; fhirVersion=3.0"},
        {"HTTP_ACCEPT_ENCODING": "gzip"},
        {"HTTP_ORIGIN": "https://app.example"},
        {"HTTP_ORIGIN": "https://elsewhere.example"},
        {"HTTP_X_REQUEST_ID": "one", "HTTP_X_CORRELATION_ID": "two"},
        {"HTTP_X_CORRELATION_ID": "not <safe>"},
        {"HTTP_HOST": "fhir.example"},
        {"HTTP_HOST": "not a host"},
        {"HTTP_X_FORWARDED_FOR": "10.0.0.1", "HTTP_X_FORWARDED_PROTO": "https"},
    ],
    ids=str,
)
def test_both_ways_answer_alike_whatever_headers_say(site: Site, more: dict[str, str]) -> None:
    ids, token = filled(site), token_for(site.door.gateway.config, "clinic")
    for path in (
        f"/fhir/Patient/{ids[CHILD]}",
        f"/fhir/Observation?patient={ids[CHILD]}",
        "/fhir/Patients/1",
    ):
        assert is_short(path, **more)

        short, long = both_ways(site, path, token, **more)

        assert short == long, path


@pytest.mark.parametrize("client", CLIENTS)
def test_both_ways_answer_alike(site: Site, client: str) -> None:
    ids = filled(site)
    config = site.door.gateway.config
    token = client if client in ("", "nonsense") else token_for(config, client)
    seen = set()
    for path in PLAIN:
        for name, id in ids.items():
            path = path.replace(name, id)
        assert is_short(path), path

        short, long = both_ways(site, path, token)

        assert short == long, path
        seen.add(short[0])
    assert len(seen) >= 1


@pytest.mark.parametrize(
    ("path", "more"),
    [
        ("/fhir/Patient/1", {"REQUEST_METHOD": "POST"}),
        ("/fhir/Patient/1", {"REQUEST_METHOD": "HEAD"}),
        ("/fhir/Patient/1", {"HTTP_IF_NONE_MATCH": 'W/"1"'}),
        ("/fhir/Patient/1", {"HTTP_IF_MODIFIED_SINCE": "x"}),
        ("/fhir/Patient/1", {"HTTP_PREFER": "handling=lenient"}),
        ("/fhir/Patient/1", {"CONTENT_LENGTH": "5"}),
        ("/fhir/Patient/1?_format=xml", {}),
        ("/fhir/Patient/1?_pretty=true", {}),
        ("/fhir/Patient/1?_elements=name", {}),
        ("/fhir/Patient?name=%C3%A9&name=é", {}),
        ("/fhir/Patient?name=a;b", {}),
        ("/fhir/Patient/a b", {}),
        ("/fhir/metadata", {}),
        ("/fhir", {}),
        ("/feed/clinic/Patient/1", {}),
        ("/health", {}),
    ],
)
def test_what_is_not_plain_goes_through_flask(path: str, more: dict[str, str]) -> None:
    assert not is_short(path, **more)


def test_the_short_way_is_audited_as_well(site: Site) -> None:
    ids = filled(site)
    token = token_for(site.door.gateway.config, "clinic")

    called(site.wsgi_app, environ(f"/fhir/Patient/{ids[CHILD]}", token))

    assert len(list(site.door.gateway.trail.looks(ids[CHILD]))) == 1
