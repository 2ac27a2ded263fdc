from dataclasses import replace

import pytest

from gateway.security.policy import ASK, LETTERS, NEEDS, Wish, decide, hides
from gateway.security.principal import Principal, anybody
from gateway.security.scopes import granted

BASE = "https://fhirgate.example"
UPN, CASE = f"{BASE}/Id/upn", f"{BASE}/Id/la-child-id/201"


def who(scopes: str = "system/*.cruds", *, sector: str = "health", feeds: str = "ward") -> Principal:
    return Principal("c", "Client", sector, granted(scopes), frozenset(feeds.split()))


def code(principal: Principal | None, wish: Wish) -> str:
    problem = decide(principal, wish, BASE).problem
    return problem.kind.code if problem else ""


@pytest.mark.parametrize(
    ("scopes", "wish"),
    [
        ("system/Patient.r", Wish(ASK, "read", "Patient")),
        ("system/Patient.r", Wish("ward", "history-instance", "Patient")),
        ("system/Patient.s", Wish(ASK, "search-type", "Patient")),
        ("system/*.s", Wish(ASK, "search-system")),
        ("system/Flag.s", Wish(ASK, "search-system")),
        ("system/Flag.c", Wish("ward", "create", "Flag")),
        ("system/Flag.cs", Wish("ward", "conditional-create", "Flag")),
        ("system/Flag.r", Wish("ward", "transaction")),
        ("system/Flag.r", Wish("ward", "$validate", "Flag")),
        ("system/*.cu", Wish("ward", "$load")),
        (
            "system/Observation.s system/Patient.s",
            Wish(ASK, "search-type", "Observation", frozenset({"Patient"})),
        ),
    ],
)
def test_what_scopes_and_feeds_give_is_allowed(scopes: str, wish: Wish) -> None:
    assert decide(who(scopes), wish, BASE).allowed


@pytest.mark.parametrize(
    ("scopes", "wish", "expected"),
    [
        pytest.param(
            "system/Patient.s", Wish(ASK, "read", "Patient"), "scope-missing", id="search is not read"
        ),
        pytest.param(
            "system/Patient.r", Wish(ASK, "search-type", "Patient"), "scope-missing", id="nor the reverse"
        ),
        pytest.param(
            "system/Patient.rs", Wish(ASK, "read", "Observation"), "scope-missing", id="another type"
        ),
        pytest.param("", Wish(ASK, "read", "Patient"), "scope-missing", id="no scope"),
        pytest.param("", Wish("ward", "batch"), "scope-missing", id="no scope, bundle"),
        pytest.param("", Wish("ward", "$validate", "Patient"), "scope-missing", id="no scope, validate"),
        pytest.param(
            "system/Flag.c", Wish("ward", "conditional-create", "Flag"), "scope-missing", id="an oracle"
        ),
        pytest.param(
            "system/Flag.u", Wish("ward", "conditional-update", "Flag"), "scope-missing", id="may create"
        ),
        pytest.param("system/Flag.cu", Wish("ward", "$load"), "scope-missing", id="a file has every type"),
        pytest.param(
            "system/Observation.rs",
            Wish(ASK, "search-type", "Observation", frozenset({"Patient"})),
            "scope-missing",
            id="a chain passes through another type",
        ),
        pytest.param(
            "system/Observation.rs system/Patient.rs",
            Wish(ASK, "search-type", "Observation", frozenset({"*"})),
            "scope-missing",
            id="a chain that may lead anywhere",
        ),
        pytest.param("system/*.cruds", Wish("other", "read", "Patient"), "feed-closed", id="another's feed"),
        pytest.param("system/*.cruds", Wish("", "read", "Patient"), "feed-closed", id="no feed"),
        pytest.param("system/*.cruds", Wish(ASK, "$purge"), "interaction-unknown", id="unknown operation"),
        pytest.param(
            "system/*.cruds", Wish(ASK, "$read", "Patient"), "interaction-unknown", id="no operation"
        ),
        pytest.param(
            "system/*.cruds", Wish(ASK, "match", "Patient"), "interaction-unknown", id="no interaction"
        ),
    ],
)
def test_what_nothing_gives_is_refused(scopes: str, wish: Wish, expected: str) -> None:
    decision = decide(who(scopes), wish, BASE)

    assert decision.problem is not None and decision.problem.kind.status == 403
    assert decision.problem.kind.code == f"security.{expected}"
    assert not decision.sees_upn and decision.types == frozenset()


@pytest.mark.parametrize("interaction", sorted(NEEDS))
def test_without_a_principal_nothing_is_allowed(interaction: str) -> None:
    for base in (ASK, "ward"):
        assert code(None, Wish(base, interaction, "Patient")) == "security.token-missing"


@pytest.mark.parametrize("interaction", sorted(LETTERS))
def test_every_letter_of_an_interaction_is_needed(interaction: str) -> None:
    for letter in LETTERS[interaction]:
        rest = "".join(each for each in "cruds" if each != letter)
        assert code(who(f"system/*.{rest}"), Wish("ward", interaction, "Flag")) == "security.scope-missing"


def test_the_capabilities_are_for_everybody() -> None:
    assert decide(None, Wish(ASK, "capabilities"), BASE).allowed


def test_a_refusal_names_the_scope_and_never_what_was_asked() -> None:
    problem = decide(who("system/Flag.r"), Wish(ASK, "read", "Patient"), BASE).problem

    assert problem is not None
    assert problem.fix == "It needs the scope system/Patient.r."
    assert 'scope="system/Patient.r"' in problem.details["challenge"]


def test_a_type_that_is_none_is_not_said_back() -> None:
    problem = decide(who("system/Flag.r"), Wish(ASK, "read", "9990123012"), BASE).problem

    assert problem is not None and "999" not in problem.says + problem.fix


@pytest.mark.parametrize(
    ("sector", "base", "sees"),
    [
        ("education", ASK, True),
        ("local-authority", ASK, True),
        ("health", ASK, False),
        ("", ASK, False),
        ("health", "ward", True),
    ],
)
def test_upns_are_for_education_and_councils_and_for_who_told_them(
    sector: str, base: str, sees: bool
) -> None:
    decision = decide(who(sector=sector), Wish(base, "search-type", "Patient"), BASE)

    assert decision.sees_upn is sees
    assert hides(decision.hidden_systems, UPN) is not sees
    assert hides(decision.hidden_systems, CASE) is not sees
    assert not hides(decision.hidden_systems, f"{BASE}/Id/cci")


def test_what_else_may_come_back_follows_the_scopes() -> None:
    some = decide(who("system/Patient.rs system/Flag.r"), Wish(ASK, "search-type", "Patient"), BASE)
    everything = decide(who(), Wish(ASK, "$everything", "Patient"), BASE)

    assert some.types == {"Patient"}
    assert everything.types is None


def test_the_demo_s_anybody_may_do_all_on_the_demo_s_feeds() -> None:
    principal = anybody(["school"])

    assert decide(principal, Wish("school", "create", "Patient"), BASE).allowed
    assert decide(principal, Wish(ASK, "search-type", "Patient"), BASE).sees_upn
    assert code(principal, Wish("other", "read", "Patient")) == "security.feed-closed"


@pytest.mark.parametrize(
    ("scopes", "decides", "expected"),
    [
        ("system/*.rs", True, True),
        ("system/Task.rs system/Patient.rs", True, True),
        ("system/Task.rs", True, False),
        ("system/Task.rs system/Patient.s", True, False),
        ("system/*.rs", False, False),
    ],
)
def test_what_waits_is_shown_to_who_may_decide_and_see_the_children(
    scopes: str, decides: bool, expected: bool
) -> None:
    principal = replace(who(scopes), decides=decides)

    decision = decide(principal, Wish(ASK, "search-type", "Task"), BASE)

    assert decision.allowed and decision.reviews is expected
