"""Expressions over resources give the values that FHIRPath says, each with its type."""

from typing import Any

import pytest

from gateway.fhir import facts
from gateway.fhir.paths import compiled
from gateway.problems import Refused

CHILD: dict[str, Any] = {
    "resourceType": "Patient",
    "id": "p1",
    "name": [{"family": "Quill", "given": ["Ada", "May"]}, {"given": ["Addie"]}, {"text": "A. Quill"}],
    "telecom": [{"system": "phone", "value": "1"}, {"system": "email", "value": "a@b.example"}],
    "deceasedBoolean": False,
    "birthDate": "2015-03-01",
    "_birthDate": {"extension": [{"url": "http://x/time", "valueDateTime": "2015-03-01T10:00:00Z"}]},
    "extension": [{"url": "http://x/a", "valueString": "yes"}, {"url": "http://x/b", "valueString": "no"}],
}


def values(expression: str, resource: dict[str, Any]) -> list[tuple[Any, str]]:
    return [tuple(found) for found in compiled(expression, resource["resourceType"])(resource)]


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("Patient.birthDate", [("2015-03-01", "date")]),
        ("birthDate", [("2015-03-01", "date")]),
        ("Patient.name.family", [("Quill", "string")]),
        ("Patient.name.given", [("Ada", "string"), ("May", "string"), ("Addie", "string")]),
        ("Patient.name.given.first()", [("Ada", "string")]),
        ("Patient.name[1].given", [("Addie", "string")]),
        ("Patient.name[7].given", []),
        ("Patient.name.given[2]", [("Addie", "string")]),
        ("Patient.name.family | Patient.name.text", [("Quill", "string"), ("A. Quill", "string")]),
        ("Patient.telecom.where(system='email').value", [("a@b.example", "string")]),
        (
            "Patient.telecom.where(system='email' or system='phone').value",
            [("1", "string"), ("a@b.example", "string")],
        ),
        ("Patient.telecom.where(system!='email').value", [("1", "string")]),
        ("Patient.telecom.where(use='home').value", []),
        ("Patient.telecom.where(use!='home').value", []),
        ("Patient.name.where(given.exists()).family", [("Quill", "string")]),
        ("Patient.name.where(family.empty()).given", [("Addie", "string")]),
        ("Patient.name.where(family.exists().not()).text", [("A. Quill", "string")]),
        ("Patient.gender", []),
        ("Patient.gender.exists()", [(False, "boolean")]),
        ("Patient.name.exists(family = 'Quill')", [(True, "boolean")]),
        ("Patient.deceased", [(False, "boolean")]),
        ("Patient.deceased as boolean", [(False, "boolean")]),
        ("Patient.deceased.as(dateTime)", []),
        ("Patient.deceased.exists() and Patient.deceased != false", [(False, "boolean")]),
        ("Patient.extension('http://x/a').value.ofType(string)", [("yes", "string")]),
        (
            "Patient.birthDate.extension('http://x/time').value as dateTime",
            [("2015-03-01T10:00:00Z", "dateTime")],
        ),
    ],
)
def test_an_expression_finds_its_values(expression: str, expected: list[tuple[Any, str]]) -> None:
    assert values(expression, CHILD) == expected


def test_a_choice_says_which_type_it_was() -> None:
    quantity = {"resourceType": "Observation", "valueQuantity": {"value": 1}}
    text = {"resourceType": "Observation", "valueString": "one"}

    assert values("Observation.value", quantity) == [({"value": 1}, "Quantity")]
    assert values("Observation.value", text) == [("one", "string")]
    assert values("Observation.value as Quantity", text) == []
    assert values("Observation.valueString", text) == [("one", "string")]


@pytest.mark.parametrize(
    ("reference", "expected"),
    [
        pytest.param({"reference": "Patient/1"}, True, id="relative"),
        pytest.param({"reference": "Patient/1/_history/2"}, True, id="one version"),
        pytest.param({"reference": "Group/1"}, False, id="another type"),
        pytest.param({"reference": "https://x.example/fhir/Patient/1"}, True, id="absolute"),
        pytest.param(
            {"reference": "https://x.example/Patient/fhir/Group/1"}, False, id="type only in the base"
        ),
        pytest.param({"reference": "urn:uuid:0c3151bd-1cbf-4d64-b04d-cd9187a4c6e0"}, False, id="unknown"),
        pytest.param(
            {"reference": "urn:uuid:0c3151bd-1cbf-4d64-b04d-cd9187a4c6e0", "type": "Patient"},
            True,
            id="stated",
        ),
        pytest.param({"reference": "#p"}, True, id="contained"),
        pytest.param({"reference": "#g"}, False, id="contained, another type"),
        pytest.param({"identifier": {"value": "1"}}, True, id="only an identifier"),
        pytest.param(
            {"identifier": {"value": "1"}, "type": "Group"}, False, id="an identifier of another type"
        ),
        pytest.param({"display": "somebody"}, False, id="only words"),
    ],
)
def test_the_type_of_a_reference_is_told_without_fetching_it(
    reference: dict[str, Any], expected: bool
) -> None:
    resource = {
        "resourceType": "Observation",
        "contained": [{"resourceType": "Patient", "id": "p"}, {"resourceType": "Group", "id": "g"}],
        "subject": reference,
    }

    found = values("Observation.subject.where(resolve() is Patient)", resource)

    assert found == ([(reference, "Reference")] if expected else [])


def test_content_references_and_nested_parts_are_followed() -> None:
    questionnaire = {"resourceType": "Questionnaire", "item": [{"item": [{"item": [{"linkId": "3"}]}]}]}

    assert values("Questionnaire.item.item.item.linkId", questionnaire) == [("3", "string")]


def test_a_resource_inside_another_is_told_by_its_type() -> None:
    bundle = {
        "resourceType": "Bundle",
        "entry": [
            {"resource": {"resourceType": "Composition", "id": "c"}},
            {"resource": {"resourceType": "Patient"}},
        ],
    }

    assert [kind for _, kind in values("Bundle.entry[0].resource", bundle)] == ["Resource"]
    assert [kind for _, kind in values("Bundle.entry.resource as Patient", bundle)] == ["Patient"]


@pytest.mark.parametrize(
    ("expression", "code", "column"),
    [
        pytest.param("Patient.nmae", "paths.unknown-element", 9, id="name that R4 does not know"),
        pytest.param("Patient.name.value", "paths.unknown-element", 14, id="element of another type"),
        pytest.param("Patient.birthDate.as(Quantity)", "paths.never-that-type", 22, id="type it never has"),
        pytest.param("Patient.name.given.lower()", "paths.not-supported", 20, id="function that is left out"),
        pytest.param("Patient.name + 1", "paths.not-supported", 14, id="operator that is left out"),
        pytest.param("today()", "paths.not-supported", 1, id="reads a clock"),
    ],
)
def test_what_r4_or_we_do_not_have_is_refused_at_its_column(expression: str, code: str, column: int) -> None:
    with pytest.raises(Refused) as caught:
        compiled(expression, "Patient")

    (only,) = caught.value.problems
    assert only.kind.code == code
    assert only.place.column == column


def test_the_text_of_an_expression_never_becomes_code() -> None:
    hostile = "Patient.telecom.where(system='\\') or __import__(\\'os\\').abort() or (\\'').value"

    assert values(hostile, CHILD) == []


def test_every_search_parameter_of_r4_that_we_support_compiles() -> None:
    count = 0
    for kind in facts.resource_types():
        for parameter in facts.parameters(kind).values():
            if parameter.expression and parameter.type not in ("composite", "special"):
                assert compiled(parameter.expression, kind)({"resourceType": kind}) in (
                    [],
                    [(False, "boolean")],
                )
                count += 1

    assert count > 2000
