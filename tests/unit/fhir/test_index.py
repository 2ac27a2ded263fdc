"""What a resource is found by."""

from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from gateway.fhir import facts
from gateway.fhir.ask import parse
from gateway.fhir.index import (
    aliases,
    clinical_time,
    compartment_reference,
    entries,
    indexed_codes,
    ordered_by,
)
from gateway.fhir.json import read
from gateway.fhir.meets import holds
from gateway.fhir.parameters import SHELF
from gateway.fhir.paths import compiled
from gateway.fhir.query import FOREVER, Entry, Pair, Phrase, Span, Target, Text, Token, Uri

NHS = "https://fhir.nhs.uk/Id/nhs-number"


def found(resource: dict[str, Any], param: str) -> list[Any]:
    return [entry.value for entry in entries(resource, resource["resourceType"]) if entry.param == param]


def ms(year: int, month: int, day: int) -> int:
    return int(datetime(year, month, day, tzinfo=ZoneInfo("Europe/London")).timestamp() * 1000)


PATIENT: dict[str, Any] = {
    "resourceType": "Patient",
    "id": "p1",
    "meta": {
        "source": "https://x.example/load/1#header:2",
        "profile": ["https://x.example/StructureDefinition/Child|1.0"],
        "tag": [{"system": "t", "code": "demo"}],
        "security": [{"system": "s", "code": "R"}],
    },
    "identifier": [
        {"system": NHS, "value": "9990000018"},
        {"value": "loose"},
        {"system": "empty"},
        {"system": NHS, "value": "9990000018", "use": "old"},
    ],
    "active": True,
    "name": [{"family": "O'Reilly", "given": ["Zoë", "May"]}, {"use": "old", "text": "Zoë  Kociński"}],
    "telecom": [
        {"system": "phone", "value": "0113 496 0000", "use": "home"},
        {"system": "email", "value": "A@B.example"},
    ],
    "gender": "female",
    "birthDate": "2015-07-01",
    "address": [{"use": "home", "line": ["1 High St"], "city": "Leeds", "postalCode": "LS1 4AP"}],
    "generalPractitioner": [{"reference": "Organization/gp/_history/3"}, {"reference": "#inside"}],
    "managingOrganization": {"identifier": {"system": "ods", "value": "RR8"}},
}


@pytest.mark.parametrize(
    ("param", "expected"),
    [
        ("identifier", [Token(NHS, "9990000018"), Token("", "loose")]),
        ("active", [Token("", "true")]),
        ("deceased", [Token("", "false")]),
        ("gender", [Token("", "female")]),
        ("family", [Text("oreilly", "O'Reilly")]),
        ("given", [Text("zoe", "Zoë"), Text("may", "May")]),
        (
            "name",
            [
                Text("oreilly", "O'Reilly"),
                Text("zoe", "Zoë"),
                Text("may", "May"),
                Text("zoekocinski", "Zoë  Kociński"),
            ],
        ),
        ("address", [Text("1highst", "1 High St"), Text("leeds", "Leeds"), Text("ls14ap", "LS1 4AP")]),
        ("address-postalcode", [Text("ls14ap", "LS1 4AP")]),
        ("address-use", [Token("", "home")]),
        ("phone", [Token("phone", "01134960000"), Token("home", "01134960000")]),
        ("email", [Token("email", "a@b.example")]),
        ("birthdate", [Span(ms(2015, 7, 1), ms(2015, 7, 2))]),
        ("general-practitioner", [Target("Organization/gp", "", "")]),
        ("organization", [Target("", "ods", "RR8")]),
        (
            "_profile",
            [
                Uri("https://x.example/StructureDefinition/Child|1.0"),
                Uri("https://x.example/StructureDefinition/Child"),
            ],
        ),
        ("_tag", [Token("t", "demo")]),
        ("_security", [Token("s", "R")]),
        ("_source", [Uri("https://x.example/load/1#header:2")]),
        ("_id", []),
        ("_lastUpdated", []),
    ],
)
def test_a_patient_is_found_by(param: str, expected: list[Any]) -> None:
    assert found(PATIENT, param) == expected


def test_every_value_is_entered_once() -> None:
    all_entries = entries(PATIENT, "Patient")

    assert len(all_entries) == len(set(all_entries))


@pytest.mark.parametrize(
    ("deceased", "expected"),
    [
        ({"deceasedBoolean": True}, "true"),
        ({"deceasedBoolean": False}, "false"),
        ({"deceasedDateTime": "2020"}, "true"),
        ({}, "false"),
    ],
)
def test_deceased_is_answered_also_by_a_date_and_by_silence(deceased: dict[str, Any], expected: str) -> None:
    assert found({"resourceType": "Patient", **deceased}, "deceased") == [Token("", expected)]


OBSERVATION: dict[str, Any] = {
    "resourceType": "Observation",
    "id": "o1",
    "status": "final",
    "code": {"coding": [{"system": "http://loinc.org", "code": "85354-9"}, {"display": "Blood pressure"}]},
    "subject": {"reference": "Patient/p1"},
    "performer": [{"reference": "Patient/p2"}],
    "focus": [{"reference": "Patient/p3"}],
    "effectiveDateTime": "2024-01-10",
    "component": [
        {
            "code": {"coding": [{"system": "http://loinc.org", "code": "8480-6"}]},
            "valueQuantity": {
                "value": 107,
                "unit": "mmHg",
                "system": "http://unitsofmeasure.org",
                "code": "mm[Hg]",
            },
        }
    ],
}


def test_a_component_code_is_found_as_combo_but_not_as_code() -> None:
    systolic, pressure = Token("http://loinc.org", "8480-6"), Token("http://loinc.org", "85354-9")

    assert found(OBSERVATION, "code") == [pressure]
    assert found(OBSERVATION, "component-code") == [systolic]
    assert found(OBSERVATION, "combo-code") == []
    for code in ("85354-9", "8480-6"):
        (asked,) = parse("Observation", [("combo-code", code)], page_most=1).criteria
        assert holds(asked, entries(OBSERVATION, "Observation"))


def test_what_looks_where_others_look_has_no_values_of_its_own() -> None:
    combined = {kind: dict(aliases(kind)) for kind in facts.resource_types() if aliases(kind)}

    assert combined == {
        "Observation": {
            f"combo-{what}": tuple(sorted((what, f"component-{what}")))
            for what in ("code", "data-absent-reason", "value-concept", "value-quantity")
        }
    }


def test_a_quantity_is_held_exactly_with_its_unit() -> None:
    (held,) = found(OBSERVATION, "component-value-quantity")

    assert held.low == 107.0 < held.high < 107.000001
    assert held[2:] == ("http://unitsofmeasure.org", "mm[Hg]", "mmHg")


def test_value_string_also_covers_the_words_of_a_concept() -> None:
    concept = {"resourceType": "Observation", "valueCodeableConcept": {"text": "Needs Support"}}

    assert found(concept, "value-string") == [Text("needssupport", "Needs Support")]


def test_a_decimal_that_keeps_its_text_is_a_number_like_any_other() -> None:
    kept = read(b'{"resourceType":"Observation","valueQuantity":{"value":92.10,"unit":"%"}}')

    (held,) = found(kept, "value-quantity")

    assert held.low == 92.1


@pytest.mark.parametrize(
    ("comparator", "low", "high"),
    [("<", float("-inf"), 5.0), (">=", 5.0, float("inf"))],
)
def test_a_comparator_opens_a_quantity(comparator: str, low: float, high: float) -> None:
    quantity = {"value": 5, "comparator": comparator}

    (held,) = found({"resourceType": "Observation", "valueQuantity": quantity}, "value-quantity")

    assert (held.low, held.high) == (low, high)


def test_sampled_values_are_held_from_the_lowest_to_the_highest() -> None:
    sampled = {
        "origin": {"value": 10, "unit": "V"},
        "period": 1,
        "factor": 2,
        "dimensions": 1,
        "data": "1 E 3 -2 U",
    }

    (held,) = found({"resourceType": "Observation", "valueSampledData": sampled}, "value-quantity")

    assert held.low == 6.0
    assert 16.0 < held.high < 16.001


def test_every_search_type_knows_every_data_type_it_can_meet() -> None:
    for kind in facts.resource_types():
        bare = {"resourceType": kind}

        assert [entry.param for entry in entries(bare, kind)] in ([], ["deceased"])
        assert clinical_time(bare, kind) is None
        assert compartment_reference(bare, kind) is None


def test_walking_once_finds_what_each_expression_finds_alone() -> None:
    for resource in (PATIENT, OBSERVATION):
        kind = resource["resourceType"]
        alone = set()
        for code in indexed_codes(kind):
            parameter = facts.parameters(kind)[code]
            takes = SHELF[parameter.type].entries
            for value, data_type in compiled(parameter.expression, kind)(resource):
                alone |= {Entry(code, made) for made in takes[data_type](value)}

        plain = {
            entry
            for entry in entries(resource, kind)
            if not isinstance(entry.value, Pair | Phrase) and ":" not in entry.param
        }
        assert plain == alone


@pytest.mark.parametrize(
    ("resource", "expected"),
    [
        pytest.param(OBSERVATION, Span(ms(2024, 1, 10), ms(2024, 1, 11)), id="a day"),
        pytest.param(
            {"resourceType": "Condition", "onsetDateTime": "2020", "recordedDate": "2024"},
            Span(ms(2020, 1, 1), ms(2021, 1, 1)),
            id="onset before the day it was recorded",
        ),
        pytest.param(
            {"resourceType": "Condition", "recordedDate": "2024-02-03"},
            Span(ms(2024, 2, 3), ms(2024, 2, 4)),
            id="the day it was recorded where there is nothing better",
        ),
        pytest.param(
            {"resourceType": "Flag", "period": {"start": "2023-04-01"}},
            Span(ms(2023, 4, 1), FOREVER.high),
            id="a period still open",
        ),
        pytest.param(PATIENT, None, id="a patient has none"),
        pytest.param({"resourceType": "Observation"}, None, id="no date"),
    ],
)
def test_the_clinical_time_of_a_resource(resource: dict[str, Any], expected: Span | None) -> None:
    assert clinical_time(resource, resource["resourceType"]) == expected


@pytest.mark.parametrize(
    ("resource", "expected"),
    [
        pytest.param(PATIENT, "Patient/p1", id="a patient itself"),
        pytest.param(OBSERVATION, "Patient/p1", id="subject, not performer or focus"),
        pytest.param(
            {"resourceType": "Observation", "performer": [{"reference": "Patient/p2"}]},
            None,
            id="only a performer",
        ),
        pytest.param(
            {"resourceType": "Observation", "subject": {"reference": "Group/1"}}, None, id="a group"
        ),
        pytest.param(
            {"resourceType": "Observation", "subject": {"reference": "https://x.example/fhir/Patient/1"}},
            None,
            id="a patient elsewhere",
        ),
        pytest.param(
            {
                "resourceType": "Coverage",
                "beneficiary": {"reference": "Patient/b"},
                "payor": [{"reference": "Patient/x"}],
            },
            "Patient/b",
            id="beneficiary, not who pays",
        ),
        pytest.param(
            {
                "resourceType": "Composition",
                "subject": {"reference": "Patient/s"},
                "author": [{"reference": "Patient/a"}],
            },
            "Patient/s",
            id="subject, not author",
        ),
        pytest.param(
            {
                "resourceType": "Appointment",
                "participant": [
                    {"actor": {"reference": "Practitioner/d"}},
                    {"actor": {"reference": "Patient/c"}},
                ],
            },
            "Patient/c",
            id="the patient among those who meet",
        ),
        pytest.param(
            {"resourceType": "Flag", "subject": {"reference": "Patient/f/_history/2"}},
            "Patient/f",
            id="one version",
        ),
        pytest.param({"resourceType": "Organization", "id": "o"}, None, id="not about anybody"),
        pytest.param(
            {"resourceType": "Group", "member": [{"entity": {"reference": "Patient/m"}}]}, None, id="a member"
        ),
    ],
)
def test_whom_a_resource_is_about(resource: dict[str, Any], expected: str | None) -> None:
    assert compartment_reference(resource, resource["resourceType"]) == expected


def test_a_type_is_ordered_by_the_one_value_of_its_best_date() -> None:
    assert ordered_by("Observation") == "date"
    assert ordered_by("Condition") == "onset-date"
    assert ordered_by("MedicationRequest") == ""  # it has several
    assert ordered_by("Patient") == ""
