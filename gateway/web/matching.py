"""`Patient/$match`: who a Patient could be, graded and explained; no oracle for who may not know.

Source:
    HL7 FHIR R4, https://hl7.org/fhir/R4/patient-operation-match.html
    IHE ITI Patient Demographics Query for Mobile (PDQm), Patient Demographics Match [ITI-119]
"""

from datetime import UTC, datetime, timedelta
from typing import Any

from gateway.fhir import json
from gateway.fhir.outcome import outcome
from gateway.fhir.validate import validate
from gateway.identity.grade import Grade
from gateway.identity.numbers import nhs_number
from gateway.identity.person import Person, is_nhs_system, objects, person, text
from gateway.problems import Place, Problem, Refused, problem, refuse
from gateway.problems.http import HTTP_TYPE_DIFFERS
from gateway.problems.operation import (
    MATCH_FUTURE,
    MATCH_NONE,
    MATCH_TOO_LITTLE,
    MATCH_TWO_NUMBERS,
    MATCH_WRONG_NUMBER,
    OPERATION_MISSING,
    OPERATION_VALUE,
)
from gateway.security.scopes import allows
from gateway.service.ask import shown
from gateway.service.matching import Found, find
from gateway.web.given import Given, given
from gateway.web.messages import Response
from gateway.web.visit import Visit

_TAKEN = ("resource", "onlyCertainMatches", "onlySingleMatch", "count")
_GRADE = "http://hl7.org/fhir/StructureDefinition/match-grade"


def match(visit: Visit) -> Response:
    """Answer with the children that a Patient may be, the likeliest first, each with score and grade.

    Who may not search Patients is answered as if nobody were there.

    Raises:
        Refused: `operation.missing`, `operation.value`; what is wrong with the Patient; `match.too-little`,
            `match.future`, `match.two-numbers`.
    """
    asked = given(visit, _TAKEN)
    certain = asked.flag("onlyCertainMatches") or asked.flag("onlySingleMatch")
    count = _count(asked)
    patient = _patient(asked)
    who = _person(patient, visit.base_uri)
    found = find(visit.gateway.store, visit.gateway.linker, who)
    if visit.principal is None or not allows(visit.principal.scopes, "Patient", "s"):
        found = []
    if certain:
        found = [each for each in found if each.match.grade is Grade.CERTAIN]
        found = found if len(found) == 1 else []
    for each in found:
        # the total tells of those too who are on no page
        visit.about(each.row.public)
    page = found if count is None else found[:count]
    entries = [_entry(visit, each) for each in page]
    if said := [*_wrong_numbers(patient), *([] if found else [problem(MATCH_NONE)])]:
        entries.append({"resource": outcome(said, visit.base_uri), "search": {"mode": "outcome"}})
    bundle = {"resourceType": "Bundle", "type": "searchset", "total": len(found)}
    return Response(200, json.write(bundle | ({"entry": entries} if entries else {})))


def _entry(visit: Visit, each: Found) -> dict[str, Any]:
    grade = each.match.grade.name.lower()
    return {
        "fullUrl": f"{visit.request.base}/Patient/{each.row.public}",
        "resource": json.read_trusted(shown(each.row, visit.asking()).body),
        "search": {
            "extension": [{"url": _GRADE, "valueCode": grade}],
            "mode": "match",
            "score": round(each.match.probability, 4),
        },
    }


def _patient(asked: Given) -> dict[str, Any]:
    patient = asked.one("resource")
    if patient is None:
        raise refuse(OPERATION_MISSING, field="resource", operation="$match", what="a Patient")
    problems = validate(patient)
    if not problems and patient["resourceType"] != "Patient":
        problems = [problem(HTTP_TYPE_DIFFERS, place=Place(path="resourceType"), type="Patient")]
    if problems:
        raise Refused(*problems)
    found: dict[str, Any] = patient
    return found


def _person(patient: dict[str, Any], base_uri: str) -> Person:
    who = person(patient, base_uri)
    if wrong := _senseless(who):
        raise Refused(*wrong)
    return who


def _wrong_numbers(patient: dict[str, Any]) -> list[Problem]:
    """What is said of NHS numbers that nobody was looked for by."""
    return [
        problem(MATCH_WRONG_NUMBER, place=Place(path=f"Patient.identifier[{place}].value"))
        for place, each in enumerate(objects(patient.get("identifier")))
        if is_nhs_system(text(each.get("system")))
        and text(each.get("value"))
        and not nhs_number(text(each["value"]))
    ]


def _senseless(who: Person) -> list[Problem]:
    """What keeps a Patient from being matched at all; nothing depends on who is registered."""
    tomorrow = (datetime.now(UTC) + timedelta(days=1)).date().isoformat()
    found = []
    if any(born > tomorrow for born in who.birth_dates):
        found.append(problem(MATCH_FUTURE, place=Place(path="Patient.birthDate")))
    if len(who.nhs) > 1:
        found.append(problem(MATCH_TWO_NUMBERS, place=Place(path="Patient.identifier")))
    numbered = who.nhs or who.upns or who.upns_temporary or who.ulns or who.la_ids
    if not numbered and not (who.names and (who.birth_dates or who.postcodes)):
        found.append(problem(MATCH_TOO_LITTLE, place=Place(path="Patient")))
    return found


def _count(asked: Given) -> int | None:
    value = asked.text("count")
    if value and not (value.isdecimal() and len(value) < 7):
        raise refuse(
            OPERATION_VALUE, field="count", name="count", operation="$match", expected="a whole number"
        )
    return int(value) if value else None
