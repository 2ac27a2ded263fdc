"""The Common Transfer File sample, element by element.

The expectations were written from the file and the reference tables by hand, never from the output.
"""

import json
from collections import Counter

import pytest
from translated import BASE, CITY_OF_LONDON, UKCORE, Told, codes, ethnic, label, parts

HARBOUR = {
    "type": "Organization",
    "identifier": {"system": "https://fhir.hl7.org.uk/Id/urn-school-number", "value": "999002"},
    "display": "Harbour Test Academy",
}


def test_the_transfer_file_maps_without_problems(ctf: Told) -> None:
    assert ctf.problems == []
    assert Counter(each["resourceType"] for each in ctf.resources) == {
        "Patient": 5,
        "Observation": 37,
        "EpisodeOfCare": 2,
        "Flag": 2,
        "CareTeam": 1,
    }


def test_a_pupil_has_official_and_usual_names(ctf: Told) -> None:
    patient = ctf.about("upn", "F201900116001").patient

    assert patient["name"] == [
        {"use": "official", "family": "Okafor-Bennett", "given": ["Amelia", "Grace"]},
        {"use": "usual", "family": "Okafor-Bennett", "given": ["Millie"]},
    ]
    assert (patient["gender"], patient["birthDate"]) == ("female", "2012-03-04")
    assert patient["communication"] == [
        {
            "language": {
                "coding": [
                    {"system": "urn:ietf:bcp:47", "code": "en"},
                    {"system": f"{BASE}/CodeSystem/dfe-language", "code": "ENG", "display": "English"},
                ],
                "text": "English",
            },
            "preferred": True,
        }
    ]


def test_names_in_capitals_become_readable(ctf: Told) -> None:
    patient = ctf.about("upn", "F201900119033").patient

    assert patient["name"] == [
        {"use": "official", "family": "Kowalski", "given": ["Daniel"]},
        {"use": "usual", "family": "Kowalski", "given": ["Danny"]},
    ]
    assert patient["extension"] == [ethnic("C", "White - Any other White background")]


def test_an_address_has_its_lines_and_the_number_of_the_property(ctf: Told) -> None:
    cottage = ctf.about("upn", "F201900119033").patient["address"]
    close = ctf.about("upn", "T201900118051").patient["address"]

    assert cottage == [
        {"use": "home", "line": ["Rose Cottage, 9 Mill Lane"], "city": "Testbridge", "postalCode": "ZZ12 3CC"}
    ]
    assert close == [
        {
            "extension": [
                {
                    "extension": [
                        {
                            "url": "type",
                            "valueCodeableConcept": {
                                "coding": [
                                    {
                                        "system": "https://fhir.hl7.org.uk/CodeSystem/UKCore-AddressKeyType",
                                        "code": "UPRN",
                                        "display": "Unique Property Reference Number",
                                    }
                                ]
                            },
                        },
                        {"url": "value", "valueString": "999900000021"},
                    ],
                    "url": f"{UKCORE}/Extension-UKCore-AddressKey",
                }
            ],
            "use": "home",
            "line": ["2 Beacon Close"],
            "city": "Testbridge",
            "postalCode": "ZZ13 4DD",
        }
    ]


def test_the_family_are_contacts_and_the_social_worker_is_in_the_care_team(ctf: Told) -> None:
    child = ctf.about("upn", "F201900116001")
    contact, team = child.patient["contact"], child.one("CareTeam")

    assert len(contact) == 1
    assert contact[0]["extension"] == [
        {"url": f"{UKCORE}/Extension-UKCore-ContactRank", "valuePositiveInt": 1}
    ]
    assert [codes(each) for each in contact[0]["relationship"]] == [["MTH", "PAM"], ["Guardian"]]
    assert contact[0]["name"] == {"family": "Okafor", "given": ["Ngozi"], "prefix": ["Ms"]}
    assert contact[0]["gender"] == "female"
    assert [(codes(each["role"][0]), each["member"]["display"]) for each in team["participant"]] == [
        (["SWR"], "Tolu Adeyemi")
    ]
    assert label(team) == ["R"]


def test_a_temporary_upn_says_that_it_is_temporary(ctf: Told) -> None:
    child = ctf.about("upn", "M20190022104V")

    assert child.patient["identifier"] == [
        {"use": "temp", "system": f"{BASE}/Id/upn", "value": "M20190022104V"},
        {"system": f"{BASE}/Id/uln", "value": "9999001237"},
    ]
    assert [codes(each["language"])[0] for each in child.patient["communication"]] == ["syl", "en"]
    assert [codes(each["relationship"][0])[0] for each in child.patient["contact"]] == ["FTH"]


def test_nothing_leads_to_where_a_child_in_care_lives(ctf: Told) -> None:
    in_care = [ctf.about("upn", upn) for upn in ("F201900116001", "M20190022104V")]
    told = json.dumps([each.patient for each in in_care] + [one for each in in_care for one in each.all])

    for child in in_care:
        assert label(child.patient) == ["R"]
        assert not {"telecom", "address"} & child.patient.keys()
        assert not any({"telecom", "address"} & each.keys() for each in child.patient["contact"])
    for lead in ("01632", "07700", "Hughes", "Larch", "Quay", "ZZ1"):
        assert lead not in told
    assert "security" not in ctf.about("upn", "F201900119033").patient["meta"]


def test_the_school_tells_who_is_in_care(ctf: Told) -> None:
    child = ctf.about("upn", "F201900116001")

    assert child.fact("in-care")["valueBoolean"] is True
    assert child.fact("in-care")["performer"] == child.fact("in-care")["performer"] == [CITY_OF_LONDON]
    assert child.one("Flag")["author"] == CITY_OF_LONDON
    assert label(child.one("Flag")) == label(child.fact("in-care")) == ["R"]


def test_special_needs_have_provision_type_and_rank(ctf: Told) -> None:
    child = ctf.about("upn", "F201900116001")
    provision = child.fact("sen-provision")
    needs = {codes(each["valueCodeableConcept"])[0]: parts(each) for each in child.facts("sen-need")}

    assert codes(provision["valueCodeableConcept"]) == ["K"]
    assert provision["effectivePeriod"] == {"start": "2021-09-06"}
    assert provision["performer"] == [HARBOUR]
    assert needs == {"SEMH": {"sen-need-rank": 1}, "SLCN": {"sen-need-rank": 2}}


@pytest.mark.parametrize(
    ("upn", "percent", "counts"),
    [
        pytest.param("F201900116001", 85.92, (206, 177, 18, 11), id="177 of 206"),
        pytest.param("M20190022104V", 97.09, (206, 200, 6, 0), id="200 of 206"),
    ],
)
def test_attendance_is_a_percentage_with_its_counts(
    ctf: Told, upn: str, percent: float, counts: tuple[int, int, int, int]
) -> None:
    fact = ctf.about("upn", upn).fact("attendance-percent")
    names = ("possible", "attended", "authorised-absence", "unauthorised-absence")

    assert fact["valueQuantity"] == {
        "value": percent,
        "unit": "%",
        "system": "http://unitsofmeasure.org",
        "code": "%",
    }
    assert fact["effectivePeriod"] == {"start": "2025-09-01", "end": "2026-08-31"}
    assert fact["performer"] == [HARBOUR]
    found = parts(fact)
    assert tuple(found[f"sessions-{name}"]["value"] for name in names) == counts


def test_an_assessment_has_a_number_or_a_code(ctf: Told) -> None:
    scored = ctf.about("upn", "F201900119033").fact("stage-assessment")
    absent = ctf.about("upn", "G201900118052").fact("stage-assessment")

    assert (scored["valueInteger"], scored["effectiveDateTime"]) == (22, "2024")
    assert codes(scored["code"]) == ["stage-assessment", "KS2/MAT/TT/MTC"]
    assert parts(scored) == {
        "assessment-stage": "KS2",
        "assessment-subject": "MAT",
        "assessment-method": "TT",
        "assessment-component": "MTC",
        "assessment-result-status": "R",
        "assessment-result-qualifier": "MT",
        "assessment-locale": "ENG",
    }
    assert "valueInteger" not in absent
    assert codes(absent["valueCodeableConcept"]) == ["A"]


def test_schooling_becomes_episodes_of_care(ctf: Told) -> None:
    found = sorted(
        ctf.about("upn", "F201900116001").kind("EpisodeOfCare"), key=lambda each: each["period"]["start"]
    )

    assert [(each["status"], each["period"]) for each in found] == [
        ("finished", {"start": "2016-09-05", "end": "2023-07-21"}),
        ("active", {"start": "2023-09-04"}),
    ]
    assert found[1]["managingOrganization"] == HARBOUR
    assert codes(found[0]["type"][0]) == ["school-enrolment"]


def test_small_facts_of_a_pupil(ctf: Told) -> None:
    child = ctf.about("upn", "F201900116001")
    twin = ctf.about("upn", "T201900118051")

    assert codes(child.fact("nc-year")["valueCodeableConcept"]) == ["9"]
    assert child.fact("nc-year")["effectiveDateTime"] == "2026-02-12"
    assert codes(child.fact("ethnicity")["valueCodeableConcept"]) == ["MWBA"]
    assert parts(child.fact("ethnicity")) == {"ethnicity-source": "P"}
    assert child.fact("medical-flag")["valueBoolean"] is True
    assert codes(child.fact("declared-disability")["valueCodeableConcept"]) == ["BEH"]
    assert child.fact("fsm-eligible")["effectivePeriod"] == {"start": "2019-09-03"}
    assert codes(twin.fact("service-child")["valueCodeableConcept"]) == ["Y"]


def test_twins_stay_two(ctf: Told) -> None:
    one, other = (ctf.about("upn", upn).patient for upn in ("T201900118051", "G201900118052"))

    assert one["id"] != other["id"]
    assert one["birthDate"] == other["birthDate"]
    assert (one["name"][0]["given"], other["name"][0]["given"]) == (["Ava-Mae"], ["Ava-Rae"])
