"""Criteria that say which resource a write means: read as a search would read them, and never loosely.

Source: HL7 FHIR R4, https://hl7.org/fhir/R4/http.html#ccreate, #cupdate, #cdelete
"""

from collections.abc import Sequence

from gateway.fhir.ask import parse
from gateway.fhir.query import Query
from gateway.fhir.results import RESULT_PARAMETERS
from gateway.problems import refuse
from gateway.problems.condition import CONDITION_EMPTY, CONDITION_RESULT, CONDITION_TYPE
from gateway.security.narrow import reached
from gateway.web.messages import Pair
from gateway.web.routes import CONDITIONAL
from gateway.web.visit import Visit
from gateway.web.words import pairs

_HEADER = "If-None-Exist"
_OF_THE_ANSWER = ("_format", "_pretty")


def of_create(visit: Visit) -> Query | None:
    """What must not be there for a create to make it; None where it is to be made in any case.

    The criteria are those of the header If-None-Exist and, as some clients send them, of the address.

    Raises:
        Refused: see `criteria`; that the caller may not search for the type (403).
    """
    header = visit.request.headers.get("if-none-exist")
    asked = _of_address(visit)
    if header is None and not asked:
        return None
    if header is not None:
        visit.words = header.encode("utf-8", "surrogateescape")
        asked = [*asked, *pairs(_without_type(header, visit.found.type))]
    visit.found = visit.found._replace(interaction=f"{CONDITIONAL}{visit.found.interaction}")
    return criteria(visit, visit.found.type, asked)


def of_address(visit: Visit) -> Query:
    """The criteria in the address of a conditional update, patch or delete.

    Raises:
        Refused: see `criteria`.
    """
    return criteria(visit, visit.found.type, _of_address(visit))


def criteria(visit: Visit, type: str, asked: Sequence[Pair]) -> Query:
    """Return criteria as a question; the visit may not ask it unless it may search for what it leads through.

    Raises:
        Refused: `condition.empty` (412) where there are none, or one without a value;
            `condition.result-parameter` and what is wrong with the rest (400); what the caller may not search
            for (403).
    """
    for name, value in asked:
        if name in RESULT_PARAMETERS:
            raise refuse(CONDITION_RESULT, field=name, name=name)
        if name and not value.strip(", "):
            raise refuse(CONDITION_EMPTY, type=type)
    context = visit.gateway.context(visit.request.base)
    query = parse(type, asked, page_most=1, context=context)
    if not query.criteria:
        raise refuse(CONDITION_EMPTY, type=type)
    through = reached(query) | ({type} if type != visit.found.type else frozenset())
    if visit.principal is not None:
        visit.gate.granted(visit.principal, visit.wish(through))
    return query


def _of_address(visit: Visit) -> list[Pair]:
    return [pair for pair in pairs(visit.request.query) if pair[0] not in _OF_THE_ANSWER]


def _without_type(header: str, type: str) -> str:
    """The criteria of a header; clients also write them as the search they stand for.

    Raises:
        Refused: `condition.other-type`.
    """
    head, mark, rest = header.strip().partition("?")
    if not mark or "=" in head:
        return header.strip()
    if head.rpartition("/")[2] not in ("", type):
        raise refuse(CONDITION_TYPE, field=_HEADER, type=type)
    return rest
