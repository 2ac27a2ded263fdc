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
            {"resourceType": "Patient", "id": "p"},
        ]
    }


URN = {"system": "https://fhir.hl7.org.uk/Id/urn-school-number", "value": "100001"}
COUNCIL = {"system": "https://fhirgate.example/Id/dfe-la-code", "value": "201"}
MASKED = {
    "extension": [
        {"url": "http://hl7.org/fhir/StructureDefinition/data-absent-reason", "valueCode": "masked"}
    ]
}
SEEN = {"resourceType": "Observation", "status": "final", "code": {"text": "height"}}


def test_a_school_or_a_ward_goes_wherever_it_is_named_and_who_else_took_part_stays() -> None:
    doctor = {"reference": "Practitioner/d", "display": "Dr Grey"}
    told = SEEN | {
        "performer": [
            {"type": "Organization", "identifier": URN, "display": "Oak School"},
            {"reference": "https://else.example/fhir/Organization/7"},
            {"identifier": URN},
            doctor,
        ],
        "identifier": [{"system": "x", "value": "1", "assigner": {"display": "Oak School"}}],
        "extension": [{"url": "https://example.org/at", "valueReference": {"reference": "Location/ward"}}],
        "text": {"status": "generated", "div": "<div>Oak School</div>"},
    }

    assert tells_place(json.dumps(told, separators=(",", ":")).encode())
    assert placeless(told) == SEEN | {
        "performer": [doctor],
        "identifier": [{"system": "x", "value": "1"}],
    }


def test_the_council_that_answers_for_a_child_is_no_place() -> None:
    told = SEEN | {"performer": [{"type": "Organization", "identifier": COUNCIL, "display": "Anytown"}]}

    assert placeless(told) == told


def test_what_must_be_there_is_masked() -> None:
    told = {
        "resourceType": "Encounter",
        "status": "finished",
        "class": {"code": "AMB"},
        "location": [{"location": {"reference": "#ward"}, "status": "completed"}],
        "serviceProvider": {"display": "Oak Hospital"},
        "contained": [{"resourceType": "Location", "id": "ward", "name": "Rainbow Ward"}],
    }

    assert placeless(told) == {
        "resourceType": "Encounter",
        "status": "finished",
        "class": {"code": "AMB"},
        "location": [{"location": MASKED, "status": "completed"}],
    }


def test_who_made_a_vaccine_says_nothing_of_where_a_child_is() -> None:
    told = {"resourceType": "Immunization", "manufacturer": {"display": "Vaccines Ltd"}, "lotNumber": "1"}

    assert placeless(told) == told
