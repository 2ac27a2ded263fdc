from dataclasses import replace

import pytest

from gateway.fhir.ask import parse
from gateway.fhir.query import Criterion, Query, Token, Value
from gateway.fhir.several import parse_several
from gateway.security.narrow import narrowed, reached
from gateway.security.policy import hidden_systems

BASE = "https://fhirgate.example"
CCI, NHS, UPN = f"{BASE}/Id/cci", "https://fhir.nhs.uk/Id/nhs-number", f"{BASE}/Id/upn"
CASE = f"{BASE}/Id/la-child-id/201"
HIDDEN, SEEN = hidden_systems(BASE), (CCI, NHS)


def query(type: str, words: str) -> Query:
    return parse(type, [tuple(word.split("=", 1)) for word in words.split("&")], page_most=100)  # type: ignore[misc]


def systems(criterion: Criterion) -> list[str]:
    while criterion.chained is not None:
        criterion = criterion.chained
    return [value.value.system for value in criterion.values]  # type: ignore[union-attr]


@pytest.mark.parametrize(
    ("type", "words"),
    [
        ("Patient", f"identifier={UPN}|F201900116001"),
        ("Patient", f"identifier={UPN}|"),
        ("Patient", f"identifier={CASE}|10234"),
        ("Observation", f"patient.identifier={UPN}|F201900116001"),
        ("Observation", f"subject:Patient.identifier={UPN}|F201900116001"),
        ("Observation", f"patient:identifier={UPN}|F201900116001"),
        ("Patient", f"family=x&identifier={UPN}|F201900116001"),
        ("Patient", f"_has:Observation:patient:identifier={UPN}|F201900116001"),
        ("Observation", f"_has:DiagnosticReport:result:subject:Patient.identifier={UPN}|F201900116001"),
        ("Observation", f"patient._has:Flag:patient:patient.identifier={UPN}|F201900116001"),
    ],
)
def test_a_hidden_identifier_finds_nobody(type: str, words: str) -> None:
    assert narrowed(query(type, words), HIDDEN, SEEN) is None


@pytest.mark.parametrize(
    ("type", "words"),
    [
        ("Patient", "identifier=F201900116001"),
        ("Observation", "patient.identifier=F201900116001"),
        ("Observation", "patient:identifier=F201900116001"),
    ],
)
def test_an_identifier_without_a_system_is_asked_of_the_systems_everybody_sees(type: str, words: str) -> None:
    narrow = narrowed(query(type, words), HIDDEN, SEEN)

    assert narrow is not None and systems(narrow.criteria[0]) == [CCI, NHS]


def test_of_several_alternatives_only_the_hidden_go() -> None:
    narrow = narrowed(query("Patient", f"identifier={UPN}|F201900116001,{NHS}|9990123012"), HIDDEN, SEEN)

    assert narrow is not None and systems(narrow.criteria[0]) == [NHS]


def test_nobody_is_told_by_being_left_out() -> None:
    value = Value(Token(UPN, "F201900116001"))
    negated = Query("Patient", (Criterion("identifier", "token", "not", (value,)),))

    assert narrowed(negated, HIDDEN, SEEN) == Query("Patient")


@pytest.mark.parametrize(
    ("type", "words"),
    [
        ("Patient", f"identifier={NHS}|9990123012&family=x"),
        ("Patient", "identifier:missing=false"),
        ("Observation", "code=x&identifier=row1"),
        ("Observation", "patient=abc"),
    ],
)
def test_every_other_question_is_left_as_it_is(type: str, words: str) -> None:
    asked = query(type, words)

    assert narrowed(asked, HIDDEN, SEEN) == asked


def test_for_those_who_see_it_nothing_is_narrowed() -> None:
    asked = query("Patient", f"identifier={UPN}|F201900116001")

    assert narrowed(asked, frozenset(), SEEN) is asked


def test_a_chain_names_the_types_it_passes_through() -> None:
    assert reached(query("Observation", "patient.identifier=x&code=y")) == {"Patient"}
    assert reached(query("Observation", "subject:Patient.name=x")) == {"Patient"}
    assert reached(query("Observation", "code=y")) == frozenset()


def test_a_has_names_the_types_it_passes_through() -> None:
    asked = query("Patient", "_has:Observation:patient:_has:DiagnosticReport:result:subject:Patient.family=x")

    assert reached(asked) == {"Observation", "DiagnosticReport", "Patient"}


def test_each_of_several_types_is_narrowed_by_itself() -> None:
    pairs = [("_id", "1")]
    asked = parse_several(("Flag", "Observation"), pairs, page_most=9)
    hidden = query("Flag", f"patient.identifier={UPN}|F201900116001")
    mixed = replace(asked, each=(hidden, asked.each[1]))

    assert narrowed(asked, HIDDEN, SEEN) == asked
    kept = narrowed(mixed, HIDDEN, SEEN)
    assert kept is not None and kept.each == asked.each[1:]
    assert narrowed(replace(mixed, each=(hidden,)), HIDDEN, SEEN) is None
