import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.security.scopes import Scope, allows, both, granted, parsed, types_with


@pytest.mark.parametrize(
    ("written", "scope"),
    [
        ("system/Patient.rs", Scope("Patient", "rs")),
        ("system/*.cruds", Scope("*", "cruds")),
        ("system/Observation.s", Scope("Observation", "s")),
        ("system/Patient.read", Scope("Patient", "rs")),
        ("system/Patient.write", Scope("Patient", "cud")),
        ("system/*.*", Scope("*", "cruds")),
    ],
)
def test_a_system_scope_is_read(written: str, scope: Scope) -> None:
    assert parsed(written) == scope


@pytest.mark.parametrize(
    "written",
    [
        pytest.param("system/Patient.sr", id="letters out of order"),
        pytest.param("system/Patient.rr", id="a letter twice"),
        pytest.param("system/Patient.", id="no letters"),
        pytest.param("system/Patient.x", id="unknown letter"),
        pytest.param("system/Observation.rs?category=survey", id="granular"),
        pytest.param("system/Patient.read?x=y", id="granular, version 1"),
        pytest.param("patient/Patient.rs", id="for one patient"),
        pytest.param("user/Patient.rs", id="for one user"),
        pytest.param("system/patient.rs", id="lower case type"),
        pytest.param("SYSTEM/Patient.rs", id="upper case context"),
        pytest.param("system/Patient.rs\n", id="line feed"),
        pytest.param("openid", id="another standard's"),
        pytest.param("", id="nothing"),
    ],
)
def test_any_other_scope_grants_nothing(written: str) -> None:
    assert parsed(written) is None


def test_words_that_grant_nothing_do_not_take_the_others_away() -> None:
    assert granted("openid system/Patient.r launch system/Observation.rs?code=x") == (Scope("Patient", "r"),)


def test_letters_add_up_over_scopes_and_the_star() -> None:
    scopes = granted("system/*.r system/Patient.s")

    assert allows(scopes, "Patient", "rs")
    assert allows(scopes, "Observation", "r")
    assert not allows(scopes, "Observation", "rs")
    assert not allows((), "Patient", "r")
    assert types_with(scopes, "r") is None
    assert types_with(scopes, "s") == {"Patient"}
    assert types_with(scopes, "c") == frozenset()


SCOPES = st.lists(
    st.builds(
        Scope,
        st.sampled_from(["*", "Patient", "Observation", "Flag"]),
        st.sets(st.sampled_from("cruds")).map(lambda letters: "".join(c for c in "cruds" if c in letters)),
    ),
    max_size=4,
)


@given(SCOPES, SCOPES)
def test_what_two_lists_both_give_is_exactly_what_each_gives(one: list[Scope], other: list[Scope]) -> None:
    common = both(one, other)

    for type in ("Patient", "Observation", "Flag", "Task"):
        for letter in "cruds":
            assert allows(common, type, letter) == (allows(one, type, letter) and allows(other, type, letter))
