from typing import Any

import pytest

from gateway.identity.levels import LEVELS, levels
from gateway.identity.person import Person, person, united

BASE = "https://fhirgate.example"


def told(name: str = "", born: str = "", home: str = "", sex: str = "", **numbers: str) -> Person:
    """A record: `name` is "First Item,Second Item/Family", `home` is "line, postcode"."""
    given, _, family = name.partition("/")
    line, _, postcode = home.rpartition(", ")
    systems = {"nhs": "https://fhir.nhs.uk/Id/nhs-number", "upn": f"{BASE}/Id/upn"}
    systems |= {"case": f"{BASE}/Id/la-child-id/201", "former": f"{BASE}/Id/upn"}
    patient: dict[str, Any] = {
        "name": [{"given": [one for one in given.split(",") if one], "family": family}] if name else [],
        "birthDate": born,
        "gender": sex,
        "address": [{"line": [line], "postalCode": postcode}],
        "identifier": [
            {"system": systems[kind], "value": value, **({"use": "old"} if kind == "former" else {})}
            for kind, value in numbers.items()
        ],
    }
    return person(patient, BASE)


@pytest.mark.parametrize(
    ("one", "other", "wanted"),
    [
        pytest.param("Ava/Stone", "AVA/Stone", "same", id="capitals"),
        pytest.param("Zoë/Stone", "Zoe/Stone", "same", id="accents"),
        pytest.param("Ava-Mae/Stone", "Ava Mae/Stone", "same", id="a hyphen"),
        pytest.param(
            "Ava,Mae/Stone", "Ava-Mae/Stone", "same", id="a middle name written as part of the first"
        ),
        pytest.param("Stone/Ava", "Ava/Stone", "turned", id="first name and surname in each other's place"),
        pytest.param("Mae/Stone", "Ava,Mae/Stone", "other's middle", id="goes by the middle name"),
        pytest.param("Mohammed/Khan", "Muhammad/Khan", "spelling", id="letters of another alphabet"),
        pytest.param("Tom/Stone", "Thomas/Stone", "short form", id="short form"),
        pytest.param("Bill/Stone", "William/Stone", "short form", id="a nickname that is no name of its own"),
        pytest.param("Lily/Stone", "Elizabeth/Stone", "nickname", id="a nickname that is one"),
        pytest.param("Ava/Stone", "Ava-Mae/Stone", "part", id="half of a double name"),
        pytest.param("Olivber/Stone", "Oliver/Stone", "slip", id="a slip of the keys"),
        pytest.param("Ava-Mae/Stone", "Ava-Rae/Stone", "other part", id="twins with half a name in common"),
        pytest.param("Xin Yi/Wu", "Xiu Ying/Wu", "other part", id="two parts, each nearly alike"),
        pytest.param("Zara/Stone", "Sara/Stone", "other", id="two names that sound alike"),
        pytest.param("Jayden/Stone", "Kayden/Stone", "less like", id="two names that rhyme"),
        pytest.param("Hasan/Ali", "Husayn/Ali", "initial", id="two names of one root"),
        pytest.param("Ava/Stone", "Daniel/Stone", "other", id="two names"),
        pytest.param("/Stone", "Ava/Stone", "", id="no first name"),
    ],
)
def test_first_names_are_on_a_level_the_same_both_ways(one: str, other: str, wanted: str) -> None:
    assert levels(told(one), told(other)).of("given") == wanted
    assert levels(told(other), told(one)).of("given") == wanted


@pytest.mark.parametrize(
    ("one", "other", "wanted"),
    [
        pytest.param("O'Neill", "ONEILL", "same", id="an apostrophe"),
        pytest.param("Smith-Jones", "Smith Jones", "same", id="a hyphen"),
        pytest.param("de Souza", "Souza", "same", id="a particle"),
        pytest.param("Smith-Jones", "Jones", "part", id="one of two"),
        pytest.param("Silva Costa", "Costa Silva", "part", id="turned round"),
        pytest.param("Oliveira Ruiz", "Oliveira Ribeiro", "like", id="two, with one other half each"),
        pytest.param("Okafor-Bennett", "Okafor-Bennet", "slip", id="two, one of them with a slip"),
        pytest.param("Thompson", "Thomson", "slip", id="a letter more"),
        pytest.param("Smith", "Okafor", "other", id="two surnames"),
    ],
)
def test_surnames_are_on_a_level_the_same_both_ways(one: str, other: str, wanted: str) -> None:
    assert levels(told(f"Ava/{one}"), told(f"Ava/{other}")).of("family") == wanted
    assert levels(told(f"Ava/{other}"), told(f"Ava/{one}")).of("family") == wanted


@pytest.mark.parametrize(
    ("one", "other", "wanted"),
    [
        ("2012-03-04", "2012-03-04", "same"),
        ("2012-01-01", "2012-01-01", "same first of January"),
        ("2012-03-04", "2012-04-03", "swapped"),
        ("2012-03-04", "2012-03-14", "slip"),
        ("2012-03-24", "2012-01-01", "first of January"),
        ("2012-03-24", "2013-03-24", "slip"),
        ("2009-03-24", "2010-03-24", "year"),
        ("2012-03-24", "2012-11-24", "part"),
        ("2012-03", "2012-03-24", "part"),
        ("2012-03-24", "2009-11-05", "other"),
        ("", "2009-11-05", ""),
    ],
)
def test_birth_dates_are_on_a_level(one: str, other: str, wanted: str) -> None:
    assert levels(told(born=one), told(born=other)).of("born") == wanted
    assert levels(told(born=other), told(born=one)).of("born") == wanted


@pytest.mark.parametrize(
    ("one", "other", "wanted"),
    [
        ("1 High Street, ZZ10 1AA", "1 HIGH STREET, zz101aa", "same line"),
        ("1 High Street, ZZ10 1AA", "2 High Street, ZZ10 1AA", "postcode"),
        ("1 High Street, ZZ10 1AA", "1 High Street, ZZ10 1AB", "postcode slip"),
        ("1 High Street, ZZ10 1AA", "1 High Street, ZZ10 1BB", "sector"),
        ("1 High Street, ZZ10 1AA", "1 High Street, ZZ10 3BB", "district"),
        ("1 High Street, ZZ10 1AA", "1 High Street, ZZ77 3BB", "other"),
        ("1 High Street, ", "1 High Street, ZZ77 3BB", ""),
    ],
)
def test_homes_are_on_a_level(one: str, other: str, wanted: str) -> None:
    assert levels(told(home=one), told(home=other)).of("home") == wanted


def test_a_record_is_compared_with_every_name_date_and_home_a_child_ever_had() -> None:
    before = told("Ava/Stone", "2012-03-04", "1 High Street, ZZ10 1AA")
    after = told("Ava/Bennett", "2012-04-03", "2 Mill Lane, ZZ20 2BB")

    found = levels(told("Ava/Stone", "2012-04-03", "2 Mill Lane, ZZ20 2BB"), united([before, after]))

    assert [found.of(field) for field in ("family", "born", "home")] == ["same", "same", "same line"]


def test_numbers_are_the_same_a_slip_apart_or_different_and_a_former_one_is_no_difference() -> None:
    mine = told(nhs="9990123012", upn="F201900116001", case="0010234")

    assert levels(mine, told(nhs="999 012 3012", upn="f201900116001", case="10234")).numbers == ("same",) * 3
    assert levels(mine, told(nhs="9990123020", upn="F201900115027", case="999")).numbers[0] != "same"
    assert levels(mine, told(upn="B201900116001")).numbers[1] == "slip", "a wrong check letter"
    assert levels(mine, told(upn="F201900115027", former="F201900116001")).numbers[1] == ""
    assert levels(mine, told(upn="M20190022104V")).numbers[1] == "", "a temporary UPN gives way"
    assert levels(mine, told("Ava/Stone")).numbers == ("", "", "")


def test_every_level_that_comes_out_has_a_weight() -> None:
    people = [
        told(name, born, sex=sex)
        for name in ("Ava/Stone", "A/Stane", "Stone/Ava", "Tom/Li")
        for born in ("2012-03-04", "2012-04-03", "2011-01-01")
        for sex in ("female", "male", "")
    ]

    for one in people:
        for other in people:
            found = levels(one, other)
            for field, level in zip(LEVELS, found.fields, strict=True):
                assert level == "" or level in LEVELS[field]


@pytest.mark.parametrize(
    ("one", "other", "wanted"),
    [
        ("Ava,Rose/Stone", "Ava,Rose/Stone", "same"),
        ("Ava,Rose/Stone", "Ava,R/Stone", "initial"),
        ("Ava,Rose/Stone", "Ava/Stone", "one side"),
        ("Ava,Rose/Stone", "Ava,Mae/Stone", "other"),
        ("Ava/Stone", "Ava/Stone", ""),
        ("Ava,Rose/Stone", "/Stone", ""),
    ],
)
def test_middle_names_are_on_a_level_where_one_of_two_first_names_has_one(
    one: str, other: str, wanted: str
) -> None:
    assert levels(told(one), told(other)).of("middle") == wanted
    assert levels(told(other), told(one)).of("middle") == wanted
