"""Own rows and those of other servers are merged by one order: both know one clinical time."""

import json
from itertools import product
from typing import Any

import pytest
from gates import found, load, ndjson

from gateway.fhir import facts
from gateway.fhir.validate import validate
from gateway.service import Gateway
from gateway.upstream.searchset import opened
from gateway.upstream.times import clinical_time

DATES = ("2025", "2025-03", "2025-03-30", "2025-03-30T01:30:00+01:00", "2025-03-30T01:30:00.123Z")
PERIODS: list[Any] = [
    {"start": "2025-03-01", "end": "2025-04-01"},
    {"start": "2025-03-02"},
    {"end": "2025-03-03"},
    {"start": "2024", "end": "2024"},
]
TIMINGS: list[Any] = [
    {"event": ["2025-01-05", "2025-02-05"]},
    {"repeat": {"boundsPeriod": {"start": "2025-05-01"}}},
    {"code": {"text": "now and then"}},
]
VALUES = {"DateTime": DATES, "Period": PERIODS, "Timing": TIMINGS, "Instant": DATES[3:]}
BASE: dict[str, dict[str, Any]] = {
    "Observation": {"status": "final", "code": {"text": "x"}},
    "Condition": {},
    "Procedure": {"status": "completed"},
    "DiagnosticReport": {"status": "final", "code": {"text": "x"}},
    "Encounter": {"status": "finished", "class": {"code": "AMB"}},
    "Immunization": {"status": "completed", "vaccineCode": {"text": "x"}},
}
CHOICES = {
    "Observation": "effective",
    "Condition": "onset",
    "Procedure": "performed",
    "DiagnosticReport": "effective",
    "Immunization": "occurrence",
}


def told() -> list[dict[str, Any]]:
    """Resources of several types with every kind of date their type may have."""
    made = []
    for type_, start in BASE.items():
        about = "patient" if type_ == "Immunization" else "subject"
        start = {"resourceType": type_, **start, about: {"reference": "Patient/p"}}
        elements: list[tuple[str, Any]] = []
        if type_ in CHOICES:
            choices = [(f"{CHOICES[type_]}{kind}", values) for kind, values in VALUES.items()]
            known = set(facts.members(type_))
            elements = [(name, value) for name, values in choices if name in known for value in values]
        elements += [("period", value) for value in PERIODS if type_ == "Encounter"]
        elements += [("recordedDate", value) for value in DATES if type_ == "Condition"]
        elements += [("issued", value) for value in DATES[3:] if type_ in ("Observation", "DiagnosticReport")]
        made += [start] if type_ != "Immunization" else []
        made += [{**start, name: value} for name, value in elements]
        made += [
            {**start, "onsetPeriod": period, "recordedDate": date}
            for period, date in product(PERIODS, DATES)
            if type_ == "Condition"
        ]
    return [{**each, "id": f"r{number}"} for number, each in enumerate(made)]


@pytest.mark.parametrize("type_", BASE)
def test_a_row_of_ours_and_the_same_from_another_server_have_one_time(gate: Gateway, type_: str) -> None:
    resources = [each for each in told() if each["resourceType"] == type_]
    assert [problem for each in resources for problem in validate(json.loads(json.dumps(each)))] == []
    load(gate, "clinic", ndjson({"resourceType": "Patient", "id": "p"}, *resources))

    times = {}
    for each in resources:
        row = gate.store.read("clinic", type_, each["id"])
        assert row is not None
        times[each["id"]] = row.time
        assert clinical_time(opened(json.dumps(each).encode()), type_) == row.time, each

    assert len(set(times.values())) > 3
    newest_first = [each["id"] for each in found(gate, f"{type_}?_count=200", base="clinic")]
    expected = sorted(times, key=lambda id_: (times[id_] is None, -(times[id_] or 0)))
    assert [times[id_] for id_ in newest_first] == [times[id_] for id_ in expected]
