"""Resources with fewer elements, for `_summary` and `_elements`; the only answers that have to be parsed.

Source: HL7 FHIR R4 search, https://hl7.org/fhir/R4/search.html#summary and #elements
"""

from functools import cache
from typing import Any

from gateway.fhir import facts, json
from gateway.fhir.query import Query
from gateway.fhir.results import read_results
from gateway.problems import Problem, Refused, problem
from gateway.problems.search import SEARCH_UNKNOWN_PARAMETER, SEARCH_VALUE
from gateway.web.messages import Pair

Resource = dict[str, Any]

SUBSETTED = {
    "system": "http://terminology.hl7.org/CodeSystem/v3-ObservationValue",
    "code": "SUBSETTED",
    "display": "Resource encoded in summary mode",
}
_ALWAYS = frozenset({"resourceType", "id", "meta", "implicitRules"})
_ON_READ = ("_elements", "_format", "_pretty", "_summary")


def asked_shape(type: str, pairs: list[Pair], what: str = "A read", also: tuple[str, ...] = ()) -> Query:
    """Return the shape that the parameters of a read ask for, as the query that a search would have.

    Args:
        what: is asked for, in words.
        also: other parameters it has.

    Raises:
        Refused: `search.unknown-parameter` for any other parameter, and what is wrong with these.
    """
    problems: list[Problem] = [
        problem(
            SEARCH_UNKNOWN_PARAMETER,
            type=what,
            name=name if name.isidentifier() and len(name) < 40 else "…",
            near="",
            supported=", ".join(sorted((*_ON_READ, *also))),
        )
        for name, value in pairs
        if name not in _ON_READ and value
    ]
    known = [pair for pair in pairs if pair[0] in _ON_READ and pair[1]]
    shape = read_results(Query(type), known, problems, [], 0, False)
    if shape.summary == "count":
        listed = "true, text, data or false"
        problems.append(problem(SEARCH_VALUE, field="_summary", expected=listed, example=listed))
    if problems:
        raise Refused(*problems)
    return shape


def reduced(body: bytes, shape: Query) -> bytes:
    """Return the resource with what a query's `_elements` or `_summary` leaves of it, marked SUBSETTED.

    What R4 says must be there, or changes the meaning of the rest, stays; `id` and `meta` always do.
    """
    if not shape.elements and shape.summary in ("", "count"):
        return body
    resource: Resource = json.read_trusted(body)
    type = resource["resourceType"]
    if shape.elements:
        kept = _picked(resource, frozenset(shape.elements) | _needed(type) | _modifying(type))
    elif shape.summary == "true":
        kept = _summary(resource, type)
    elif shape.summary == "text":
        kept = _picked(resource, _needed(type) | {"text"})
    else:
        kept = {name: value for name, value in resource.items() if name != "text"}
    return json.write(_marked(kept))


def _picked(resource: Resource, names: frozenset[str]) -> Resource:
    wanted = names | _ALWAYS
    return {name: value for name, value in resource.items() if name.removeprefix("_") in wanted}


def _summary(item: Resource, path: str) -> Resource:
    """The summary elements of an object, and of the parts nested in it."""
    members = facts.members(path)
    kept: Resource = {}
    for name, value in item.items():
        element = members.get(name.removeprefix("_"))
        if name in _ALWAYS:
            kept[name] = value
        elif element is not None and (element.summary or element.min or element.modifier):
            kept[name] = _nested(value, element.inside) if element.inside == element.path else value
    return kept


def _nested(value: Any, path: str) -> Any:
    if isinstance(value, list):
        return [_nested(each, path) for each in value]
    return _summary(value, path) if isinstance(value, dict) else value


def _marked(resource: Resource) -> Resource:
    meta = dict(resource.get("meta") or {})
    meta["tag"] = [*meta.get("tag", []), SUBSETTED]
    head: Resource = {name: resource[name] for name in ("resourceType", "id") if name in resource}
    return {**head, "meta": meta, **{name: each for name, each in resource.items() if name != "meta"}}


@cache
def _needed(type: str) -> frozenset[str]:
    return frozenset(name for name, each in facts.members(type).items() if each.min)


@cache
def _modifying(type: str) -> frozenset[str]:
    return frozenset(name for name, each in facts.members(type).items() if each.modifier)
