"""Files of FHIR itself: NDJSON, one resource, Bundles."""

import json
from io import BytesIO

import pytest

from gateway.problems import Refused
from gateway.records import Broken
from gateway.sources import Told, open_fhir


def read(content: str) -> list[Told | Broken]:
    return list(open_fhir({"file.ndjson": BytesIO(content.encode())}).rows)


def patient(number: int) -> str:
    return f'{{"resourceType": "Patient", "id": "p{number}"}}'


def seen(rows: list[Told | Broken]) -> list[tuple[str, int]]:
    return [
        (row.problem.kind.code, row.problem.place.line)
        if isinstance(row, Broken)
        else (row.resource["id"], row.line)
        for row in rows
    ]


def test_each_line_of_ndjson_is_a_resource_with_its_line() -> None:
    assert seen(read(f"{patient(1)}\n\n{patient(2)}\n")) == [("p1", 1), ("p2", 3)]


def test_one_resource_over_many_lines_is_read() -> None:
    assert seen(read(json.dumps(json.loads(patient(1)), indent=2))) == [("p1", 1)]


@pytest.mark.parametrize("order", ["type first", "entries first"])
def test_a_bundle_is_read_entry_by_entry(order: str) -> None:
    entries = (
        f'"entry": [\n{{"fullUrl": "urn:uuid:1", "resource": {patient(1)}}},\n{{"resource": {patient(2)}}}]'
    )
    kind = '"resourceType": "Bundle", "type": "collection"'
    rows = read(f"{{{kind}, {entries}}}" if order == "type first" else f"{{{entries}, {kind}}}")

    expected = [("p1", 2), ("p2", 3)] if order == "type first" else [("p1", 1), ("p2", 1)]
    assert seen(rows) == expected
    assert [row.full_url for row in rows if isinstance(row, Told)] == ["urn:uuid:1", ""]


def test_a_list_resource_has_entries_and_is_no_bundle() -> None:
    rows = read('{"resourceType": "List", "id": "l", "entry": [{"item": {"reference": "Patient/1"}}]}')

    assert seen(rows) == [("l", 1)]


def test_a_bad_line_is_set_aside_and_the_others_go_on() -> None:
    rows = read(
        f'{patient(1)}\n{{"resourceType": "Patient", "id": 1, "id": 2}}\n{{"id": "x"}}\n{patient(2)}\n'
    )

    assert seen(rows) == [("p1", 1), ("json.duplicate-key", 2), ("source.not-a-resource", 3), ("p2", 4)]


def test_decimals_keep_their_digits() -> None:
    (row,) = read('{"resourceType": "Observation", "valueQuantity": {"value": 92.10}}')

    assert isinstance(row, Told)
    assert row.resource["valueQuantity"]["value"].text == "92.10"


def test_what_is_no_json_is_refused() -> None:
    with pytest.raises(Refused) as caught:
        read("<Patient/>")

    assert caught.value.problems[0].kind.code == "source.wrong-format"
