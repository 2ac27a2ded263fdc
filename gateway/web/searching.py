"""Searching one type, several, or what is about one Patient: a question in, a page out."""

from gateway.fhir.ask import parse
from gateway.fhir.compartments import compartment_types, within
from gateway.fhir.negotiate import answer_format, body_format
from gateway.fhir.query import Query
from gateway.fhir.query_text import to_text
from gateway.fhir.several import named_types, parse_several
from gateway.identity.person import NHS_NUMBER
from gateway.problems import problem, refuse
from gateway.problems.http import HTTP_IGNORED, HTTP_QUERY_TEXT, HTTP_WHOLE_BASE
from gateway.problems.search import SEARCH_CURSOR
from gateway.security.narrow import narrowed, reached
from gateway.service.ask import Answer
from gateway.web import answers, tasks
from gateway.web.habits import in_r4_words
from gateway.web.messages import Pair, Response
from gateway.web.routes import Base, types
from gateway.web.visit import Visit
from gateway.web.words import pairs

#: What may stand beside the question in a next-page link: Medplum's client adds `_count`.
_BESIDE_CURSOR = ("_cursor", "_count", "_format", "_pretty")
_SHAPING = frozenset({"_count", "_format", "_pretty", "_total"})
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
    where = _where(visit)
    if sealed:
        asked = _continued(visit, asked, sealed, where)
    query = _parsed(visit, in_r4_words(visit.found.type, asked))
    words = to_text(query)
    answer = _answered(visit, query, f"{where}?{words}", sealed[0] if sealed else "")
    notes = [problem(HTTP_IGNORED, field=name, name=name) for name in query.ignored]
    itself = _itself(visit, where, words, sealed)
    visit.pretty |= query.pretty
    return answers.page(visit.request, query, where, itself, answer, visit.base_uri, notes)


def _where(visit: Visit) -> str:
    """The path of what is searched, behind the base: of one type, of a Patient's compartment, or ""."""
    type, patient = visit.found.type, visit.found.id
    return f"Patient/{patient}/{type or '*'}" if patient else type


def _continued(visit: Visit, asked: list[Pair], sealed: list[str], where: str) -> list[Pair]:
    """The question of a next-page link: it lies sealed in `_cursor`, so that no address holds its words."""
    if len(sealed) > 1 or any(name not in _BESIDE_CURSOR for name, _ in asked):
        raise refuse(SEARCH_CURSOR)
    words = visit.gateway.asker.words(sealed[0], visit.asking(), where)
    visit.words += b"\n" * bool(visit.words) + words.encode()
    return pairs(words)


def _itself(visit: Visit, where: str, words: str, sealed: list[str]) -> str:
    """Where a page's own link leads: what was sent in a body, perhaps a number, is not put in an address."""
    if visit.request.method == "POST":
        return visit.request.path
    if sealed:
        return answers.going_on(where, sealed[0])
    return f"{where}?{words}" if words else where


def _parsed(visit: Visit, asked: list[Pair]) -> Query:
    lenient = visit.prefers().handling == "lenient"
    most = int(visit.gateway.config["page_most"])
    context = visit.gateway.context(visit.request.base)
    if visit.found.type:
        query = parse(visit.found.type, asked, page_most=most, lenient=lenient, context=context)
        through = reached(query)
    else:
        named, every = _types(visit, asked)
        rest = [(name, value) for name, value in asked if name != "_type"]
        query = parse_several(every, rest, page_most=most, lenient=lenient, context=context, named=named)
        through = reached(query).union(every)
    if through and visit.principal is not None:
        visit.decision = visit.gate.granted(visit.principal, visit.wish(through))
    return query


def _types(visit: Visit, asked: list[Pair]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The types that a search over several names, and those that it is about: as far as the caller may see.

    Raises:
        Refused: `http.whole-base` where nothing is asked; `search.types`.
    """
    base: Base = "tell" if visit.request.feed else "ask"
    served = types(base)
    if visit.found.id:
        served = tuple(each for each in served if each in compartment_types())
    named = named_types(asked, served)
    if not visit.found.id and not any(value and name not in _SHAPING for name, value in asked):
        raise refuse(HTTP_WHOLE_BASE)
    seen = visit.decision.types if visit.decision else frozenset()
    every = named or tuple(each for each in served if seen is None or each in seen)
    # who may see none of them is refused for the first one
    return named, every or served[:1]


def _answered(visit: Visit, query: Query, words: str, sealed: str) -> Answer:
    gateway, asking = visit.gateway, visit.asking()
    asked = within(query, visit.found.id) if visit.found.id else query
    seen = (NHS_NUMBER, f"{visit.base_uri}/Id/cci")
    question = narrowed(asked, asking.hidden, seen)
    if question is None:
        return Answer([], None if query.total == "none" else 0, "")
    count = int(gateway.config["page_size"]) if query.count is None else query.count
    limit = 0 if query.summary == "count" else count
    if tasks.is_review(visit):
        return tasks.found(visit, question, limit, words, sealed)
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
