"""Operations where there are connected servers, and for those who may not see all of it."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from served import JSON, SETTINGS, token_for

from gateway import config as settings
from gateway.app import create_app
from gateway.web.site import Site

UPSTREAM = """
[upstreams.hospital]
base_url = "http://127.0.0.1:9/fhir"

[clients.weigher]
sector = "health"
scopes = ["system/Patient.r", "system/Observation.cruds"]
feeds = ["clinic"]
"""


class House:
    """A gateway with a connected server that is down, and one child with two resources about it."""

    def __init__(self, folder: Path) -> None:
        file = folder / "gateway.toml"
        file.write_text("page_most = 2\n" + SETTINGS + UPSTREAM, "utf-8")
        self.config = settings.load(file, {})
        site = create_app(self.config)
        assert isinstance(site, Site)
        self.site = site
        about = {"subject": {"reference": "Patient/p"}}
        code = {"code": {"coding": [{"system": "s", "code": "x"}]}}
        self.tell({"resourceType": "Patient", "id": "p", "name": [{"family": "Beech"}]})
        self.tell({"resourceType": "Observation", "id": "o", "status": "final", **code, **about})
        self.tell({"resourceType": "Condition", "id": "c", **code, **about})

    def tell(self, resource: dict[str, Any]) -> None:
        path = f"/feed/clinic/{resource['resourceType']}/{resource['id']}"
        headers = {"Authorization": f"Bearer {token_for(self.config, 'clinic')}", "Content-Type": JSON}
        answer = self.site.test_client().put(path, data=json.dumps(resource), headers=headers)
        assert answer.status_code == 201, answer.text

    def ask(self, path: str, client: str = "clinic", **headers: str) -> Any:
        sent = {"Authorization": f"Bearer {token_for(self.config, client)}", **headers}
        return self.site.test_client().get(path, headers=sent)

    @property
    def child(self) -> str:
        return str(json.loads(self.ask("/fhir/Patient?family=beech").text)["entry"][0]["resource"]["id"])


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    made = House(tmp_path)
    yield made
    made.site.door.gateway.close()


def types(answer: Any) -> list[str]:
    return [each["resource"]["resourceType"] for each in json.loads(answer.text)["entry"]]


def test_that_connected_servers_were_not_asked_is_said(house: House) -> None:
    answer = house.ask(f"/fhir/Patient/{house.child}/$everything")

    assert types(answer) == ["Patient", "Observation", "OperationOutcome"]
    (issue,) = json.loads(answer.text)["entry"][-1]["resource"]["issue"]
    assert issue["details"]["coding"][0]["code"] == "operation.own-only"


def test_on_a_feed_nobody_else_could_be_asked(house: House) -> None:
    assert types(house.ask("/feed/clinic/Patient/p/$everything")) == ["Patient", "Observation"]


def test_where_gaps_are_errors_it_is_one_that_they_were_not_asked(house: House) -> None:
    answer = house.ask(f"/fhir/Patient/{house.child}/$everything", Prefer="handling=strict")

    assert answer.status_code == 502
    assert json.loads(answer.text)["issue"][0]["severity"] == "error"


@pytest.mark.parametrize("base", ["fhir", "feed/clinic"])
def test_only_types_that_the_caller_may_read_come(house: House, base: str) -> None:
    id = house.child if base == "fhir" else "p"

    whole = house.ask(f"/{base}/Patient/{id}/$everything", "weigher")
    other = house.ask(f"/{base}/Patient/{id}/$everything?_type=Condition", "weigher")

    assert [each for each in types(whole) if each != "OperationOutcome"] == ["Patient", "Observation"]
    assert json.loads(whole.text)["total"] == 2 and json.loads(other.text)["total"] == 0
    assert house.ask(f"/fhir/Patient/{house.child}/$everything", "observer").status_code == 403


def issues(answer: Any) -> list[str]:
    """The codes that the outcome of an answer has."""
    last = json.loads(answer.text)["entry"][-1]["resource"]
    assert last["resourceType"] == "OperationOutcome"
    return [each["details"]["coding"][0]["code"] for each in last["issue"]]


def test_the_newest_are_asked_of_connected_servers_too_and_what_they_did_is_said(house: House) -> None:
    answer = house.ask(f"/fhir/Observation/$lastn?patient={house.child}&code=x")

    assert types(answer) == ["Observation", "OperationOutcome"]
    assert issues(answer)[0] == "service.here"
    assert any(each.startswith("upstream.") for each in issues(answer))


def test_of_very_many_only_the_newest_are_looked_at_and_that_is_said(house: House) -> None:
    for number in range(41):
        code = {"coding": [{"system": "s", "code": "old" if number == 0 else "new"}]}
        resource = {"resourceType": "Observation", "id": f"n{number}", "status": "final", "code": code}
        day = {"effectiveDateTime": f"{2000 + number}-01-01", "subject": {"reference": "Patient/p"}}
        house.tell({**resource, **day})

    answer = house.ask("/feed/clinic/Observation/$lastn?patient=p&code=old,new")
    narrower = house.ask("/feed/clinic/Observation/$lastn?patient=p&code=old")

    assert types(answer) == ["Observation", "OperationOutcome"]
    assert issues(answer) == ["lastn.more"]
    assert types(narrower) == ["Observation"]


def test_the_look_is_kept_with_the_child(house: House) -> None:
    child = house.child
    house.ask(f"/fhir/Patient/{child}/$everything")

    looks = list(house.site.door.gateway.trail.looks(child))

    assert b"everything" in looks[-1]
