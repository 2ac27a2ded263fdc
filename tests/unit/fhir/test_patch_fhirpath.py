"""FHIRPath Patch, operation by operation, as https://hl7.org/fhir/R4/fhirpatch.html describes them."""

from typing import Any

import pytest

from gateway.fhir import json
from gateway.fhir.patch_fhirpath import fhirpath_patch
from gateway.problems import Refused

Parts = list[dict[str, Any]]


def patch(*operations: dict[str, Any]) -> dict[str, Any]:
    made = []
    for each in operations:
        parts: Parts = []
        for name, value in each.items():
            key = {
                "type": "valueCode",
                "index": "valueInteger",
                "source": "valueInteger",
                "destination": "valueInteger",
            }
            parts.append(
                {
                    "name": name,
                    **(value if isinstance(value, dict) else {key.get(name, "valueString"): value}),
                }
            )
        made.append({"name": "operation", "part": parts})
    return {"resourceType": "Parameters", "parameter": made}


def after(inside: str, *operations: dict[str, Any], kind: str = "Patient") -> Any:
    before = {"resourceType": kind, **json.read("{" + inside + "}")}
    made = fhirpath_patch(before, patch(*operations))
    assert before == {"resourceType": kind, **json.read("{" + inside + "}")}
    return {name: value for name, value in made.items() if name != "resourceType"}


def test_no_operation_changes_nothing() -> None:
    assert fhirpath_patch({"resourceType": "Patient", "id": "a"}, {"resourceType": "Parameters"}) == {
        "resourceType": "Patient",
        "id": "a",
    }


CONTACT = '"contact": [{"name": {"text": "a name"}, "gender": "male"}]'
NAMES = '"name": [{"use": "official", "text": "a"}, {"use": "old", "text": "b"}, {"text": "c"}]'
EXTENSION = {"part": [{"name": "url", "valueUri": "urn:a"}, {"name": "value", "valueCode": "x"}]}
GIVEN = '"name": [{"given": ["a", "b", "c"], "_given": [null, {"id": "x"}, null]}]'


@pytest.mark.parametrize(
    ("inside", "operation", "expected"),
    [
        pytest.param(
            '"birthDate": "1920-01-01"',
            {"type": "replace", "path": "Patient.birthDate", "value": {"valueDate": "1930-01-01"}},
            '"birthDate": "1930-01-01"',
            id="replace a primitive",
        ),
        pytest.param(
            '"birthDate": "1920", "_birthDate": {"id": "x"}',
            {"type": "replace", "path": "birthDate", "value": {"valueDate": "1930"}},
            '"birthDate": "1930"',
            id="replace takes what stood beside",
        ),
        pytest.param(
            '"birthDate": "1920"',
            {
                "type": "replace",
                "path": "birthDate",
                "value": {"_valueDate": {"extension": [{"url": "urn:a", "valueCode": "x"}]}},
            },
            '"_birthDate": {"extension": [{"url": "urn:a", "valueCode": "x"}]}',
            id="replace by what stands beside",
        ),
        pytest.param(
            '"birthDate": "1920-01-01", "_birthDate": {"id": "x"}',
            {"type": "delete", "path": "Patient.birthDate"},
            "",
            id="delete a primitive",
        ),
        pytest.param(
            '"active": true',
            {"type": "delete", "path": "Patient.birthDate"},
            '"active": true',
            id="delete what is not there",
        ),
        pytest.param(
            "",
            {
                "type": "add",
                "path": "Patient",
                "name": "birthDate",
                "value": {"valueDate": "1930-01-01", "_valueDate": {"id": "x"}},
            },
            '"birthDate": "1930-01-01", "_birthDate": {"id": "x"}',
            id="add a primitive",
        ),
        pytest.param(
            CONTACT,
            {"type": "replace", "path": "Patient.contact[0].gender", "value": {"valueCode": "female"}},
            CONTACT.replace("male", "female"),
            id="replace inside",
        ),
        pytest.param(
            CONTACT,
            {
                "type": "replace",
                "path": "Patient.contact.where(gender = 'male').name.text",
                "value": "the name",
            },
            CONTACT.replace("a name", "the name"),
            id="replace where",
        ),
        pytest.param(
            CONTACT,
            {"type": "delete", "path": "Patient.contact[0].gender"},
            '"contact": [{"name": {"text": "a name"}}]',
            id="delete inside",
        ),
        pytest.param(
            '"contact": [{"name": {"text": "a"}}]',
            {"type": "add", "path": "Patient.contact[0]", "name": "gender", "value": {"valueCode": "male"}},
            '"contact": [{"name": {"text": "a"}, "gender": "male"}]',
            id="add inside",
        ),
        pytest.param(
            "",
            {
                "type": "add",
                "path": "Patient",
                "name": "maritalStatus",
                "value": {"valueCodeableConcept": {"text": "m"}},
            },
            '"maritalStatus": {"text": "m"}',
            id="add a complex type",
        ),
        pytest.param(
            '"maritalStatus": {"id": "1", "text": "m"}',
            {
                "type": "replace",
                "path": "Patient.maritalStatus",
                "value": {"valueCodeableConcept": {"id": "2", "text": "s"}},
            },
            '"maritalStatus": {"id": "2", "text": "s"}',
            id="replace a complex type",
        ),
        pytest.param(
            "",
            {
                "type": "add",
                "path": "Patient",
                "name": "contact",
                "value": {
                    "part": [
                        {"name": "name", "valueHumanName": {"text": "a"}},
                        {"name": "telecom", "valueContactPoint": {"use": "home"}},
                        {"name": "telecom", "valueContactPoint": {"use": "work"}},
                    ]
                },
            },
            '"contact": [{"name": {"text": "a"}, "telecom": [{"use": "home"}, {"use": "work"}]}]',
            id="add a nested part",
        ),
        pytest.param(
            CONTACT, {"type": "delete", "path": "Patient.contact[0]"}, "", id="delete the only item"
        ),
        pytest.param(
            NAMES,
            {"type": "delete", "path": "Patient.name[1]"},
            NAMES.replace('{"use": "old", "text": "b"}, ', ""),
            id="delete an item",
        ),
        pytest.param(
            NAMES,
            {"type": "delete", "path": "Patient.name.last()"},
            NAMES.replace(', {"text": "c"}', ""),
            id="delete the last item",
        ),
        pytest.param(
            NAMES,
            {"type": "delete", "path": "name.where(use = 'official' and text.exists()).first()"},
            NAMES.replace('{"use": "official", "text": "a"}, ', ""),
            id="delete where",
        ),
        pytest.param(
            NAMES,
            {"type": "add", "path": "Patient", "name": "name", "value": {"valueHumanName": {"text": "d"}}},
            NAMES.replace('{"text": "c"}', '{"text": "c"}, {"text": "d"}'),
            id="add to a list",
        ),
        pytest.param(
            NAMES,
            {
                "type": "insert",
                "path": "Patient.name",
                "index": 3,
                "value": {"valueHumanName": {"text": "d"}},
            },
            NAMES.replace('{"text": "c"}', '{"text": "c"}, {"text": "d"}'),
            id="insert at the end",
        ),
        pytest.param(
            NAMES,
            {
                "type": "insert",
                "path": "Patient.name",
                "index": 0,
                "value": {"valueHumanName": {"text": "d"}},
            },
            NAMES.replace("[{", '[{"text": "d"}, {'),
            id="insert at the start",
        ),
        pytest.param(
            "",
            {
                "type": "insert",
                "path": "Patient.name",
                "index": 0,
                "value": {"valueHumanName": {"text": "d"}},
            },
            '"name": [{"text": "d"}]',
            id="insert into a list that is not there",
        ),
        pytest.param(
            GIVEN,
            {"type": "insert", "path": "Patient.name[0].given", "index": 1, "value": "z"},
            '"name": [{"given": ["a", "z", "b", "c"], "_given": [null, null, {"id": "x"}, null]}]',
            id="insert a primitive",
        ),
        pytest.param(
            GIVEN,
            {"type": "delete", "path": "Patient.name.given[0]"},
            '"name": [{"given": ["b", "c"], "_given": [{"id": "x"}, null]}]',
            id="delete a primitive of a list",
        ),
        pytest.param(
            GIVEN,
            {"type": "delete", "path": "Patient.name.given.where($this = 'b')"},
            '"name": [{"given": ["a", "c"]}]',
            id="delete a primitive by its value",
        ),
        pytest.param(
            GIVEN,
            {"type": "replace", "path": "Patient.name.given[1]", "value": "z"},
            '"name": [{"given": ["a", "z", "c"]}]',
            id="replace a primitive of a list",
        ),
        pytest.param(
            GIVEN,
            {"type": "move", "path": "Patient.name.given", "source": 1, "destination": 2},
            '"name": [{"given": ["a", "c", "b"], "_given": [null, null, {"id": "x"}]}]',
            id="move a primitive",
        ),
        pytest.param(
            '"multipleBirthBoolean": true',
            {"type": "replace", "path": "Patient.multipleBirth", "value": {"valueInteger": 2}},
            '"multipleBirthInteger": 2',
            id="replace a choice by another type",
        ),
        pytest.param(
            "",
            {"type": "add", "path": "Patient", "name": "deceased", "value": {"valueBoolean": False}},
            '"deceasedBoolean": false',
            id="add a choice",
        ),
        pytest.param(
            '"multipleBirthInteger": 2',
            {"type": "delete", "path": "Patient.multipleBirth.ofType(integer)"},
            "",
            id="delete a choice by its type",
        ),
        pytest.param(
            '"multipleBirthInteger": 2',
            {"type": "delete", "path": "(Patient.multipleBirth as boolean)"},
            '"multipleBirthInteger": 2',
            id="delete a choice of another type",
        ),
        pytest.param(
            '"extension": [{"url": "urn:a", "valueCode": "x"}, {"url": "urn:b", "valueCode": "y"}]',
            {"type": "replace", "path": "Patient.extension('urn:b').value", "value": "z"},
            '"extension": [{"url": "urn:a", "valueCode": "x"}, {"url": "urn:b", "valueString": "z"}]',
            id="replace inside an extension",
        ),
        pytest.param(
            '"birthDate": "1920"',
            {"type": "add", "path": "Patient.birthDate", "name": "extension", "value": EXTENSION},
            '"birthDate": "1920", "_birthDate": {"extension": [{"url": "urn:a", "valueCode": "x"}]}',
            id="add beside a primitive",
        ),
        pytest.param(
            '"name": [{"given": ["a", "b"]}]',
            {"type": "add", "path": "Patient.name.given[1]", "name": "extension", "value": EXTENSION},
            '"name": [{"given": ["a", "b"],'
            ' "_given": [null, {"extension": [{"url": "urn:a", "valueCode": "x"}]}]}]',
            id="add beside a primitive of a list",
        ),
        pytest.param(
            '"contained": [{"resourceType": "Organization", "id": "o", "name": "a"}]',
            {
                "type": "replace",
                "path": "Patient.contained.where(id = 'o').ofType(Organization).name",
                "value": "b",
            },
            '"contained": [{"resourceType": "Organization", "id": "o", "name": "b"}]',
            id="replace in a contained resource",
        ),
        pytest.param(
            "",
            {
                "type": "add",
                "path": "Patient",
                "name": "contained",
                "value": {"resource": {"resourceType": "Organization", "name": "a"}},
            },
            '"contained": [{"resourceType": "Organization", "name": "a"}]',
            id="add a contained resource",
        ),
    ],
)
def test_an_operation_does_what_the_standard_says(
    inside: str, operation: dict[str, Any], expected: str
) -> None:
    assert after(inside, operation) == json.read("{" + expected + "}")


@pytest.mark.parametrize(
    ("source", "destination", "expected"),
    [(3, 1, "adbc"), (3, 0, "dabc"), (3, 2, "abdc"), (0, 3, "bcda"), (1, 0, "bacd"), (2, 2, "abcd")],
)
def test_a_move_counts_its_destination_without_the_item(source: int, destination: int, expected: str) -> None:
    inside = '"name": [{"text": "a"}, {"text": "b"}, {"text": "c"}, {"text": "d"}]'

    made = after(
        inside, {"type": "move", "path": "Patient.name", "source": source, "destination": destination}
    )

    assert "".join(name["text"] for name in made["name"]) == expected


def test_each_operation_sees_what_the_ones_before_it_did() -> None:
    made = after(
        "",
        {"type": "add", "path": "Patient", "name": "name", "value": {"valueHumanName": {"text": "a"}}},
        {"type": "add", "path": "Patient.name", "name": "family", "value": "b"},
        {"type": "insert", "path": "Patient.name[0].given", "index": 0, "value": "c"},
    )

    assert made == {"name": [{"text": "a", "family": "b", "given": ["c"]}]}


def test_decimals_keep_their_digits() -> None:
    value = {"valueQuantity": json.read('{"value": 1.50}')}

    made = after(
        "", {"type": "add", "path": "Observation", "name": "value", "value": value}, kind="Observation"
    )

    assert json.write(made) == b'{"valueQuantity":{"value":1.50}}'


def test_the_values_of_a_patch_are_not_changed_by_its_later_operations() -> None:
    given = patch(
        {"type": "add", "path": "Patient", "name": "name", "value": {"valueHumanName": {"text": "a"}}},
        {"type": "replace", "path": "Patient.name.text", "value": "b"},
    )

    fhirpath_patch({"resourceType": "Patient"}, given)

    assert given["parameter"][0]["part"][3]["valueHumanName"] == {"text": "a"}


@pytest.mark.parametrize(
    ("operation", "code"),
    [
        ({"type": "replace", "path": "Patient.birthDate", "value": "x"}, "patch.path"),
        (
            {"type": "replace", "path": "Patient.name", "value": {"valueHumanName": {"text": "x"}}},
            "patch.path",
        ),
        (
            {"type": "replace", "path": "Patient.name[3]", "value": {"valueHumanName": {"text": "x"}}},
            "patch.path",
        ),
        ({"type": "replace", "path": "Patient", "value": {"valueHumanName": {"text": "x"}}}, "patch.path"),
        ({"type": "delete", "path": "Patient.name"}, "patch.path"),
        ({"type": "delete", "path": "Patient"}, "patch.path"),
        ({"type": "add", "path": "Patient", "name": "active", "value": {"valueBoolean": True}}, "patch.path"),
        (
            {"type": "add", "path": "Patient", "name": "deceased", "value": {"valueBoolean": True}},
            "patch.path",
        ),
        ({"type": "add", "path": "Patient.name", "name": "text", "value": "x"}, "patch.path"),
        (
            {
                "type": "insert",
                "path": "Patient.name",
                "index": 4,
                "value": {"valueHumanName": {"text": "x"}},
            },
            "patch.path",
        ),
        (
            {
                "type": "insert",
                "path": "Patient.name",
                "index": -1,
                "value": {"valueHumanName": {"text": "x"}},
            },
            "patch.path",
        ),
        ({"type": "insert", "path": "Patient.name[0]", "index": 0, "value": "x"}, "patch.path"),
        ({"type": "insert", "path": "Patient.gender", "index": 0, "value": "x"}, "patch.path"),
        ({"type": "insert", "path": "Patient.name.given", "index": 0, "value": "x"}, "patch.path"),
        ({"type": "move", "path": "Patient.name", "source": 3, "destination": 0}, "patch.path"),
        ({"type": "move", "path": "Patient.name", "source": 0, "destination": 3}, "patch.path"),
        ({"type": "move", "path": "Patient.name", "source": -1, "destination": 0}, "patch.path"),
        ({"type": "move", "path": "Patient", "source": 0, "destination": 0}, "patch.path"),
        ({"type": "add", "path": "Patient", "name": "shoe", "value": "x"}, "patch.form"),
        ({"type": "add", "path": "Patient", "name": "maritalStatus", "value": "x"}, "patch.form"),
        (
            {"type": "add", "path": "Patient", "name": "language", "value": {"valueCoding": {"code": "x"}}},
            "patch.form",
        ),
        (
            {
                "type": "add",
                "path": "Patient",
                "name": "language",
                "value": {"part": [{"name": "a", "valueCode": "x"}]},
            },
            "patch.form",
        ),
        (
            {
                "type": "add",
                "path": "Patient",
                "name": "language",
                "value": {"resource": {"resourceType": "Organization", "name": "x"}},
            },
            "patch.form",
        ),
        ({"type": "add", "path": "Patient", "name": "multipleBirth", "value": "x"}, "patch.form"),
        ({"type": "add", "path": "Patient", "value": "x"}, "patch.form"),
        ({"type": "add", "path": "Patient", "name": "language"}, "patch.form"),
        ({"type": "insert", "path": "Patient.name", "value": "x"}, "patch.form"),
        (
            {"type": "insert", "path": "Patient.name", "index": {"valueString": "0"}, "value": "x"},
            "patch.form",
        ),
        (
            {"type": "insert", "path": "Patient.name", "index": {"valueBoolean": True}, "value": "x"},
            "patch.form",
        ),
        ({"type": "delete"}, "patch.form"),
        ({"path": "Patient.name"}, "patch.form"),
        ({"type": "upsert", "path": "Patient.name"}, "patch.form"),
        ({"type": "delete", "path": "Patient.name", "shoe": "x"}, "patch.form"),
        ({"type": "delete", "path": "Patient.name("}, "expression.syntax"),
        ({"type": "delete", "path": "Patient.shoe"}, "paths.unknown-element"),
        ({"type": "delete", "path": "Person.name"}, "paths.unknown-element"),
        ({"type": "delete", "path": "Patient.birthDate.shoe"}, "paths.unknown-element"),
        ({"type": "delete", "path": "Patient.link.other.shoe"}, "paths.unknown-element"),
        ({"type": "delete", "path": "Patient.multipleBirth.ofType(string)"}, "paths.never-that-type"),
        ({"type": "delete", "path": "Patient.photo.where(shoe = 1)"}, "paths.unknown-element"),
        ({"type": "delete", "path": "Patient.name.trace('x')"}, "paths.not-supported"),
        ({"type": "delete", "path": "Patient.name.where()"}, "paths.not-supported"),
        ({"type": "delete", "path": "Patient.name.given.where(length() = 1)"}, "paths.not-supported"),
        ({"type": "delete", "path": "'Patient'"}, "paths.not-supported"),
        ({"type": "delete", "path": "Patient.name.where(shoe = 1)"}, "paths.unknown-element"),
    ],
)
def test_what_cannot_be_done_is_named_with_its_place(operation: dict[str, Any], code: str) -> None:
    name = '{"text": "a", "given": ["x"]}'
    fine = {"type": "delete", "path": "Patient.photo"}

    with pytest.raises(Refused) as caught:
        after(
            f'"active": true, "deceasedDateTime": "2020", "name": [{name}, {name}, {name}]', fine, operation
        )

    [found] = caught.value.problems
    assert (found.kind.code, found.place.path) == (code, "Parameters.parameter[1]")
    assert "…" not in found.says + found.fix


def test_a_parameter_of_another_name_is_refused() -> None:
    with pytest.raises(Refused) as caught:
        fhirpath_patch(
            {"resourceType": "Patient"},
            {"resourceType": "Parameters", "parameter": [{"name": "operations", "valueString": "x"}]},
        )

    assert caught.value.problems[0].kind.code == "patch.form"


def test_a_large_resource_takes_fewer_operations() -> None:
    large = {"resourceType": "Patient", "name": [{"text": str(at)} for at in range(2000)]}
    operations = [{"type": "delete", "path": f"Patient.name.where(text = '{at}')"} for at in range(1000)]

    with pytest.raises(Refused) as caught:
        fhirpath_patch(large, patch(*operations))

    assert caught.value.problems[0].kind.code == "patch.many"
    assert len(fhirpath_patch(large, patch(*operations[:100]))["name"]) == 1900
