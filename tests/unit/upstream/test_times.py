"""The clinical time of a resource."""

import json
from typing import Any

import pytest

from gateway.upstream.searchset import opened
from gateway.upstream.times import clinical_time

HOUR = 3_600_000
MIDNIGHT_2025_01_01 = 1_735_689_600_000


@pytest.mark.parametrize(
    ("resource", "time"),
    [
        pytest.param({"effectiveDateTime": "2025-01-01"}, MIDNIGHT_2025_01_01, id="a day"),
        pytest.param({"effectiveDateTime": "2025"}, MIDNIGHT_2025_01_01, id="a year begins with it"),
        pytest.param({"effectiveDateTime": "2025-01-01T01:00:00Z"}, MIDNIGHT_2025_01_01 + HOUR, id="a time"),
        pytest.param(
            {"effectiveDateTime": "2025-01-01T01:00:00+01:00"}, MIDNIGHT_2025_01_01, id="with an offset"
        ),
        pytest.param(
            {"effectivePeriod": {"start": "2025-01-01", "end": "2026"}}, MIDNIGHT_2025_01_01, id="a period"
        ),
        pytest.param(
            {"effectiveInstant": "2025-01-01T00:00:00Z", "issued": "2026-01-01"},
            MIDNIGHT_2025_01_01,
            id="not issued",
        ),
        pytest.param(
            {"effectiveTiming": {"event": ["2025-02-01", "2025-01-01"]}},
            MIDNIGHT_2025_01_01,
            id="the first of some",
        ),
        pytest.param({"issued": "2025-01-01T00:00:00Z"}, None, id="only when it was written down"),
        pytest.param(
            {"effectivePeriod": {"end": "2024-12-31"}}, MIDNIGHT_2025_01_01, id="the end of what never began"
        ),
        pytest.param({"effectivePeriod": {"end": 2026}}, None, id="an end that is none"),
        pytest.param({"effectivePeriod": "2025-01-01"}, None, id="no period"),
        pytest.param({"effectiveTiming": {"event": [2025, None]}}, None, id="events that are none"),
        pytest.param({"effectiveDateTime": "2025-02-30"}, None, id="a day that never was"),
        pytest.param({"effectiveDateTime": 2025}, None, id="a number"),
        pytest.param({}, None, id="none"),
    ],
)
def test_the_clinical_time_is_its_first_moment(resource: dict[str, Any], time: int | None) -> None:
    assert clinical_time(opened(json.dumps(resource).encode()), "Observation") == time


@pytest.mark.parametrize(
    "day", ["0000-00-00", "0001-01-01T00:00:00+14:00", "9999-12-31T23:59:60.9-14:00", "99999"]
)
def test_a_time_at_the_ends_of_the_calendar_is_no_exception(day: str) -> None:
    fields = opened(json.dumps({"effectiveDateTime": day}).encode())

    assert isinstance(clinical_time(fields, "Observation"), int | None)


def test_each_type_has_a_clinical_time_of_its_own() -> None:
    immunisation = opened(b'{"occurrenceDateTime": "2025-01-01"}')

    assert clinical_time(immunisation, "Immunization") == MIDNIGHT_2025_01_01
    assert clinical_time(immunisation, "Observation") is None
    assert clinical_time(immunisation, "Nonsense") is None
