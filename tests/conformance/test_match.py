"""`Patient/$match`; O4 of the project's REST checklist, and the cases of IHE ITI-119 by their numbers."""

import json
from typing import Any
from uuid import uuid4

import pytest
from served import NHS, Caller, Served

GRADE = "http://hl7.org/fhir/StructureDefinition/match-grade"


def nhs(serial: int) -> str:
    """An NHS number from the range that is never given to anybody."""
    for start in range(999_400_000 + serial * 17, 999_999_999):
        digits = f"{start:09d}"
        check = 11 - sum((10 - place) * int(digit) for place, digit in enumerate(digits)) % 11
        if check != 10:
            return f"{digits}{check % 11}"
    raise AssertionError("the range is full")


@pytest.fixture(scope="module")
def clinic(served: Served) -> Caller:
    return served.caller("clinic")


@pytest.fixture(scope="module")
def family() -> str:
    letters = "bcdfghjklmnp"
    return "Q" + "".join(letters[int(digit, 16) % len(letters)] for digit in uuid4().hex[:9])


def person(
    family: str, given: str, born: str, number: str = "", postcode: str = "", **more: Any
) -> dict[str, Any]:
    made: dict[str, Any] = {
        "resourceType": "Patient",
        "name": [{"family": family, "given": [given]}],
        "birthDate": born,
    }
    if number:
        made["identifier"] = [{"system": NHS, "value": number}]
    if postcode:
        made["address"] = [{"postalCode": postcode, "line": ["7 High Street"]}]
    return made | more


@pytest.fixture(scope="module")
def registered(clinic: Caller, family: str) -> dict[str, dict[str, Any]]:
    """A child, a pair of twins, and one whose address is restricted."""
    flag = {"security": [{"system": "http://terminology.hl7.org/CodeSystem/v3-Confidentiality", "code": "R"}]}
    told = {
        "child": person(family, "Marigold", "2014-02-03", nhs(1), "ZZ10 1AA"),
        "twin": person(family, "Oliver", "2016-05-07", nhs(2), "ZZ11 2BB"),
        "other twin": person(family, "Theodora", "2016-05-07", nhs(3), "ZZ11 2BB"),
        "hidden": person(family, "Rosalind", "2015-08-09", nhs(4), "ZZ12 3CC", meta=flag),
    }
    for each in told.values():
        clinic.tell("clinic", each)
    return told


def asked(caller: Caller, resource: Any = None, **values: Any) -> Any:
    parts = [{"name": "resource", "resource": resource}] if resource is not None else []
    for name, value in values.items():
        kind = "valueBoolean" if isinstance(value, bool) else "valueInteger"
        parts.append({"name": name, kind: value})
    return caller.ask("POST", "fhir/Patient/$match", {"resourceType": "Parameters", "parameter": parts})


def matches(answer: Any) -> list[tuple[str, str, float]]:
    """First name, grade and score of each match, in order."""
    assert answer.status_code == 200, answer.text
    found = []
    for entry in answer.json().get("entry", ()):
        if entry["search"]["mode"] == "match":
            (grade,) = [each["valueCode"] for each in entry["search"]["extension"] if each["url"] == GRADE]
            assert entry["fullUrl"].endswith(f"/fhir/Patient/{entry['resource']['id']}")
            found.append((entry["resource"]["name"][0]["given"][0], grade, entry["search"]["score"]))
    return found


def test_O4_one_child_is_found_with_grade_and_score(
    clinic: Caller, registered: dict[str, Any], family: str
) -> None:
    """ITI-119 case 1."""
    answer = asked(clinic, person(family, "Marigold", "2014-02-03", postcode="ZZ10 1AA"))

    ((given, grade, score),) = matches(answer)
    assert (given, grade) == ("Marigold", "certain") and 0.99 <= score <= 1
    bundle = answer.json()
    assert (bundle["type"], bundle["total"]) == ("searchset", 1)
    # the Patient may be the body itself
    bare = clinic.ask(
        "POST", "fhir/Patient/$match", person(family, "Marigold", "2014-02-03", postcode="ZZ10 1AA")
    )
    assert matches(bare) == matches(answer)


def test_O4_several_are_ordered_from_the_likeliest(
    clinic: Caller, registered: dict[str, Any], family: str
) -> None:
    """ITI-119 cases 2 and 6: `count` cuts after ordering."""
    slip = person(family, "Olivr", "2016-05-07", postcode="ZZ11 2BB")

    found = matches(asked(clinic, slip))

    assert found and found[0][0] == "Oliver"
    assert [score for *_, score in found] == sorted((score for *_, score in found), reverse=True)
    assert matches(asked(clinic, slip, count=1)) == found[:1]
    assert matches(asked(clinic, slip, count=0)) == []


def test_O4_only_what_is_certain_if_that_is_asked(
    clinic: Caller, registered: dict[str, Any], family: str
) -> None:
    """ITI-119 cases 3, 4 and 5."""
    certain = person(family, "Marigold", "2014-02-03", postcode="ZZ10 1AA")
    assert [grade for _, grade, _ in matches(asked(clinic, certain, onlyCertainMatches=True))] == ["certain"]
    nameless = {"resourceType": "Patient", "birthDate": "2016-05-07", "name": [{"family": family}]}
    assert matches(asked(clinic, nameless, onlyCertainMatches=True)) == []
    assert matches(asked(clinic, nameless, onlySingleMatch=True)) == []


def test_O4_the_twin_is_not_the_twin(clinic: Caller, registered: dict[str, Any], family: str) -> None:
    """A third child of that name, day and home, whom nobody registered, is certain to be neither."""
    found = matches(asked(clinic, person(family, "Balthazar", "2016-05-07", postcode="ZZ11 2BB")))

    assert "certain" not in {grade for _, grade, _ in found}


def test_O4_nobody_is_an_empty_answer_and_no_error(clinic: Caller, registered: dict[str, Any]) -> None:
    """ITI-119 cases 7 and 10."""
    answer = asked(clinic, person("Xylophonist", "Ermintrude", "1999-12-31"))

    assert matches(answer) == [] and answer.json()["total"] == 0
    (entry,) = answer.json()["entry"]
    assert entry["search"]["mode"] == "outcome"
    assert {issue["severity"] for issue in entry["resource"]["issue"]} == {"information"}


@pytest.mark.parametrize(
    ("resource", "status", "code"),
    [
        (None, 400, "operation.missing"),
        ({"resourceType": "Patient"}, 422, "match.too-little"),
        ({"resourceType": "Patient", "birthDate": "2014-02-03"}, 422, "match.too-little"),
        ({"resourceType": "Patient", "gender": "male"}, 422, "match.too-little"),
        (person("A", "B", "2999-01-01"), 422, "match.future"),
        (
            person("A", "B", "2014-02-03", nhs(8))
            | {"identifier": [{"system": NHS, "value": nhs(8)}, {"system": NHS, "value": nhs(9)}]},
            422,
            "match.two-numbers",
        ),
        ({"resourceType": "Observation", "status": "final", "code": {"text": "x"}}, 400, "http.type-differs"),
    ],
)
def test_O4_what_cannot_be_matched_is_said(clinic: Caller, resource: Any, status: int, code: str) -> None:
    """ITI-119 case 9."""
    answer = asked(clinic, resource)

    assert answer.status_code == status
    (issue, *_) = answer.json()["issue"]
    assert issue["details"]["coding"][0]["code"] == code


def test_O4_a_number_that_fails_its_check_digit_is_no_key(
    clinic: Caller, registered: dict[str, Any], family: str
) -> None:
    wrong = nhs(1)[:-1] + str((int(nhs(1)[-1]) + 1) % 10)
    answer = asked(clinic, {"resourceType": "Patient", "identifier": [{"system": NHS, "value": wrong}]})

    assert answer.status_code == 422
    with_name = asked(clinic, person(family, "Marigold", "2014-02-03", wrong, "ZZ10 1AA"))
    assert [given for given, *_ in matches(with_name)] == ["Marigold"]
    # ITI-119 case 10: what there is to warn of rides along
    last = with_name.json()["entry"][-1]
    assert last["search"] == {"mode": "outcome"} and wrong not in json.dumps(last)
    (issue,) = last["resource"]["issue"]
    assert (issue["severity"], issue["expression"]) == ("warning", ["Patient.identifier[0].value"])
    assert issue["details"]["coding"][0]["code"] == "match.wrong-number"
    assert with_name.json()["total"] == 1


def test_O4_it_is_asked_of_all_children_and_not_of_one_feed(clinic: Caller) -> None:
    answer = clinic.ask("POST", "feed/clinic/Patient/$match", person("A", "B", "2014-02-03"))

    assert answer.status_code == 405
    assert "/fhir" in answer.json()["issue"][0]["diagnostics"]


def test_O4_an_address_leads_to_no_restricted_child(
    clinic: Caller, registered: dict[str, Any], family: str
) -> None:
    at_home = {
        "resourceType": "Patient",
        "birthDate": "2015-08-09",
        "name": [{"given": ["Somebody"]}],
        "address": [{"postalCode": "ZZ12 3CC"}],
    }
    assert matches(asked(clinic, at_home)) == []
    by_name = asked(clinic, person(family, "Rosalind", "2015-08-09", nhs(4), "ZZ12 3CC"))
    assert [given for given, *_ in matches(by_name)] == ["Rosalind"]
    assert "ZZ12" not in by_name.text and "address" not in by_name.text


def test_O4_it_is_no_oracle_for_who_may_not_search(
    served: Served, registered: dict[str, Any], family: str
) -> None:
    observer = served.caller("observer")
    known = asked(observer, person(family, "Marigold", "2014-02-03", nhs(1), "ZZ10 1AA"))
    nobody = asked(observer, person("Xylophonist", "Ermintrude", "1999-12-31"))

    assert known.status_code == nobody.status_code == 200
    assert known.json() == nobody.json()


def test_O4_it_speaks_xml(clinic: Caller, registered: dict[str, Any], family: str) -> None:
    body = person(family, "Marigold", "2014-02-03", postcode="ZZ10 1AA")
    answer = clinic.ask("POST", "fhir/Patient/$match", body, Accept="application/fhir+xml")

    assert answer.headers["Content-Type"].startswith("application/fhir+xml")
    assert '<valueCode value="certain"/>' in answer.text


def test_O4_a_restricted_child_does_not_even_compete_by_its_address(clinic: Caller) -> None:
    """What is said of an open child must not tell whether somebody hidden lives at that address."""
    flag = {"security": [{"system": "http://terminology.hl7.org/CodeSystem/v3-Confidentiality", "code": "V"}]}
    letters = "bcdfghjklmnp"
    name = "Z" + "".join(letters[int(digit, 16) % len(letters)] for digit in uuid4().hex[:9])
    asks = person(name, "Juniper", "2015-01-08", postcode="ZZ15 6FF")
    clinic.tell("clinic", person(name, "Juniper", "2015-01-09", nhs(21), "ZZ15 6FF"))
    before = matches(asked(clinic, asks))

    hidden = person("Otherwise", "Wilhelmina", "2015-01-08", nhs(22), "ZZ15 6FF", meta=flag)
    clinic.tell("clinic", hidden)

    assert before and matches(asked(clinic, asks)) == before
