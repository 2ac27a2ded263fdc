"""What a base says of itself is what it does; the ids are those of the project's REST checklist."""

from typing import Any
from urllib.parse import quote

import pytest
from fhir.resources.R4B.capabilitystatement import CapabilityStatement
from served import Caller, Served


@pytest.fixture(scope="module")
def clinic(served: Served) -> Caller:
    return served.caller("clinic")


def statement(clinic: Caller, base: str) -> dict[str, Any]:
    return dict(clinic.get(f"{base}/metadata").json())


@pytest.mark.parametrize("base", ["fhir", "feed/clinic"])
def test_M1_anybody_may_ask_what_a_base_can_do(served: Served, base: str) -> None:
    answer = served.caller("").get(f"{base}/metadata")

    assert answer.status_code == 200
    told = CapabilityStatement.model_validate_json(answer.content)
    assert (told.kind, told.status, told.fhirVersion) == ("instance", "active", "4.0.1")
    assert told.implementation.url == f"{served.url}/{base}"
    assert told.software.name == "fhirgate" and told.software.version
    assert "application/fhir+json" in told.format
    assert told.rest[0].mode == "server"
    assert told.rest[0].security.service[0].coding[0].code == "SMART-on-FHIR"


def test_M1_each_search_parameter_has_its_definition_and_type(clinic: Caller) -> None:
    for resource in statement(clinic, "fhir")["rest"][0]["resource"]:
        for parameter in resource["searchParam"]:
            assert parameter.keys() >= {"name", "definition", "type"}


REQUESTS = {
    "read": ("GET", "{type}/unknown", 404),
    "vread": ("GET", "{type}/unknown/_history/1", 404),
    "history-instance": ("GET", "{type}/unknown/_history", 404),
    "history-type": ("GET", "{type}/_history", 200),
    "search-type": ("GET", "{type}?_count=0", 200),
    "create": ("POST", "{type}", 415),
    "update": ("PUT", "{type}/unknown", 415),
    "delete": ("DELETE", "{type}/unknown", 204),
    "patch": ("PATCH", "{type}/unknown", 415),
}
NOT_SERVED = {"history-type": ("GET", "{type}/_history"), "patch": ("PATCH", "{type}/unknown")}


@pytest.mark.parametrize("base", ["fhir", "feed/clinic"])
@pytest.mark.parametrize("interaction", sorted(REQUESTS))
@pytest.mark.parametrize("type", ["Patient", "Observation", "Flag"])
def test_M3_what_is_said_works_and_what_works_is_said(
    clinic: Caller, base: str, type: str, interaction: str
) -> None:
    resources = {each["type"]: each for each in statement(clinic, base)["rest"][0]["resource"]}
    said = {each["code"] for each in resources[type]["interaction"]}
    method, path, works = REQUESTS[interaction]
    body = "x" if method in ("POST", "PUT", "PATCH") else None

    answer = clinic.ask(method, f"{base}/{path.format(type=type)}", body, Content_Type="text/plain")

    if interaction in said:
        assert answer.status_code == works
    else:
        assert answer.status_code in (404, 405)


def test_M3_a_condition_that_could_tell_wrongly_is_not_said_to_be_understood(clinic: Caller) -> None:
    asked = {each["type"]: each for each in statement(clinic, "fhir")["rest"][0]["resource"]}
    told = {each["type"]: each for each in statement(clinic, "feed/clinic")["rest"][0]["resource"]}

    assert asked["Patient"]["conditionalRead"] == "not-match"
    assert asked["Observation"]["conditionalRead"] == "not-supported"
    assert told["Observation"]["conditionalRead"] == "full-support"


def test_M1_the_address_in_the_statement_is_that_of_the_request(clinic: Caller) -> None:
    name = quote('a"b\\c')

    for base, where in (("fhir", "fhir"), (f"feed/{name}", 'feed/a"b\\c')):
        said = statement(clinic, base)
        assert said["url"] == f"{clinic.url}/{where}/metadata"
        assert said["implementation"]["url"] == f"{clinic.url}/{where}"


@pytest.mark.parametrize("interaction", sorted(NOT_SERVED))
def test_M3_what_is_not_said_does_not_work(clinic: Caller, interaction: str) -> None:
    said = {
        each["code"]
        for resource in statement(clinic, "fhir")["rest"][0]["resource"]
        for each in resource["interaction"]
    }
    method, path = NOT_SERVED[interaction]

    answer = clinic.ask(method, f"fhir/{path.format(type='Patient')}")

    assert interaction not in said
    assert answer.status_code in (400, 404, 405)


@pytest.mark.parametrize("base", ["fhir", "feed/clinic"])
def test_M3_every_type_and_parameter_that_is_said_can_be_searched(clinic: Caller, base: str) -> None:
    values = {"date": "2020", "number": "1", "quantity": "1", "reference": "Patient/1", "uri": "urn:x"}
    refused = []
    for resource in statement(clinic, base)["rest"][0]["resource"]:
        if resource["type"] not in ("Patient", "Observation", "Flag", "CarePlan", "CareTeam"):
            assert clinic.get(f"{base}/{resource['type']}?_count=0").status_code == 200
            continue
        for parameter in resource["searchParam"]:
            value = values.get(parameter["type"], "a")
            if parameter["name"] == "deceased":
                value = "true"
            if parameter["type"] == "composite":
                value = {"quantity": "a$1", "date": "a$2020"}.get(parameter["name"].rpartition("-")[2], "a$a")
            answer = clinic.get(f"{base}/{resource['type']}?{parameter['name']}={value}&_count=0")
            if answer.status_code != 200:
                refused.append((resource["type"], parameter["name"], answer.text))
    assert not refused


def test_M3_types_that_are_not_about_children_are_not_on_fhir(clinic: Caller) -> None:
    types = {each["type"] for each in statement(clinic, "fhir")["rest"][0]["resource"]}

    assert "Organization" not in types
    assert clinic.get("fhir/Organization/1").status_code == 404
