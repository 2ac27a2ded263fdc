"""Answers in FHIR's envelopes: a resource, a page of a search, a history, or what was refused."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from functools import lru_cache

from gateway.fhir import bundle, json
from gateway.fhir.negotiate import etag
from gateway.fhir.outcome import outcome
from gateway.fhir.query import Query
from gateway.problems import Problem, Refused
from gateway.service.ask import Answer, Found
from gateway.service.clock import http_date, instant
from gateway.store.base import Version
from gateway.web.messages import Header, Request, Response
from gateway.web.shape import reduced


def resource(
    body: bytes, version: str, updated: int, *, status: int = 200, more: Sequence[Header] = ()
) -> Response:
    """One resource with its version and date."""
    return Response(status, body, [*stamps(version, updated), *more], updated=updated)


def stamps(version: str, updated: int) -> list[Header]:
    """The headers that say which version this is, and of when."""
    return [("ETag", etag(version)), ("Last-Modified", _date(updated // 1000))]


def not_modified(version: str, updated: int) -> Response:
    """The caller has this version already."""
    return Response(304, b"", stamps(version, updated))


def refusal(refused: Refused, base_uri: str) -> Response:
    """An OperationOutcome with everything that was wrong; the first problem decides the status."""
    body = json.write(outcome(refused.problems, base_uri))
    return Response(refused.status, body, _extra(refused), problem=refused.problems[0].kind.code)


def told(problems: Iterable[Problem], base_uri: str, status: int = 200) -> Response:
    """An OperationOutcome that is the answer itself."""
    return Response(status, json.write(outcome(problems, base_uri)))


def page(
    request: Request,
    query: Query,
    where: str,
    itself: str,
    answer: Answer,
    base_uri: str,
    notes: Sequence[Problem],
) -> Response:
    """A searchset Bundle: matches and what comes along, total, links, and last what each source did.

    Args:
        where: the path that was asked, behind the base; links to other pages lead there.
        itself: what the self link says behind the base.
        notes: what is to be said beside what the sources did.
    """
    links = [("self", address(request.base, itself))]
    if answer.first:
        links.append(("first", address(request.base, going_on(where, answer.first))))
    if answer.next:
        links.append(("next", address(request.base, going_on(where, answer.next))))
    lines = [*notes, *answer.account]
    body = bundle.searchset(
        _entries(request.base, answer.found, query),
        links=links,
        total=answer.total,
        # R4: the list of elements is about the matches, not about what comes along
        includes=_entries(request.base, answer.along, replace(query, elements=())) if answer.along else (),
        outcome=json.write(outcome(lines, base_uri)) if lines else None,
    )
    return Response(200, body)


def address(base: str, behind: str) -> str:
    """An address below a base; of the base itself, with a query."""
    return f"{base}{behind}" if behind[:1] in ("", "?") else f"{base}/{behind}"


def going_on(where: str, sealed: str) -> str:
    """What a link to another page says behind the base: the question lies in the seal."""
    return f"{where}?_cursor={sealed}"


def _entries(base: str, found: Iterable[Found], query: Query) -> Iterator[tuple[bytes, bytes]]:
    """Full url and text of resources, short of what the question leaves out."""
    shaped = bool(query.elements or query.summary)
    for each in found:
        url = f"{base}/{each.type}/{each.id}".encode()
        yield url, reduced(each.body, query) if shaped else each.body


def history(
    request: Request,
    entries: Sequence[tuple[Version, Found]],
    links: Sequence[bundle.Link],
    total: int | None,
) -> Response:
    """A history Bundle.

    Args:
        entries: versions in order, each with what the base shows of it.
    """
    changes = [
        bundle.Change(
            full_url=f"{request.base}/{found.type}/{found.id}",
            resource=None if version.row.deleted else found.body,
            method="DELETE" if version.row.deleted else version.method or "PUT",
            url=found.type if version.method == "POST" else f"{found.type}/{found.id}",
            status="204" if version.row.deleted else "201" if version.created else "200",
            version=version.row.version,
            modified=instant(version.row.updated),
        )
        for version, found in entries
    ]
    return Response(200, bundle.history(changes, links=links, total=total))


@lru_cache(4096)
def _date(second: int) -> str:
    return http_date(second * 1000)


def _extra(refused: Refused) -> list[Header]:
    headers: list[Header] = []
    for problem in refused.problems:
        if allowed := problem.details.get("allowed"):
            headers.append(("Allow", str(allowed)))
        if coding := problem.details.get("accept_encoding"):
            headers.append(("Accept-Encoding", str(coding)))
        if accepted := problem.details.get("accept_patch"):
            headers.append(("Accept-Patch", str(accepted)))
        if challenge := problem.details.get("challenge"):
            headers.append(("WWW-Authenticate", str(challenge)))
    return headers
