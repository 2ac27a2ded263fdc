"""`$lastn`: the newest Observations of each code about somebody.

Source: HL7 FHIR R4, https://hl7.org/fhir/R4/observation-operation-lastn.html
"""

from collections.abc import Iterator
from urllib.parse import urlencode

from gateway.fhir import bundle, json
from gateway.fhir.ask import parse
from gateway.fhir.newest import newest
from gateway.fhir.outcome import outcome
from gateway.fhir.query import Query
from gateway.fhir.query_text import to_text
from gateway.identity.person import NHS_NUMBER
from gateway.problems import Problem, problem, refuse
from gateway.problems.http import HTTP_IGNORED
from gateway.problems.operation import (
    LASTN_MORE,
    OPERATION_MISSING,
    OPERATION_TWICE,
    OPERATION_UNKNOWN,
    OPERATION_VALUE,
)
from gateway.security.narrow import narrowed, reached
from gateway.service.ask import Found
from gateway.web.given import asked, texts
from gateway.web.messages import Pair, Response
from gateway.web.visit import Visit

_WHOM = frozenset({"patient", "subject"})
_WHAT = frozenset({"category", "code"})
#: Parameters that shape a page: what comes here has an order and a size of its own.
_NOT_HERE = frozenset(
    (
        *("_sort", "_count", "_total", "_cursor", "_summary", "_elements", "_contained", "_containedType"),
        *("_include", "_revinclude"),
    )
)
_PAGES = 20


def lastn(visit: Visit) -> Response:
    """Answer with the newest Observations of each code, `max` of each and those of the same time as the last.

    Raises:
        Refused: `operation.missing` without a patient or subject and a category or code; what is wrong with
            `max` and with the question.
    """
    given = texts(asked(visit, form=True))
    most = _most([value for name, value in given if name == "max"])
    query = _query(visit, [pair for pair in given if pair[0] != "max"])
    notes = [problem(HTTP_IGNORED, field=name, name=name) for name in query.ignored]
    read = ((json.read_trusted(each.body), each) for each in _every(visit, query, notes))
    return _answer(visit, newest(read, most), given, notes)


def _most(given: list[str]) -> int:
    if len(given) > 1:
        raise refuse(OPERATION_TWICE, field="max", name="max")
    if not given:
        return 1
    if not given[0].isdecimal() or not int(given[0][:9]) > 0:
        raise refuse(OPERATION_VALUE, field="max", name="max", operation="$lastn", expected="a number from 1")
    return int(given[0][:9])


def _query(visit: Visit, given: list[Pair]) -> Query:
    for name, _ in given:
        if name.partition(":")[0] in _NOT_HERE:
            taken = "max, and what Observations are searched by"
            raise refuse(OPERATION_UNKNOWN, field=name, name=name, operation="$lastn", supported=taken)
    query = parse(
        "Observation",
        given,
        page_most=int(visit.gateway.config["page_most"]),
        lenient=visit.prefers().handling == "lenient",
        context=visit.gateway.context(visit.request.base),
    )
    named = {each.param for each in query.criteria}
    for wanted, what in ((_WHOM, "a patient or subject"), (_WHAT, "a category or code")):
        if not named & wanted:
            raise refuse(OPERATION_MISSING, field=min(wanted), operation="$lastn", what=what)
    if (through := reached(query)) and visit.principal is not None:
        visit.decision = visit.gate.granted(visit.principal, visit.wish(through))
    return query


def _every(visit: Visit, query: Query, notes: list[Problem]) -> Iterator[Found]:
    """Everything that is found, newest first, page by page; what the sources did is noted."""
    gateway, asking = visit.gateway, visit.asking()
    question = narrowed(query, asking.hidden, (NHS_NUMBER, f"{visit.base_uri}/Id/cci"))
    if question is None:
        return
    words, sealed = to_text(query), ""
    limit = int(gateway.config["page_most"])
    for number in range(_PAGES):
        answer = gateway.asker.search(gateway.store, question, asking, limit, words, sealed)
        notes += [line for line in answer.account if number == 0 or line.kind.severity != "information"]
        yield from answer.found
        sealed = answer.next
        if not sealed:
            return
    notes.append(problem(LASTN_MORE, most=_PAGES * limit))


def _answer(visit: Visit, found: list[Found], given: list[Pair], notes: list[Problem]) -> Response:
    where = f"{visit.request.base}/{visit.request.path}"
    left_out = {note.field for note in notes if note.kind is HTTP_IGNORED}
    used = urlencode([pair for pair in given if pair[0] not in left_out])
    link = where if visit.request.method == "POST" else f"{where}?{used}"
    base = visit.request.base
    body = bundle.searchset(
        ((f"{base}/{each.type}/{each.id}".encode(), each.body) for each in found),
        links=[("self", link)],
        total=len(found),
        outcome=json.write(outcome(notes, visit.base_uri)) if notes else None,
    )
    return Response(200, body)
