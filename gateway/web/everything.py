"""`$everything`: a child, or a feed's Patient, with all that is about it.

Source: HL7 FHIR R4, https://hl7.org/fhir/R4/patient-operation-everything.html
"""

from collections.abc import Iterable
from urllib.parse import urlencode

from gateway.fhir import bundle, facts, json
from gateway.fhir.outcome import outcome
from gateway.fhir.parameters import dates
from gateway.fhir.query import FOREVER, Span
from gateway.problems import Problem, problem, refuse
from gateway.problems.operation import OPERATION_OWN_ONLY, OPERATION_VALUE
from gateway.problems.search import SEARCH_CURSOR
from gateway.service.ask import Found
from gateway.service.everything import Page, Question, begin, go_on
from gateway.store.base import ASK
from gateway.upstream.account import strict
from gateway.web.given import Given, given
from gateway.web.messages import Response
from gateway.web.reading import standing
from gateway.web.routes import types
from gateway.web.visit import Visit

_TAKEN = ("_type", "_since", "start", "end", "_count", "_cursor")


def everything(visit: Visit) -> Response:
    """Answer with a page of everything about a child, or of a feed's Patient or all of its Patients.

    Raises:
        Refused: `http.not-found`, `http.gone`; `operation.value` and the other problems of parameters;
            `search.cursor`; with `Prefer: handling=strict`, that connected servers were not asked.
    """
    gateway, asking = visit.gateway, visit.asking()
    asked = given(visit, _TAKEN, lenient=visit.prefers().handling == "lenient")
    patient = standing(visit) if visit.found.id else None
    sealed = asked.text("_cursor")
    if sealed:
        if len(asked.values) > 1:
            raise refuse(SEARCH_CURSOR)
        life = int(gateway.config["cursor_life"])
        page = go_on(gateway.store, gateway.keys, asking, visit.found.id, sealed, life)
    else:
        question, limit = _question(visit, asked), _count(visit, asked)
        page = Page([], [], 0, "", [])
        if question is not None:
            page = begin(gateway.store, gateway.keys, asking, question, patient, limit)
    notes = [*asked.ignored, *page.notes, *_own_only(visit)]
    if asking.strict and (refusal := strict(list(_own_only(visit)))):
        raise refusal
    return _answer(visit, asked, page, notes)


def _question(visit: Visit, asked: Given) -> Question | None:
    """What is asked, as far as the caller may see it; None where it may see nothing of it."""
    wanted = asked.listed("_type")
    unknown = [each for each in wanted if not facts.is_resource(each)]
    if unknown:
        raise _wrong("_type", "resource types of R4, separated by commas")
    allowed = visit.decision.types if visit.decision else frozenset[str]()
    seen = set(types("ask" if visit.base == ASK else "tell"))
    seen &= seen if allowed is None else allowed
    if wanted:
        seen &= set(wanted)
    if not seen:
        return None
    whole = allowed is None and not wanted
    since = asked.text("_since")
    return Question(
        visit.found.id,
        () if whole else tuple(sorted(seen)),
        _span("_since", since).low if since else 0,
        _care(asked),
    )


def _care(asked: Given) -> Span | None:
    start, end = asked.text("start"), asked.text("end")
    if not start and not end:
        return None
    low = _span("start", start).low if start else FOREVER.low
    return Span(low, _span("end", end).high if end else FOREVER.high)


def _span(name: str, text: str) -> Span:
    try:
        return dates.span(text.replace(" ", "+"))
    except ValueError:
        raise _wrong(name, "a date, as 2025-03-31 or 2025-03-31T10:00:00Z") from None


def _count(visit: Visit, asked: Given) -> int:
    most, text = int(visit.gateway.config["page_most"]), asked.text("_count")
    if not text:
        return most
    if not text.isdecimal() or int(text) < 1:
        raise _wrong("_count", f"a number from 1 to {most}")
    return min(int(text), most)


def _wrong(name: str, expected: str) -> Exception:
    return refuse(OPERATION_VALUE, field=name, name=name, operation="$everything", expected=expected)


def _own_only(visit: Visit) -> list[Problem]:
    if visit.base != ASK or not visit.gateway.upstreams.upstreams:
        return []
    return [problem(OPERATION_OWN_ONLY)]


def _answer(visit: Visit, asked: Given, page: Page, notes: list[Problem]) -> Response:
    where = f"{visit.request.base}/{visit.request.path}"
    used = [(name, value) for name, values in asked.values.items() for value in values]
    query = urlencode(used) if visit.request.method != "POST" else ""
    links = [("self", f"{where}?{query}" if query else where)]
    if page.next:
        links.append(("next", f"{where}?_cursor={page.next}"))
    body = bundle.searchset(
        _entries(visit, page.found),
        links=links,
        total=page.total,
        includes=_entries(visit, page.beside),
        outcome=json.write(outcome(notes, visit.base_uri)) if notes else None,
    )
    return Response(200, body)


def _entries(visit: Visit, found: Iterable[Found]) -> Iterable[tuple[bytes, bytes]]:
    base = visit.request.base
    return ((f"{base}/{each.type}/{each.id}".encode(), each.body) for each in found)
