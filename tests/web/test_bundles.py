"""What a Bundle leaves behind in the audit and in the store, and what the settings change."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from served import JSON, settle, token_for

from gateway.app import create_app
from gateway.problems import refuse
from gateway.problems.store import STORE_AUDIT
from gateway.security.audit import Look, read
from gateway.store.audit import SqliteTrail
from gateway.web.site import Site

Entry = dict[str, Any]


class Client:
    """A client of an application in this process."""

    def __init__(self, site: Site, client: str = "clinic") -> None:
        self.site = site
        self.gateway = site.door.gateway
        self.token = token_for(self.gateway.config, client)

    def ask(self, method: str, path: str, body: Any = None, **headers: str) -> Any:
        sent = {"Authorization": f"Bearer {self.token}", **headers}
        data = None if body is None else json.dumps(body)
        return self.site.test_client().open(
            path, method=method, data=data, headers=sent, content_type=JSON if data else None
        )

    def bundle(self, type: str, *entries: Entry) -> Any:
        sent = {"resourceType": "Bundle", "type": type, "entry": list(entries)}
        return self.ask("POST", "/feed/clinic", sent, **{"X-Request-ID": "one"})

    def looks(self) -> list[Look]:
        trail = self.gateway.trail
        assert isinstance(trail, SqliteTrail)
        with trail._connected() as connection:
            return [read(body) for (body,) in connection.execute("SELECT body FROM event ORDER BY number")]


@pytest.fixture
def clinic(site: Site) -> Client:
    return Client(site)


@pytest.fixture
def lenient(tmp_path: Path) -> Iterator[Client]:
    """A client of a gateway that deletes all that meets the criteria of a delete."""
    site = create_app(settle(tmp_path, 'conditional_delete = "multiple"\n'))
    assert isinstance(site, Site)
    yield Client(site)
    site.door.gateway.close()


def entry(method: str, url: str, resource: Any = None, **request: str) -> Entry:
    made: Entry = {"request": {"method": method, "url": url, **request}}
    return made if resource is None else {"resource": resource, **made}


def patient(id: str, **more: Any) -> dict[str, Any]:
    return {"resourceType": "Patient", "id": id, "name": [{"family": f"Beech-{id}"}], **more}


def test_a_transaction_is_one_look_and_each_of_its_entries_another(clinic: Client) -> None:
    clinic.bundle(
        "transaction",
        entry("PUT", "Patient/a", patient("a")),
        entry("POST", "Patient", patient("b"), ifNoneExist="family=Beech-b"),
        entry("GET", "Patient/a"),
        entry("GET", "Patient?family=Beech-b"),
    )

    whole, *parts = clinic.looks()
    assert (whole.interaction, whole.status, whole.request) == ("transaction", 200, "one")
    assert [(each.interaction, each.status, each.type, each.request) for each in parts] == [
        ("update", 201, "Patient", "one"),
        ("conditional-create", 201, "Patient", "one"),
        ("read", 200, "Patient", "one"),
        ("search-type", 200, "Patient", "one"),
    ]
    for each in parts:
        assert each.client == "clinic" and len(each.children) == 1
    assert set(whole.children) == {child for each in parts for child in each.children}
    assert parts[0].id == parts[2].id == "a" and parts[1].id not in ("", "b")
    assert parts[1].question == b"POST Patient\nfamily=Beech-b"


def test_a_transaction_that_is_refused_is_a_look_as_well(clinic: Client) -> None:
    clinic.bundle("transaction", entry("PUT", "Patient/a", patient("a")), entry("GET", "Patient/b"))

    (whole,) = clinic.looks()
    assert (whole.interaction, whole.status, whole.problem) == ("transaction", 404, "http.not-found")


def test_the_entries_of_a_batch_are_looks_of_their_own(clinic: Client) -> None:
    clinic.bundle("batch", entry("GET", "Patient/b"), entry("PUT", "Patient/a", patient("a")))

    assert [(each.interaction, each.status, each.request) for each in clinic.looks()] == [
        ("update", 201, "one"),
        ("read", 404, "one"),
        ("batch", 200, "one"),
    ]


def test_what_was_kept_and_cannot_be_audited_is_said_to_be_kept(
    clinic: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise refuse(STORE_AUDIT, file="audit.db")

    monkeypatch.setattr(SqliteTrail, "append_all", full)

    answer = clinic.bundle("transaction", entry("PUT", "Patient/a", patient("a")))

    assert answer.status_code == 500
    assert "http.done-unaudited" in answer.text
    assert clinic.gateway.store.read("clinic", "Patient", "a") is not None


def test_a_refused_transaction_leaves_the_store_byte_for_byte(clinic: Client) -> None:
    clinic.bundle(
        "transaction",
        entry("PUT", "Patient/a", patient("a", birthDate="2012-01-02")),
        entry("PUT", "Flag/f", {**FLAG, "id": "f", "subject": {"reference": "Patient/a"}}),
    )
    before = clinic.gateway.store.snapshot()

    answers = [
        clinic.bundle(
            "transaction",
            entry("DELETE", "Flag/f"),
            entry("DELETE", "Patient/a"),
            entry("POST", "Patient", patient("c", birthDate="2012-01-02")),
            entry("PUT", "Flag?_id=g", {**FLAG, "subject": {"reference": "Patient?_id=z"}}),
        ),
        clinic.bundle(
            "transaction",
            entry("PUT", "Patient/a", patient("a", birthDate="2012-01-02", active=True)),
            entry("GET", "Flag/none"),
        ),
    ]

    assert [each.status_code for each in answers] == [412, 404]
    assert clinic.gateway.store.snapshot() == before


def test_a_delete_by_criteria_may_delete_all_that_meets_them(lenient: Client) -> None:
    for id in ("a", "b", "c"):
        lenient.ask("PUT", f"/feed/clinic/Patient/{id}", patient(id, active=id != "c"))

    answer = lenient.ask("DELETE", "/feed/clinic/Patient?active=true")
    said = json.loads(lenient.ask("GET", "/feed/clinic/metadata").text)["rest"][0]["resource"]

    assert answer.status_code == 204
    left = [lenient.ask("GET", f"/feed/clinic/Patient/{id}").status_code for id in ("a", "b", "c")]
    assert left == [410, 410, 200]
    assert len(lenient.looks()[3].children) == 2
    assert {each["conditionalDelete"] for each in said} == {"multiple"}


def test_a_patient_that_a_transaction_deletes_leaves_its_child(clinic: Client) -> None:
    clinic.bundle(
        "transaction", entry("PUT", "Patient/a", patient("a")), entry("PUT", "Patient/b", patient("b"))
    )
    children = clinic.gateway.store.counts()["children"]

    clinic.bundle("transaction", entry("DELETE", "Patient/a"), entry("POST", "Patient", patient("new")))

    found = json.loads(clinic.ask("GET", "/fhir/Patient?family=Beech").text)["entry"]
    names = sorted(each["resource"]["name"][0]["family"] for each in found)
    assert names == ["Beech-b", "Beech-new"]
    assert clinic.gateway.store.counts()["children"] == children + 1


FLAG = {
    "resourceType": "Flag",
    "status": "active",
    "code": {"text": "x"},
    "subject": {"reference": "Patient/1"},
}
