"""Batches: many requests in one, each by itself; the ids are those of the project's REST checklist."""

import sqlite3
import time
from contextlib import closing
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import pytest
import requests
from fhir.resources.R4B.bundle import Bundle
from served import Caller, Served, token_for

from gateway.store.sqlite import SqliteStore

if TYPE_CHECKING:
    from gateway.web.site import Site

SYSTEM = "https://clinic.example/number"

Entry = dict[str, Any]


@pytest.fixture(scope="module")
def clinic(served: Served) -> Caller:
    return served.caller("clinic")


@pytest.fixture
def number() -> str:
    return uuid4().hex


def patient(number: str, **more: Any) -> dict[str, Any]:
    return {"resourceType": "Patient", "identifier": [{"system": SYSTEM, "value": number}], **more}


def by(number: str) -> str:
    return f"identifier={SYSTEM}|{number}"


def entry(method: str, url: str, resource: Any = None, **request: str) -> Entry:
    made: Entry = {"request": {"method": method, "url": url, **request}}
    return made if resource is None else {"resource": resource, **made}


def send(caller: Caller, *entries: Entry, base: str = "feed/clinic", **headers: str) -> requests.Response:
    sent = {"resourceType": "Bundle", "type": "batch", "entry": list(entries)}
    return caller.ask("POST", base, sent, **headers)


def done(caller: Caller, *entries: Entry, base: str = "feed/clinic", **headers: str) -> list[dict[str, Any]]:
    answer = send(caller, *entries, base=base, **headers)
    assert answer.status_code == 200, answer.text
    told = answer.json()
    assert told["type"] == "batch-response"
    Bundle.model_validate(told)
    assert len(told["entry"]) == len(entries)
    return list(told["entry"])


def statuses(entries: list[dict[str, Any]]) -> list[str]:
    return [each["response"]["status"].partition(" ")[0] for each in entries]


def problem(told: dict[str, Any]) -> str:
    return str(told["response"]["outcome"]["issue"][0]["details"]["coding"][0]["code"])


def test_B1_each_entry_stands_alone_and_is_answered_in_its_place(clinic: Caller, number: str) -> None:
    told = done(
        clinic,
        entry("GET", f"Patient/{number}"),
        entry("POST", "Patient", {"resourceType": "Patient", "gender": "f"}),
        entry("PUT", f"Patient/{number}", patient(number, id=number)),
        entry("GET", f"Patient/{number}-unknown"),
        entry("PATCH", f"Patient/{number}-unknown", {"resourceType": "Parameters"}),
        entry("POST", "Patient", patient(number)),
        entry("GET", f"Patient?{by(number)}"),
        entry("GET", "Patient?nonsense=1"),
        entry("GET", "Nonsense/1"),
    )

    assert statuses(told) == ["200", "422", "201", "404", "404", "201", "200", "400", "404"]
    assert [problem(told[at]) for at in (1, 3, 7, 8)] == [
        "resource.code",
        "http.not-found",
        "search.unknown-parameter",
        "http.unknown-type",
    ]
    assert told[0]["resource"]["id"] == number
    assert told[0]["fullUrl"] == f"{clinic.url}/feed/clinic/Patient/{number}"
    assert told[6]["resource"]["total"] == 2
    assert "resource" not in told[1]


def test_B1_each_answer_says_what_its_headers_would(clinic: Caller, number: str) -> None:
    told = done(
        clinic,
        entry("PUT", f"Patient/{number}", patient(number, id=number)),
        entry("GET", f"Patient/{number}"),
    )

    read = clinic.get(f"feed/clinic/Patient/{number}")
    written = told[0]["response"]
    assert written["status"] == "201 Created"
    assert written["location"] == f"{clinic.url}/feed/clinic/Patient/{number}/_history/1"
    assert written["etag"] == told[1]["response"]["etag"] == read.headers["ETag"]
    assert written["lastModified"] == read.json()["meta"]["lastUpdated"]
    assert told[1]["response"]["lastModified"] == read.json()["meta"]["lastUpdated"]
    assert told[1]["response"]["status"] == "200 OK"
    assert told[1]["resource"] == read.json()


def test_B3_deletes_come_first_in_a_batch_too(clinic: Caller, number: str) -> None:
    clinic.tell("clinic", patient(number))

    told = done(
        clinic,
        entry("POST", "Patient", patient(number), ifNoneExist=by(number)),
        entry("DELETE", f"Patient?{by(number)}"),
    )

    assert statuses(told) == ["201", "204"]


def test_B7_the_conditions_of_entries_count(clinic: Caller, number: str) -> None:
    clinic.tell("clinic", patient(number, id=number))
    changed = patient(number, id=number, active=True)

    told = done(
        clinic,
        entry("POST", "Patient", patient(number), ifNoneExist=by(number)),
        entry("PUT", f"Patient/{number}", changed, ifMatch='W/"9"'),
        entry("PUT", f"Patient/{number}", changed, ifNoneMatch="*"),
        entry("GET", f"Patient/{number}", ifNoneMatch='W/"1"'),
        entry("PUT", f"Patient/{number}-x", patient(number, id=f"{number}-x"), ifNoneMatch="*"),
    )

    assert statuses(told) == ["200", "412", "412", "304", "201"]
    assert problem(told[1]) == "http.stale"


def test_B8_each_entry_has_the_callers_own_rights(served: Served, number: str) -> None:
    told = done(
        served.caller("writer"),
        entry("POST", "Patient", patient(number)),
        entry("POST", "Patient", patient(number), ifNoneExist=by(number)),
        entry("GET", f"Patient?{by(number)}"),
    )

    assert statuses(told) == ["201", "403", "403"]
    assert problem(told[2]) == "security.scope-missing"


def test_B8_a_batch_on_fhir_reads(clinic: Caller, number: str) -> None:
    clinic.tell("clinic", patient(number, name=[{"family": number}]))

    told = done(
        clinic,
        entry("GET", f"Patient?family={number}"),
        entry("GET", "Patient/nobody"),
        entry("POST", "Patient", patient(number)),
        entry("DELETE", "Patient/nobody"),
        entry("GET", "metadata"),
        base="fhir",
    )

    assert statuses(told) == ["200", "404", "405", "405", "200"]
    assert told[0]["resource"]["total"] == 1
    assert problem(told[2]) == "http.write-elsewhere"


def test_B8_a_transaction_on_fhir_is_405(clinic: Caller, number: str) -> None:
    sent = {"resourceType": "Bundle", "type": "transaction", "entry": [entry("GET", "Patient/1")]}

    answer = clinic.ask("POST", "fhir", sent)

    assert (answer.status_code, answer.headers["Allow"]) == (405, "OPTIONS, POST")


def test_B10_as_much_is_answered_as_is_preferred(clinic: Caller, number: str) -> None:
    whole, minimal, told = (
        done(clinic, entry("POST", "Patient", patient(number)), Prefer=f"return={prefer}")[0]
        for prefer in ("representation", "minimal", "OperationOutcome")
    )

    assert whole["resource"]["resourceType"] == "Patient"
    assert "resource" not in minimal and "outcome" not in minimal["response"]
    assert told["response"]["outcome"]["resourceType"] == "OperationOutcome"


def test_B1_what_is_created_in_a_batch_is_what_a_request_by_itself_creates(
    clinic: Caller, number: str
) -> None:
    sent = patient(number, birthDate="2014-01-02", multipleBirthInteger=2)

    (inside,) = done(clinic, entry("POST", "Patient", sent), Prefer="return=representation")
    alone = clinic.tell("clinic", sent)

    for made in (inside["resource"], alone):
        assert {name: made[name] for name in sent} == sent


def test_B11_writes_behind_one_that_did_not_get_its_turn_are_not_tried(site: "Site", number: str) -> None:
    store = site.door.gateway.store
    assert isinstance(store, SqliteStore)
    store._connections.patience = 0.3
    sent = {
        "resourceType": "Bundle",
        "type": "batch",
        "entry": [entry("GET", "Patient?_count=0"), *[entry("POST", "Patient", patient(number))] * 20],
    }
    headers = {"Authorization": f"Bearer {token_for(site.door.gateway.config, 'clinic')}"}

    with closing(sqlite3.connect(store.file)) as other:
        other.execute("BEGIN IMMEDIATE")
        began = time.monotonic()
        answer = site.test_client().post("/feed/clinic", json=sent, headers=headers)
        took = time.monotonic() - began

    told = answer.get_json()["entry"]
    assert answer.status_code == 200
    assert statuses(told) == ["200"] + ["503"] * 20
    assert {problem(each) for each in told[1:]} == {"store.locked"}
    assert answer.headers["Retry-After"].isdecimal()
    assert took < 20 * 0.3


@pytest.mark.parametrize("base", ["fhir", "feed/clinic"])
def test_M1_what_is_carried_out_is_said(clinic: Caller, base: str) -> None:
    said = {each["code"] for each in clinic.get(f"{base}/metadata").json()["rest"][0]["interaction"]}

    assert "batch" in said
    assert ("transaction" in said) == (base != "fhir")
