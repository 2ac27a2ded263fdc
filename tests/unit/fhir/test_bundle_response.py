"""The Bundle that answers a batch or transaction."""

import json

from fhir.resources.R4B.bundle import Bundle

from gateway.fhir.bundle_response import Reply, answered

PATIENT = b'{"resourceType":"Patient","id":"1","multipleBirthInteger":2}'
OUTCOME = b'{"resourceType":"OperationOutcome","issue":[{"severity":"error","code":"value"}]}'


def test_each_reply_has_what_it_says_and_nothing_empty() -> None:
    text = answered(
        "transaction-response",
        [
            Reply("204 No Content"),
            Reply(
                "201 Created",
                resource=PATIENT,
                full_url='https://a.example/feed/"x"/Patient/1',
                location="https://a.example/Patient/1/_history/1",
                etag='W/"1"',
                modified="2026-01-02T03:04:05.678Z",
            ),
            Reply("404 Not Found", outcome=OUTCOME),
        ],
    )

    told = json.loads(text)
    assert told["type"] == "transaction-response"
    assert told["entry"] == [
        {"response": {"status": "204 No Content"}},
        {
            "fullUrl": 'https://a.example/feed/"x"/Patient/1',
            "resource": json.loads(PATIENT),
            "response": {
                "status": "201 Created",
                "location": "https://a.example/Patient/1/_history/1",
                "etag": 'W/"1"',
                "lastModified": "2026-01-02T03:04:05.678Z",
            },
        },
        {"response": {"status": "404 Not Found", "outcome": json.loads(OUTCOME)}},
    ]
    Bundle.model_validate(told)


def test_the_text_of_a_resource_is_taken_as_it_is() -> None:
    body = b'{"resourceType":"Observation","valueDecimal":1.50}'

    assert body in answered("batch-response", [Reply("200 OK", resource=body)])


def test_no_replies_make_no_list() -> None:
    assert json.loads(answered("batch-response", [])) == {"resourceType": "Bundle", "type": "batch-response"}
