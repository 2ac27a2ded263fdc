"""`$meta`, `$meta-add`, `$meta-delete`: the profiles, security labels and tags of one resource.

A change of them makes a new version, because they are part of what is kept.

Source: HL7 FHIR R4, https://hl7.org/fhir/R4/resource-operations.html
"""

from typing import Any

from gateway.fhir import json, meta
from gateway.fhir.negotiate import versions
from gateway.fhir.validate import validate
from gateway.problems import Refused, refuse
from gateway.problems.operation import OPERATION_MISSING, OPERATION_VALUE
from gateway.service.ask import shown
from gateway.service.changes import Change
from gateway.store.base import Row
from gateway.web import answers
from gateway.web.given import given
from gateway.web.messages import Response
from gateway.web.reading import standing
from gateway.web.visit import Visit

_LISTS = ("profile", "security", "tag")


def labels(visit: Visit) -> Response:
    """Answer with the `meta` of a resource.

    Raises:
        Refused: `http.not-found`, `http.gone`; the problems of parameters.
    """
    given(visit, ())
    return _answer(visit, standing(visit))


def add(visit: Visit) -> Response:
    """Add profiles, labels and tags to a resource, and answer with its `meta` then.

    Raises:
        Refused: `http.not-found`, `http.gone`, `http.stale`; what is wrong with what is to be added.
    """
    return _changed(visit, meta.added)


def take_away(visit: Visit) -> Response:
    """Take profiles, labels and tags away from a resource, and answer with its `meta` then.

    Raises:
        Refused: as `add`.
    """
    return _changed(visit, meta.taken_away)


def _changed(visit: Visit, change: meta.Change) -> Response:
    sent = _sent(visit)
    found = visit.found
    asked = Change(
        "PATCH",
        found.type,
        found.id,
        patch=lambda resource: change(resource, sent),
        if_match=versions(visit.request.headers.get("if-match"), "If-Match"),
    )
    done = visit.gateway.change(visit.gateway.feed(visit.request.feed), asked)
    for child in done.children:
        visit.about(child)
    return _answer(visit, done.row or standing(visit))


def _sent(visit: Visit) -> dict[str, Any]:
    """The Meta that was sent: its profiles, labels and tags; version and date in it are passed over."""
    operation = visit.found.interaction
    sent = given(visit, ("meta",)).one("meta")
    if sent is None:
        raise refuse(OPERATION_MISSING, field="meta", operation=operation, what="the parameter meta")
    if not isinstance(sent, dict):
        raise refuse(OPERATION_VALUE, field="meta", name="meta", operation=operation, expected="a valueMeta")
    wanted = {name: sent[name] for name in _LISTS if name in sent}
    if not wanted:
        raise refuse(
            OPERATION_MISSING, field="meta", operation=operation, what="a profile, security label or tag"
        )
    if problems := validate({"resourceType": "Basic", "meta": wanted, "code": {"text": "-"}}):
        raise Refused(*problems)
    return wanted


def _answer(visit: Visit, row: Row) -> Response:
    resource = json.read_trusted(shown(row, visit.asking()).body)
    parameters = {
        "resourceType": "Parameters",
        "parameter": [{"name": "return", "valueMeta": resource["meta"]}],
    }
    return Response(200, json.write(parameters), answers.stamps(row.version, row.updated))
