"""Whatever happened, taking it back leaves every resource, link, key and entry as it was, byte for byte."""

import os
import time
from collections.abc import Callable
from random import Random

from gates import BASE, FEEDS, child_of, load, ndjson
from holding import hold
from invented import CHILDREN, Resource, observation, patient, told, upn

from gateway.problems import Refused
from gateway.service import Gateway

SECONDS = float(os.environ.get("FUZZ_SECONDS", "12"))
SEED = int(os.environ["FUZZ_SEED"]) if "FUZZ_SEED" in os.environ else 20260


def test_a_load_taken_back_and_a_decision_taken_back_leave_no_trace(
    gates: Callable[[str], Gateway],
) -> None:
    until = time.monotonic() + SECONDS
    run = 0
    while time.monotonic() < until or run < 3:
        random = Random(SEED + run)
        gateway = gates(f"undo-{run}")
        for step in range(40):
            _step(gateway, random, f"FUZZ_SEED={SEED + run} step {step}")
            if time.monotonic() > until and run >= 3:
                break
        run += 1


def _step(gateway: Gateway, random: Random, where: str) -> None:
    feed = random.choice(FEEDS)
    what = random.random()
    if what < 0.30:
        _load_and_take_back(gateway, random, feed, where)
    elif what < 0.55:
        load(gateway, feed, ndjson(*told(feed, random)))
    elif what < 0.70:
        _write(gateway, random, feed)
    elif what < 0.78:
        type_, id_ = random.choice([("Patient", "p"), ("Observation", "o")])
        truth = random.randrange(len(CHILDREN))
        gateway.delete(gateway.feed(feed), type_, f"{id_}{truth}" + ("" if id_ == "p" else "-0"))
    elif what < 0.90:
        _decide_and_take_back(gateway, random, where)
    else:
        _undo_any(gateway, random)
    hold(gateway, where)


def _load_and_take_back(gateway: Gateway, random: Random, feed: str, where: str) -> None:
    before = list(gateway.store.dump())
    report = load(gateway, feed, ndjson(*told(feed, random)))
    hold(gateway, where)
    if random.random() < 0.3:
        _decide_something(gateway, random, report.number)
    gateway.loader.undo(report.number)
    assert list(gateway.store.dump()) == before, where


def _write(gateway: Gateway, random: Random, feed: str) -> None:
    truth = random.randrange(len(CHILDREN))
    sent = random.choice([patient(truth, random, feed), observation(truth, 0, random)])
    gateway.write(gateway.feed(feed), sent["resourceType"], sent["id"], sent)


def _decide_and_take_back(gateway: Gateway, random: Random, where: str) -> None:
    before = list(gateway.store.dump())
    kept = random.random() < 0.3
    entries = gateway.store.reviews()
    if entries and random.random() < 0.7:
        entry = random.choice(entries)
        same = random.random() < 0.6
        if not gateway.decide(entry.number, same=same, reason="looked", author="ann"):
            assert gateway.decide(entry.number, same=same, reason="looked", author="bob")
        hold(gateway, where)
        if not kept:
            gateway.take_back(entry.number, author="ann")
            assert list(gateway.store.dump()) == before, where
        return
    feed, local = random.choice(FEEDS), f"p{random.randrange(len(CHILDREN))}"
    if child_of(gateway, feed, local) is None:
        return
    gateway.take_apart(gateway.feed(feed), local, reason="looked", author="ann")
    hold(gateway, where)
    if not kept:
        gateway.put_back(gateway.feed(feed), local, author="ann")
        assert list(gateway.store.dump()) == before, where


def _decide_something(gateway: Gateway, random: Random, load_: int) -> None:
    """Decide an entry that a load raised."""
    for entry in gateway.store.reviews():
        if entry.load == load_:
            gateway.decide(entry.number, same=random.random() < 0.7, reason="looked", author="ann")
            return


def _undo_any(gateway: Gateway, random: Random) -> None:
    numbers = [one.number for one in gateway.store.loads() if one.state == "finished"]
    if numbers:
        gateway.loader.undo(random.choice(numbers))


def test_loads_taken_back_in_any_order_leave_what_was_there_before_them(
    gates: Callable[[str], Gateway],
) -> None:
    for seed in range(4):
        random = Random(seed)
        gateway = gates(f"any-{seed}")
        load(gateway, "school", ndjson(*told("school", random)))
        before = list(gateway.store.dump())
        numbers = [load(gateway, feed, ndjson(*told(feed, random))).number for feed in FEEDS * 3]
        random.shuffle(numbers)

        for number in numbers:
            gateway.loader.undo(number)
            hold(gateway, f"seed {seed}")

        assert list(gateway.store.dump()) == before, seed


def test_the_same_file_again_makes_no_version_and_changes_nothing(gate: Gateway) -> None:
    random = Random(7)
    files = {feed: ndjson(*told(feed, random)) for feed in FEEDS}
    first = {feed: load(gate, feed, file) for feed, file in files.items()}
    before, versions = list(gate.store.dump()), gate.store.counts()["versions"]

    for feed, file in files.items():
        again = load(gate, feed, file)
        assert (again.created, again.updated, again.unchanged) == (0, 0, again.kept)
        assert again.kept == first[feed].kept

    assert (list(gate.store.dump()), gate.store.counts()["versions"]) == (before, versions)


def test_the_same_file_taken_back_and_loaded_again_gives_the_children_their_numbers_back(
    gate: Gateway,
) -> None:
    file = ndjson(*told("school", Random(3)))
    first = load(gate, "school", file)
    locals_ = [f"p{truth}" for truth in range(len(CHILDREN))]
    before = {local: child_of(gate, "school", local) for local in locals_}

    gate.loader.undo(first.number)
    load(gate, "school", file)

    assert {local: child_of(gate, "school", local) for local in locals_} == before


def test_a_decision_falls_with_the_load_that_raised_the_question(gate: Gateway) -> None:
    load(gate, "council", ndjson(_person("c1", upn(1))))
    before = gate.store.snapshot()
    second = load(gate, "school", ndjson(_person("p1", upn(2))))
    (entry,) = gate.store.reviews()
    gate.decide(entry.number, same=True, reason="asked the school", author="ann")
    assert child_of(gate, "school", "p1") == child_of(gate, "council", "c1") is not None

    gate.loader.undo(second.number)

    assert gate.store.snapshot() == before
    load(gate, "school", ndjson(_person("p1", upn(2))))
    assert [entry.reason for entry in gate.store.reviews()] == ["same-name-and-birth-date"]


def test_a_record_that_a_person_took_apart_stays_apart_when_its_file_is_loaded_again(gate: Gateway) -> None:
    number = {"system": "https://fhir.nhs.uk/Id/nhs-number", "value": "9990123012"}
    load(gate, "clinic", ndjson({**_person("k1"), "identifier": [number]}))
    second = load(gate, "school", ndjson({**_person("p1"), "identifier": [number]}))
    gate.take_apart(gate.feed("school"), "p1", reason="twins", author="ann")

    gate.loader.undo(second.number)
    load(gate, "school", ndjson({**_person("p1"), "identifier": [number]}))

    assert child_of(gate, "school", "p1") != child_of(gate, "clinic", "k1")


def _person(id_: str, number: str = "") -> Resource:
    """Ola, with a UPN: two of them are probably one child, and a person must look."""
    return {
        **({"identifier": [{"system": f"{BASE}/Id/upn", "value": number}]} if number else {}),
        "resourceType": "Patient",
        "id": id_,
        "birthDate": "2012-03-04",
        "name": [{"family": "Nordmann", "given": ["Ola"]}],
    }


def test_a_record_that_is_different_after_all_leaves_the_child_and_comes_back(gate: Gateway) -> None:
    """An entry about a record that no longer agrees with its own child is decided as different."""
    number = {"system": "https://fhir.nhs.uk/Id/nhs-number", "value": "9990123012"}
    load(gate, "clinic", ndjson({**_person("k1"), "identifier": [number]}))
    load(gate, "school", ndjson({**_person("p1"), "identifier": [number]}))
    assert child_of(gate, "school", "p1") == child_of(gate, "clinic", "k1")
    load(gate, "school", ndjson({**_person("p1"), "identifier": [number], "birthDate": "2009-01-31"}))
    before = gate.store.snapshot()
    (entry,) = gate.store.reviews()

    gate.decide(entry.number, same=False, reason="two children", author="ann")

    assert child_of(gate, "school", "p1") != child_of(gate, "clinic", "k1")
    assert gate.store.reviews() == []
    gate.take_back(entry.number, author="ann")
    assert gate.store.snapshot() == before


def test_an_entry_is_withdrawn_when_the_record_is_corrected_and_comes_back_with_the_mistake(
    gate: Gateway,
) -> None:
    number = {"system": "https://fhir.nhs.uk/Id/nhs-number", "value": "9990123012"}
    load(gate, "clinic", ndjson({**_person("k1"), "identifier": [number]}))
    load(gate, "school", ndjson({**_person("p1"), "identifier": [number]}))
    load(gate, "school", ndjson({**_person("p1"), "identifier": [number], "birthDate": "2009-01-31"}))
    before = gate.store.snapshot()

    corrected = load(gate, "school", ndjson({**_person("p1"), "identifier": [number]}))

    assert gate.store.reviews() == []
    gate.loader.undo(corrected.number)
    assert [entry.reason for entry in gate.store.reviews()] == ["no-longer-agrees"]
    assert gate.store.snapshot() == before


def test_taking_back_what_was_never_decided_is_refused(gate: Gateway) -> None:
    load(gate, "council", ndjson(_person("c1", upn(1))))
    load(gate, "school", ndjson(_person("p1", upn(2))))
    (entry,) = gate.store.reviews()

    assert _refusal(lambda: gate.take_back(entry.number, author="ann")) == "service.review-open"
    assert _refusal(lambda: gate.take_back(99, author="ann")) == "service.unknown-review"
    assert (
        _refusal(lambda: gate.put_back(gate.feed("school"), "p1", author="ann")) == "service.not-by-a-person"
    )
    assert (
        _refusal(lambda: gate.put_back(gate.feed("school"), "p9", author="ann")) == "service.unknown-record"
    )


def _refusal(act: Callable[[], object]) -> str:
    try:
        act()
    except Refused as refused:
        return refused.problems[0].kind.code
    return ""
