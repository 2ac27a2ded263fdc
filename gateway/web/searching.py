"""Searching one type: a question in, a page out."""

from gateway.fhir.ask import parse
from gateway.fhir.negotiate import answer_format, body_format
from gateway.fhir.query import Query
from gateway.fhir.query_text import to_text
from gateway.identity.person import NHS_NUMBER
from gateway.problems import problem, refuse
from gateway.problems.http import HTTP_IGNORED, HTTP_QUERY_TEXT
from gateway.security.narrow import narrowed, reached
from gateway.service.ask import Answer
from gateway.web import answers
from gateway.web.messages import Pair, Response
from gateway.web.visit import Visit
from gateway.web.words import pairs

_FORM = {"application/x-www-form-urlencoded": "form"}


def search(visit: Visit) -> Response:
    """Answer with a page of what was found, and with what each source did.

    Raises:
        Refused: what is wrong with the question; with `Prefer: handling=strict`, gaps.
    """
    asked = pairs(visit.request.query)
    if visit.request.method == "POST":
        asked += _form(visit)
    sealed = next((value for name, value in asked if name == "_cursor"), "")
    query = _parsed(visit, [pair for pair in asked if pair[0] != "_cursor"])
    words = to_text(query)
    answer = _answered(visit, query, words, sealed)
    visit.children, visit.account = answer.children, answer.account
    notes = [problem(HTTP_IGNORED, field=name, name=name) for name in query.ignored]
    response = answers.page(visit.request, query, words, answer, visit.base_uri, notes)
    return answers.indented(response) if query.pretty else response


def _parsed(visit: Visit, asked: list[Pair]) -> Query:
    lenient = visit.prefers().handling == "lenient"
    most = int(visit.gateway.config["page_most"])
    context = visit.gateway.context(visit.request.base)
    query = parse(visit.found.type, asked, page_most=most, lenient=lenient, context=context)
    through = reached(query)
    if through and visit.principal is not None:
        visit.decision = visit.gate.granted(visit.principal, visit.wish(through))
    return query


def _answered(visit: Visit, query: Query, words: str, sealed: str) -> Answer:
    gateway, asking = visit.gateway, visit.asking()
    seen = (NHS_NUMBER, f"{visit.base_uri}/Id/cci")
    question = narrowed(query, asking.hidden, seen)
    if question is None:
        return Answer([], None if query.total == "none" else 0, "")
    count = int(gateway.config["page_size"]) if query.count is None else query.count
    limit = 0 if query.summary == "count" else count
    return gateway.asker.search(gateway.store, question, asking, limit, words, sealed)


def _form(visit: Visit) -> list[Pair]:
    """What a search by POST sent in its body, if anything."""
    content = visit.request.headers.get("content-type")
    body = visit.body()
    if not body and not content:
        return []
    body_format(content, _FORM)
    visit.form = body
    try:
        asked = pairs(body.decode("utf-8-sig"))
    except UnicodeDecodeError:
        raise refuse(HTTP_QUERY_TEXT) from None
    for name, value in asked:
        if name == "_format":
            answer_format(None, value)
    return asked
