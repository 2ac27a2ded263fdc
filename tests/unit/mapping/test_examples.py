from collections.abc import Mapping
from typing import Any

import pytest

from gateway.mapping.coverage import coverage
from gateway.mapping.examples import read_examples, run_example
from gateway.mapping.file import Mapping as Mapped
from gateway.mapping.translate import Translator
from gateway.problems import Refused

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
