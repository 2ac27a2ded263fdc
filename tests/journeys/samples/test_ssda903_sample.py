"""The SSDA903 sample, element by element.

The expectations were written from the file and the reference tables by hand, never from the output.
"""

import json
from collections import Counter
from typing import Any

from translated import BASE, CITY_OF_LONDON, SAMPLES, SNOMED, Child, Told, codes, ethnic, label, parts

YEAR = {"start": "2025-04-01", "end": "2026-03-31"}


def test_the_return_maps_with_one_doubt_about_a_check_letter(ssda903: Told) -> None:
    assert len(ssda903.problems) == 1
    assert Counter(each["resourceType"] for each in ssda903.resources) == {
        "Patient": 5,
        "Observation": 43,
        "EpisodeOfCare": 4,
        "Flag": 4,
        "CarePlan": 4,
        "CareTeam": 4,
    }


def test_a_looked_after_child_is_known_by_number_and_not_by_name(ssda903: Told) -> None:
    patient = ssda903.about("la-child-id/201", "10234").patient

    assert patient["identifier"] == [
        {"system": f"{BASE}/Id/la-child-id/201", "value": "10234"},
        {"system": f"{BASE}/Id/upn", "value": "F201900116001"},
    ]
    assert (patient["gender"], patient["birthDate"]) == ("female", "2012-04-03")
    assert patient["address"] == [
        {"use": "home", "postalCode": "ZZ10 1AA", "period": {"start": "2024-06-17"}}
    ]
    assert patient["extension"] == [ethnic("E", "Mixed - White and Black African")]
    assert "name" not in patient


def test_a_period_of_care_runs_over_its_episodes(ssda903: Told) -> None:
    child = ssda903.about("la-child-id/201", "10234")

    care = child.one("EpisodeOfCare")
    assert (care["status"], care["period"]) == ("active", {"start": "2024-06-17"})
    assert codes(care["type"][0]) == ["looked-after"]
    assert care["managingOrganization"] == CITY_OF_LONDON
    first, second = sorted(
        child.facts("looked-after-episode"), key=lambda each: each["effectivePeriod"]["start"]
    )
    assert first["effectivePeriod"] == {"start": "2024-06-17", "end": "2025-05-02"}
    assert parts(first) == {
        "legal-status": "C1",
        "category-of-need": "N1",
        "placement-type": "U6",
        "placement-provider": "PR1",
        "reason-new-episode": "S",
        "reason-episode-ceased": "X1",
        "reason-place-change": "CARPL",
    }
    assert second["effectivePeriod"] == {"start": "2025-05-02"}
    assert parts(second) == {
        "legal-status": "C2",
        "category-of-need": "N1",
        "placement-type": "U4",
        "placement-provider": "PR4",
        "reason-new-episode": "B",
    }
    assert label(first) == label(second) == label(care) == ["R"]


def test_a_looked_after_child_is_flagged_as_nhs_england_flags(ssda903: Told) -> None:
    child = ssda903.about("la-child-id/201", "10234")
    flag, plan, team = child.one("Flag"), child.one("CarePlan"), child.one("CareTeam")

    assert (flag["status"], flag["period"], flag["author"]) == (
        "active",
        {"start": "2024-06-17"},
        CITY_OF_LONDON,
    )
    assert codes(flag["code"]) == ["child-protection-information-system-flag"]
    assert flag["extension"] == [
        {
            "url": "http://hl7.org/fhir/StructureDefinition/flag-detail",
            "valueReference": {"reference": f"CarePlan/{plan['id']}"},
        }
    ]
    assert (plan["status"], plan["intent"], plan["period"]) == ("active", "plan", {"start": "2024-06-17"})
    assert codes(plan["category"][0], SNOMED) == ["764841000000100"]
    assert plan["careTeam"] == [{"reference": f"CareTeam/{team['id']}"}]
    assert (team["status"], team["name"]) == ("active", "City of London")
    assert codes(team["category"][0], SNOMED) == ["764841000000100"]
    assert [(each["member"]["identifier"], each["period"]) for each in team["participant"]] == [
        (
            {"system": f"{BASE}/Id/social-worker/201", "value": "SW990001"},
            {"start": "2024-06-17", "end": "2025-08-31"},
        ),
        ({"system": f"{BASE}/Id/social-worker/201", "value": "SW990002"}, {"start": "2025-08-31"}),
    ]


def test_a_child_who_went_home_has_a_finished_period(ssda903: Told) -> None:
    child = ssda903.about("la-child-id/201", "10655")
    ended = {"start": "2025-11-24", "end": "2026-02-13"}

    assert [child.one(kind)["status"] for kind in ("EpisodeOfCare", "Flag", "CarePlan", "CareTeam")] == [
        "finished",
        "inactive",
        "completed",
        "inactive",
    ]
    assert all(
        child.one(kind)["period"] == ended for kind in ("EpisodeOfCare", "Flag", "CarePlan", "CareTeam")
    )


def test_a_upn_with_a_wrong_check_letter_is_kept_as_it_is(ssda903: Told) -> None:
    patient = ssda903.about("la-child-id/201", "10655").patient

    assert {"system": f"{BASE}/Id/upn", "value": "B201900119033"} in patient["identifier"]


def test_the_reason_for_no_upn_is_a_fact_and_no_number(ssda903: Told) -> None:
    child = ssda903.about("la-child-id/201", "10901")

    assert [each["system"] for each in child.patient["identifier"]] == [f"{BASE}/Id/la-child-id/201"]
    assert codes(child.fact("upn-unknown-reason")["valueCodeableConcept"]) == ["UN2"]
    assert "address" not in child.patient
    assert child.fact("uasc")["valueBoolean"] is True
    assert child.fact("away-without-authorisation")["effectivePeriod"] == {
        "start": "2026-01-02",
        "end": "2026-01-02",
    }


def test_a_questionnaire_has_its_score_or_the_reason_why_not(ssda903: Told) -> None:
    scored = ssda903.about("la-child-id/201", "10234").fact("sdq-total")
    refused = ssda903.about("la-child-id/201", "9871").fact("sdq-total")

    assert codes(scored["code"], SNOMED) == ["718133008"]
    assert (scored["valueInteger"], scored["effectivePeriod"], scored["performer"]) == (
        17,
        YEAR,
        [CITY_OF_LONDON],
    )
    assert codes(scored["category"][0]) == ["survey"]
    assert "dataAbsentReason" not in scored
    assert "valueInteger" not in refused
    assert codes(refused["dataAbsentReason"]) == ["asked-declined"]
    assert refused["note"] == [{"text": "SDQ5: Child refused"}]


def test_health_facts_of_the_year_are_flags_and_an_empty_one_is_absent(ssda903: Told) -> None:
    facts = {
        "convicted": (False, True),
        "health-surveillance-current": (None, None),
        "immunisations-current": (True, False),
        "dental-check-current": (True, True),
        "health-assessment-current": (True, True),
        "substance-misuse": (False, True),
        "substance-intervention-received": (None, False),
        "substance-intervention-offered": (None, True),
    }
    children = [ssda903.about("la-child-id/201", number) for number in ("10234", "9871")]

    for code, wanted in facts.items():
        found = [child.facts(code) for child in children]
        assert tuple(each[0]["valueBoolean"] if each else None for each in found) == wanted
        assert all(each[0]["effectivePeriod"] == YEAR for each in found if each)
    assert label(children[1].fact("convicted")) == ["V"]


def test_a_partial_date_stays_partial(ssda903: Told) -> None:
    fact = ssda903.about("la-child-id/201", "9871").fact("previous-permanence")

    assert fact["effectiveDateTime"] == "2019-05"
    assert codes(fact["valueCodeableConcept"]) == ["P2"]
    assert parts(fact) == {"previous-permanence-la": "202"}
    assert label(fact) == ["V"]


def test_reviews_and_going_missing_have_their_dates(ssda903: Told) -> None:
    child = ssda903.about("la-child-id/201", "9871")

    reviews = {
        each["effectiveDateTime"]: codes(each["valueCodeableConcept"]) for each in child.facts("la-review")
    }
    assert reviews == {"2025-07-15": ["PN7"], "2026-01-09": ["PN3"]}
    assert child.fact("missing-from-care")["effectivePeriod"] == {"start": "2025-09-12", "end": "2025-09-13"}


def test_a_care_leaver_is_not_flagged(ssda903: Told) -> None:
    child = ssda903.about("la-child-id/201", "7714")

    assert Counter(each["resourceType"] for each in child.all) == {"Observation": 5}
    assert codes(child.fact("care-leaver-contact")["valueCodeableConcept"]) == ["YES"]
    assert codes(child.fact("care-leaver-activity")["valueCodeableConcept"]) == ["F2"]
    assert codes(child.fact("care-leaver-accommodation")["valueCodeableConcept"]) == ["U"]
    assert codes(child.fact("care-leaver-suitability")["valueCodeableConcept"]) == ["1"]


def test_the_xml_form_tells_the_same_without_social_workers(ssda903: Told) -> None:
    given = {"la": "201", "year": "2025-26"}
    of_xml = Told("ssda903-xml", [SAMPLES / "ssda903" / "ssda903_2025_26.xml"], given)

    assert of_xml.problems == []
    for number in ("10234", "10901"):
        here, there = (told.about("la-child-id/201", number) for told in (of_xml, ssda903))
        assert told_of(here) == told_of(there)


def without_row(resource: dict[str, Any]) -> dict[str, Any]:
    """A resource without the identifier that is made of its feed's id."""
    return {name: value for name, value in resource.items() if name != "identifier"}


def told_of(child: Child) -> list[str]:
    """All that is told of a child, without ids, references and the members of care teams."""
    left_out = ("id", "subject", "patient", "participant", "extension", "careTeam")
    return sorted(
        json.dumps({name: value for name, value in each.items() if name not in left_out})
        for each in (child.patient, *(without_row(each) for each in child.all))
    )
