"""One key, two persons: told in one file, in two files, or over HTTP, they never become one."""

import copy
from pathlib import Path
from typing import Any

import orjson
import pytest

from gateway.problems import Refused
from gateway.service import Gateway

TWIN = {
    "resourceType": "Patient",
    "id": "p1",
    "identifier": [{"system": "https://fhirgate.example/Id/upn", "value": "T201900118051"}],
    "name": [{"use": "official", "family": "Thompson", "given": ["Ava-Mae"]}],
    "birthDate": "2013-09-30",
}


def told(**changes: Any) -> dict[str, Any]:
    return {**copy.deepcopy(TWIN), **changes}


def lines(folder: Path, *patients: dict[str, Any]) -> Path:
    path = folder / f"{len(list(folder.iterdir()))}.ndjson"
    path.write_bytes(b"\n".join(orjson.dumps(each) for each in patients) + b"\n")
    return path


def official(gate: Gateway) -> list[str]:
    """First names of the Patients of the feed as they stand."""
    return [
        row.body.decode().split('"given":["')[1].split('"')[0]
        for row in gate.store.patients([1, 2, 3, 4]).values()
    ]


OTHER_TWIN = told(name=[{"use": "official", "family": "Thompson", "given": ["Ava-Rae"]}])
SOMEBODY_ELSE = told(
    name=[{"use": "official", "family": "Different", "given": ["Boris"]}], birthDate="2009-01-17"
)


def test_a_file_with_one_key_for_two_children_can_be_loaded_twice_and_changes_nothing(
    gate: Gateway, tmp_path: Path
) -> None:
    file = lines(tmp_path, TWIN, OTHER_TWIN)
    first = gate.loader.load(file, gate.feed("school"), None)
    before = gate.store.snapshot()

    again = gate.loader.load(file, gate.feed("school"), None)

    assert (first.set_aside, again.set_aside) == (1, 1)
    assert {code for code, _, _ in again.aside} == {"record.repeated-key"}
    assert gate.store.snapshot() == before
    assert official(gate) == ["Ava-Mae"]


def test_a_key_used_again_for_somebody_else_is_set_aside_and_the_first_child_stays(
    gate: Gateway, tmp_path: Path
) -> None:
    gate.loader.load(lines(tmp_path, TWIN), gate.feed("school"), None)
    before = gate.store.snapshot()

    report = gate.loader.load(lines(tmp_path, SOMEBODY_ELSE), gate.feed("school"), None)

    assert {code for code, _, _ in report.aside} == {"record.other-person"}
    assert gate.store.snapshot() == before


def test_a_client_cannot_put_somebody_else_in_a_patients_place(gate: Gateway) -> None:
    gate.write(gate.feed("school"), "Patient", "p1", told())

    with pytest.raises(Refused) as caught:
        gate.write(gate.feed("school"), "Patient", "p1", SOMEBODY_ELSE)

    assert caught.value.problems[0].kind.code == "record.other-person"
    assert "Boris" not in str(caught.value)


def test_another_first_name_under_the_same_key_is_kept_and_waits_for_a_person(
    gate: Gateway, tmp_path: Path
) -> None:
    gate.loader.load(lines(tmp_path, TWIN), gate.feed("school"), None)

    report = gate.loader.load(lines(tmp_path, OTHER_TWIN), gate.feed("school"), None)

    assert (report.kept, report.review) == (1, 1)
    assert [entry.reason for entry in gate.store.reviews()] == ["no-longer-agrees"]


def test_a_corrected_birth_date_is_taken(gate: Gateway, tmp_path: Path) -> None:
    gate.loader.load(lines(tmp_path, TWIN), gate.feed("school"), None)

    report = gate.loader.load(lines(tmp_path, told(birthDate="2013-09-03")), gate.feed("school"), None)

    assert (report.kept, report.updated) == (1, 1)


def test_a_resource_with_a_source_of_its_own_keeps_it_once(gate: Gateway, tmp_path: Path) -> None:
    sourced = told(meta={"source": "https://clinic.example/export"})

    gate.loader.load(lines(tmp_path, sourced), gate.feed("school"), None)

    (row,) = gate.store.patients([1]).values()
    assert row.body.count(b'"source"') == 1
    assert b"https://clinic.example/export" in row.body
