"""A record with the numbers of two children: where it goes, and what a person who parted them has said."""

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import pytest
from gates import BASE, child_of, load, ndjson, opened
from postgres import emptied, postgres  # noqa: F401

from gateway.service import Gateway

ANN = {"reason": "spoke to the school", "author": "ann"}
UPN = {"system": f"{BASE}/Id/upn", "value": "F201900116001"}
CASE = {"system": f"{BASE}/Id/la-child-id/201", "value": "10234"}
MORE = """
[feeds.school-2]
organisation = "Mill Lane Test School"
sector = "education"

[feeds.social-care]
organisation = "Anytown Council, social care"
sector = "local-authority"
"""


def told(
    id: str, *numbers: dict[str, str], name: str = "", family: str = "Okafor", **more: Any
) -> dict[str, Any]:
    named = {"name": [{"family": family, "given": [name]}]} if name else {}
    numbered = {"identifier": list(numbers)} if numbers else {}
    return {"resourceType": "Patient", "id": id, "birthDate": "2012-03-04"} | numbered | named | more


@pytest.fixture(params=["sqlite", "postgres"])
def gate(request: pytest.FixtureRequest, tmp_path: Path) -> Iterable[Gateway]:
    top = ""
    if request.param == "postgres":
        top = f'database = "{request.getfixturevalue("postgres")()}"\n'
    gateway = opened(tmp_path, MORE, top)
    yield gateway
    gateway.close()


def number(gate: Gateway, feed: str, local: str) -> int:
    child = child_of(gate, feed, local)
    assert child is not None
    return child.number


def two(gate: Gateway) -> tuple[int, int]:
    """A child whom a school named, and one of whom the council has a case and no more."""
    load(gate, "school", ndjson(told("named", UPN, name="Amelia")))
    load(gate, "council", ndjson(told("nameless", CASE)))
    return number(gate, "school", "named"), number(gate, "council", "nameless")


def test_a_name_leads_to_the_named_child_and_a_case_to_the_case(gate: Gateway) -> None:
    named, nameless = two(gate)
    load(gate, "council", ndjson(told("return", UPN, CASE)))
    load(gate, "social-care", ndjson(told("care", UPN, CASE, name="Amelia")))

    assert number(gate, "council", "return") == nameless
    assert number(gate, "social-care", "care") == named
    (entry,) = gate.store.reviews()
    assert entry.reason == "fits-two-children"
    assert entry.sentence == "Same UPN and same date of birth. Another child fits as well."


def _different(gate: Gateway) -> None:
    gate.decide(gate.store.reviews()[0].number, same=False, **ANN)


def _distinct(gate: Gateway) -> None:
    one, other = child_of(gate, "school", "named"), child_of(gate, "council", "return")
    assert one and other
    gate.lives.tell_apart(one, other, **ANN)


def _split(gate: Gateway) -> None:
    gate.decide(gate.store.reviews()[0].number, same=True, **ANN)
    whole = child_of(gate, "school", "named")
    assert whole is not None
    gate.lives.split(whole, [("council", "nameless"), ("council", "return")], **ANN)


@pytest.mark.parametrize("part", [_different, _distinct, _split], ids=["different", "distinct", "split"])
def test_whom_a_person_parted_no_record_is_guessed_between(
    gate: Gateway, part: Callable[[Gateway], None]
) -> None:
    named, _ = two(gate)
    load(gate, "council", ndjson(told("return", UPN, CASE)))
    part(gate)
    nameless = number(gate, "council", "return")
    assert nameless != number(gate, "school", "named")

    load(gate, "social-care", ndjson(told("care", UPN, CASE, name="Amelia")))

    assert number(gate, "social-care", "care") not in {named, nameless}
    asked = {entry.reason for entry in gate.store.reviews() if entry.load == 4}
    assert asked == {"fits-two-children"}


def test_what_a_person_decided_is_neither_asked_nor_counted_again(gate: Gateway) -> None:
    load(gate, "school", ndjson(told("named", name="Amelia")))
    other = {"name": "Amelia", "family": "Hansen"}
    assert load(gate, "clinic", ndjson(told("moved", **other))).review == 1
    _different(gate)

    again = load(gate, "clinic", ndjson(told("moved", **other, gender="female")))

    assert (again.review, gate.store.reviews()) == (0, [])
