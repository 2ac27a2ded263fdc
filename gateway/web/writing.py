"""Writing on a feed's base: create, update, delete."""

from typing import Any
from uuid import uuid4

from gateway.fhir.negotiate import ANY_VERSION, versions
from gateway.problems import problem, refuse
from gateway.problems.http import HTTP_CONDITIONAL_CREATE, HTTP_DONE, HTTP_ONLY_ANY
from gateway.service.ask import shown
from gateway.service.tell import Kept
from gateway.web import answers
from gateway.web.messages import Header, Response
from gateway.web.visit import Visit


def create(visit: Visit) -> Response:
    """Keep a new resource under an id of the gateway's own; an id that was sent with it does not count.

    Raises:
        Refused: what is wrong with the resource; `http.conditional-create`.
    """
    if "if-none-exist" in visit.request.headers:
        raise refuse(HTTP_CONDITIONAL_CREATE, field="If-None-Exist")
    sent = resource_sent(visit)
    if isinstance(sent, dict):
        sent.pop("id", None)
    gateway, type = visit.gateway, visit.found.type
    kept = gateway.write(gateway.feed(visit.request.feed), type, str(uuid4()), sent, method="POST")
    return written(visit, kept)


def update(visit: Visit) -> Response:
    """Keep a new version of a resource, or the resource itself where there is none of that id.

    Raises:
        Refused: what is wrong with the resource; `http.id-differs`, `http.stale`, `http.exists`,
            `http.only-any`.
    """
    headers = visit.request.headers
    if_match = versions(headers.get("if-match"), "If-Match")
    unless = versions(headers.get("if-none-match"), "If-None-Match")
    if unless not in ((), (ANY_VERSION,)):
        raise refuse(HTTP_ONLY_ANY, field="If-None-Match")
    gateway, type, id = visit.gateway, visit.found.type, visit.found.id
    feed = gateway.feed(visit.request.feed)
    kept = gateway.write(feed, type, id, resource_sent(visit), if_match=if_match, only_new=bool(unless))
    return written(visit, kept)


def delete(visit: Visit) -> Response:
    """Delete a resource; one that is not there is as good as deleted.

    Raises:
        Refused: `http.stale`.
    """
    gateway, type, id = visit.gateway, visit.found.type, visit.found.id
    if_match = versions(visit.request.headers.get("if-match"), "If-Match")
    before = gateway.store.read(visit.base, type, id)
    visit.about(before.child if before else "")
    version = gateway.delete(gateway.feed(visit.request.feed), type, id, if_match=if_match)
    headers: list[Header] = []
    if version is not None and (row := gateway.store.read(visit.base, type, id)):
        headers = answers.stamps(str(version), row.updated)
    if visit.prefers().returned == "OperationOutcome":
        what = f"The {type} is deleted" if version is not None else f"There was no {type} of this id"
        response = answers.told([problem(HTTP_DONE, what=what)], visit.base_uri)
        response.headers += headers
        return response
    return Response(204, b"", headers)


def resource_sent(visit: Visit) -> Any:
    """The resource that the body holds, as JSON that nobody has looked at yet."""
    return visit.resource()


def written(visit: Visit, kept: Kept) -> Response:
    """The answer to a write: as much of the resource as the request prefers, and always where it stands."""
    version = visit.gateway.store.vread(visit.base, kept.type, kept.id, str(kept.version))
    if version is None:
        raise LookupError("a version that was just kept is not there")
    row = version.row
    visit.about(row.child)
    visit.found = visit.found._replace(id=kept.id)
    made = kept.what == "created"
    headers = answers.stamps(row.version, row.updated)
    if made:
        where = f"{visit.request.base}/{kept.type}/{kept.id}/_history/{row.version}"
        headers.append(("Location", where))
    status = 201 if made else 200
    returned = visit.prefers().returned
    if returned == "minimal":
        return Response(status, b"", headers)
    if returned == "OperationOutcome":
        what = {"created": "was created", "updated": "was updated", "unchanged": "was there like this"}
        done = problem(HTTP_DONE, what=f"The {kept.type} {what[kept.what]}")
        response = answers.told([done], visit.base_uri, status)
        response.headers += headers
        return response
    return Response(status, shown(row, visit.asking()).body, headers)
