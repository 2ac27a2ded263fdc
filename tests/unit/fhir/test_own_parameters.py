"""Search parameters beside R4's own."""

from collections.abc import Iterator
from typing import Any

import pytest

from gateway.fhir import facts
from gateway.fhir.ask import parse, supported
from gateway.fhir.index import entries
from gateway.fhir.own_parameters import read_own
from gateway.fhir.parameters import Context
from gateway.problems import Refused

NICKNAME = {
    "resourceType": "SearchParameter",
    "url": "https://x.example/SearchParameter/nickname",
    "status": "active",
    "code": "nickname",
    "base": ["Patient"],
    "type": "string",
    "expression": "Patient.name.where(use='nickname').given",
}


@pytest.fixture(autouse=True)
def r4_alone() -> Iterator[None]:
    yield
    facts.use({})


def test_one_of_its_own_is_indexed_asked_and_listed() -> None:
    facts.use(read_own([NICKNAME]).parameters)
    patient = {
        "resourceType": "Patient",
        "name": [{"use": "nickname", "given": ["Bo"]}, {"given": ["Bodil"]}],
    }

    found = [entry.value for entry in entries(patient, "Patient") if entry.param == "nickname"]
    asked = parse("Patient", [("nickname", "bo")], page_most=10)

    assert found == [("bo", "Bo")]
    assert asked.criteria[0].kind == "string"
    assert "nickname" in {each.code for each in supported("Patient")}


def test_until_everything_is_indexed_it_is_not_asked() -> None:
    facts.use(read_own([NICKNAME]).parameters)
    context = Context(unready=frozenset({"Patient.nickname", ":text", "composite"}))

    for type, name in (
        ("Patient", "nickname"),
        ("Observation", "subject:Patient.nickname"),
        ("Observation", "code:text"),
        ("Observation", "code-value-quantity"),
    ):
        with pytest.raises(Refused) as caught:
            parse(type, [(name, "bo$1")], page_most=10, context=context, lenient=True)
        assert caught.value.problems[0].kind.code == "search.not-indexed"
    assert parse("Observation", [("code", "1")], page_most=10, context=context).criteria


def test_when_it_is_gone_it_is_unknown_again() -> None:
    facts.use(read_own([NICKNAME]).parameters)
    facts.use({})

    with pytest.raises(Refused):
        parse("Patient", [("nickname", "bo")], page_most=10)
    patient = {"resourceType": "Patient", "name": [{"use": "nickname", "given": ["Bo"]}]}
    assert "nickname" not in {entry.param for entry in entries(patient, "Patient")}


def test_what_decides_the_index_decides_the_form() -> None:
    again = read_own([NICKNAME | {"description": "What people call a child"}])
    other = read_own([NICKNAME | {"expression": "Patient.name.given"}])

    assert again.forms == read_own([NICKNAME]).forms != other.forms
    assert read_own([NICKNAME | {"status": "retired"}]).parameters == {}


@pytest.mark.parametrize(
    ("wrong", "why"),
    [
        ({"code": "name"}, "already"),
        ({"code": "a b"}, "letters"),
        ({"type": "composite"}, "type"),
        ({"base": ["Nothing"]}, "base"),
        ({"base": []}, "base"),
        ({"expression": ""}, "no expression"),
        ({"expression": "Patient.nickname"}, "not understood"),
        ({"expression": "Patient.name"}, "ok"),
        ({"expression": "Patient.maritalStatus"}, "CodeableConcept"),
        ({"expression": "Patient.name.aggregate("}, "not understood"),
    ],
)
def test_one_that_cannot_be_used_is_refused_with_the_reason(wrong: dict[str, Any], why: str) -> None:
    resource = NICKNAME | wrong
    if why == "ok":
        assert read_own([resource]).parameters
        return
    with pytest.raises(Refused) as caught:
        read_own([resource])
    (only,) = caught.value.problems
    assert (only.kind.code, why in str(only.details["reason"])) == ("search.definition", True)
