"""What persons said of children holds when a load is taken back and its file comes again."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from gates import BASE, child_of, load, ndjson, opened
from invented import NHS, nhs, upn
from postgres import emptied, postgres  # noqa: F401

from gateway.service import Gateway
from gateway.store.base import Child

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


def told(gate: Gateway, feed: str, *patients: dict[str, Any]) -> int:
    return load(gate, feed, ndjson(*patients)).number


def of(gate: Gateway, name: str) -> Child:
    """The child of a record, which is named as `feed/id`."""
    found = child_of(gate, *name.split("/"))
    assert found is not None
    return found


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
