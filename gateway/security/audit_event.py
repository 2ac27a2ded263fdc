"""Looks as FHIR AuditEvents, after IHE's Basic Audit Log Patterns, for those who read audits in FHIR."""

import base64
from typing import Any

from gateway.security.audit import ANSWERED, BROKEN, REFUSED, Look

_DCM = "http://dicom.nema.org/resources/ontology/DCM"
_RESTFUL = "http://hl7.org/fhir/restful-interaction"
_OBJECT_ROLE = "http://terminology.hl7.org/CodeSystem/object-role"
_ENTITY_TYPE = "http://terminology.hl7.org/CodeSystem/audit-entity-type"
_BALP = "https://profiles.ihe.net/ITI/BALP"
_OUTCOMES = {ANSWERED: "0", REFUSED: "4", BROKEN: "8"}
_ACTIONS = {"read": "R", "vread": "R", "create": "C", "update": "U", "patch": "U", "delete": "D"}
_HISTORIES = frozenset({"history-instance", "history-type", "history-system"})
_NETWORK_ADDRESS = "2"


def audit_events(look: Look, id: str, base_url: str, server: str) -> list[dict[str, Any]]:
    """Return a look as AuditEvents: one for each child, since a person's audit must not name another's.

    Args:
        look: the look.
        id: the id of the first; others get "-2", "-3".
        base_url: the address under which clients see the gateway.
        server: the gateway's name.
    """
    children = look.children or ("",)
    return [
        _event(look, id if n == 1 else f"{id}-{n}", child, base_url, server)
        for n, child in enumerate(children, 1)
    ]


def _event(look: Look, id: str, child: str, base_url: str, server: str) -> dict[str, Any]:
    subtype = look.interaction.removeprefix("conditional-") if look.interaction[:1] != "$" else "operation"
    event: dict[str, Any] = {
        "resourceType": "AuditEvent",
        "id": id,
        "type": {
            "system": "http://terminology.hl7.org/CodeSystem/audit-event-type",
            "code": "rest",
            "display": "RESTful Operation",
        },
        "subtype": [{"system": _RESTFUL, "code": subtype}],
        "action": _action(look),
        "recorded": look.at,
        "outcome": _OUTCOMES[look.outcome],
    }
    if look.problem:
        event["outcomeDesc"] = look.problem
    if look.purpose:
        event["purposeOfEvent"] = [{"text": look.purpose}]
    event["agent"] = [_client(look), _gateway(base_url, server)]
    event["source"] = {"observer": {"display": server}}
    event["entity"] = _entities(look, child)
    profile = _profile(look, child)
    return event | ({"meta": {"profile": [profile]}} if profile else {})


def _action(look: Look) -> str:
    name = look.interaction.removeprefix("conditional-")
    return _ACTIONS.get(name, "R" if name in _HISTORIES else "E")


def _profile(look: Look, child: str) -> str:
    kinds = {"R": "Read", "C": "Create", "U": "Update", "D": "Delete"}
    kind = "Query" if look.interaction.startswith("search") else kinds.get(_action(look), "")
    if not kind or look.outcome != ANSWERED:
        return ""
    start = "Patient" if child else ""
    return f"{_BALP}/StructureDefinition/IHE.BasicAudit.{start}{kind}"


def _client(look: Look) -> dict[str, Any]:
    agent: dict[str, Any] = {
        "type": {"coding": [{"system": _DCM, "code": "110153", "display": "Source Role ID"}]},
        "who": {"display": look.name or "Nobody known"},
        "requestor": True,
    }
    if look.client:
        agent["who"]["identifier"] = {"value": look.client}
    if look.issuer:
        agent["policy"] = [look.issuer]
    if look.address:
        agent["network"] = {"address": look.address, "type": _NETWORK_ADDRESS}
    return agent


def _gateway(base_url: str, server: str) -> dict[str, Any]:
    return {
        "type": {"coding": [{"system": _DCM, "code": "110152", "display": "Destination Role ID"}]},
        "who": {"display": server},
        "requestor": False,
        "network": {"address": base_url, "type": "5"},
    }


def _entities(look: Look, child: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    if child:
        found.append(_entity("1", "1", "Patient") | {"what": {"reference": f"Patient/{child}"}})
    if look.question:
        query = base64.b64encode(look.question).decode()
        found.append(_entity("2", "24", "Query") | {"query": query})
    if look.type and look.id:
        found.append(_entity("2", "4", "Domain Resource") | {"what": {"reference": f"{look.type}/{look.id}"}})
    found.append(
        {
            "what": {"identifier": {"value": look.request}},
            "type": {
                "system": "https://profiles.ihe.net/ITI/BALP/CodeSystem/BasicAuditEntityType",
                "code": "XrequestId",
            },
        }
    )
    return found


def _entity(type: str, role: str, display: str) -> dict[str, Any]:
    return {
        "type": {"system": _ENTITY_TYPE, "code": type},
        "role": {"system": _OBJECT_ROLE, "code": role, "display": display},
    }
