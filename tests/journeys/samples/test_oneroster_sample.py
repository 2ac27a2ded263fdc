"""The OneRoster sample, element by element.

The expectations were written from the files and the reference tables by hand, never from the output.
"""

import json
from collections import Counter

from translated import BASE, Told

SCHOOL = {
    "type": "Organization",
    "identifier": {"system": "https://fhir.hl7.org.uk/Id/urn-school-number", "value": "999001"},
    "display": "Testbridge All-through School",
}
FIRST = "2f0c1a6e-0001-4b6e-9a01-00000000000"


def test_the_export_maps_without_problems(oneroster: Told) -> None:
    assert oneroster.problems == []
    assert Counter(each["resourceType"] for each in oneroster.resources) == {"Patient": 5, "EpisodeOfCare": 5}


def test_a_student_without_a_upn_has_the_numbers_of_the_school(oneroster: Told) -> None:
    patient = oneroster.about("oneroster-id/201-9001", f"{FIRST}1").patient

    assert patient["identifier"] == [
        {"system": f"{BASE}/Id/oneroster-id/201-9001", "value": f"{FIRST}1"},
        {"system": f"{BASE}/Id/school-child-id/201-9001", "value": "AD004512"},
    ]
    assert patient["name"] == [{"use": "official", "family": "Okafor-Bennett", "given": ["Millie"]}]
    assert (patient["gender"], patient["birthDate"]) == ("female", "2012-03-04")
    assert not {"telecom", "address", "active", "contact"} & patient.keys()


def test_a_upn_in_small_letters_is_one(oneroster: Told) -> None:
    patient = oneroster.about("oneroster-id/201-9001", f"{FIRST}2").patient

    assert patient["identifier"][0] == {"system": f"{BASE}/Id/upn", "value": "F201900115027"}


def test_an_enrolment_is_at_the_school_and_not_in_the_class(oneroster: Told) -> None:
    found = oneroster.about("oneroster-id/201-9001", f"{FIRST}3").of_type("school-enrolment")

    assert (found["status"], found["period"]) == ("active", {"start": "2025-12-08"})
    assert found["managingOrganization"] == SCHOOL


def test_neither_teacher_nor_parent_is_told(oneroster: Told) -> None:
    told = json.dumps(oneroster.resources)

    assert not [word for word in ("Patel", "Jaya", "Ngozi", "000000000090", "Kestrel") if word in told]
