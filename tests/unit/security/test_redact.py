"""Identifiers that the caller must not see are in no part of a resource."""

import json

import pytest

from gateway.security.policy import hidden_systems
from gateway.security.redact import names_hidden, redacted

BASE = "https://fhirgate.example"
HIDDEN = hidden_systems(BASE)
UPN = {"system": f"{BASE}/Id/upn", "value": "H801200001001"}
CASE = {"system": f"{BASE}/Id/la-child-id/201", "value": "10234"}
OWN = {"system": "https://clinic.example/Id", "value": "7"}


def test_hidden_identifiers_go_and_everything_else_stays() -> None:
    resource = {
        "resourceType": "Observation",
        "identifier": [CASE, OWN],
        "subject": {"reference": "Patient/1", "identifier": UPN},
        "performer": [{"identifier": UPN}, {"display": "A nurse", "identifier": OWN}],
        "contained": [{"resourceType": "Patient", "id": "x", "identifier": [UPN]}],
        "valueQuantity": {"value": 0, "system": "http://unitsofmeasure.org"},
        "component": [{"valueBoolean": False}],
    }

    assert redacted(resource, HIDDEN) == {
        "resourceType": "Observation",
        "identifier": [OWN],
        "subject": {"reference": "Patient/1"},
        "performer": [{"display": "A nurse", "identifier": OWN}],
        "contained": [{"resourceType": "Patient", "id": "x"}],
        "valueQuantity": {"value": 0, "system": "http://unitsofmeasure.org"},
        "component": [{"valueBoolean": False}],
    }


def test_only_a_text_that_names_a_hidden_system_is_looked_through() -> None:
    assert [names_hidden(json.dumps(each).encode(), HIDDEN) for each in (UPN, CASE, OWN)] == [
        True,
        True,
        False,
    ]


@pytest.mark.parametrize(
    "told",
    [
        "https://gateway.example/feed/council/Observation/CASE-10234",
        "http://localhost/sub/feed/council/Patient/10234/_history/2",
        "Patient?identifier=10234",
    ],
)
def test_addresses_in_a_feed_and_criteria_go_since_they_may_say_a_case_number(told: str) -> None:
    body = {"resourceType": "Observation", "hasMember": [{"reference": told}], "status": "final"}
    text = json.dumps(body).encode()

    assert names_hidden(text, HIDDEN) and not names_hidden(text, frozenset())
    assert redacted(body, HIDDEN) == {"resourceType": "Observation", "status": "final"}
    assert redacted(body, frozenset()) == body


def test_other_addresses_and_words_stay() -> None:
    body = {
        "a": ["https://example.org/fhir/Patient/1", "See https://x.example/feed/y/Patient/1 for more"],
        "b": "https://example.org/feed/news",
    }

    assert redacted(body, HIDDEN) == body
