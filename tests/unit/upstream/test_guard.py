"""The wrong-child guard, with invented children."""

from typing import Any

import pytest

from gateway.upstream.guard import NHS_NUMBER, compare

NUMBER = "9990000018"


def patient(
    given: Any = ("Ola",), family: Any = "Ångström", born: str = "2014-05-06", **more: Any
) -> dict[str, Any]:
    made: dict[str, Any] = {
        "identifier": [{"system": NHS_NUMBER, "value": NUMBER}],
        "name": [{"family": family, "given": list(given)}],
        "birthDate": born,
    }
    return {**made, **more}


@pytest.mark.parametrize(
    "returned",
    [
        pytest.param(patient(), id="the same"),
        pytest.param(patient(family="ANGSTROM"), id="no accents, capitals"),
        pytest.param(patient(given=("O",)), id="an initial"),
        pytest.param(patient(given=("Ola", "Maria")), id="a name more"),
        pytest.param(patient(given=("Ola Maria",)), id="two names in one text"),
        pytest.param(patient(given=("", "Ola")), id="an empty name before it"),
        pytest.param(patient(given=("Ola-Mae",)), id="a hyphen more"),
        pytest.param(
            patient(name=[{"family": "Ångström", "given": ["Eva"]}, {"use": "usual", "given": ["Ola"]}]),
            id="what the child is called",
        ),
        pytest.param(patient(family="Smith-Ångström"), id="a double family name"),
        pytest.param(patient(born="2014-06-05"), id="day and month swapped"),
        pytest.param(
            patient(identifier=[{"system": NHS_NUMBER, "value": "999 000 0018"}]), id="number with spaces"
        ),
        pytest.param(
            patient(name=[{"family": "Berg", "given": ["Ola"]}, {"family": "Ångström", "use": "old"}]),
            id="a former family name",
        ),
        pytest.param(
            patient(
                identifier=[
                    {"system": NHS_NUMBER, "value": NUMBER},
                    {"system": NHS_NUMBER, "value": "9990000026", "use": "old"},
                    {"system": "https://other.example/Id", "value": "77"},
                ]
            ),
            id="an old number and a number of theirs",
        ),
    ],
)
def test_the_same_child_passes(returned: dict[str, Any]) -> None:
    assert compare(returned, patient(), NUMBER).same
    assert compare(patient(), {**returned, "identifier": []}, NUMBER).same


@pytest.mark.parametrize(
    ("returned", "differs"),
    [
        pytest.param(patient(given=("Eva",)), ("given name",), id="a twin"),
        pytest.param(patient(given=("E",)), ("given name",), id="another initial"),
        pytest.param(patient(family="Berg"), ("family name",), id="another family"),
        pytest.param(patient(born="2014-05-07"), ("birth date",), id="a day later"),
        pytest.param(patient(born="2015-05-06"), ("birth date",), id="a year later"),
        pytest.param(
            patient(born="2014-06-05", family="Berg"),
            ("family name", "birth date"),
            id="swapped date, other name",
        ),
        pytest.param(
            patient(identifier=[{"system": NHS_NUMBER, "value": "9990000026"}]),
            ("NHS number",),
            id="other number",
        ),
        pytest.param(patient(identifier=[]), ("NHS number",), id="no number"),
        pytest.param(
            patient(identifier=[{"system": NHS_NUMBER, "value": v} for v in (NUMBER, "9990000026")]),
            ("NHS number",),
            id="two numbers in use",
        ),
    ],
)
def test_another_child_does_not(returned: dict[str, Any], differs: tuple[str, ...]) -> None:
    assert compare(returned, patient(), NUMBER).differs == differs


SAME_GIVEN = [
    pytest.param(("Olivia", "Rose"), ("Olivia",), id="a middle name more"),
    pytest.param(("Olivia", "Rose", "Ann"), ("Olivia", "Rose"), id="one of two middle names"),
    pytest.param(("Olivia", "Rose"), ("Olivia", "R"), id="the initial of a middle name"),
    pytest.param(("Ellie-Mae",), ("Ellie", "Mae"), id="a hyphen or a gap"),
    pytest.param(("Ellie-Mae",), ("Elliemae",), id="a hyphen or nothing"),
    pytest.param(("Ellie-Mae", "Ann"), ("Elliemae", "Ann"), id="a hyphen or nothing, and a middle name"),
    pytest.param(("Ellie-Mae",), ("Ellie",), id="half of a double name"),
    pytest.param(("D'Arcy",), ("Darcy",), id="an apostrophe"),
    pytest.param(("Zoë",), ("ZOE",), id="an accent"),
    pytest.param(("O", "R"), ("Olivia", "Rose"), id="initials"),
    pytest.param(("O", "Rose"), ("Olivia",), id="an initial first"),
    pytest.param(("Olivia", "Rose"), ("Rose", "Olivia"), id="the other order"),
    pytest.param(("Olivia", "Rose", "Ann"), ("Rose", "Olivia"), id="the other order and one more"),
]

OTHER_GIVEN = [
    pytest.param(("Olivia", "Rose"), ("Amelia", "Rose"), id="twins with one middle name"),
    pytest.param(("Olivia Rose",), ("Amelia Rose",), id="twins with one middle name, in one text"),
    pytest.param(("Olivia", "Rose"), ("Rose",), id="only a middle name"),
    pytest.param(("Olivia", "Rose"), ("Rose", "Amelia"), id="a middle name first, the other one not there"),
    pytest.param(("Ava-Mae",), ("Ava-Rae",), id="twins with half a name"),
    pytest.param(("A", "R"), ("Rose", "Amelia"), id="initials the other way round"),
    pytest.param(("Ava-Mae",), ("Ava", "Rae"), id="twins with half a name, one without hyphen"),
    pytest.param(("Ava", "Mae"), ("Ava", "Rae"), id="twins with half a name, without hyphens"),
    pytest.param(("Muhammad", "Hasan"), ("Muhammad", "Husayn"), id="brothers with one first name"),
    pytest.param(("O", "Rose"), ("Amelia", "Rose"), id="another initial"),
    pytest.param(("Olivia", "R"), ("Rose",), id="the initial of a middle name against a first name"),
    pytest.param(
        ("Olivia", "Rose", "Ann"), ("Rose", "Olivia", "Eve"), id="the other order and others behind"
    ),
    pytest.param(("Oli",), ("Olivia",), id="a beginning that is no initial"),
]


@pytest.mark.parametrize(("one", "other"), SAME_GIVEN)
def test_a_child_is_known_by_what_it_is_called_first(one: tuple[str, ...], other: tuple[str, ...]) -> None:
    assert compare(patient(given=one), patient(given=other), NUMBER).same
    assert compare(patient(given=other), patient(given=one), NUMBER).same


@pytest.mark.parametrize(("one", "other"), OTHER_GIVEN)
def test_twins_with_swapped_numbers_are_told_apart(one: tuple[str, ...], other: tuple[str, ...]) -> None:
    assert compare(patient(given=one), patient(given=other), NUMBER).differs == ("given name",)
    assert compare(patient(given=other), patient(given=one), NUMBER).differs == ("given name",)


@pytest.mark.parametrize("one", [("O",), ("Rose", "Olivia")])
def test_a_weak_agreement_is_enough_only_where_all_else_agrees(one: tuple[str, ...]) -> None:
    girl = patient(given=("Olivia", "Rose"), gender="female")

    assert compare(patient(given=one, gender="unknown"), girl, NUMBER).same
    assert compare(patient(given=one, gender="male"), girl, NUMBER).differs == ("given name",)
    assert compare(patient(given=one, born="2014-06-05"), girl, NUMBER).differs == (
        "given name",
        "birth date",
    )


def test_a_full_agreement_does_not_ask_for_the_sex() -> None:
    assert compare(patient(gender="male"), patient(gender="female"), NUMBER).same


@pytest.mark.parametrize("use", ["old", "temp", "anonymous", "maiden", 7, {}])
def test_a_given_name_that_is_not_in_use_is_none_to_go_by(use: Any) -> None:
    names = [{"family": "Ångström", "given": ["Eva"]}, {"use": use, "family": "Ångström", "given": ["Ola"]}]

    assert compare(patient(name=names), patient(), NUMBER).differs == ("given name",)
    assert compare(patient(name=names[1:]), patient(), NUMBER).missing == ("a given name",)


def test_a_shorter_form_of_a_name_does_not_hide_what_the_longer_one_says() -> None:
    both = [{"family": "Ångström", "given": given} for given in (["Muhammad"], ["Muhammad", "Hasan"])]

    assert not compare(patient(name=both), patient(given=("Muhammad", "Husayn")), NUMBER).same


@pytest.mark.parametrize(
    ("returned", "missing"),
    [
        pytest.param(patient(born="2014-05"), ("a birth date",), id="only a month"),
        pytest.param(patient(born=""), ("a birth date",), id="no birth date"),
        pytest.param(patient(given=()), ("a given name",), id="no given name"),
        pytest.param(patient(given=("", "-")), ("a given name",), id="a given name of nothing"),
        pytest.param(patient(name=None), ("a family name", "a given name"), id="no name"),
        pytest.param(patient(name="Ola"), ("a family name", "a given name"), id="a name that is a text"),
        pytest.param(
            patient(name=[{"family": "Ångström", "given": "Ola"}]), ("a given name",), id="given is a text"
        ),
    ],
)
def test_what_cannot_be_compared_is_not_taken_for_the_same(
    returned: dict[str, Any], missing: tuple[str, ...]
) -> None:
    assert compare(returned, patient(), NUMBER).missing == missing
    assert compare(patient(), returned, NUMBER).missing == missing


def test_a_child_known_without_a_name_is_not_guessed() -> None:
    nameless = {"birthDate": "2014-05-06"}

    assert not compare(patient(), nameless, NUMBER).same


def test_a_verdict_names_elements_and_never_what_they_hold() -> None:
    verdict = str(compare(patient(family="Canary", given=("Kanari",), born="2001-02-03"), patient(), NUMBER))

    assert not [text for text in ("Canary", "Kanari", "2001", "Ola", "2014", NUMBER) if text in verdict]
