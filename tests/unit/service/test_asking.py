"""What a page shows of rows: texts that were looked through are not looked through again, and only those."""

import json

from gateway.service.asking import Asking, Looked, shown_all
from gateway.store.base import ASK, Row

UPN = "https://fhirgate.example/Id/upn"
HIDDEN = frozenset({UPN})


def row(public: str, version: str, child: str = "c1", *, names: str = "") -> Row:
    """An Observation of a child, that perhaps names the child by an identifier of a system."""
    subject = {"reference": "Patient/\x00"} | (
        {"identifier": {"system": names, "value": "X"}} if names else {}
    )
    told = {"resourceType": "Observation", "id": public, "status": "final", "subject": subject}
    body = json.dumps(told, separators=(",", ":"), ensure_ascii=False).replace("\\u0000", "\x00").encode()
    return Row("Observation", "clinic", "o", public, body, b"", child, version, 0)


def shown(rows: list[Row], harmless: set[Looked], hidden: frozenset[str] = HIDDEN) -> list[dict[str, object]]:
    found = shown_all(rows, Asking(ASK, hidden, is_closed=lambda child: child == "closed"), harmless)
    return [json.loads(each.body) for each in found]


def test_each_row_is_shown_with_its_own_child() -> None:
    one = shown([row("a", "1"), row("b", "1")], set())
    two = shown([row("a", "1"), row("b", "1", "c2")], set())

    assert [each["subject"] for each in one] == [{"reference": "Patient/c1"}] * 2
    assert [each["subject"] for each in two] == [{"reference": "Patient/c1"}, {"reference": "Patient/c2"}]


def test_a_version_that_names_what_is_hidden_is_looked_through_though_the_one_before_was_harmless() -> None:
    harmless: set[Looked] = set()
    shown([row("a", "1")], harmless)

    (told,) = shown([row("a", "2", names=UPN)], harmless)

    assert told["subject"] == {"reference": "Patient/c1"}
    assert shown([row("a", "2", names=UPN)], harmless) == [told]


def test_what_is_harmless_for_one_caller_is_looked_through_for_another() -> None:
    harmless: set[Looked] = set()
    (seen,) = shown([row("a", "1", names=UPN)], harmless, frozenset({"https://fhirgate.example/Id/uln"}))

    (told,) = shown([row("a", "1", names=UPN)], harmless)

    assert "identifier" in str(seen) and "identifier" not in str(told)


def test_one_row_that_names_what_is_hidden_does_not_change_its_neighbours() -> None:
    told = shown([row("a", "1"), row("b", "1", names=UPN), row("c", "1")], set())

    assert [each["id"] for each in told] == ["a", "b", "c"]
    assert all(each["subject"] == {"reference": "Patient/c1"} for each in told)


def test_of_a_child_that_is_closed_places_are_left_out_beside_one_that_is_not() -> None:
    place = row("a", "1", "closed")
    place = place._replace(body=place.body[:-1] + b',"performer":[{"reference":"Organization/x"}]}')
    open_one = place._replace(child="c1", public="b")

    closed, other = shown([place, open_one], set())

    assert "performer" not in closed and "performer" in other
