"""The short way and Flask's way give the same answers, byte for byte."""

import io
import re
from typing import Any

import pytest
from flask import Flask
from served import NHS, UPN, token_for

from gateway.web.plain import plain
from gateway.web.site import Site

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


@pytest.mark.parametrize("client", CLIENTS)
def test_both_ways_answer_alike(site: Site, client: str) -> None:
    ids = filled(site)
    config = site.door.gateway.config
    token = client if client in ("", "nonsense") else token_for(config, client)
    seen = set()
    for path in PLAIN:
        for name, id in ids.items():
            path = path.replace(name, id)
        assert plain(environ(path, token), "") is not None, path

        short = called(site.wsgi_app, environ(path, token))
        long = called(lambda *given: Flask.wsgi_app(site, *given), environ(path, token))

        # a next link is sealed anew each time
        short, long = ((*each[:2], re.sub(rb"_cursor=[^\"]+", b"", each[2])) for each in (short, long))
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
    assert plain(environ(path, "", **more), "") is None


def test_the_short_way_is_audited_as_well(site: Site) -> None:
    ids = filled(site)
    token = token_for(site.door.gateway.config, "clinic")

    called(site.wsgi_app, environ(f"/fhir/Patient/{ids[CHILD]}", token))

    assert len(list(site.door.gateway.trail.looks(ids[CHILD]))) == 1
