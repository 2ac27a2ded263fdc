"""The identifiers of a composed Patient: those everybody sees, and those for education and councils."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from gateway.identity.numbers import UpnKind, la_child_id, nhs_number, uln, upn, upn_kind
from gateway.identity.person import NHS_NUMBER, NHS_STATUS, is_nhs_system, nhs_is_verified, objects, text

Patient = Mapping[str, Any]
Identifier = dict[str, Any]

_STATUS_SYSTEM = "https://fhir.hl7.org.uk/CodeSystem/UKCore-NHSNumberVerificationStatusEngland"
_STATUSES = {
    "01": "Number present and verified",
    "02": "Number present but not traced",
    "05": "Trace needs to be resolved - (NHS number or patient detail conflict)",
}
_TYPES = "http://terminology.hl7.org/CodeSystem/v2-0203"


def identifiers(
    cci: str, ranked: Sequence[tuple[Patient, bool]], base_uri: str, *, official: str
) -> tuple[list[Identifier], list[Identifier]]:
    """Return the identifiers that everybody sees, and those for education and the local authority.

    Args:
        cci: the CCI in its stored form.
        ranked: (Patient, whether its feed is verified), the best record first.
        base_uri: the start of this gateway's identifier systems.
        official: "cci" or "nhs-number".
    """
    number, status = _nhs(ranked)
    health_first = official == "nhs-number" and status == "01"
    own = {
        "use": "secondary" if health_first else "official",
        "type": {
            "coding": [{"system": _TYPES, "code": "NI", "display": "National unique individual identifier"}]
        },
        "system": f"{base_uri}/Id/cci",
        "value": cci,
    }
    shown = [own]
    if number:
        shown.append(_nhs_identifier(number, status, "official" if health_first else "secondary"))
    patients = [patient for patient, _ in ranked]
    return shown, [*_upns(patients, base_uri), *_ulns(patients, base_uri), *_case_numbers(patients, base_uri)]


def _nhs(ranked: Sequence[tuple[Patient, bool]]) -> tuple[str, str]:
    """The one NHS number that UK Core lets a Patient have, and its status: 05 where records disagree."""
    found: dict[str, bool] = {}
    for patient, feed_verified in ranked:
        for identifier in objects(patient.get("identifier")):
            number = nhs_number(text(identifier.get("value")))
            if number and is_nhs_system(text(identifier.get("system"))) and identifier.get("use") != "old":
                traced = nhs_is_verified(identifier, verified=feed_verified)
                found[number] = found.get(number, False) or traced
    verified = [number for number, traced in found.items() if traced]
    if len(verified) == 1:
        return verified[0], "01"
    best = (verified or list(found) or [""])[0]
    return best, "02" if len(found) < 2 else "05"


def _nhs_identifier(number: str, status: str, use: str) -> Identifier:
    coding = {"system": _STATUS_SYSTEM, "code": status, "display": _STATUSES[status]}
    return {
        "extension": [{"url": NHS_STATUS, "valueCodeableConcept": {"coding": [coding]}}],
        "use": use,
        "system": NHS_NUMBER,
        "value": number,
    }


def _told(patients: Sequence[Patient], system: str) -> Iterator[tuple[str, str]]:
    """(use, value) of every identifier of a system, the best record's first."""
    for patient in patients:
        for identifier in objects(patient.get("identifier")):
            if text(identifier.get("system")) == system and (value := text(identifier.get("value"))):
                yield text(identifier.get("use")), value


def _upns(patients: Sequence[Patient], base_uri: str) -> Iterator[Identifier]:
    """The best permanent UPN in force; a temporary one only where there is none; the rest as old."""
    system = f"{base_uri}/Id/upn"
    told = [(use, upn(value)) for use, value in _told(patients, system)]
    in_force = dict.fromkeys(value for use, value in told if use != "old")
    permanent = [value for value in in_force if upn_kind(value) is UpnKind.PERMANENT]
    temporary = [value for value in in_force if upn_kind(value) is UpnKind.TEMPORARY]
    current = (permanent or temporary or [""])[0]
    if current:
        yield {"use": "usual" if permanent else "temp", "system": system, "value": current}
    former = [value for _, value in told if upn_kind(value) in (UpnKind.PERMANENT, UpnKind.TEMPORARY)]
    for value in dict.fromkeys(former):
        if value != current:
            yield {"use": "old", "system": system, "value": value}


def _ulns(patients: Sequence[Patient], base_uri: str) -> Iterator[Identifier]:
    system = f"{base_uri}/Id/uln"
    for value in dict.fromkeys(number for _, value in _told(patients, system) if (number := uln(value))):
        yield {"use": "secondary", "system": system, "value": value}


def _case_numbers(patients: Sequence[Patient], base_uri: str) -> Iterator[Identifier]:
    start = f"{base_uri}/Id/la-child-id/"
    councils = {
        system
        for patient in patients
        for identifier in objects(patient.get("identifier"))
        if (system := text(identifier.get("system"))).startswith(start)
    }
    for system in sorted(councils):
        values = (la_child_id(value) for use, value in _told(patients, system) if use != "old")
        for value in dict.fromkeys(value for value in values if value):
            yield {"use": "secondary", "system": system, "value": value}
