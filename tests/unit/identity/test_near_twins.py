"""Names that twins may have: with one home, surname and birthday they are not taken for one child's."""

from dataclasses import replace

import pytest

from gateway.identity.grade import Grade, Known, Match, Matcher
from gateway.identity.model import shipped
from gateway.identity.person import Person, person

MATCHER = Matcher.of(shipped())


def told(
    given: str, family: str = "Quillfeather", line: str = "1 High Street", postcode: str = "ZZ10 1AA"
) -> Person:
    return person(
        {
            "name": [{"given": given.split(), "family": family}],
            "birthDate": "2012-03-04",
            "address": [{"line": [line], "postalCode": postcode}],
            "gender": "female",
        },
        "https://fhirgate.example",
    )


def match(one: Person, other: Person) -> Match:
    (found,) = MATCHER.matches(one, [Known(1, 1, other)], registered=500_000)
    return found


@pytest.mark.parametrize(
    ("one", "other", "held"),
    [
        pytest.param("Maria", "Mariana", "perhaps-a-twin", id="one begins like the other"),
        pytest.param("Arthur", "Arthuris", "perhaps-a-twin", id="and is in no list"),
        pytest.param("Lily-Mae", "Lily-May", "perhaps-a-twin", id="double names that differ in two names"),
        pytest.param(
            "Rose May", "Ava Rose", "names-of-twins", id="the other's middle name, and one of her own"
        ),
        pytest.param("Safa Sana", "Sana Asma", "names-of-twins", id="whichever is asked about"),
        pytest.param("Lily-May-Ivy", "Lily-Mae", "perhaps-a-twin", id="names of three parts and of two"),
        pytest.param("Wing-Yan M", "Yan Mei", "perhaps-a-twin", id="the second half of a name"),
        pytest.param("Mei", "Yu Mei Lan", "perhaps-a-twin", id="one of two middle names"),
    ],
)
def test_such_names_are_not_certain(one: str, other: str, held: str) -> None:
    found = match(told(one), told(other))

    assert held in found.held
    assert found.grade < Grade.CERTAIN
    assert match(told(other), told(one)).held == found.held


@pytest.mark.parametrize(
    ("one", "other"),
    [
        pytest.param("Ben", "Benjamin", id="a short form that is known"),
        pytest.param("Maria Ines", "Mariana Ines", id="names that begin alike, and one middle name"),
        pytest.param("Rose Ava", "Ava Rose", id="both names, turned"),
        pytest.param("Lily Ines", "Lila Ines", id="names nearly alike, and one middle name"),
        pytest.param("Rose", "Ava Rose", id="the middle name alone"),
        pytest.param("Rose R", "Ava Rose R", id="the middle name, and an initial that fits"),
    ],
)
def test_one_child_of_two_names_is_still_found(one: str, other: str) -> None:
    found = match(told(one), told(other))

    assert "names-of-twins" not in found.held
    assert found.grade >= Grade.PROBABLE


def test_another_surname_at_nearly_the_same_postcode_may_be_another_life() -> None:
    found = match(told("Ava Rose"), told("Ava Rose", "Rockcliffe", "2 Mill Lane", "ZZ10 1AB"))

    assert found.levels.of("home") == "postcode slip"
    assert "another-life" in found.held and found.grade < Grade.CERTAIN


def test_a_common_name_that_is_the_others_middle_name_is_found_at_home() -> None:
    """Parents do not give one twin's name to the other for a second one, however common it is."""
    found = match(told("Rose", "Smith"), told("Ava Rose", "Smith"))

    assert found.levels.of("given") == "other's middle"
    assert "perhaps-a-twin" not in found.held and found.grade is Grade.CERTAIN


def test_a_namesake_born_a_day_later_elsewhere_is_another_whatever_the_middle_name() -> None:
    one = replace(told("Ava Rose"), birth_dates=frozenset({"2012-03-05"}))
    found = match(one, told("Ava Rose", line="2 Mill Lane", postcode="ZZ77 2BB"))

    assert found.levels.of("born") == "slip"
    assert "birth-date-elsewhere" in found.held and found.grade < Grade.CERTAIN


def test_the_first_of_january_stands_for_another_day_where_the_middle_name_is_the_same() -> None:
    one = replace(told("Ava Rose"), birth_dates=frozenset({"2012-01-01"}))
    found = match(one, told("Ava Rose", line="2 Mill Lane", postcode="ZZ77 2BB"))

    assert found.levels.of("born") == "first of January"
    assert found.held == ()
