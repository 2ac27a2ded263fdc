"""HL7's own validator finds nothing wrong with what fhirgate ships and emits."""

import json
from collections.abc import Iterable

import answered
import emitted
import pytest
from validator import BASE, Issue, Validator

from gateway.resources import shipped
from gateway.web.site import Site

pytestmark = pytest.mark.xdist_group("validator")

PROFILES = sorted(shipped("profiles").glob("*.json"))


def said(issues: Iterable[Issue]) -> list[str]:
    """The issues in lines, each once."""
    return sorted({f"{each.about} {each.place}: {each.says}" for each in issues})


def on_one_line(text: str) -> str:
    """JSON without its layout, and XML with its line breaks as characters."""
    return text.replace("\n", "&#10;" if text.startswith("<") else " ")


def kept(mapping: str, line: str) -> bool:
    """Whether a line is about a code outside a list that a test of the mapping wants kept."""
    names = [each.name for each in emitted.examples(mapping) if "record.code-kept" in each.issues]
    about = line.removeprefix(f"{mapping}: ").startswith(tuple(f"{name}: " for name in names))
    return about and f"Unknown code '{BASE}/CodeSystem/" in line


def test_the_validator_finds_what_is_wrong(validator: Validator) -> None:
    patient = {
        "resourceType": "Patient",
        "id": "a",
        "gender": "woman",
        "birthDate": "2015-02-30",
        "nick": "A",
    }

    found = said(
        validator.errors(
            [("first", json.dumps({"resourceType": "Patient", "active": True})), ("one", json.dumps(patient))]
        )
    )

    places = {each.partition(":")[0] for each in found}
    assert places == {"one ", "one .birthDate", "one .gender"}


def test_the_profiles_are_sound(validator: Validator) -> None:
    texts = [(each.name, each.read_text("utf-8").replace("{base}", BASE)) for each in PROFILES]

    assert said(validator.errors((name, on_one_line(text)) for name, text in texts)) == []


@pytest.mark.parametrize("name", emitted.mappings())
def test_what_a_mapping_makes_is_sound(validator: Validator, name: str) -> None:
    made = [*emitted.of_examples(name), *emitted.of_sample(name)]

    assert len(made) > 20
    assert [each for each in said(validator.errors(made)) if not kept(name, each)] == []


def test_the_outcome_of_every_problem_is_sound(validator: Validator) -> None:
    assert said(validator.errors(answered.outcomes())) == []


def test_what_the_server_answers_is_sound(validator: Validator, site: Site) -> None:
    told = {
        answer.text: f"{name} {answer.status_code}"
        for name, answer in answered.answers(site)
        if answer.data and "fhir" in answer.content_type
    }

    assert len(told) > 200
    assert said(validator.errors((name, on_one_line(text)) for text, name in told.items())) == []
