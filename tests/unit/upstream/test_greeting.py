"""Who a server says it is, when `fhirgate check` asks."""

import json
import time
from typing import Any

import pytest
from liar import HABITS, Liar, Reply

from gateway.upstream.greeting import greet
from gateway.upstream.values import Upstream


def greeted(liar: Liar, *habits: str, timeout: float = 5.0) -> list[str]:
    """The codes of the problems, "" where there is none."""
    found = greet([Upstream(habit, liar.base(habit), timeout=timeout) for habit in habits])
    assert [each.upstream.name for each in found] == list(habits)
    return [each.problem.kind.code if each.problem else "" for each in found]


def test_nobody_is_asked_where_nobody_is_connected() -> None:
    assert greet([]) == []


@pytest.mark.parametrize(
    ("said", "code"),
    [
        ({"resourceType": "CapabilityStatement", "fhirVersion": "4.0.1"}, ""),
        ({"resourceType": "CapabilityStatement", "fhirVersion": "5.0.0"}, "upstream.not-r4"),
        ({"resourceType": "CapabilityStatement"}, "upstream.not-r4"),
        ({"resourceType": "Patient"}, "upstream.not-r4"),
        ([], "upstream.not-r4"),
    ],
)
def test_a_server_is_one_of_r4_or_is_not(
    liar: Liar, monkeypatch: pytest.MonkeyPatch, said: Any, code: str
) -> None:
    monkeypatch.setitem(HABITS, "honest", lambda *_: Reply(json.dumps(said).encode()))

    assert greeted(liar, "honest") == [code]
    assert [each.path for each in liar.asked] == ["metadata"]


def test_each_server_that_does_not_answer_well_is_told_of_in_the_time_of_the_slowest(liar: Liar) -> None:
    began = time.monotonic()

    told = greeted(liar, "hang", "error", "denied", "html", "truncated", timeout=0.5)

    assert told == [
        *("upstream.timeout", "upstream.status", "upstream.denied", "upstream.nonsense", "upstream.not-r4")
    ]
    assert time.monotonic() - began < 2
