"""Writes held against the profiles that they claim, where the settings ask for it."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from served import JSON, settle, token_for

from gateway.app import create_app
from gateway.web.site import Site

WEIGHED = "https://fhirgate.example/StructureDefinition/weighed-child"
WEIGHT: dict[str, Any] = {
    "resourceType": "Observation",
    "id": "1",
    "meta": {"profile": ["https://example.org/not-here", WEIGHED]},
    "status": "final",
    "code": {"coding": [{"system": "http://loinc.org", "code": "29463-7"}]},
    "subject": {"reference": "Patient/1"},
    "valueQuantity": {"value": 3, "system": "http://unitsofmeasure.org", "code": "kg"},
}
WRONG = {**WEIGHT, "note": [{"text": "x"}]}


Said = tuple[int, list[tuple[str, str]]]


class Writer:
    """A client that writes to a gateway that checks claims."""

    def __init__(self, folder: Path) -> None:
        config = settle(folder, "check_profiles = true\n")
        site = create_app(config)
        assert isinstance(site, Site)
        self.site, self.token = site, token_for(config, "clinic")

    def send(
        self, method: str, path: str, body: Any, content: str = JSON
    ) -> tuple[int, list[tuple[str, str]]]:
        """The status, and code and place of each error."""
        headers = {"Authorization": f"Bearer {self.token}", "Content-Type": content}
        asked = self.site.test_client().open(
            f"/feed/clinic{path}", method=method, data=json.dumps(body), headers=headers
        )
        said = json.loads(asked.text).get("issue", ())
        return asked.status_code, [
            (each["details"]["coding"][0]["code"], each["expression"][0]) for each in said
        ]


@pytest.fixture
def writer(tmp_path: Path) -> Iterator[Writer]:
    made = Writer(tmp_path)
    yield made
    made.site.door.gateway.close()


def test_what_follows_the_profiles_that_are_here_is_written(writer: Writer) -> None:
    assert writer.send("PUT", "/Observation/1", WEIGHT) == (201, [])
    assert writer.send("PUT", "/Observation/2", {**WRONG, "id": "2", "meta": {"source": "x"}}) == (201, [])


def test_what_does_not_follow_a_profile_that_it_claims_is_not_written(writer: Writer) -> None:
    refused = (422, [("profile.too-many", "Observation.note[0]")])

    assert writer.send("PUT", "/Observation/1", WRONG) == refused
    assert writer.send("POST", "/Observation", WRONG) == refused
    assert writer.site.door.gateway.store.counts()["resources"] == 0


def test_a_patch_may_not_make_what_does_not_follow_it(writer: Writer) -> None:
    writer.send("PUT", "/Observation/1", WEIGHT)
    patch = [{"op": "add", "path": "/note", "value": [{"text": "x"}]}]

    status, said = writer.send("PATCH", "/Observation/1", patch, "application/json-patch+json")

    assert (status, said[0][0]) == (422, "profile.too-many")


def test_in_a_transaction_the_entry_is_named_and_nothing_is_written(writer: Writer) -> None:
    entries = [
        {"resource": each, "request": {"method": "PUT", "url": f"Observation/{each['id']}"}}
        for each in (WEIGHT, {**WRONG, "id": "2"})
    ]

    status, said = writer.send(
        "POST", "", {"resourceType": "Bundle", "type": "transaction", "entry": entries}
    )

    assert status == 422
    assert said[0][0] == "profile.too-many" and said[0][1].startswith("Bundle.entry[1]")
    assert writer.site.door.gateway.store.counts()["resources"] == 0
