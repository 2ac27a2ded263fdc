"""References inside a resource, led elsewhere."""

from typing import Any

import pytest

from gateway.fhir.references import by_criteria, criteria_of, led

OLD, NEW = "urn:uuid:1", "Patient/2"


def moved(value: Any) -> Any:
    return led(value, lambda text, _: NEW if text == OLD else None)


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ({"subject": {"reference": OLD}}, {"subject": {"reference": NEW}}),
        ({"a": [{"b": {"reference": OLD}}]}, {"a": [{"b": {"reference": NEW}}]}),
        ({"instantiatesUri": ["x", OLD]}, {"instantiatesUri": ["x", NEW]}),
        ({"valueUuid": OLD}, {"valueUuid": NEW}),
        ({"div": f'<a class="x" href="{OLD}">'}, {"div": f'<a class="x" href="{NEW}">'}),
        ({"div": f"<img\nsrc = '{OLD}'/>"}, {"div": f'<img\nsrc = "{NEW}"/>'}),
    ],
    ids=["reference", "deep", "list of addresses", "choice", "link", "picture"],
)
def test_what_refers_to_something_is_led(before: Any, after: Any) -> None:
    assert moved(before) == after


@pytest.mark.parametrize(
    "same",
    [
        {"identifier": [{"value": OLD}]},
        {"display": OLD},
        {"reference": {"display": OLD}},
        {"div": f"<p title='{OLD}'>{OLD} href={OLD}</p>"},
        {"div": '<a href="urn:uuid:12">'},
        {"valueDecimal": 1.50, "active": True, "nothing": None},
    ],
    ids=["value", "display", "object", "text", "another", "no text"],
)
def test_what_refers_to_nothing_of_it_is_the_same_object(same: Any) -> None:
    assert moved(same) is same


def test_the_resource_that_was_given_stays_as_it_was() -> None:
    before = {"subject": {"reference": OLD}, "note": [{"text": "x"}]}

    after = moved(before)

    assert before == {"subject": {"reference": OLD}, "note": [{"text": "x"}]}
    assert after["note"] is before["note"]


def test_a_link_with_signs_that_are_escaped_is_understood_and_written_so() -> None:
    div = '<a href="urn:x?a=1&amp;b=2">x</a>'

    assert led({"div": div}, lambda text, _: "Flag/1?c=&" if text == "urn:x?a=1&b=2" else None) == {
        "div": '<a href="Flag/1?c=&amp;">x</a>'
    }


@pytest.mark.parametrize(
    ("reference", "found"),
    [
        ("Patient?identifier=a|b", ("Patient", "identifier=a|b")),
        ("Patient/1", None),
        ("https://a.example/Patient?identifier=x", None),
        ("Patient?", None),
        ("#p", None),
    ],
)
def test_a_reference_by_criteria_is_told_from_others(reference: str, found: Any) -> None:
    assert criteria_of(reference) == found


def test_the_first_reference_by_criteria_has_its_path() -> None:
    resource = {
        "status": "final",
        "subject": {"reference": "Patient/1"},
        "performer": [{"reference": "Organization/1"}, {"reference": "Organization?name=x"}],
    }

    assert by_criteria(resource, "Observation") == "Observation.performer[1]"
    assert by_criteria({"subject": {"reference": "Patient/1"}}, "Observation") is None
