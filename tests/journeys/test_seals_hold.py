"""What was sealed stays shut, whatever is told, taken back or decided before and afterwards."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from gates import BASE, child_of, found, load, ndjson, opened
from invented import NHS, nhs
from postgres import emptied, postgres  # noqa: F401

from gateway.problems import Refused
from gateway.service import Gateway
from gateway.store.base import Child

ENDED = {"tag": [{"system": f"{BASE}/CodeSystem/life", "code": "ended"}]}
BORN = "2015-03-04"


@pytest.fixture(params=["sqlite", "postgres"])
def gate(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Gateway]:
    top = ""
    if request.param == "postgres":
        top = f'database = "{request.getfixturevalue("postgres")()}"\n'
    gateway = opened(tmp_path, top=top)
    yield gateway
    gateway.close()


def person(id: str, number: str = "", given: str = "Nia", **more: object) -> dict:
    numbers = {"identifier": [{"system": NHS, "value": number}]} if number else {}
    name = [{"family": "Before", "given": [given]}]
    return {"resourceType": "Patient", "id": id, "birthDate": BORN, "name": name} | numbers | more


def write(gate: Gateway, feed: str, patient: dict) -> Child | None:
    gate.write(gate.feed(feed), "Patient", patient["id"], patient)
    return child_of(gate, feed, patient["id"])


def known(gate: Gateway, feed: str, patient: dict) -> Child:
    child = write(gate, feed, patient)
    assert child is not None
    return child


def seal(gate: Gateway, child: Child) -> int:
    return gate.lives.seal(child, reason="adopted", author="ann")


def test_a_record_that_was_deleted_before_the_seal_tells_again_of_the_sealed_life(gate: Gateway) -> None:
    known(gate, "school", person("s", nhs(7)))
    old = known(gate, "clinic", person("c", nhs(7)))
    gate.delete(gate.feed("clinic"), "Patient", "c")
    before = list(gate.store.dump())
    number = seal(gate, old)

    assert write(gate, "clinic", person("c", nhs(7))) is None
    assert found(gate, "Patient") == []

    gate.delete(gate.feed("clinic"), "Patient", "c")
    for author in ("ann", "bob"):
        gate.lives.unseal(number, reason="a mistake", author=author)
    assert child_of(gate, "school", "s") == old
    assert write(gate, "clinic", person("c", nhs(7))) == old
    gate.delete(gate.feed("clinic"), "Patient", "c")
    after = list(gate.store.dump())
    assert [line for line in after if "person_key" in str(line)] == [
        line for line in before if "person_key" in str(line)
    ]


def test_so_does_one_whose_load_was_taken_back_before_the_seal(gate: Gateway) -> None:
    known(gate, "school", person("s", nhs(7)))
    told = ndjson(person("c", nhs(7)))
    first = load(gate, "clinic", told)
    old = child_of(gate, "clinic", "c")
    assert old is not None
    gate.loader.undo(first.number)
    seal(gate, old)

    load(gate, "clinic", told)

    assert child_of(gate, "clinic", "c") is None and found(gate, "Patient") == []


def test_one_that_a_person_had_linked_does_not_open_the_sealed_child_again(gate: Gateway) -> None:
    old = known(gate, "school", person("s", nhs(7)))
    gate.lives.merge(known(gate, "clinic", person("c", given="Zoe")), old, reason="seen", author="ann")
    gate.delete(gate.feed("clinic"), "Patient", "c")
    seal(gate, old)

    assert write(gate, "clinic", person("c", given="Zoe")) is None
    assert found(gate, "Patient") == []


def test_what_was_told_again_meanwhile_is_linked_when_the_load_that_sealed_is_taken_back(
    gate: Gateway,
) -> None:
    old = known(gate, "school", person("s", nhs(7)))
    known(gate, "clinic", person("c", nhs(7)))
    gate.delete(gate.feed("clinic"), "Patient", "c")
    sealing = load(gate, "school", ndjson(person("s", nhs(7), meta=ENDED)))
    assert write(gate, "clinic", person("c", nhs(7))) is None

    gate.loader.undo(sealing.number)

    assert child_of(gate, "school", "s") == old == child_of(gate, "clinic", "c")


def test_a_life_that_ended_is_shut_alone_though_it_names_what_replaces_it(gate: Gateway) -> None:
    fresh = known(gate, "clinic", person("new", nhs(8)))
    known(gate, "clinic", person("old", nhs(7), given="Nina"))
    link = [{"type": "replaced-by", "other": {"reference": "Patient/new"}}]

    write(gate, "clinic", person("old", nhs(7), given="Nina", meta=ENDED, active=False, link=link))

    assert child_of(gate, "clinic", "old") is None
    assert child_of(gate, "clinic", "new") == fresh
    assert [one["id"] for one in found(gate, "Patient")] == [fresh.id]


def test_a_load_can_be_taken_back_though_what_it_founded_was_merged_or_split_and_sealed(
    gate: Gateway,
) -> None:
    first = load(gate, "school", ndjson(person("s", nhs(1)), person("t", nhs(2), given="Tom")))
    load(gate, "clinic", ndjson(person("c", given="Zoe"), person("d", nhs(2), given="Tom")))
    merged, into = child_of(gate, "school", "s"), child_of(gate, "clinic", "c")
    both = child_of(gate, "school", "t")
    assert merged and into and both
    gate.lives.merge(merged, into, reason="seen", author="ann")
    seal(gate, into)
    part = gate.lives.split(both, [("school", "t")], reason="two", author="ann")
    seal(gate, part)

    gate.loader.undo(first.number)

    assert [one["id"] for one in found(gate, "Patient")] == [both.id]
    assert len(gate.lives.seals()) == 2


def test_what_was_decided_about_a_sealed_child_before_cannot_be_found_nor_taken_back(gate: Gateway) -> None:
    home = {"address": [{"line": ["3 Mill Lane"], "postalCode": "ZZ10 1AA"}]}
    known(gate, "school", person("s", given="Nia", **home))
    old = known(gate, "clinic", person("c", nhs(7), given="Nya", **home))
    (entry,) = gate.store.reviews()
    gate.decide(entry.number, same=False, reason="twins", author="ann")
    assert len(gate.store.reviews(state="")) == 1
    number = seal(gate, old)

    assert gate.store.reviews() == gate.store.reviews(state="") == []
    with pytest.raises(Refused) as refused:
        gate.take_back(entry.number, author="ann")
    assert refused.value.problems[0].kind.code == "service.unknown-review"

    for author in ("ann", "bob"):
        gate.lives.unseal(number, reason="a mistake", author=author)
    gate.take_back(entry.number, author="ann")
    assert [one.number for one in gate.store.reviews()] == [entry.number]


def test_what_left_a_life_before_it_was_sealed_cannot_be_put_back_into_it(gate: Gateway) -> None:
    known(gate, "school", person("s", nhs(7)))
    old = known(gate, "clinic", person("c", nhs(7)))
    clinic = gate.feed("clinic")
    other = gate.take_apart(clinic, "c", reason="of the twin", author="ann")
    seal(gate, old)

    with pytest.raises(Refused) as refused:
        gate.put_back(clinic, "c", author="ann")

    assert refused.value.problems[0].kind.code == "life.into-gone"
    assert child_of(gate, "clinic", "c") == other
    assert [one["id"] for one in found(gate, "Patient")] == [other.id]


def test_a_load_taken_back_leads_no_record_into_the_open_again(gate: Gateway) -> None:
    known(gate, "school", person("s", nhs(7)))
    old = known(gate, "clinic", person("r", nhs(7)))
    other = known(gate, "clinic", person("q", given="Zoe"))
    link = [{"type": "replaced-by", "other": {"reference": "Patient/q"}}]
    moving = load(gate, "clinic", ndjson(person("r", nhs(7), active=False, link=link)))
    assert child_of(gate, "clinic", "r") == other
    number = seal(gate, old)

    gate.loader.undo(moving.number)

    assert child_of(gate, "clinic", "r") is None
    assert [one["id"] for one in found(gate, "Patient")] == [other.id]
    for author in ("ann", "bob"):
        gate.lives.unseal(number, reason="a mistake", author=author)
    assert child_of(gate, "clinic", "r") == child_of(gate, "school", "s") == old


def test_a_record_that_a_person_linked_comes_back_to_what_became_of_that_child(gate: Gateway) -> None:
    first = known(gate, "school", person("s", nhs(7)))
    gate.lives.merge(known(gate, "clinic", person("c", given="Zoe")), first, reason="seen", author="ann")
    gate.delete(gate.feed("clinic"), "Patient", "c")
    last = known(gate, "council", person("l", given="Ann"))
    for author in ("ann", "bob"):
        gate.lives.merge(first, last, reason="one child", author=author)

    assert write(gate, "clinic", person("c", given="Zoe")) == last


def test_a_seal_that_two_persons_confirmed_stays_when_the_load_that_announced_it_is_taken_back(
    gate: Gateway,
) -> None:
    old = known(gate, "school", person("s", nhs(7)))
    sealing = load(gate, "clinic", ndjson(person("c", nhs(7), meta=ENDED)))
    ((event, persons),) = gate.lives.seals()
    assert persons == 0
    for author in ("ann", "bob"):
        gate.lives.confirm(event.number, reason="the order was seen", author=author)

    gate.loader.undo(sealing.number)

    assert child_of(gate, "school", "s") is None and found(gate, "Patient") == []
    load(gate, "clinic", ndjson(person("c", nhs(7))))
    assert found(gate, "Patient") == []
    for author in ("ann", "bob"):
        gate.lives.unseal(event.number, reason="a mistake", author=author)
    assert child_of(gate, "school", "s") == old == child_of(gate, "clinic", "c")
