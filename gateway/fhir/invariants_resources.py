"""R4's rules on resource types and their nested parts: a shelf by structure.

Not here are rules that need what a reference leads to (ctm-1), those that are warnings only (con-3, dom-6),
and those of Parameters, which are read by what takes them and are never kept.

Source: HL7 FHIR R4, "Constraints" on the page of each type.
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from gateway.fhir.rule import (
    Rule,
    chosen,
    codings,
    has,
    has_any,
    in_order,
    is_coded,
    needs,
    not_both,
    objects,
)

Item = dict[str, Any]

_TERMS = "http://terminology.hl7.org/CodeSystem"
_ERROR = "entered-in-error"
_ALLERGY = f"{_TERMS}/allergyintolerance-verification"
_CONDITION = f"{_TERMS}/condition-ver-status"
_CLINICAL = f"{_TERMS}/condition-clinical"


def _no_component_repeats_the_code(item: Item) -> bool:
    own = set(codings(item.get("code")))
    parts = objects(item, "component")
    return not chosen(item, "value") or not any(own.intersection(codings(part.get("code"))) for part in parts)


def _in_error(item: Item, system: str) -> bool:
    return is_coded(item, "verificationStatus", system, _ERROR)


def _abated_is_not_active(item: Item) -> bool:
    over = ("resolved", "remission", "inactive")
    return not chosen(item, "abatement") or is_coded(item, "clinicalStatus", _CLINICAL, *over)


def _timed_unless_open(item: Item) -> bool:
    return (has(item, "start") and has(item, "end")) or item.get("status") in (
        *("proposed", "cancelled", "waitlist"),
    )


def _not_at_home(name: str) -> Any:
    return lambda item: not any(each.get("use") == "home" for each in objects(item, name))


def _changes_only(item: Item) -> bool:
    return item.get("mode") == "changes" or not any(has(each, "deleted") for each in objects(item, "entry"))


def _working_only(item: Item) -> bool:
    return item.get("mode") == "working" or not any(has(each, "date") for each in objects(item, "entry"))


_SHELF: dict[str, tuple[Rule, ...]] = {
    "AllergyIntolerance": (
        Rule(
            "ait-1",
            "an allergy has a clinicalStatus unless it was entered in error",
            "Add clinicalStatus.",
            lambda item: _in_error(item, _ALLERGY) or has(item, "clinicalStatus"),
        ),
        Rule(
            "ait-2",
            "an allergy that was entered in error has no clinicalStatus",
            "Leave clinicalStatus out.",
            lambda item: not (_in_error(item, _ALLERGY) and has(item, "clinicalStatus")),
        ),
    ),
    "Appointment": (
        Rule(
            "app-2",
            "an appointment has both a start and an end, or neither",
            "Add the one that is missing.",
            lambda item: has(item, "start") == has(item, "end"),
        ),
        Rule(
            "app-3",
            "only an appointment that is proposed, cancelled or on a waiting list has no start and end",
            "Add start and end.",
            _timed_unless_open,
        ),
        Rule(
            "app-4",
            "only an appointment that was cancelled or missed has a reason for that",
            "Leave cancelationReason out, or correct the status.",
            lambda item: not has(item, "cancelationReason") or item.get("status") in ("no-show", "cancelled"),
        ),
    ),
    "Appointment.participant": (
        Rule(
            "app-1",
            "a participant has a type or an actor",
            "Add one of the two.",
            has_any("type", "actor"),
        ),
    ),
    "CarePlan.activity": (
        Rule(
            "cpl-3",
            "an activity is told by a reference or in detail, not by both",
            "Leave one of reference and detail out.",
            not_both("detail", "reference"),
        ),
    ),
    "Composition.section": (
        Rule(
            "cmp-1",
            "a section has text, entries or sections of its own",
            "Add one of text, entry and section.",
            has_any("text", "entry", "section"),
        ),
        Rule(
            "cmp-2",
            "only a section without entries says why it is empty",
            "Leave emptyReason out.",
            not_both("emptyReason", "entry"),
        ),
    ),
    "Condition": (
        Rule(
            "con-4",
            "a condition that has abated is inactive, resolved or in remission",
            "Correct clinicalStatus, or leave the abatement out.",
            _abated_is_not_active,
        ),
        Rule(
            "con-5",
            "a condition that was entered in error has no clinicalStatus",
            "Leave clinicalStatus out.",
            lambda item: not (_in_error(item, _CONDITION) and has(item, "clinicalStatus")),
        ),
    ),
    "Condition.evidence": (
        Rule(
            "con-2",
            "evidence has a code or a detail",
            "Add one of the two.",
            has_any("code", "detail"),
        ),
    ),
    "Condition.stage": (
        Rule(
            "con-1",
            "a stage has a summary or an assessment",
            "Add one of the two.",
            has_any("summary", "assessment"),
        ),
    ),
    "Consent": (
        Rule(
            "ppc-1",
            "a consent names a policy or a policy rule",
            "Add policy or policyRule.",
            has_any("policy", "policyRule"),
        ),
    ),
    "Goal.target": (
        Rule(
            "gol-1",
            "a target with a detail says what is measured",
            "Add measure.",
            lambda item: not chosen(item, "detail") or has(item, "measure"),
        ),
    ),
    "Group": (
        Rule(
            "grp-1",
            "only an actual group has members",
            "Leave member out, or set actual to true.",
            lambda item: not has(item, "member") or item.get("actual") is True,
        ),
    ),
    "Immunization.education": (
        Rule(
            "imm-1",
            "education has a documentType or a reference",
            "Add one of the two.",
            has_any("documentType", "reference"),
        ),
    ),
    "List": (
        Rule(
            "lst-1",
            "only a list without entries says why it is empty",
            "Leave emptyReason out.",
            not_both("emptyReason", "entry"),
        ),
        Rule(
            "lst-2",
            "only in a list of changes is an entry deleted",
            "Leave deleted out, or set mode to changes.",
            _changes_only,
        ),
        Rule(
            "lst-3",
            "only in a working list has an entry a date",
            "Leave entry.date out, or set mode to working.",
            _working_only,
        ),
    ),
    "Observation": (
        Rule(
            "obs-6",
            "dataAbsentReason is there only where there is no value",
            "Leave out the value or the dataAbsentReason.",
            lambda item: not (has(item, "dataAbsentReason") and chosen(item, "value")),
        ),
        Rule(
            "obs-7",
            "where a component has the code of the Observation, the Observation has no value of its own",
            "Leave the value out, or give the component its own code.",
            _no_component_repeats_the_code,
        ),
    ),
    "Observation.referenceRange": (
        Rule(
            "obs-3",
            "a reference range has at least low, high or text",
            "Add one of low, high and text.",
            has_any("low", "high", "text"),
        ),
    ),
    "Organization": (
        Rule(
            "org-1",
            "an organisation has a name or an identifier",
            "Add one of the two.",
            has_any("name", "identifier"),
        ),
        Rule(
            "org-2",
            "no address of an organisation is a home",
            "Correct the use of the address.",
            _not_at_home("address"),
        ),
        Rule(
            "org-3",
            "no telecom of an organisation is at a home",
            "Correct the use of the telecom.",
            _not_at_home("telecom"),
        ),
    ),
    "Patient.contact": (
        Rule(
            "pat-1",
            "a contact has at least a name, a way to reach it, an address or an organisation",
            "Add one of name, telecom, address and organization, or leave the contact out.",
            has_any("name", "telecom", "address", "organization"),
        ),
    ),
    "QuestionnaireResponse.item": (
        Rule(
            "qrs-1",
            "the items inside a question stand in its answers",
            "Move the items into the answer.",
            not_both("answer", "item"),
        ),
    ),
    "ServiceRequest": (
        Rule(
            "prr-1",
            "only a request with a code has details of it",
            "Add code.",
            needs("orderDetail", "code"),
        ),
    ),
    "Task": (
        Rule(
            "inv-1",
            "a task is not modified before it was authored",
            "Correct authoredOn or lastModified.",
            lambda item: in_order(item.get("authoredOn"), item.get("lastModified")),
        ),
    ),
}

RULES: Mapping[str, tuple[Rule, ...]] = MappingProxyType(_SHELF)
