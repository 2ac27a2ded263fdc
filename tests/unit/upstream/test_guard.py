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
        pytest.param(patient(given=("Maria", "Ola")), id="a name more"),
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


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        pytest.param(["Olivia", "Rose"], ["Amelia", "Rose"], False, id="twins with one middle name"),
        pytest.param(["Olivia Rose"], ["Amelia Rose"], False, id="twins, all names in one text"),
        pytest.param(["Ava-Mae"], ["Ava-Rae"], False, id="twins with double names"),
        pytest.param(["Ava-Mae"], ["Ava"], True, id="half of a double name"),
        pytest.param(["Amelia", "Rose"], ["Amelia", "Grace"], True, id="another middle name"),
        pytest.param(["Amelia", "Rose"], ["Rose"], True, id="called by the middle name"),
        pytest.param(["A", "Rose"], ["Amelia"], True, id="an initial first"),
        pytest.param(["A", "R"], ["Rose", "Amelia"], True, id="initials the other way round"),
    ],
)
def test_first_names_tell_children_apart_that_share_another(
    one: list[str], other: list[str], same: bool
) -> None:
    assert compare(patient(given=one), patient(given=other), NUMBER).same is same
    assert compare(patient(given=other), patient(given=one), NUMBER).same is same


def test_a_name_of_before_agrees_too() -> None:
    both = [{"family": "Ångström", "given": ["Ola"]}, {"family": "Ångström", "given": ["Eva"], "use": "old"}]

    assert compare(patient(given=("Eva",)), patient(name=both), NUMBER).same


def test_a_child_known_without_a_name_is_not_guessed() -> None:
    nameless = {"birthDate": "2014-05-06"}

    assert not compare(patient(), nameless, NUMBER).same


def test_a_verdict_names_elements_and_never_what_they_hold() -> None:
    verdict = str(compare(patient(family="Canary", given=("Kanari",), born="2001-02-03"), patient(), NUMBER))

    assert not [text for text in ("Canary", "Kanari", "2001", "Ola", "2014", NUMBER) if text in verdict]
