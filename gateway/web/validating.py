"""`$validate`: what would be said to a write, without writing.

Source: HL7 FHIR R4, https://hl7.org/fhir/R4/resource-operation-validate.html
"""

from typing import Any

from gateway.fhir import json
from gateway.fhir.validate import validate as judged
from gateway.problems import Place, Problem, problem, refuse
from gateway.problems.http import HTTP_TYPE_DIFFERS, HTTP_WRITE_ELSEWHERE
from gateway.problems.operation import (
    OPERATION_MISSING,
    OPERATION_VALUE,
    VALIDATE_ID,
    VALIDATE_NOTHING_TO_DELETE,
)
from gateway.security.policy import Wish
from gateway.service.ask import shown
from gateway.service.profiles import definitions
from gateway.store.base import ASK
from gateway.web import answers
from gateway.web.given import Given, given
from gateway.web.messages import Response
from gateway.web.reading import standing
from gateway.web.visit import Visit

_TAKEN = ("resource", "mode", "profile")
_MODES = ("create", "update", "delete", "profile")


def validate(visit: Visit) -> Response:
    """Answer with everything that is wrong with a resource: the one sent, or the one that stands.

    It is 200 whatever was found. `mode=delete` asks whether it may be deleted; `profile` names profiles that
    it is to follow, beside those that it claims.

    Raises:
        Refused: what keeps the body from being read; `operation.missing`, `operation.value`;
            `http.not-found`, `http.gone` where one that stands is asked about.
    """
    asked = given(visit, _TAKEN)
    mode = asked.text("mode")
    if mode and mode not in _MODES:
        raise refuse(
            OPERATION_VALUE,
            field="mode",
            name="mode",
            operation="$validate",
            expected=", ".join(_MODES),
        )
    if mode == "delete":
        return answers.told(_may_be_deleted(visit), visit.base_uri)
    sent = asked.one("resource")
    resource = _standing(visit) if sent is None and visit.found.id else sent
    if resource is None:
        raise refuse(OPERATION_MISSING, field="resource", operation="$validate", what="a resource")
    return answers.told(_problems(visit, asked, resource, mode, own=sent is None), visit.base_uri)


def _problems(visit: Visit, asked: Given, resource: Any, mode: str, *, own: bool) -> list[Problem]:
    type, id = visit.found.type, visit.found.id
    found = judged(resource)
    if not isinstance(resource, dict):
        return found
    if resource.get("resourceType") not in (type, None, ""):
        found.insert(0, problem(HTTP_TYPE_DIFFERS, place=Place(path="resourceType"), type=type))
    if id and not own and mode != "create" and resource.get("id") != id:
        found.append(problem(VALIDATE_ID, place=Place(path=f"{type}.id")))
    if any(each.kind.status == 400 for each in found):
        # what cannot be read as the resource that it says it is cannot be held against a profile
        return found
    shelf = visit.gateway.shelf
    judged_by = definitions(shelf.profiles, shelf.base_uri).judged(resource, asked.listed("profile"))
    told = {each.place.path for each in found}
    return [*found, *(each for each in judged_by if not each.place.path or each.place.path not in told)]


def _may_be_deleted(visit: Visit) -> list[Problem]:
    """What would be said to a deletion."""
    type, id = visit.found.type, visit.found.id
    if not id:
        raise refuse(
            OPERATION_MISSING, field="id", operation="$validate?mode=delete", what="the id of a resource"
        )
    if visit.base == ASK:
        return [problem(HTTP_WRITE_ELSEWHERE, path=f"{type}/[id]", allowed="OPTIONS")]
    _check_reading(visit)
    row = visit.gateway.store.read(visit.base, type, id)
    if row is None or row.deleted:
        return [problem(VALIDATE_NOTHING_TO_DELETE, type=type)]
    visit.about(row.child)
    return []


def _standing(visit: Visit) -> Any:
    """The resource of the address, as its base shows it to the caller."""
    _check_reading(visit)
    row = standing(visit)
    return json.read_trusted(shown(row, visit.asking()).body)


def _check_reading(visit: Visit) -> None:
    """What stands is judged only for those who may read it: the right to validate alone needs no scope."""
    if visit.principal is not None:
        wish = Wish(visit.request.feed or "fhir", "read", visit.found.type)
        visit.decision = visit.gate.granted(visit.principal, wish)
