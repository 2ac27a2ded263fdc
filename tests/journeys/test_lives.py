"""Children merged, split, told apart and sealed, and all of it taken back exactly; over both databases."""

from collections.abc import Callable, Iterator
from pathlib import Path
from random import Random

import pytest
from gates import FEEDS, child_of, found, load, ndjson, opened
from invented import NHS, nhs, told
from postgres import emptied, postgres  # noqa: F401

from gateway.problems import Refused
from gateway.service import Gateway
from gateway.store.base import Child

ANN, BOB = {"reason": "spoke to the school", "author": "ann"}, {"reason": "looked it up", "author": "bob"}
UPN = "https://fhirgate.example/Id/upn"


@pytest.fixture(params=["sqlite", "postgres"])
def gate(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Gateway]:
    top = ""
    if request.param == "postgres":
        top = f'database = "{request.getfixturevalue("postgres")()}"\n'
    gateway = opened(tmp_path, top=top)
    yield gateway
    gateway.close()


def person(id: str, number: str = "", given: str = "Ola", born: str = "2012-03-04", **more: object) -> dict:
    made: dict = {"resourceType": "Patient", "id": id, "birthDate": born}
    made["name"] = [{"family": "Nordmann", "given": [given]}]
    if number:
        made["identifier"] = [{"system": NHS, "value": number}]
    return made | more


def height(id: str, about: str) -> dict:
    return {
        "resourceType": "Observation",
        "id": id,
        "status": "final",
        "code": {"text": "height"},
        "subject": {"reference": f"Patient/{about}"},
    }


def known(gate: Gateway, feed: str, local: str) -> Child:
    child = child_of(gate, feed, local)
    assert child is not None
    return child


def code(act: Callable[[], object]) -> str:
    with pytest.raises(Refused) as refused:
        act()
    return refused.value.problems[0].kind.code


@pytest.fixture
def two(gate: Gateway) -> tuple[Child, Child]:
    """Two children of two records each, with something about them."""
    load(gate, "clinic", ndjson(person("a1", nhs(1)), person("b1", nhs(2), "Kari", "2013-05-06")))
    school = [person("a2", nhs(1)), height("h1", "a2"), person("b2", nhs(2), "Kari", "2013-05-06")]
    load(gate, "school", ndjson(*school))
    first, second = known(gate, "clinic", "a1"), known(gate, "clinic", "b1")
    assert known(gate, "school", "a2") == first and known(gate, "school", "b2") == second
    return first, second


def merged(gate: Gateway, child: Child, into: Child) -> None:
    assert not gate.lives.merge(child, into, **ANN)
    assert gate.lives.merge(child, into, **BOB)


def test_two_children_become_one_and_two_again(gate: Gateway, two: tuple[Child, Child]) -> None:
    first, second = two
    before = list(gate.store.dump())

    merged(gate, first, second)

    (observation,) = found(gate, "Observation?")
    assert observation["subject"]["reference"] == f"Patient/{second.id}"
    (left,) = found(gate, f"Patient?identifier=CCI|{first.cci}")
    assert (left["id"], left["active"]) == (first.id, False)
    assert left["link"] == [{"other": {"reference": f"Patient/{second.id}"}, "type": "replaced-by"}]
    assert "name" not in left and "birthDate" not in left
    (stays,) = found(gate, f"Patient?identifier=CCI|{second.cci}")
    assert stays["link"] == [{"other": {"reference": f"Patient/{first.id}"}, "type": "replaces"}]
    assert {one["id"] for one in found(gate, "Patient?family=Nordmann")} == {second.id}

    gate.lives.unmerge(first, **ANN)

    assert list(gate.store.dump()) == before


def test_it_takes_two_persons_to_merge_two_children(gate: Gateway, two: tuple[Child, Child]) -> None:
    first, second = two
    before = list(gate.store.dump())

    assert not gate.lives.merge(first, second, **ANN)
    assert not gate.lives.merge(first, second, **ANN)

    assert list(gate.store.dump()) == before
    assert gate.lives.merge(first, second, **BOB)
    (event,) = [one for one in gate.store.life(child=first.number, what="merged") if one.stands]
    assert (event.author, event.second) == ("bob", "ann")


def test_one_person_does_not_merge_two_children_piece_by_piece(
    gate: Gateway, two: tuple[Child, Child]
) -> None:
    first, second = two
    part = gate.lives.split(first, [("school", "a2")], **ANN)

    assert not gate.lives.merge(part, second, **ANN)
    assert not gate.lives.merge(first, second, **ANN)
    gate.lives.unsplit(part, **ANN)
    apart = gate.take_apart(gate.feed("school"), "a2", **ANN)
    assert not gate.lives.merge(apart, second, **ANN)
    assert not gate.lives.merge(first, second, **ANN)


def test_what_cannot_be_merged_stays_as_it_is(gate: Gateway, two: tuple[Child, Child]) -> None:
    first, second = two
    load(gate, "council", ndjson(person("c1", "", "Jan", "2014-07-08")))
    third = known(gate, "council", "c1")
    merged(gate, first, second)
    before = list(gate.store.dump())

    assert code(lambda: gate.lives.merge(second, second, **ANN)) == "life.itself"
    assert code(lambda: gate.lives.merge(first, third, **ANN)) == "life.not-active"
    assert code(lambda: gate.lives.merge(third, first, **ANN)) == "life.not-active"
    assert code(lambda: gate.lives.unmerge(third, **ANN)) == "life.not-merged"
    gate.lives.unmerge(first, **ANN)
    assert code(lambda: gate.lives.unmerge(first, **ANN)) == "life.not-merged"
    assert not gate.lives.merge(first, second, **ANN)
    assert list(gate.store.dump()) != before
    assert gate.lives.merge(third, second, **ANN), "a lone record's child takes one person"


def test_of_two_merges_in_a_row_the_later_is_taken_back_first(
    gate: Gateway, two: tuple[Child, Child]
) -> None:
    first, second = two
    load(gate, "council", ndjson(person("c1", "", "Jan", "2014-07-08")))
    third = known(gate, "council", "c1")
    before = list(gate.store.dump())
    merged(gate, first, second)
    between = list(gate.store.dump())
    merged(gate, second, third)

    assert code(lambda: gate.lives.unmerge(first, **ANN)) == "life.into-gone"
    gate.lives.unmerge(second, **ANN)
    assert list(gate.store.dump()) == between
    gate.lives.unmerge(first, **ANN)
    assert list(gate.store.dump()) == before


def test_a_record_that_came_to_the_merged_child_is_decided_anew(
    gate: Gateway, two: tuple[Child, Child]
) -> None:
    first, second = two
    merged(gate, first, second)
    load(gate, "council", ndjson(person("c1", nhs(1)), person("c2", nhs(2), "Kari", "2013-05-06")))
    assert known(gate, "council", "c1").cci == known(gate, "council", "c2").cci == second.cci

    gate.lives.unmerge(first, **ANN)

    assert known(gate, "council", "c1").cci == first.cci, "its number is the first one's"
    assert known(gate, "council", "c2").cci == second.cci


def test_a_split_gives_some_records_a_child_of_their_own_and_back(
    gate: Gateway, two: tuple[Child, Child]
) -> None:
    first, _ = two
    before = list(gate.store.dump())

    part = gate.lives.split(first, [("school", "a2")], **ANN)

    assert part.cci != first.cci and known(gate, "school", "a2").cci == part.cci
    (observation,) = found(gate, "Observation?")
    assert observation["subject"]["reference"] == f"Patient/{part.id}"
    assert code(lambda: gate.lives.split(part, [("school", "a2")], **ANN)) == "life.nothing-left"
    gate.lives.unsplit(part, **ANN)
    assert list(gate.store.dump()) == before


def test_twins_are_told_apart_once_and_stay_so(gate: Gateway) -> None:
    home = {"address": [{"postalCode": "ZZ13 4DD"}]}
    load(gate, "school", ndjson(person("t1", "", "Ava-Mae", "2013-09-10", **home)))
    load(gate, "school", ndjson(person("t2", "", "Ava-Rae", "2013-09-10", **home)))
    mae, rae = known(gate, "school", "t1"), known(gate, "school", "t2")
    assert mae.cci != rae.cci and gate.store.reviews()

    gate.lives.tell_apart(mae, rae, **ANN)

    assert gate.store.reviews() == []
    load(gate, "school", ndjson(person("t2", "", "Ava-Rae", "2013-09-10", **home, gender="female")))
    assert gate.store.reviews() == [], "nobody is asked again"
    assert code(lambda: gate.lives.merge(mae, rae, **ANN)) == "life.distinct"
    assert code(lambda: gate.lives.tell_apart(rae, mae, **ANN)) == "life.known"
    gate.lives.not_apart(rae, mae)
    assert gate.store.reviews()


def test_a_sealed_child_is_gone_for_all_and_its_records_stay_with_their_feeds(
    gate: Gateway, two: tuple[Child, Child]
) -> None:
    first, second = two
    before = list(gate.store.dump())

    number = gate.lives.seal(first, **ANN)

    assert {one["id"] for one in found(gate, "Patient?")} == {second.id}
    assert found(gate, "Observation?") == []
    assert gate.store.read("", "Patient", first.id) is None
    assert gate.store.child(id=first.id) is None and gate.store.child(cci=first.cci) is None
    assert code(lambda: gate.child(first.cci)) == "service.unknown-child"
    assert {one["id"] for one in found(gate, "Patient?", "school")} == {"a2", "b2"}
    assert len(found(gate, "Observation?", "school")) == 1

    # what is told of the old life afterwards stays in it, and somebody who is like it is somebody new
    load(gate, "school", ndjson(person("a2", nhs(1), gender="male")))
    load(gate, "council", ndjson(person("new", nhs(1))))
    assert child_of(gate, "school", "a2") is None
    fresh = known(gate, "council", "new")
    assert fresh.cci != first.cci and gate.store.reviews() == []
    assert {one["id"] for one in found(gate, f"Patient?identifier={NHS}|{nhs(1)}")} == {fresh.id}

    gate.loader.undo(gate.store.loads()[-1].number)
    gate.loader.undo(gate.store.loads()[-2].number)
    assert gate.lives.unseal(number, **ANN) is None
    assert gate.lives.unseal(number, **ANN) is None, "one person is not enough, however often"
    back = gate.lives.unseal(number, **BOB)
    assert back is not None and back.cci == first.cci
    assert list(gate.store.dump()) == before


def test_what_was_merged_into_a_sealed_child_is_sealed_with_it(
    gate: Gateway, two: tuple[Child, Child]
) -> None:
    first, second = two
    merged(gate, first, second)
    before = list(gate.store.dump())

    number = gate.lives.seal(second, **ANN)

    assert found(gate, "Patient?") == []
    assert gate.store.child(cci=first.cci) is None
    assert [(event.child, persons) for event, persons in gate.lives.seals()] == [(second.number, 1)]
    assert gate.lives.confirm(number, **BOB) == 2
    assert code(lambda: gate.lives.confirm(number, **BOB)) == "life.known"
    gate.lives.unseal(number, **ANN)
    gate.lives.unseal(number, **BOB)
    assert list(gate.store.dump()) == before
    assert code(lambda: gate.lives.unseal(number, **ANN)) == "life.not-sealed"


def test_whatever_is_done_and_taken_back_in_any_order_leaves_no_trace(gate: Gateway) -> None:
    random = Random(7)
    for feed in FEEDS * 2:
        load(gate, feed, ndjson(*told(feed, random)))
    for _ in range(12):
        _done_and_taken_back(gate, random, 3)
        load(gate, random.choice(FEEDS), ndjson(*told(random.choice(FEEDS), random)))


def _done_and_taken_back(gate: Gateway, random: Random, deep: int) -> None:
    before = list(gate.store.dump())
    numbers = list(range(1, gate.store.counts()["children"] + 40))
    active = [one for one in gate.store.children(numbers).values() if one.state == "active" and one.composed]
    undo = _something(gate, random, active)
    if deep:
        _done_and_taken_back(gate, random, deep - 1)
    undo()
    assert list(gate.store.dump()) == before


def _something(gate: Gateway, random: Random, active: list[Child]) -> Callable[[], object]:
    """Do one of the things that can be done, and give what takes it back."""
    one, other = random.sample(active, 2)
    try:
        match random.randrange(4):
            case 0:
                if not gate.lives.merge(one, other, **ANN):
                    gate.lives.merge(one, other, **BOB)
                return lambda: gate.lives.unmerge(one, **ANN)
            case 1:
                records = gate.store.records_of([one.number])[one.number]
                leaving = [(record.feed, record.local) for record in records[: len(records) // 2]]
                part = gate.lives.split(one, leaving, **ANN)
                return lambda: gate.lives.unsplit(part, **ANN)
            case 2:
                gate.lives.tell_apart(one, other, **ANN)
                return lambda: gate.lives.not_apart(one, other)
            case _:
                number = gate.lives.seal(one, **ANN)
                return lambda: (gate.lives.unseal(number, **ANN), gate.lives.unseal(number, **BOB))
    except Refused:
        return lambda: None
