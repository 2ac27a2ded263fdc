"""Searching one type: a question in, a page out."""

from gateway.fhir.ask import parse
from gateway.fhir.negotiate import answer_format, body_format
from gateway.fhir.query import Query
from gateway.fhir.query_text import to_text
from gateway.identity.person import NHS_NUMBER
from gateway.problems import problem, refuse
from gateway.problems.http import HTTP_IGNORED, HTTP_QUERY_TEXT
from gateway.problems.search import SEARCH_CURSOR
from gateway.security.narrow import narrowed, reached
from gateway.service.ask import Answer
from gateway.web import answers
from gateway.web.habits import in_r4_words
from gateway.web.messages import Pair, Response
from gateway.web.visit import Visit
from gateway.web.words import pairs

#: What may stand beside the question in a next-page link: Medplum's client adds `_count`.
_BESIDE_CURSOR = ("_cursor", "_count", "_format", "_pretty")
_FORM = {"application/x-www-form-urlencoded": "form"}


def search(visit: Visit) -> Response:
    """Answer with a page of what was found, and with what each source did.

    Raises:
        Refused: what is wrong with the question; with `Prefer: handling=strict`, gaps.
    """
    asked = pairs(visit.request.query)
    if visit.request.method == "POST":
        asked += _form(visit)
    sealed = [value for name, value in asked if name == "_cursor"]
    if sealed:
        asked = _continued(visit, asked, sealed)
    query = _parsed(visit, in_r4_words(visit.found.type, asked))
    words = to_text(query)
    answer = _answered(visit, query, words, sealed[0] if sealed else "")
    notes = [problem(HTTP_IGNORED, field=name, name=name) for name in query.ignored]
    itself = _itself(visit, words, sealed)
    visit.pretty |= query.pretty
    return answers.page(visit.request, query, itself, answer, visit.base_uri, notes)


def _continued(visit: Visit, asked: list[Pair], sealed: list[str]) -> list[Pair]:
    """The question of a next-page link: it lies sealed in `_cursor`, so that no address holds its words."""
    if len(sealed) > 1 or any(name not in _BESIDE_CURSOR for name, _ in asked):
        raise refuse(SEARCH_CURSOR)
    words = visit.gateway.asker.words(sealed[0], visit.asking(), visit.found.type)
    visit.words += b"\n" * bool(visit.words) + words.encode()
    return pairs(words)


def _itself(visit: Visit, words: str, sealed: list[str]) -> str:
    """Where a page's own link leads: what was sent in a body, perhaps a number, is not put in an address."""
    type = visit.found.type
    if visit.request.method == "POST":
        return f"{type}/_search"
    if sealed:
        return answers.going_on(type, sealed[0])
    return f"{type}?{words}" if words else type


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
    visit.words = body
    try:
        asked = pairs(body.decode("utf-8-sig"))
    except UnicodeDecodeError:
        raise refuse(HTTP_QUERY_TEXT) from None
    for name, value in asked:
        if name == "_format":
            visit.format = answer_format(None, value)
    return asked
