"""Who has a version already, and when that must not be believed: on /fhir a record may change its child."""

import json
from typing import Any

import pytest
from served import JSON, UPN, token_for

from gateway.web.site import Site


def patient(id: str, **more: Any) -> dict[str, Any]:
    identifier = [{"system": UPN, "value": "H801200001001"}]
    return {
        "resourceType": "Patient",
        "id": id,
        "identifier": identifier,
        "name": [{"family": "Beech", "given": ["Ada"]}],
        "birthDate": "2015-01-02",
        **more,
    }


@pytest.fixture
def two_records(site: Site) -> Site:
    """A child of two records, of which the second has a telephone and an Observation."""
    gateway = site.door.gateway
    feed = gateway.feed("clinic")
    gateway.write(feed, "Patient", "one", patient("one"))
    gateway.write(
        feed, "Patient", "two", patient("two", telecom=[{"system": "phone", "value": "07700900111"}])
    )
    observation = {
        "resourceType": "Observation",
        "id": "o",
        "status": "final",
        "code": {"text": "height"},
        "subject": {"reference": "Patient/two"},
    }
    gateway.write(feed, "Observation", "o", observation)
    return site


def get(site: Site, path: str, **headers: str) -> Any:
    sent = {name.replace("_", "-"): value for name, value in headers.items()}
    sent["Authorization"] = f"Bearer {token_for(site.door.gateway.config, 'clinic')}"
    return site.test_client().get(f"/fhir/{path}", headers=sent)


def first_of(site: Site, type: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(get(site, type).data)["entry"][0]["resource"]
    return found


def test_a_record_that_leaves_its_child_is_never_answered_as_unchanged(two_records: Site) -> None:
    gateway = two_records.door.gateway
    paths = [f"Observation/{first_of(two_records, 'Observation')['id']}"]
    paths.append(f"Patient/{first_of(two_records, 'Patient')['id']}")
    before = {path: get(two_records, path) for path in paths}

    gateway.take_apart(gateway.feed("clinic"), "two", reason="Not the same child.", author="A. Person")

    for path, first in before.items():
        by_tag = get(two_records, path, If_None_Match=first.headers["ETag"])
        by_date = get(two_records, path, If_Modified_Since=first.headers["Last-Modified"])
        assert (by_tag.status_code, by_date.status_code) == (200, 200), path
        assert by_tag.data == by_date.data != first.data
        assert by_tag.content_type.startswith(JSON)


def test_a_patient_that_is_as_it_was_is_not_sent_again(two_records: Site) -> None:
    path = f"Patient/{first_of(two_records, 'Patient')['id']}"

    again = get(two_records, path, If_None_Match=get(two_records, path).headers["ETag"])

    assert (again.status_code, again.data) == (304, b"")


@pytest.mark.parametrize(
    ("since", "status"),
    [
        ("Fri, 31 Dec 9999 23:59:59 GMT", 304),
        ("Thu, 01 Jan 1970 00:00:00 GMT", 200),
        ("yesterday", 200),
        ("Fri, 31 Dec 99999999999999999999 23:59:59 GMT", 200),
        ("Fri, 31 Dec 9999 23:59:59 -99999999999999999999", 200),
        ("", 200),
    ],
)
def test_on_a_feed_a_date_may_tell_and_one_that_cannot_be_read_does_not(
    two_records: Site, since: str, status: int
) -> None:
    headers = {
        "Authorization": f"Bearer {token_for(two_records.door.gateway.config, 'clinic')}",
        "If-Modified-Since": since,
    }

    assert two_records.test_client().get("/feed/clinic/Patient/one", headers=headers).status_code == status


def test_a_query_that_cannot_be_read_is_refused_whichever_way_it_goes(site: Site) -> None:
    for query in ("name=_pretty%ff", "_pretty=%ff", "_pretty=true&name=%ff"):
        answer = get(site, f"Patient?{query}")

        assert answer.status_code == 400
        coding = json.loads(answer.data)["issue"][0]["details"]["coding"][0]
        assert coding["code"] == "http.query-text"
