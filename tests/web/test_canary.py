"""A child's values are in the answers to those who may see them, and nowhere else."""

import json
import logging
import re
from pathlib import Path
from typing import Any

import pytest
import requests
from served import JSON, NHS, UPN, Caller, Served, token_for

from gateway.web.reading import shown
from gateway.web.site import Site

# Words that no library, path or clock says by chance.
CANARIES = {
    "family": "Quzzlewick",
    "given": "Zephyrinette",
    "nhs": "9990001294",
    "upn": "H801200001001",
    "line": "Thistlebottom Mews",
    "postcode": "ZQ98 7XY",
    "birth": "2013-02-27",
    "phone": "07700900982",
}
PATIENT = {
    "resourceType": "Patient",
    "id": "canary",
    "identifier": [{"system": NHS, "value": CANARIES["nhs"]}, {"system": UPN, "value": CANARIES["upn"]}],
    "name": [{"family": CANARIES["family"], "given": [CANARIES["given"]]}],
    "telecom": [{"system": "phone", "value": CANARIES["phone"]}],
    "birthDate": CANARIES["birth"],
    "address": [{"line": [CANARIES["line"]], "postalCode": CANARIES["postcode"]}],
}


def found_in(text: str) -> list[str]:
    """The canaries in a text, however it is encoded."""
    plain = re.sub(r"[\s+]|%20", "", text).lower()
    return [name for name, word in CANARIES.items() if re.sub(r"\s", "", word).lower() in plain]


def wrong_requests(child: str) -> list[tuple[str, str, Any, dict[str, str]]]:
    """Requests that are refused, most of them with a child's values in them."""
    words = CANARIES
    broken = json.dumps(PATIENT)[:-1]
    return [
        ("POST", "feed/clinic/Patient", broken, {}),
        ("POST", "feed/clinic/Patient", json.dumps({**PATIENT, words["family"]: words["given"]}), {}),
        ("POST", "feed/clinic/Patient", json.dumps({**PATIENT, "gender": words["family"]}), {}),
        ("POST", "feed/clinic/Patient", json.dumps({**PATIENT, "birthDate": f"{words['birth']}x"}), {}),
        ("POST", "feed/clinic/Patient", json.dumps({**PATIENT, "resourceType": words["family"]}), {}),
        ("POST", f"feed/clinic/{words['family']}", json.dumps(PATIENT), {}),
        ("PUT", f"feed/clinic/Patient/{words['nhs']}", json.dumps(PATIENT), {}),
        ("PUT", "feed/clinic/Patient/canary", json.dumps(PATIENT), {"If-Match": f'W/"{words["nhs"]}"'}),
        ("GET", f"fhir/Patient/{words['nhs']}", None, {}),
        ("GET", f"fhir/Patient/{words['family']}_", None, {}),
        ("GET", f"fhir/Patient?{words['family']}=1", None, {}),
        ("GET", f"fhir/Patient?family:{words['given']}=1", None, {}),
        ("GET", f"fhir/Patient?birthdate={words['family']}", None, {}),
        ("GET", f"fhir/Patient?_sort={words['family']}", None, {}),
        ("GET", f"fhir/Patient?_elements={words['family']}", None, {}),
        ("GET", f"fhir/Patient/{child}?{words['family']}={words['given']}", None, {}),
        ("GET", f"fhir/Patient/{child}", None, {"Accept": f"text/{words['family']}"}),
        ("GET", f"fhir/Patient/{child}/{words['family']}", None, {}),
        ("GET", f"fhir/Patient?_cursor={words['nhs']}", None, {}),
        ("GET", f"{words['family']}/{words['nhs']}", None, {}),
        ("POST", f"feed/clinic/$load?mapping={words['family']}&name={words['given']}", broken, {}),
        ("POST", f"feed/{words['family']}/Patient", json.dumps(PATIENT), {}),
        ("GET", "fhir/Patient", None, {"Authorization": f"Bearer {words['family']}"}),
        ("GET", "fhir/Patient?name=x", None, {"X-Request-ID": f"{words['line']}"}),
    ]


def test_no_outcome_says_a_childs_values(served: Served) -> None:
    clinic = served.caller("clinic")
    clinic.tell("clinic", PATIENT)
    child = clinic.get(f"fhir/Patient?identifier={NHS}|{CANARIES['nhs']}").json()["entry"][0]["resource"][
        "id"
    ]
    told = []

    for method, path, body, headers in wrong_requests(child):
        answer = clinic.ask(method, path, body, **{"Content-Type": JSON, **headers})
        assert answer.json()["resourceType"] in ("OperationOutcome", "Bundle"), answer.text
        told += [(method, path, name) for name in found_in(answer.text + str(answer.headers))]

    # names of elements and parameters are words of the caller's program and may be said back
    named = [path for _, path, name in told if name in ("family", "given")]
    assert len(named) == len(told)
    assert set(named) == {
        "feed/clinic/Patient",
        f"fhir/Patient?{CANARIES['family']}=1",
        f"fhir/Patient?family:{CANARIES['given']}=1",
        f"fhir/Patient?_sort={CANARIES['family']}",
        f"fhir/Patient?_elements={CANARIES['family']}",
        f"fhir/Patient/{child}?{CANARIES['family']}={CANARIES['given']}",
    }


def test_no_log_line_and_no_metric_holds_a_childs_values(served: Served) -> None:
    clinic, council = served.caller("clinic"), served.caller("council")
    clinic.tell("clinic", PATIENT)
    pages: list[requests.Response] = []
    for caller in (clinic, council, Caller(served.url, "")):
        for query in (f"family={CANARIES['family']}", f"identifier={NHS}|{CANARIES['nhs']}", "_count=1"):
            pages.append(caller.get(f"fhir/Patient?{query}"))
            pages.append(
                caller.ask(
                    "POST",
                    "fhir/Patient/_search",
                    query,
                    Content_Type="application/x-www-form-urlencoded",
                )
            )
    for method, path, body, headers in wrong_requests("x"):
        clinic.ask(method, path, body, **{"Content-Type": JSON, **headers})

    assert any(CANARIES["family"] in page.text for page in pages)
    log = served.log.read_text()
    assert "gateway.web INFO" in log
    assert found_in(log) == []
    for path in ("metrics", "health", "fhir/metadata", "feed/clinic/metadata"):
        assert found_in(Caller(served.url, "").get(path).text) == []


def test_links_repeat_what_was_asked_and_no_more(served: Served) -> None:
    clinic = served.caller("clinic")
    clinic.tell("clinic", PATIENT)
    clinic.tell("clinic", {**PATIENT, "id": "canary-2", "identifier": [{"value": "2"}]})

    bundle = clinic.get(f"fhir/Patient?family={CANARIES['family']}&_count=1").json()

    urls = [each["url"] for each in bundle["link"]] + [each["fullUrl"] for each in bundle["entry"]]
    assert len(bundle["link"]) == 2
    assert {name for url in urls for name in found_in(url)} == {"family"}


def test_a_fault_of_the_gateway_tells_nobody_what_it_was_about(
    site: Site, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    gateway = site.door.gateway
    gateway.write(gateway.feed("clinic"), "Patient", "canary", PATIENT)

    def broken(row: Any, asking: Any) -> Any:
        raise KeyError(shown(row, asking).body.decode())

    monkeypatch.setattr("gateway.web.reading.shown", broken)
    headers = {"Authorization": f"Bearer {token_for(gateway.config, 'clinic')}", "X-Request-ID": "the-one"}

    with caplog.at_level(logging.DEBUG):
        answer = site.test_client().get("/feed/clinic/Patient/canary", headers=headers)

    assert answer.status_code == 500
    assert answer.json["issue"][0]["code"] == "exception"
    assert "the-one" in answer.json["issue"][0]["diagnostics"]
    assert "the-one fault KeyError at test_canary.py:" in caplog.text
    assert found_in(answer.text) == found_in(caplog.text) == []


def test_the_settings_folder_has_no_stray_copy(served: Served) -> None:
    names = {path.name.split("-")[0] for path in Path(served.config.folder).iterdir()}

    assert names <= {
        "gateway.toml",
        "gateway.db",
        "audit.db",
        "gateway.secret",
        "logging.json",
        "log.txt",
    } | {name for name in names if name.startswith(("gateway.db", "audit.db"))}


def test_a_upn_in_what_is_about_a_child_is_for_those_who_may_see_it(served: Served) -> None:
    school, clinic = served.caller("school"), served.caller("clinic")
    school.tell("school", PATIENT)
    named = {"reference": "Patient/canary", "identifier": {"system": UPN, "value": CANARIES["upn"]}}
    told = school.tell(
        "school",
        {
            "resourceType": "Observation",
            "id": "canary-o",
            "status": "final",
            "code": {"text": "height"},
            "subject": named,
            "valueQuantity": {"value": 92.10},
        },
    )
    pages = [caller.get("fhir/Observation?_count=500") for caller in (school, clinic)]
    found = [entry["resource"] for entry in pages[0].json()["entry"]]
    public = next(each["id"] for each in found if "identifier" in each["subject"])
    pages += [caller.get(f"fhir/Observation/{public}") for caller in (school, clinic)]

    assert told["subject"] == named
    assert [found_in(page.text) for page in pages] == [["upn"], [], ["upn"], []]
    assert pages[3].json()["subject"] == {"reference": pages[2].json()["subject"]["reference"]}
