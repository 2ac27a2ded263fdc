"""Walks over pages while others write what they are sorted by; the ids are those of the REST checklist.

`make test` walks a few times over each order; RACE_ROUNDS=1000 walks more often.
"""

import os
import threading
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import count
from random import Random
from typing import Any
from uuid import uuid4

import pytest
from served import Caller, Served

SYSTEM = "https://clinic.example/number"
WALKS = max(2, int(os.environ.get("RACE_ROUNDS", "24")) // 12)
MANY, PAGE = 24, 5
BASES = ("feed/clinic", "fhir")
ORDERS = {
    "Observation": ("", "_sort=_lastUpdated", "_sort=-_lastUpdated", "_sort=date", "_sort=-value-quantity"),
    "Patient": (
        "_sort=family",
        "_sort=-family",
        "_sort=birthdate",
        "_sort=_lastUpdated",
        "_sort=-_lastUpdated",
    ),
}
CASES = [
    pytest.param(base, type, order, id=f"{base} {type} {order or 'newest first'}")
    for base in BASES
    for type, orders in ORDERS.items()
    for order in orders
]


@pytest.fixture(scope="module")
def clinic(served: Served) -> Caller:
    """The client of a health service, which tells of its own feed and asks on both bases."""
    return served.caller("clinic")


class Told:
    """Some children with an Observation each, and what changes where they lie in every order."""

    def __init__(self, caller: Caller) -> None:
        self.word = "".join(chr(ord("a") + int(digit, 16)) for digit in uuid4().hex[:12])
        for at in range(MANY):
            self.write(caller, "Patient", at, at)
            self.write(caller, "Observation", at, at)

    def write(self, caller: Caller, type: str, at: int, place: int) -> None:
        """Let the one with this number lie at a place of every order."""
        id = f"{self.word}-{at}"
        told: dict[str, Any] = {"resourceType": type, "id": id}
        if type == "Patient":
            # the number and the first day of life tell children apart, whatever they are called
            told["identifier"] = [{"system": SYSTEM, "value": id}]
            told["name"] = [
                {"family": f"{chr(ord('a') + place % 26)}{place}{self.word}", "given": [self.word]}
            ]
            told["birthDate"] = f"{2010 + place % 12}-{at % 12 + 1:02}-{at % 28 + 1:02}"
        else:
            told["meta"] = {"tag": [{"code": self.word}]}
            told["status"] = "final"
            told["code"] = {"text": "Height"}
            told["subject"] = {"reference": f"Patient/{self.word}-{at}"}
            told["effectiveDateTime"] = f"{2000 + place % 20}-03-{place % 28 + 1:02}"
            told["valueQuantity"] = {"value": place, "system": "http://unitsofmeasure.org", "code": "cm"}
        caller.tell("clinic", told)

    def question(self, type: str, order: str) -> str:
        """The question for all of a type."""
        which = f"given={self.word}" if type == "Patient" else f"_tag={self.word}"
        return f"{type}?{which}&{order}".rstrip("&")


@pytest.fixture(scope="module")
def told(clinic: Caller) -> Told:
    """What the walks are over."""
    return Told(clinic)


def pages(caller: Caller, address: str) -> Iterator[list[str]]:
    """The ids on each page; the next one is read when it is asked for."""
    while address:
        page = caller.get(address).json()
        yield [each["resource"]["id"] for each in page.get("entry", [])]
        assert "issue" not in page
        address = next((each["url"] for each in page["link"] if each["relation"] == "next"), "")


def everything(caller: Caller, address: str) -> set[str]:
    """The ids of all that is there now."""
    (ids,) = pages(caller, f"{address}&_count=400")
    assert len(ids) == MANY
    return set(ids)


@pytest.mark.parametrize(("base", "type", "order"), CASES)
def test_Q3_what_moves_behind_or_before_the_page_is_met_once(
    clinic: Caller, told: Told, base: str, type: str, order: str
) -> None:
    address = f"{base}/{told.question(type, order)}"
    there = everything(clinic, address)
    random = Random(address)

    seen: list[str] = []
    for ids in pages(clinic, f"{address}&_count={PAGE}"):
        seen += ids
        # some that were shown go to the end of the order, some that were not come to its beginning, and back
        for at in random.sample(range(MANY), 6):
            told.write(clinic, type, at, random.choice((0, MANY)) + random.randrange(4))
        assert len(seen) <= MANY

    assert sorted(seen) == sorted(there)


@pytest.mark.parametrize(("base", "type", "order"), CASES)
def test_Q3_walks_while_others_write_what_they_are_sorted_by_meet_each_once(
    served: Served, clinic: Caller, told: Told, base: str, type: str, order: str
) -> None:
    address = f"{base}/{told.question(type, order)}"
    there = everything(clinic, address)
    over = threading.Event()

    def write(number: int) -> None:
        caller, random = served.caller("clinic"), Random(number)
        for round in count():
            if over.is_set():
                return
            # each writes its own, so that a Patient is not told by two at once
            at = (random.randrange(MANY // 2) * 2 + number) % MANY
            told.write(caller, type, at, random.randrange(MANY) + round % 2)

    with ThreadPoolExecutor(2) as pool:
        writers = [pool.submit(write, number) for number in range(2)]
        try:
            walks = [
                [id for ids in pages(clinic, f"{address}&_count={PAGE}") for id in ids] for _ in range(WALKS)
            ]
        finally:
            over.set()
        for writer in writers:
            writer.result()

    for walked in walks:
        assert {id: times for id, times in Counter(walked).items() if times > 1} == {}
        assert there - set(walked) == set()


@pytest.mark.parametrize("base", BASES)
def test_Q3_a_page_that_is_asked_for_again_is_the_same_page(clinic: Caller, told: Told, base: str) -> None:
    def read(address: str) -> tuple[list[str], str]:
        page = clinic.get(address).json()
        ids = [each["resource"]["id"] for each in page["entry"]]
        return ids, next((each["url"] for each in page["link"] if each["relation"] == "next"), "")

    address = f"{base}/{told.question('Patient', '_sort=-_lastUpdated')}&_count={PAGE}"
    first, second = read(address)
    for at in range(0, MANY, 2):
        told.write(clinic, "Patient", at, at)
    ids, third = read(second)
    further, _ = read(third)

    assert read(second)[0] == ids
    assert read(third)[0] == further
    assert not set(first) & set(ids)
    assert not set(ids) & set(further)


def test_Q3_who_goes_back_and_on_again_meets_what_is_shown_then(clinic: Caller, told: Told) -> None:
    """As a program does that reads ahead, falls over, and begins again at the link it wrote down."""
    address = f"feed/clinic/{told.question('Observation', '_sort=value-quantity')}"
    for at in range(MANY):
        told.write(clinic, "Observation", at, at)
    page = clinic.get(f"{address}&_count={PAGE}").json()
    first = [each["resource"]["id"] for each in page["entry"]]
    second = next(each["url"] for each in page["link"] if each["relation"] == "next")

    ahead = [id for ids in pages(clinic, second) for id in ids]
    # those of the second page go to the end, before anybody is told what was on it
    for at in range(PAGE, 2 * PAGE):
        told.write(clinic, "Observation", at, MANY + at)
    again = [id for ids in pages(clinic, second) for id in ids]

    everyone = {f"{told.word}-{at}" for at in range(MANY)}
    for walked in (ahead, again):
        assert len(walked) == MANY - PAGE
        assert {*first, *walked} == everyone


def test_Q3_the_walk_over_several_types_meets_each_once(clinic: Caller, told: Told) -> None:
    address = (
        f"feed/clinic?_type=Observation,Patient&_id={','.join(f'{told.word}-{at}' for at in range(MANY))}"
    )
    seen: list[str] = []
    types: list[str] = []
    address += f"&_sort=-_lastUpdated&_count={PAGE}"
    turn = 0
    while address:
        page = clinic.get(address).json()
        seen += [each["fullUrl"].rsplit("/", 2)[-1] for each in page["entry"]]
        types += [each["resource"]["resourceType"] for each in page["entry"]]
        for at in range(turn % 5, MANY, 5):
            told.write(clinic, ("Patient", "Observation")[turn % 2], at, MANY - at)
        turn += 1
        address = next((each["url"] for each in page["link"] if each["relation"] == "next"), "")

    met = Counter(zip(types, seen, strict=True))
    assert met == {(type, f"{told.word}-{at}"): 1 for type in ORDERS for at in range(MANY)}
