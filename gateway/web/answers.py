"""Answers in FHIR's envelopes: a resource, a page of a search, a history, or what was refused."""

from collections.abc import Iterable, Sequence
from urllib.parse import quote

from gateway.fhir import bundle, json
from gateway.fhir.negotiate import etag
from gateway.fhir.outcome import outcome
from gateway.fhir.query import Query
from gateway.fhir.query_text import to_text
from gateway.problems import Problem, Refused
from gateway.service.ask import Answer
from gateway.service.clock import http_date
from gateway.web.messages import Header, Request, Response


def resource(
    body: bytes, version: str, updated: int, *, status: int = 200, more: Sequence[Header] = ()
) -> Response:
    """One resource with its version and date."""
    headers = [("ETag", etag(version)), ("Last-Modified", http_date(updated)), *more]
    return Response(status, body, headers)


def not_modified(version: str, updated: int) -> Response:
    """The caller has this version already."""
    return Response(304, b"", [("ETag", etag(version)), ("Last-Modified", http_date(updated))])


def refusal(refused: Refused, base_uri: str) -> Response:
    """An OperationOutcome with everything that was wrong; the first problem decides the status."""
    return Response(refused.status, json.write(outcome(refused.problems, base_uri)), _extra(refused))


def told(problems: Iterable[Problem], base_uri: str, status: int = 200) -> Response:
    """An OperationOutcome that is the answer itself."""
    return Response(status, json.write(outcome(problems, base_uri)))


def page(request: Request, query: Query, answer: Answer, base_uri: str, notes: Sequence[Problem]) -> Response:
    """A searchset Bundle: matches, total, self and next link, and last what each source did."""
    words = to_text(query)
    links = [("self", f"{request.base}/{query.type}" + (f"?{words}" if words else ""))]
    if answer.next:
        joint = f"{words}&" if words else ""
        links.append(("next", f"{request.base}/{query.type}?{joint}_cursor={quote(answer.next, safe='')}"))
    start = f"{request.base}/".encode()
    matches = (
        (b"%b%b/%b" % (start, each.type.encode(), each.id.encode()), each.body) for each in answer.found
    )
    lines = [*notes, *answer.account]
    return Response(
        200,
        bundle.searchset(
            matches,
            links=links,
            total=answer.total,
            outcome=json.write(outcome(lines, base_uri)) if lines else None,
        ),
    )


def _extra(refused: Refused) -> list[Header]:
    headers: list[Header] = []
    for problem in refused.problems:
        if allowed := problem.details.get("allowed"):
            headers.append(("Allow", str(allowed)))
        if challenge := problem.details.get("challenge"):
            headers.append(("WWW-Authenticate", str(challenge)))
    return headers
