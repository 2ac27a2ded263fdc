"""What a person said of two is not asked again: not by `fhirgate link`, nor when a file comes once more."""

from collections.abc import Callable
from typing import Any

import pytest
from gates import BASE, child_of, load, ndjson
from invented import NHS, nhs, upn

from gateway.service import Gateway
from gateway.service.decisions import said_of
from gateway.service.relink import relink
from gateway.store.base import Child

ANN = {"reason": "asked the school", "author": "ann"}
Parting = Callable[[Gateway], object]


def ola(id: str, **more: Any) -> dict[str, Any]:
    """Ola; two of him are probably one child."""
    numbers = {NHS: more.pop("nhs", ""), f"{BASE}/Id/upn": more.pop("upn", "")}
    return {
        "resourceType": "Patient",
        "id": id,
        "birthDate": "2012-03-04",
        "name": [{"family": "Nordmann", "given": ["Ola"]}],
        "identifier": [{"system": system, "value": value} for system, value in numbers.items() if value],
    } | more


def of(gate: Gateway, feed: str, local: str) -> Child:
    found = child_of(gate, feed, local)
    assert found is not None
    return found


def linked_anew(gate: Gateway) -> int:
    return relink(gate.store, gate.linker, lambda done, every: None).to_review


def answered(gate: Gateway) -> None:
    """Two who are like each other, and a person said that they are two."""
    load(gate, "school", ndjson(ola("a", upn=upn(1))))
    load(gate, "council", ndjson(ola("b", upn=upn(2))))
    (entry,) = gate.store.reviews()
    gate.decide(entry.number, same=False, **ANN)


def joined(gate: Gateway) -> None:
    load(gate, "school", ndjson(ola("a", nhs=nhs(1))))
    load(gate, "council", ndjson(ola("b", nhs=nhs(1))))
    assert of(gate, "school", "a") == of(gate, "council", "b")


def split(gate: Gateway) -> None:
    joined(gate)
    gate.lives.split(of(gate, "school", "a"), [("council", "b")], **ANN)


def taken_out(gate: Gateway) -> None:
    joined(gate)
    gate.take_apart(gate.feed("council"), "b", **ANN)


def no_longer_agreed(gate: Gateway) -> None:
    joined(gate)
    load(gate, "council", ndjson(ola("b", nhs=nhs(1), birthDate="2009-09-09")))
    (entry,) = gate.store.reviews()
    gate.decide(entry.number, same=False, **ANN)


WAYS = pytest.mark.parametrize("parted", [answered, split, taken_out, no_longer_agreed])


@WAYS
def test_whom_a_person_parted_nobody_is_asked_about_again_when_all_are_linked_anew(
    gate: Gateway, parted: Parting
) -> None:
    parted(gate)
    assert gate.store.reviews() == []

    assert linked_anew(gate) == 0 == linked_anew(gate)
    assert gate.store.reviews() == [] and of(gate, "school", "a") != of(gate, "council", "b")


@WAYS
def test_whom_a_person_parted_nobody_is_asked_about_again_for_a_new_address(
    gate: Gateway, parted: Parting
) -> None:
    parted(gate)
    row = gate.store.read("council", "Patient", "b")
    assert row is not None
    before = gate.store.reviews()
    told = ola("b", address=[{"postalCode": "ZZ10 1AA"}])
    told["birthDate"] = "2009-09-09" if parted is no_longer_agreed else told["birthDate"]
    told["identifier"] = ola("b", **({"upn": upn(2)} if parted is answered else {"nhs": nhs(1)}))[
        "identifier"
    ]

    report = load(gate, "council", ndjson(told))

    assert (report.updated, report.review) == (1, 0) and gate.store.reviews() == before


def test_a_number_that_they_turn_out_to_share_is_a_new_question(gate: Gateway) -> None:
    answered(gate)

    load(gate, "council", ndjson(ola("b", upn=upn(2), nhs=nhs(1))))
    assert gate.store.reviews() == []
    load(gate, "school", ndjson(ola("a", upn=upn(1), nhs=nhs(1))))

    (entry,) = gate.store.reviews()
    assert "same NHS number" in entry.sentence.lower().replace("nhs", "NHS")
    assert linked_anew(gate) == 0 and [each.number for each in gate.store.reviews()] == [entry.number]


def test_whom_a_person_told_apart_for_good_no_number_makes_a_question(gate: Gateway) -> None:
    answered(gate)
    gate.lives.tell_apart(of(gate, "school", "a"), of(gate, "council", "b"), **ANN)

    load(gate, "council", ndjson(ola("b", upn=upn(2), nhs=nhs(1))))
    load(gate, "school", ndjson(ola("a", upn=upn(1), nhs=nhs(1))))

    assert gate.store.reviews() == []


@pytest.mark.parametrize("feed", ["school", "council"])
def test_what_waits_shows_what_the_records_say_now_whichever_of_them_says_it(
    gate: Gateway, feed: str
) -> None:
    load(gate, "school", ndjson(ola("a", upn=upn(1))))
    load(gate, "council", ndjson(ola("b", upn=upn(2))))
    (asked,) = gate.store.reviews()
    assert "different UPNs" in asked.sentence
    gate.not_sure(asked.number, **ANN)
    before = list(gate.store.dump())

    one, mine, other = ("a", upn(1), upn(2)) if feed == "school" else ("b", upn(2), upn(1))
    told = ola(one, upn=mine)
    told["identifier"].append({"system": f"{BASE}/Id/upn", "value": other, "use": "old"})
    report = load(gate, feed, ndjson(told))

    (entry,) = gate.store.reviews()
    assert entry.number != asked.number and report.review == 1
    assert "former UPN" in entry.sentence and "different UPNs" not in entry.sentence
    assert [event.author for event in said_of(gate.store, entry)] == ["ann"]
    gate.loader.undo(report.number)
    assert list(gate.store.dump()) == before
    assert [each.number for each in gate.store.reviews()] == [asked.number]


def test_what_waits_stays_as_it_is_where_nothing_else_is_told(gate: Gateway) -> None:
    load(gate, "school", ndjson(ola("a", upn=upn(1))))
    load(gate, "council", ndjson(ola("b", upn=upn(2))))
    before = [entry.number for entry in gate.store.reviews()]

    load(gate, "council", ndjson(ola("b", upn=upn(2), gender="male")))
    linked_anew(gate)

    assert [entry.number for entry in gate.store.reviews()] == before
