"""Writes with a condition; the ids are those of the project's REST checklist."""

from typing import Any
from uuid import uuid4

import pytest
import requests
from served import JSON, Caller, Served

SYSTEM = "https://clinic.example/number"


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


def create(clinic: Caller, number: str, criteria: str | None = None, **more: Any) -> requests.Response:
    wanted = by(number) if criteria is None else criteria
    return clinic.ask("POST", "feed/clinic/Patient", patient(number, **more), If_None_Exist=wanted)


def code(answer: requests.Response) -> str:
    return str(answer.json()["issue"][0]["details"]["coding"][0]["code"])


def total(clinic: Caller, number: str) -> int:
    return int(clinic.get(f"feed/clinic/Patient?{by(number)}").json()["total"])


def two(clinic: Caller, number: str) -> list[str]:
    return [clinic.tell("clinic", patient(number))["id"] for _ in range(2)]


def test_K1_what_is_not_there_is_created(clinic: Caller, number: str) -> None:
    answer = create(clinic, number)

    assert answer.status_code == 201
    where = f"{clinic.url}/feed/clinic/Patient/{answer.json()['id']}/_history/1"
    assert answer.headers["Location"] == where
    assert answer.headers["ETag"] == 'W/"1"'


def test_K1_what_is_there_is_given_and_nothing_is_written(clinic: Caller, number: str) -> None:
    made = create(clinic, number).json()

    again = create(clinic, number, active=True)

    assert (again.status_code, again.json()) == (200, made)
    assert again.headers["Location"].endswith(f"/Patient/{made['id']}/_history/1")
    assert total(clinic, number) == 1
    assert clinic.get(f"feed/clinic/Patient/{made['id']}/_history").json()["total"] == 1


def test_K1_where_several_are_there_nothing_is_written(clinic: Caller, number: str) -> None:
    two(clinic, number)

    answer = create(clinic, number)

    assert (answer.status_code, code(answer)) == (412, "condition.many")
    assert answer.json()["issue"][0]["code"] == "multiple-matches"
    assert total(clinic, number) == 2


def test_K1_what_was_deleted_is_not_there(clinic: Caller, number: str) -> None:
    made = create(clinic, number).json()
    clinic.ask("DELETE", f"feed/clinic/Patient/{made['id']}")

    again = create(clinic, number)

    assert again.status_code == 201
    assert again.json()["id"] != made["id"]


@pytest.mark.parametrize("start", ["?", "Patient?"])
def test_K1_the_criteria_may_be_written_as_the_search_they_are(
    clinic: Caller, number: str, start: str
) -> None:
    answers = [create(clinic, number, f"{start}{by(number)}") for _ in range(2)]

    assert [answer.status_code for answer in answers] == [201, 200]


def test_K1_criteria_for_another_type_are_refused(clinic: Caller, number: str) -> None:
    answer = create(clinic, number, f"Observation?{by(number)}")

    assert (answer.status_code, code(answer)) == (400, "condition.other-type")


def test_K1_the_criteria_may_stand_in_the_address_as_some_clients_send_them(
    clinic: Caller, number: str
) -> None:
    answers = [
        clinic.ask("POST", f"feed/clinic/Patient?{by(number)}&_format=json", patient(number))
        for _ in range(2)
    ]

    assert [answer.status_code for answer in answers] == [201, 200]
    assert answers[0].json() == answers[1].json()


@pytest.mark.parametrize(
    ("prefer", "body"),
    [("minimal", ""), ("representation", "Patient"), ("OperationOutcome", "OperationOutcome")],
)
def test_K1_the_answer_holds_as_much_as_is_preferred(
    clinic: Caller, number: str, prefer: str, body: str
) -> None:
    create(clinic, number)

    answer = clinic.ask(
        "POST",
        "feed/clinic/Patient",
        patient(number),
        If_None_Exist=by(number),
        Prefer=f"return={prefer}",
    )

    assert answer.status_code == 200
    assert (answer.json()["resourceType"] if answer.content else "") == body
    assert answer.headers["ETag"] == 'W/"1"'


def test_K2_what_is_not_there_is_created_under_a_new_id(clinic: Caller, number: str) -> None:
    answer = clinic.ask("PUT", f"feed/clinic/Patient?{by(number)}", patient(number))

    assert answer.status_code == 201
    assert answer.headers["Location"].endswith(f"/Patient/{answer.json()['id']}/_history/1")


def test_K2_what_is_not_there_is_created_under_the_id_that_was_sent(clinic: Caller, number: str) -> None:
    answer = clinic.ask("PUT", f"feed/clinic/Patient?{by(number)}", patient(number, id=number))

    assert (answer.status_code, answer.json()["id"]) == (201, number)


def test_K2_an_id_that_another_one_has_is_not_overwritten(clinic: Caller, number: str) -> None:
    clinic.tell("clinic", patient("other", id=number))

    answer = clinic.ask("PUT", f"feed/clinic/Patient?{by(number)}", patient(number, id=number))

    assert (answer.status_code, code(answer)) == (409, "condition.taken")
    assert clinic.get(f"feed/clinic/Patient/{number}").json()["meta"]["versionId"] == "1"


@pytest.mark.parametrize("with_id", [False, True], ids=["no id", "its id"])
def test_K2_the_one_that_is_there_is_updated(clinic: Caller, number: str, with_id: bool) -> None:
    id = create(clinic, number).json()["id"]
    sent = patient(number, active=True, **({"id": id} if with_id else {}))

    answer = clinic.ask("PUT", f"feed/clinic/Patient?{by(number)}", sent)

    assert answer.status_code == 200
    assert (answer.json()["id"], answer.json()["active"]) == (id, True)
    assert answer.headers["ETag"] == 'W/"2"'


def test_K2_the_id_of_another_one_is_refused(clinic: Caller, number: str) -> None:
    create(clinic, number)

    answer = clinic.ask("PUT", f"feed/clinic/Patient?{by(number)}", patient(number, id="another"))

    assert (answer.status_code, code(answer)) == (400, "condition.other-id")
    assert clinic.get("feed/clinic/Patient/another").status_code == 404


def test_K2_where_several_are_there_none_is_updated(clinic: Caller, number: str) -> None:
    two(clinic, number)

    answer = clinic.ask("PUT", f"feed/clinic/Patient?{by(number)}", patient(number, active=True))

    assert (answer.status_code, code(answer)) == (412, "condition.many")
    assert clinic.get(f"feed/clinic/Patient?{by(number)}&active=true").json()["total"] == 0


def test_K2_versions_count_as_well(clinic: Caller, number: str) -> None:
    create(clinic, number)
    where, sent = f"feed/clinic/Patient?{by(number)}", patient(number, active=True)

    stale = clinic.ask("PUT", where, sent, If_Match='W/"7"')
    exists = clinic.ask("PUT", where, sent, If_None_Match="*")
    good = clinic.ask("PUT", where, sent, If_Match='W/"1"')

    assert [answer.status_code for answer in (stale, exists, good)] == [412, 412, 200]


@pytest.mark.parametrize("method", ["PUT", "PATCH", "DELETE"])
@pytest.mark.parametrize("query", ["", "?", "?_format=json", "?identifier=", "?identifier=&family=x"])
def test_K2_K3_K4_no_criteria_mean_nothing_and_not_everything(
    clinic: Caller, number: str, method: str, query: str
) -> None:
    create(clinic, number)
    body = None if method == "DELETE" else patient(number)

    answer = clinic.ask(method, f"feed/clinic/Patient{query}", body)

    assert (answer.status_code, code(answer)) == (412, "condition.empty")
    assert total(clinic, number) == 1


def test_K3_the_one_that_is_there_is_patched(clinic: Caller, number: str) -> None:
    id = create(clinic, number).json()["id"]
    patch = '[{"op": "add", "path": "/active", "value": true}]'

    answer = clinic.ask(
        "PATCH", f"feed/clinic/Patient?{by(number)}", patch, Content_Type="application/json-patch+json"
    )

    assert (answer.status_code, answer.json()["id"], answer.json()["active"]) == (200, id, True)
    assert answer.headers["ETag"] == 'W/"2"'


@pytest.mark.parametrize(
    ("there", "status", "problem"), [(0, 404, "condition.none"), (2, 412, "condition.many")]
)
def test_K3_none_is_404_and_several_are_412(
    clinic: Caller, number: str, there: int, status: int, problem: str
) -> None:
    if there:
        two(clinic, number)

    answer = clinic.ask("PATCH", f"feed/clinic/Patient?{by(number)}", {"active": True})

    assert (answer.status_code, code(answer)) == (status, problem)


def test_K4_the_one_that_is_there_is_deleted(clinic: Caller, number: str) -> None:
    id = create(clinic, number).json()["id"]

    answer = clinic.ask("DELETE", f"feed/clinic/Patient?{by(number)}")

    assert (answer.status_code, answer.content) == (204, b"")
    assert clinic.get(f"feed/clinic/Patient/{id}").status_code == 410


def test_K4_nothing_there_is_as_good_as_deleted(clinic: Caller, number: str) -> None:
    assert clinic.ask("DELETE", f"feed/clinic/Patient?{by(number)}").status_code == 204


def test_K4_where_several_are_there_none_is_deleted(clinic: Caller, number: str) -> None:
    two(clinic, number)

    answer = clinic.ask("DELETE", f"feed/clinic/Patient?{by(number)}")

    assert (answer.status_code, code(answer)) == (412, "condition.many")
    assert total(clinic, number) == 2


def test_K4_the_base_says_what_it_does_with_several(clinic: Caller) -> None:
    said = clinic.get("feed/clinic/metadata").json()["rest"][0]["resource"]

    assert {each["conditionalDelete"] for each in said} == {"single"}
    assert all(each["conditionalCreate"] is True and each["conditionalUpdate"] is True for each in said)


@pytest.mark.parametrize(
    ("criteria", "problem"),
    [
        ("nonsense=1", "search.unknown-parameter"),
        ("identifier:nonsense=1", "search.unknown-modifier"),
        ("birthdate=yesterday", "search.value"),
        ("general-practitioner.nonsense=1", "search.unknown-parameter"),
        ("_sort=family", "condition.result-parameter"),
        ("_count=1", "condition.result-parameter"),
    ],
)
def test_K6_criteria_that_are_not_understood_are_refused_however_lenient_the_request(
    clinic: Caller, number: str, criteria: str, problem: str
) -> None:
    lenient = {"If_None_Exist": f"{by(number)}&{criteria}", "Prefer": "handling=lenient"}

    created = clinic.ask("POST", "feed/clinic/Patient", patient(number), **lenient)
    others = [
        clinic.ask(method, f"feed/clinic/Patient?{by(number)}&{criteria}", body, Prefer="handling=lenient")
        for method, body in (("PUT", patient(number)), ("PATCH", {"active": True}), ("DELETE", None))
    ]

    for answer in (created, *others):
        assert (answer.status_code, code(answer)) == (400, problem)
    assert total(clinic, number) == 0


def test_K7_who_may_not_search_may_not_ask_by_a_condition(served: Served, number: str) -> None:
    writer = served.caller("writer")

    plain = writer.ask("POST", "feed/clinic/Patient", patient(number))
    asking = create(writer, number)

    assert plain.status_code == 201
    assert (asking.status_code, code(asking)) == (403, "security.scope-missing")


def test_K7_what_another_client_wrote_counts(served: Served, number: str) -> None:
    served.caller("writer").ask("POST", "feed/clinic/Patient", patient(number))

    assert create(served.caller("clinic"), number).status_code == 200


def test_K7_what_another_feed_has_does_not_count(served: Served, number: str) -> None:
    served.caller("council").tell("council", patient(number))

    assert create(served.caller("clinic"), number).status_code == 201


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE"])
def test_K2_nothing_is_written_on_fhir(clinic: Caller, number: str, method: str) -> None:
    answer = clinic.ask(method, f"fhir/Patient?{by(number)}", patient(number))

    assert (answer.status_code, code(answer)) == (405, "http.write-elsewhere")


def test_K1_a_patient_that_was_found_keeps_its_child(clinic: Caller, number: str) -> None:
    """A conditional create that makes a Patient links it, like any other."""
    create(clinic, number, birthDate="2014-05-06", name=[{"family": number}])

    (entry,) = clinic.get(f"fhir/Patient?family={number}").json()["entry"]
    create(clinic, number)

    (again,) = clinic.get(f"fhir/Patient?family={number}").json()["entry"]
    assert again["resource"] == entry["resource"]


def test_K1_a_reference_by_criteria_stands_in_no_resource_by_itself(clinic: Caller, number: str) -> None:
    sent = {
        "resourceType": "Observation",
        "status": "final",
        "code": {"text": "Height"},
        "subject": {"reference": f"Patient?{by(number)}"},
    }

    answer = clinic.ask("POST", "feed/clinic/Observation", sent, Content_Type=JSON)

    assert (answer.status_code, code(answer)) == (400, "condition.reference-alone")
    assert answer.json()["issue"][0]["expression"] == ["Observation.subject"]
