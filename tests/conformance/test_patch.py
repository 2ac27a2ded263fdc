"""Changing a resource by a patch; the ids are those of the project's REST checklist."""

import json
from typing import Any
from uuid import uuid4

import pytest
import requests
from served import JSON, NHS, Caller, Served

PATIENT = {
    "resourceType": "Patient",
    "name": [{"family": "Beech", "given": ["Ada"]}],
    "gender": "female",
    "birthDate": "2015-03-31",
}
JSON_PATCH = "application/json-patch+json"
MERGE_PATCH = "application/merge-patch+json"
XML_PATCH = "application/xml-patch+xml"
XML = "application/fhir+xml"


def fhirpath(path: str, value: str) -> dict[str, Any]:
    parts = [{"name": "type", "valueCode": "replace"}, {"name": "path", "valueString": path}]
    parts.append({"name": "value", "valueCode": value})
    return {"resourceType": "Parameters", "parameter": [{"name": "operation", "part": parts}]}


FHIRPATH_XML = (
    '<Parameters xmlns="http://hl7.org/fhir"><parameter><name value="operation"/>'
    '<part><name value="type"/><valueCode value="replace"/></part>'
    '<part><name value="path"/><valueString value="Patient.gender"/></part>'
    '<part><name value="value"/><valueCode value="other"/></part></parameter></Parameters>'
)
FORMS = {
    "json-patch": (JSON_PATCH, json.dumps([{"op": "replace", "path": "/gender", "value": "other"}])),
    "merge-patch": (MERGE_PATCH, json.dumps({"gender": "other"})),
    "xml-patch": (
        XML_PATCH,
        '<diff xmlns:f="http://hl7.org/fhir"><replace sel="f:Patient/f:gender/@value">other</replace></diff>',
    ),
    "fhirpath": (JSON, json.dumps(fhirpath("Patient.gender", "other"))),
    "fhirpath-xml": (XML, FHIRPATH_XML),
    "fhirpy-object": ("application/json", json.dumps({"gender": "other"})),
    "fhirpy-list": ("application/json", json.dumps([{"op": "replace", "path": "/gender", "value": "other"}])),
}


@pytest.fixture(scope="module")
def clinic(served: Served) -> Caller:
    return served.caller("clinic")


@pytest.fixture
def id(clinic: Caller) -> str:
    """A Patient with one version."""
    return str(clinic.tell("clinic", {**PATIENT, "id": str(uuid4())})["id"])


def code(answer: requests.Response) -> str:
    return str(answer.json()["issue"][0]["details"]["coding"][0]["code"])


def patch(clinic: Caller, id: str, body: Any, type: str = MERGE_PATCH, **headers: str) -> requests.Response:
    sent = body if isinstance(body, str) else json.dumps(body)
    return clinic.ask("PATCH", f"feed/clinic/Patient/{id}", sent, Content_Type=type, **headers)


@pytest.mark.parametrize("form", sorted(FORMS))
def test_I15_a_patch_of_each_form_changes_what_it_names_and_nothing_else(
    clinic: Caller, id: str, form: str
) -> None:
    type, body = FORMS[form]

    answer = patch(clinic, id, body, type)

    assert answer.status_code == 200, answer.text
    assert answer.headers["ETag"] == 'W/"2"'
    assert "Last-Modified" in answer.headers and "Location" not in answer.headers
    read = clinic.get(f"feed/clinic/Patient/{id}")
    assert read.content == answer.content
    told = read.json()
    assert told.pop("meta")["versionId"] == "2"
    assert told == {**PATIENT, "id": id, "gender": "other"}
    first = clinic.get(f"feed/clinic/Patient/{id}/_history").json()["entry"][0]
    assert first["request"] == {"method": "PATCH", "url": f"Patient/{id}"}


@pytest.mark.parametrize("type", ["text/plain", "application/x-ndjson", "application/json-patch", ""])
def test_I15_another_type_is_415_and_the_answer_names_what_is_accepted(
    clinic: Caller, id: str, type: str
) -> None:
    answer = patch(clinic, id, {"gender": "other"}, type)

    assert answer.status_code == 415
    accepted = answer.headers["Accept-Patch"].split(", ")
    assert {JSON_PATCH, MERGE_PATCH, XML_PATCH, JSON, XML} == set(accepted)
    assert clinic.get(f"feed/clinic/Patient/{id}").headers["ETag"] == 'W/"1"'


def test_I15_options_and_the_statement_name_the_same_types(clinic: Caller, id: str) -> None:
    offered = clinic.ask("OPTIONS", f"feed/clinic/Patient/{id}")
    said = clinic.get("feed/clinic/metadata").json()

    assert "PATCH" in offered.headers["Allow"]
    assert offered.headers["Accept-Patch"].split(", ") == said["patchFormat"]
    assert "Accept-Patch" not in clinic.ask("OPTIONS", "fhir/Patient/1").headers
    assert "patchFormat" not in clinic.get("fhir/metadata").json()


def test_I15_a_patch_without_a_body_says_so(clinic: Caller, id: str) -> None:
    answer = clinic.ask("PATCH", f"feed/clinic/Patient/{id}")

    assert (answer.status_code, code(answer)) == (400, "http.empty-body")


@pytest.mark.parametrize(
    ("body", "type", "problem"),
    [
        ("[", JSON_PATCH, "json.syntax"),
        ({"op": "add"}, JSON_PATCH, "patch.form"),
        ([{"op": "add", "path": "/gender"}], JSON_PATCH, "patch.form"),
        ([], MERGE_PATCH, "patch.form"),
        ("<diff", XML_PATCH, "xml.syntax"),
        ({"resourceType": "Parameters", "parameter": [{"name": "x"}]}, JSON, "patch.form"),
    ],
)
def test_I15_a_patch_that_cannot_be_read_is_400(
    clinic: Caller, id: str, body: Any, type: str, problem: str
) -> None:
    answer = patch(clinic, id, body, type)

    assert (answer.status_code, code(answer)) == (400, problem)


def test_I15_a_patch_keeps_the_digits_of_what_it_does_not_touch(clinic: Caller) -> None:
    body = (
        '{"resourceType":"Observation","status":"final","code":{"text":"a"},"valueQuantity":{"value":92.10}}'
    )
    id = clinic.ask("POST", "feed/clinic/Observation", body, Content_Type=JSON).json()["id"]

    answer = clinic.ask(
        "PATCH", f"feed/clinic/Observation/{id}", '{"status":"amended"}', Content_Type=MERGE_PATCH
    )

    assert '"value":92.10}' in answer.text and '"status":"amended"' in answer.text


def test_I16_a_test_that_does_not_hold_is_422_and_nothing_is_done(clinic: Caller, id: str) -> None:
    operations = [
        {"op": "replace", "path": "/gender", "value": "other"},
        {"op": "test", "path": "/birthDate", "value": "1999-01-01"},
    ]

    answer = patch(clinic, id, operations, JSON_PATCH)

    assert (answer.status_code, code(answer)) == (422, "patch.test")
    assert clinic.get(f"feed/clinic/Patient/{id}").json()["gender"] == "female"


@pytest.mark.parametrize(
    "change",
    [{"gender": "girl"}, {"birthDate": "31/03/2015"}, {"favourite": "tea"}, {"name": "Ada"}],
    ids=["code", "date", "unknown", "shape"],
)
def test_I16_an_outcome_that_breaks_a_rule_is_422_and_says_which(
    clinic: Caller, id: str, change: dict[str, Any]
) -> None:
    answer = patch(clinic, id, change)

    assert (answer.status_code, code(answer)) == (422, "patch.result")
    assert answer.json()["issue"][1]["expression"] == [f"Patient.{next(iter(change))}"]
    assert clinic.get(f"feed/clinic/Patient/{id}").headers["ETag"] == 'W/"1"'


@pytest.mark.parametrize(
    "change",
    [
        {"id": "another"},
        {"id": None},
        {"resourceType": "Person"},
        {"meta": {"versionId": "7"}},
        {"meta": {"lastUpdated": "2001-01-01T00:00:00Z"}},
    ],
)
def test_I16_what_only_the_server_gives_cannot_be_patched(
    clinic: Caller, id: str, change: dict[str, Any]
) -> None:
    answer = patch(clinic, id, change)

    assert (answer.status_code, code(answer)) == (422, "patch.kept")


def test_I16_tags_may_be_patched(clinic: Caller, id: str) -> None:
    answer = patch(clinic, id, {"meta": {"tag": [{"code": "mine"}]}})

    assert answer.status_code == 200
    assert answer.json()["meta"]["tag"] == [{"code": "mine"}]


def test_I16_if_match_counts(clinic: Caller, id: str) -> None:
    first = patch(clinic, id, {"gender": "other"}, If_Match='W/"1"')
    stale = patch(clinic, id, {"gender": "male"}, If_Match='W/"1"')
    unread = patch(clinic, id, {"gender": "male"}, If_Match="1")

    assert [first.status_code, stale.status_code, unread.status_code] == [200, 412, 400]
    assert code(stale) == "http.stale"
    assert clinic.get(f"feed/clinic/Patient/{id}").json()["gender"] == "other"


def test_I16_a_patch_that_changes_nothing_makes_no_version(clinic: Caller, id: str) -> None:
    before = clinic.get(f"feed/clinic/Patient/{id}")

    answer = patch(clinic, id, {"gender": "female"})

    assert (answer.status_code, answer.headers["ETag"]) == (200, 'W/"1"')
    assert answer.content == before.content
    assert clinic.get(f"feed/clinic/Patient/{id}/_history").json()["total"] == 1


def test_I16_what_is_not_there_is_404_and_what_is_deleted_410(clinic: Caller, id: str) -> None:
    clinic.ask("DELETE", f"feed/clinic/Patient/{id}")

    assert patch(clinic, id, {"gender": "other"}).status_code == 410
    assert patch(clinic, str(uuid4()), {"gender": "other"}).status_code == 404


def test_H15_a_patch_answers_with_as_much_as_was_preferred(clinic: Caller, id: str) -> None:
    minimal = patch(clinic, id, {"gender": "other"}, Prefer="return=minimal")
    outcome = patch(clinic, id, {"gender": "male"}, Prefer="return=OperationOutcome")

    assert (minimal.status_code, minimal.content, minimal.headers["ETag"]) == (200, b"", 'W/"2"')
    assert outcome.json()["resourceType"] == "OperationOutcome"


def test_a_patched_patient_is_another_child_on_fhir_only_in_what_changed(clinic: Caller) -> None:
    number = "9990000107"
    told = clinic.tell(
        "clinic", {**PATIENT, "id": str(uuid4()), "identifier": [{"system": NHS, "value": number}]}
    )

    patch(clinic, told["id"], {"name": [{"family": "Rowan", "given": ["Ada"]}]})

    child = clinic.get(f"fhir/Patient?identifier={NHS}|{number}").json()["entry"][0]["resource"]
    assert child["name"][0]["family"] == "Rowan"


def test_a_patch_needs_the_right_to_update(served: Served) -> None:
    council = served.caller("council")

    assert patch(council, "x", {"gender": "other"}).status_code == 403
    assert patch(served.caller(""), "x", {"gender": "other"}).status_code == 401
