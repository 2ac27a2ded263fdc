"""What users get for their own tests."""

from io import BytesIO
from itertools import groupby, pairwise

import pytest
from lxml import etree

from gateway import testing
from gateway.problems import Refused
from gateway.testing import children, nhs_number, temporary_upn, translate, upn, write_ctf

# DfE, "Unique pupil numbers": positions 2 to 13 are multiplied by 2 to 13, the sum modulo 23 picks a letter.
LETTERS = "ABCDEFGHJKLMNPQRTUVWXYZ"


def check_letter(body: str) -> str:
    values = [LETTERS.index(each) if each.isalpha() else int(each) for each in body]
    return LETTERS[sum(place * value for place, value in zip(range(2, 14), values, strict=True)) % 23]


@pytest.mark.parametrize("number", [0, 1, 999, 1_000, 123_456, 19_999_999])
def test_an_invented_upn_has_the_right_letter(number: int) -> None:
    made = upn(number)

    assert len(made) == 13
    assert made[0] == check_letter(made[1:])
    assert made[1:].isdecimal()


def test_a_temporary_upn_ends_in_a_letter_and_fits() -> None:
    made = [temporary_upn(number) for number in range(2_000)]

    assert len(set(made)) == len(made)
    assert all(len(each) == 13 and each[0] == check_letter(each[1:]) and each[-1].isalpha() for each in made)


def test_an_invented_nhs_number_is_in_the_range_for_tests_and_fits() -> None:
    made = [each for number in range(5_000) if (each := nhs_number(number))]

    assert len(set(made)) == len(made)
    assert 0.88 < len(made) / 5_000 < 0.94, "one in eleven has no check digit"
    for each in made:
        weighted = sum(weight * int(digit) for weight, digit in zip(range(10, 1, -1), each, strict=False))
        assert each.startswith("999")
        assert (weighted + int(each[9])) % 11 == 0


def test_beyond_the_range_children_have_no_nhs_number() -> None:
    assert nhs_number(1_000_000) == ""


def test_the_same_seed_gives_the_same_children() -> None:
    assert list(children(50)) == list(children(50))
    assert list(children(50)) != list(children(50, seed=2))
    assert [child.number for child in children(3, first=7)] == [7, 8, 9]


def test_brothers_and_sisters_share_a_home_and_twins_a_birthday() -> None:
    made = list(children(2_000))

    homes = [list(each) for _, each in groupby(made, key=lambda child: child.household.number)]
    assert len(made) == 2_000
    assert len({child.upn for child in made}) == 2_000
    assert any(len(home) > 1 for home in homes)
    assert all(len({child.surname for child in home}) == 1 for home in homes)
    twins = [(one, two) for one, two in pairwise(made) if two.twin]
    assert twins
    assert all(
        one.born == two.born and one.household == two.household and one.forename != two.forename
        for one, two in twins
    )


def test_a_common_transfer_file_has_each_child() -> None:
    file = BytesIO()

    assert write_ctf(file, children(450)) == 450

    pupils = etree.fromstring(file.getvalue()).findall("CTFpupilData/Pupil")
    assert [pupil.findtext("UPN") for pupil in pupils] == [upn(number) for number in range(450)]
    assert {pupil.findtext("Surname") for pupil in pupils} >= {"O'Neill", "Ó Briain"}


def test_a_common_transfer_file_is_translated_by_the_mapping_that_ships() -> None:
    file = BytesIO()
    child = next(children(1))
    write_ctf(file, [child])

    told = translate("ctf", file.getvalue().decode())

    assert told.problems == told.dropped == told.warnings == ()
    assert told.patient["birthDate"] == child.born
    assert told.patient["identifier"][0]["value"] == child.upn
    assert {each["resourceType"] for each in told.resources} >= {"Patient", "Observation"}


CHILD = {"header": [{"CHILD": "17", "SEX": "2", "DOB": "04/03/2012"}]}


def test_rows_of_a_csv_set_are_translated() -> None:
    told = translate("ssda903", CHILD, set={"la": "201", "year": "2025-26"})

    assert told.patient["gender"] == "female"
    assert told.only("Patient") is told.patient


def test_a_record_that_is_set_aside_says_why() -> None:
    wrong = {"header": [{**CHILD["header"][0], "DOB": "31/02/2012"}]}

    told = translate("ssda903", wrong, set={"la": "201", "year": "2025-26"})

    assert [each.kind.code for each in told.problems] == ["record.not-a-date"]
    with pytest.raises(LookupError, match=r"record\.not-a-date"):
        _ = told.patient


def test_what_is_given_must_have_a_record() -> None:
    with pytest.raises(LookupError, match="no record"):
        translate("ssda903", {"header": []}, set={"la": "201", "year": "2025-26"})


def test_a_missing_value_is_refused() -> None:
    with pytest.raises(Refused, match=r"mapping\.given-missing"):
        translate("ssda903", CHILD)


def test_every_exported_name_is_there() -> None:
    assert all(hasattr(testing, name) for name in testing.__all__)
