"""What persons said of children holds when a load is taken back and its file comes again."""

import os
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from random import Random
from typing import Any

import pytest
from gates import BASE, FEEDS, child_of, load, ndjson, of, opened, told
from holding import hold
from invented import CHILDREN, NHS, nhs, upn
from invented import told as invented
from postgres import emptied, postgres  # noqa: F401

from gateway.problems import Refused
from gateway.service import Gateway
from gateway.store.base import Child

SECONDS = float(os.environ.get("FUZZ_SECONDS", "6"))
SEED = int(os.environ["FUZZ_SEED"]) if "FUZZ_SEED" in os.environ else 2026
ANN, BOB = {"reason": "asked the school", "author": "ann"}, {"reason": "looked it up", "author": "bob"}
UPN, CASE = f"{BASE}/Id/upn", f"{BASE}/Id/la-child-id/201"


@pytest.fixture(params=["sqlite", "postgres"])
def gate(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Gateway]:
    top = ""
    if request.param == "postgres":
        top = f'database = "{request.getfixturevalue("postgres")()}"\n'
    gateway = opened(tmp_path, top=top)
    yield gateway
    gateway.close()


def person(id: str, given: str, born: str, **more: str) -> dict[str, Any]:
    numbers = {NHS: more.pop("nhs", ""), UPN: more.pop("upn", ""), CASE: more.pop("case", "")}
    return {
        "resourceType": "Patient",
        "id": id,
        "birthDate": born,
        "name": [{"family": "Nordmann", "given": [given]}],
        "identifier": [{"system": system, "value": value} for system, value in numbers.items() if value],
    }


OLA = {"given": "Ola", "born": "2012-03-04"}
KARI = {"given": "Kari", "born": "2011-05-06"}


def merged(gate: Gateway, child: Child, into: Child) -> None:
    if not gate.lives.merge(child, into, **ANN):
        assert gate.lives.merge(child, into, **BOB)


@pytest.mark.parametrize("gone", ["child", "into"])
def test_a_merge_holds_while_both_sides_have_a_record(gate: Gateway, gone: str) -> None:
    first = told(gate, "school", person("a", **OLA, upn=upn(1)))
    told(gate, "council", person("a2", **OLA, upn=upn(1), case="7"))
    other = told(gate, "clinic", person("b", **KARI, nhs=nhs(2)))
    told(gate, "council", person("b2", **KARI, nhs=nhs(2), case="8"))
    one, two = of(gate, "school/a"), of(gate, "clinic/b")
    merged(gate, one, two)

    gate.loader.undo(first if gone == "child" else other)

    assert of(gate, "council/a2") == of(gate, "council/b2") == two
    assert gate.store.reviews() == []
    gate.lives.unmerge(one, **ANN)
    assert of(gate, "council/a2") == one and of(gate, "council/b2") == two


@pytest.mark.parametrize("gone", ["child", "into"])
def test_a_merge_falls_with_all_that_a_side_of_it_was(gate: Gateway, gone: str) -> None:
    files = {
        "child": ("school", person("a", **OLA, nhs=nhs(1))),
        "into": ("clinic", person("b", **KARI, nhs=nhs(2))),
    }
    stays = "into" if gone == "child" else "child"
    told(gate, *files[stays])
    before = list(gate.store.dump())
    number = told(gate, *files[gone])
    merged(gate, of(gate, "school/a"), of(gate, "clinic/b"))

    gate.loader.undo(number)

    assert list(gate.store.dump()) == before


@pytest.mark.parametrize("gone", ["a", "b", "c"])
def test_of_merges_in_a_row_any_load_can_be_taken_back(gate: Gateway, gone: str) -> None:
    who = {
        "a": ("school", person("a", **OLA, nhs=nhs(1))),
        "b": ("council", person("b", **KARI, nhs=nhs(2))),
        "c": ("clinic", person("c", given="Jan", born="2010-07-08", nhs=nhs(3))),
    }
    loads = {name: told(gate, *file) for name, file in who.items()}
    one, two, three = of(gate, "school/a"), of(gate, "council/b"), of(gate, "clinic/c")
    merged(gate, one, two)
    merged(gate, two, three)

    gate.loader.undo(loads.pop(gone))

    # without the one between them nobody said that the two others are one
    left = {of(gate, f"{who[name][0]}/{name}").number for name in loads}
    assert len(left) == (2 if gone == "b" else 1)
    for number in loads.values():
        gate.loader.undo(number)
    assert list(gate.store.dump()) == []


def test_who_was_split_off_stays_apart_when_what_founded_the_child_is_taken_back(gate: Gateway) -> None:
    first = told(gate, "school", person("a", **OLA, upn=upn(1), nhs=nhs(1)))
    told(gate, "council", person("k", **OLA, upn=upn(1), case="7"))
    told(gate, "clinic", person("m", **OLA, upn=upn(1)))
    part = gate.lives.split(of(gate, "school/a"), [("council", "k")], **ANN)

    gate.loader.undo(first)

    assert of(gate, "council/k") == part != of(gate, "clinic/m")


@pytest.mark.parametrize("again", ["part", "rest"])
def test_who_was_split_stays_so_when_the_file_of_either_comes_again(gate: Gateway, again: str) -> None:
    files = {
        "rest": ("school", person("a", **OLA, nhs=nhs(1)), person("a2", **OLA, nhs=nhs(1))),
        "part": ("council", person("k", **OLA, nhs=nhs(1), case="7")),
    }
    loads = {name: told(gate, *file) for name, file in files.items()}
    whole = of(gate, "school/a")
    part = gate.lives.split(whole, [("council", "k")], **ANN)

    told(gate, *files[again])
    assert (of(gate, "school/a"), of(gate, "council/k")) == (whole, part) and gate.store.reviews() == []
    gate.loader.undo(loads[again])
    told(gate, *files[again])

    # whom the number fits as well is asked, and nobody is joined
    assert (of(gate, "school/a"), of(gate, "school/a2"), of(gate, "council/k")) == (whole, whole, part)
    assert {entry.reason for entry in gate.store.reviews()} == {"fits-two-children"}


def test_a_twin_whose_file_comes_again_is_not_taken_for_the_other_one(gate: Gateway) -> None:
    first = told(gate, "school", person("mae", **OLA, upn=upn(1)))
    told(gate, "school", person("rae", **KARI, upn=upn(2)))
    gate.lives.tell_apart(of(gate, "school/mae"), of(gate, "school/rae"), **ANN)
    gate.loader.undo(first)

    # with the name, the birthday and the number of the other one by mistake
    told(gate, "school", person("mae", **KARI, upn=upn(2)))

    assert of(gate, "school/mae") != of(gate, "school/rae")


def test_a_load_can_be_taken_back_though_a_child_it_asked_about_was_merged_on(gate: Gateway) -> None:
    told(gate, "clinic", person("z", given="Jan", born="2010-07-08", nhs=nhs(3)))
    told(gate, "clinic", person("z2", given="Jan", born="2010-07-08", nhs=nhs(3)))
    told(gate, "council", person("a", **OLA, upn=upn(1)))
    asking = told(gate, "school", person("b", **OLA, upn=upn(2)))
    (entry,) = gate.store.reviews()
    assert gate.decide(entry.number, same=True, **ANN)
    merged(gate, of(gate, "council/a"), of(gate, "clinic/z"))

    gate.loader.undo(asking)

    assert of(gate, "council/a") == of(gate, "clinic/z") and child_of(gate, "school", "b") is None


def test_whatever_is_told_decided_and_taken_back_keys_links_patients_and_questions_follow(
    gates: Callable[[str], Gateway],
) -> None:
    until, run = time.monotonic() + SECONDS, 0
    while time.monotonic() < until or run < 2:
        random = Random(SEED + run)
        gateway = gates(f"orders-{run}")
        for step in range(45):
            where = f"FUZZ_SEED={SEED + run} step {step}"
            act = random.choices(list(ACTS), list(ACTS.values()))[0]
            if act is _undo_any:
                _undo_any(gateway, random)
            else:
                with suppress(Refused):
                    act(gateway, random)
            hold(gateway, where)
        run += 1


def _load_any(gateway: Gateway, random: Random) -> None:
    feed = random.choice(FEEDS)
    load(gateway, feed, ndjson(*invented(feed, random)))


def _undo_any(gateway: Gateway, random: Random) -> None:
    """No load is ever refused to be taken back."""
    if numbers := [one.number for one in gateway.store.loads() if one.state == "finished"]:
        gateway.loader.undo(random.choice(numbers))


def _delete_any(gateway: Gateway, random: Random) -> None:
    gateway.delete(gateway.feed(random.choice(FEEDS)), "Patient", f"p{random.randrange(len(CHILDREN))}")


def _merge_any(gateway: Gateway, random: Random) -> None:
    merged(gateway, *random.sample(_children(gateway, "active"), 2))


def _unmerge_any(gateway: Gateway, random: Random) -> None:
    if gone := _children(gateway, "merged"):
        gateway.lives.unmerge(random.choice(gone), **ANN)


def _split_any(gateway: Gateway, random: Random) -> None:
    child = random.choice(_children(gateway, "active"))
    records = gateway.store.records_of([child.number])[child.number]
    some = random.sample(records, random.randrange(1, len(records) + 1))
    gateway.lives.split(child, [(record.feed, record.local) for record in some], **ANN)


def _unsplit_any(gateway: Gateway, random: Random) -> None:
    if events := [one for one in gateway.store.life(what="split") if one.stands]:
        part = random.choice(events).other or 0
        gateway.lives.unsplit(gateway.store.children([part])[part], **ANN)


def _part_any(gateway: Gateway, random: Random) -> None:
    gateway.lives.tell_apart(*random.sample(_children(gateway, "active"), 2), **ANN)


def _decide_any(gateway: Gateway, random: Random) -> None:
    if entries := gateway.store.reviews():
        number, same = random.choice(entries).number, random.random() < 0.5
        if not gateway.decide(number, same=same, **ANN):
            assert gateway.decide(number, same=same, **BOB)
        if random.random() < 0.4:
            gateway.take_back(number, author="ann")


ACTS: dict[Callable[[Gateway, Random], None], float] = {
    _load_any: 0.35,
    _undo_any: 0.15,
    _delete_any: 0.08,
    _merge_any: 0.10,
    _unmerge_any: 0.06,
    _split_any: 0.08,
    _unsplit_any: 0.04,
    _part_any: 0.04,
    _decide_any: 0.10,
}


def _children(gateway: Gateway, state: str) -> list[Child]:
    """The children in a state; of one state there may be too few to do something with."""
    numbers = range(1, gateway.store.counts()["children"] + 80)
    found = [one for one in gateway.store.children(numbers).values() if one.composed and one.state == state]
    return found if len(found) > 1 or state != "active" else _told_of_two(gateway)


def _told_of_two(gateway: Gateway) -> list[Child]:
    told(gateway, "school", person("x", **OLA, nhs=nhs(90)))
    told(gateway, "clinic", person("y", **KARI, nhs=nhs(91)))
    return [of(gateway, "school/x"), of(gateway, "clinic/y")]
