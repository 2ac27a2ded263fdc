import json
from uuid import UUID

from gateway.fhir.bundle import Change, history, searchset

BASE = "https://gateway.example/fhir"
PATIENT = b'{"resourceType":"Patient","id":"a","active":true}'
WEIGHT = b'{"resourceType":"Observation","id":"w","valueQuantity":{"value":1.00}}'
OUTCOME = b'{"resourceType":"OperationOutcome","issue":[]}'


def url(path: str) -> bytes:
    return f"{BASE}/{path}".encode()


def test_a_search_set_has_its_matches_what_came_along_and_the_outcome_last() -> None:
    made = searchset(
        [(url("Observation/w"), WEIGHT)],
        links=[("self", f"{BASE}/Observation?code=x%7Cy"), ("next", f"{BASE}/Observation?page=1")],
        total=7,
        includes=[(url("Patient/a"), PATIENT)],
        outcome=OUTCOME,
    )

    full_url = json.loads(made)["entry"][-1]["fullUrl"]
    assert UUID(full_url.removeprefix("urn:uuid:")).urn == full_url
    assert json.loads(made) == {
        "resourceType": "Bundle",
        "type": "searchset",
        "total": 7,
        "link": [
            {"relation": "self", "url": f"{BASE}/Observation?code=x%7Cy"},
            {"relation": "next", "url": f"{BASE}/Observation?page=1"},
        ],
        "entry": [
            {
                "fullUrl": f"{BASE}/Observation/w",
                "resource": json.loads(WEIGHT),
                "search": {"mode": "match"},
            },
            {"fullUrl": f"{BASE}/Patient/a", "resource": json.loads(PATIENT), "search": {"mode": "include"}},
            {"fullUrl": full_url, "resource": json.loads(OUTCOME), "search": {"mode": "outcome"}},
        ],
    }


def test_the_text_of_a_resource_is_kept_byte_for_byte() -> None:
    assert WEIGHT in searchset([(url("Observation/w"), WEIGHT)])


def test_nothing_found_is_a_bundle_without_entries() -> None:
    assert json.loads(searchset([], total=0)) == {"resourceType": "Bundle", "type": "searchset", "total": 0}


def test_a_link_with_quotes_is_still_json() -> None:
    made = searchset([], links=[("self", f'{BASE}/Patient?name="O\'Neil"\n')])

    assert json.loads(made)["link"][0]["url"] == f'{BASE}/Patient?name="O\'Neil"\n'


def changes() -> list[Change]:
    at = "2025-03-01T10:00:00.000Z"
    return [
        Change(f"{BASE}/Patient/a", None, "DELETE", "Patient/a", "204", "2", at),
        Change(f"{BASE}/Patient/a", PATIENT, "POST", "Patient", "201", "1", at),
    ]


def test_a_history_says_what_was_asked_and_what_became_of_it() -> None:
    deleted, created = json.loads(history(changes(), total=2))["entry"]

    assert deleted == {
        "fullUrl": f"{BASE}/Patient/a",
        "request": {"method": "DELETE", "url": "Patient/a"},
        "response": {"status": "204", "etag": 'W/"2"', "lastModified": "2025-03-01T10:00:00.000Z"},
    }
    assert created["resource"] == json.loads(PATIENT)
    assert created["request"] == {"method": "POST", "url": "Patient"}


def test_another_library_reads_both_kinds() -> None:
    from fhir.resources.R4B.bundle import Bundle

    search = searchset([(url("Patient/a"), PATIENT)], links=[("self", f"{BASE}/Patient")], total=1)

    assert Bundle.model_validate_json(search).total == 1
    assert Bundle.model_validate_json(history(changes(), total=2)).type == "history"
