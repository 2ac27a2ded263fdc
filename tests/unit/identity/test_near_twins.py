"""Names that twins may have: with one home, surname and birthday they are not taken for one child's."""

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
