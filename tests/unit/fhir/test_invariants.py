"""Each rule of R4 that is judged: an object that keeps it, and one that breaks it."""

from typing import Any

import pytest

from gateway.fhir import facts, invariants, invariants_bundles, invariants_resources
from gateway.fhir.json import Decimal
from gateway.fhir.rule import in_order

ALLERGY = "http://terminology.hl7.org/CodeSystem/allergyintolerance-verification"
CONDITION = "http://terminology.hl7.org/CodeSystem/condition-ver-status"
CLINICAL = "http://terminology.hl7.org/CodeSystem/condition-clinical"
UCUM = "http://unitsofmeasure.org"
ACTIVE = {"coding": [{"system": CLINICAL, "code": "active"}]}
OVER = {"coding": [{"system": CLINICAL, "code": "resolved"}]}
TEXT = {"text": "x"}


def in_error(system: str) -> dict[str, Any]:
    return {"coding": [{"system": system, "code": "entered-in-error"}]}


def ucum(value: Any, code: str = "a") -> dict[str, Any]:
    return {"value": value, "system": UCUM, "code": code}


def entries(*each: dict[str, Any], type: str) -> dict[str, Any]:
    return {"type": type, "entry": list(each)}


HEIGHT = {"coding": [{"system": "http://loinc.org", "code": "8302-2"}]}
CASES: list[tuple[str, str, dict[str, Any], dict[str, Any]]] = [
    # key, structure, keeps it, breaks it
    ("ext-1", "Extension", {"url": "x", "valueCode": "a"}, {"url": "x"}),
    ("ext-1", "Extension", {"url": "x", "extension": []}, {"valueCode": "a", "extension": []}),
    ("dom-2", "contained", {}, {"contained": []}),
    ("dom-4", "contained", {"meta": {"profile": ["x"]}}, {"meta": {"lastUpdated": "x"}}),
    ("dom-5", "contained", {"meta": {"tag": []}}, {"meta": {"security": []}}),
    ("att-1", "Attachment", {"data": "AA==", "contentType": "text/plain"}, {"data": "AA=="}),
    ("cpt-2", "ContactPoint", {"value": "x", "system": "phone"}, {"value": "x"}),
    ("exp-1", "Expression", {"reference": "x"}, {"language": "text/cql"}),
    ("per-1", "Period", {"start": "2020", "end": "2020-05"}, {"start": "2020-06", "end": "2020-05"}),
    (
        "rng-2",
        "Range",
        {"low": {"value": 1}, "high": {"value": 1}},
        {"low": {"value": 2}, "high": {"value": 1}},
    ),
    ("rat-1", "Ratio", {"extension": []}, {}),
    ("rat-1", "Ratio", {"numerator": {}, "denominator": {}}, {"denominator": {}}),
    ("tim-1", "Timing.repeat", {"duration": 1, "durationUnit": "h"}, {"duration": 1}),
    ("tim-2", "Timing.repeat", {"period": 1, "periodUnit": "d"}, {"period": 1}),
    ("tim-4", "Timing.repeat", {"duration": 0}, {"duration": Decimal("-0.5")}),
    ("tim-5", "Timing.repeat", {"period": 0}, {"period": -1}),
    ("tim-6", "Timing.repeat", {"period": 1, "periodMax": 2}, {"periodMax": 2}),
    ("tim-7", "Timing.repeat", {"duration": 1, "durationMax": 2}, {"durationMax": 2}),
    ("tim-8", "Timing.repeat", {"count": 1, "countMax": 2}, {"countMax": 2}),
    ("tim-9", "Timing.repeat", {"offset": 1, "when": ["AC"]}, {"offset": 1, "when": ["CM"]}),
    ("tim-9", "Timing.repeat", {"when": ["C"]}, {"offset": 1}),
    ("tim-10", "Timing.repeat", {"when": ["C"]}, {"when": ["C"], "timeOfDay": ["10:00:00"]}),
    ("qty-3", "Quantity", {"code": "kg", "system": UCUM}, {"code": "kg"}),
    ("qty-3", "SimpleQuantity", {"code": "kg", "system": UCUM}, {"code": "kg"}),
    ("age-1", "Age", ucum(3), {"value": 3}),
    ("age-1", "Age", {"code": "a", "system": UCUM}, ucum(0)),
    ("age-1", "Age", ucum(1), {**ucum(1), "system": "years"}),
    ("cnt-3", "Count", ucum(3, "1"), ucum(Decimal("3.0"), "1")),
    ("cnt-3", "Count", ucum(3, "1"), ucum(3, "kg")),
    ("dis-1", "Distance", ucum(3, "m"), {"value": 3}),
    ("drt-1", "Duration", ucum(3, "h"), {"code": "h", "system": UCUM}),
    ("drt-1", "Duration", {"value": 3}, {"value": 3, "code": "h", "system": "hours"}),
    (
        "mqty-1",
        "MoneyQuantity",
        {"value": 3, "code": "GBP", "system": "urn:iso:std:iso:4217"},
        ucum(3, "GBP"),
    ),
    ("ait-1", "AllergyIntolerance", {"clinicalStatus": ACTIVE}, {}),
    ("ait-1", "AllergyIntolerance", {"verificationStatus": in_error(ALLERGY)}, {"verificationStatus": TEXT}),
    (
        "ait-2",
        "AllergyIntolerance",
        {"clinicalStatus": ACTIVE, "verificationStatus": in_error("other")},
        {"clinicalStatus": ACTIVE, "verificationStatus": in_error(ALLERGY)},
    ),
    ("app-1", "Appointment.participant", {"actor": TEXT}, {"status": "accepted"}),
    ("app-2", "Appointment", {"start": "x", "end": "y"}, {"start": "x"}),
    ("app-3", "Appointment", {"status": "waitlist"}, {"status": "booked"}),
    ("app-4", "Appointment", {"status": "no-show", "cancelationReason": TEXT}, {"cancelationReason": TEXT}),
    ("cpl-3", "CarePlan.activity", {"detail": {}}, {"detail": {}, "reference": {}}),
    ("cmp-1", "Composition.section", {"section": []}, {"title": "x"}),
    ("cmp-2", "Composition.section", {"emptyReason": TEXT}, {"emptyReason": TEXT, "entry": []}),
    ("con-1", "Condition.stage", {"summary": TEXT}, {"type": TEXT}),
    ("con-2", "Condition.evidence", {"detail": []}, {}),
    ("con-4", "Condition", {"abatementString": "x", "clinicalStatus": OVER}, {"abatementString": "x"}),
    ("con-4", "Condition", {"clinicalStatus": ACTIVE}, {"abatementAge": {}, "clinicalStatus": ACTIVE}),
    (
        "con-5",
        "Condition",
        {"verificationStatus": in_error(CONDITION)},
        {"clinicalStatus": ACTIVE, "verificationStatus": in_error(CONDITION)},
    ),
    ("ppc-1", "Consent", {"policyRule": TEXT}, {}),
    ("gol-1", "Goal.target", {"measure": TEXT, "detailString": "x"}, {"detailString": "x"}),
    ("grp-1", "Group", {"actual": True, "member": []}, {"actual": False, "member": []}),
    ("imm-1", "Immunization.education", {"reference": "x"}, {"publicationDate": "2020"}),
    ("lst-1", "List", {"emptyReason": TEXT}, {"emptyReason": TEXT, "entry": [{}]}),
    ("lst-2", "List", {"mode": "changes", "entry": [{"deleted": True}]}, {"entry": [{}, {"deleted": True}]}),
    (
        "lst-3",
        "List",
        {"mode": "working", "entry": [{"date": "x"}]},
        {"mode": "changes", "entry": [{"date": "x"}]},
    ),
    ("obs-3", "Observation.referenceRange", {"text": "x"}, {"type": TEXT}),
    ("obs-6", "Observation", {"valueString": "x"}, {"_valueString": {}, "dataAbsentReason": TEXT}),
    (
        "obs-7",
        "Observation",
        {"code": HEIGHT, "component": [{"code": HEIGHT}]},
        {"code": HEIGHT, "component": [{"code": HEIGHT}], "valueString": "x"},
    ),
    ("org-1", "Organization", {"identifier": []}, {"active": True}),
    ("org-2", "Organization", {"address": [{"use": "work"}]}, {"address": [{}, {"use": "home"}]}),
    ("org-3", "Organization", {"telecom": [{"use": "work"}]}, {"telecom": [{"use": "home"}]}),
    ("pat-1", "Patient.contact", {"_name": {}}, {"gender": "female"}),
    ("qrs-1", "QuestionnaireResponse.item", {"answer": []}, {"answer": [], "item": []}),
    ("prr-1", "ServiceRequest", {"code": TEXT, "orderDetail": []}, {"orderDetail": []}),
    (
        "inv-1",
        "Task",
        {"authoredOn": "2020-01-02", "lastModified": "2020-01-02T10:00:00Z"},
        {"authoredOn": "2020-01-02", "lastModified": "2020-01-01"},
    ),
    ("bdl-1", "Bundle", {"type": "searchset", "total": 1}, {"type": "batch", "total": 1}),
    ("bdl-2", "Bundle", entries({"search": {}}, type="searchset"), entries({"search": {}}, type="history")),
    ("bdl-3", "Bundle", entries({"request": {}}, type="batch"), entries({}, type="batch")),
    ("bdl-3", "Bundle", entries({}, type="collection"), entries({"request": {}}, type="collection")),
    ("bdl-4", "Bundle", entries({"response": {}}, type="history"), entries({}, type="batch-response")),
    (
        "bdl-7",
        "Bundle",
        entries(
            {"fullUrl": "a"}, {"fullUrl": "a", "resource": {"meta": {"versionId": "2"}}}, type="collection"
        ),
        entries({"fullUrl": "a"}, {"fullUrl": "a"}, type="collection"),
    ),
    (
        "bdl-9",
        "Bundle",
        {"type": "document", "identifier": {"system": "s", "value": "v"}},
        {"type": "document"},
    ),
    ("bdl-10", "Bundle", {"type": "document", "timestamp": "x"}, {"type": "document"}),
    (
        "bdl-11",
        "Bundle",
        entries({"resource": {"resourceType": "Composition"}}, type="document"),
        entries({"resource": {"resourceType": "Patient"}}, type="document"),
    ),
    (
        "bdl-12",
        "Bundle",
        entries({"resource": {"resourceType": "MessageHeader"}}, type="message"),
        entries(type="message"),
    ),
    ("bdl-5", "Bundle.entry", {"resource": {}}, {"fullUrl": "x"}),
    ("bdl-8", "Bundle.entry", {"fullUrl": "a/Patient/1"}, {"fullUrl": "a/Patient/1/_history/1"}),
]


def broken(structure: str, item: dict[str, Any]) -> list[str]:
    """The keys of the rules that an object breaks."""
    return [each.key for each in invariants.rules(structure) if not each.holds(item)]


@pytest.mark.parametrize(
    ("key", "structure", "kept", "wrong"),
    [pytest.param(*each, id=f"{each[0]}-{at}") for at, each in enumerate(CASES)],
)
def test_a_rule_tells_what_keeps_it_from_what_breaks_it(
    key: str, structure: str, kept: dict[str, Any], wrong: dict[str, Any]
) -> None:
    assert key not in broken(structure, kept)
    assert key in broken(structure, wrong)


def test_each_rule_that_is_judged_has_a_case() -> None:
    shelves = (invariants._SHELF, invariants_resources.RULES, invariants_bundles.RULES)
    every = {(rule.key, path) for shelf in shelves for path, rules in shelf.items() for rule in rules}

    shared = {("qty-3", path) for path in ("Age", "Count", "Distance", "Duration", "MoneyQuantity")}
    assert every - shared == {(key, path) for key, path, _, _ in CASES}


def test_each_rule_is_about_a_structure_that_r4_has() -> None:
    shelves = (invariants._SHELF, invariants_resources.RULES, invariants_bundles.RULES)

    assert all(facts.elements(path) for shelf in shelves for path in shelf if path != "contained")


@pytest.mark.parametrize(
    ("first", "last", "so"),
    [
        ("2025-02-01T09:00:00+01:00", "2025-02-01T08:30:00Z", True),
        ("2025-02-01T09:00:00+01:00", "2025-02-01T07:30:00Z", False),
        ("2025-02-01T09:00:00Z", "2025-02-01", True),
        ("2025", "2024-12-31", False),
        (None, "2024", True),
        ("2025-02-01T09:00:00", "2025-02-01T08:30:00Z", True),
    ],
)
def test_times_are_in_order_as_far_as_their_precision_tells(first: Any, last: Any, so: bool) -> None:
    assert in_order(first, last) is so
