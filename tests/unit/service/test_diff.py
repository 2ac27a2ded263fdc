"""What a changed mapping changes."""

from io import BytesIO
from typing import Any

import pytest

from gateway.mapping import Mapping, load
from gateway.mapping.folder import concept_maps
from gateway.problems import Refused
from gateway.resources import shipped
from gateway.service.diff import Change, diff

MAPS = concept_maps([shipped("profiles")])
OLD = """
mapping: 1
id: clubs
version: 1.0.0
target: {fhir: 4.0.1}
source:
  format: csv
  dates: dd/MM/yyyy
  files:
    children: {columns: [ID, Surname, Forename, DOB, Sex, Height], required: true}
  records:
    child: {file: children, key: [ID]}
terms:
  sex: {map: "{base}/ConceptMap/dfe-sex-gender", unmapped: reject-record}
emit:
  - resourceType: Patient
    $rule: child
    $for: child
    $key: [= ID]
    name:
      - {use: official, family: = Surname, given: [= Forename]}
    gender: "= Sex.code('sex')"
    birthDate: = DOB.date()
  - resourceType: Observation
    $rule: height
    $for: child
    $key: [= ID]
    $if: = Height.exists()
    status: final
    code: {text: Height}
    subject: = ref(Patient, ID)
    valueQuantity: {value: = Height.decimal(), unit: cm}
"""
CHILDREN = b"""ID,Surname,Forename,DOB,Sex,Height
1,KHAN,Ada,31/12/2012,F,101.50
2,Lee,Kim,31/02/2013,M,
3,OKAFOR,Temi,01/02/2013,M,99
"""


def mapping(text: str) -> Mapping:
    return load(text, concept_maps=MAPS)


def compared(*changes: tuple[str, str], file: bytes = CHILDREN, **more: Any) -> Any:
    """The differences that some replaced texts of the mapping make."""
    new = OLD
    for before, after in changes:
        assert before in new
        new = new.replace(before, after)
    return diff(mapping(OLD), mapping(new), {"children.csv": BytesIO(file)}, **more)


def told(changes: dict[tuple[str, str], Change]) -> dict[str, list[tuple[int, str, str]]]:
    return {
        f"{change.what} {change.path}": [(each.place.line, each.old, each.new) for each in change.examples]
        for change in changes.values()
    }


def test_the_same_mapping_changes_nothing() -> None:
    found = compared(("version: 1.0.0", "version: 1.0.1"))

    assert (found.records, found.same, found.none) == (3, 3, True)


def test_a_changed_element_is_told_with_its_values_and_lines() -> None:
    found = compared(("family: = Surname", "family: = Surname.capitalise()"))

    assert (found.records, found.same) == (3, 1)
    assert told(found.elements) == {
        "changed Patient.name.family": [(2, "KHAN", "Khan"), (4, "OKAFOR", "Okafor")]
    }
    assert not found.resources
    assert not found.problems


def test_a_decimal_is_told_with_its_digits() -> None:
    found = compared(("value: = Height.decimal()", "value: = Height.trim().decimal(), code: cm"))

    assert told(found.elements) == {"added Observation.valueQuantity.code": [(2, "", "cm"), (4, "", "cm")]}
    digits = compared(("{value: = Height.decimal(), unit: cm}", "{unit: cm}"))
    assert told(digits.elements) == {
        "gone Observation.valueQuantity.value": [(2, "101.50", ""), (4, "99", "")]
    }


def test_an_element_that_comes_or_goes_is_told_at_its_path() -> None:
    terms = 'terms:\n  sex: {map: "{base}/ConceptMap/dfe-sex-gender", unmapped: reject-record}\n'
    found = compared((terms, ""), ("    gender: \"= Sex.code('sex')\"\n", "    active: true\n"))

    assert told(found.elements) == {
        "gone Patient.gender": [(2, "female", ""), (4, "male", "")],
        "added Patient.active": [(2, "", "true"), (4, "", "true")],
    }


def test_items_of_a_list_are_set_against_their_equals() -> None:
    name = "{use: official, family: = Surname, given: [= Forename]}"
    found = compared((name, "{use: usual, text: = Forename}\n      - " + name))

    assert told(found.elements) == {
        "added Patient.name": [
            (2, "", '{"use":"usual","text":"Ada"}'),
            (4, "", '{"use":"usual","text":"Temi"}'),
        ]
    }


def test_a_resource_that_goes_is_told_by_its_type() -> None:
    found = compared(("$if: = Height.exists()", "$if: = Height = '99'"))

    assert told(found.resources) == {"gone Observation": [(2, "", "")]}
    assert not found.elements


def test_a_resource_that_only_gets_another_id_is_not_told_as_two() -> None:
    found = compared(("$rule: height", "$rule: body-height"))

    (change,) = found.resources.values()
    assert (change.what, change.path, change.count) == ("changed", "Observation.id", 2)
    assert change.examples[0].old != change.examples[0].new
    assert not found.elements


def test_records_that_are_set_aside_no_longer_are_told_by_their_problem() -> None:
    found = compared(("    birthDate: = DOB.date()\n", ""))

    assert told(found.problems) == {"gone record.not-a-date": [(3, "", "")]}
    assert found.resources["added", "Patient"].count == 1
    assert found.elements["gone", "Patient.birthDate"].count == 2


def test_values_of_children_are_cut_and_only_the_first_are_kept() -> None:
    rows = b"".join(b"%d,%s,A,31/12/2012,F,\n" % (number, b"K" * 500) for number in range(10))
    found = compared(
        ("family: = Surname", "family: = Surname.lower()"),
        file=b"ID,Surname,Forename,DOB,Sex,Height\n" + rows,
    )

    (change,) = found.elements.values()
    assert change.count == 10
    assert len(change.examples) == 3
    assert all(len(each.old) == 200 for each in change.examples)


def test_only_so_many_records_are_compared() -> None:
    assert compared(limit=2).records == 2


def test_records_on_one_line_are_told_apart() -> None:
    old = """
mapping: 1
id: one-line
version: 1.0.0
target: {fhir: 4.0.1}
source:
  format: json
  records: {child: {each: ., key: [id], fields: {id: id, name: name}}}
emit:
  - {resourceType: Patient, $rule: child, $for: child, $key: [= id], name: [{text: = name}]}
"""
    new = old.replace("text: = name", "text: = name.upper()")
    file = BytesIO(b'[{"id":"1","name":"A"},{"id":"2","name":"b"},7,{"id":"3","name":"C"}]')

    found = diff(mapping(old), mapping(new), {"f.json": file})

    assert (found.records, found.same) == (4, 3)
    assert told(found.elements) == {"changed Patient.name.text": [(1, "b", "B")]}


def test_each_mapping_gets_the_values_it_knows() -> None:
    new = OLD.replace("mapping: 1\n", "mapping: 1\ngiven: {la: {help: The code of the authority}}\n").replace(
        "    gender:",
        "    identifier: [{system: \"= '{base}/Id/la-child-id/' & given.la\", value: = ID}]\n    gender:",
    )
    file = {"children.csv": BytesIO(CHILDREN)}

    found = diff(mapping(OLD), mapping(new), file, {"la": "201"})

    assert found.elements["added", "Patient.identifier"].count == 2
    with pytest.raises(Refused, match=r"mapping\.given-missing"):
        diff(mapping(OLD), mapping(new), file)
