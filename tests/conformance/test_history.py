"""History of a resource, a type and a feed; the ids are those of the project's REST checklist."""

import time
from typing import Any
from uuid import uuid4

import pytest
import requests
from fhir.resources.R4B.bundle import Bundle
from served import NHS, UPN, Caller, Served

from gateway.testing.numbers import upn as upn_of

PATIENT = {"resourceType": "Patient", "name": [{"family": "Beech"}], "gender": "female"}
# a type that no other test writes, so that its history is known
BASIC = {"resourceType": "Basic", "code": {"text": "a"}}


@pytest.fixture(scope="module")
def clinic(served: Served) -> Caller:
    return served.caller("clinic")


def code(answer: requests.Response) -> str:
    return str(answer.json()["issue"][0]["details"]["coding"][0]["code"])


def put(caller: Caller, id: str, resource: dict[str, Any] = BASIC, feed: str = "clinic", **more: Any) -> Any:
    return caller.tell(feed, {**resource, "id": id, **more})


def stays(clinic: Caller) -> str:
    """A resource with four versions, the third of them a deletion."""
    id = str(uuid4())
    put(clinic, id)
    put(clinic, id, code={"text": "b"})
    clinic.ask("DELETE", f"feed/clinic/Basic/{id}")
    put(clinic, id, code={"text": "c"})
    return id


def tags(bundle: dict[str, Any]) -> list[str]:
    """Id and version of each entry; of a Patient with its type, for others may share its id."""
    where = [each["fullUrl"].rsplit("/", 2)[1:] for each in bundle.get("entry", [])]
    etags = [each["response"]["etag"] for each in bundle.get("entry", [])]
    return [
        f"Patient/{id} {etag}" if type == "Patient" else f"{id} {etag}"
        for (type, id), etag in zip(where, etags, strict=True)
    ]


def walked(clinic: Caller, path: str, between: Any = None) -> tuple[list[str], list[int]]:
    """Everything that a walk over the pages meets, and the total that each page gives."""
    found, totals = [], []
    url: str | None = path
    while url:
        answer = clinic.get(url)
        assert answer.status_code == 200, answer.text
        bundle = answer.json()
        found += tags(bundle)
        totals.append(bundle["total"])
        url = next((each["url"] for each in bundle["link"] if each["relation"] == "next"), None)
        if url and between:
            between()
    return found, totals


def next_of(answer: requests.Response) -> str:
    return str(next(each["url"] for each in answer.json()["link"] if each["relation"] == "next"))


@pytest.mark.parametrize("level", ["Basic/{id}/_history", "Basic/_history", "_history"])
def test_I19_each_level_is_a_history_newest_first(clinic: Caller, level: str) -> None:
    id = stays(clinic)

    answer = clinic.get(f"feed/clinic/{level.format(id=id)}")

    assert answer.status_code == 200
    bundle = answer.json()
    assert Bundle.model_validate_json(answer.content).type == "history"
    own = [each for each in bundle["entry"] if each["fullUrl"].endswith(f"/Basic/{id}")]
    assert [
        (each["request"]["method"], each["request"]["url"], each["response"]["status"], "resource" in each)
        for each in own
    ] == [
        ("PUT", f"Basic/{id}", "201", True),
        ("DELETE", f"Basic/{id}", "204", False),
        ("PUT", f"Basic/{id}", "200", True),
        ("PUT", f"Basic/{id}", "201", True),
    ]
    times = [each["response"]["lastModified"] for each in bundle["entry"]]
    assert times == sorted(times, reverse=True)
    assert bundle["total"] >= len(own)
    assert bundle["link"][0] == {"relation": "self", "url": answer.url}


def test_I19_the_total_of_a_type_grows_by_every_version(clinic: Caller) -> None:
    before = clinic.get("feed/clinic/Basic/_history?_count=0").json()
    stays(clinic)
    after = clinic.get("feed/clinic/Basic/_history?_count=0").json()

    assert after["total"] == before["total"] + 4
    assert "entry" not in after


def test_I19_a_type_has_no_other_types_in_its_history_and_a_feed_no_other_feeds(served: Served) -> None:
    clinic, school = served.caller("clinic"), served.caller("school")
    put(school, f"school-{uuid4()}", feed="school")
    put(clinic, str(uuid4()), PATIENT)
    put(clinic, str(uuid4()))

    of_type = clinic.get("feed/clinic/Basic/_history?_count=500").json()["entry"]
    of_feed = clinic.get("feed/clinic/_history?_count=500").json()["entry"]

    assert all("/feed/clinic/Basic/" in each["fullUrl"] for each in of_type)
    assert all("/feed/clinic/" in each["fullUrl"] for each in of_feed)
    assert {"Basic", "Patient"} <= {each["fullUrl"].split("/")[-2] for each in of_feed}


@pytest.mark.parametrize("level", ["Basic/{id}/_history", "Basic/_history", "_history"])
def test_I20_count_cuts_pages_and_the_walk_meets_each_version_once(clinic: Caller, level: str) -> None:
    path = f"feed/clinic/{level.format(id=stays(clinic))}"
    whole, _ = walked(clinic, f"{path}?_count=500")

    found, totals = walked(clinic, f"{path}?_count={max(3, len(whole) // 50)}")

    assert found == whole
    assert len(set(found)) == len(found)
    assert set(totals) == {len(whole)}


@pytest.mark.parametrize("level", ["Basic/{id}/_history", "Basic/_history", "_history"])
@pytest.mark.parametrize("sort", ["-_lastUpdated", "_lastUpdated"])
def test_I20_the_walk_holds_still_while_others_write(clinic: Caller, level: str, sort: str) -> None:
    id = stays(clinic)
    path = f"feed/clinic/{level.format(id=id)}?_sort={sort}"
    before, _ = walked(clinic, f"{path}&_count=500")

    writes = iter(range(3))

    def write() -> None:
        if next(writes, None) is not None:
            put(clinic, id, code={"text": uuid4().hex})
            put(clinic, str(uuid4()))

    found, totals = walked(clinic, f"{path}&_count={min(500, max(1, len(before) // 3))}", write)

    # oldest first, what was written meanwhile comes at the end
    assert found[: len(before)] == before
    assert sort == "_lastUpdated" or len(found) == len(before)
    assert len(set(found)) == len(found)
    assert set(totals) == {len(before)}


def test_I20_oldest_first_is_the_other_way_round(clinic: Caller) -> None:
    path = f"feed/clinic/Basic/{stays(clinic)}/_history"

    newest = tags(clinic.get(path).json())
    oldest = tags(clinic.get(f"{path}?_sort=_lastUpdated").json())

    assert oldest == newest[::-1]


def test_I20_since_leaves_out_what_was_made_before(clinic: Caller) -> None:
    id = stays(clinic)
    path = f"feed/clinic/Basic/{id}/_history"
    every = clinic.get(path).json()["entry"]
    time.sleep(0.01)
    put(clinic, id, code={"text": "later"})
    latest = clinic.get(path).json()["entry"][0]["response"]["lastModified"]

    for level in (path, "feed/clinic/Basic/_history", "feed/clinic/_history"):
        late = clinic.get(f"{level}?_since={latest}").json()
        assert tags(late)[-1] == f'{id} W/"5"' and late["total"] == len(late["entry"])
    first = every[-1]["response"]["lastModified"]
    assert len(clinic.get(f"{path}?_since={first}").json()["entry"]) == 5
    assert clinic.get(f"{path}?_since=2100-01-01").json()["total"] == 0
    assert clinic.get(f"{path}?_since=2020-01-01T00:00:00%2B01:00").json()["total"] == 5
    assert clinic.get(f"{path}?_since=2020-01-01T00:00:00+01:00").json()["total"] == 5


def test_I20_at_has_what_was_current_then(clinic: Caller) -> None:
    id = str(uuid4())
    path = f"feed/clinic/Basic/{id}/_history"
    moments = []
    for text in "abc":
        put(clinic, id, code={"text": text})
        moments.append(clinic.get(path).json()["entry"][0]["response"]["lastModified"])
        time.sleep(0.01)

    found = [tags(clinic.get(f"{path}?_at={moment}").json()) for moment in moments]
    whole = tags(clinic.get(f"feed/clinic/Basic/_history?_count=500&_at={moments[1]}").json())

    assert found == [[f'{id} W/"{n}"'] for n in (1, 2, 3)]
    assert [tag for tag in whole if tag.startswith(id)] == [f'{id} W/"2"']
    assert clinic.get(f"{path}?_at=2020").json()["total"] == 0
    assert clinic.get(f"{path}?_at={moments[0][:10]}").json()["total"] == 3


@pytest.mark.parametrize(
    ("query", "problem"),
    [
        ("_count=-1", "search.value"),
        ("_count=ten", "search.value"),
        ("_since=yesterday", "search.value"),
        ("_at=2026-13", "search.value"),
        ("_sort=name", "search.value"),
        ("_since=2020&_since=2021", "search.twice"),
        ("_lastUpdated=gt2020", "search.unknown-parameter"),
        ("name=x", "search.unknown-parameter"),
    ],
)
@pytest.mark.parametrize("level", ["Basic/_history", "_history"])
def test_I20_a_parameter_that_is_not_understood_is_refused(
    clinic: Caller, level: str, query: str, problem: str
) -> None:
    answer = clinic.get(f"feed/clinic/{level}?{query}")

    assert (answer.status_code, code(answer)) == (400, problem)


def test_I20_a_next_link_is_for_its_own_client_and_address(served: Served) -> None:
    clinic, council = served.caller("clinic"), served.caller("council")
    stays(clinic)
    link = next_of(clinic.get("feed/clinic/Basic/_history?_count=1"))

    assert clinic.get(link).status_code == 200
    nonsense = clinic.get("feed/clinic/Basic/_history?_cursor=nonsense")
    others = [f"{link}&_since=2020", link.replace("Basic/", "")]
    refused = [nonsense, *map(clinic.get, others), council.get(link.replace("clinic", "council"))]
    assert {code(answer) for answer in refused} == {"search.cursor"}
    assert all(400 <= answer.status_code < 500 for answer in refused)


def test_I21_what_is_deleted_has_a_history_at_every_level(clinic: Caller) -> None:
    id = str(uuid4())
    put(clinic, id)
    clinic.ask("DELETE", f"feed/clinic/Basic/{id}")

    assert tags(clinic.get(f"feed/clinic/Basic/{id}/_history").json()) == [f'{id} W/"2"', f'{id} W/"1"']
    assert f'{id} W/"2"' in tags(clinic.get("feed/clinic/_history?_count=500").json())
    assert clinic.get(f"feed/clinic/Basic/{uuid4()}/_history").status_code == 404


def test_I6_vread_reaches_every_version_that_the_history_names(clinic: Caller) -> None:
    id = stays(clinic)

    found = [clinic.get(f"feed/clinic/Basic/{id}/_history/{version}") for version in ("1", "2", "3", "4")]
    odd = [clinic.get(f"feed/clinic/Basic/{id}/_history/{version}") for version in ("0", "01", "5", "x")]

    assert [answer.status_code for answer in found] == [200, 200, 410, 200]
    assert [answer.status_code for answer in odd] == [404] * 4


def child_with(caller: Caller, feed: str, number: str, **more: Any) -> tuple[str, str]:
    """A Patient of a feed with an NHS number: its id there, and that of its child on `/fhir`."""
    id = str(uuid4())
    put(caller, id, PATIENT, feed, identifier=[{"system": NHS, "value": number}], **more)
    found = caller.get(f"fhir/Patient?identifier={NHS}|{number}").json()
    return id, str(found["entry"][0]["resource"]["id"])


def observed(clinic: Caller, patient: str, id: str = "", value: int = 1) -> str:
    told = put(
        clinic,
        id or str(uuid4()),
        {
            "resourceType": "Observation",
            "status": "final",
            "code": {"text": "a"},
            "subject": {"reference": f"Patient/{patient}"},
            "valueInteger": value,
        },
    )
    return str(told["id"])


def test_on_fhir_what_is_about_a_child_has_its_versions_with_public_ids(clinic: Caller) -> None:
    patient, child = child_with(clinic, "clinic", "9990000115")
    local = observed(clinic, patient)
    observed(clinic, patient, local, 2)
    public = clinic.get(f"fhir/Observation?patient={child}").json()["entry"][0]["resource"]["id"]

    bundle = clinic.get(f"fhir/Observation/{public}/_history").json()
    first = clinic.get(f"fhir/Observation/{public}/_history/1")
    page = clinic.get(f"fhir/Observation/{public}/_history?_count=1")

    assert [each["resource"]["valueInteger"] for each in bundle["entry"]] == [2, 1]
    assert bundle["total"] == 2
    for resource in (*(each["resource"] for each in bundle["entry"]), first.json()):
        assert resource["id"] == public != local
        assert resource["subject"] == {"reference": f"Patient/{child}"}
    assert (first.status_code, first.json()["valueInteger"], first.headers["ETag"]) == (200, 1, 'W/"1"')
    assert clinic.get(f"fhir/Observation/{public}/_history/3").status_code == 404
    assert clinic.get(f"fhir/Observation/{local}/_history").status_code == 404
    assert tags(clinic.get(next_of(page)).json()) == [f'{public} W/"1"']


def test_on_fhir_each_version_is_about_the_child_it_was_told_of(clinic: Caller) -> None:
    one, child_one = child_with(clinic, "clinic", "9990000123")
    two, child_two = child_with(clinic, "clinic", "9990000131")
    local = observed(clinic, one)
    observed(clinic, two, local, 2)
    public = clinic.get(f"fhir/Observation?patient={child_two}").json()["entry"][0]["resource"]["id"]

    entries = clinic.get(f"fhir/Observation/{public}/_history").json()["entry"]

    subjects = [each["resource"]["subject"]["reference"] for each in entries]
    assert subjects == [f"Patient/{child_two}", f"Patient/{child_one}"]


def test_on_fhir_a_childs_patient_has_the_version_that_stands(clinic: Caller) -> None:
    patient, child = child_with(clinic, "clinic", "9990000158")
    put(clinic, patient, PATIENT, identifier=[{"system": NHS, "value": "9990000158"}], gender="other")
    read = clinic.get(f"fhir/Patient/{child}")
    version = read.json()["meta"]["versionId"]

    bundle = clinic.get(f"fhir/Patient/{child}/_history").json()
    vread = clinic.get(f"fhir/Patient/{child}/_history/{version}")

    assert (bundle["total"], len(bundle["entry"])) == (1, 1)
    assert bundle["entry"][0]["resource"] == read.json()
    assert (vread.status_code, vread.content) == (200, read.content)
    assert clinic.get(f"fhir/Patient/{child}/_history/1").status_code == 404


def test_on_fhir_a_history_shows_no_more_than_a_read(served: Served) -> None:
    council, clinic = served.caller("council"), served.caller("clinic")
    upn = {"system": UPN, "value": upn_of(77_001)}
    id = str(uuid4())
    put(council, id, PATIENT, "council", identifier=[upn, {"system": NHS, "value": "9990000166"}])
    child = clinic.get(f"fhir/Patient?identifier={NHS}|9990000166").json()["entry"][0]["resource"]["id"]

    assert upn["value"] in council.get(f"fhir/Patient/{child}/_history").text
    assert upn["value"] not in clinic.get(f"fhir/Patient/{child}/_history").text
    version = clinic.get(f"fhir/Patient/{child}").json()["meta"]["versionId"]
    assert upn["value"] not in clinic.get(f"fhir/Patient/{child}/_history/{version}").text


def test_on_fhir_a_deleted_observation_keeps_its_history(clinic: Caller) -> None:
    patient, child = child_with(clinic, "clinic", "9990000174")
    local = observed(clinic, patient)
    public = clinic.get(f"fhir/Observation?patient={child}").json()["entry"][0]["resource"]["id"]
    clinic.ask("DELETE", f"feed/clinic/Observation/{local}")

    bundle = clinic.get(f"fhir/Observation/{public}/_history").json()

    assert tags(bundle) == [f'{public} W/"2"', f'{public} W/"1"']
    assert clinic.get(f"fhir/Observation/{public}").status_code == 410
    assert clinic.get(f"fhir/Observation/{public}/_history/2").status_code == 410


@pytest.mark.parametrize("path", ["Observation/_history", "_history"])
def test_on_fhir_there_is_no_history_of_a_type_or_of_everything(clinic: Caller, path: str) -> None:
    assert clinic.get(f"fhir/{path}").status_code == 404


def test_a_history_needs_the_right_to_read_or_search(served: Served) -> None:
    for path in ("Basic/x/_history", "Basic/_history", "_history"):
        assert served.caller("").get(f"feed/clinic/{path}").status_code == 401
        assert served.caller("school").get(f"feed/clinic/{path}").status_code == 403
