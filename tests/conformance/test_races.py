"""Many at once: what only one can have, one gets; the ids are those of the project's REST checklist.

`make test` runs some rounds of each race; RACE_ROUNDS=1000 runs as many as that.
"""

import os
import threading
from collections import Counter
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from uuid import uuid4

import pytest
import requests
from served import Caller, Served

SYSTEM = "https://clinic.example/number"
ROUNDS = int(os.environ.get("RACE_ROUNDS", "24"))
AT_ONCE = 50


@pytest.fixture(scope="module")
def callers(served: Served) -> list[Caller]:
    """As many clients as there are at once, each with a connection of its own."""
    return [served.caller("clinic") for _ in range(AT_ONCE)]


def patient(number: str, **more: Any) -> dict[str, Any]:
    return {"resourceType": "Patient", "identifier": [{"system": SYSTEM, "value": number}], **more}


def by(number: str) -> str:
    return f"identifier={SYSTEM}|{number}"


def at_once(
    callers: Sequence[Caller], act: Callable[[int, Caller], requests.Response]
) -> list[requests.Response]:
    """What each answers; none begins before all are ready."""
    ready = threading.Barrier(len(callers))

    def one(at: int) -> requests.Response:
        ready.wait(30)
        return act(at, callers[at])

    with ThreadPoolExecutor(len(callers)) as pool:
        return list(pool.map(one, range(len(callers))))


def statuses(answers: Sequence[requests.Response]) -> Counter[int]:
    return Counter(answer.status_code for answer in answers)


def test_K5_fifty_equal_creates_at_once_make_one(callers: list[Caller]) -> None:
    for _ in range(ROUNDS):
        number = uuid4().hex

        answers = at_once(
            callers,
            lambda at, caller, number=number: caller.ask(  # type: ignore[misc]
                "POST", "feed/clinic/Patient", patient(number, active=at % 2 == 0), If_None_Exist=by(number)
            ),
        )

        assert statuses(answers) == {201: 1, 200: AT_ONCE - 1}
        assert len({answer.json()["id"] for answer in answers}) == 1
        assert callers[0].get(f"feed/clinic/Patient?{by(number)}").json()["total"] == 1


def test_K5_in_transactions_too(callers: list[Caller]) -> None:
    for _ in range(max(1, ROUNDS // 4)):
        number = uuid4().hex
        sent = {
            "resourceType": "Bundle",
            "type": "transaction",
            "entry": [
                {
                    "fullUrl": "urn:uuid:child",
                    "resource": patient(number),
                    "request": {"method": "POST", "url": "Patient", "ifNoneExist": by(number)},
                },
                {
                    "resource": {
                        "resourceType": "Flag",
                        "status": "active",
                        "code": {"text": "seen"},
                        "subject": {"reference": "urn:uuid:child"},
                    },
                    "request": {"method": "POST", "url": "Flag"},
                },
            ],
        }

        answers = at_once(callers, lambda _, caller, sent=sent: caller.ask("POST", "feed/clinic", sent))  # type: ignore[misc]

        firsts = Counter(answer.json()["entry"][0]["response"]["status"] for answer in answers)
        assert firsts == {"201 Created": 1, "200 OK": AT_ONCE - 1}
        found = callers[0].get(f"feed/clinic/Patient?{by(number)}").json()
        assert found["total"] == 1
        flags = callers[0].get(f"feed/clinic/Flag?patient={found['entry'][0]['resource']['id']}&_count=0")
        assert flags.json()["total"] == AT_ONCE


def test_K5_conditional_updates_make_one_too(callers: list[Caller]) -> None:
    for _ in range(max(1, ROUNDS // 4)):
        number = uuid4().hex

        answers = at_once(
            callers,
            lambda at, caller, number=number: caller.ask(  # type: ignore[misc]
                "PUT", f"feed/clinic/Patient?{by(number)}", patient(number, multipleBirthInteger=at + 1)
            ),
        )

        assert statuses(answers) == {201: 1, 200: AT_ONCE - 1}
        (kept,) = callers[0].get(f"feed/clinic/Patient?{by(number)}").json()["entry"]
        assert kept["resource"]["meta"]["versionId"] == str(AT_ONCE)


def test_I11_of_updates_of_one_version_one_is_kept(callers: list[Caller]) -> None:
    for _ in range(ROUNDS):
        number = uuid4().hex
        callers[0].tell("clinic", patient(number, id=number))

        answers = at_once(
            callers,
            lambda at, caller, number=number: caller.ask(  # type: ignore[misc]
                "PUT",
                f"feed/clinic/Patient/{number}",
                patient(number, id=number, multipleBirthInteger=at + 1),
                If_Match='W/"1"',
            ),
        )

        assert statuses(answers) == {200: 1, 412: AT_ONCE - 1}
        (kept,) = (answer.json() for answer in answers if answer.ok)
        assert callers[0].get(f"feed/clinic/Patient/{number}").json() == kept


def test_I12_of_creations_of_one_id_one_is_kept(callers: list[Caller]) -> None:
    number = uuid4().hex

    answers = at_once(
        callers,
        lambda at, caller: caller.ask(
            "PUT",
            f"feed/clinic/Patient/{number}",
            patient(number, id=number, multipleBirthInteger=at + 1),
            If_None_Match="*",
        ),
    )

    assert statuses(answers) == {201: 1, 412: AT_ONCE - 1}


def test_I20_versions_have_no_gaps_and_no_twins(callers: list[Caller]) -> None:
    number = uuid4().hex
    callers[0].tell("clinic", patient(number, id=number))

    answers = at_once(
        callers,
        lambda at, caller: caller.ask(
            "PUT", f"feed/clinic/Patient/{number}", patient(number, id=number, multipleBirthInteger=at + 1)
        ),
    )

    assert statuses(answers) == {200: AT_ONCE}
    versions = sorted(int(answer.json()["meta"]["versionId"]) for answer in answers)
    assert versions == list(range(2, AT_ONCE + 2))


def test_Q3_a_walk_while_others_write_meets_each_that_was_there_once(callers: list[Caller]) -> None:
    tag = uuid4().hex
    there = [f"{tag}-{at:02}" for at in range(60)]
    for id in there:
        callers[0].tell("clinic", {**height(tag, at=int(id[-2:])), "id": id})
    over = threading.Event()

    def write(caller: Caller, at: int) -> set[int]:
        seen = set()
        round = 0
        while not over.is_set():
            id = there[(at * 7 + round) % len(there)]
            changed = {**height(tag, at=int(id[-2:])), "id": id, "note": [{"text": f"{at} {round}"}]}
            seen.add(caller.ask("PUT", f"feed/clinic/Observation/{id}", changed).status_code)
            seen.add(caller.ask("POST", "feed/clinic/Observation", height(tag, at=round % 60)).status_code)
            round += 1
        return seen

    with ThreadPoolExecutor(4) as pool:
        writers = [pool.submit(write, callers[at + 1], at) for at in range(4)]
        walks = [walk(callers[0], f"feed/clinic/Observation?_tag={tag}&_count=7") for _ in range(3)]
        over.set()
        told = set().union(*(writer.result() for writer in writers))

    for walked in walks:
        counted = Counter(walked)
        assert [id for id in there if counted[id] != 1] == []
        assert max(counted.values()) == 1
    assert told <= {200, 201}


def height(tag: str, at: int) -> dict[str, Any]:
    return {
        "resourceType": "Observation",
        "meta": {"tag": [{"code": tag}]},
        "status": "final",
        "code": {"text": "Height"},
        "effectiveDateTime": f"2025-03-{at % 28 + 1:02}",
    }


def walk(caller: Caller, address: str) -> list[str]:
    """The ids on every page, in order."""
    found: list[str] = []
    while address:
        page = caller.get(address).json()
        found += [each["resource"]["id"] for each in page.get("entry", [])]
        address = next((each["url"] for each in page["link"] if each["relation"] == "next"), "")
    return found
