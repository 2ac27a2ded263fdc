"""What a clinical system writes into its feed over HTTP becomes records of children like those of a file."""

import json
from typing import Any

import pytest
from gates import BASE, SAMPLES, load
from served import JSON, NHS, Caller, token_for

from gateway.service import Gateway
from gateway.web.site import Site

UPN = f"{BASE}/Id/upn"
AMELIA = "F201900116001"


class Client:
    """A client of the application in this process."""

    def __init__(self, site: Site, client: str) -> None:
        self.site = site
        self.token = token_for(site.door.gateway.config, client)

    def ask(self, method: str, path: str, body: Any = None, **headers: str) -> Any:
        sent = {"Authorization": f"Bearer {self.token}", **headers}
        data = None if body is None else json.dumps(body)
        return self.site.test_client().open(
            path, method=method, data=data, headers=sent, content_type=JSON if data else None
        )

    def get(self, path: str, status: int = 200) -> Any:
        answer = self.ask("GET", path)
        assert answer.status_code == status, answer.text
        return json.loads(answer.text)

    def tell(self, method: str, path: str, body: Any = None) -> Any:
        answer = self.ask(method, path, body)
        assert answer.status_code in (200, 201, 204), answer.text
        return json.loads(answer.text) if answer.text else None

    def matches(self, path: str) -> list[dict[str, Any]]:
        entries = self.get(path).get("entry", [])
        return [each["resource"] for each in entries if each["search"]["mode"] == "match"]


@pytest.fixture
def clinic(site: Site) -> Client:
    return Client(site, "clinic")


@pytest.fixture
def council(site: Site) -> Client:
    return Client(site, "council")


@pytest.fixture
def gateway(site: Site) -> Gateway:
    return site.door.gateway


def amelia(**more: Any) -> dict[str, Any]:
    return {
        "resourceType": "Patient",
        "identifier": [{"system": UPN, "value": AMELIA}, {"system": NHS, "value": "9990123012"}],
        "name": [{"family": "Okafor-Bennett", "given": ["Amelia"]}],
        "birthDate": "2012-03-04",
        **more,
    }


def weight(patient: str, **more: Any) -> dict[str, Any]:
    return {
        "resourceType": "Observation",
        "status": "final",
        "code": {"text": "weight"},
        "subject": {"reference": f"Patient/{patient}"},
        "effectiveDateTime": "2025-03-01",
        **more,
    }


def test_a_patient_posted_by_a_clinic_joins_the_child_of_the_schools_file(
    gateway: Gateway, clinic: Client, council: Client
) -> None:
    load(gateway, "school", [SAMPLES / "ctf/2019002_CTF_2019001_001.xml"], "ctf")
    (before,) = council.matches(f"/fhir/Patient?identifier={UPN}|{AMELIA}")

    made = clinic.tell("POST", "/feed/clinic/Patient", amelia())
    clinic.tell("POST", "/feed/clinic/Observation", weight(made["id"]))

    (child,) = council.matches(f"/fhir/Patient?identifier={NHS}|9990123012")
    assert child["id"] == before["id"]
    assert {each["value"] for each in child["identifier"]} >= {AMELIA, "9990123012"}
    (found,) = [
        each
        for each in council.matches(f"/fhir/Observation?patient={child['id']}&_count=200")
        if each["code"].get("text") == "weight"
    ]
    assert found["subject"] == {"reference": f"Patient/{child['id']}"}
    assert found["id"] != made["id"] and made["id"] not in json.dumps(found)


def test_the_clinic_reads_back_what_it_wrote(clinic: Client) -> None:
    made = clinic.tell("POST", "/feed/clinic/Patient", amelia())
    told = clinic.tell("PUT", "/feed/clinic/Observation/w1", weight(made["id"], id="w1"))

    read = clinic.get("/feed/clinic/Observation/w1")

    assert read == told
    assert read["subject"] == {"reference": f"Patient/{made['id']}"}
    assert clinic.matches(f"/feed/clinic/Observation?patient={made['id']}") == [read]


def test_a_health_caller_sees_no_upn(clinic: Client, council: Client) -> None:
    clinic.tell("POST", "/feed/clinic/Patient", amelia())

    (for_health,) = clinic.matches(f"/fhir/Patient?identifier={NHS}|9990123012")
    (for_council,) = council.matches(f"/fhir/Patient?identifier={NHS}|9990123012")

    assert AMELIA not in json.dumps(for_health) and AMELIA in json.dumps(for_council)
    assert clinic.matches(f"/fhir/Patient?identifier={UPN}|{AMELIA}") == []


def test_an_observation_that_comes_before_its_patient_is_there_once_the_patient_is(
    clinic: Client, council: Client
) -> None:
    clinic.tell("PUT", "/feed/clinic/Observation/w1", weight("p1", id="w1"))
    assert council.matches("/fhir/Observation?date=2025-03-01") == []
    assert [each["id"] for each in clinic.matches("/feed/clinic/Observation?patient=p1")] == ["w1"]

    clinic.tell("PUT", "/feed/clinic/Patient/p1", amelia(id="p1"))

    (child,) = council.matches("/fhir/Patient?birthdate=2012-03-04")
    (found,) = council.matches(f"/fhir/Observation?patient={child['id']}")
    assert found["subject"] == {"reference": f"Patient/{child['id']}"}


def test_a_patient_whose_upn_changes_stays_and_is_found_by_the_new_one(
    gateway: Gateway, clinic: Client, council: Client
) -> None:
    clinic.tell("PUT", "/feed/clinic/Patient/p1", amelia(id="p1"))
    (before,) = council.matches(f"/fhir/Patient?identifier={UPN}|{AMELIA}")
    changed = amelia(id="p1", identifier=[{"system": UPN, "value": "T201900118051"}])

    clinic.tell("PUT", "/feed/clinic/Patient/p1", changed)

    (after,) = council.matches(f"/fhir/Patient?identifier={UPN}|T201900118051")
    assert after["id"] == before["id"]
    assert after["meta"]["versionId"] != before["meta"]["versionId"]
    assert council.matches(f"/fhir/Patient?identifier={UPN}|{AMELIA}") == []
    other = Client(clinic.site, "school").tell("POST", "/feed/school/Patient", amelia())
    assert other["id"] and len(council.matches("/fhir/Patient?birthdate=2012-03-04")) == 2


def test_a_changed_upn_that_is_another_childs_waits_for_a_person(
    gateway: Gateway, clinic: Client, council: Client
) -> None:
    load(gateway, "school", [SAMPLES / "ctf/2019002_CTF_2019001_001.xml"], "ctf")
    clinic.tell("PUT", "/feed/clinic/Patient/p1", amelia(id="p1"))
    twins = {"system": UPN, "value": "T201900118051"}

    clinic.tell("PUT", "/feed/clinic/Patient/p1", amelia(id="p1", identifier=[twins]))

    (child,) = council.matches(f"/fhir/Patient?identifier={UPN}|{AMELIA}")
    record = gateway.store.record("clinic", "p1")
    assert record is not None
    waiting = {entry.reason for entry in gateway.store.reviews(rec=record.rec)}
    assert waiting == {"no-longer-agrees", "same-upn"}
    assert gateway.store.children([record.child or 0])[record.child or 0].id == child["id"]


def test_a_patient_that_is_deleted_takes_what_is_about_it_off_the_base_of_those_who_ask(
    clinic: Client, council: Client
) -> None:
    clinic.tell("PUT", "/feed/clinic/Patient/p1", amelia(id="p1"))
    clinic.tell("PUT", "/feed/clinic/Observation/w1", weight("p1", id="w1"))
    (child,) = council.matches("/fhir/Patient?birthdate=2012-03-04")
    (about,) = council.matches(f"/fhir/Observation?patient={child['id']}")

    clinic.tell("DELETE", "/feed/clinic/Patient/p1")

    assert clinic.ask("GET", "/feed/clinic/Patient/p1").status_code == 410
    assert clinic.get("/feed/clinic/Observation/w1")["subject"] == {"reference": "Patient/p1"}
    assert council.ask("GET", f"/fhir/Patient/{child['id']}").status_code in (404, 410)
    assert council.ask("GET", f"/fhir/Observation/{about['id']}").status_code in (404, 410)
    assert council.matches("/fhir/Observation?date=2025-03-01") == []

    clinic.tell("PUT", "/feed/clinic/Patient/p1", amelia(id="p1"))

    (back,) = council.matches("/fhir/Patient?birthdate=2012-03-04")
    assert (back["id"], back["identifier"]) == (child["id"], child["identifier"])
    assert council.matches(f"/fhir/Observation?patient={child['id']}")[0]["id"] == about["id"]


def test_a_child_whose_other_records_stay_loses_only_what_was_deleted(
    gateway: Gateway, clinic: Client, council: Client
) -> None:
    load(gateway, "school", [SAMPLES / "ctf/2019002_CTF_2019001_001.xml"], "ctf")
    before = gateway.store.snapshot()
    clinic.tell("PUT", "/feed/clinic/Patient/p1", amelia(id="p1"))

    clinic.tell("DELETE", "/feed/clinic/Patient/p1")

    (child,) = council.matches(f"/fhir/Patient?identifier={UPN}|{AMELIA}")
    assert "9990123012" not in json.dumps(child)
    deleted = [item for item in gateway.store.dump() if item[1:3] == ("clinic", "Patient")]
    assert len(deleted) == 1
    assert gateway.store.snapshot() != before


def test_a_write_of_a_resource_about_a_child_that_is_not_the_clients_own_stays_in_its_feed(
    gateway: Gateway, clinic: Client, council: Client
) -> None:
    """`Patient/p1` of one feed is nobody's in another: a local id crosses no border."""
    clinic.tell("PUT", "/feed/clinic/Patient/p1", amelia(id="p1"))

    Client(clinic.site, "school").tell("PUT", "/feed/school/Observation/w1", weight("p1", id="w1"))

    assert council.matches("/fhir/Observation?date=2025-03-01") == []


def test_the_same_write_again_makes_no_version(clinic: Client) -> None:
    first = clinic.ask("PUT", "/feed/clinic/Patient/p1", amelia(id="p1"))

    again = clinic.ask("PUT", "/feed/clinic/Patient/p1", amelia(id="p1"))

    assert (first.status_code, again.status_code) == (201, 200)
    assert first.headers["ETag"] == again.headers["ETag"] == 'W/"1"'


def test_a_refused_write_changes_nothing(gateway: Gateway, clinic: Client) -> None:
    clinic.tell("PUT", "/feed/clinic/Patient/p1", amelia(id="p1"))
    before = gateway.store.snapshot()

    answers = [
        clinic.ask("PUT", "/feed/clinic/Patient/p1", amelia(id="p1", birthDate="2012-02-30")),
        clinic.ask("PUT", "/feed/clinic/Patient/p1", amelia(id="p2")),
        clinic.ask("PUT", "/feed/clinic/Patient/p1", amelia(id="p1", gender="f"), **{"If-Match": 'W/"1"'}),
        clinic.ask("PUT", "/feed/clinic/Patient/p1", amelia(id="p1", active=True), **{"If-Match": 'W/"7"'}),
        clinic.ask("POST", "/fhir/Patient", amelia()),
        clinic.ask("POST", "/feed/school/Patient", amelia()),
    ]

    assert [answer.status_code for answer in answers] == [422, 400, 422, 412, 405, 403]
    for answer in answers:
        assert json.loads(answer.text)["resourceType"] == "OperationOutcome"
    assert gateway.store.snapshot() == before


def test_callers_of_a_real_server_see_what_another_worker_wrote(served: Any) -> None:
    clinic: Caller = served.caller("clinic")
    council: Caller = served.caller("council")
    born = "2009-08-07"

    clinic.tell(
        "clinic", amelia(id="far", birthDate=born, identifier=[{"system": NHS, "value": "9990124086"}])
    )
    clinic.tell("clinic", weight("far", id="far-w"))

    for _ in range(6):
        (entry,) = council.get(f"fhir/Patient?birthdate={born}").json()["entry"]
        child = entry["resource"]["id"]
        found = council.get(f"fhir/Observation?patient={child}").json()
        assert found["total"] == 1
