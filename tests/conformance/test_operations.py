"""Operations; the ids are those of the project's REST checklist."""

from typing import Any
from uuid import uuid4

import pytest
import requests
from fhir.resources.R4B.operationoutcome import OperationOutcome
from served import Caller, Served

PATIENT = {"resourceType": "Patient", "name": [{"family": "Beech"}]}


@pytest.fixture(scope="module")
def clinic(served: Served) -> Caller:
    return served.caller("clinic")


def code(answer: requests.Response) -> str:
    return str(answer.json()["issue"][0]["details"]["coding"][0]["code"])


def found(answer: requests.Response) -> list[tuple[str, str]]:
    """Severity and place of each issue of a `$validate`."""
    assert answer.status_code == 200, answer.text
    OperationOutcome.model_validate_json(answer.content)
    return [
        (each["severity"], each.get("expression", [""])[0])
        for each in answer.json()["issue"]
        if each["severity"] != "information"
    ]


def parameters(**given: Any) -> dict[str, Any]:
    """A Parameters resource; a dict is a resource, a text a code or uri."""
    listed = [
        {"name": name, **({"resource": value} if isinstance(value, dict) else {"valueString": value})}
        for name, value in given.items()
    ]
    return {"resourceType": "Parameters", "parameter": listed}


@pytest.mark.parametrize("base", ["fhir", "feed/clinic"])
@pytest.mark.parametrize("shape", ["bare", "in Parameters"])
def test_O3_a_sound_resource_is_said_to_be_sound(clinic: Caller, base: str, shape: str) -> None:
    sent = PATIENT if shape == "bare" else parameters(resource=PATIENT, mode="create")

    answer = clinic.ask("POST", f"{base}/Patient/$validate", sent)

    assert found(answer) == []
    assert answer.json()["issue"][0]["severity"] == "information"


@pytest.mark.parametrize("shape", ["bare", "in Parameters"])
def test_O3_what_is_wrong_is_told_with_200_and_a_place_inside_the_resource(
    clinic: Caller, shape: str
) -> None:
    wrong = {**PATIENT, "gender": "girl", "contact": [{"gender": "female"}]}
    sent = wrong if shape == "bare" else parameters(resource=wrong)

    answer = clinic.ask("POST", "feed/clinic/Patient/$validate", sent)

    assert sorted(found(answer)) == [("error", "Patient.contact[0]"), ("error", "Patient.gender")]


def test_O3_nothing_is_written(clinic: Caller) -> None:
    family = f"Validate-{uuid4().hex}"

    clinic.ask("POST", "feed/clinic/Patient/$validate", {**PATIENT, "name": [{"family": family}]})

    assert clinic.get(f"feed/clinic/Patient?family={family}").json()["total"] == 0


def test_O3_a_resource_of_another_type_is_a_finding(clinic: Caller) -> None:
    answer = clinic.ask("POST", "feed/clinic/Observation/$validate", PATIENT)

    assert found(answer) == [("error", "resourceType")]


@pytest.mark.parametrize(
    ("id", "mode", "wrong"),
    [("same", "update", False), ("other", "update", True), ("", "update", True), ("other", "create", False)],
)
def test_O3_an_update_has_the_id_of_its_address(clinic: Caller, id: str, mode: str, wrong: bool) -> None:
    resource = {**PATIENT, **({"id": id} if id else {})}

    answer = clinic.ask("POST", f"feed/clinic/Patient/same/$validate?mode={mode}", resource)

    assert bool(found(answer)) is wrong


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_O3_a_resource_that_stands_is_judged_without_sending_it(clinic: Caller, method: str) -> None:
    id = clinic.tell("clinic", PATIENT)["id"]

    assert found(clinic.ask(method, f"feed/clinic/Patient/{id}/$validate")) == []
    assert clinic.ask(method, "feed/clinic/Patient/nobody/$validate").status_code == 404


def test_O3_a_deletion_is_said_to_be_possible_on_a_feed_and_not_on_fhir(clinic: Caller) -> None:
    id = clinic.tell("clinic", PATIENT)["id"]

    assert found(clinic.ask("POST", f"feed/clinic/Patient/{id}/$validate?mode=delete")) == []
    assert found(clinic.ask("POST", f"fhir/Patient/{id}/$validate?mode=delete")) == [("error", "")]
    assert clinic.get(f"feed/clinic/Patient/{id}").status_code == 200


def test_O3_deleting_what_is_not_there_is_no_error(clinic: Caller) -> None:
    answer = clinic.ask("POST", "feed/clinic/Patient/nobody/$validate?mode=delete")

    assert (answer.status_code, code(answer)) == (200, "validate.nothing-to-delete")
    assert answer.json()["issue"][0]["severity"] == "information"


def test_O3_only_who_may_read_learns_about_what_stands(served: Served, clinic: Caller) -> None:
    id = clinic.tell("clinic", PATIENT)["id"]

    answer = served.caller("observer").get(f"fhir/Patient/{id}/$validate")

    assert answer.status_code == 403


@pytest.mark.parametrize(
    ("path", "problem"),
    [
        ("Patient/$validate?mode=now", "operation.value"),
        ("Patient/$validate?mode=create&mode=update", "operation.twice"),
        ("Patient/$validate?profil=x", "operation.unknown-parameter"),
        ("Patient/$validate", "operation.missing"),
        ("Patient/$validate?mode=delete", "operation.missing"),
    ],
)
def test_O3_what_cannot_be_asked_is_400(clinic: Caller, path: str, problem: str) -> None:
    answer = clinic.ask("POST", f"feed/clinic/{path}")

    assert (answer.status_code, code(answer)) == (400, problem)


@pytest.mark.parametrize(
    "body",
    [
        {"resourceType": "Parameters", "parameter": {}},
        {"resourceType": "Parameters", "parameter": [{"valueString": "x"}]},
        {"resourceType": "Parameters", "parameter": [{"name": "mode"}]},
        {"resourceType": "Parameters", "parameter": [7]},
        {"resourceType": "Parameters", "parameter": [{"name": "mode", "valueCode": "a", "valueUri": "b"}]},
    ],
    ids=["no list", "no name", "no value", "no object", "two values"],
)
def test_O3_parameters_that_cannot_be_read_are_400(clinic: Caller, body: Any) -> None:
    answer = clinic.ask("POST", "feed/clinic/Patient/$validate", body)

    assert (answer.status_code, code(answer)) == (400, "operation.parameters")


WEIGHED = "https://fhirgate.example/StructureDefinition/weighed-child"
WEIGHT = {
    "resourceType": "Observation",
    "status": "final",
    "code": {"coding": [{"system": "http://loinc.org", "code": "29463-7"}]},
    "subject": {"reference": "Patient/1"},
    "valueQuantity": {"value": 21.5, "system": "http://unitsofmeasure.org", "code": "kg"},
}


@pytest.mark.parametrize("how", ["asked", "in Parameters", "claimed"])
def test_O3_a_resource_is_held_against_a_profile(clinic: Caller, how: str) -> None:
    stones = {**WEIGHT["valueQuantity"], "code": "[stone_av]"}  # type: ignore[dict-item]
    wrong = {**WEIGHT, "valueQuantity": stones, "note": [{"text": "x"}]}
    path = "fhir/Observation/$validate"
    if how == "asked":
        answer = clinic.ask("POST", f"{path}?profile={WEIGHED}", wrong)
    elif how == "claimed":
        answer = clinic.ask("POST", path, {**wrong, "meta": {"profile": [WEIGHED]}})
    else:
        answer = clinic.ask("POST", path, parameters(resource=wrong, profile=WEIGHED))

    assert found(answer) == [
        ("error", "Observation.valueQuantity.code"),
        ("error", "Observation.note[0]"),
    ]
    codes = [each["details"]["coding"][0]["code"] for each in answer.json()["issue"]]
    assert codes == ["profile.code", "profile.too-many", "profile.not-judged"]
    assert "the rule wch-1" in answer.json()["issue"][-1]["details"]["text"]


def test_O3_a_resource_that_follows_a_profile_is_said_to(clinic: Caller) -> None:
    assert found(clinic.ask("POST", f"fhir/Observation/$validate?profile={WEIGHED}|1.0.0", WEIGHT)) == []


def test_O3_a_profile_that_is_not_here_is_an_error_where_it_is_asked_and_a_warning_where_claimed(
    clinic: Caller,
) -> None:
    url = "https://example.org/StructureDefinition/elsewhere"

    asked = clinic.ask("POST", f"fhir/Observation/$validate?profile={url}", WEIGHT)
    claimed = clinic.ask("POST", "fhir/Observation/$validate", {**WEIGHT, "meta": {"profile": [url]}})
    version = clinic.ask("POST", f"fhir/Observation/$validate?profile={WEIGHED}|9", WEIGHT)

    assert [found(each) for each in (asked, claimed, version)] == [
        [("error", "")],
        [("warning", "")],
        [("error", "")],
    ]
    assert [code(each) for each in (asked, claimed)] == ["profile.unknown", "profile.claimed-unknown"]


def test_O3_what_r4_itself_refuses_is_told_once(clinic: Caller) -> None:
    answer = clinic.ask(
        "POST", f"fhir/Observation/$validate?profile={WEIGHED}", {**WEIGHT, "valueQuantity": {"value": "x"}}
    )

    assert found(answer) == [("error", "Observation.valueQuantity.value")]


def test_O3_a_write_is_not_held_against_profiles_unless_the_settings_say_so(clinic: Caller) -> None:
    wrong = {**WEIGHT, "meta": {"profile": [WEIGHED]}, "note": [{"text": "x"}]}

    assert clinic.ask("POST", "feed/clinic/Observation", wrong).status_code == 201


@pytest.mark.parametrize("base", ["fhir", "feed/clinic"])
@pytest.mark.parametrize("path", ["$nonsense", "Patient/$nonsense", "Patient/1/$nonsense", "Patient/$"])
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_O8_an_operation_nobody_has_is_404(clinic: Caller, base: str, path: str, method: str) -> None:
    answer = clinic.ask(method, f"{base}/{path}")

    assert (answer.status_code, code(answer)) == (404, "http.no-operation")


@pytest.mark.parametrize("base", ["fhir", "feed/clinic"])
@pytest.mark.parametrize("path", ["$validate", "Patient/$load", "Patient/1/$load"])
def test_O8_an_operation_at_another_level_is_405(clinic: Caller, base: str, path: str) -> None:
    answer = clinic.ask("POST", f"{base}/{path}")

    assert (answer.status_code, code(answer)) == (405, "operation.level")
    assert answer.headers["Allow"] == "OPTIONS"


def test_O8_get_is_for_what_changes_nothing_and_takes_no_resource(clinic: Caller) -> None:
    answers = {path: clinic.get(f"feed/clinic/{path}") for path in ("Patient/$validate", "$load")}

    assert {path: (each.status_code, each.headers["Allow"]) for path, each in answers.items()} == {
        "Patient/$validate": (405, "OPTIONS, POST"),
        "$load": (405, "OPTIONS, POST"),
    }


@pytest.mark.parametrize("base", ["fhir", "feed/clinic"])
def test_O8_the_base_lists_its_operations_with_their_definitions(clinic: Caller, base: str) -> None:
    rest = clinic.get(f"{base}/metadata").json()["rest"][0]

    patient = next(each for each in rest["resource"] if each["type"] == "Patient")
    assert {"name": "validate", "definition": HL7 + "Resource-validate"} in patient["operation"]
    assert [each["name"] for each in rest.get("operation", [])] == (["load"] if base != "fhir" else [])


HL7 = "http://hl7.org/fhir/OperationDefinition/"
