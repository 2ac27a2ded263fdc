"""Writing on a feed's base: create, update, patch, delete, each also with a condition."""

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any
from uuid import uuid4

from gateway.fhir.negotiate import ANY_VERSION, versions
from gateway.fhir.references import by_criteria
from gateway.problems import Place, problem, refuse
from gateway.problems.condition import CONDITION_REFERENCE_ALONE
from gateway.problems.http import HTTP_DONE, HTTP_ONLY_ANY
from gateway.service.ask import shown
from gateway.service.changes import Change, Done, sound
from gateway.web import answers, conditions
from gateway.web.messages import Response
from gateway.web.patching import change_sent
from gateway.web.visit import Visit

_BECAME = {
    "created": "The {} was created",
    "updated": "The {} was updated",
    "unchanged": "The {} was there like this",
    "found": "A {} that meets the criteria is there; nothing was written",
    "deleted": "The {} is deleted",
    "absent": "There was no such {}",
}


def write(visit: Visit) -> Response:
    """Do what a request asks of its feed, in one unit of work.

    Raises:
        Refused: see `change_asked` and `gateway.service.changes.Changes.make`.
    """
    change = change_asked(visit)
    return written(visit, visit.gateway.change(visit.gateway.feed(visit.request.feed), change))


def change_asked(visit: Visit) -> Change:
    """What a request asks of its feed.

    Raises:
        Refused: what is wrong with the resource; `http.id-differs`, `http.only-any`, `http.etag`; what is
            wrong with a condition.
    """
    return _ASKED[visit.found.interaction](visit)


def writes(interaction: str) -> bool:
    """Whether an interaction is one of those that `change_asked` knows."""
    return interaction in _ASKED


def resource_sent(visit: Visit) -> Any:
    """The resource that the body holds, as JSON that nobody has looked at yet."""
    return visit.resource()


def _create(visit: Visit) -> Change:
    """An id that was sent does not count: the gateway gives one."""
    where = conditions.of_create(visit)
    sent = resource_sent(visit)
    if isinstance(sent, dict):
        sent.pop("id", None)
    return Change("POST", visit.found.type, str(uuid4()), where, _sound(visit, sent))


def _update(visit: Visit) -> Change:
    type, id = visit.found.type, visit.found.id
    if_match, only_new = _if_match(visit), _only_new(visit)
    resource = _sound(visit, resource_sent(visit), id)
    return Change("PUT", type, id, resource=resource, if_match=if_match, only_new=only_new)


def _conditional_update(visit: Visit) -> Change:
    where = conditions.of_address(visit)
    if_match, only_new = _if_match(visit), _only_new(visit)
    resource = _sound(visit, resource_sent(visit))
    id = str(resource.get("id", ""))
    new = id or str(uuid4())
    return Change(
        "PUT", visit.found.type, new, where, resource, sent_id=id, if_match=if_match, only_new=only_new
    )


def _patch(visit: Visit) -> Change:
    return Change(
        "PATCH", visit.found.type, visit.found.id, patch=change_sent(visit), if_match=_if_match(visit)
    )


def _conditional_patch(visit: Visit) -> Change:
    where = conditions.of_address(visit)
    return Change("PATCH", visit.found.type, where=where, patch=change_sent(visit), if_match=_if_match(visit))


def _delete(visit: Visit) -> Change:
    return Change("DELETE", visit.found.type, visit.found.id, if_match=_if_match(visit))


def _conditional_delete(visit: Visit) -> Change:
    several = visit.gateway.config["conditional_delete"] == "multiple"
    where = conditions.of_address(visit)
    return Change("DELETE", visit.found.type, where=where, if_match=_if_match(visit), several=several)


_ASKED: Mapping[str, Callable[[Visit], Change]] = MappingProxyType(
    {
        "create": _create,
        "update": _update,
        "patch": _patch,
        "delete": _delete,
        "conditional-update": _conditional_update,
        "conditional-patch": _conditional_patch,
        "conditional-delete": _conditional_delete,
    }
)


def _sound(visit: Visit, sent: Any, id: str = "") -> dict[str, Any]:
    """A resource that was sent, if nothing is wrong with it.

    In a transaction its references by criteria were led to what they mean.
    """
    resource = sound(sent, visit.found.type, id)
    if visit.content is None and visit.found.type != "Bundle":
        where = by_criteria(resource, visit.found.type)
        if where is not None:
            raise refuse(CONDITION_REFERENCE_ALONE, place=Place(path=where))
    return resource


def _if_match(visit: Visit) -> tuple[str, ...]:
    return versions(visit.request.headers.get("if-match"), "If-Match")


def _only_new(visit: Visit) -> bool:
    unless = versions(visit.request.headers.get("if-none-match"), "If-None-Match")
    if unless not in ((), (ANY_VERSION,)):
        raise refuse(HTTP_ONLY_ANY, field="If-None-Match")
    return bool(unless)


def written(visit: Visit, done: Done) -> Response:
    """The answer to a write: as much of the resource as the request prefers, and always where it stands."""
    for child in done.children:
        visit.about(child)
    visit.found = visit.found._replace(id=done.id)
    response = _answer(visit, done)
    if done.row is not None:
        response.updated = done.row.updated
        if not done.row.deleted:
            response.stands_at = f"{visit.request.base}/{done.type}/{done.id}/_history/{done.row.version}"
        response.headers += answers.stamps(done.row.version, done.row.updated)
        if done.what in ("created", "found"):
            response.headers.append(("Location", response.stands_at))
    return response


def _answer(visit: Visit, done: Done) -> Response:
    """Status and body of the answer to a write."""
    returned = visit.prefers().returned
    gone = done.row is None or done.row.deleted
    status = 201 if done.what == "created" else 200
    if returned == "OperationOutcome":
        told = problem(HTTP_DONE, what=_BECAME[done.what].format(done.type))
        return answers.told([told], visit.base_uri, status)
    if gone or done.row is None:
        return Response(204)
    if returned == "minimal":
        return Response(status)
    return Response(status, shown(done.row, visit.asking()).body)
