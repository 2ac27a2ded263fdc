"""The children in need census sample, element by element.

The expectations were written from the file and the reference tables by hand, never from the output.
"""

from collections import Counter

from translated import BASE, CITY_OF_LONDON, SNOMED, Told, codes, label, parts


def test_the_census_maps_without_problems(cin: Told) -> None:
    assert cin.problems == []
    assert Counter(each["resourceType"] for each in cin.resources) == {
        "Patient": 5,
        # three without a UPN; ethnicity of five; disabilities of four, one with two; one unborn;
        # five referrals; three assessments; one enquiry; one protection plan
        "Observation": 3 + 5 + 5 + 1 + 5 + 3 + 1 + 1,
        "EpisodeOfCare": 5,
        "CarePlan": 2,
        "Flag": 1,
        "CareTeam": 1,
    }


def test_a_child_has_the_number_of_the_authority_and_no_name(cin: Told) -> None:
    patient = cin.about("la-child-id/201", "9871").patient

    assert patient["identifier"] == [
        {"system": f"{BASE}/Id/la-child-id/201", "value": "9871"},
        {"use": "old", "system": f"{BASE}/Id/upn", "value": "M20190022104V"},
    ]
    assert (patient["gender"], patient["birthDate"]) == ("male", "2010-09-11")
    assert not {"name", "address"} & patient.keys()


def test_an_unborn_child_has_no_birth_date(cin: Told) -> None:
    child = cin.about("la-child-id/201", "10877")

    assert "birthDate" not in child.patient
    assert child.fact("expected-birth-date")["valueDateTime"] == "2026-05-20"
    assert codes(child.fact("upn-unknown-reason")["valueCodeableConcept"]) == ["UN1"]


def test_a_referral_belongs_to_its_case(cin: Told) -> None:
    child = cin.about("la-child-id/201", "10234")
    referral, case = child.fact("cin-referral"), child.of_type("child-in-need")

    assert parts(referral) == {
        "referral-source": "2A",
        "category-of-need": "N1",
        "referral-no-further-action": False,
    }
    assert referral["focus"] == [{"reference": f"EpisodeOfCare/{case['id']}"}]
    assert (case["status"], case["period"]) == ("active", {"start": "2024-05-29"})
    assert case["managingOrganization"] == CITY_OF_LONDON


def test_factors_stay_in_the_assessment_and_are_very_restricted(cin: Told) -> None:
    fact = cin.about("la-child-id/201", "10234").fact("child-and-family-assessment")

    assert [codes(each["valueCodeableConcept"]) for each in fact["component"]] == [["3A"], ["4B"], ["16A"]]
    assert fact["effectivePeriod"] == {"start": "2025-09-08", "end": "2025-10-20"}
    assert label(fact) == ["V"]


def test_a_child_protection_plan_is_flagged_with_the_code_of_nhs_england(cin: Told) -> None:
    child = cin.about("la-child-id/201", "10655")
    flag, plan, team = child.one("Flag"), child.one("CarePlan"), child.one("CareTeam")
    details, enquiry = child.fact("child-protection-plan"), child.fact("section-47-enquiry")

    assert codes(plan["category"][0], SNOMED) == ["342191000000101"]
    assert (plan["status"], plan["period"]) == ("active", {"start": "2025-11-20"})
    assert flag["extension"][0]["valueReference"] == {"reference": f"CarePlan/{plan['id']}"}
    assert plan["careTeam"] == [{"reference": f"CareTeam/{team['id']}"}]
    assert parts(details) == {
        "abuse-category-initial": "EMO",
        "abuse-category-latest": "NEG",
        "previous-protection-plans": 0,
        "protection-plan-review": "2026-02-11",
    }
    assert parts(enquiry) == {"icpc-required": True, "icpc-date": "2025-11-20"}
    assert label(details) == label(enquiry) == ["V"]


def test_a_plan_of_a_child_in_need_has_a_code_of_ours(cin: Told) -> None:
    plan = cin.about("la-child-id/201", "9871").one("CarePlan")

    assert codes(plan["category"][0]) == ["child-in-need-plan"]
    assert plan["period"] == {"start": "2025-04-03"}
