"""What a base says of itself is what it does; the ids are those of the project's REST checklist."""

import json
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from fhir.resources.R4B.capabilitystatement import CapabilityStatement
from jwt.algorithms import OKPAlgorithm
from served import Caller, Served, settle

from gateway.app import create_app
from gateway.web.routes import ROUTES, SMART


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


@pytest.mark.parametrize("base", ["fhir", "feed/clinic"])
def test_M1_the_statement_says_how_each_type_is_kept(clinic: Caller, base: str) -> None:
    told = statement(clinic, base)
    resources = {each["type"]: each for each in told["rest"][0]["resource"]}
    tells = base != "fhir"

    assert told["format"] == ["application/fhir+json", "application/fhir+xml", "json", "xml"]
    assert told["rest"][0]["security"]["cors"] is True
    assert resources["Observation"]["readHistory"] is True
    assert resources["Patient"]["readHistory"] is tells
    assert resources["Patient"]["updateCreate"] is tells
    assert resources["Observation"]["versioning"] == ("versioned-update" if tells else "versioned")
    assert resources["Observation"]["referencePolicy"] == ["literal", "logical"]
    assert "Observation:subject" in resources["Observation"]["searchInclude"]
    assert "Observation:subject" in resources["Patient"]["searchRevInclude"]
    whole = {each["code"] for each in told["rest"][0]["interaction"]}
    assert ("history-system" in whole, "transaction" in whole) == (tells, tells)
    assert {"search-system", "batch"} <= whole
    assert {"_id", "_lastUpdated"} <= {each["name"] for each in told["rest"][0]["searchParam"]}


def test_M1_the_statement_follows_r4_in_both_formats(clinic: Caller) -> None:
    from gateway.fhir import xml
    from gateway.fhir.validate import validate

    for base in ("fhir", "feed/clinic"):
        as_json = statement(clinic, base)
        as_xml = xml.read(clinic.get(f"{base}/metadata", Accept="application/fhir+xml").content)
        assert validate(as_json) == []
        assert as_xml == as_json


@pytest.mark.parametrize("mode", ["full", "normative", ""])
def test_M2_the_statement_by_mode(clinic: Caller, mode: str) -> None:
    assert clinic.get(f"fhir/metadata?mode={mode}").json() == statement(clinic, "fhir")


def test_M2_the_terminology_mode_is_a_statement_of_its_own(clinic: Caller) -> None:
    told = clinic.get("fhir/metadata?mode=terminology").json()

    assert told["resourceType"] == "TerminologyCapabilities"
    assert told["implementation"]["url"] == f"{clinic.url}/fhir"


@pytest.mark.parametrize("query", ["mode=all", "mode=full&mode=full", "name=x", "_elements=nothing"])
def test_M2_what_the_statement_does_not_take_is_refused(clinic: Caller, query: str) -> None:
    assert clinic.get(f"fhir/metadata?{query}").status_code == 400


def test_M2_the_statement_may_be_shortened(clinic: Caller) -> None:
    short = clinic.get("fhir/metadata?_elements=software,fhirVersion").json()
    summary = clinic.get("fhir/metadata?_summary=true").json()

    assert {"software", "fhirVersion", "status"} <= short.keys() and "rest" not in short
    assert short["meta"]["tag"][0]["code"] == "SUBSETTED"
    assert summary["resourceType"] == "CapabilityStatement"
    assert len(str(summary)) < len(str(statement(clinic, "fhir")))


@pytest.mark.parametrize("accept", ["application/fhir+json", "application/fhir+xml"])
def test_M2_who_has_the_statement_gets_304(clinic: Caller, accept: str) -> None:
    first = clinic.get("fhir/metadata", Accept=accept)
    tag = first.headers["ETag"]
    again = clinic.get("fhir/metadata", Accept=accept, If_None_Match=tag)
    other = clinic.get("feed/clinic/metadata", Accept=accept, If_None_Match=tag)

    assert (first.headers["Cache-Control"], first.headers["Vary"].split(", ")[0]) == ("no-cache", "Accept")
    assert (again.status_code, again.content, again.headers["ETag"]) == (304, b"", tag)
    assert other.status_code == 200


def filled(path: str, type: str) -> str:
    return path.replace("[base]", "").replace("[type]", type).replace("[id]", "x").replace("[vid]", "1")


#: What the statement calls an interaction of the table, and where.
SAID = {
    "conditional-update": "conditionalUpdate",
    "conditional-delete": "conditionalDelete",
    "conditional-patch": "conditionalUpdate",
}


@pytest.mark.parametrize("base", ["fhir", "feed/clinic"])
def test_M3_what_is_routed_is_said_and_what_is_said_is_routed(clinic: Caller, base: str) -> None:
    kind = "ask" if base == "fhir" else "tell"
    told = statement(clinic, base)["rest"][0]
    resources = {each["type"]: each for each in told["resource"]}
    whole = {each["code"] for each in told["interaction"]} | {
        f"${each['name']}" for each in told.get("operation", [])
    }
    routed = set()
    for route in ROUTES:
        if route.interaction == "capabilities" or kind not in route.bases:
            continue
        type = route.path.partition("/")[0]
        type = type if type in resources else "Observation"
        resource = resources[type]
        known = {each["code"] for each in resource["interaction"]}
        known |= {f"${each['name']}" for each in resource.get("operation", [])} | whole
        known |= {name for name, flag in SAID.items() if resource.get(flag)}
        assert route.interaction in known, route
        routed.add(route.interaction)
    said = whole | {each["code"] for resource in resources.values() for each in resource["interaction"]}
    said |= {f"${each['name']}" for resource in resources.values() for each in resource.get("operation", [])}
    assert said <= routed


@pytest.mark.parametrize("base", ["fhir", "feed/clinic"])
def test_M3_every_route_answers_as_one_that_is_there(clinic: Caller, base: str) -> None:
    kind = "ask" if base == "fhir" else "tell"
    missing = []
    for route in ROUTES:
        if kind not in route.bases or route.path == SMART:
            continue
        path = f"{base}/{filled(route.path, 'Observation')}".rstrip("/")
        offered = clinic.ask("OPTIONS", path).headers["Allow"].split(", ")
        answer = clinic.ask(route.method, path)
        absent = answer.status_code == 404 and "no-route" in answer.text
        if route.method not in offered or absent or answer.status_code in (405, 500, 501):
            missing.append((route, answer.status_code))
    assert not missing


def test_M4_where_no_token_service_is_named_nothing_is_said_of_one(clinic: Caller) -> None:
    answer = clinic.get(f"fhir/{SMART}")

    assert (answer.status_code, answer.json()["resourceType"]) == (404, "OperationOutcome")
    assert "http.no-tokens" in answer.text
    assert "extension" not in statement(clinic, "fhir")["rest"][0]["security"]


def test_M4_the_token_service_of_the_settings_is_told_to_anybody(tmp_path: Path) -> None:
    public = Ed25519PrivateKey.generate().public_key()
    (tmp_path / "keys.json").write_text(json.dumps({"keys": [OKPAlgorithm.to_jwk(public, as_dict=True)]}))
    issuer = (
        'issuer = "https://trust.example"\njwks = "keys.json"\ntoken_url = "https://trust.example/token"\n'
    )
    settle(tmp_path)
    with (tmp_path / "gateway.toml").open("a") as file:
        file.write(f"[issuers.trust]\n{issuer}")
    app = create_app(tmp_path / "gateway.toml")
    client = app.test_client()

    told = client.get(f"/fhir/{SMART}")
    said = client.get("/feed/clinic/metadata").get_json()

    assert (told.status_code, told.content_type) == (200, "application/json")
    assert told.get_json()["token_endpoint"] == "https://trust.example/token"
    assert told.get_json()["grant_types_supported"] == ["client_credentials"]
    assert "permission-v2" in told.get_json()["capabilities"]
    uris = said["rest"][0]["security"]["extension"][0]
    assert uris["extension"] == [{"url": "token", "valueUri": "https://trust.example/token"}]
    app.door.gateway.close()  # type: ignore[attr-defined]
