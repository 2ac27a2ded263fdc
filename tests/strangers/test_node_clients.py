"""Clients for Node do their everyday work against a feed, with a token and nothing set for fhirgate."""

from typing import Any
from uuid import uuid4

import pytest
from foreign import Work
from served import Served

MAKES = ("fhir-kit", "medplum")

#: What each step of a client must come to.
EVERY_CLIENT = {
    "capabilities": "4.0.1",
    "create": "1",
    "read": ["Ada"],
    "resolve": True,
    "update": "2",
    "vread": ["Ada"],
    "history": 2,
    "patch": ["Cai"],
    "search": 4,
    "page": [2, 2],
    "include": ["Observation", "Patient"],
    "conditionalUpdate": True,
    "validate": "OperationOutcome",
    "transaction": ["201", "201"],
    "refused": "OperationOutcome",
}
ONE_CLIENT = {
    ("fhir-kit", "postSearch"): 4,
    ("fhir-kit", "compartment"): ["Observation"],
    ("fhir-kit", "delete"): 410,
    ("medplum", "everything"): ["Observation", "Patient"],
    ("medplum", "delete"): "deleted",
}


@pytest.fixture(scope="module")
def told(served: Served, clients: Work) -> dict[str, dict[str, Any]]:
    """What each client was told in each step of its work."""
    token = served.caller("clinic").token
    base = f"{served.url}/feed/clinic"
    return {make: clients(make, base, token, f"F{uuid4().hex}") for make in MAKES}


@pytest.mark.parametrize("step", EVERY_CLIENT)
@pytest.mark.parametrize("make", MAKES)
def test_a_client_can_do_its_work(told: dict[str, dict[str, Any]], make: str, step: str) -> None:
    assert told[make][step] == EVERY_CLIENT[step]


@pytest.mark.parametrize(("make", "step"), ONE_CLIENT)
def test_a_client_can_do_what_it_alone_does(told: dict[str, dict[str, Any]], make: str, step: str) -> None:
    assert told[make][step] == ONE_CLIENT[make, step]


@pytest.mark.parametrize("make", MAKES)
def test_a_client_finds_what_it_would_have_made_twice(told: dict[str, dict[str, Any]], make: str) -> None:
    assert told[make]["conditionalCreate"] is True
