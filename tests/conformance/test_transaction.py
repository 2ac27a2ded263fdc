"""Transactions: all or nothing; the ids are those of the project's REST checklist."""

import base64
import json
from collections.abc import Callable
from typing import Any
from uuid import uuid4

import pytest
import requests
from fhir.resources.R4B.bundle import Bundle
from served import JSON, NHS, Caller, Served

SYSTEM = "https://clinic.example/number"
DIV = "http://www.w3.org/1999/xhtml"

Entry = dict[str, Any]


@pytest.fixture(scope="module")
def clinic(served: Served) -> Caller:
    return served.caller("clinic")


@pytest.fixture
def number() -> str:
    return uuid4().hex


def patient(number: str, **more: Any) -> dict[str, Any]:
    return {"resourceType": "Patient", "identifier": [{"system": SYSTEM, "value": number}], **more}


def height(subject: str, **more: Any) -> dict[str, Any]:
    return {
        "resourceType": "Observation",
        "status": "final",
        "code": {"text": "Height"},
        "subject": {"reference": subject},
        **more,
    }


def by(number: str) -> str:
    return f"identifier={SYSTEM}|{number}"


def entry(method: str, url: str, resource: Any = None, full_url: str = "", **request: str) -> Entry:
    made: Entry = {"request": {"method": method, "url": url, **request}}
    if resource is not None:
        made["resource"] = resource
    return {"fullUrl": full_url, **made} if full_url else made


def bundle(*entries: Entry, type: str = "transaction") -> dict[str, Any]:
    return {"resourceType": "Bundle", "type": type, "entry": list(entries)}


def send(clinic: Caller, *entries: Entry, **headers: str) -> requests.Response:
    return clinic.ask("POST", "feed/clinic", bundle(*entries), **headers)


def done(clinic: Caller, *entries: Entry, **headers: str) -> list[dict[str, Any]]:
    answer = send(clinic, *entries, **headers)
    assert answer.status_code == 200, answer.text
    told = answer.json()
    assert told["type"] == "transaction-response"
    Bundle.model_validate(told)
    assert len(told["entry"]) == len(entries)
    return list(told["entry"])


def statuses(entries: list[dict[str, Any]]) -> list[str]:
    return [each["response"]["status"].partition(" ")[0] for each in entries]


def ids(entries: list[dict[str, Any]]) -> list[str]:
    return [each["response"]["location"].split("/")[-3] for each in entries]


def code(answer: requests.Response) -> str:
    return str(answer.json()["issue"][0]["details"]["coding"][0]["code"])


def place(answer: requests.Response) -> str:
    return str(answer.json()["issue"][0]["expression"][0])


def urn() -> str:
    return f"urn:uuid:{uuid4()}"


def read(clinic: Caller, where: str) -> dict[str, Any]:
    return dict(clinic.get(f"feed/clinic/{where}").json())


def test_B1_each_entry_is_answered_in_its_place(clinic: Caller, number: str) -> None:
    clinic.tell("clinic", patient(number, id=f"{number}-a"))
    clinic.tell("clinic", patient(number, id=f"{number}-b"))

    told = done(
        clinic,
        entry("GET", f"Patient/{number}-a"),
        entry("PUT", f"Patient/{number}-a", patient(number, id=f"{number}-a", active=True)),
        entry("DELETE", f"Patient/{number}-b"),
        entry("POST", "Patient", patient(number)),
        entry("PUT", f"Patient/{number}-c", patient(number, id=f"{number}-c")),
    )

    assert statuses(told) == ["200", "200", "204", "201", "201"]
    assert told[3]["response"]["status"] == "201 Created"
    made = told[3]["response"]
    kept = read(clinic, made["location"].split("/feed/clinic/")[1].partition("/_history")[0])
    assert made["location"] == f"{clinic.url}/feed/clinic/Patient/{kept['id']}/_history/1"
    assert made["etag"] == 'W/"1"'
    assert made["lastModified"] == kept["meta"]["lastUpdated"]
    assert told[1]["response"]["etag"] == 'W/"2"'


def test_B2_what_one_entry_lacks_none_is_done_for(clinic: Caller, number: str) -> None:
    clinic.tell("clinic", patient(number, id=f"{number}-a"))
    clinic.tell("clinic", patient(number, id=f"{number}-b"))
    before = clinic.get(f"feed/clinic/Patient?{by(number)}").json()

    answer = send(
        clinic,
        entry("DELETE", f"Patient/{number}-a"),
        entry("PUT", f"Patient/{number}-b", patient(number, id=f"{number}-b", active=True)),
        entry("POST", "Patient", patient(number)),
        entry("POST", "Observation", {"resourceType": "Observation", "status": "final"}),
    )

    assert (answer.status_code, answer.json()["issue"][0]["code"]) == (422, "required")
    assert place(answer) == "Bundle.entry[3].resource.code"
    assert clinic.get(f"feed/clinic/Patient?{by(number)}").json()["entry"] == before["entry"]
    assert clinic.get(f"feed/clinic/Patient/{number}-a/_history").json()["total"] == 1


@pytest.mark.parametrize(
    ("last", "status", "problem", "where"),
    [
        (lambda n: entry("GET", f"Patient/{n}-unknown"), 404, "http.not-found", "Bundle.entry[2]"),
        (
            lambda n: entry("PUT", f"Patient/{n}", patient(n, id=n), ifMatch='W/"9"'),
            412,
            "http.stale",
            "Bundle.entry[2].request.ifMatch",
        ),
        (
            lambda n: entry("PUT", f"Patient/{n}", patient(n, id="other")),
            400,
            "http.id-differs",
            "Bundle.entry[2].resource.id",
        ),
        (
            lambda n: entry("PATCH", f"Patient/{n}-unknown", {"resourceType": "Parameters"}),
            404,
            "http.not-found",
            "Bundle.entry[2]",
        ),
        (
            lambda n: entry("PUT", "Patient?nonsense=1", patient(n)),
            400,
            "search.unknown-parameter",
            "Bundle.entry[2]",
        ),
        (
            lambda n: entry("POST", "Patients", patient(n)),
            404,
            "http.unknown-type",
            "Bundle.entry[2]",
        ),
        (
            lambda n: entry("POST", "Observation/$lastn", {"resourceType": "Parameters"}),
            400,
            "bundle.operation",
            "Bundle.entry[2]",
        ),
        (
            lambda n: entry("GET", "Patient?nonsense=1"),
            400,
            "search.unknown-parameter",
            "Bundle.entry[2]",
        ),
    ],
    ids=["read", "version", "id", "patch", "criteria", "type", "operation", "search"],
)
def test_B2_the_refusal_names_the_entry(
    clinic: Caller, number: str, last: Callable[[str], Entry], status: int, problem: str, where: str
) -> None:
    clinic.tell("clinic", patient(number, id=number))

    answer = send(
        clinic,
        entry("DELETE", f"Patient?_id={number}-gone"),
        entry("POST", "Patient", patient(number)),
        last(number),
    )

    assert (answer.status_code, code(answer)) == (status, problem)
    assert place(answer).startswith(where)
    assert clinic.get(f"feed/clinic/Patient?{by(number)}").json()["total"] == 1


def test_B2_a_patient_told_as_another_person_spoils_the_whole(clinic: Caller, number: str) -> None:
    ada = patient(number, id=number, name=[{"given": ["Ada"], "family": "Beech"}], birthDate="2012-01-02")
    clinic.tell("clinic", ada)
    bert = {**ada, "name": [{"given": ["Bert"], "family": "Ash"}], "birthDate": "2009-09-09"}

    answer = send(clinic, entry("POST", "Patient", patient(number)), entry("PUT", f"Patient/{number}", bert))

    assert (answer.status_code, code(answer)) == (422, "record.other-person")
    assert place(answer) == "Bundle.entry[1]"
    assert clinic.get(f"feed/clinic/Patient?{by(number)}").json()["total"] == 1


def test_B2_nothing_on_fhir_changes_either(clinic: Caller, number: str) -> None:
    clinic.tell("clinic", patient(number, id=number, name=[{"family": number}], birthDate="2012-01-02"))
    before = clinic.get(f"fhir/Patient?family={number}").json()["entry"]

    send(clinic, entry("DELETE", f"Patient/{number}"), entry("GET", "Patient/nobody-at-all"))

    assert clinic.get(f"fhir/Patient?family={number}").json()["entry"] == before


def test_B3_deletes_come_first_and_reads_last_wherever_they_stand(clinic: Caller, number: str) -> None:
    old = clinic.tell("clinic", patient(number))["id"]

    told = done(
        clinic,
        entry("GET", f"Patient?{by(number)}"),
        entry("PUT", f"Observation/{number}", height("urn:uuid:new", id=number)),
        entry("POST", "Patient", patient(number), "urn:uuid:new", ifNoneExist=by(number)),
        entry("DELETE", f"Patient/{old}"),
    )

    assert statuses(told) == ["200", "201", "201", "204"]
    (new,) = ids(told[2:3])
    (found,) = told[0]["resource"]["entry"]
    assert found["resource"]["id"] == new != old
    assert read(clinic, f"Observation/{number}")["subject"] == {"reference": f"Patient/{new}"}


def test_B4_references_between_entries_lead_to_their_ids(clinic: Caller, number: str) -> None:
    ada, school, seen = urn(), urn(), urn()
    told = done(
        clinic,
        entry("POST", "Observation", height(ada, encounter={"reference": seen}), urn()),
        entry("POST", "Patient", patient(number, managingOrganization={"reference": school}), ada),
        entry("POST", "Organization", {"resourceType": "Organization", "name": "Oak"}, school),
        entry(
            "POST",
            "Encounter",
            {
                "resourceType": "Encounter",
                "status": "finished",
                "class": {"code": "AMB"},
                "subject": {"reference": ada},
            },
            seen,
        ),
    )

    observation, child, organization, encounter = ids(told)
    assert read(clinic, f"Observation/{observation}")["subject"] == {"reference": f"Patient/{child}"}
    assert read(clinic, f"Observation/{observation}")["encounter"] == {"reference": f"Encounter/{encounter}"}
    kept = read(clinic, f"Patient/{child}")
    assert kept["managingOrganization"] == {"reference": f"Organization/{organization}"}
    assert clinic.get(f"feed/clinic/Observation?patient={child}").json()["total"] == 1


def test_B4_references_may_go_in_a_circle(clinic: Caller, number: str) -> None:
    one, two = urn(), urn()

    told = done(
        clinic,
        entry(
            "POST", "Patient", patient(number, link=[{"other": {"reference": two}, "type": "seealso"}]), one
        ),
        entry(
            "POST", "Patient", patient(number, link=[{"other": {"reference": one}, "type": "seealso"}]), two
        ),
    )

    first, second = ids(told)
    assert read(clinic, f"Patient/{first}")["link"][0]["other"] == {"reference": f"Patient/{second}"}
    assert read(clinic, f"Patient/{second}")["link"][0]["other"] == {"reference": f"Patient/{first}"}


def test_B4_narrative_contained_and_addresses_are_led_too_and_nothing_else(
    clinic: Caller, number: str
) -> None:
    ada, picture = urn(), urn()
    div = f'<div xmlns="{DIV}"><a href="{ada}">{ada}</a><img src=\'{picture}\' alt=""/></div>'
    sent = height(
        ada,
        text={"status": "generated", "div": div},
        contained=[{"resourceType": "Device", "id": "d", "patient": {"reference": ada}}],
        device={"reference": "#d"},
        identifier=[{"system": "urn:ietf:rfc:3986", "value": ada}],
        extension=[{"url": "https://clinic.example/seen", "valueUri": f"{ada}#name"}],
        note=[{"text": f"see {ada}"}],
    )

    told = done(
        clinic,
        entry("POST", "Observation", sent),
        entry("POST", "Patient", patient(number), ada),
        entry(
            "POST", "Binary", {"resourceType": "Binary", "contentType": "image/png", "data": "AAAA"}, picture
        ),
    )

    observation, child, image = ids(told)
    kept = read(clinic, f"Observation/{observation}")
    assert f'href="Patient/{child}"' in kept["text"]["div"]
    assert f'src="Binary/{image}"' in kept["text"]["div"]
    assert f">{ada}</a>" in kept["text"]["div"]
    assert kept["contained"][0]["patient"] == {"reference": f"Patient/{child}"}
    assert kept["extension"][0]["valueUri"] == f"Patient/{child}#name"
    assert kept["identifier"][0]["value"] == ada
    assert kept["note"][0]["text"] == f"see {ada}"


def test_B4_references_in_a_bundle_that_is_an_entry_are_led(clinic: Caller, number: str) -> None:
    ada = urn()
    inner = {"resourceType": "Bundle", "type": "collection", "entry": [{"resource": height(ada)}]}

    told = done(clinic, entry("POST", "Bundle", inner), entry("POST", "Patient", patient(number), ada))

    collection, child = ids(told)
    kept = read(clinic, f"Bundle/{collection}")["entry"][0]["resource"]
    assert kept["subject"] == {"reference": f"Patient/{child}"}


@pytest.mark.parametrize(
    ("full_url", "reference", "own_url"),
    [
        ("http://other.example/fhir/Patient/7", "Patient/7", "http://other.example/fhir/Observation/8"),
        ("http://other.example/fhir/Patient/7", "http://other.example/fhir/Patient/7", ""),
        ("http://other.example/fhir/Patient/7", "Patient/7", ""),
        ("Patient/7", "Patient/7", ""),
        ("", "Patient/7", ""),
    ],
    ids=["same server", "absolute", "one of that name", "relative", "its id"],
)
def test_B4_relative_references_lead_to_entries(
    clinic: Caller, number: str, full_url: str, reference: str, own_url: str
) -> None:
    told = done(
        clinic,
        entry("POST", "Observation", height(reference), own_url),
        entry("POST", "Patient", patient(number, id="7"), full_url),
    )

    observation, child = ids(told)
    assert child != "7"
    assert read(clinic, f"Observation/{observation}")["subject"] == {"reference": f"Patient/{child}"}


def test_B4_a_reference_to_another_servers_resource_of_that_name_stays(clinic: Caller, number: str) -> None:
    told = done(
        clinic,
        entry("POST", "Observation", height("Patient/7"), "http://one.example/fhir/Observation/8"),
        entry("POST", "Patient", patient(number), "http://other.example/fhir/Patient/7"),
    )

    assert read(clinic, f"Observation/{ids(told)[0]}")["subject"] == {"reference": "Patient/7"}


def test_B4_references_lead_to_what_a_condition_found(clinic: Caller, number: str) -> None:
    there = clinic.tell("clinic", patient(number))["id"]
    ada = urn()

    told = done(
        clinic,
        entry("POST", "Observation", height(ada)),
        entry("POST", "Patient", patient(number), ada, ifNoneExist=by(number)),
        entry(
            "PUT", f"Observation?{by(number)}", height(ada, identifier=patient(number)["identifier"]), urn()
        ),
    )

    assert statuses(told) == ["201", "200", "201"]
    for observation in (ids(told)[0], ids(told)[2]):
        assert read(clinic, f"Observation/{observation}")["subject"] == {"reference": f"Patient/{there}"}


def test_B4_a_reference_to_an_entry_of_the_wrong_type_is_refused(clinic: Caller, number: str) -> None:
    flag = urn()
    sent = {
        "resourceType": "Flag",
        "status": "active",
        "code": {"text": "x"},
        "subject": {"reference": "Patient/1"},
    }

    answer = send(clinic, entry("POST", "Observation", height(flag)), entry("POST", "Flag", sent, flag))

    assert (answer.status_code, code(answer)) == (422, "resource.target")
    assert place(answer) == "Bundle.entry[0].resource.subject"


def test_B5_a_reference_by_criteria_leads_to_the_one(clinic: Caller, number: str) -> None:
    there = clinic.tell("clinic", patient(number))["id"]

    told = done(clinic, *(entry("POST", "Observation", height(f"Patient?{by(number)}")) for _ in range(3)))

    for observation in ids(told):
        assert read(clinic, f"Observation/{observation}")["subject"] == {"reference": f"Patient/{there}"}


def test_B5_it_may_lead_to_what_the_same_transaction_writes(clinic: Caller, number: str) -> None:
    told = done(
        clinic,
        entry("POST", "Observation", height(f"Patient?{by(number)}")),
        entry("POST", "Patient", patient(number)),
    )

    observation, child = ids(told)
    assert read(clinic, f"Observation/{observation}")["subject"] == {"reference": f"Patient/{child}"}


@pytest.mark.parametrize("there", [0, 2])
def test_B5_none_or_several_spoil_the_whole(clinic: Caller, number: str, there: int) -> None:
    for _ in range(there):
        clinic.tell("clinic", patient(number))

    answer = send(
        clinic,
        entry("POST", "Patient", patient("of-nobody")),
        entry(
            "POST", "Observation", height(f"Patient?{by(number)}", identifier=patient(number)["identifier"])
        ),
    )

    assert (answer.status_code, code(answer)) == (412, "condition.reference")
    assert place(answer) == "Bundle.entry[1].resource"
    assert clinic.get(f"feed/clinic/Observation?{by(number)}").json()["total"] == 0


def test_B5_what_the_transaction_deletes_is_not_found(clinic: Caller, number: str) -> None:
    there = clinic.tell("clinic", patient(number))["id"]

    answer = send(
        clinic,
        entry("POST", "Observation", height(f"Patient?{by(number)}")),
        entry("DELETE", f"Patient/{there}"),
    )

    assert (answer.status_code, code(answer)) == (412, "condition.reference")
    assert clinic.get(f"feed/clinic/Patient/{there}").status_code == 200


@pytest.mark.parametrize(
    "again",
    [
        lambda n: entry("PUT", f"Patient/{n}", patient(n, id=n)),
        lambda n: entry("DELETE", f"Patient/{n}"),
        lambda n: entry("DELETE", f"Patient?_id={n}"),
        lambda n: entry("PUT", f"Patient?_id={n}", patient(n)),
        lambda n: entry("PATCH", f"Patient/{n}", {"resourceType": "Parameters"}),
    ],
    ids=["update", "delete", "delete by criteria", "update by criteria", "patch"],
)
def test_B6_the_same_resource_twice_is_400(
    clinic: Caller, number: str, again: Callable[[str], Entry]
) -> None:
    clinic.tell("clinic", patient(number, id=number))

    answer = send(
        clinic,
        entry("PUT", f"Patient/{number}", patient(number, id=number, active=True)),
        entry("POST", "Patient", patient("of-nobody")),
        again(number),
    )

    assert (answer.status_code, code(answer)) == (400, "bundle.twice")
    assert place(answer) in ("Bundle.entry[0]", "Bundle.entry[2]")
    assert read(clinic, f"Patient/{number}")["meta"]["versionId"] == "1"


def test_B6_two_equal_conditional_creates_make_one(clinic: Caller, number: str) -> None:
    told = done(
        clinic,
        *(entry("POST", "Patient", patient(number), urn(), ifNoneExist=by(number)) for _ in range(3)),
    )

    assert statuses(told) == ["201", "200", "200"]
    assert len(set(ids(told))) == 1
    assert clinic.get(f"feed/clinic/Patient?{by(number)}").json()["total"] == 1


def test_B6_a_conditional_create_finds_what_an_entry_before_it_makes(clinic: Caller, number: str) -> None:
    one, other = urn(), urn()

    told = done(
        clinic,
        entry("POST", "Patient", patient(number), one),
        entry("POST", "Patient", patient(number), other, ifNoneExist=by(number)),
        entry("POST", "Observation", height(other)),
    )

    assert statuses(told) == ["201", "200", "201"]
    child, found, observation = ids(told)
    assert child == found
    assert read(clinic, f"Observation/{observation}")["subject"] == {"reference": f"Patient/{child}"}


def test_K6_criteria_that_name_another_entry_are_refused(clinic: Caller, number: str) -> None:
    ada = urn()

    answers = [
        send(clinic, entry("POST", "Patient", patient(number), ada), other)
        for other in (
            entry("POST", "Observation", height(ada), ifNoneExist=f"patient={ada}"),
            entry("PUT", f"Observation?patient={ada.replace(':', '%3A')}", height(ada)),
        )
    ]

    for answer in answers:
        assert (answer.status_code, code(answer)) == (400, "bundle.criteria")
        assert place(answer) == "Bundle.entry[1]"


def test_B6_two_conditional_updates_of_what_is_not_there_are_refused(clinic: Caller, number: str) -> None:
    answer = send(clinic, *(entry("PUT", f"Patient?{by(number)}", patient(number)) for _ in range(2)))

    assert (answer.status_code, code(answer)) == (400, "bundle.twice")


def test_B6_one_full_url_for_two_entries_is_400(clinic: Caller, number: str) -> None:
    same = urn()

    answer = send(clinic, *(entry("POST", "Patient", patient(number), same) for _ in range(2)))

    assert (answer.status_code, code(answer), place(answer)) == (
        400,
        "bundle.same-full-url",
        "Bundle.entry[1].fullUrl",
    )


def test_B7_the_conditions_of_entries_count(clinic: Caller, number: str) -> None:
    kept = clinic.tell("clinic", patient(number, id=number))
    changed = patient(number, id=number, active=True)

    told = done(
        clinic,
        entry("PUT", f"Patient/{number}", changed, ifMatch='W/"1"'),
        entry("PUT", f"Patient/{number}-n", patient(number, id=f"{number}-n"), ifNoneMatch="*"),
        entry("GET", f"Patient/{number}", ifNoneMatch='W/"2"'),
        entry("GET", f"Patient/{number}", ifNoneMatch='W/"1"'),
        entry("GET", f"Patient/{number}", ifModifiedSince="2020-01-01T00:00:00Z"),
        entry("GET", f"Patient/{number}", ifModifiedSince="2099-01-01T00:00:00+01:00"),
    )
    stale = send(clinic, entry("DELETE", f"Patient/{number}", ifMatch='W/"1"'))
    exists = send(clinic, entry("PUT", f"Patient/{number}", changed, ifNoneMatch="*"))

    assert statuses(told) == ["200", "201", "304", "200", "200", "304"]
    assert "resource" not in told[2] and told[3]["resource"]["active"] is True
    assert (stale.status_code, place(stale)) == (412, "Bundle.entry[0].request.ifMatch")
    assert (exists.status_code, place(exists)) == (412, "Bundle.entry[0].request.ifNoneMatch")
    assert kept["meta"]["versionId"] == "1"


def test_B8_reads_and_searches_see_what_the_transaction_wrote(clinic: Caller, number: str) -> None:
    told = done(
        clinic,
        entry("GET", f"Patient/{number}"),
        entry("GET", f"Patient?{by(number)}&_count=1"),
        entry("GET", f"Patient/{number}/_history"),
        entry("HEAD", f"Patient/{number}"),
        entry("GET", f"{clinic.url}/feed/clinic/Patient/{number}"),
        entry("GET", f"/Patient/{number}/_history/1"),
        entry("PUT", f"Patient/{number}", patient(number, id=number)),
    )

    assert statuses(told) == ["200"] * 6 + ["201"]
    assert told[0]["resource"]["id"] == number
    assert told[0]["fullUrl"] == f"{clinic.url}/feed/clinic/Patient/{number}"
    assert (told[1]["resource"]["type"], told[1]["resource"]["total"]) == ("searchset", 1)
    assert told[2]["resource"]["type"] == "history"
    assert "resource" not in told[3] and told[3]["response"]["etag"] == 'W/"1"'
    assert told[4]["resource"] == told[5]["resource"] == told[0]["resource"]


def test_B8_who_may_not_do_one_of_them_does_none(served: Served, number: str) -> None:
    writer = served.caller("writer")

    allowed = send(writer, entry("POST", "Patient", patient(number)))
    conditional = send(
        writer,
        entry("POST", "Patient", patient(number)),
        entry("POST", "Patient", patient(number), ifNoneExist="a=b"),
    )
    reading = send(writer, entry("POST", "Patient", patient(number)), entry("GET", f"Patient?{by(number)}"))
    by_criteria = send(writer, entry("POST", "Observation", height(f"Patient?{by(number)}")))
    abroad = writer.ask("POST", "feed/council", bundle(entry("POST", "Patient", patient(number))))

    assert allowed.status_code == 200
    assert (reading.status_code, code(reading)) == (403, "security.scope-missing")
    assert place(reading) == "Bundle.entry[1]"
    assert conditional.status_code in (400, 403)
    assert (by_criteria.status_code, code(by_criteria)) == (403, "security.scope-missing")
    assert abroad.status_code == 403
    assert served.caller("clinic").get(f"feed/clinic/Patient?{by(number)}").json()["total"] == 1


@pytest.mark.parametrize(
    ("sent", "problem", "where"),
    [
        ("[]", "bundle.not-a-bundle", ""),
        ('"x"', "bundle.not-a-bundle", ""),
        ('{"resourceType": "Patient"}', "bundle.not-a-bundle", ""),
        ('{"resourceType": "Bundle"}', "bundle.type", "Bundle.type"),
        ('{"resourceType": "Bundle", "type": "collection"}', "bundle.type", "Bundle.type"),
        ('{"resourceType": "Bundle", "type": ["transaction"]}', "bundle.type", "Bundle.type"),
        (bundle() | {"entry": {}}, "bundle.entry", "Bundle.entry"),
        (bundle() | {"entry": [None]}, "bundle.entry", "Bundle.entry[0]"),
        (bundle() | {"entry": ["x"]}, "bundle.entry", "Bundle.entry[0]"),
        (bundle({"resource": patient("1")}), "bundle.entry", "Bundle.entry[0]"),
        (bundle({"request": {"method": "POST"}}), "bundle.entry", "Bundle.entry[0]"),
        (bundle({"request": {"method": "POST", "url": 7}}), "bundle.entry", "Bundle.entry[0]"),
        (bundle(entry("BREW", "Patient")), "bundle.method", "Bundle.entry[0].request.method"),
        (bundle(entry("POST", "Patient")), "bundle.resource", "Bundle.entry[0]"),
        (
            bundle({"resource": None, "request": {"method": "PUT", "url": "Patient/1"}}),
            "bundle.resource",
            "Bundle.entry[0]",
        ),
        (
            bundle(entry("GET", "https://elsewhere.example/fhir/Patient/1")),
            "bundle.url",
            "Bundle.entry[0].request.url",
        ),
        (bundle(entry("POST", "/", bundle())), "bundle.nested", "Bundle.entry[0].request.url"),
        (bundle() | {"entry": []}, "resource.empty", "Bundle.entry"),
        (bundle(entry("GET", "Patient/1")) | {"nonsense": 1}, "resource.unknown-element", "Bundle.nonsense"),
        (
            bundle({"nonsense": 1, **entry("GET", "Patient/1")}),
            "resource.unknown-element",
            "Bundle.entry[0].nonsense",
        ),
        (bundle(entry("POST", "Patient", "x")), "resource.not-an-object", "Bundle.entry[0].resource"),
        (bundle(entry("POST", "Patient", [])), "resource.not-an-object", "Bundle.entry[0].resource"),
        (bundle(entry("POST", "Patient", {})), "resource.no-type", "Bundle.entry[0].resource"),
        (bundle(entry("PATCH", "Patient/1", patient("1"))), "bundle.patch", "Bundle.entry[0].resource"),
        (
            bundle(entry("PATCH", "Patient/1", {"resourceType": "Binary", "contentType": "x", "data": "?"})),
            "bundle.patch",
            "Bundle.entry[0].resource",
        ),
    ],
)
@pytest.mark.parametrize("type", ["transaction", "batch"])
def test_B9_a_bundle_that_is_none_is_400_with_its_place(
    clinic: Caller, sent: Any, problem: str, where: str, type: str
) -> None:
    text = sent if isinstance(sent, str) else json.dumps(sent)

    answer = clinic.ask("POST", "feed/clinic", text.replace("transaction", type), Content_Type=JSON)

    if type == "batch" and problem.startswith("resource.n"):
        # of a batch only that entry is refused
        (only,) = answer.json()["entry"]
        assert only["response"]["status"] == "400 Bad Request"
        assert only["response"]["outcome"]["issue"][0]["details"]["coding"][0]["code"] == problem
        return
    assert answer.status_code == 400
    assert problem in {each["details"]["coding"][0]["code"] for each in answer.json()["issue"]}
    assert where in {each.get("expression", [""])[0] for each in answer.json()["issue"]}


def test_B9_a_bundle_without_entries_is_answered_without_any(clinic: Caller) -> None:
    answer = clinic.ask("POST", "feed/clinic", {"resourceType": "Bundle", "type": "transaction"})

    assert (answer.status_code, answer.json()) == (
        200,
        {"resourceType": "Bundle", "type": "transaction-response"},
    )


@pytest.mark.parametrize("where", ["feed/clinic", "feed/clinic/"])
def test_B9_the_address_may_end_in_a_slash(clinic: Caller, number: str, where: str) -> None:
    assert clinic.ask("POST", where, bundle(entry("POST", "Patient", patient(number)))).status_code == 200


def test_B10_as_much_is_answered_as_is_preferred(clinic: Caller, number: str) -> None:
    def sent(prefer: str, active: bool) -> dict[str, Any]:
        sent = patient(number, id=number, active=active)
        headers = {"Prefer": f"return={prefer}"} if prefer else {}
        (told,) = done(clinic, entry("PUT", f"Patient/{number}", sent), **headers)
        assert told["response"]["etag"]
        return told

    plain, minimal = sent("", True), sent("minimal", False)
    (lenient,) = done(
        clinic, entry("PUT", f"Patient/{number}", patient(number, id=number)), Prefer="handling=lenient"
    )
    whole, told = sent("representation", True), sent("OperationOutcome", False)

    assert not [each for each in (plain, minimal, lenient) if "resource" in each]
    assert whole["resource"]["active"] is True
    assert whole["fullUrl"] == f"{clinic.url}/feed/clinic/Patient/{number}"
    assert told["response"]["outcome"]["resourceType"] == "OperationOutcome" and "resource" not in told


def test_B10_more_entries_than_are_taken_are_413(clinic: Caller, served: Served) -> None:
    most = int(served.config["bundle_most"])

    answer = clinic.ask("POST", "feed/clinic", bundle(*[entry("GET", "Patient/1")] * (most + 1)))

    said = clinic.get("feed/clinic/metadata").json()["rest"][0]["interaction"]
    documented = {each["code"]: each.get("documentation") for each in said}
    assert documented["transaction"] == documented["batch"] == f"At most {most} entries."
    assert (answer.status_code, code(answer)) == (413, "bundle.too-many")
    assert answer.json()["issue"][0]["code"] == "too-costly"


def test_B3_patches_are_made_of_what_stands(clinic: Caller, number: str) -> None:
    for id in (f"{number}-a", f"{number}-b", f"{number}-c"):
        clinic.tell("clinic", patient(number, id=id))
    operations = b'[{"op": "add", "path": "/active", "value": true}]'
    binary = {
        "resourceType": "Binary",
        "contentType": "application/json-patch+json",
        "data": base64.b64encode(operations).decode(),
    }
    parts = [
        {"name": "type", "valueCode": "add"},
        {"name": "path", "valueString": "Patient"},
        {"name": "name", "valueString": "active"},
        {"name": "value", "valueBoolean": True},
    ]
    fhirpath = {"resourceType": "Parameters", "parameter": [{"name": "operation", "part": parts}]}

    told = done(
        clinic,
        entry("PATCH", f"Patient/{number}-a", binary),
        entry("PATCH", f"Patient/{number}-b", fhirpath),
        entry("PATCH", f"Patient?_id={number}-c", binary),
    )

    assert statuses(told) == ["200"] * 3
    for each in ("a", "b", "c"):
        assert read(clinic, f"Patient/{number}-{each}")["active"] is True


def test_B2_patients_of_a_transaction_are_linked_and_composed(clinic: Caller, number: str) -> None:
    first, second = urn(), urn()
    nhs = {"system": NHS, "value": "9990000093"}
    about = {"name": [{"family": number, "given": ["Ada"]}], "birthDate": "2013-04-05"}
    done(
        clinic,
        entry("POST", "Patient", patient(number, **about) | {"identifier": [nhs]}, first),
        entry("POST", "Patient", patient(number, **about) | {"identifier": [nhs]}, second),
        entry("POST", "Observation", height(first)),
        entry("POST", "Observation", height(second)),
    )

    (child,) = clinic.get(f"fhir/Patient?family={number}").json()["entry"]
    id = child["resource"]["id"]
    assert clinic.get(f"fhir/Observation?patient={id}").json()["total"] == 2


def test_B4_a_transaction_may_be_xml(clinic: Caller, number: str) -> None:
    text = f"""<Bundle xmlns="http://hl7.org/fhir"><type value="transaction"/><entry>
    <fullUrl value="urn:uuid:{number}"/><resource><Patient><active value="true"/></Patient></resource>
    <request><method value="POST"/><url value="Patient"/></request></entry></Bundle>"""

    answer = clinic.ask(
        "POST", "feed/clinic", text, Content_Type="application/fhir+xml", Accept="application/fhir+xml"
    )

    assert answer.status_code == 200
    assert "transaction-response" in answer.text and "201 Created" in answer.text
