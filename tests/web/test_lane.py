"""The lane gives the answers that Flask's way gives, keeps them in the audit, and remembers none too long."""

import asyncio
import json
import re
import sqlite3
import threading
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from served import NHS, token_for
from test_plain import CHILD, CLIENTS, PLAIN, asked_for_conformance, called, environ, filled

from gateway.problems import refuse
from gateway.problems.store import STORE_AUDIT, STORE_CLOSED
from gateway.security import audit
from gateway.service import Gateway
from gateway.web.asgi import Application
from gateway.web.lane import Lane
from gateway.web.plain import is_plain
from gateway.web.site import Site
from gateway.web.wsgi import request_of

Answer = tuple[int, dict[str, str], bytes]


def scope(path: str, token: str, **more: str) -> dict[str, Any]:
    """A request as a server hands it on."""
    where, _, query = path.partition("?")
    headers = {
        "host": "127.0.0.1:8080",
        "accept": "application/fhir+json",
        "x-request-id": "the-same",
        **more,
    }
    if token:
        headers["authorization"] = f"Bearer {token}"
    return {
        "type": "http",
        "method": "GET",
        "http_version": "1.1",
        "scheme": "http",
        "server": ("127.0.0.1", 8080),
        "client": ("127.0.0.1", 50_000),
        "raw_path": where.encode(),
        "query_string": query.encode(),
        "headers": [(name.encode(), value.encode()) for name, value in headers.items()],
    }


async def answered(application: Application, scope: dict[str, Any]) -> Answer:
    """Status, headers and body that an ASGI application answers with."""
    sent: list[Any] = []

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message: Any) -> None:
        sent.append(message)

    await application(scope, receive, send)
    begun, body = sent
    headers = {name.decode(): value.decode() for name, value in begun["headers"]}
    return begun["status"], headers, re.sub(rb"_cursor=[^\"]+", b"", body["body"])


def in_lane(site: Site, *paths: str, token: str, **more: str) -> list[Answer]:
    """The answers of the lane, to questions that are asked one after the other."""

    async def all() -> list[Answer]:
        application = Application(site, 2)
        return [await answered(application, scope(path, token, **more)) for path in paths]

    return asyncio.run(all())


async def after_another(site: Site, path: str, token: str, more: dict[str, str]) -> list[Answer]:
    """The answers to a question asked twice with more headers, after it was asked and remembered without."""
    application = Application(site, 2)
    await answered(application, scope(path, token))
    return [await answered(application, scope(path, token, **more)) for _ in range(2)]


def through_flask(site: Site, path: str, token: str, **more: str) -> Answer:
    """The answer of the WSGI application."""
    given = {f"HTTP_{name.upper().replace('-', '_')}": value for name, value in more.items()}
    status, headers, body = called(site.wsgi_app, environ(path, token, **given))
    named = {name.lower(): value for name, value in headers}
    return int(status[:3]), named, re.sub(rb"_cursor=[^\"]+", b"", body)


def takes(site: Site, path: str) -> bool:
    asked = request_of(environ(path, ""), "")
    assert asked is not None
    return is_plain(asked) and Lane(site.door, ThreadPoolExecutor(1)).takes(asked)


def looks(gateway: Gateway, child: str) -> list[audit.Look]:
    return [audit.read(body)._replace(at="") for body in gateway.trail.looks(child)]


def length(answer: Answer) -> Answer:
    """The answer without the length of a link whose seal is new each time."""
    status, headers, body = answer
    return status, {name: value for name, value in headers.items() if name != "content-length"}, body


@pytest.mark.parametrize("client", ["council", "clinic"])
def test_the_lane_answers_like_flask_the_first_time_and_again(site: Site, client: str) -> None:
    ids, token = filled(site), token_for(site.door.gateway.config, client)
    paths = [path.replace(CHILD, ids[CHILD]) for path in asked_for_conformance()]
    mine = [path for path in paths if takes(site, path)]

    for path in mine:
        first, again = in_lane(site, path, path, token=token)

        assert length(first) == length(again) == length(through_flask(site, path, token)), path

    assert len(mine) > 30


@pytest.mark.parametrize("client", CLIENTS)
def test_the_lane_tells_each_caller_what_flask_tells(site: Site, client: str) -> None:
    ids, config = filled(site), site.door.gateway.config
    tokens = {each: each if each in ("", "nonsense") else token_for(config, each) for each in CLIENTS}
    paths = [path.replace(CHILD, ids[CHILD]).replace("@observation", ids["@observation"]) for path in PLAIN]

    async def after_the_council() -> list[Answer]:
        application = Application(site, 2)
        for path in paths:
            await answered(application, scope(path, tokens["council"]))
        return [await answered(application, scope(path, tokens[client])) for path in paths]

    told = asyncio.run(after_the_council())

    for path, answer in zip(paths, told, strict=True):
        assert length(answer) == length(through_flask(site, path, tokens[client])), path


@pytest.mark.parametrize(
    "more",
    [
        {"accept": "application/fhir+xml"},
        {"accept": "image/png"},
        {"accept-encoding": "gzip"},
        {"origin": "https://app.example"},
        {"x-correlation-id": "two"},
        {"host": "fhir.example"},
    ],
    ids=str,
)
def test_the_lane_heeds_the_headers_that_flask_heeds(site: Site, more: dict[str, str]) -> None:
    ids, token = filled(site), token_for(site.door.gateway.config, "clinic")
    for path in (f"/fhir/Patient/{ids[CHILD]}", f"/fhir/Observation?patient={ids[CHILD]}"):
        assert takes(site, path)

        first, again = asyncio.run(after_another(site, path, token, more))

        assert length(first) == length(again) == length(through_flask(site, path, token, **more))


def test_what_may_take_long_is_left_to_threads(site: Site) -> None:
    for query in (
        "name=Oak",
        "_count=5",
        "patient=x&_count=1000",
        "patient=x&_revinclude=Provenance:target",
        "patient:missing=false",
        "_has:Observation:patient:code=1",
        "identifier=",
        "patient=x&_include=*",
        "subject.name=x",
    ):
        assert not takes(site, f"/fhir/Patient?{query}"), query
    for query in ("patient=x", "identifier=a|b&_count=20", "patient.identifier=a|b&code=8302-2"):
        assert takes(site, f"/fhir/Observation?{query}"), query


def test_each_look_is_in_the_audit_also_where_the_answer_was_remembered(site: Site) -> None:
    ids, gateway = filled(site), site.door.gateway
    token = token_for(gateway.config, "clinic")
    paths = [f"/fhir/Patient/{ids[CHILD]}", f"/fhir/Observation?patient={ids[CHILD]}"]

    for path in paths:
        through_flask(site, path, token)
        in_lane(site, path, path, token=token)

    first, *rest = looks(gateway, ids[CHILD])
    assert [look.question for look in (first, *rest)] == [
        f"GET {path[6:]}".encode() for path in paths for _ in "123"
    ]
    assert len({look._replace(question=b"", interaction="", type="", id="") for look in (first, *rest)}) == 1
    assert not gateway.trail.verify()


def test_a_remembered_answer_ends_with_any_change_also_of_another_process(site: Site) -> None:
    ids, gateway = filled(site), site.door.gateway
    token = token_for(gateway.config, "clinic")
    path = f"/fhir/Patient/{ids[CHILD]}"
    other = sqlite3.connect(gateway.config["database"].removeprefix("sqlite:"), isolation_level=None)

    async def all() -> None:
        application = Application(site, 2)

        async def family() -> Any:
            _, _, body = await answered(application, scope(path, token))
            return json.loads(body)["name"][0]["family"]

        assert await family() == "Żółć"
        assert len(application._lane._given) == 1
        other.execute("CREATE TABLE anything (at)")
        other.execute("DROP TABLE anything")
        assert await family() == "Żółć"
        name = [{"family": "Oak"}]
        patient = {
            "resourceType": "Patient",
            "id": "p",
            "identifier": [{"system": NHS, "value": "9990000018"}],
        }
        gateway.write(gateway.feed("clinic"), "Patient", "p", {**patient, "name": name})
        assert await family() == "Oak"

    asyncio.run(all())
    other.close()


def test_what_cannot_be_kept_in_the_audit_is_not_told(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    ids, gateway = filled(site), site.door.gateway
    token = token_for(gateway.config, "clinic")

    def full(events: Any) -> bool:
        list(events)
        raise refuse(STORE_AUDIT, file="audit")

    monkeypatch.setattr(gateway.trail, "try_append_all", full)
    ((status, _, body),) = in_lane(site, f"/fhir/Patient/{ids[CHILD]}", token=token)

    assert status == STORE_AUDIT.status
    told = json.loads(body)
    assert told["resourceType"] == "OperationOutcome"
    assert told["issue"][0]["details"]["coding"][0]["code"] == STORE_AUDIT.code


def test_questions_that_come_together_are_kept_together_and_each_gets_its_own_answer(site: Site) -> None:
    ids, gateway = filled(site), site.door.gateway
    token = token_for(gateway.config, "clinic")
    commits: list[int] = []
    keep = gateway.trail.try_append_all

    async def all() -> list[Answer]:
        application = Application(site, 2)
        asked = [f"/fhir/Patient/{ids[CHILD] if number % 2 else 'unknown'}" for number in range(20)]
        return await asyncio.gather(*(answered(application, scope(path, token)) for path in asked))

    def counted(events: Any) -> bool:
        every = list(events)
        commits.append(len(every))
        return keep(every)

    gateway.trail.try_append_all = counted  # type: ignore[method-assign]
    told = asyncio.run(all())

    assert [status for status, _, _ in told] == [404, 200] * 10
    assert sum(commits) == 20 and len(commits) < 10
    assert len(looks(gateway, ids[CHILD])) == 10


def test_looks_wait_a_moment_for_as_many_as_came_lately_and_who_comes_alone_is_answered(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    # long enough for the slowest machine; only who comes alone waits for so long
    monkeypatch.setattr("gateway.web.lane._GATHERING", 1.0)
    ids, gateway = filled(site), site.door.gateway
    token = token_for(gateway.config, "clinic")
    path, commits = f"/fhir/Patient/{ids[CHILD]}", []
    keep = gateway.trail.try_append_all

    def counted(events: Any) -> bool:
        every = list(events)
        commits.append(len(every))
        return keep(every)

    gateway.trail.try_append_all = counted  # type: ignore[method-assign]

    async def all() -> list[Answer]:
        application = Application(site, 2)

        async def later(turns: int) -> Answer:
            for _ in range(turns):
                await asyncio.sleep(0)
            return await answered(application, scope(path, token))

        together = await asyncio.gather(*(later(0) for _ in range(5)))
        after_each_other = await asyncio.gather(*(later(10 * place) for place in range(5)))
        return [*together, *after_each_other, await later(0)]

    told = asyncio.run(all())

    assert [status for status, _, _ in told] == [200] * 11
    assert sum(commits) == 11 and 5 in commits[1:-1], "five that came in five turns were kept together"
    assert commits[-1] == 1


def test_a_look_waits_elsewhere_while_somebody_else_writes_in_the_audit(site: Site) -> None:
    ids, gateway = filled(site), site.door.gateway
    token = token_for(gateway.config, "clinic")
    other = sqlite3.connect(gateway.config["audit"], isolation_level=None)
    other.execute("BEGIN IMMEDIATE")

    async def all() -> Answer:
        application = Application(site, 2)
        asked = asyncio.create_task(answered(application, scope(f"/fhir/Patient/{ids[CHILD]}", token)))
        for _ in range(20):
            # the loop goes on meanwhile
            await asyncio.sleep(0.01)
        assert not asked.done()
        other.execute("ROLLBACK")
        return await asked

    status, _, _ = asyncio.run(all())
    other.close()

    assert status == 200
    assert len(looks(gateway, ids[CHILD])) == 1


def test_answers_that_are_remembered_stay_within_their_room(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    ids = filled(site)
    token = token_for(site.door.gateway.config, "clinic")
    monkeypatch.setattr("gateway.web.lane.MOST", 3_000)

    async def all() -> None:
        application = Application(site, 2)
        for number in range(1, 20):
            await answered(
                application, scope(f"/fhir/Observation?patient={ids[CHILD]}&_count={number}", token)
            )
        held = application._lane._given.values()
        assert 0 < sum(len(each.answer[2]) for each in held) <= 3_000

    asyncio.run(all())


def test_more_requests_than_can_wait_are_told_to_come_again(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("gateway.web.asgi._QUEUE", 2)
    token = token_for(site.door.gateway.config, "clinic")
    held = threading.Event()
    slow = site.wsgi_app

    def waiting(environ: Any, start: Any) -> Any:
        held.wait(10)
        return slow(environ, start)

    monkeypatch.setattr(site, "wsgi_app", waiting)

    async def all() -> list[Answer]:
        application = Application(site, 1)
        asked = [
            asyncio.create_task(answered(application, scope("/fhir/Patient?name=x", token))) for _ in "123"
        ]
        await asyncio.sleep(0.05)
        held.set()
        return await asyncio.gather(*asked)

    first, second, third = asyncio.run(all())

    assert first[0] == second[0] == 200
    assert third[0] == 503
    assert json.loads(third[2])["issue"][0]["details"]["coding"][0]["code"] == "http.busy"


def test_a_store_that_cannot_be_looked_at_is_refused_with_its_own_words(site: Site) -> None:
    ids, gateway = filled(site), site.door.gateway
    token = token_for(gateway.config, "clinic")

    async def all() -> Answer:
        application = Application(site, 2)
        gateway.store.close()
        return await answered(application, scope(f"/fhir/Patient/{ids[CHILD]}", token))

    status, _, body = asyncio.run(all())

    assert status == STORE_CLOSED.status
    assert json.loads(body)["issue"][0]["details"]["coding"][0]["code"] == STORE_CLOSED.code
