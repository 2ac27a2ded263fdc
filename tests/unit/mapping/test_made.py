"""Records made of other records, and code maps that name a code list."""

import json
from typing import Any

import pytest

from gateway.mapping import Ids, Translator, load
from gateway.mapping.examples import rows_given
from gateway.mapping.file import Mapping
from gateway.problems import Refused
from gateway.records import Row

HEAD = """
mapping: 1
id: care
version: 1.0.0
target: {fhir: 4.0.1}
source:
  format: csv
  dates: dd/MM/yyyy
  files:
    child: {columns: [ID]}
    stay: {columns: [ID, FROM, WHY, TO, OUT]}
  records:
    child: {file: child, key: [ID]}
    stay: {file: stay, within: child, by: ID, key: [FROM]}
"""
CARE = """
    care:
      of: stay
      within: child
      sort: FROM
      begins: {WHY: [S]}
      ends: {OUT: {not: [X1, ""]}}
      fields: {start: first FROM, why: first WHY, end: last TO, out: last OUT}
"""
EMIT = """
emit:
  - {resourceType: Patient, $for: child, identifier: [{value: = ID}]}
  - resourceType: EpisodeOfCare
    $for: care
    $key: [= child.ID, = start]
    status: = iif(out.exists(), 'finished', 'active')
    patient: = ref(Patient, child.ID)
    period: {start: = start.date(), end: = end.date()}
"""
COLOURS = {
    "resourceType": "CodeSystem",
    "url": "https://fhirgate.example/CodeSystem/colour",
    "concept": [{"code": "R", "display": "Red", "concept": [{"code": "C", "display": "Crimson"}]}],
}


def child(*stays: tuple[str, str, str, str]) -> Row:
    return ["1", [["1", *stay, line] for line, stay in enumerate(stays, 2)], 1]


def made(mapping: Mapping, row: Row) -> list[dict[str, Any]]:
    translation = Translator(mapping, Ids(b"key", "feed")).translate(row)
    assert not translation.problems
    return [json.loads(text) for _, _, _, text in translation.resources]


def periods(*stays: tuple[str, str, str, str]) -> list[dict[str, str]]:
    found = made(load(HEAD + CARE + EMIT), child(*stays))
    return [each["period"] for each in found if each["resourceType"] == "EpisodeOfCare"]


def test_rows_from_a_beginning_to_an_end_are_one_record() -> None:
    found = periods(
        ("01/05/2025", "S", "10/06/2025", "X1"),
        ("10/06/2025", "P", "20/06/2025", "E4A"),
        ("01/12/2025", "S", "", ""),
    )

    assert found == [{"start": "2025-05-01", "end": "2025-06-20"}, {"start": "2025-12-01"}]


def test_rows_are_put_in_the_order_of_their_dates() -> None:
    found = periods(("10/06/2025", "P", "20/06/2025", "E4A"), ("01/05/2025", "S", "10/06/2025", "X1"))

    assert found == [{"start": "2025-05-01", "end": "2025-06-20"}]


def test_a_row_after_an_end_begins_anew_whatever_it_says() -> None:
    found = periods(("01/05/2025", "S", "10/06/2025", "E4A"), ("11/06/2025", "P", "", ""))

    assert found == [{"start": "2025-05-01", "end": "2025-06-10"}, {"start": "2025-06-11"}]


def test_a_record_can_tell_how_many_come_after_it() -> None:
    text = (
        HEAD
        + CARE.replace("out: last OUT}", "out: last OUT, after: later}")
        + EMIT.replace("= start]", "= after]")
    )
    stays = child(("01/05/2025", "S", "10/06/2025", "E4A"), ("11/06/2025", "S", "", ""))

    found = made(load(text), stays)
    alone = made(load(text), child(("11/06/2025", "S", "12/06/2025", "E4A")))

    assert found[1]["id"] != found[2]["id"] == alone[1]["id"]


def test_no_rows_make_no_record() -> None:
    assert periods() == []


def test_a_date_that_is_none_is_told_with_its_line() -> None:
    row = child(("01/05/2025", "S", "", ""), ("31/06/2025", "S", "", ""))

    translation = Translator(load(HEAD + CARE + EMIT), Ids(b"key", "feed")).translate(row)

    assert [(each.kind.code, each.place.line) for each in translation.problems] == [("record.not-a-date", 3)]


def test_a_wrong_end_is_told_at_the_line_of_the_last_row() -> None:
    row = child(("01/05/2025", "S", "10/06/2025", "X1"), ("10/06/2025", "P", "31/06/2025", "E4A"))

    translation = Translator(load(HEAD + CARE + EMIT), Ids(b"key", "feed")).translate(row)

    assert [(each.field, each.place.line) for each in translation.problems] == [("TO", 3)]


def test_the_row_that_was_read_is_left_as_it_is() -> None:
    row = child(("01/05/2025", "S", "", ""))
    before = json.dumps(row)

    Translator(load(HEAD + CARE + EMIT), Ids(b"key", "feed")).translate(row)

    assert json.dumps(row) == before


def test_a_choice_of_rows_keeps_their_fields() -> None:
    ended = "    ended: {of: stay, within: child, where: {OUT: {not: ['']}}}\n"
    emit = """
emit:
  - resourceType: Patient
    $for: child
    identifier: [{value: = ID}]
    active: = iif(ended.exists(), false, true)
    address: [{$for: ended, text: = OUT}]
"""

    patient = made(
        load(HEAD + ended + emit), child(("01/05/2025", "S", "", ""), ("02/05/2025", "S", "", "E2"))
    )[0]

    assert patient["active"] is False
    assert patient["address"] == [{"text": "E2"}]


@pytest.mark.parametrize(
    ("care", "code", "says"),
    [
        pytest.param("{of: stray, within: child}", "mapping.unknown-record", "stray", id="no such record"),
        pytest.param("{of: child, within: child}", "mapping.records", "lies within", id="not beside it"),
        pytest.param(
            "{of: stay, within: child, where: {WHEN: [S]}}", "mapping.unknown-field", "WHEN", id="no field"
        ),
        pytest.param(
            "{of: stay, within: child, sort: FROM}", "mapping.records", "sort", id="sort without begins"
        ),
        pytest.param(
            "{of: stay, within: child, begins: {WHY: [S]}, fields: {a: FROM}}",
            "mapping.records",
            "a",
            id="no row named",
        ),
    ],
)
def test_a_record_that_cannot_be_made_is_told_at_its_line(care: str, code: str, says: str) -> None:
    with pytest.raises(Refused) as caught:
        load(f"{HEAD}    care: {care}\n{EMIT}")

    found = [each for each in caught.value.problems if each.kind.code == code]
    assert found[0].place.line == HEAD.count("\n") + 1
    assert says in found[0].says


def test_fields_that_only_the_making_reads_are_used() -> None:
    assert [each.says for each in load(HEAD + CARE + EMIT).warnings if "stay" in each.says] == []


def painted(form: str) -> Mapping:
    text = f"""
mapping: 1
id: care
version: 1.0.0
target: {{fhir: 4.0.1}}
source:
  format: csv
  files: {{child: {{columns: [ID, C]}}}}
  records: {{child: {{file: child, key: [ID]}}}}
terms:
  colour: {{system: "{{base}}/CodeSystem/colour", unmapped: keep-source}}
emit:
  - {{resourceType: Patient, $for: child, identifier: [{{value: = ID}}], {form}}}
"""
    return load(text, concept_maps={COLOURS["url"]: COLOURS})


def coloured(form: str, cell: str) -> dict[str, Any]:
    return made(painted(form), ["1", cell, 1])[0]


@pytest.mark.parametrize(
    ("cell", "coding"),
    [
        pytest.param("R", {"code": "R", "display": "Red"}, id="a code"),
        pytest.param("C", {"code": "C", "display": "Crimson"}, id="a code below another"),
        pytest.param("X", {"code": "X"}, id="an unknown code"),
    ],
)
def test_a_code_of_a_list_stands_for_itself(cell: str, coding: dict[str, str]) -> None:
    patient = coloured("maritalStatus: = C.concept('colour')", cell)

    assert patient["maritalStatus"] == {"coding": [{"system": COLOURS["url"], **coding}]}


def test_the_words_for_a_code_can_be_told_alone() -> None:
    assert coloured("name: [{text: = C.display('colour')}]", "R")["name"] == [{"text": "Red"}]
    assert "name" not in coloured("name: [{text: = C.display('colour')}]", "X")


def test_a_code_map_names_one_resource() -> None:
    text = (
        HEAD
        + "terms:\n  colour: {unmapped: keep-source}\n"
        + EMIT.replace("care", "stay").replace("start", "FROM")
    )

    with pytest.raises(Refused) as caught:
        load(text)

    assert "colour needs map" in caught.value.problems[0].says


def test_an_unknown_code_is_kept_with_a_warning_at_its_place_even_in_a_row_of_rows() -> None:
    emit = """
terms:
  why: {system: "{base}/CodeSystem/colour", unmapped: keep-source}
emit:
  - resourceType: Patient
    $for: child
    identifier: [{value: = ID}]
    communication: [{$for: stay, language: = WHY.concept('why')}]
"""
    mapping = load(HEAD + emit, concept_maps={COLOURS["url"]: COLOURS})

    found = Translator(mapping, Ids(b"key", "feed")).translate(child(("", "R", "", ""), ("", "X", "", "")))

    assert [(each.kind.code, each.place.line, each.field) for each in found.warnings] == [
        ("record.code-kept", 3, "WHY")
    ]
    assert len(json.loads(found.resources[0][3])["communication"]) == 2


SUMS = """
    out:
      of: stay
      within: child
      where: {OUT: [A, B]}
      fields: {days: sum TO, first: first FROM, last: last FROM}
emit:
  - {resourceType: Patient, $for: child, identifier: [{value: = ID}]}
  - resourceType: Observation
    $for: out
    status: final
    code: {text: days out}
    subject: = ref(Patient, child.ID)
    valueInteger: = days.integer()
    component:
      - {code: {text: left}, valueInteger: = (100 & '-' & days).rest()}
      - {code: {text: span}, valueString: = first & '-' & last}
"""


@pytest.mark.parametrize(
    ("days", "total"),
    [
        pytest.param(("3", "4", "50"), 7, id="only the chosen rows"),
        pytest.param(("3", "", "50"), 3, id="an empty cell is no number"),
        pytest.param(("3", "4x", "50"), None, id="of what is no number there is no sum"),
    ],
)
def test_chosen_rows_are_taken_together_and_counted(days: tuple[str, ...], total: int | None) -> None:
    rows = [("1", "", days[0], "A"), ("2", "", days[2], "C"), ("3", "", days[1], "B")]

    found = made(load(HEAD + SUMS, file="mapping.yaml"), child(*rows))[1]

    assert found.get("valueInteger") == total
    assert found["component"][-1]["valueString"] == "1-3"
    assert total is None or found["component"][0]["valueInteger"] == 100 - total


def test_the_sum_of_all_rows_can_be_read_from_outside() -> None:
    emit = """
emit:
  - {resourceType: Patient, $for: child, identifier: [{value: = ID}], name: [{text: = out.days}]}
"""
    mapping = load(
        HEAD + SUMS.partition("emit:")[0].replace(", first: first FROM, last: last FROM", "") + emit
    )

    patient = made(mapping, child(("1", "", "3", "A"), ("2", "", "4", "A")))[0]

    assert patient["name"] == [{"text": "7"}]


def test_without_a_chosen_row_there_is_nothing_to_count() -> None:
    found = made(load(HEAD + SUMS, file="mapping.yaml"), child(("1", "", "3", "C")))

    assert [each["resourceType"] for each in found] == ["Patient"]


SCHOOLS = """
mapping: 1
id: schools
version: 1.0.0
target: {fhir: 4.0.1}
source:
  format: csv
  dates: dd/MM/yyyy
  files:
    users: {columns: [ID]}
    enrolments: {columns: [USER, SCHOOL, BEGIN, END, STATUS]}
    orgs: {columns: [ID, URN]}
  records:
    user: {file: users, key: [ID]}
    enrolment: {file: enrolments, within: user, by: USER, to: ID}
    org: {file: orgs, within: enrolment, by: ID, to: SCHOOL, max: 1, fields: {urn: URN}}
    schooling:
      of: enrolment
      within: user
      per: SCHOOL
      fields:
        school: first SCHOOL
        urn: first org.urn
        begin: earliest BEGIN
        end: latest END
        status: least STATUS
emit:
  - {resourceType: Patient, $for: user, identifier: [{value: = ID}]}
  - resourceType: EpisodeOfCare
    $for: schooling
    $key: [= user.ID, = school]
    status: = iif(status = 'z', 'finished', 'active')
    patient: = ref(Patient, user.ID)
    managingOrganization: {identifier: {value: = urn}, display: = school}
    period: {start: = begin.date(), end: = end.date()}
"""


def test_rows_are_taken_together_by_what_they_share() -> None:
    mapping = load(SCHOOLS, file="mapping.yaml")
    given = {
        "users": [{"ID": "1"}],
        "enrolments": [
            {"USER": "1", "SCHOOL": "a", "BEGIN": "05/01/2026", "END": "01/02/2026", "STATUS": "z"},
            {"USER": "1", "SCHOOL": "b", "BEGIN": "03/09/2025", "END": "", "STATUS": "z"},
            {"USER": "1", "SCHOOL": "a", "BEGIN": "04/09/2025", "END": "31/03/2026", "STATUS": ""},
            {"USER": "1", "SCHOOL": "b", "BEGIN": "", "END": "19/12/2025", "STATUS": "z"},
            {"USER": "2", "SCHOOL": "b", "BEGIN": "01/01/2020", "END": "", "STATUS": ""},
        ],
        "orgs": [{"ID": "a", "URN": "999001"}],
    }

    rows, _ = rows_given(mapping, given)
    found = made(mapping, rows[0])[1:]

    assert [(each["status"], each["managingOrganization"], each["period"]) for each in found] == [
        (
            "active",
            {"identifier": {"value": "999001"}, "display": "a"},
            {"start": "2025-09-04", "end": "2026-03-31"},
        ),
        ("finished", {"display": "b"}, {"start": "2025-09-03"}),
    ]
    assert [each[3] for each in Translator(mapping, Ids(b"key", "feed")).explain(rows[0]).resources] == [
        each[3] for each in Translator(mapping, Ids(b"key", "feed")).translate(rows[0]).resources
    ]


@pytest.mark.parametrize(
    ("wrong", "code"),
    [
        pytest.param(("to: SCHOOL", "to: SCHOLL"), "mapping.unknown-field", id="a column that is not there"),
        pytest.param(("per: SCHOOL", "per: PLACE"), "mapping.unknown-field", id="no field to part by"),
        pytest.param(
            ("first org.urn", "first org.um"), "mapping.unknown-field", id="no field of the record within"
        ),
        pytest.param(("first org.urn", "middle org.urn"), "mapping.records", id="no such row"),
    ],
)
def test_a_wrong_word_about_rows_taken_together_is_refused(wrong: tuple[str, str], code: str) -> None:
    with pytest.raises(Refused) as caught:
        load(SCHOOLS.replace(*wrong), file="mapping.yaml")

    assert code in {each.kind.code for each in caught.value.problems}


def test_a_field_that_only_a_choice_of_rows_is_asked_for_is_used() -> None:
    chosen = """
    left: {of: stay, within: child, where: {OUT: [A]}}
emit:
  - {resourceType: Patient, $for: child, identifier: [{value: = ID}]}
  - resourceType: Observation
    $for: left
    $key: [= child.ID, = FROM]
    status: final
    code: {text: = WHY}
"""
    said = [each.field for each in load(HEAD + chosen, file="mapping.yaml").warnings]

    assert said == ["TO"]
