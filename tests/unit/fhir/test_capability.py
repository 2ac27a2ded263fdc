from typing import Any

import pytest

from gateway.fhir.capability import Operation, Served, Whole, capability, terminology

BASE = "https://gateway.example/fhir"
PATIENT = Served("Patient", ("read", "search-type"), ("identifier", "_id", "birthdate"))
OBSERVATION = Served(
    "Observation",
    ("read", "vread", "create", "update", "delete", "history-instance", "search-type"),
    ("code-value-quantity", "code"),
    operations=(Operation("lastn", "http://hl7.org/fhir/OperationDefinition/Observation-lastn"),),
    versioning="versioned-update",
    update_create=True,
    conditional=(("create", True), ("delete", "single")),
    read_history=True,
)


def made(*served: Served, **more: Any) -> dict[str, Any]:
    whole = Whole(**more)
    return capability(BASE, "ask", served, version="0.1.0", date="2026-01-01", whole=whole)


def test_each_type_says_what_is_served_for_it_and_nothing_else() -> None:
    observation, patient = made(PATIENT, OBSERVATION)["rest"][0]["resource"]

    assert patient == {
        "type": "Patient",
        "interaction": [{"code": "read"}, {"code": "search-type"}],
        "versioning": "versioned",
        "readHistory": False,
        "updateCreate": False,
        "referencePolicy": ["literal", "logical"],
        "searchParam": [
            {
                "name": "_id",
                "definition": "http://hl7.org/fhir/SearchParameter/Resource-id",
                "type": "token",
            },
            {
                "name": "birthdate",
                "definition": "http://hl7.org/fhir/SearchParameter/individual-birthdate",
                "type": "date",
            },
            {
                "name": "identifier",
                "definition": "http://hl7.org/fhir/SearchParameter/Patient-identifier",
                "type": "token",
            },
        ],
    }
    assert observation["conditionalCreate"] is True
    assert observation["conditionalDelete"] == "single"
    assert observation["updateCreate"] is True
    assert observation["readHistory"] is True
    assert observation["operation"] == [
        {"name": "lastn", "definition": "http://hl7.org/fhir/OperationDefinition/Observation-lastn"}
    ]


def test_the_same_values_give_the_same_statement_in_any_order() -> None:
    assert made(PATIENT, OBSERVATION) == made(OBSERVATION, PATIENT)


def test_a_parameter_that_r4_does_not_have_cannot_be_promised() -> None:
    with pytest.raises(KeyError):
        made(Served("Patient", ("read",), ("shoe-size",)))


def test_security_says_how_to_get_in() -> None:
    security = made(PATIENT, token_url="https://gateway.example/token")["rest"][0]["security"]

    assert security["service"][0]["coding"][0]["code"] == "SMART-on-FHIR"
    assert security["extension"][0]["extension"] == [
        {"url": "token", "valueUri": "https://gateway.example/token"}
    ]


def test_a_demonstration_does_not_claim_to_ask_for_tokens() -> None:
    assert "service" not in made(PATIENT, secured=False)["rest"][0]["security"]


@pytest.mark.parametrize("kind", ["ask", "tell"])
def test_our_own_validation_and_another_library_accept_the_statement(kind: str) -> None:
    from fhir.resources.R4B.capabilitystatement import CapabilityStatement

    from gateway.fhir.validate import validate

    statement = capability(
        BASE,
        kind,
        [PATIENT, OBSERVATION],
        version="0.1.0",
        date="2026-01-01",
        whole=Whole(
            interactions=("transaction", "batch"),
            parameters=("_id", "_lastUpdated"),
            operations=(Operation("export", "http://hl7.org/fhir/uv/bulkdata/OperationDefinition/export"),),
            token_url="https://gateway.example/token",
            cors=True,
        ),
    )

    assert validate(statement) == []
    assert CapabilityStatement.model_validate(statement).fhirVersion == "4.0.1"


@pytest.mark.parametrize("kind", ["ask", "tell"])
def test_of_terminology_there_is_nothing_to_say_but_whose_statement_it_is(kind: str) -> None:
    from gateway.fhir.validate import validate

    statement = terminology(BASE, kind, version="0.1.0", date="2026-01-01")

    assert validate(statement) == []
    assert (statement["kind"], statement["implementation"]["url"]) == ("instance", BASE)
    assert "codeSystem" not in statement


def test_what_every_type_has_is_said_once_more_for_the_whole_base() -> None:
    rest = made(PATIENT, parameters=("_lastUpdated", "_id"))["rest"][0]

    assert [each["name"] for each in rest["searchParam"]] == ["_id", "_lastUpdated"]
    assert rest["searchParam"][0]["definition"] == "http://hl7.org/fhir/SearchParameter/Resource-id"
    assert rest["compartment"] == ["http://hl7.org/fhir/CompartmentDefinition/patient"]
