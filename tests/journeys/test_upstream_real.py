"""The upstream room against servers of other makes: HAPI and Medplum, with invented children."""

import hashlib
import json
import time
from typing import Any

import pytest
from peers import Peer, child, new_nhs_number, observation, seed

from gateway.upstream import Cursor, Question, Row, Told, Upstream, Upstreams, account, cursor, merge
from gateway.upstream.capability import Capabilities
from gateway.upstream.client import ask
from gateway.upstream.values import Request

BASE = "https://fhirgate.example"
CHILD = "the-child"


def public_id(upstream: str, type_: str, id_: str) -> str:
    return hashlib.sha256(f"{upstream}/{type_}/{id_}".encode()).hexdigest()[:24]


def connected(*peers: Peer, timeout: float = 10.0) -> Upstreams:
    return Upstreams(
        [Upstream(peer.name, peer.base_url, timeout=timeout) for peer in peers],
        base_uri=BASE,
        public_id=public_id,
    )


def asked(
    upstreams: Upstreams, person: dict[str, Any], *, at: Cursor | None = None, **more: Any
) -> list[Told]:
    number = person["identifier"][0]["value"]
    after = None if at is None else at.after
    question = Question("Observation", CHILD, person, number, after=after, **more)
    return upstreams.begin(question, time.monotonic() + 20, at).finish()


def days(told: Told) -> list[str]:
    return [json.loads(row.body).get("effectiveDateTime", "") for row in told.rows]


@pytest.fixture(params=["hapi", "medplum"])
def peer(request: pytest.FixtureRequest) -> Peer:
    found: Peer = request.getfixturevalue(request.param)
    return found


@pytest.fixture
def ola() -> dict[str, Any]:
    return child(new_nhs_number())


def test_a_foreign_server_answers_newest_first_under_our_names(peer: Peer, ola: dict[str, Any]) -> None:
    there = seed(peer, ola, [observation("2025-01-01"), observation(""), observation("2025-03-01T09:30:00Z")])

    (told,) = asked(connected(peer), ola)

    assert days(told) == ["2025-03-01T09:30:00Z", "2025-01-01", ""]
    assert (told.total, told.more, told.problems) == (3, False, ())
    for row in told.rows:
        found = json.loads(row.body)
        assert found["id"] == row.id != there
        assert found["subject"] == {"reference": f"Patient/{CHILD}"}
        assert found["meta"]["source"] == f"{BASE}/upstream/{peer.name}"
        assert there not in row.body.decode()


def test_a_filter_goes_along(peer: Peer, ola: dict[str, Any]) -> None:
    seed(peer, ola, [observation("2025-01-01"), observation("2025-02-01"), observation("2025-03-01")])

    (told,) = asked(connected(peer), ola, filters=(("date", "ge2025-02-01"), ("date", "lt2025-03-01")))

    assert days(told) == ["2025-02-01"]


def test_a_child_the_server_does_not_know_is_an_answer_not_a_gap(peer: Peer, ola: dict[str, Any]) -> None:
    (told,) = asked(connected(peer), ola)

    assert told.answered
    assert [line.kind.code for line in account([told])] == ["upstream.unknown-child"]


def test_a_number_that_belongs_to_another_child_there_shows_nothing(peer: Peer, ola: dict[str, Any]) -> None:
    seed(peer, {**ola, "birthDate": "2009-09-09"}, [observation("2025-01-01")])

    (told,) = asked(connected(peer), ola)

    assert told.rows == ()
    assert [line.kind.code for line in account([told])] == ["upstream.other-child"]


def test_two_patients_with_one_number_show_nothing(peer: Peer, ola: dict[str, Any]) -> None:
    seed(peer, ola, [observation("2025-01-01")])
    seed(peer, ola, [])

    (told,) = asked(connected(peer), ola)

    assert told.rows == ()
    assert [line.kind.code for line in account([told])] == ["upstream.ambiguous"]


def test_walking_two_servers_and_our_own_rows_page_by_page_shows_everything_once_and_in_order(
    hapi: Peer, medplum: Peer, ola: dict[str, Any]
) -> None:
    at_hapi = [observation(f"2025-{month:02d}-{day:02d}") for month in range(1, 8) for day in range(1, 11)]
    at_medplum = [observation(f"2025-{month:02d}-05T12:00:00Z") for month in range(1, 13)] + [observation("")]
    seed(hapi, ola, at_hapi)
    seed(medplum, ola, at_medplum)
    own = [
        Row(1_740_000_000_000 - n * 10**9, f"own-{n:02d}", b'{"resourceType":"Observation"}')
        for n in range(9)
    ]
    upstreams = connected(hapi, medplum)

    walked: list[Row] = []
    at: Cursor | None = None
    for _ in range(60):
        told = asked(upstreams, ola, at=at, limit=7)
        rest = own if at is None else [row for row in own if _order(row) > _order(walked[-1])]
        merged = merge([rest[:8], *(each.rows for each in told)], 7, at.seen if at else ())
        assert not [line for each in told for line in each.problems if line.kind.severity != "information"]
        walked += merged.rows
        at = cursor(merged, told, more=len(rest) > 8)
        if at is None:
            break
        at = Cursor.unpacked(json.loads(json.dumps(at.packed())))

    assert len(walked) == len({row.id for row in walked}) == 70 + 13 + 9
    assert [_order(row) for row in walked] == sorted(_order(row) for row in walked)


def _order(row: Row) -> tuple[bool, int, str]:
    return (row.time is None, -(row.time or 0), row.id)


def test_a_decimal_keeps_the_digits_hapi_sends(hapi: Peer, ola: dict[str, Any]) -> None:
    there = hapi.create(ola)
    subject = f'"subject":{{"reference":"Patient/{there}"}}'
    weight = '"valueQuantity":{"value":92.10,"unit":"cm"}'
    body = f'{{"resourceType":"Observation","status":"final","code":{{"text":"w"}},{subject},{weight}}}'
    hapi.create_text("Observation", body)

    (told,) = asked(connected(hapi), ola)

    assert b'"value":92.10' in told.rows[0].body


def test_hapi_answers_afresh_although_it_keeps_results(hapi: Peer, ola: dict[str, Any]) -> None:
    there = seed(hapi, ola, [observation("2025-01-01")])
    upstreams = connected(hapi)
    (before,) = asked(upstreams, ola)
    hapi.create({**observation("2025-02-01"), "subject": {"reference": f"Patient/{there}"}})

    (after,) = asked(upstreams, ola)

    assert (days(before), days(after)) == (["2025-01-01"], ["2025-02-01", "2025-01-01"])


def test_hapi_poisoned_by_an_absolute_reference_still_answers_us(hapi: Peer, ola: dict[str, Any]) -> None:
    """Asked by absolute URL it finds nothing, and remembers that for the relative one too."""
    there = seed(hapi, ola, [observation("2025-01-01")])
    absolute = f"{hapi.base_url}/Patient/{there}"
    poisoned = hapi.search(f"Observation?patient={absolute}&_sort=-date&_count=50")

    (told,) = asked(connected(hapi), ola)

    assert poisoned["total"] == 0
    assert days(told) == ["2025-01-01"]


def test_a_parameter_hapi_does_not_have_is_a_declared_gap(hapi: Peer, ola: dict[str, Any]) -> None:
    seed(hapi, ola, [observation("2025-01-01")])
    capabilities = Capabilities()
    upstream = Upstream("hapi", hapi.base_url, timeout=10)
    capabilities.learn(upstream)
    upstreams = Upstreams([upstream], base_uri=BASE, public_id=public_id, capabilities=capabilities)

    (told,) = asked(upstreams, ola, filters=(("favourite-colour", "green"),))

    assert [line.kind.code for line in account([told])] == ["upstream.filter-ignored"]


def test_medplum_finding_nothing_by_a_parameter_it_may_not_know_is_said(
    medplum: Peer, ola: dict[str, Any]
) -> None:
    """It answers 200 and nothing to a parameter it never heard of, so its nothing may mean anything."""
    seed(medplum, ola, [observation("2025-01-01")])

    (told,) = asked(connected(medplum), ola, filters=(("favourite-colour", "green"),))

    assert [line.kind.code for line in account([told])] == ["upstream.answered", "upstream.unconfirmed"]


def test_medplum_sends_the_rest_although_it_has_no_next_page(medplum: Peer, ola: dict[str, Any]) -> None:
    seed(
        medplum,
        ola,
        [observation(f"2025-01-{day:02d}T{hour:02d}:00:00Z") for day in (1, 2, 3) for hour in range(20)],
    )

    (told,) = asked(connected(medplum), ola, limit=5)

    assert len(told.rows) == 60
    assert told.problems == ()


def test_both_makes_answer_while_we_do_something_else(hapi: Peer, medplum: Peer, ola: dict[str, Any]) -> None:
    seed(hapi, ola, [observation("2025-01-01")])
    seed(medplum, ola, [observation("2025-01-02")])

    told = asked(connected(hapi, medplum), ola)

    assert [len(each.rows) for each in told] == [1, 1]


def test_hapi_says_which_parameters_it_has_and_medplum_does_not(hapi: Peer, medplum: Peer) -> None:
    capabilities = Capabilities()

    loud = capabilities.learn(Upstream("hapi", hapi.base_url))
    silent = capabilities.learn(Upstream("medplum", medplum.base_url))

    assert {"patient", "date", "code", "category", "_lastUpdated"} <= loud.parameters["Observation"]
    assert loud.lacks("Observation", "favourite-colour")
    assert not silent.lacks("Observation", "favourite-colour")


def test_a_look_up_by_post_is_understood_by_both_makes(peer: Peer, ola: dict[str, Any]) -> None:
    there = peer.create(ola)
    number = ola["identifier"][0]["value"]
    form = f"identifier=https%3A%2F%2Ffhir.nhs.uk%2FId%2Fnhs-number%7C{number}"

    (answer,) = ask([Request(Upstream("x", peer.base_url), "Patient/_search", form)], time.monotonic() + 20)

    assert [entry["resource"]["id"] for entry in json.loads(answer.body)["entry"]] == [there]
