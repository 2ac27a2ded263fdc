"""Decisions that cannot be: of three, of who is not there, by two at one moment. Refused, and no change."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Barrier
from typing import Any

import pytest
from deciders import Client, deciding
from gates import child_of, load, ndjson
from invented import NHS, nhs
from postgres import emptied, postgres  # noqa: F401

from gateway.problems import Refused
from gateway.service import Gateway
from gateway.web.site import Site

ANN, BOB = {"reason": "spoke to the school", "author": "ann"}, {"reason": "looked it up", "author": "bob"}


@pytest.fixture(params=["sqlite", "postgres"])
def site(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Site]:
    top = ""
    if request.param == "postgres":
        top = f'database = "{request.getfixturevalue("postgres")()}"\n'
    with deciding(tmp_path, top) as made:
        yield made


def person(id: str, given: str, number: str) -> dict[str, Any]:
    made: dict[str, Any] = {"resourceType": "Patient", "id": id, "birthDate": "2012-03-04"}
    made["name"] = [{"family": "Nordmann", "given": [given]}]
    return made | {"identifier": [{"system": NHS, "value": number}]}


@pytest.fixture
def gate(site: Site) -> Gateway:
    """Three children of two records each; of two of them somebody must say whether they are one."""
    gateway = site.door.gateway
    load(gateway, "clinic", ndjson(*(person(f"c{n}", "Ola", nhs(n)) for n in (1, 2))))
    load(gateway, "school", ndjson(*(person(f"s{n}", "Ola", nhs(n)) for n in (1, 2))))
    load(gateway, "council", ndjson(person("l3", "Kari", nhs(3))))
    load(gateway, "clinic", ndjson(person("c3", "Kari", nhs(3))))
    return gateway


def at_once(*acts: Callable[[], Any]) -> list[Any]:
    """What each of several comes to that begin at the same moment: its answer, or the code of its problem."""
    start = Barrier(len(acts))

    def run(act: Callable[[], Any]) -> Any:
        start.wait()
        try:
            return act()
        except Refused as refused:
            return refused.problems[0].kind.code

    with ThreadPoolExecutor(len(acts)) as pool:
        return list(pool.map(run, acts))


def code(answer: Any) -> str:
    return str(answer.json["issue"][0]["details"]["coding"][0]["code"])


def ids(gate: Gateway) -> list[str]:
    children = [child_of(gate, "clinic", f"c{n}") for n in (1, 2, 3)]
    return [child.id for child in children if child is not None]


def test_three_are_not_merged_in_one_go(site: Site, gate: Gateway) -> None:
    registrar, before = Client(site, "registrar"), list(gate.store.dump())
    one, two, three = ({"reference": f"Patient/{id}"} for id in ids(gate))
    body = [
        {"name": "source-patient", "valueReference": one},
        {"name": "source-patient", "valueReference": two},
        {"name": "target-patient", "valueReference": three},
        *({"name": name, "valueString": "x"} for name in ("author", "reason")),
    ]
    numbers = [
        {"name": "source-patient-identifier", "valueIdentifier": {"system": NHS, "value": nhs(n)}}
        for n in (1, 2)
    ]

    twice = registrar.ask("POST", "/fhir/Patient/$merge", {"resourceType": "Parameters", "parameter": body})
    both = registrar.ask(
        "POST", "/fhir/Patient/$merge", {"resourceType": "Parameters", "parameter": [*numbers, *body[2:]]}
    )

    assert (code(twice), code(both)) == ("operation.twice", "operation.one-child")
    assert list(gate.store.dump()) == before


def test_a_sealed_child_is_merged_no_more_than_one_who_never_was(site: Site, gate: Gateway) -> None:
    registrar = Client(site, "registrar")
    one, two, _ = ids(gate)
    sealed = gate.store.child(id=one)
    assert sealed is not None
    number = gate.lives.seal(sealed, **ANN)
    before = list(gate.store.dump())

    def merged(id: str) -> Any:
        refs = [{"reference": f"Patient/{each}"} for each in (id, two)]
        answer = registrar.does("/fhir/Patient/$merge", source_patient=refs[0], target_patient=refs[1])
        return answer.status_code, answer.json["issue"]

    assert merged(one) == merged("a" * 26)
    assert gate.lives.unseal(number, **ANN) is None, "by one person it waits"
    assert gate.lives.unseal(number, **ANN) is None
    assert list(gate.store.dump()) == before


def test_of_two_who_decide_one_question_at_the_same_moment_one_is_told_that_it_was_decided(
    gate: Gateway,
) -> None:
    load(gate, "school", ndjson(person("s4", "Kari", nhs(4))))
    entry = next(one for one in gate.store.reviews() if gate.store.records([one.rec])[one.rec].local == "s4")

    came = at_once(
        lambda: gate.decide(entry.number, same=True, **ANN),
        lambda: gate.decide(entry.number, same=False, **BOB),
    )

    assert sorted(map(str, came)) == ["True", "service.review-decided"]
    (closed,) = gate.store.reviews(state="", number=entry.number)
    joined = child_of(gate, "school", "s4") == child_of(gate, "clinic", "c3")
    assert joined is closed.state.startswith("merged-") is (came[0] is True)
    gate.take_back(entry.number, author="ann")
    assert entry.number in [one.number for one in gate.store.reviews()]


def test_two_persons_who_say_the_same_at_the_same_moment_are_two_persons(gate: Gateway) -> None:
    one, two, _ = (gate.store.child(id=id) for id in ids(gate))
    assert one is not None and two is not None
    before = list(gate.store.dump())

    came = at_once(lambda: gate.lives.merge(one, two, **ANN), lambda: gate.lives.merge(one, two, **BOB))

    assert sorted(came) == [False, True]
    gate.lives.unmerge(one, **ANN)
    assert list(gate.store.dump()) == before
    assert at_once(*([lambda: gate.lives.merge(one, two, **ANN)] * 4)) == [False] * 4


def test_of_two_who_take_one_merge_back_one_is_told_that_there_is_nothing_left(gate: Gateway) -> None:
    one, two, _ = (gate.store.child(id=id) for id in ids(gate))
    assert one is not None and two is not None
    before = list(gate.store.dump())
    assert [gate.lives.merge(one, two, **each) for each in (ANN, BOB)] == [False, True]

    came = at_once(lambda: gate.lives.unmerge(one, **ANN), lambda: gate.lives.unmerge(one, **BOB))

    assert sorted(map(str, came)) == ["None", "life.not-merged"]
    assert list(gate.store.dump()) == before
