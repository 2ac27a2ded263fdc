"""Whatever is asked is answered: no 5xx, and a refusal says in FHIR what is wrong, where, and what to do.

`make test` sends some 1,000 requests, the same ones each time; `make fuzz` sends more than 20,000 new ones.
"""

import os
from collections.abc import Iterator
from typing import Any
from urllib.parse import quote

import description
import nonsense
import pytest
import requests
import schemathesis
from hypothesis import given, settings
from hypothesis import strategies as st
from judged import Gateway

FEED = "/feed/clinic"
JSON, XML = "application/fhir+json", "application/fhir+xml"
PATCHES = ("application/json-patch+json", "application/merge-patch+json", JSON, "application/json")
OPERATIONS = [
    each.ok()
    for each in schemathesis.openapi.from_dict(description.description("clinic")).get_all_operations()
]
MANY = settings.default.max_examples
SOME = MANY if MANY > 100 else MANY // 2

PATIENT = {
    "resourceType": "Patient",
    "id": "known",
    "meta": {
        "profile": ["https://fhir.hl7.org.uk/StructureDefinition/UKCore-Patient"],
        "tag": [{"code": "a"}],
    },
    "text": {"status": "generated", "div": '<div xmlns="http://www.w3.org/1999/xhtml">Ada</div>'},
    "contained": [{"resourceType": "Organization", "id": "o", "name": "Oak"}],
    "identifier": [{"system": "https://fhir.nhs.uk/Id/nhs-number", "value": "9990000018"}],
    "name": [
        {"family": "Beech", "given": ["Ada"], "_given": [{"extension": [{"url": "u:x", "valueCode": "a"}]}]}
    ],
    "birthDate": "2015-03-31",
    "managingOrganization": {"reference": "#o"},
}
OBSERVATION = {
    "resourceType": "Observation",
    "status": "final",
    "code": {"coding": [{"system": "http://loinc.org", "code": "8302-2"}]},
    "subject": {"reference": "Patient/known"},
    "effectivePeriod": {"start": "2024-01-01", "end": "2024-01-02"},
    "valueQuantity": {"value": 1.5, "unit": "m", "system": "http://unitsofmeasure.org", "code": "m"},
    "component": [{"code": {"text": "a"}, "valueCodeableConcept": {"text": "b"}}],
}
BUNDLE = {
    "resourceType": "Bundle",
    "type": "transaction",
    "entry": [
        {
            "fullUrl": "urn:uuid:1",
            "resource": OBSERVATION,
            "request": {"method": "POST", "url": "Observation"},
        },
        {"resource": PATIENT, "request": {"method": "PUT", "url": "Patient/known", "ifMatch": 'W/"1"'}},
        {"request": {"method": "DELETE", "url": "Observation?code=a|b"}},
        {"request": {"method": "GET", "url": "Patient?name=Beech"}},
    ],
}
STEPS = [
    {"op": "replace", "path": "/name/0/family", "value": "Elm"},
    {"op": "add", "path": "/name/-", "value": {"family": "Oak"}},
    {"op": "test", "path": "/active", "value": True},
]


@pytest.fixture(scope="module")
def gateway(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Gateway]:
    made = Gateway(tmp_path_factory.mktemp("fuzz"))
    yield made
    assert made.serves()
    made.site.door.gateway.close()


@pytest.mark.parametrize("operation", OPERATIONS, ids=lambda each: each.label)
@settings(max_examples=max(MANY // 25, 3))
@given(data=st.data())
def test_what_the_description_offers_is_answered(
    gateway: Gateway, operation: Any, data: st.DataObject
) -> None:
    case = data.draw(operation.as_strategy())
    kwargs = case.as_transport_kwargs("http://localhost")
    try:
        sent = requests.Request(**kwargs).prepare()
    except (requests.RequestException, ValueError, UnicodeError):
        return  # nothing that can be sent
    body = sent.body.encode() if isinstance(sent.body, str) else sent.body

    gateway.send(sent.method, sent.url.removeprefix("http://localhost"), body, dict(sent.headers))


@pytest.mark.parametrize(
    "where", ["/fhir/Patient", "/fhir/Observation", f"{FEED}/Patient", f"{FEED}/Observation"]
)
@settings(max_examples=SOME)
@given(data=st.data(), lenient=st.booleans(), wanted=st.sampled_from((JSON, XML)))
def test_any_search_is_answered(
    gateway: Gateway, where: str, data: st.DataObject, lenient: bool, wanted: str
) -> None:
    query = data.draw(nonsense.searches(where.rpartition("/")[2]))
    headers = {"Accept": wanted, **({"Prefer": "handling=lenient"} if lenient else {})}

    gateway.send("GET", f"{where}?{query}", None, headers)


@settings(max_examples=SOME)
@given(
    path=st.text(max_size=30) | st.from_regex(r"(fhir|feed/clinic)(/[\w$.%-]{0,8}){0,5}"),
    method=st.sampled_from(("GET", "PUT", "POST", "PATCH", "DELETE", "HEAD", "OPTIONS", "TRACE")),
)
def test_any_address_is_answered(gateway: Gateway, path: str, method: str) -> None:
    gateway.send(method, "/" + quote(path, safe="/$%", errors="replace"), None, {"Accept": JSON})


@pytest.mark.parametrize(
    ("method", "where"),
    [("PUT", "Patient/known"), ("POST", "Patient"), ("POST", "Observation"), ("POST", "Patient/$validate")],
)
@settings(max_examples=SOME)
@given(data=st.data(), wanted=st.sampled_from((JSON, XML)))
def test_any_resource_is_answered(
    gateway: Gateway, method: str, where: str, data: st.DataObject, wanted: str
) -> None:
    sent = data.draw(nonsense.spoilt(OBSERVATION if where == "Observation" else PATIENT))
    headers = {"Content-Type": JSON, "Accept": wanted}

    gateway.send(method, f"{FEED}/{where}", nonsense.text_of(sent), headers)


@settings(max_examples=SOME)
@given(data=st.data(), kind=st.sampled_from(("transaction", "batch")))
def test_any_bundle_is_answered(gateway: Gateway, data: st.DataObject, kind: str) -> None:
    sent = data.draw(nonsense.spoilt({**BUNDLE, "type": kind}))

    gateway.send("POST", FEED, nonsense.text_of(sent), {"Content-Type": JSON})


@settings(max_examples=SOME)
@given(data=st.data(), content=st.sampled_from(PATCHES))
def test_any_patch_is_answered(gateway: Gateway, data: st.DataObject, content: str) -> None:
    sent = data.draw(nonsense.spoilt(STEPS) | nonsense.JUNK)

    gateway.send("PATCH", f"{FEED}/Patient/known", nonsense.text_of(sent), {"Content-Type": content})


@pytest.mark.parametrize("body", nonsense.JSON_TEXTS, ids=lambda body: repr(body[:60]))
@pytest.mark.parametrize(
    "where", ["PUT Patient/known", "POST Patient", "POST ", "PATCH Patient/known", "POST Patient/$validate"]
)
def test_json_that_broke_somebody_is_answered(gateway: Gateway, where: str, body: bytes) -> None:
    method, _, path = where.partition(" ")

    gateway.send(method, f"{FEED}/{path}".rstrip("/"), body, {"Content-Type": JSON})


@pytest.mark.parametrize("body", nonsense.XML_TEXTS, ids=lambda body: repr(body[:60]))
@pytest.mark.parametrize(
    "where", ["PUT Patient/known", "POST Patient", "POST ", "PATCH Patient/known", "POST $load"]
)
def test_xml_that_broke_somebody_is_answered(gateway: Gateway, where: str, body: bytes) -> None:
    method, _, path = where.partition(" ")
    content = "application/xml-patch+xml" if method == "PATCH" else XML

    gateway.send(method, f"{FEED}/{path}".rstrip("/"), body, {"Content-Type": content, "Accept": XML})


def test_memory_stays_flat(gateway: Gateway) -> None:
    texts = [each for each in nonsense.JSON_TEXTS if len(each) < 200_000]

    def ask(times: int) -> None:
        for _ in range(times):
            for body in texts:
                gateway.send("POST", f"{FEED}/Patient/$validate", body, {"Content-Type": JSON})
                gateway.send("GET", f"/fhir/Patient?name={quote(body[:200])}", None, {})

    ask(1)
    before = _resident()
    ask(max(2, MANY // 100))

    assert _resident() - before < 32 << 20
    assert gateway.serves()


def _resident() -> int:
    with open("/proc/self/statm") as file:
        return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")
