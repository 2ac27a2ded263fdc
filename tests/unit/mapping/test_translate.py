import copy
import json
from collections.abc import Callable
from typing import Any

import pytest

from gateway.mapping import Ids, Translator, load
from gateway.mapping.file import Mapping
from gateway.problems import Refused

Translate = Callable[[Translator, list[Any]], list[dict[str, Any]]]


def test_a_row_becomes_the_resources_that_the_body_describes(
    flat_translator: Translator, flat_row: list[Any], resources: Translate
) -> None:
    patient, height, weight, sdq = resources(flat_translator, flat_row)

    assert patient == {
        "resourceType": "Patient",
        "id": patient["id"],
        "meta": {"profile": ["https://fhir.hl7.org.uk/StructureDefinition/UKCore-Patient"]},
        "extension": [
            {
                "url": "https://fhir.hl7.org.uk/StructureDefinition/Extension-UKCore-EthnicCategory",
                "valueCodeableConcept": {
                    "coding": [
                        {
                            "system": "https://fhir.hl7.org.uk/CodeSystem/UKCore-EthnicCategoryEngland",
                            "code": "D",
                            "display": "White and Black Caribbean",
                        }
                    ]
                },
            }
        ],
        "identifier": [
            {"system": "https://fhir.nhs.uk/Id/nhs-number", "value": "9990123012"},
            {"system": "https://fhirgate.example/Id/upn", "value": "F201900116001"},
            {"system": "https://fhirgate.example/Id/la-child", "value": "0010234"},
        ],
        "name": [{"use": "official", "family": "Okafor", "given": ["Amelia", "Grace", "Ngozi"]}],
        "telecom": [{"system": "phone", "value": "01632 960101"}],
        "gender": "female",
        "birthDate": "2012-03-04",
        "address": [
            {"use": "home", "line": ["14 Larch Walk"], "city": "Testbridge", "postalCode": "ZZ10 1AA"}
        ],
        "managingOrganization": {
            "identifier": {"system": "https://fhir.hl7.org.uk/Id/urn-school-number", "value": "999001"}
        },
    }
    assert height["valueQuantity"]["value"] == 141.0
    assert height["subject"] == {"reference": f"Patient/{patient['id']}"}
    assert weight["dataAbsentReason"]["coding"][0]["code"] == "unknown"
    assert "valueQuantity" not in weight
    assert (sdq["valueInteger"], sdq["effectiveDateTime"]) == (17, "2025-11-12")


def test_a_text_begins_with_its_type_and_id(flat_translator: Translator, flat_row: list[Any]) -> None:
    made = flat_translator.translate(flat_row)

    for _, kind, own, text in made.resources:
        assert text.startswith(f'{{"resourceType":"{kind}","id":"{own}"')


def test_decimals_keep_the_digits_they_came_with(flat_translator: Translator, flat_row: list[Any]) -> None:
    row = flat_row.copy()
    row[13] = "92.10"

    made = flat_translator.translate(row)

    assert '"value":92.10,' in made.resources[1][3]


def test_an_object_whose_values_are_all_empty_goes_with_its_constants(
    flat_translator: Translator, flat_row: list[Any], resources: Translate
) -> None:
    row = flat_row.copy()
    for index in (2, 8, 9, 10, 11, 12, 19):
        row[index] = ""

    patient = resources(flat_translator, row)[0]

    assert {"extension", "telecom", "address", "managingOrganization"}.isdisjoint(patient)
    assert [each["value"] for each in patient["identifier"]] == ["F201900116001", "0010234"]


def test_nothing_empty_is_ever_written(flat_translator: Translator, flat_row: list[Any]) -> None:
    row = [flat_row[0], *[""] * 19, 2]

    made = flat_translator.translate(row)

    assert made.resources and not made.problems
    assert not any(hole in text for *_, text in made.resources for hole in ("{}", "[]", '""', "null"))


def test_rows_within_become_items_of_lists_at_two_levels(
    nested_translator: Translator, pupil: list[Any], resources: Translate
) -> None:
    patient = resources(nested_translator, pupil)[0]

    assert patient["contact"] == [
        {
            "relationship": [
                {
                    "coding": [
                        {
                            "system": "http://terminology.hl7.org/CodeSystem/v3-RoleCode",
                            "code": "MTH",
                            "display": "mother",
                        }
                    ]
                }
            ],
            "name": {"text": "Ngozi Okafor"},
            "telecom": [
                {"system": "phone", "value": "07700 900101", "use": "mobile"},
                {"system": "phone", "value": "01632 960101", "use": "home"},
            ],
        }
    ]


def test_values_of_settings_and_file_ride_along_with_the_record(
    nested_translator: Translator, pupil: list[Any], resources: Translate
) -> None:
    patient = resources(nested_translator, pupil)[0]

    assert patient["identifier"] == [
        {"system": "https://fhirgate.example/Id/la-child-id/201", "value": "M20190022104V"},
        {"use": "temp", "system": "https://fhirgate.example/Id/upn", "value": "M20190022104V"},
    ]
    assert patient["managingOrganization"] == {
        "identifier": {"system": "https://fhir.hl7.org.uk/Id/urn-school-number", "value": "999002"},
        "display": "Harbour “Test” Academy",
    }
    assert patient["generalPractitioner"] == [{"display": "Anytown Council"}]


def test_a_rule_for_a_nested_record_makes_one_resource_for_each_row(
    nested_translator: Translator, pupil: list[Any], resources: Translate
) -> None:
    _, first, second, *_ = resources(nested_translator, pupil)

    assert first["valueCodeableConcept"]["coding"][0]["code"] == "29164008"
    assert first["component"] == [{"code": {"text": "rank"}, "valueInteger": 1}]
    assert first["issued"] == "2026-02-12T00:00:00Z"
    assert second["dataAbsentReason"]["coding"][0]["code"] == "asked-declined"
    assert "valueCodeableConcept" not in second
    assert first["id"] != second["id"]


def test_a_code_that_is_kept_names_the_system_of_the_source(
    nested_translator: Translator, pupil: list[Any], resources: Translate
) -> None:
    row = copy.deepcopy(pupil)
    row[8][0][1] = "XYZ"

    need = resources(nested_translator, row)[1]

    assert need["valueCodeableConcept"] == {"coding": [{"system": "urn:need", "code": "XYZ"}]}


def test_of_two_types_of_a_choice_the_condition_picks_one(
    nested_translator: Translator, pupil: list[Any], resources: Translate
) -> None:
    made = resources(nested_translator, pupil)
    english, maths = made[3], made[4]

    assert (english["valueInteger"], "valueString" in english) == (112, False)
    assert (maths["valueString"], "valueInteger" in maths) == ("A", False)
    assert english["note"] == [{"text": "ENG: OKAFOR-BENNETT"}]
    assert len([each for each in made if each.get("note")]) == 2


def test_a_fault_in_a_rule_that_drops_loses_only_that_resource(
    nested_translator: Translator, pupil: list[Any]
) -> None:
    row = copy.deepcopy(pupil)
    row[10][0][2] = "2025-13-01"

    made = nested_translator.translate(row)

    assert not made.problems
    assert [each.kind.code for each in made.dropped] == ["record.not-a-date"]
    assert made.dropped[0].kind.severity == "warning"
    assert str(made.dropped[0].place) == "ctf.xml:60"
    assert [each[1] for each in made.resources].count("Observation") == 3


def test_a_fault_elsewhere_sets_the_record_aside_with_every_reason_and_line(
    nested_translator: Translator, pupil: list[Any]
) -> None:
    row = copy.deepcopy(pupil)
    row[4], row[8][1][2] = "X", "31/02/2015"

    made = nested_translator.translate(row)

    assert made.resources == []
    found = [(each.kind.code, str(each.place), each.field) for each in made.problems]
    assert found == [
        ("record.unknown-code", "ctf.xml:10", "Sex"),
        ("record.not-a-date", "ctf.xml:24", "Start"),
    ]
    assert made.problems[1].rule.file == "nested.yaml"
    assert made.problems[1].rule.path == "Observation.effectiveDateTime"


def test_what_a_record_said_is_never_in_the_text_of_its_problem(
    nested_translator: Translator, pupil: list[Any]
) -> None:
    row = copy.deepcopy(pupil)
    row[3] = "canary-3f"

    made = nested_translator.translate(row)

    assert made.problems[0].value == "canary-3f"
    assert not any("canary" in text for each in made.problems for text in (str(each), each.fix, repr(each)))


def test_a_number_that_does_not_fit_its_letter_is_kept_with_a_warning(
    nested_translator: Translator, pupil: list[Any], resources: Translate
) -> None:
    row = copy.deepcopy(pupil)
    row[0] = "B201900119033"

    made = nested_translator.translate(row)

    assert [each.kind.code for each in made.warnings] == ["record.upn-letter"]
    assert not made.problems
    upn = resources(nested_translator, row)[0]["identifier"][1]
    assert upn == {"system": "https://fhirgate.example/Id/upn", "value": "B201900119033"}


def test_a_record_without_its_key_is_set_aside(flat_translator: Translator, flat_row: list[Any]) -> None:
    row = flat_row.copy()
    row[0] = ""

    made = flat_translator.translate(row)

    assert [each.kind.code for each in made.problems] == ["record.no-key"]
    assert made.problems[0].field == "UPN"


def test_two_rows_with_one_key_that_differ_are_a_problem(
    nested_translator: Translator, pupil: list[Any]
) -> None:
    row = copy.deepcopy(pupil)
    row[8][1][0] = "1"

    made = nested_translator.translate(row)

    assert [(each.kind.code, each.place.line) for each in made.problems] == [
        ("record.same-key", row[8][1][-1])
    ]
    assert row[8][1][-1] != row[-1]


def test_a_row_said_twice_is_told_once(nested_translator: Translator, pupil: list[Any]) -> None:
    row = copy.deepcopy(pupil)
    row[8].append([*row[8][0][:3], 28])

    made = nested_translator.translate(row)

    assert not made.problems
    assert len(made.resources) == len(nested_translator.translate(pupil).resources)


SMALL = """
mapping: 1
id: small
version: 1.0.0
target: {fhir: 4.0.1}
source:
  format: csv
  dates: dd/MM/yyyy
  files: {f: {columns: [ID, A, B, C]}}
  records: {child: {file: f, key: [ID]}}
emit:
  - resourceType: Patient
    active: = C.boolean('Y', 'N')
    communication:
      - {language: {text: = A}, preferred: "= C.boolean('Y', 'N')"}
  - resourceType: Observation
    status: final
    $if: = B.exists() or A != 'none'
    code: {text: = A}
    valueInteger: = iif(B.matches('^[0-9]'), B.integer())
    valueString: = iif(B.matches('[0-9]$'), B)
"""


@pytest.mark.parametrize(
    ("cells", "found"),
    [
        pytest.param(["1", "a", "", ""], [], id="sound"),
        pytest.param(["1", "a", "x1", ""], [], id="one value of the choice"),
        pytest.param(["1", "", "x1", ""], [("record.missing", "A")], id="a required element of a resource"),
        pytest.param(["1", "", "", "Y"], [("record.missing", "A")], id="a required element within one"),
        pytest.param(["1", "a", "11", ""], [("record.two-values", "B")], id="two values of a choice"),
        pytest.param(["1", "a", "1x", ""], [("record.not-a-number", "B")], id="no number"),
        pytest.param(["1", "a", "", "yes"], [("record.not-yes-or-no", "C")], id="neither yes nor no"),
        pytest.param(["", "a", "", ""], [("record.no-key", "ID")] * 1, id="no key"),
    ],
)
def test_a_record_that_would_not_be_sound_fhir_is_set_aside_with_the_reason(
    cells: list[str], found: list[tuple[str, str]]
) -> None:
    translator = Translator(load(SMALL, file="small.yaml"), Ids(b"x", "x"), files={"f": "f.csv"})

    made = translator.translate([*cells, 7])

    assert sorted({(each.kind.code, each.field) for each in made.problems}) == sorted(set(found))
    assert all(str(each.place) == "f.csv:7" for each in made.problems)
    assert bool(made.resources) is not bool(found)


def test_the_same_rows_give_the_same_bytes_and_another_feed_other_ids(
    flat: Mapping, flat_row: list[Any]
) -> None:
    once, again = (Translator(flat, Ids(b"secret", "a")).translate(flat_row) for _ in range(2))
    other = Translator(flat, Ids(b"secret", "b")).translate(flat_row)

    assert once == again
    assert {each[2] for each in once.resources}.isdisjoint(each[2] for each in other.resources)


@pytest.mark.parametrize(
    ("given", "code"),
    [
        pytest.param({}, "mapping.given-missing", id="missing"),
        pytest.param({"la": "20x"}, "mapping.given-value", id="another form"),
        pytest.param({"la": "201", "las": "1"}, "mapping.given-unknown", id="unknown"),
    ],
)
def test_settings_the_mapping_needs_are_checked_before_the_first_record(
    nested: Mapping, given: dict[str, str], code: str
) -> None:
    with pytest.raises(Refused) as caught:
        Translator(nested, Ids(b"secret", "a"), given=given)

    assert [each.kind.code for each in caught.value.problems] == [code]


def test_a_default_is_used_where_a_setting_is_not_given(
    nested: Mapping, pupil: list[Any], nested_translator: Translator
) -> None:
    shown = json.loads(nested_translator.translate(pupil).resources[0][3])
    hidden = Translator(nested, Ids(b"secret", "school"), given={"la": "201"}, received="2026-02-12")

    made = json.loads(hidden.translate(pupil).resources[0][3])

    assert shown["address"] == [{"use": "home", "city": "Testbridge", "postalCode": "ZZ10 1AA"}]
    assert "address" not in made


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("{{ %context.secret }}", id="a template"),
        pytest.param('x","birthDate":"1900-01-01', id="a quote and an element"),
        pytest.param("back\\slash \\u0041", id="backslashes"),
        pytest.param("= surname", id="an expression"),
        pytest.param("line\nbreak\ttab\x07", id="control characters"),
        pytest.param("{t1}{esc}%s", id="names of generated code"),
        pytest.param("Zoë Ωmega \U0001f600 \u2028", id="other scripts"),
    ],
)
def test_what_a_cell_says_is_never_read_as_anything_but_text(
    flat_translator: Translator, flat_row: list[Any], text: str
) -> None:
    row = flat_row.copy()
    row[3], row[4], row[5] = text, text, text.replace(" ", "_")

    patient = json.loads(flat_translator.translate(row).resources[0][3])

    assert patient["name"][0]["family"] == text
    assert patient["name"][0]["given"][0] == text
    assert patient["birthDate"] == "2012-03-04"


def test_a_day_is_never_taken_for_a_month(flat_translator: Translator, flat_row: list[Any]) -> None:
    row = flat_row.copy()
    row[6] = "12/10/2006"

    patient = json.loads(flat_translator.translate(row).resources[0][3])

    assert patient["birthDate"] == "2006-10-12"


def test_a_code_that_is_kept_is_doubted_once_for_its_cell_whenever_it_is_met(
    nested_translator: Translator, pupil: list[Any]
) -> None:
    row = copy.deepcopy(pupil)
    row[8][0][1] = row[8][1][1] = "XYZ"

    once, again = nested_translator.translate(row), nested_translator.translate(row)

    assert once == again
    found = [(each.kind.code, each.place.line, each.field) for each in once.warnings]
    assert found == [("record.code-kept", 20, "Type"), ("record.code-kept", 24, "Type")]
    assert nested_translator.translate(pupil).warnings == ()


@pytest.mark.parametrize(
    ("born", "received", "doubtful"),
    [
        pytest.param("01/01/2026", "2026-01-01", False, id="on the day of the load"),
        pytest.param("02/01/2026", "2026-01-01", True, id="the day after"),
        pytest.param("01/01/2000", "2026-01-01", False, id="26 years before"),
        pytest.param("31/12/1999", "2026-01-01", True, id="a day more"),
        pytest.param("28/02/1998", "2024-02-29", False, id="26 years before a leap day"),
        pytest.param("01/01/1812", "", False, id="no day to compare with"),
        pytest.param("", "2026-01-01", False, id="no birth date"),
    ],
)
def test_a_birth_date_that_can_hardly_be_is_kept_with_a_warning(
    born: str, received: str, doubtful: bool
) -> None:
    text = SMALL.replace(
        "    active:", "    birthDate: \"= (B.date() & '/' & run.received).bornWithin(26)\"\n    active:"
    ).partition("  - resourceType: Observation")[0]
    translator = Translator(
        load(text, file="small.yaml"), Ids(b"x", "x"), received=received, files={"f": "f.csv"}
    )

    made = translator.translate(["1", "a", born, "Y", 7])

    assert not made.problems
    assert [(each.kind.code, each.field, str(each.place)) for each in made.warnings] == (
        [("record.doubtful-date", "B", "f.csv:7")] if doubtful else []
    )
    patient = json.loads(made.resources[0][3])
    assert patient.get("birthDate", "") == "-".join(reversed(born.split("/")))


ROWS = """
mapping: 1
id: rows
version: 1.0.0
title: Rows without a number of their own
target: {fhir: 4.0.1}
source:
  format: csv
  files: {pupil: {columns: [UPN, HEIGHT]}}
  records: {pupil: {file: pupil, key: [UPN]}}
let: {row: "= 'r-' & ownId()"}
emit:
  - resourceType: Patient
    $key: [UPN]
    identifier: [{system: "urn:row", value: = ownId()}, {system: "urn:row", value: = %row}]
  - resourceType: Observation
    $rule: height
    $key: [UPN]
    identifier:
      - {system: "urn:row", value: = ownId()}
      - {$if: = HEIGHT.exists(), system: "urn:upper", value: = ownId().upper()}
    status: final
    code: {text: = UPN}
    subject: = ref(Patient, UPN)
    valueQuantity: {value: = HEIGHT.decimal(), code: = ownId()}
"""


def test_the_own_id_of_a_resource_is_an_identifier_for_its_row(resources: Translate) -> None:
    ids = Ids(b"k", "f")
    translator = Translator(load(ROWS, file="rows.yaml"), ids)

    patient, height = resources(translator, ["A1", "", 2])

    assert patient["identifier"] == [
        {"system": "urn:row", "value": ids("Patient", "A1")},
        {"system": "urn:row", "value": "r-" + ids("Patient", "A1")},
    ]
    assert height["id"] == ids("height", "A1")
    assert height["identifier"] == [{"system": "urn:row", "value": ids("height", "A1")}]
    # it rides along: without a height there is no quantity
    assert "valueQuantity" not in height


def test_the_own_id_is_the_same_by_both_paths_and_beside_a_value(resources: Translate) -> None:
    translator = Translator(load(ROWS, file="rows.yaml"), Ids(b"k", "f"))
    row = ["A1", "140.5", 2]

    height = resources(translator, row)[1]

    assert height["identifier"][1]["value"] == height["id"].upper()
    assert height["valueQuantity"] == {"value": 140.5, "code": height["id"]}
    assert translator.translate(row).resources == translator.explain(row).resources


FORENAMES = """
mapping: 1
id: forenames
version: 1.0.0
title: A list of texts in a list of texts
target: {fhir: 4.0.1}
source:
  format: json
  records:
    child: {each: children, key: [id], fields: {id: id}}
    forename: {each: forenames, within: child, key: [text], fields: {text: .}}
    rank: {each: ranks, within: child, key: [number], fields: {number: .}}
emit:
  - resourceType: Patient
    name: [{given: [first, {$for: forename, $value: = text.capitalise()}, last]}]
    address: [{line: [{$for: forename, $value: = text}]}]
    multipleBirthInteger: 1
    contact: [{$if: = rank.exists(), name: {given: [{$for: rank, $value: "= 'no ' & number"}]}}]
    identifier: [{system: "urn:x", value: = id}]
"""


def test_each_text_of_a_list_can_be_an_item_of_a_list_of_texts(resources: Translate) -> None:
    translator = Translator(load(FORENAMES, file="forenames.yaml"), Ids(b"k", "f"))
    row = ["1", [["AMELIA", 3], ["", 3], ["GRACE", 3]], [["7", 3]], 3]

    (patient,) = resources(translator, row)

    assert patient["name"] == [{"given": ["first", "Amelia", "Grace", "last"]}]
    assert patient["address"] == [{"line": ["AMELIA", "GRACE"]}]
    assert patient["contact"] == [{"name": {"given": ["no 7"]}}]
    assert translator.translate(row).resources == translator.explain(row).resources


def test_a_list_of_texts_without_any_is_not_there(resources: Translate) -> None:
    translator = Translator(load(FORENAMES, file="forenames.yaml"), Ids(b"k", "f"))
    row = ["1", [], [], 3]

    (patient,) = resources(translator, row)

    assert "address" not in patient and "contact" not in patient
    assert translator.translate(row).resources == translator.explain(row).resources
