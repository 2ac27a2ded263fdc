"""What comes along, what refers, and several types at once: read from a query string, and written back."""

from contextlib import suppress
from urllib.parse import parse_qsl

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from gateway.fhir.ask import parse
from gateway.fhir.compartments import compartment_types, within
from gateway.fhir.leads import leading_to, references
from gateway.fhir.query import Include, Query
from gateway.fhir.query_text import to_text
from gateway.fhir.several import named_types, parse_several
from gateway.problems import Refused


def ask(type: str, text: str, *, lenient: bool = False) -> Query:
    return parse(type, parse_qsl(text, keep_blank_values=True), page_most=100, lenient=lenient)


@pytest.mark.parametrize(
    ("type", "text", "include"),
    [
        ("Observation", "_include=Observation:subject", Include("Observation", "subject")),
        ("Observation", "_include=Observation:subject:Patient", Include("Observation", "subject", "Patient")),
        ("Observation", "_include=Observation:*", Include("Observation", "*")),
        ("Observation", "_include=*", Include("*", "*")),
        ("Patient", "_revinclude=Observation:subject", Include("Observation", "subject", reverse=True)),
        (
            "Observation",
            "_include:iterate=Patient:organization",
            Include("Patient", "organization", iterate=True),
        ),
        ("Patient", "_revinclude:iterate=*", Include("*", "*", reverse=True, iterate=True)),
    ],
)
def test_an_include_is_read_and_written_back(type: str, text: str, include: Include) -> None:
    query = ask(type, text)

    assert query.includes == (include,)
    assert to_text(query) == text


def test_the_same_include_counts_once_and_an_empty_one_not_at_all() -> None:
    query = ask("Observation", "_include=*&_include=*&_include=&_revinclude=")

    assert query.includes == (Include("*", "*"),)


def test_too_many_includes_are_refused() -> None:
    asked = "&".join(f"_include:iterate={type}:*" for type in compartment_types())

    with pytest.raises(Refused) as refused:
        ask("Observation", asked)
    assert [each.kind.code for each in refused.value.problems] == ["search.too-long"]


@given(
    name=st.sampled_from(
        ["_include", "_revinclude", "_include:iterate", "_revinclude:iterate", "_include:x"]
    ),
    value=st.text() | st.from_regex(r"\A(Patient|Observation|\*|X)(:(subject|link|\*|x)){0,2}\Z"),
)
@example(name="_include", value="Observation:subject:")
@example(name="_include", value=":")
@example(name="_revinclude", value="*:*")
def test_whatever_an_include_says_is_read_back_or_refused(name: str, value: str) -> None:
    with suppress(Refused):
        query = parse("Observation", [(name, value)], page_most=10)
        assert ask("Observation", to_text(query)).includes == query.includes


@given(
    st.lists(st.sampled_from(["_has", "Observation", "Encounter", "patient", "encounter", "code", "", "x"]))
)
@example(["_has"] * 200)
@example(["_has", "Encounter", "patient"] * 3 + ["status"])
def test_whatever_a_has_says_is_read_back_or_refused(steps: list[str]) -> None:
    with suppress(Refused):
        query = parse("Patient", [(":".join(["_has", *steps]), "a")], page_most=10)
        assert ask("Patient", to_text(query)).criteria == query.criteria


def test_a_has_is_no_deeper_than_a_chain() -> None:
    deep = "_has:Observation:derived-from:" * 9 + "code=1"

    with pytest.raises(Refused) as refused:
        ask("Observation", deep)
    assert refused.value.problems[0].kind.code == "search.too-long"
    assert ask("Observation", "_has:Observation:derived-from:" * 8 + "code=1").criteria


def test_where_references_lead_is_what_r4_says() -> None:
    assert references("Observation")["patient"] == ("Patient",)
    assert set(references("Observation")["subject"]) == {"Patient", "Group", "Device", "Location"}
    assert "subject" in leading_to("Observation", "Patient")
    assert "device" not in leading_to("Observation", "Patient")


def test_several_types_are_asked_alike() -> None:
    pairs = [("_id", "a"), ("patient", "b"), ("_sort", "-_lastUpdated"), ("_count", "5"), ("_include", "*")]
    query = parse_several(("Flag", "Observation"), pairs, page_most=10, named=("Flag", "Observation"))

    assert to_text(query) == (
        "_type=Flag,Observation&_id=a&patient=b&_include=*&_sort=-_lastUpdated&_count=5"
    )
    assert [each.type for each in query.each] == ["Flag", "Observation"]
    assert all(len(each.criteria) == 2 and each.sort == query.sort for each in query.each)


def test_types_are_named_in_one_order_and_no_others() -> None:
    served = ("Flag", "Observation", "Patient")

    assert named_types([("_type", "Patient, Flag,Flag"), ("_id", "1")], served) == ("Flag", "Patient")
    assert named_types([("_id", "1"), ("_type", "")], served) == ()
    with pytest.raises(Refused) as refused:
        named_types([("_type", "Patient,<script>")], served)
    assert "script" not in str(refused.value)


def test_a_compartment_is_one_more_criterion_and_not_in_the_text() -> None:
    query = ask("Observation", "code=1")
    below = within(query, "p")
    several = within(parse_several(("Flag", "Schedule"), [("_id", "1")], page_most=10), "p")

    assert [each.text for each in below.criteria] == ["patient=Patient/p", "code=1"]
    assert [each.criteria[0].text for each in several.each] == ["patient=Patient/p", "actor=Patient/p"]
    assert not {"Patient", "Group", "Organization"} & set(compartment_types())
