"""Every look and every refusal is in the audit before its answer leaves."""

import json
from typing import Any

import pytest
from served import JSON, NHS, token_for

from gateway.problems import refuse
from gateway.problems.store import STORE_AUDIT
from gateway.security.audit import Look, read
from gateway.store.audit import SqliteTrail
from gateway.web.site import Site

PATIENT = {
    "resourceType": "Patient",
    "id": "p",
    "identifier": [{"system": NHS, "value": "9990000018"}],
    "name": [{"family": "Beech"}],
}


class Asker:
    """A client of the application, and the audit it leaves behind."""

    def __init__(self, site: Site) -> None:
        self.site = site
        self.gateway = site.door.gateway
        kept = self.gateway.write(self.gateway.feed("clinic"), "Patient", "p", PATIENT)
        row = self.gateway.store.read("clinic", "Patient", kept.id)
        assert row is not None
        self.child = row.child

    def ask(self, method: str, path: str, client: str = "clinic", **more: Any) -> Any:
        headers = more.pop("headers", {})
        if client:
            headers["Authorization"] = f"Bearer {token_for(self.gateway.config, client)}"
        return self.site.test_client().open(path, method=method, headers=headers, **more)

    def looks(self) -> list[Look]:
        trail = self.gateway.trail
        assert isinstance(trail, SqliteTrail)
        with trail._connected() as connection:
            return [read(body) for (body,) in connection.execute("SELECT body FROM event ORDER BY number")]


@pytest.fixture
def asker(site: Site) -> Asker:
    return Asker(site)


def test_a_read_is_kept_with_who_what_and_whom(asker: Asker) -> None:
    answer = asker.ask("GET", f"/fhir/Patient/{asker.child}", headers={"X-Request-ID": "one"})

    (look,) = asker.looks()
    assert answer.status_code == 200
    assert (look.request, look.interaction, look.base, look.type) == ("one", "read", "fhir", "Patient")
    assert (look.client, look.sector, look.status, look.outcome) == ("clinic", "health", 200, "answered")
    assert look.children == (asker.child,) and look.id == asker.child
    assert look.address == "127.0.0.1"


def test_a_search_is_kept_with_its_question_and_the_children_on_the_page(asker: Asker) -> None:
    asker.ask("GET", "/fhir/Patient?family=Beech")

    (look,) = asker.looks()
    assert (look.interaction, look.children) == ("search-type", (asker.child,))
    assert look.question == b"GET Patient?family=Beech"


def test_a_search_by_post_is_kept_with_its_form(asker: Asker) -> None:
    asker.ask("POST", "/fhir/Patient/_search", data={"family": "Beech"})

    (look,) = asker.looks()
    assert look.question == b"POST Patient/_search\nfamily=Beech"


@pytest.mark.parametrize(
    ("method", "path", "client", "status", "problem"),
    [
        ("GET", "/fhir/Patient/x", "", 401, "security.token-missing"),
        ("GET", "/fhir/Patient/x", "observer", 403, "security.scope-missing"),
        ("GET", "/feed/council/Patient/p", "clinic", 403, "security.feed-closed"),
        ("GET", "/fhir/Patient/x", "clinic", 404, "http.not-found"),
        ("GET", "/fhir/Patients", "clinic", 404, "http.unknown-type"),
        ("DELETE", "/fhir/Patient/x", "clinic", 405, "http.write-elsewhere"),
        ("GET", "/fhir/Patient?nonsense=1", "clinic", 400, "search.unknown-parameter"),
    ],
)
def test_a_refusal_is_kept_with_its_problem(
    asker: Asker, method: str, path: str, client: str, status: int, problem: str
) -> None:
    asker.ask(method, path, client)

    (look,) = asker.looks()
    assert (look.status, look.problem, look.outcome) == (status, problem, "refused")
    assert look.children == ()


def test_writes_are_kept_with_the_child_they_are_about(asker: Asker) -> None:
    body = json.dumps({**PATIENT, "active": True})
    asker.ask("PUT", "/feed/clinic/Patient/p", data=body, content_type=JSON)
    asker.ask("DELETE", "/feed/clinic/Patient/p")

    update, deletion = asker.looks()
    assert (update.interaction, update.base, update.children) == ("update", "clinic", (asker.child,))
    assert (deletion.interaction, deletion.status, deletion.children) == ("delete", 204, (asker.child,))


def test_what_everybody_may_know_is_no_look(asker: Asker) -> None:
    for path in ("/fhir/metadata", "/health", "/metrics"):
        assert asker.ask("GET", path, "").status_code == 200
    assert asker.ask("OPTIONS", "/fhir/Patient", "").status_code == 204

    assert asker.looks() == []


@pytest.mark.parametrize(
    "question",
    [
        "Observation?patient={child}",
        "Observation?patient={child}&_summary=count",
        "Observation?patient={child}&date=ge2050",
        f"Observation?patient.identifier={NHS}|9990000018",
    ],
)
def test_that_there_is_nothing_is_a_look_at_the_child_as_well(asker: Asker, question: str) -> None:
    answer = asker.ask("GET", "/fhir/" + question.format(child=asker.child))

    assert answer.json["total"] == 0
    (look,) = asker.looks()
    assert look.children == (asker.child,)


@pytest.mark.parametrize(
    ("path", "total"),
    [
        ("/fhir/Patient?family=Beech&_summary=count", 1),
        ("/fhir/Patient?family=Beech&_count=0", 1),
        ("/fhir/Coverage?beneficiary={child}", 0),
        ("/fhir/Observation?patient=nobody,{child}", 0),
        ("/feed/clinic/Observation?patient=p", 0),
        ("/feed/clinic/Observation?subject:Patient.identifier=9990000018", 0),
        ("/feed/clinic/Patient?_id=p&_summary=count", 1),
    ],
)
def test_a_count_and_an_empty_answer_are_looks_wherever_they_are_asked(
    asker: Asker, path: str, total: int
) -> None:
    answer = asker.ask("GET", path.format(child=asker.child))

    assert answer.json["total"] == total
    assert [look.children for look in asker.looks()] == [(asker.child,)]


def test_what_a_next_link_goes_on_with_is_kept_in_words(asker: Asker) -> None:
    for number in range(3):
        asker.gateway.write(
            asker.gateway.feed("clinic"), "Patient", f"q{number}", {**PATIENT, "id": f"q{number}"}
        )
    first = asker.ask("POST", "/feed/clinic/Patient/_search", data={"family": "Beech", "_count": "2"})
    following = next(each["url"] for each in first.json["link"] if each["relation"] == "next")
    asker.ask("GET", following.removeprefix("http://localhost"))

    by_post, by_link = asker.looks()
    assert by_post.question == b"POST Patient/_search\nfamily=Beech&_count=2"
    assert by_link.question.startswith(b"GET Patient?_cursor=")
    assert by_link.question.endswith(b"\nfamily=Beech&_count=2")


def test_a_question_about_nobody_we_know_is_a_look_at_nobody(asker: Asker) -> None:
    asker.ask("GET", "/fhir/Observation?patient=nobody")

    assert [look.children for look in asker.looks()] == [()]


def test_without_an_audit_there_is_no_answer(asker: Asker, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(self: Any, events: Any) -> None:
        raise refuse(STORE_AUDIT, file="audit.db")

    monkeypatch.setattr(SqliteTrail, "append_all", full)

    answer = asker.ask("GET", f"/fhir/Patient/{asker.child}")

    assert answer.status_code == 503
    assert answer.json["issue"][0]["details"]["coding"][0]["code"] == "store.audit"
    assert b"Beech" not in answer.data


def test_a_write_that_could_not_be_audited_says_that_it_is_kept(
    asker: Asker, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(self: Any, events: Any) -> None:
        raise refuse(STORE_AUDIT, file="audit.db")

    monkeypatch.setattr(SqliteTrail, "append_all", full)
    changed, wrong = json.dumps({**PATIENT, "active": True}), json.dumps({**PATIENT, "active": "x"})

    done = asker.ask("PUT", "/feed/clinic/Patient/p", data=changed, content_type=JSON)
    refused = asker.ask("PUT", "/feed/clinic/Patient/p", data=wrong, content_type=JSON)

    assert done.status_code == 500
    assert done.json["issue"][0]["details"]["coding"][0]["code"] == "http.done-unaudited"
    assert done.headers["X-Request-ID"] in done.json["issue"][0]["diagnostics"]
    assert refused.json["issue"][0]["details"]["coding"][0]["code"] == "store.audit"
    assert b"Beech" not in done.data
    row = asker.gateway.store.read("clinic", "Patient", "p")
    assert row is not None and row.version == "2"


def test_the_audit_of_a_served_gateway_holds_together(asker: Asker) -> None:
    for _ in range(5):
        asker.ask("GET", f"/fhir/Patient/{asker.child}")

    assert asker.gateway.trail.verify() == []
    assert len(list(asker.gateway.trail.looks(asker.child))) == 5
