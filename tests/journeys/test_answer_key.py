"""The samples, loaded in every order, against the answer key: no wrong join, and every miss named."""

import csv
import json
from collections.abc import Iterable
from itertools import permutations

import pytest
from gates import BASE, SAMPLES, child_of, load, opened

from gateway.demo import DATA
from gateway.service import Gateway

#: Folder of the answer key, feed, mapping, what is loaded, and the identifier systems that name its records.
FILES = {
    "ctf": ("school", "ctf", SAMPLES / "ctf/2019002_CTF_2019001_001.xml", ("upn",)),
    "ssda903": ("council", "ssda903", SAMPLES / "ssda903", ("la-child-id/201",)),
    "dfe-csc-api": (
        "social-care",
        "csc-api",
        SAMPLES / "dfe-csc-api/children_201.json",
        ("la-child-id/201",),
    ),
}
MORE = """
[feeds.social-care]
organisation = "Anytown Council, social care"
sector = "local-authority"
set = {la = "201"}

[feeds.trace]
organisation = "Traced numbers"
sector = "local-authority"
verified = true
"""
Link = tuple[str, str]
Ordered = tuple[tuple[str, ...], Gateway]


@pytest.fixture(scope="module")
def key() -> dict[Link, str]:
    """From the files we read and their records to the child they are about."""
    with (SAMPLES / "expected-links.csv").open(encoding="utf-8") as file:
        rows = [
            (row["file"].partition("/")[0], row["record_id"], row["child"]) for row in csv.DictReader(file)
        ]
    return {(folder, record.lstrip("0")): child for folder, record, child in rows if folder in FILES}


def links(gateway: Gateway, key: dict[Link, str]) -> dict[Link, int]:
    """The child of each record of the answer key, found by the numbers in the Patients."""
    found = {}
    for rec, row in gateway.store.patients(range(1, gateway.store.counts()["records"] + 40)).items():
        record = gateway.store.records([rec])[rec]
        folder = next((name for name, (feed, *_) in FILES.items() if feed == record.feed), "")
        for system in FILES[folder][3] if folder else ():
            value = _identifier(row.body, f"{BASE}/Id/{system}")
            assert record.child is not None
            found[folder, value] = record.child
    assert set(found) == set(key)
    return found


def _identifier(body: bytes, system: str) -> str:
    identifiers = json.loads(body.translate(None, b"\x00\x01"))["identifier"]
    return next(one["value"] for one in identifiers if one["system"] == system and one.get("use") != "old")


ORDERS = list(permutations(FILES))


@pytest.fixture(scope="module", params=ORDERS, ids=["-".join(order) for order in ORDERS])
def ordered(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterable[Ordered]:
    """A gateway that loaded the three files in one of the orders."""
    gateway = opened(tmp_path_factory.mktemp("key"), MORE)
    for name in request.param:
        feed, mapping, given, _ = FILES[name]
        report = load(gateway, feed, given, mapping)
        assert report.set_aside == 0
    yield request.param, gateway
    gateway.close()


def test_no_two_children_are_joined(ordered: Ordered, key: dict[Link, str]) -> None:
    _, gateway = ordered
    by_child: dict[int, set[str]] = {}
    for record, child in links(gateway, key).items():
        by_child.setdefault(child, set()).add(key[record])

    assert all(len(truths) == 1 for truths in by_child.values()), by_child


#: Where one child of the key is two: the records that stand apart from the school's, the reason of the entry
#: that waits for a person, and why no rule may join them.
C2 = (
    {("ssda903", "9871"), ("dfe-csc-api", "9871")},
    "former-upn",
    "the school has a temporary UPN only, and who names the child is linked to the council already",
)
C3 = (
    {("ssda903", "10655")},
    "upn-check-letter",
    "the return's UPN has a wrong check letter; what bridges it comes only when two children exist",
)
MISSES: dict[tuple[str, ...], dict[str, tuple[set[Link], str, str]]] = {order: {} for order in ORDERS}
for late in (("ctf", "ssda903", "dfe-csc-api"), ("ssda903", "ctf", "dfe-csc-api")):
    MISSES[late] |= {"C2": C2, "C3": C3}


def test_every_miss_is_named_and_waits_for_a_person(ordered: Ordered, key: dict[Link, str]) -> None:
    order, gateway = ordered
    found = links(gateway, key)
    split = {truth for truth in key.values() if len(_children(found, key, truth)) > 1}

    assert split == set(MISSES[order])
    for truth, (apart, reason, why) in MISSES[order].items():
        together = {child for record, child in found.items() if key[record] == truth and record not in apart}
        assert {found[record] for record in apart}.isdisjoint(together) and len(together) == 1, why
        assert (reason, _children(found, key, truth)) in _waiting(gateway), why


def test_the_twins_wait_for_a_person_and_for_nobody_else(ordered: Ordered, key: dict[Link, str]) -> None:
    order, gateway = ordered
    found = links(gateway, key)
    twins = frozenset(_children(found, key, "C4") | _children(found, key, "C5"))

    misses = {(reason, _children(found, key, truth)) for truth, (_, reason, _) in MISSES[order].items()}

    assert _waiting(gateway) == {*misses, ("perhaps-twins", twins)}


def test_the_traced_numbers_go_to_the_children_they_were_traced_for(
    ordered: Ordered, key: dict[Link, str]
) -> None:
    _, gateway = ordered
    report = load(gateway, "trace", DATA / "trace.ndjson")
    found = links(gateway, key)
    traced = {f"C{number}": child_of(gateway, "trace", f"t{number}") for number in range(1, 6)}

    for truth, child in traced.items():
        assert child is not None
        assert child.number in _children(found, key, truth)
    assert report.set_aside == 0
    gateway.loader.undo(report.number)


def test_a_person_who_decides_the_misses_reaches_the_key(ordered: Ordered, key: dict[Link, str]) -> None:
    _, gateway = ordered
    before = list(gateway.store.dump())
    entries = [entry for entry in gateway.store.reviews() if entry.reason != "perhaps-twins"]

    for entry in entries:
        if entry.number in {waiting.number for waiting in gateway.store.reviews()}:
            gateway.decide(entry.number, same=True, reason="looked it up", author="ann")

    found = links(gateway, key)
    assert {truth for truth in key.values() if len(_children(found, key, truth)) > 1} == set()
    for entry in reversed(entries):
        # one decision may have answered several entries
        if entry.number not in {waiting.number for waiting in gateway.store.reviews()}:
            gateway.take_back(entry.number, author="ann")
    assert list(gateway.store.dump()) == before


def _children(found: dict[Link, int], key: dict[Link, str], truth: str) -> frozenset[int]:
    return frozenset(child for record, child in found.items() if key[record] == truth)


def _waiting(gateway: Gateway) -> set[tuple[str, frozenset[int]]]:
    """The open entries: reason, and the children of the two records."""
    waiting = set()
    for entry in gateway.store.reviews():
        assert entry.other is not None
        records = gateway.store.records([entry.rec, entry.other])
        children = frozenset(record.child for record in records.values() if record.child is not None)
        waiting.add((entry.reason, children))
    return waiting
