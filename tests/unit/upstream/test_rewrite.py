"""Ids and references of an upstream under our names."""

import json
from typing import Any

import pytest

from gateway.problems import Refused
from gateway.upstream.rewrite import Names, local_reference, rewritten
from gateway.upstream.searchset import opened

BASE = "https://hospital.example/fhir"
NAMES = Names(
    "hospital",
    (BASE, "http://inside:8080/fhir"),
    "p1",
    "the-child",
    lambda u, t, i: f"{u}.{t}.{i}",
    "urn:source",
)


def ours(**resource: Any) -> dict[str, Any]:
    text = json.dumps({"resourceType": "Observation", "id": "o1", **resource}).encode()
    made: dict[str, Any] = json.loads(rewritten(opened(text), NAMES))
    return made


@pytest.mark.parametrize(
    ("reference", "expected"),
    [
        pytest.param("Patient/p1", "Patient/the-child", id="the child"),
        pytest.param(f"{BASE}/Patient/p1", "Patient/the-child", id="the child, absolute"),
        pytest.param("Patient/p1/_history/3", "Patient/the-child", id="a version of the child"),
        pytest.param(
            "http://inside:8080/fhir/Patient/p1", "Patient/the-child", id="the child, by its inner base"
        ),
        pytest.param("Patient/p11", "Patient/hospital.Patient.p11", id="another patient"),
        pytest.param("Group/p1", "Group/hospital.Group.p1", id="the same id of another type"),
        pytest.param("Encounter/e7/_history/2", "Encounter/hospital.Encounter.e7", id="a version"),
        pytest.param(f"{BASE}/Encounter/e7", "Encounter/hospital.Encounter.e7", id="absolute"),
        pytest.param("#contained", "#contained", id="contained"),
        pytest.param("urn:uuid:0c3b", "urn:uuid:0c3b", id="urn"),
        pytest.param(
            "https://lab.example/fhir/Patient/p1", "https://lab.example/fhir/Patient/p1", id="elsewhere"
        ),
        pytest.param(f"{BASE}2/Patient/p1", f"{BASE}2/Patient/p1", id="a base that only begins alike"),
        pytest.param("Patient?identifier=x", "Patient?identifier=x", id="conditional"),
    ],
)
def test_references_become_ours(reference: str, expected: str) -> None:
    assert ours(encounter={"reference": reference})["encounter"] == {"reference": expected}


def test_references_are_found_at_any_depth() -> None:
    made = ours(
        component=[
            {"extension": [{"url": "x", "valueReference": {"reference": "Device/d", "display": "d"}}]}
        ],
        contained=[{"resourceType": "Specimen", "id": "s", "subject": {"reference": "Patient/p1"}}],
    )

    assert made["component"][0]["extension"][0]["valueReference"]["reference"] == "Device/hospital.Device.d"
    assert made["contained"][0]["id"] == "s"
    assert made["contained"][0]["subject"]["reference"] == "Patient/the-child"


def test_a_reference_whose_key_is_written_with_escapes_does_not_slip_through() -> None:
    text = b'{"resourceType":"Observation","id":"o1","subject":{"r\\u0065ference":"Patient/p1"}}'

    assert json.loads(rewritten(opened(text), NAMES))["subject"] == {"reference": "Patient/the-child"}


def test_text_that_looks_like_a_reference_stays_text() -> None:
    made = ours(note=[{"text": 'see "reference":"Patient/p1"'}], code={"text": "Patient/p1"})

    assert made["note"] == [{"text": 'see "reference":"Patient/p1"'}]
    assert made["code"] == {"text": "Patient/p1"}


def test_id_and_source_are_ours_and_the_rest_of_meta_theirs() -> None:
    made = ours(
        meta={"versionId": "7", "lastUpdated": "2025-01-01T00:00:00Z", "source": "#x", "tag": [{"code": "t"}]}
    )

    assert made["id"] == "hospital.Observation.o1"
    assert made["meta"] == {
        "versionId": "7",
        "lastUpdated": "2025-01-01T00:00:00Z",
        "source": "urn:source",
        "tag": [{"code": "t"}],
    }


@pytest.mark.parametrize("name", ["tag", "security", "profile"])
@pytest.mark.parametrize("odd", [7, "x", {"code": "t"}, None])
def test_what_should_be_a_list_in_meta_and_is_none_does_not_stay(name: str, odd: Any) -> None:
    assert ours(meta={"versionId": "7", name: odd})["meta"] == {"versionId": "7", "source": "urn:source"}


@pytest.mark.parametrize(
    "odd",
    [
        pytest.param("9" * 5000, id="a number of 5,000 digits"),
        pytest.param("1e999", id="a number no computer holds"),
        pytest.param("[" * 200 + "]" * 200, id="nested deeply"),
        pytest.param('{"a":1,"a":2}', id="a name twice"),
    ],
)
def test_what_could_not_be_read_again_is_refused(odd: str) -> None:
    text = f'{{"resourceType":"Observation","id":"o1","code":{odd}}}'.encode()

    with pytest.raises(Refused):
        rewritten(opened(text), NAMES)


def test_a_resource_without_meta_gets_its_source() -> None:
    assert ours()["meta"] == {"source": "urn:source"}


def test_numbers_keep_their_digits_and_the_head_comes_first() -> None:
    text = (
        b'{ "valueQuantity" : {"value": 92.10}, "id":"o1", '
        b'"component":[{"x":{"reference":"A/b"},"value":1.00}],"resourceType":"Observation"}'
    )

    made = rewritten(opened(text), NAMES)

    assert made.startswith(
        b'{"resourceType":"Observation","id":"hospital.Observation.o1","meta":{"source":"urn:source"}'
    )
    assert b"92.10" in made
    assert b'"value":1.00' in made


def test_an_element_that_has_one_key_twice_beside_a_reference_is_refused() -> None:
    text = (
        b'{"resourceType":"Observation","id":"o1",'
        b'"subject":{"reference":"Patient/p2","reference":"Patient/p1"}}'
    )

    with pytest.raises(Refused):
        rewritten(opened(text), NAMES)


def test_an_empty_base_is_no_base() -> None:
    assert local_reference("/Patient/p1", ("",)) is None
