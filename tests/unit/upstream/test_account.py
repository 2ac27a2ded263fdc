"""What is said of each upstream."""

import pytest

from gateway.problems import Kind, catalogue
from gateway.problems.upstream import (
    UPSTREAM_NOT_ASKED,
    UPSTREAM_OTHER_CHILD,
    UPSTREAM_THROTTLED,
    UPSTREAM_TIMEOUT,
    UPSTREAM_UNKNOWN_CHILD,
)
from gateway.upstream import Row, Told, Upstream, account, gaps, strict
from gateway.upstream.question import note

H = Upstream("h", "https://h.example/fhir", title="The Hospital")
M = Upstream("m", "https://m.example/fhir")


def gap(upstream: Upstream, kind: Kind) -> Told:
    return Told(
        upstream, answered=False, problems=(note(upstream, kind, ms=200, status=429, differs="name"),)
    )


def test_every_server_has_a_line() -> None:
    told = [
        Told(H, (Row(1, "a", b"{}"),), total=7, elapsed_ms=34),
        Told(M, (Row(1, "a", b"{}"),), more=True, elapsed_ms=5),
        gap(H, UPSTREAM_TIMEOUT),
        Told(M, problems=(note(M, UPSTREAM_UNKNOWN_CHILD),)),
        Told(M, asked=False, problems=(note(M, UPSTREAM_NOT_ASKED, reason="it is closed"),)),
    ]

    assert [line.says for line in account(told)] == [
        "The Hospital was asked just now and answered in 34 ms: 7 found",
        "m was asked just now and answered in 5 ms: at least 1 found",
        "The Hospital did not answer within 200 ms; what it holds is missing here",
        "m was asked just now and knows no Patient with the child's NHS number",
        "m was not asked: it is closed",
    ]


def test_what_was_shown_once_only_is_counted() -> None:
    lines = account([Told(H, total=3)], {"h": 2})

    assert [line.kind.code for line in lines] == ["upstream.answered", "upstream.duplicates"]


def test_an_account_without_gaps_is_no_error() -> None:
    assert strict(account([Told(H, total=3), Told(M, problems=(note(M, UPSTREAM_UNKNOWN_CHILD),))])) is None


@pytest.mark.parametrize(
    ("kinds", "status"),
    [
        ((UPSTREAM_TIMEOUT,), 504),
        ((UPSTREAM_TIMEOUT, UPSTREAM_TIMEOUT), 504),
        ((UPSTREAM_THROTTLED,), 503),
        ((UPSTREAM_TIMEOUT, UPSTREAM_THROTTLED), 502),
        ((UPSTREAM_OTHER_CHILD,), 502),
    ],
)
def test_strictness_makes_gaps_an_error_with_the_whole_account(kinds: tuple[Kind, ...], status: int) -> None:
    lines = account([Told(H, total=3), *(gap(M, kind) for kind in kinds)])

    refused = strict(lines)

    assert refused is not None
    assert refused.status == status
    assert [problem.kind.severity for problem in refused.problems] == ["error"] * len(kinds) + ["information"]
    assert gaps(lines)


def test_every_kind_says_who_and_what_to_do_and_gaps_are_server_errors_when_strict() -> None:
    for code, kind in catalogue().items():
        if code.startswith("upstream.") and code != "upstream.setting":
            assert "{name}" in kind.says
            assert kind.fix
            assert kind.severity in ("information", "warning")
            assert (kind.status in (502, 503, 504)) == (kind.severity == "warning")
