"""What leads to where somebody is goes, and nothing else does."""

import json

from gateway.security.places import placeless, tells_place

HOME = {"line": ["9 Refuge Road"]}
MOTHER = {
    "resourceType": "RelatedPerson",
    "name": [{"family": "Stone"}],
    "relationship": [{"text": "mother"}],
}


def test_what_says_no_place_stays_as_it_is() -> None:
    told = MOTHER | {"text": {"status": "generated", "div": "<div>Stone</div>"}}

    assert placeless(told) == told and not tells_place(json.dumps(told).encode())


def test_places_go_wherever_they_stand_with_the_narrative_that_repeats_them() -> None:
    extension = {"url": "https://example.org/home", "valueAddress": HOME}
    told = MOTHER | {
        "text": {"status": "generated", "div": "<div>9 Refuge Road</div>"},
        "address": [HOME],
        "telecom": [{"value": "1"}],
        "extension": [extension],
        "contained": [
            {"resourceType": "Location", "id": "l", "name": "Home", "position": {"latitude": 1}},
            {"resourceType": "Patient", "id": "p", "contact": [{"name": {"family": "Stone"}}]},
        ],
    }

    assert tells_place(json.dumps(told, separators=(",", ":")).encode())
    assert placeless(told) == MOTHER | {
        "contained": [
            {"resourceType": "Location", "id": "l", "name": "Home"},
            {"resourceType": "Patient", "id": "p"},
        ]
    }
