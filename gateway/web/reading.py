"""Reading one resource: as it stands, and as it once was."""

from email.utils import parsedate_to_datetime

from gateway.fhir.negotiate import versions
from gateway.problems import refuse
from gateway.problems.http import HTTP_GONE, HTTP_NO_VERSION, HTTP_NOT_FOUND
from gateway.service.ask import shown
from gateway.store.base import ASK, Row
from gateway.web import answers, tasks
from gateway.web.messages import Response
from gateway.web.shape import asked_shape, reduced
from gateway.web.visit import Visit
from gateway.web.words import pairs


def read(visit: Visit) -> Response:
    """Answer with the resource as it stands, or with 304 where the caller has it.

    Raises:
        Refused: `http.not-found`, `http.gone`.
    """
    if tasks.is_review(visit):
        return tasks.read(visit)
    type, request = visit.found.type, visit.request
    shape = asked_shape(type, pairs(request.query)) if request.query else None
    row = standing(visit)
    if _has_it(visit, row):
        return answers.not_modified(row.version, row.updated)
    body = shown(row, visit.asking()).body
    return answers.resource(reduced(body, shape) if shape else body, row.version, row.updated)


def standing(visit: Visit) -> Row:
    """The resource that the address names, as it stands.

    Raises:
        Refused: `http.not-found`, `http.gone`.
    """
    type = visit.found.type
    row = visit.gateway.store.read(visit.base, type, visit.found.id)
    if row is None:
        raise refuse(HTTP_GONE if was_a_child(visit) else HTTP_NOT_FOUND, type=type)
    visit.about(row.child)
    if row.deleted:
        raise refuse(HTTP_GONE, type=type)
    return row


def vread(visit: Visit) -> Response:
    """Answer with one version of a resource.

    Raises:
        Refused: `http.not-found`, `http.no-version`, `http.gone` where that version is a deletion.
    """
    type, id = visit.found.type, visit.found.id
    shape = asked_shape(type, pairs(visit.request.query))
    version = visit.gateway.store.vread(visit.base, type, id, visit.found.version)
    if version is None:
        known = visit.gateway.store.read(visit.base, type, id)
        raise refuse(HTTP_NO_VERSION if known else HTTP_NOT_FOUND, type=type)
    row = version.row
    visit.about(row.child)
    if row.deleted:
        raise refuse(HTTP_GONE, type=type)
    if _has_it(visit, row):
        return answers.not_modified(row.version, row.updated)
    return answers.resource(reduced(shown(row, visit.asking()).body, shape), row.version, row.updated)


def was_a_child(visit: Visit) -> bool:
    """Whether the id is that of a child all whose records were deleted or taken back."""
    found = visit.found
    return visit.base == ASK and found.type == "Patient" and bool(visit.gateway.store.child(id=found.id))


def _has_it(visit: Visit, row: Row) -> bool:
    """Whether the request says that the caller has this version.

    On `/fhir` only the tag of a Patient can tell: when a record turns out to be another child's, what is in
    it keeps its versions and dates, and what the child's Patient is made of may be older than before.
    """
    asks = visit.base == ASK
    if asks and row.type != "Patient":
        return False
    headers = visit.request.headers
    held = versions(headers.get("if-none-match"), "If-None-Match")
    if held:
        return row.version in held or "*" in held
    since = headers.get("if-modified-since")
    if since is None or asks:
        return False
    try:
        return row.updated // 1000 <= parsedate_to_datetime(since).timestamp()
    except (ValueError, OverflowError):
        # RFC 9110: a date that cannot be read is as good as none
        return False
