"""An NHS number is replaced: superseded, it stays one child; invalidated, nothing leads to the new life."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from gates import child_of, codes, found, load, ndjson, opened
from invented import NHS, nhs
from postgres import emptied, postgres  # noqa: F401

from gateway.problems import Refused
from gateway.service import Gateway

BORN = "2015-03-04"
REDACTED = {"system": "http://terminology.hl7.org/CodeSystem/v3-Confidentiality", "code": "REDACTED"}
ANN, BOB = {"reason": "asked the trace", "author": "ann"}, {"reason": "asked the trace", "author": "bob"}


@pytest.fixture(params=["sqlite", "postgres"])
def gate(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Gateway]:
    top = ""
    if request.param == "postgres":
        top = f'database = "{request.getfixturevalue("postgres")()}"\n'
    gateway = opened(tmp_path, top=top)
    yield gateway
    gateway.close()


def person(id: str, family: str, number: int, *, old: int = 0, **more: object) -> dict:
    identifier = [{"system": NHS, "value": nhs(number)}]
    identifier += [{"system": NHS, "value": nhs(old), "use": "old"}] if old else []
    name = [{"family": family, "given": ["Nia"]}]
    made = {"resourceType": "Patient", "id": id, "birthDate": BORN, "name": name, "identifier": identifier}
    return made | more


def test_a_number_that_is_replaced_without_a_word_does_not_lead_from_one_life_to_the_other(
    gate: Gateway,
) -> None:
    load(gate, "clinic", ndjson(person("c", "Before", 7)))
    load(gate, "school", ndjson(person("s", "Before", 7)))
    before = list(gate.store.dump())

    report = load(gate, "clinic", ndjson(person("c", "After", 8)))
    with pytest.raises(Refused) as refused:
        gate.write(gate.feed("clinic"), "Patient", "c", person("c", "After", 8))

    assert codes(report) == {"record.new-identity": 1}
    assert (refused.value.status, refused.value.problems[0].kind.code) == (422, "record.new-identity")
    assert "After" not in str(refused.value) and nhs(8) not in str(refused.value)
    gate.loader.undo(report.number)
    assert list(gate.store.dump()) == before
    # under a key of its own it is somebody new
    load(gate, "clinic", ndjson(person("n", "After", 8)))
    assert child_of(gate, "clinic", "n") != child_of(gate, "clinic", "c")


def test_a_number_that_is_corrected_or_a_name_that_changes_is_written(gate: Gateway) -> None:
    load(gate, "clinic", ndjson(person("c", "Before", 7)))

    assert codes(load(gate, "clinic", ndjson(person("c", "Before", 8)))) == {}
    assert codes(load(gate, "clinic", ndjson(person("c", "After", 8)))) == {}


def test_a_superseded_number_stays_one_child_and_two_persons_say_so(gate: Gateway) -> None:
    load(gate, "clinic", ndjson(person("c", "Before", 7)))
    load(gate, "school", ndjson(person("s", "Before", 7)))
    child = child_of(gate, "clinic", "c")
    before = list(gate.store.dump())

    number = load(gate, "clinic", ndjson(person("c", "After", 8, old=7))).number

    (entry,) = gate.store.reviews()
    assert entry.reason == "may-be-new-identity" and "superseded" in entry.sentence
    assert child_of(gate, "clinic", "c") == child, "its link stays until somebody has looked"
    # another correction does not answer it
    load(gate, "clinic", ndjson(person("c", "After", 8, old=7, gender="female")))
    assert gate.store.reviews() == [entry]
    assert not gate.decide(entry.number, same=True, **ANN)
    assert not gate.decide(entry.number, same=True, **ANN)
    assert gate.store.reviews() == [entry]
    assert gate.decide(entry.number, same=True, **BOB)
    assert gate.store.reviews() == [] and child_of(gate, "clinic", "c") == child
    gate.take_back(entry.number, author="ann")
    assert gate.decide(entry.number, same=False, **ANN), "to part takes one"
    assert child_of(gate, "clinic", "c") != child == child_of(gate, "school", "s")
    gate.take_back(entry.number, author="ann")
    for one in sorted(
        (one.number for one in gate.store.loads() if one.number >= (number or 0)), reverse=True
    ):
        gate.loader.undo(one)
    assert list(gate.store.dump()) == before


def test_a_record_that_was_invalidated_seals_its_life_until_two_persons_say_otherwise(gate: Gateway) -> None:
    load(gate, "school", ndjson(person("s", "Before", 7)))
    load(gate, "clinic", ndjson(person("c", "Before", 7)))
    before = list(gate.store.dump())

    number = load(gate, "clinic", ndjson(person("c", "Before", 7, meta={"security": [REDACTED]}))).number

    assert found(gate, "Patient?") == [] and gate.store.reviews(state="") == []
    ((seal, persons),) = gate.lives.seals()
    assert (seal.load, persons) == (number, 0)
    load(gate, "clinic", ndjson(person("n", "After", 8)))
    assert [one["name"][0]["family"] for one in found(gate, "Patient?")] == ["After"]
    gate.loader.undo(gate.store.loads()[-1].number)
    gate.loader.undo(number or 0)
    assert list(gate.store.dump()) == before


def test_a_label_of_another_meaning_seals_nobody(gate: Gateway) -> None:
    altered = REDACTED | {"system": "http://terminology.hl7.org/CodeSystem/v3-ObservationValue"}

    load(gate, "clinic", ndjson(person("c", "Before", 7, meta={"security": [altered]})))

    assert len(found(gate, "Patient?")) == 1 and gate.lives.seals() == []
