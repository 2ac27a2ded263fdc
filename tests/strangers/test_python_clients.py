"""Python's FHIR clients do their everyday work, with a token and nothing set for fhirgate."""

from typing import Any
from uuid import uuid4

import pytest
from fhirclient.client import FHIRClient
from fhirclient.models.humanname import HumanName
from fhirclient.models.observation import Observation
from fhirclient.models.patient import Patient
from fhirclient.server import FHIRNotFoundException, FHIRServer
from fhirpy import SyncFHIRClient
from fhirpy.base.exceptions import OperationOutcome, ResourceNotFound
from served import Served

IDENTIFIER = "https://example.org/clients"


@pytest.fixture(scope="module")
def token(served: Served) -> str:
    return served.caller("clinic").token


@pytest.fixture(scope="module")
def feed(served: Served, token: str) -> SyncFHIRClient:
    """fhirpy on the base of a feed."""
    return SyncFHIRClient(f"{served.url}/feed/clinic", authorization=f"Bearer {token}")


@pytest.fixture(scope="module")
def fhir(served: Served, token: str) -> SyncFHIRClient:
    """fhirpy on /fhir."""
    return SyncFHIRClient(f"{served.url}/fhir", authorization=f"Bearer {token}")


@pytest.fixture
def family(feed: SyncFHIRClient) -> str:
    """The family name of three Patients, and of nobody else."""
    name = f"F{uuid4().hex}"
    for given in ("Ada", "Bea", "Cai"):
        child(feed, name, given).save()
    return name


def child(feed: SyncFHIRClient, family: str, given: str) -> Any:
    identifier = {"system": IDENTIFIER, "value": f"{family}-{given}"}
    return feed.resource("Patient", name=[{"family": family, "given": [given]}], identifier=[identifier])


def test_fhirpy_creates_reads_updates_and_deletes(feed: SyncFHIRClient) -> None:
    made = child(feed, "Elm", "Ada")

    made.save()
    read = feed.get("Patient", made.id)
    made["birthDate"] = "2015-03-31"
    made.save()
    again = feed.reference("Patient", made.id).to_resource()
    made.delete()

    assert read["name"][0]["given"] == ["Ada"]
    assert (again["birthDate"], again["meta"]["versionId"]) == ("2015-03-31", "2")
    with pytest.raises(ResourceNotFound):
        feed.get("Patient", made.id)


def test_fhirpy_patches_with_what_is_to_be_different(feed: SyncFHIRClient) -> None:
    made = child(feed, "Elm", "Ada").save()

    made.patch(gender="female", birthDate="2015-03-31")
    feed.patch("Patient", made.id, gender=None)

    after = feed.get("Patient", made.id)
    assert "gender" not in after
    assert after["birthDate"] == "2015-03-31"


def test_fhirpy_asks_whether_it_has_the_newest(feed: SyncFHIRClient) -> None:
    made = child(feed, "Elm", "Ada").save()
    before = made.serialize()

    made.refresh()
    same = made.serialize()
    feed.patch("Patient", made.id, gender="female")
    made.refresh()

    assert same == before
    assert made["gender"] == "female"


def test_fhirpy_validates(feed: SyncFHIRClient) -> None:
    sound, wrong = child(feed, "Elm", "Ada"), feed.resource("Patient", gender="woman")

    assert sound.is_valid()
    assert not wrong.is_valid()
    with pytest.raises(OperationOutcome):
        wrong.save()


@pytest.mark.parametrize("where", ["feed", "fhir"])
def test_fhirpy_searches_counts_sorts_and_pages(
    request: pytest.FixtureRequest, family: str, where: str
) -> None:
    found = request.getfixturevalue(where).resources("Patient").search(family=family)

    assert found.count() == len(found.fetch()) == 3
    assert [each["name"][0]["given"] for each in found.sort("-given").fetch()] == [["Cai"], ["Bea"], ["Ada"]]
    assert len(found.limit(1).fetch_all()) == 3
    assert found.first().resourceType == "Patient"


def test_fhirpy_asks_for_some_elements(feed: SyncFHIRClient, family: str) -> None:
    one = feed.resources("Patient").search(family=family).elements("name").first()

    assert one["name"] and "identifier" not in one


def test_fhirpy_follows_a_chain(feed: SyncFHIRClient, family: str) -> None:
    patient = feed.resources("Patient").search(family=family).first()
    told = feed.resource(
        "Observation", status="final", code={"text": "Height"}, subject=patient.to_reference()
    )
    told.save()

    found = feed.resources("Observation").search(patient__Patient__family=family).fetch()

    assert [each.id for each in found] == [told.id]


def test_fhirpy_follows_references_both_ways(feed: SyncFHIRClient, family: str) -> None:
    found = feed.resources("Patient").search(family=family)
    patient = found.first()
    feed.resource("Observation", status="final", code={"text": "H"}, subject=patient.to_reference()).save()

    told = feed.resources("Observation").search(patient=patient.id).include("Observation", "subject")
    about = found.search(_id=patient.id).revinclude("Observation", "subject")
    has = found.has("Observation", "patient", status="final")

    assert [each.resource.resourceType for each in told.fetch_raw().entry] == ["Observation", "Patient"]
    assert [each.resource.resourceType for each in about.fetch_raw().entry] == ["Patient", "Observation"]
    assert [each.id for each in has.fetch()] == [patient.id]


def test_fhirpy_makes_what_is_not_there_yet(feed: SyncFHIRClient) -> None:
    family = f"F{uuid4().hex}"
    wanted = feed.resources("Patient").search(identifier=f"{IDENTIFIER}|{family}-Ada")

    first, made = wanted.get_or_create(child(feed, family, "Ada"))
    second, again = wanted.get_or_create(child(feed, family, "Ada"))
    third = child(feed, family, "Ada").create(identifier=f"{IDENTIFIER}|{family}-Ada")

    assert (made, again) == (True, False)
    assert first.id == second.id == third.id


def test_fhirpy_changes_and_deletes_what_it_finds(feed: SyncFHIRClient) -> None:
    family = f"F{uuid4().hex}"
    child(feed, family, "Ada").save()
    wanted = feed.resources("Patient").search(identifier=f"{IDENTIFIER}|{family}-Ada")

    updated, made = wanted.update(child(feed, family, "Ada"))
    patched = wanted.patch(gender="female")
    wanted.delete()

    assert (updated.id, made, patched["gender"]) == (patched.id, False, "female")
    assert wanted.count() == 0


def test_fhirpy_asks_for_everything_about_a_patient(feed: SyncFHIRClient, family: str) -> None:
    patient = feed.resources("Patient").search(family=family).first()
    feed.resource("Observation", status="final", code={"text": "H"}, subject=patient.to_reference()).save()

    bundle = patient.execute("$everything", "get")

    assert {each.resource.resourceType for each in bundle.entry} == {"Patient", "Observation"}


@pytest.fixture(scope="module")
def smart(served: Served, token: str) -> FHIRServer:
    """fhirclient on the base of a feed; what it would keep of an earlier time holds the token."""
    auth = {"app_id": "tests", "access_token": token}
    server = {"base_uri": f"{served.url}/feed/clinic/", "auth_type": "oauth2", "auth": auth}
    return FHIRClient(state={"app_id": "tests", "server": server}).server


def named(family: str, given: str) -> Patient:
    made, name = Patient(), HumanName()
    name.family, name.given = family, [given]
    made.name = [name]
    return made


def test_fhirclient_reads_what_the_server_can_do(served: Served) -> None:
    settings = {"app_id": "tests", "api_base": f"{served.url}/fhir"}
    said = FHIRClient(settings=settings).server.capabilityStatement

    assert said.fhirVersion == "4.0.1"
    assert "Patient" in {each.type for each in said.rest[0].resource}


def test_fhirclient_creates_reads_updates_and_deletes(smart: FHIRServer) -> None:
    id = named("Elm", "Ada").create(smart)["id"]

    read = Patient.read(id, smart)
    read.gender = "female"
    read.update(smart)
    again = Patient.read(id, smart)
    again.delete(smart)

    assert (again.gender, again.meta.versionId) == ("female", "2")
    with pytest.raises(Exception, match="410"):
        Patient.read(id, smart)


def test_fhirclient_says_what_is_not_there(smart: FHIRServer) -> None:
    with pytest.raises(FHIRNotFoundException):
        Patient.read("nobody", smart)


def test_fhirclient_searches_and_pages(smart: FHIRServer) -> None:
    family = f"F{uuid4().hex}"
    for given in ("Ada", "Bea", "Cai"):
        named(family, given).create(smart)

    found = list(Patient.where({"family": family}).perform_resources_iter(smart))
    pages = list(Patient.where({"family": family, "_count": "2"}).perform_iter(smart))
    none = Patient.where({"family": family, "birthdate": {"$gt": "1990", "$lte": "2010"}}).perform_iter(smart)

    assert len(found) == 3
    assert [len(each.entry) for each in pages] == [2, 1]
    assert [each.total for each in none] == [0]


def test_fhirclient_reads_what_a_patient_is_the_subject_of(smart: FHIRServer) -> None:
    id = named("Elm", "Ada").create(smart)["id"]
    height = {"resourceType": "Observation", "status": "final", "code": {"text": "Height"}}
    Observation({**height, "subject": {"reference": f"Patient/{id}"}}).create(smart)

    (found,) = Observation.where({"patient": id}).perform_resources_iter(smart)

    both = list(Observation.where({"patient": id}).include("subject").perform_resources_iter(smart))

    assert found.subject.reference == f"Patient/{id}"
    assert {each.resource_type for each in both} == {"Observation", "Patient"}
