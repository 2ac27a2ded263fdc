import base64
import json

import pytest

from gateway.fhir.validate import validate
from gateway.security.audit import (
    ANSWERED,
    START,
    Look,
    again,
    chained,
    first_break,
    outcome_of,
    read,
    rest,
    sealed,
    written,
)
from gateway.security.audit_event import audit_events

LOOK = Look(
    at="2026-11-24T07:00:00.123Z",
    request="0b2c6f1e-6a39-4a8e-9d59-0f3f5d1f9c11",
    interaction="search-type",
    base="fhir",
    outcome=ANSWERED,
    status=200,
    client="hospital",
    name="St Elsewhere",
    sector="health",
    purpose="care",
    issuer="https://as.example.org",
    address="192.0.2.7",
    type="Observation",
    children=("kid1", "kid2"),
    question=b"GET /fhir/Observation?patient.identifier=9990123012",
    sources=("hospital-b",),
)


def chain(*bodies: bytes) -> list[tuple[int, bytes, bytes]]:
    rows, previous = [], START
    for number, body in enumerate(bodies, 1):
        previous = chained(previous, body)
        rows.append((number, body, previous))
    return rows


def test_a_look_is_read_back_as_it_was_written() -> None:
    assert read(written(LOOK)) == LOOK
    bare = Look("2026-11-24T07:00:00.000Z", "r", "read", "fhir", "refused", 401)
    assert read(written(bare)) == bare


def test_a_look_like_one_before_differs_in_its_instant_and_request_alone() -> None:
    later, other = "2026-11-24T08:00:00.000Z", "a.b_c:d/e+f=g@h-1"

    repeated = again(rest(written(LOOK)), later, other)

    assert repeated == written(LOOK._replace(at=later, request=other))


def test_a_look_is_written_the_same_way_each_time_and_without_what_is_empty() -> None:
    bare = Look("2026-11-24T07:00:00.000Z", "r", "read", "fhir", "refused", 401)

    assert written(bare) == (
        b'{"at":"2026-11-24T07:00:00.000Z","request":"r","interaction":"read","base":"fhir",'
        b'"outcome":"refused","status":401}'
    )


def test_the_question_is_kept_in_base64() -> None:
    assert b"9990123012" not in written(LOOK)
    assert base64.b64decode(json.loads(written(LOOK))["question"]) == LOOK.question


@pytest.mark.parametrize(
    ("status", "outcome"),
    [(200, "answered"), (304, "answered"), (401, "refused"), (410, "refused"), (503, "broken")],
)
def test_a_status_stands_for_an_outcome(status: int, outcome: str) -> None:
    assert outcome_of(status) == outcome


def test_a_whole_chain_has_no_break() -> None:
    assert first_break(chain(b"a", b"b", b"c")) is None
    assert first_break([]) is None


@pytest.mark.parametrize("place", [0, 1, 2])
def test_a_changed_row_is_found(place: int) -> None:
    rows = chain(b"a", b"b", b"c")
    number, _, found = rows[place]
    rows[place] = (number, b"x", found)

    assert first_break(rows) == place + 1


def test_a_missing_or_exchanged_row_is_found() -> None:
    rows = chain(b"a", b"b", b"c")

    assert first_break([rows[0], rows[2]]) == 2
    assert first_break([(1, *rows[0][1:]), (2, *rows[2][1:])]) == 2
    assert first_break(rows[1:]) == 1


def test_the_seal_shows_what_is_missing_from_the_end() -> None:
    rows = chain(b"a", b"b", b"c")
    seal = sealed(rows[2][2], 3, b"secret")

    assert sealed(rows[1][2], 2, b"secret") != seal
    assert sealed(rows[2][2], 2, b"secret") != seal
    assert sealed(rows[2][2], 3, b"another") != seal


def test_a_look_at_two_children_gives_two_audit_events_that_do_not_name_each_other() -> None:
    one, other = audit_events(LOOK, "e1", "https://gateway.example", "fhirgate")

    assert (one["id"], other["id"]) == ("e1", "e1-2")
    assert "kid2" not in json.dumps(one) and "kid1" not in json.dumps(other)
    assert one["meta"]["profile"] == [
        "https://profiles.ihe.net/ITI/BALP/StructureDefinition/IHE.BasicAudit.PatientQuery"
    ]
    assert (one["action"], one["outcome"], one["recorded"]) == ("E", "0", LOOK.at)


@pytest.mark.parametrize(
    "look",
    [
        LOOK,
        Look(
            "2026-11-24T07:00:00.000Z", "r", "read", "fhir", "refused", 403, problem="security.scope-missing"
        ),
        Look(
            "2026-11-24T07:00:00.000Z",
            "r",
            "update",
            "ward",
            "answered",
            200,
            type="Flag",
            id="f1",
            children=("k",),
        ),
        Look("2026-11-24T07:00:00.000Z", "r", "$match", "fhir", "broken", 500, type="Patient"),
    ],
)
def test_an_audit_event_is_sound_r4(look: Look) -> None:
    for event in audit_events(look, "e1", "https://gateway.example", "fhirgate"):
        assert validate(event) == []
