"""A search over several types: one query string, read against each of them.

Source: https://hl7.org/fhir/R4/http.html#vsearch ("search across all resource types")
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from functools import partial

from gateway.fhir import facts
from gateway.fhir.ask import by_kind, parse
from gateway.fhir.includes import read_includes
from gateway.fhir.parameters import Context
from gateway.fhir.query import Query
from gateway.fhir.results import read_results
from gateway.problems import Problem, Refused, problem, refuse
from gateway.problems.search import (
    SEARCH_ELEMENT,
    SEARCH_INCLUDE_TEXT,
    SEARCH_SORT,
    SEARCH_TWICE,
    SEARCH_TYPES,
)

Pairs = Iterable[tuple[str, str]]

#: A type that has the parameters and elements of all, and no others.
_ANY = "Resource"
_SORTED_BY = ("_id", "_lastUpdated")


def named_types(pairs: Pairs, served: Sequence[str]) -> tuple[str, ...]:
    """The types that `_type` names, in the order of `served`; none where it is not there.

    Raises:
        Refused: `search.types`, `search.twice`.
    """
    given = [value for name, value in pairs if name == "_type" and value.strip(", ")]
    if len(given) > 1:
        raise refuse(SEARCH_TWICE, field="_type", name="_type")
    asked = {piece.strip() for value in given for piece in value.split(",") if piece.strip()}
    for each in sorted(asked.difference(served)):
        raise refuse(SEARCH_TYPES, field="_type", name=each if facts.is_resource(each) else "…")
    return tuple(each for each in served if each in asked)


def parse_several(
    types: Sequence[str],
    pairs: Sequence[tuple[str, str]],
    *,
    page_most: int,
    lenient: bool = False,
    context: Context | None = None,
    named: tuple[str, ...] = (),
) -> Query:
    """The question that a query string asks of several types: each parameter must be one of all of them.

    Args:
        types: at least one, each of which exists.
        pairs: names and values in their order, percent-decoded, without `_type`.
        page_most: the largest page.
        lenient: as `parse`.
        context: as `parse`.
        named: those of the types that the question names.

    Raises:
        Refused: as `parse`; sorted can only be by `_id` and `_lastUpdated`.
    """
    criteria, results, along = by_kind(pairs)
    problems: list[Problem] = []
    ignored: list[str] = []
    shaping = [each for each in results if each[0] != "_elements"]
    shape = read_results(Query(_ANY), shaping, problems, ignored, page_most, lenient)
    problems += _unsorted(shape)
    shape = replace(shape, elements=_elements(types, results, problems, ignored, lenient))
    includes = read_includes(types, along, problems, ignored, lenient)
    if includes and shape.summary == "text":
        problems.append(problem(SEARCH_INCLUDE_TEXT, field="_summary"))
    read = partial(parse, page_most=page_most, lenient=lenient, context=context)
    each: list[Query] = []
    left_out: set[str] = set()
    try:
        each, left_out = _read_each(types, criteria, read)
    except Refused as found:
        problems += found.problems
    if problems:
        raise Refused(*problems)
    return replace(
        shape,
        type="",
        criteria=each[0].criteria,
        includes=includes,
        types=named,
        each=tuple(replace(query, sort=shape.sort) for query in each),
        ignored=tuple(dict.fromkeys([*ignored, *sorted(left_out)])),
    )


def _read_each(
    types: Sequence[str], criteria: list[tuple[str, str]], read: Callable[[str, Pairs], Query]
) -> tuple[list[Query], set[str]]:
    """The question to each type, and what was left out: a parameter is used for all types or for none."""
    each = [read(type, criteria) for type in types]
    left_out = {name for query in each for name in query.ignored}
    if any(left_out.difference(query.ignored) for query in each):
        used = [(name, value) for name, value in criteria if name not in left_out]
        each = [read(type, used) for type in types]
    return each, left_out


def _unsorted(shape: Query) -> list[Problem]:
    """What several types cannot be sorted by together: values of one name need not be of one kind."""
    wrong = [each.param for each in shape.sort if each.param not in _SORTED_BY]
    asked = "A search over several types"
    return [
        problem(SEARCH_SORT, field="_sort", type=asked, name=each, supported="nothing else") for each in wrong
    ]


def _elements(
    types: Sequence[str],
    results: Sequence[tuple[str, str]],
    problems: list[Problem],
    ignored: list[str],
    lenient: bool,
) -> tuple[str, ...]:
    """The elements that any of the types has; one that none has is refused."""
    given = [each for each in results if each[0] == "_elements"]
    if not given:
        return ()
    found: dict[str, None] = {}
    unknown: list[list[Problem]] = []
    for piece in given[0][1].split(","):
        refusals: list[list[Problem]] = []
        for type in types:
            wrong: list[Problem] = []
            query = read_results(Query(type), [("_elements", piece)], wrong, [], 0, False)
            found.update(dict.fromkeys(query.elements))
            refusals.append(wrong)
        if all(refusals):
            unknown.append(refusals[0])
    if len(given) > 1:
        problems.append(problem(SEARCH_TWICE, field="_elements", name="_elements"))
    if unknown and lenient and all(each.kind is SEARCH_ELEMENT for some in unknown for each in some):
        ignored.append("_elements")
        return ()
    problems += [each for some in unknown for each in some]
    return tuple(found)
