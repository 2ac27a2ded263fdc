"""What waits for a person, as FHIR Tasks on `/fhir`: composed when asked for, and only for who may decide."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from deciders import Client, deciding
from gates import BASE, load, ndjson
from invented import NHS, nhs
from postgres import emptied, postgres  # noqa: F401

from gateway.service import Gateway
from gateway.web.site import Site

ANN, BOB = {"reason": "spoke to the school", "author": "ann"}, {"reason": "looked it up", "author": "bob"}


@pytest.fixture(params=["sqlite", "postgres"])
def site(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Site]:
    top = ""
    if request.param == "postgres":
        top = f'database = "{request.getfixturevalue("postgres")()}"\n'
    with deciding(tmp_path, top) as made:
        yield made


def person(id: str, given: str, number: str = "") -> dict[str, Any]:
    made: dict[str, Any] = {"resourceType": "Patient", "id": id, "birthDate": "2012-03-04"}
    made["name"] = [{"family": "Nordmann", "given": [given]}]
    if number:
        made["identifier"] = [{"system": NHS, "value": number}]
    return made


@pytest.fixture
def gate(site: Site) -> Gateway:
    """Two pairs of children that may be one: each has a record of the clinic and of the school."""
    gateway = site.door.gateway
    load(gateway, "clinic", ndjson(person("a1", "Ola", nhs(1)), person("b1", "Kari", nhs(3))))
    load(gateway, "school", ndjson(person("a2", "Ola", nhs(2)), person("b2", "Kari", nhs(4))))
    return gateway


@pytest.fixture
def registrar(site: Site, gate: Gateway) -> Client:
    return Client(site, "registrar")


def tasks(client: Client, query: str = "") -> list[dict[str, Any]]:
    answer = client.get(f"/fhir/Task{query}")
    assert answer.status_code == 200, answer.text
    entries = answer.json.get("entry", [])
    return [each["resource"] for each in entries if each["search"]["mode"] == "match"]


def coded(concept: dict[str, Any]) -> str:
    return str(concept["coding"][0]["code"])


def status(client: Client, id: str) -> tuple[str, str]:
    task = client.get(f"/fhir/Task/{id}").json
    return task["status"], coded(task["businessStatus"])


def test_what_waits_is_a_task_that_names_both_children_and_says_why(registrar: Client, gate: Gateway) -> None:
    (entry,) = [one for one in gate.store.reviews() if gate.store.records([one.rec])[one.rec].local == "a2"]
    own = gate.store.children([gate.store.records([entry.rec])[entry.rec].child or 0]).popitem()[1]
    other = gate.store.children([entry.child or 0]).popitem()[1]

    task = registrar.get(f"/fhir/Task/{entry.number}").json

    assert (task["status"], task["intent"], coded(task["businessStatus"])) == (
        "requested",
        "order",
        "waiting",
    )
    assert task["code"]["coding"][0]["system"] == f"{BASE}/CodeSystem/review"
    assert task["description"] == entry.sentence and coded(task["reasonCode"]) == entry.reason
    assert task["focus"] == {"reference": f"Patient/{own.id}"}
    assert task["for"] == {"reference": f"Patient/{other.id}"}
    assert task["input"] == [{"type": {"text": "record"}, "valueString": "school/a2"}]
    assert "note" not in task
    for side in (own, other):
        assert registrar.get(f"/fhir/Patient/{side.id}").status_code == 200
    assert gate.trail.looks(own.id) and gate.trail.looks(other.id), "a Task is a look at both"


def test_tasks_are_searched_like_anything_else(registrar: Client, gate: Gateway) -> None:
    every = tasks(registrar)
    assert [task["id"] for task in every] == sorted((one["id"] for one in every), key=int, reverse=True)
    assert len(every) == len(gate.store.reviews()) >= 2
    first = every[0]

    assert tasks(registrar, "?status=requested") == tasks(registrar, "?status:not=completed") == every
    assert tasks(registrar, "?status=on-hold,completed,cancelled") == []
    assert tasks(registrar, f"?code={BASE}/CodeSystem/review|one-child&intent=order") == every
    assert tasks(registrar, "?business-status=waiting") == every
    assert tasks(registrar, f"?_id={first['id']}") == [first] and tasks(registrar, "?_id=0,x,01") == []
    about = first["for"]["reference"]
    assert first in tasks(registrar, f"?patient={about}") and first in tasks(registrar, f"?subject={about}")
    assert tasks(registrar, f"?focus={first['focus']['reference']}") == [first]
    assert tasks(registrar, "?patient=Patient/nobody") == []
    assert tasks(registrar, "?authored-on=ge2020&_lastUpdated=ge2020") == every
    assert tasks(registrar, "?authored-on=lt2020") == []
    assert tasks(registrar, "?owner=Practitioner/x") == tasks(registrar, "?identifier=x") == []
    assert tasks(registrar, "?owner:missing=true") == every
    posted = registrar.site.test_client().post(
        "/fhir/Task/_search",
        data="status=requested",
        headers={"Authorization": f"Bearer {registrar.token}"},
        content_type="application/x-www-form-urlencoded",
    )
    assert posted.json["total"] == len(every)


def test_a_page_of_tasks_leads_to_the_next_and_brings_their_patients_along(
    registrar: Client, gate: Gateway
) -> None:
    every = tasks(registrar)
    page = registrar.get("/fhir/Task?_count=1&_include=Task:patient&_include=Task:focus").json

    (match,) = [each["resource"] for each in page["entry"] if each["search"]["mode"] == "match"]
    came = {each["resource"]["id"] for each in page["entry"] if each["search"]["mode"] == "include"}
    assert match == every[0] and page["total"] == len(every)
    assert {f"Patient/{id}" for id in came} == {match["for"]["reference"], match["focus"]["reference"]}
    walked = [match]
    while following := [link["url"] for link in page["link"] if link["relation"] == "next"]:
        page = registrar.get(following[0].partition("localhost")[2]).json
        walked += [each["resource"] for each in page["entry"] if each["search"]["mode"] == "match"]
    assert walked == every
    assert registrar.get("/fhir/Task?_summary=count").json["total"] == len(every)
    assert "total" not in registrar.get("/fhir/Task?_total=none").json


@pytest.mark.parametrize(
    "query",
    ["patient.name=Ola", "_sort=status", "_include=Task:owner", "_revinclude=Provenance:target", "_list=5"],
)
def test_what_a_task_is_not_asked_for_is_refused(registrar: Client, query: str) -> None:
    answer = registrar.get(f"/fhir/Task?{query}")

    assert answer.status_code == 400
    assert answer.json["issue"][0]["details"]["coding"][0]["code"].startswith("search.")


def test_a_task_follows_what_persons_decide(registrar: Client, gate: Gateway) -> None:
    one, two = (entry.number for entry in sorted(gate.store.reviews(), key=lambda each: each.number)[:2])
    asked = registrar.get(f"/fhir/Task/{one}").json

    gate.not_sure(one, **ANN)

    assert status(registrar, str(one)) == ("on-hold", "not-sure")
    held = registrar.get(f"/fhir/Task/{one}").json
    assert [(note["authorString"], note["text"]) for note in held["note"]] == [("ann", ANN["reason"])]
    assert held["meta"]["versionId"] != asked["meta"]["versionId"]
    assert [task["id"] for task in tasks(registrar, "?status=on-hold")] == [str(one)]

    assert gate.decide(one, same=False, **BOB)
    assert status(registrar, str(one)) == ("completed", "different")
    assert registrar.get(f"/fhir/Task/{one}").json["note"][0]["authorString"] == "bob"
    assert [task["id"] for task in tasks(registrar, "?status=completed")] == [str(one)]
    gate.take_back(one, author="ann")
    assert registrar.get(f"/fhir/Task/{one}").json == held, "taken back, it is as it was"

    sides = registrar.get(f"/fhir/Task/{two}").json
    assert gate.decide(two, same=True, **ANN)
    assert status(registrar, str(two)) == ("completed", "same")
    decided = registrar.get(f"/fhir/Task/{two}").json
    assert {decided[each]["reference"] for each in ("focus", "for")} == {
        sides[each]["reference"] for each in ("focus", "for")
    }
    for side in ("focus", "patient"):
        reference = decided["focus" if side == "focus" else "for"]["reference"]
        assert str(two) in {task["id"] for task in tasks(registrar, f"?{side}={reference}")}
    gate.take_back(two, author="ann")
    assert registrar.get(f"/fhir/Task/{two}").json == sides


def test_a_merge_that_waits_for_the_second_person_is_on_hold(registrar: Client, gate: Gateway) -> None:
    load(gate, "council", ndjson(person("a3", "Ola", nhs(1)), person("a4", "Ola", nhs(2))))
    (entry,) = [one for one in gate.store.reviews() if gate.store.records([one.rec])[one.rec].local == "a2"]

    assert not gate.decide(entry.number, same=True, **ANN)
    assert status(registrar, str(entry.number)) == ("on-hold", "one-of-two")
    assert gate.decide(entry.number, same=True, **BOB)

    task = registrar.get(f"/fhir/Task/{entry.number}").json
    assert (task["status"], coded(task["businessStatus"])) == ("completed", "same")
    assert task["note"][0]["authorString"] == "ann and bob"


def test_what_the_records_no_longer_call_for_is_cancelled(registrar: Client, gate: Gateway) -> None:
    (entry,) = [one for one in gate.store.reviews() if gate.store.records([one.rec])[one.rec].local == "b2"]

    load(
        gate, "school", ndjson(person("b2", "Kari", nhs(3)) | {"birthDate": "2012-03-04"}, person("z", "Xi"))
    )
    gate.delete(gate.feed("school"), "Patient", "b2")

    assert status(registrar, str(entry.number)) == ("cancelled", "withdrawn")
    assert str(entry.number) in {task["id"] for task in tasks(registrar, "?status=cancelled")}


def test_who_may_not_decide_is_answered_as_if_nothing_waited(
    registrar: Client, site: Site, gate: Gateway
) -> None:
    known = tasks(registrar)[0]
    council = Client(site, "council")

    assert tasks(council) == tasks(council, f"?_id={known['id']}") == []
    assert council.get("/fhir/Task").json["total"] == 0
    mine, none = council.get(f"/fhir/Task/{known['id']}"), council.get("/fhir/Task/999999")
    assert mine.status_code == none.status_code == 404 and mine.json["issue"] == none.json["issue"]
    observer = Client(site, "observer").get("/fhir/Task")
    assert observer.status_code == 403
    # an id that a feed gave may be a case number
    trust = Client(site, "trust").get(f"/fhir/Task/{known['id']}").json
    assert "input" not in trust and trust["description"] == known["description"]


def test_nothing_waits_about_a_sealed_child(registrar: Client, gate: Gateway) -> None:
    (entry,) = [one for one in gate.store.reviews() if gate.store.records([one.rec])[one.rec].local == "a2"]
    task = registrar.get(f"/fhir/Task/{entry.number}").json
    child = gate.store.child(id=task["for"]["reference"].removeprefix("Patient/"))
    assert child is not None
    gate.not_sure(entry.number, **ANN)

    gate.lives.seal(child, **ANN)

    gone, none = registrar.get(f"/fhir/Task/{entry.number}"), registrar.get("/fhir/Task/999999")
    assert gone.status_code == none.status_code == 404 and gone.json["issue"] == none.json["issue"]
    for query in ("", f"?_id={entry.number}", *(f"?{side}={task[side]['reference']}" for side in ("focus",))):
        assert child.id not in registrar.get(f"/fhir/Task{query}").text
        assert str(entry.number) not in {each["id"] for each in tasks(registrar, query)}
    assert tasks(registrar, f"?patient={task['for']['reference']}") == []


def test_a_seal_that_waits_for_two_persons_is_a_task_that_names_nobody(
    registrar: Client, site: Site, gate: Gateway
) -> None:
    task = next(one for one in tasks(registrar) if one["for"])
    child = gate.store.child(id=task["for"]["reference"].removeprefix("Patient/"))
    assert child is not None
    number = gate.lives.seal(child, **ANN)

    (first, *_) = every = tasks(registrar)
    assert (first["id"], first["status"]) == (f"seal-{number}", "on-hold"), "who sealed it is one of the two"
    assert registrar.get(f"/fhir/Task/seal-{number}").json == first
    assert tasks(registrar, f"?code={BASE}/CodeSystem/review|right-seal") == [first]
    assert tasks(registrar, f"?_id=seal-{number}") == [first]
    assert not {"focus", "for", "note", "input", "reasonCode"} & set(first)
    assert child.id not in str(every) and ANN["reason"] not in str(first)
    page = registrar.get("/fhir/Task?_count=1").json
    (following,) = [link["url"] for link in page["link"] if link["relation"] == "next"]
    rest = registrar.get(following.partition("localhost")[2]).json
    assert [each["resource"]["id"] for each in rest["entry"]] == [every[1]["id"]]
    gate.lives.confirm(number, **BOB)
    assert status(registrar, f"seal-{number}") == ("completed", "confirmed")
    for author in (ANN, BOB):
        gate.lives.unseal(number, **author)
    assert registrar.get(f"/fhir/Task/seal-{number}").status_code == 404
    assert Client(site, "council").get(f"/fhir/Task/seal-{number}").status_code == 404


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("POST", "Task"),
        ("PUT", "Task/1"),
        ("PATCH", "Task/1"),
        ("DELETE", "Task/1"),
        ("PUT", "Task?_id=1"),
    ],
)
def test_a_task_is_read_only_and_a_write_is_told_where_to_decide(
    registrar: Client, method: str, path: str
) -> None:
    answer = registrar.ask(method, f"/fhir/{path}", {"resourceType": "Task"})

    assert answer.status_code == 405 and answer.headers["Allow"] == "GET, HEAD, OPTIONS"
    (issue,) = answer.json["issue"]
    assert issue["details"]["coding"][0]["code"] == "http.decide-elsewhere"
    assert "$merge" in issue["diagnostics"]


def test_tasks_have_no_versions_to_read(registrar: Client) -> None:
    id = tasks(registrar)[0]["id"]
    for path in (f"Task/{id}/_history", f"Task/{id}/_history/1", f"Task/{id}/$meta"):
        assert registrar.get(f"/fhir/{path}").status_code == 404, path


def test_every_reason_and_state_has_a_code(gate: Gateway, registrar: Client) -> None:
    import json

    from gateway.identity import match
    from gateway.resources import shipped
    from gateway.service import doubts, duplicates
    from gateway.service import tasks as telling

    def codes(name: str) -> set[str]:
        system = json.loads((shipped("profiles") / f"CodeSystem-{name}.json").read_text("utf-8"))
        return {each["code"] for each in system["concept"]}

    given = {f"same-{rule}" for rule in match.RULES} | {match.TWO_CHILDREN, match.DISAGREES, match.GONE}
    weak = {code if code.startswith(("former", "upn")) else f"same-{code}" for code in match._WEAK}
    weighed = {"probable-match", "possible-match", duplicates.REASON, doubts.RENEWED}
    plain = {"same-name-and-birth-date", "same-postcode-and-birth-date", "perhaps-twins"}
    assert codes("review-reason") == given | weak | weighed | plain
    assert codes("review") | codes("review-state") == set(telling._WORDS)
