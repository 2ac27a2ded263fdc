"""History: what a resource, a type or a whole feed was at each time, a page at a time.

On `/fhir` it is that of one resource: the versions that stand, of records that are linked to a child now. Of
a child's Patient there is only the version that stands: it is composed anew each time, and none is kept.

Source: HL7 FHIR R4, https://hl7.org/fhir/R4/http.html#history
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, NamedTuple
from urllib.parse import urlencode

import msgspec

from gateway.fhir.parameters.dates import span
from gateway.fhir.query import Query
from gateway.problems import Problem, Refused, problem, refuse
from gateway.problems.http import HTTP_GONE, HTTP_NOT_FOUND
from gateway.problems.search import SEARCH_CURSOR, SEARCH_TWICE, SEARCH_VALUE
from gateway.service.ask import shown
from gateway.store.base import Era, Past
from gateway.web import answers
from gateway.web.messages import Pair, Response
from gateway.web.reading import was_a_child
from gateway.web.routes import types
from gateway.web.shape import asked_shape, reduced
from gateway.web.visit import Visit
from gateway.web.words import pairs

#: The parameters of a history beside those of a read.
PARAMETERS = ("_at", "_count", "_since", "_sort")
_BESIDE_CURSOR = ("_cursor", "_count", "_format", "_pretty")
_ORDERS = {"-_lastUpdated": False, "_lastUpdated": True}
_LONGEST_COUNT = 9


@dataclass(frozen=True, slots=True)
class Asked:
    """What a history is asked for: its time and order, how much on a page, and how much of each resource."""

    era: Era
    count: int
    shape: Query


class _Place(NamedTuple):
    """What a next-page link holds: for whom, of which question, where to go on, and what was counted."""

    client: str
    base: str
    path: str
    words: str
    after: list[Any]
    total: int


def history(visit: Visit) -> Response:
    """Answer with a page of versions, newest first unless it is asked otherwise, deletions among them.

    Raises:
        Refused: `http.not-found` where there never was such a resource, `http.gone`; what is wrong with the
            parameters; `search.cursor`.
    """
    asked, place = pairs(visit.request.query), None
    if any(name == "_cursor" for name, _ in asked):
        place = _opened(visit, asked)
        asked = pairs(place.words)
        visit.words += place.words.encode()
    wanted = read(visit, asked)
    past = _past(visit, wanted, place)
    total = past.total if place is None else place.total
    asking = visit.asking()
    entries = []
    for each in past.versions:
        visit.about(each.row.child)
        found = shown(each.row, asking)
        body = b"" if each.row.deleted else reduced(found.body, wanted.shape)
        entries.append((each, found._replace(body=body)))
    words = urlencode([pair for pair in asked if pair[0] not in _BESIDE_CURSOR[2:]])
    links = [("self", _address(visit, words) if place is None else _address(visit, visit.request.query))]
    if past.more and past.versions:
        links.append(("next", _next(visit, words, past, total or 0)))
    return answers.history(visit.request, entries, links, total)


def read(visit: Visit, asked: Sequence[Pair]) -> Asked:
    """What the parameters of a history say.

    Raises:
        Refused: `search.unknown-parameter`, `search.twice`, `search.value`.
    """
    config = visit.gateway.config
    own = {name: value.strip() for name, value in asked if name in PARAMETERS and value.strip()}
    problems: list[Problem] = []
    times = Counter(name for name, _ in asked if name in PARAMETERS)
    problems += [problem(SEARCH_TWICE, field=name, name=name) for name, count in times.items() if count > 1]
    count, era = int(config["page_size"]), Era()
    for name, value in own.items():
        try:
            if name == "_count":
                count = min(_count(value), int(config["page_most"]))
            else:
                era = _era(era, name, value)
        except ValueError:
            problems.append(_value(name))
    rest = [pair for pair in asked if pair[0] not in PARAMETERS]
    try:
        shape = asked_shape(visit.found.type or "Resource", rest, "A history", PARAMETERS)
    except Refused as refused:
        problems += refused.problems
    if problems:
        raise Refused(*problems)
    return Asked(era, count, shape)


def _past(visit: Visit, wanted: Asked, place: _Place | None) -> Past:
    found = visit.found
    past = visit.gateway.store.history(
        visit.base,
        [found.type] if found.type else _types(visit),
        found.id,
        era=wanted.era,
        limit=wanted.count,
        after=tuple(place.after) if place else None,
        total=place is None,
    )
    if past is None:
        raise refuse(HTTP_GONE if was_a_child(visit) else HTTP_NOT_FOUND, type=found.type)
    return past


def _types(visit: Visit) -> list[str]:
    """The types that the history of a whole feed is of: those of which the caller may see all."""
    seen = visit.decision.types if visit.decision else frozenset()
    return [type for type in types("tell") if seen is None or type in seen]


def _era(era: Era, name: str, value: str) -> Era:
    """The time and order as one more parameter narrows them."""
    if name == "_sort":
        if value not in _ORDERS:
            raise ValueError("another order")
        return replace(era, oldest_first=_ORDERS[value])
    when = span(value.replace(" ", "+"))
    if name == "_since":
        return replace(era, since=when.low)
    return replace(era, before=when.high, outlasts=when.low)


def _count(text: str) -> int:
    if not (text.isascii() and text.isdecimal() and len(text) <= _LONGEST_COUNT):
        raise ValueError("no count")
    return int(text)


def _value(name: str) -> Problem:
    expected, example = {
        "_count": ("a whole number from 0", "20"),
        "_sort": ("an order", " or ".join(_ORDERS)),
    }.get(name, ("a date or an instant", "2026-11-24T09:00:00Z"))
    return problem(SEARCH_VALUE, field=name, expected=expected, example=example)


def _opened(visit: Visit, asked: Sequence[Pair]) -> _Place:
    """The place that a next-page link goes on from; it is good for the same client and address only."""
    sealed = [value for name, value in asked if name == "_cursor"]
    if len(sealed) > 1 or any(name not in _BESIDE_CURSOR for name, _ in asked):
        raise refuse(SEARCH_CURSOR)
    gateway = visit.gateway
    content = gateway.keys.unseal(sealed[0], int(gateway.config["cursor_life"]))
    try:
        place = msgspec.json.decode(content or b"", type=_Place)
    except msgspec.MsgspecError:
        raise refuse(SEARCH_CURSOR) from None
    if (place.client, place.base, place.path) != (_client(visit), visit.base, visit.request.path):
        raise refuse(SEARCH_CURSOR)
    return place


def _next(visit: Visit, words: str, past: Past, total: int) -> str:
    after = list(past.versions[-1].row.key)
    place = _Place(_client(visit), visit.base, visit.request.path, words, after, total)
    sealed = visit.gateway.keys.seal(msgspec.json.encode(place))
    return _address(visit, f"_cursor={sealed}")


def _client(visit: Visit) -> str:
    return visit.principal.client if visit.principal else ""


def _address(visit: Visit, query: str) -> str:
    return f"{visit.request.base}/{visit.request.path}" + (f"?{query}" if query else "")
