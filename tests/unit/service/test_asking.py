"""What a page shows of its rows, all at once, is what each row by itself is shown as."""

import json
from dataclasses import replace

import pytest

from gateway.service.asking import Asking, shown, shown_all
from gateway.store.base import Row

UPN = "https://fhirgate.example/Id/upn"
HIDDEN = frozenset({UPN, "https://fhirgate.example/Id/la-child-id/"})


def row(id: str, child: str, system: str = "https://fhirgate.example/Id/row/x") -> Row:
    body = (
        f'{{"resourceType":"Observation","id":"\x01public-{id}\x01","identifier":[{{"system":"{system}",'
        '"value":"A"}],"subject":{"reference":"Patient/\x00"}}'
    )
    return Row("Observation", "school", id, f"public-{id}", body.encode(), id.encode(), child, "1", 0)


ASKS = Asking("", hidden=HIDDEN)
PAGES = {
    "nothing": [],
    "one child": [row("a", "ada"), row("b", "ada")],
    "two children": [row("a", "ada"), row("b", "ben")],
    "a hidden system": [row("a", "ada"), row("b", "ada", UPN)],
    "a Patient": [row("a", "ada"), row("p", "ben")._replace(type="Patient", body=b"full", told=b"short")],
}


@pytest.mark.parametrize("page", PAGES)
@pytest.mark.parametrize(
    "asking", [ASKS, replace(ASKS, hidden=frozenset(), sees_upn=True)], ids=["without UPNs", "with UPNs"]
)
def test_a_page_shows_what_each_row_is_shown_as(page: str, asking: Asking) -> None:
    found = shown_all(PAGES[page], asking)

    assert found == [shown(each, asking) for each in PAGES[page]]


def test_a_page_shows_the_child_of_each_row_and_hides_what_one_caller_must_not_see() -> None:
    first, second, third = shown_all([row("a", "ada"), row("b", "ben"), row("c", "ada", UPN)], ASKS)

    assert json.loads(first.body)["subject"] == {"reference": "Patient/ada"}
    assert json.loads(second.body)["subject"] == {"reference": "Patient/ben"}
    assert json.loads(second.body)["id"] == second.id == "public-b"
    assert "identifier" not in json.loads(third.body)


def test_a_feeds_page_shows_what_the_feed_told() -> None:
    (found,) = shown_all([row("a", "ada")._replace(told=b"a\na")], Asking("school"))

    assert (found.id, json.loads(found.body)["id"]) == ("a", "a")
