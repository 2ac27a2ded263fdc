"""Where a restricted child is cannot be read nor found out, whatever says it about the child."""

from typing import Any

import pytest
from gates import child_of, load, ndjson
from invented import NHS, nhs
from postgres import emptied, postgres  # noqa: F401
from served import settle, token_for

from gateway.app import create_app
from gateway.web.site import Site

LABELS = "http://terminology.hl7.org/CodeSystem/v3-Confidentiality"
HOME = [{"line": ["9 Refuge Road"], "postalCode": "ZZ9 9ZZ"}]
SCHOOL = {"system": "https://fhir.hl7.org.uk/Id/urn-school-number", "value": "100001"}
PHONE = [{"system": "phone", "value": "07700900123"}]


def child(id: str, number: str, **more: Any) -> dict[str, Any]:
    return {
        "resourceType": "Patient",
        "id": id,
        "birthDate": "2013-03-04",
        "name": [{"family": f"Canarybird{id}", "given": ["Kit"]}],
        "identifier": [{"system": NHS, "value": number}],
        "address": HOME,
        **more,
    }


def about(id: str) -> list[dict[str, Any]]:
    """A mother who lives there, and an Observation that has both in it."""
    where = f'<div xmlns="http://www.w3.org/1999/xhtml">9 Refuge Road, {id}</div>'
    mother = {
        "resourceType": "RelatedPerson",
        "id": f"m{id}",
        "text": {"status": "generated", "div": where},
        "patient": {"reference": f"Patient/{id}"},
        "name": [{"family": "Canarymother"}],
        "address": HOME,
        "telecom": PHONE,
    }
    seen = {
        "resourceType": "Observation",
        "id": f"o{id}",
        "status": "final",
        "code": {"text": "canarynote"},
        "subject": {"reference": f"Patient/{id}"},
        "focus": [{"reference": "#x"}],
        "contained": [
            {
                "resourceType": "Patient",
                "id": "x",
                "name": [{"family": "Canary"}],
                "address": HOME,
                "generalPractitioner": [{"display": "Refuge Road Surgery"}],
            }
        ],
    }
    school = {"type": "Organization", "identifier": SCHOOL, "display": "Refuge Road School"}
    enrolled = {
        "resourceType": "EpisodeOfCare",
        "id": f"e{id}",
        "status": "active",
        "type": [{"text": "Canary"}],
        "patient": {"reference": f"Patient/{id}"},
        "managingOrganization": school,
    }
    visited = {
        "resourceType": "Encounter",
        "id": f"v{id}",
        "status": "finished",
        "class": {"system": "http://terminology.hl7.org/CodeSystem/v3-ActCode", "code": "AMB"},
        "type": [{"text": "Canary"}],
        "subject": {"reference": f"Patient/{id}"},
        "location": [{"location": {"identifier": {"value": "9"}, "display": "Refuge Road Ward"}}],
        "serviceProvider": school,
    }
    weighed = {
        "resourceType": "Observation",
        "id": f"w{id}",
        "status": "final",
        "code": {"text": "canaryweight"},
        "subject": {"reference": f"Patient/{id}"},
        "performer": [school],
        "valueString": "Canary",
    }
    return [mother, seen, enrolled, visited, weighed]


@pytest.fixture(params=["sqlite", "postgres"])
def site(request: pytest.FixtureRequest, tmp_path: Any) -> Any:
    top = ""
    if request.param == "postgres":
        top = f'database = "{request.getfixturevalue("postgres")()}"\n'
    app = create_app(settle(tmp_path, top))
    closed = {"meta": {"security": [{"system": LABELS, "code": "R"}]}}
    load(
        app.door.gateway,
        "council",
        ndjson(child("r", nhs(1), **closed), *about("r"), child("f", nhs(2)), *about("f")),
    )
    yield app
    app.door.gateway.close()


def get(site: Site, path: str) -> Any:
    token = token_for(site.door.gateway.config, "school")
    return site.test_client().get(f"/fhir/{path}", headers={"Authorization": f"Bearer {token}"})


def ids(site: Site) -> tuple[str, str]:
    closed, free = (child_of(site.door.gateway, "council", local) for local in "rf")
    assert closed is not None and free is not None
    return closed.id, free.id


WAYS = (
    "RelatedPerson?patient={id}",
    "Observation?patient={id}",
    "RelatedPerson?patient={id}&_sort=address",
    "Patient/{id}",
    "Patient/{id}/$everything",
    "Patient?_id={id}&_revinclude=RelatedPerson:patient",
    "Observation/$lastn?patient={id}&code:text=canarynote",
    "Observation?patient={id}&code:text=canaryweight",
    "EpisodeOfCare?patient={id}",
    "Encounter?patient={id}",
    "Patient/{id}/Encounter",
    "Encounter?patient={id}&_format=xml",
)


@pytest.mark.parametrize("way", WAYS)
def test_no_answer_about_a_restricted_child_says_where_it_is(site: Site, way: str) -> None:
    closed, free = (get(site, way.format(id=id)) for id in ids(site))

    assert closed.status_code == free.status_code == 200
    assert "Refuge Road" in free.text, "of others it is told, so that this can be seen to work"
    assert "Canary" in closed.text
    for word in ("Refuge Road", "ZZ9", "07700900123", "100001"):
        assert word not in closed.text


def test_a_version_and_the_history_of_what_is_about_it_say_it_neither(site: Site) -> None:
    closed, free = ids(site)
    for id, told in ((closed, False), (free, True)):
        (entry,) = get(site, f"RelatedPerson?patient={id}").json["entry"]
        here = f"RelatedPerson/{entry['resource']['id']}"
        for path in (here, f"{here}/_history", f"{here}/_history/1"):
            answer = get(site, path)
            assert answer.status_code == 200
            assert ("9 Refuge Road" in answer.text) is told, path


FINDS = (
    "RelatedPerson?address-postalcode=ZZ9 9ZZ",
    "RelatedPerson?address=9 Refuge",
    "RelatedPerson?phone=07700900123",
    "RelatedPerson?telecom=07700900123",
    "RelatedPerson?address:missing=false",
    "RelatedPerson?address:contains=efuge&name=Canarymother",
    "Patient?_has:RelatedPerson:patient:address-postalcode=ZZ9 9ZZ",
    "Patient?address=9 Refuge",
    "EpisodeOfCare?organization:identifier=https://fhir.hl7.org.uk/Id/urn-school-number|100001",
    "Encounter?service-provider:identifier=100001",
    "Encounter?location:identifier=9",
    "Observation?performer:identifier=https://fhir.hl7.org.uk/Id/urn-school-number|100001",
    "Patient?_has:EpisodeOfCare:patient:organization:identifier=100001",
)


@pytest.mark.parametrize("question", FINDS)
def test_nobody_finds_a_restricted_child_by_where_it_is(site: Site, question: str) -> None:
    answer = get(site, question)

    closed, free = ids(site)
    assert answer.json["total"] == 1, "only the other one, who lives there as well"
    assert free in answer.text and closed not in answer.text


@pytest.mark.parametrize("question", FINDS)
def test_nor_does_a_count_tell(site: Site, question: str) -> None:
    assert get(site, f"{question}&_summary=count").json["total"] == 1


def test_what_has_no_place_is_found_where_that_is_asked_and_sorted_behind_those_that_have_one(
    site: Site,
) -> None:
    closed, free = ids(site)

    missing = get(site, "RelatedPerson?address:missing=true").json
    assert [entry["resource"]["patient"]["reference"] for entry in missing["entry"]] == [f"Patient/{closed}"]
    for order in ("address", "-address", "phone", "-phone"):
        entries = get(site, f"RelatedPerson?_sort={order}").json["entry"]
        found = [entry["resource"]["patient"]["reference"] for entry in entries]
        assert found == [f"Patient/{free}", f"Patient/{closed}"], order


def test_its_feed_reads_back_what_it_told(site: Site) -> None:
    token = token_for(site.door.gateway.config, "council")
    answer = site.test_client().get(
        "/feed/council/RelatedPerson/mr", headers={"Authorization": f"Bearer {token}"}
    )

    assert answer.json["address"] == HOME and answer.json["telecom"] == PHONE
