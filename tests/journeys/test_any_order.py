"""Things done to children, taken back in any order: what cannot be yet is refused, and changes nothing.

A record that is led back to a child which was merged since lands where that child's records are.
"""

from collections.abc import Callable
from pathlib import Path
from random import Random

import pytest
from gates import FEEDS, child_of, load, ndjson, opened
from invented import NHS, nhs, told
from postgres import emptied, postgres  # noqa: F401

from gateway.problems import Refused
from gateway.service import Gateway
from gateway.store.base import Child

ANN, BOB = {"reason": "spoke to the school", "author": "ann"}, {"reason": "looked it up", "author": "bob"}
Undo = Callable[[], object]


@pytest.fixture(params=["sqlite", "postgres"])
def gate(request: pytest.FixtureRequest, tmp_path: Path) -> object:
    top = ""
    if request.param == "postgres":
        top = f'database = "{request.getfixturevalue("postgres")()}"\n'
    gateway = opened(tmp_path, top=top)
    yield gateway
    gateway.close()


def person(id: str, number: int, given: str = "Ola", **more: object) -> dict:
    name = [{"family": "Nordmann", "given": [given]}]
    identifier = [{"system": NHS, "value": nhs(number)}]
    made = {"resourceType": "Patient", "id": id, "birthDate": "2012-03-04", "name": name}
    return made | {"identifier": identifier} | more


def known(gate: Gateway, feed: str, local: str) -> Child:
    child = child_of(gate, feed, local)
    assert child is not None
    return child


def merged(gate: Gateway, child: Child, into: Child) -> None:
    if not gate.lives.merge(child, into, **ANN):
        assert gate.lives.merge(child, into, **BOB)


def sound(gate: Gateway) -> None:
    """Nobody's record is linked to a child that is not there."""
    numbers = list(range(1, gate.store.counts()["children"] + 60))
    children = gate.store.children(numbers)
    for number, records in gate.store.records_of(numbers).items():
        assert children[number].state == "active" and children[number].composed, records
        for record in records:
            last = [link for link in gate.store.links(rec=record.rec) if link.stands][-1]
            assert (last.what, last.child) == ("linked", number)


def test_a_record_put_back_goes_to_whom_its_child_was_merged_into(gate: Gateway) -> None:
    load(gate, "clinic", ndjson(person("a1", 1), person("b1", 2, "Kari")))
    load(gate, "school", ndjson(person("a2", 1)))
    first, second = known(gate, "clinic", "a1"), known(gate, "clinic", "b1")
    before = list(gate.store.dump())
    out = gate.take_apart(gate.feed("school"), "a2", **ANN)
    merged(gate, first, second)

    assert gate.put_back(gate.feed("school"), "a2", author="ann").cci == second.cci

    sound(gate)
    assert (
        known(gate, "school", "a2") == second and not gate.store.children([out.number])[out.number].composed
    )
    gate.lives.unmerge(first, **ANN)
    assert known(gate, "school", "a2").cci == first.cci
    assert list(gate.store.dump()) == before


def test_a_load_that_is_undone_leads_back_through_every_merge(gate: Gateway) -> None:
    load(gate, "clinic", ndjson(person("a1", 1), person("b1", 2, "Kari"), person("c1", 3, "Jan")))
    load(gate, "school", ndjson(person("a2", 1), person("c2", 3, "Jan")))
    first, second, third = (known(gate, "clinic", each) for each in ("a1", "b1", "c1"))
    before = list(gate.store.dump())
    replaced = {"other": {"reference": "Patient/c2"}, "type": "replaced-by"}
    told = load(gate, "school", ndjson(person("a2", 1, active=False, link=[replaced])))
    assert known(gate, "school", "a2") == third
    merged(gate, first, second)
    between = list(gate.store.dump())
    merged(gate, second, third)

    gate.loader.undo(told.number)

    sound(gate)
    assert known(gate, "school", "a2") == third
    gate.lives.unmerge(second, **ANN)
    assert known(gate, "school", "a2").cci == second.cci
    assert list(gate.store.dump()) != between
    gate.lives.unmerge(first, **ANN)
    assert known(gate, "school", "a2").cci == first.cci
    sound(gate)
    assert list(gate.store.dump()) == before


@pytest.mark.parametrize("seed", range(6))
def test_whatever_order_things_are_taken_back_in_nothing_stays_behind(gate: Gateway, seed: int) -> None:
    random = Random(seed)
    for feed in FEEDS * 2:
        load(gate, feed, ndjson(*told(feed, random)))
    for _ in range(4):
        before = list(gate.store.dump())
        done = [undo for _ in range(5) if (undo := _something(gate, random)) is not None]
        sound(gate)
        while done:
            random.shuffle(done)
            left = [undo for undo in done if not _taken_back(gate, undo)]
            assert len(left) < len(done), "something can always be taken back"
            done = left
        assert list(gate.store.dump()) == before


def _taken_back(gate: Gateway, undo: Undo) -> bool:
    was = list(gate.store.dump())
    try:
        undo()
    except Refused:
        assert list(gate.store.dump()) == was
        return False
    sound(gate)
    return True


def _something(gate: Gateway, random: Random) -> Undo | None:
    """Do one of the things that can be done, and give what takes it back."""
    numbers = list(range(1, gate.store.counts()["children"] + 60))
    active = [one for one in gate.store.children(numbers).values() if one.state == "active" and one.composed]
    one, other = random.sample(active, 2)
    records = gate.store.records_of([one.number])[one.number]
    record = random.choice(records)
    feed = gate.feed(record.feed)
    try:
        match random.randrange(4):
            case 0:
                merged(gate, one, other)
                return lambda: gate.lives.unmerge(one, **ANN)
            case 1:
                leaving = [(each.feed, each.local) for each in records[: len(records) // 2]]
                part = gate.lives.split(one, leaving, **ANN)
                return lambda: gate.lives.unsplit(part, **ANN)
            case 2:
                if len(records) == 1:
                    return None
                gate.take_apart(feed, record.local, **ANN)
                return lambda: gate.put_back(feed, record.local, author="ann")
            case _:
                return _said_twice(gate, random, feed.name)
    except Refused:
        return None


def _said_twice(gate: Gateway, random: Random, feed: str) -> Undo | None:
    """A load that says of one of a feed's records that another one replaces it."""
    numbers = list(range(1, gate.store.counts()["children"] + 60))
    own = [
        record.local
        for records in gate.store.records_of(numbers).values()
        for record in records
        if record.feed == feed
    ]
    if len(own) < 2:
        return None
    local, stays = random.sample(own, 2)
    row = gate.store.read(feed, "Patient", local)
    assert row is not None
    link = [{"other": {"reference": f"Patient/{stays}"}, "type": "replaced-by"}]
    patient = {"resourceType": "Patient", "id": local, "active": False, "link": link}
    number = load(gate, feed, ndjson(patient)).number
    assert number is not None
    return lambda: gate.loader.undo(number)
