"""The parameters of a query that shape the answer and not the question: `_sort`, `_count`, `_total`, …

Source: https://hl7.org/fhir/R4/search.html#return
"""

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import TypeVar

from gateway.fhir import facts
from gateway.fhir.index import UNSOUND, aliases
from gateway.fhir.parameters import SHELF
from gateway.fhir.parameters.context import refused
from gateway.fhir.query import Query, Sort
from gateway.problems import Problem, Refused, problem
from gateway.problems.search import SEARCH_ELEMENT, SEARCH_SORT, SEARCH_TWICE

_TOTALS = {"none": "none", "estimate": "accurate", "accurate": "accurate"}
_SUMMARIES = {"true": "true", "text": "text", "data": "data", "count": "count", "false": ""}
_TRUTHS = {"true": True, "false": False}
_Meaning = TypeVar("_Meaning")
_SOFT = frozenset({SEARCH_SORT, SEARCH_ELEMENT})


def read_results(
    query: Query,
    pairs: list[tuple[str, str]],
    problems: list[Problem],
    ignored: list[str],
    page_most: int,
    lenient: bool,
) -> Query:
    """`query` with what its result parameters say; what they do wrong goes to `problems` or `ignored`."""
    seen: set[str] = set()
    for name, value in pairs:
        if name in seen and name != "_format":
            problems.append(problem(SEARCH_TWICE, field=name, name=name))
            continue
        seen.add(name)
        try:
            query = _READERS[name](query, value.strip())
        except Refused as found:
            soft = lenient and all(each.kind in _SOFT for each in found.problems)
            if soft:
                ignored.append(name)
            else:
                problems += [replace(each, field=name) for each in found.problems]
    if query.count is not None and query.count > page_most:
        query = replace(query, count=page_most)
    return query


def sortable(resource_type: str) -> tuple[str, ...]:
    """The codes that `_sort` takes for a type, besides `_id` and `_lastUpdated`."""
    own = facts.parameters(resource_type).values()
    return tuple(
        each.code
        for each in own
        if each.type in SHELF
        and each.type not in ("reference", "composite")
        and each.expression
        and each.code not in UNSOUND
        and each.code not in aliases(resource_type)
        and each.definition.startswith(facts.PARAMETER_URL)
    )


def _sort(query: Query, value: str) -> Query:
    keys, problems = [], []
    able = sortable(query.type)
    for piece in _pieces(value):
        code = piece.removeprefix("-")
        if code in able:
            keys.append(Sort(code, piece.startswith("-")))
        else:
            shown = code if code.replace("-", "").isalnum() and len(code) < 40 else "…"
            listed = ", ".join(each for each in able if not each.startswith("_"))
            problems.append(problem(SEARCH_SORT, type=query.type, name=shown, supported=listed))
    if problems:
        raise Refused(*problems)
    return replace(query, sort=tuple(dict.fromkeys(keys)))


def _count(query: Query, value: str) -> Query:
    if not (value.isascii() and value.isdigit() and len(value) < 10):
        raise refused(value, "a number of results", "a whole number from 0")
    return replace(query, count=int(value))


def _total(query: Query, value: str) -> Query:
    return replace(query, total=_one_of(_TOTALS, value))


def _summary(query: Query, value: str) -> Query:
    return replace(query, summary=_one_of(_SUMMARIES, value))


def _pretty(query: Query, value: str) -> Query:
    return replace(query, pretty=_one_of(_TRUTHS, value))


def _elements(query: Query, value: str) -> Query:
    """The elements asked for, by the names that JSON uses: `value` stands for each `valueX`."""
    members = facts.members(query.type)
    names: list[str] = []
    problems = []
    for piece in _pieces(value):
        name = piece.removeprefix(f"{query.type}.").removesuffix("[x]")
        found = [name] if name in members else [key for key, each in members.items() if each.choice == name]
        names += found
        if not found:
            shown = name if name.isalnum() and len(name) < 40 else "…"
            problems.append(problem(SEARCH_ELEMENT, type=query.type, name=shown))
    if problems:
        raise Refused(*problems)
    return replace(query, elements=tuple(dict.fromkeys(names)))


def _format(query: Query, value: str) -> Query:
    """Content negotiation has read it already."""
    return query


def _one_of(table: Mapping[str, _Meaning], value: str) -> _Meaning:
    if value not in table:
        listed = ", ".join(table)
        raise refused(value, f"one of {listed}", f"one of {listed}")
    return table[value]


def _pieces(value: str) -> list[str]:
    return [piece.strip() for piece in value.split(",") if piece.strip()]


_READERS: dict[str, Callable[[Query, str], Query]] = {
    "_count": _count,
    "_elements": _elements,
    "_format": _format,
    "_pretty": _pretty,
    "_sort": _sort,
    "_summary": _summary,
    "_total": _total,
}

RESULT_PARAMETERS = frozenset(_READERS)
