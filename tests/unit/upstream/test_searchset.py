"""Search results taken apart."""

import json
from typing import Any

import pytest
from msgspec import Raw

from gateway.upstream.searchset import Nonsense, asked_for, own_base, page, reference, text, value

BASE = "https://hospital.example/fhir"


def bundle(*entries: dict[str, Any], **more: Any) -> bytes:
    return json.dumps(
        {"resourceType": "Bundle", "type": "searchset", "entry": list(entries), **more}
    ).encode()


def observation(id_: str = "o1") -> dict[str, Any]:
    return {"resourceType": "Observation", "id": id_}


def test_matches_are_what_counts() -> None:
    found = page(
        bundle(
            {"fullUrl": f"{BASE}/Observation/o1", "resource": observation()},
            {"resource": observation("o2"), "search": {"mode": "match", "score": 0.5}},
            {"resource": {"resourceType": "Patient", "id": "p"}, "search": {"mode": "include"}},
            {"fullUrl": "urn:uuid:1"},
            {"resource": "text"},
        )
    )

    assert [(url, text(fields, "id")) for url, fields in found.resources] == [
        (f"{BASE}/Observation/o1", "o1"),
        ("", "o2"),
    ]
    assert found.unread == 2


def test_warnings_beside_the_matches_are_heard_by_code_only() -> None:
    said = {
        "resourceType": "OperationOutcome",
        "issue": [
            {"severity": "warning", "code": "incomplete", "diagnostics": "for 9990000018"},
            {"severity": "information", "code": "informational"},
            {"severity": "error", "code": "Ms Canary"},
        ],
    }

    found = page(bundle({"resource": said, "search": {"mode": "outcome"}}, {"resource": said}))

    assert found.said == ("incomplete", "unknown")
    assert found.resources == ()


def test_a_byte_order_mark_is_tolerated() -> None:
    assert page(b"\xef\xbb\xbf" + bundle(total=0)).total == 0


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        pytest.param(b"", "it is not readable JSON", id="nothing"),
        pytest.param(b"<html>", "it is not readable JSON", id="html"),
        pytest.param(bundle()[:-3], "it is not readable JSON", id="cut"),
        pytest.param(b'{"resourceType":"Bundle","x":"\xff"}', "it is not UTF-8", id="latin"),
        pytest.param(b"[]", "its elements are not those of a Bundle", id="a list"),
        pytest.param(b"{}", "its elements are not those of a Bundle", id="an empty object"),
        pytest.param(b'{"resourceType":"Patient"}', "it is not a Bundle", id="a Patient"),
        pytest.param(bundle(type="history"), "it is not a Bundle of search results", id="a history"),
        pytest.param(bundle(total="many"), "its elements are not those of a Bundle", id="a total of words"),
        pytest.param(
            b'{"resourceType":"OperationOutcome","issue":[{"severity":"error","code":"multiple-matches"}]}',
            "an OperationOutcome: multiple-matches",
            id="an outcome alone",
        ),
        pytest.param(
            b'{"resourceType":"Bundle","x":' + b"[" * 50_000 + b"]" * 50_000 + b"}", None, id="deep"
        ),
    ],
)
def test_anything_else_is_nonsense_and_says_why(body: bytes, reason: str | None) -> None:
    with pytest.raises(Nonsense) as caught:
        page(body)

    assert reason is None or str(caught.value) == reason


def test_the_base_a_server_believes_it_has_is_read_from_its_full_urls_or_its_self_link() -> None:
    by_entry = page(bundle({"fullUrl": f"{BASE}/Observation/o1", "resource": observation()}))
    by_link = page(bundle(link=[{"relation": "self", "url": f"{BASE}/Observation?patient=x"}]))

    assert own_base(by_entry, "Observation") == own_base(by_link, "Observation") == BASE
    assert own_base(page(bundle()), "Observation") == ""


def test_a_self_link_says_what_was_applied_or_nothing() -> None:
    assert asked_for(f"{BASE}/Observation?patient=Patient%2F1&code:text=&_count=2") == {
        "patient",
        "code:text",
        "_count",
    }
    assert asked_for(f"{BASE}/Observation") is None
    assert asked_for("") is None
    assert asked_for("https://[hospital/fhir/Observation?patient=1") is None


def test_a_number_that_no_computer_holds_is_as_good_as_absent() -> None:
    body = bundle({"resource": observation("huge")}, {"resource": observation()})

    found = page(body.replace(b'"huge"', b"1e999"))

    assert [text(fields, "id") for _, fields in found.resources] == ["", "o1"]


@pytest.mark.parametrize(
    ("total", "known"), [(0, 0), (2**31 - 1, 2**31 - 1), (2**31, None), (10**30, None), (-1, None)]
)
def test_a_total_is_what_fhir_can_count(total: int, known: int | None) -> None:
    assert page(bundle(total=total)).total == known


def test_what_is_nested_without_end_is_as_good_as_absent() -> None:
    deep = b"[" * 100_000 + b"]" * 100_000

    assert value({"id": Raw(deep)}, "id") is None


@pytest.mark.parametrize("subject", ["Patient/p1", ["Patient/p1"], {"reference": 7}, {"display": "p1"}, None])
def test_what_is_no_reference_refers_to_nothing(subject: Any) -> None:
    found = page(bundle({"resource": {**observation(), "subject": subject}}))

    assert reference(found.resources[0][1], "subject") == ""
