"""What servers say they can do."""

import threading
from typing import Any

import pytest
from liar import HABITS, Liar, Reply

from gateway.upstream.capability import Capabilities, Capability, capability
from gateway.upstream.values import Upstream


def statement(**types: list[str]) -> dict[str, Any]:
    resources = [{"type": name, "searchParam": [{"name": p} for p in found]} for name, found in types.items()]
    return {"resourceType": "CapabilityStatement", "rest": [{"mode": "server", "resource": resources}]}


def test_a_type_lacks_what_is_not_among_its_parameters() -> None:
    found = capability(statement(Observation=["patient", "date"]))

    assert not found.lacks("Observation", "date")
    assert found.lacks("Observation", "code")


def test_parameters_of_all_types_count_for_each() -> None:
    said = statement(Observation=["patient"])
    said["rest"][0]["searchParam"] = [{"name": "_lastUpdated"}]

    assert not capability(said).lacks("Observation", "_lastUpdated")


@pytest.mark.parametrize(
    "said",
    [None, [], "x", {}, {"rest": None}, {"rest": [{}]}, {"rest": [{"resource": [{"type": "Observation"}]}]}],
)
def test_who_says_nothing_lacks_nothing(said: Any) -> None:
    assert not capability(said).lacks("Observation", "code")


@pytest.mark.parametrize("habit", ["error", "html", "truncated", "redirect", "reset", "bomb", "not-a-bundle"])
def test_a_server_without_a_statement_is_silent(liar: Liar, habit: str) -> None:
    assert Capabilities().learn(Upstream("x", liar.base(habit))) == Capability()


def test_a_statement_that_cannot_be_understood_is_none_and_stops_nobody(
    liar: Liar, monkeypatch: pytest.MonkeyPatch
) -> None:
    deep = b'{"rest":[{"searchParam":[{"name":' + b"[" * 1000 + b"]" * 1000 + b"}]}]}"
    monkeypatch.setitem(HABITS, "honest", lambda *_: Reply(deep))

    assert Capabilities().learn(Upstream("x", liar.base("honest"))) == Capability()


def test_a_question_never_waits_for_a_statement_and_a_silent_server_is_left_alone_for_a_while(
    liar: Liar,
) -> None:
    now = [0.0]
    capabilities = Capabilities(clock=lambda: now[0])
    upstream = Upstream("x", liar.base("error"), token="t0ken")

    known = [capabilities.of(upstream) for _ in range(3)]
    for thread in threading.enumerate():
        if thread.name == "metadata-x":
            thread.join(5)

    assert known == [Capability()] * 3
    assert [each.path for each in liar.asked] == ["metadata"]
    assert liar.asked[0].headers["Authorization"] == "Bearer t0ken"
