import textwrap
from collections.abc import Mapping
from io import BytesIO
from typing import Any

import pytest

from gateway.mapping import load
from gateway.mapping.coverage import coverage
from gateway.mapping.examples import read_examples, run_example
from gateway.mapping.file import Mapping as Mapped
from gateway.mapping.translate import Translator
from gateway.problems import Refused
from gateway.records import Broken
from gateway.sources.csv import open_csv
from gateway.sources.files import gather

ROW = '{UPN: F201900116001, SEX: "2", DOB: 04/03/2012, SDQ_SCORE: "17", HEIGHT_CM: "141.0"}'


def test_of(body: str, mapping: Mapped, reader: Any = None) -> tuple[str, ...]:
    text = "tests:\n  - name: a test\n" + "".join(f"    {line}\n" for line in body.split("\n"))
    result = run_example(read_examples(text)[0], mapping, reader)
    assert result.passed is (not result.differences)
    return tuple(f"{each.path}: {each.expected} / {each.got}" for each in result.differences)


test_of.__test__ = False  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("body", "differences"),
    [
        pytest.param("expect: [{resourceType: Patient, gender: female}]", (), id="a value"),
        pytest.param(
            "expect: [{resourceType: Observation, valueInteger: 17}]", (), id="one of several resources"
        ),
        pytest.param('expect: [{valueQuantity: {value: "141.0"}}]', (), id="a decimal with its digits"),
        pytest.param(
            "expect: [{identifier: [{system: '{base}/Id/upn', value: F201900116001}]}]",
            (),
            id="an item of a list",
        ),
        pytest.param(
            "expect: [{resourceType: Patient, gender: male}]",
            ("Patient.gender: male / female",),
            id="another value",
        ),
        pytest.param(
            "expect: [{resourceType: Patient, telecom: [{system: phone}]}]",
            ('Patient.telecom: [{"system":"phone"}] / nothing',),
            id="nothing there",
        ),
        pytest.param("expect: [{resourceType: Patient, telecom: ~}]", (), id="nothing expected"),
        pytest.param(
            "expect: [{resourceType: Patient, gender: ~}]",
            ("Patient.gender: nothing / female",),
            id="too much",
        ),
        pytest.param(
            "expect: [{resourceType: Flag}]", ("Flag: a resource / none of this type",), id="no such type"
        ),
        pytest.param(
            "absent: [{resourceType: Patient}]",
            ('Patient: none like it / {"resourceType": "Patient"}',),
            id="unwanted",
        ),
        pytest.param("absent: [{resourceType: Patient, gender: male}]", (), id="not unwanted"),
        pytest.param(
            "issues: [record.not-a-date]", ("issues: record.not-a-date / no problem",), id="no problem"
        ),
    ],
)
def test_what_came_is_compared_with_what_was_expected(
    body: str, differences: tuple[str, ...], flat: Mapped
) -> None:
    assert test_of(f"given: {{child: [{ROW}]}}\n{body}", flat) == differences


def test_a_problem_nobody_expected_is_a_difference_and_an_expected_one_is_not(flat: Mapped) -> None:
    given = "given: {child: [{UPN: F201900116001, DOB: 31/02/2015}]}"

    assert test_of(f"{given}\nissues: [record.not-a-date]", flat) == ()
    assert test_of(given, flat)[0].startswith(
        "issues: no problem / record.not-a-date: DOB must be a real date"
    )


def test_other_formats_are_read_by_the_reader_that_is_handed_in(nested: Mapped, pupil: list[Any]) -> None:
    def read(mapping: Mapped, given: Any) -> tuple[list[list[Any]], Mapping[str, str]]:
        assert given == "<CTfile/>\n"
        return [pupil], {"urn": "999002"}

    expect = "[{managingOrganization: {identifier: {value: 999002}}}]"
    body = f"set: {{la: '201'}}\ngiven: |\n  <CTfile/>\nexpect: {expect}"

    assert test_of(body, nested, read) == ()


@pytest.mark.parametrize(
    "text",
    [
        "tests: []",
        "tests: [{name: x}]",
        "tests: [{name: x, given: {}, expects: []}]",
        "{}",
    ],
)
def test_a_file_of_tests_that_cannot_be_read_is_refused_with_its_place(text: str) -> None:
    with pytest.raises(Refused) as caught:
        read_examples(text, "tests.yaml")

    assert caught.value.problems[0].kind.code == "mapping.example"
    assert caught.value.problems[0].place.line == 1


@pytest.mark.parametrize("given", ["{chld: []}", "{child: [{UNP: x}]}", "text"])
def test_rows_for_another_file_or_column_are_refused(given: str, flat: Mapped) -> None:
    with pytest.raises(Refused) as caught:
        test_of(f"given: {given}", flat)

    assert caught.value.problems[0].kind.code == "mapping.example"


def test_coverage_lists_codes_and_rules_that_nothing_reaches(
    nested: Mapped, nested_translator: Translator, pupil: list[Any]
) -> None:
    row = [*pupil[:8], [["1", "XYZ", "", 20], ["2", "REFU", "", 21]], [], [], [], 10]

    found = coverage(nested, [row], [nested_translator.translate(row)])

    assert found.rules == ("result", "Flag.Looked after") or found.rules == ("result", "Flag")
    assert found.codes == {"need": {"XYZ": 1}}
    assert found.fields == ()


LOOKED_UP = """
mapping: 1
id: looked-up
version: 1.0.0
target: {fhir: 4.0.1}
source:
  format: csv
  files:
    pupils: {columns: [ID, RETURN], optional: [SEX]}
    returns: {columns: [RETURN, URN]}
  records:
    pupil: {file: pupils, key: [ID]}
    return: {file: returns, within: pupil, by: RETURN, max: 1, fields: {urn: URN}}
emit:
  - resourceType: Patient
    gender: "= iif(SEX = 'F', 'female', 'unknown')"
    managingOrganization: {identifier: {value: = return.urn}}
"""


def test_pupils_of_one_school_look_up_its_row_and_a_column_may_be_missing() -> None:
    mapped = load(LOOKED_UP, file="mapping.yaml")
    given = """
    given:
      pupils: [{ID: "1", RETURN: r, SEX: F}, {ID: "2", RETURN: r}]
      returns: [{RETURN: r, URN: "999001"}]
    expect:
      - {resourceType: Patient, gender: female, managingOrganization: {identifier: {value: "999001"}}}
      - {resourceType: Patient, gender: unknown, managingOrganization: {identifier: {value: "999001"}}}
    """

    assert test_of(textwrap.dedent(given).strip(), mapped) == ()
    files = {
        "pupils.csv": BytesIO(b"ID,RETURN\n1,r\n2,r\n3,q\n"),
        "returns.csv": BytesIO(b"RETURN,URN\nr,999001\ns,999002\n"),
    }
    with open_csv(gather(files, "csv"), mapped.source) as reading:
        assert [row[:-1] for row in reading.rows if not isinstance(row, Broken)] == [
            ["1", "r", "", [["999001", 2]]],
            ["2", "r", "", [["999001", 2]]],
            ["3", "q", "", []],
        ]
