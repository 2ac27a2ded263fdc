"""The children's social care API sample, element by element.

The expectations were written from the file and the reference tables by hand, never from the output.
"""

from collections import Counter

from translated import BASE, SNOMED, Told, codes, label, parts


def test_the_payload_maps_without_problems(csc: Told) -> None:
    assert csc.problems == []
    assert Counter(each["resourceType"] for each in csc.resources) == {
        "Patient": 3,
        "Observation": 19,
        "EpisodeOfCare": 5,
        "Flag": 3,
        "CarePlan": 4,
        "CareTeam": 3,
    }


def test_a_child_of_the_payload_has_name_and_numbers(csc: Told) -> None:
    patient = csc.about("la-child-id/201", "10234").patient

    assert patient["identifier"] == [
        {"system": f"{BASE}/Id/la-child-id/201", "value": "10234"},
        {"system": f"{BASE}/Id/mis-child-id/201", "value": "CMS-0010234"},
        {"system": f"{BASE}/Id/upn", "value": "F201900116001"},
    ]
    assert patient["name"] == [{"use": "official", "family": "Okafor-Bennett", "given": ["Amelia"]}]
    assert (patient["gender"], patient["birthDate"]) == ("female", "2012-03-04")
    assert "address" not in patient
    assert "active" not in patient


def test_a_former_upn_is_old_and_the_reason_for_no_upn_is_told(csc: Told) -> None:
    child = csc.about("la-child-id/201", "9871")

    assert {"use": "old", "system": f"{BASE}/Id/upn", "value": "M20190022104V"} in child.patient["identifier"]
    assert codes(child.fact("upn-unknown-reason")["valueCodeableConcept"]) == ["UN4"]


def test_a_questionnaire_of_the_payload_has_its_day(csc: Told) -> None:
    fact = csc.about("la-child-id/201", "10234").fact("sdq-total")

    assert (fact["valueInteger"], fact["effectiveDateTime"]) == (17, "2025-11-12")
    assert codes(fact["code"], SNOMED) == ["718133008"]


def test_a_referral_belongs_to_its_case(csc: Told) -> None:
    child = csc.about("la-child-id/201", "10234")
    referral, case = child.fact("cin-referral"), child.of_type("child-in-need")

    assert parts(referral) == {"referral-source": "2A", "referral-no-further-action": False}
    assert referral["effectiveDateTime"] == "2024-05-29"
    assert referral["focus"] == [{"reference": f"EpisodeOfCare/{case['id']}"}]
    assert (case["status"], case["period"]) == ("active", {"start": "2024-05-29"})
    assert case["identifier"] == [{"system": f"{BASE}/Id/csc-block/201", "value": "E55012"}]


def test_factors_stay_in_the_assessment_and_are_very_restricted(csc: Told) -> None:
    fact = csc.about("la-child-id/201", "10234").fact("child-and-family-assessment")

    assert [codes(each["valueCodeableConcept"]) for each in fact["component"]] == [["3A"], ["4B"], ["16A"]]
    assert fact["effectivePeriod"] == {"start": "2025-09-08", "end": "2025-10-20"}
    assert label(fact) == ["V"]


def test_a_placement_that_goes_on_from_before_has_no_known_start(csc: Told) -> None:
    child = csc.about("la-child-id/201", "10234")
    care, placement = child.of_type("looked-after"), child.fact("looked-after-placement")

    assert care["status"] == "active"
    assert "period" not in care
    assert placement["effectivePeriod"] == {"start": "2025-05-02"}
    assert parts(placement) == {"placement-type": "U4", "reason-new-episode": "B"}
    assert child.one("Flag")["code"]["text"] == "Looked after child"
    assert [each["member"]["identifier"]["value"] for each in child.one("CareTeam")["participant"]] == [
        "SW990002"
    ]


def test_a_child_protection_plan_is_flagged_with_the_code_of_nhs_england(csc: Told) -> None:
    child = csc.about("la-child-id/201", "10655")
    flag, plan, team = child.one("Flag"), child.one("CarePlan"), child.one("CareTeam")

    assert codes(plan["category"][0], SNOMED) == ["342191000000101"]
    assert (plan["status"], plan["period"]) == ("active", {"start": "2025-11-20"})
    assert flag["code"]["text"] == "Subject to child protection plan"
    assert flag["extension"][0]["valueReference"] == {"reference": f"CarePlan/{plan['id']}"}
    assert plan["careTeam"] == [{"reference": f"CareTeam/{team['id']}"}]
    assert team["name"] == "City of London"


def test_a_section_47_enquiry_is_very_restricted(csc: Told) -> None:
    fact = csc.about("la-child-id/201", "10655").fact("section-47-enquiry")

    assert parts(fact) == {"icpc-required": True, "icpc-date": "2025-11-20"}
    assert fact["effectivePeriod"] == {"start": "2025-11-03"}
    assert label(fact) == ["V"]


def test_no_disability_is_an_answer(csc: Told) -> None:
    one = csc.about("la-child-id/201", "10234").facts("declared-disability")
    none = csc.about("la-child-id/201", "10655").fact("declared-disability")

    assert sorted(codes(each["valueCodeableConcept"])[0] for each in one) == ["BEH", "LD"]
    assert codes(none["valueCodeableConcept"]) == ["NONE"]


def test_a_child_in_need_plan_has_a_code_of_ours(csc: Told) -> None:
    plans = csc.about("la-child-id/201", "9871").kind("CarePlan")

    assert sorted(codes(each["category"][0])[0] for each in plans) == [
        "764841000000100",
        "child-in-need-plan",
    ]
