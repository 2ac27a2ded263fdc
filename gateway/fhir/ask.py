"""A query string read against R4's parameters: a typed `Query`, or every reason why not.

What is not understood is refused, never silently dropped: a question about a child that was answered for
all children is worse than no answer. `Prefer: handling=lenient` has it left out and named instead.

Source: https://hl7.org/fhir/R4/search.html; unknown parameters: 3.1.1.3 there
"""

import re
from collections.abc import Iterable
from dataclasses import replace
from functools import cache

from gateway.fhir import facts
from gateway.fhir.index import elements
from gateway.fhir.parameters import SHELF, Asked, Context
from gateway.fhir.parameters.context import refused, split_commas
from gateway.fhir.query import Criterion, Query, Token, Value
from gateway.fhir.results import RESULT_PARAMETERS, read_results
from gateway.problems import Kind, Problem, Refused, problem, refuse
from gateway.problems.search import (
    SEARCH_NAME,
    SEARCH_NOT_SUPPORTED,
    SEARCH_TOO_LONG,
    SEARCH_TYPE_NEEDED,
    SEARCH_UNKNOWN_MODIFIER,
    SEARCH_UNKNOWN_PARAMETER,
)

MOST_CRITERIA = 100
MOST_ALTERNATIVES = 1000
DEEPEST_CHAIN = 8

#: Parameters of R4 that this server knows of and does not do.
_NOT_YET = frozenset(
    ("_contained", "_containedType", "_content", "_filter", "_has", "_include")
    + ("_list", "_query", "_revinclude", "_score", "_text", "_type")
)
_SOFT = frozenset({SEARCH_NOT_SUPPORTED, SEARCH_UNKNOWN_PARAMETER})
_CHOSEN = re.compile(r"resolve\(\) is (\w+)")
_SAFE_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_.:\-]{0,99}")
_MODIFIERS = {"_id": ("not",), "_lastUpdated": ()}


def parse(
    resource_type: str,
    pairs: Iterable[tuple[str, str]],
    *,
    page_most: int,
    lenient: bool = False,
    context: Context | None = None,
) -> Query:
    """The question that a query string asks of one resource type.

    Args:
        resource_type: one that exists.
        pairs: names and values in their order, percent-decoded; parameters without a value are ignored.
        page_most: the largest page; a larger `_count` is cut to it.
        lenient: leave out what is not understood and name it in `Query.ignored`. Modifiers, chains and
            values that are not understood are refused all the same.
        context: what the server brings: own bases, aliases and forms of identifiers.

    Raises:
        Refused: with all problems at once: `search.unknown-parameter`, `search.not-supported`,
            `search.unknown-modifier`, `search.value`, `search.type-needed`, `search.sort`,
            `search.unknown-element`, `search.twice`, `search.empty-name`, `search.too-long`.
    """
    criteria: list[Criterion] = []
    results: list[tuple[str, str]] = []
    problems: list[Problem] = []
    ignored: list[str] = []
    for name, value in pairs:
        if not value.strip(", "):
            continue
        if name in RESULT_PARAMETERS:
            results.append((name, value))
            continue
        try:
            criteria.append(_Reader(value, context or Context()).criterion(resource_type, name))
        except Refused as found:
            if lenient and all(each.kind in _SOFT for each in found.problems) and "." not in name:
                ignored.append(_safe(name))
            else:
                problems += found.problems
    if len(criteria) > MOST_CRITERIA:
        problems.append(problem(SEARCH_TOO_LONG, most=MOST_CRITERIA, what="parameters"))
    query = read_results(Query(resource_type), results, problems, ignored, page_most, lenient)
    if problems:
        raise Refused(*problems)
    return replace(query, criteria=tuple(criteria), ignored=tuple(ignored))


@cache
def supported(resource_type: str) -> tuple[facts.Parameter, ...]:
    """The search parameters that `parse` accepts for a type, in the order of their codes."""
    own = facts.parameters(resource_type).values()
    return tuple(each for each in own if each.type in SHELF and each.expression)


class _Reader:
    """Reads one parameter of a query; for a chain, against each type that a step may lead to."""

    def __init__(self, value: str, context: Context) -> None:
        self.pieces = split_commas(value)
        self.context = context
        self.known: dict[tuple[str, str], Criterion | Refused] = {}

    def criterion(self, resource_type: str, name: str) -> Criterion:
        """The criterion that `name` with this value is for a type."""
        if not name:
            raise refuse(SEARCH_NAME)
        if len(self.pieces) > MOST_ALTERNATIVES:
            raise refuse(
                SEARCH_TOO_LONG, field=_safe(name), most=MOST_ALTERNATIVES, what="values for one name"
            )
        if name.count(".") > DEEPEST_CHAIN:
            raise refuse(SEARCH_TOO_LONG, field=_safe(name), most=DEEPEST_CHAIN, what="steps in one chain")
        head, dot, rest = name.partition(".")
        code, _, modifier = head.partition(":")
        parameter = _parameter(resource_type, code, name)
        if dot:
            return self._chain(parameter, modifier, rest, name)
        allowed = _MODIFIERS.get(code, SHELF[parameter.type].modifiers)
        if modifier and modifier not in allowed and not _is_target(parameter, modifier):
            raise _bad_modifier(parameter, modifier, allowed)
        return Criterion(
            code,
            parameter.type,
            modifier,
            self._values(parameter, modifier, resource_type),
            text=self._text(name),
        )

    def _text(self, name: str) -> str:
        return f"{name}={','.join(self.pieces)}"

    def _values(self, parameter: facts.Parameter, modifier: str, resource_type: str) -> tuple[Value, ...]:
        looked_at = elements(resource_type, parameter.code)
        targets = _targets(parameter)
        asked = Asked(self.context, modifier, targets, looked_at.types, looked_at.value_sets)
        values: dict[Value, None] = {}
        problems: list[Problem] = []
        for piece in self.pieces:
            try:
                found = _missing(piece) if modifier == "missing" else SHELF[parameter.type].read(piece, asked)
                values.update(dict.fromkeys(found))
            except Refused as refusal:
                problems += [replace(each, field=parameter.code) for each in refusal.problems]
        if problems:
            raise Refused(*problems)
        return tuple(values)

    def _chain(self, parameter: facts.Parameter, modifier: str, rest: str, name: str) -> Criterion:
        """The criterion on what `parameter` leads to, of type `modifier` or of any type it may lead to."""
        if parameter.type != "reference" or (modifier and not _is_target(parameter, modifier)):
            raise _bad_modifier(parameter, modifier or rest.partition(".")[0], ())
        types = (modifier,) if modifier else _targets(parameter) or facts.resource_types()
        found: dict[Criterion, list[str]] = {}
        refusals: list[Refused] = []
        for each in types:
            inner = self._inner(each, rest)
            if isinstance(inner, Refused):
                refusals.append(inner)
            else:
                found.setdefault(inner, []).append(each)
        if not found:
            raise _worst(refusals)
        if len(found) > 1:
            example = f"{parameter.code}:{next(iter(found.values()))[0]}.{rest}"
            raise refuse(SEARCH_TYPE_NEEDED, field=_safe(name), name=_safe(name), example=_safe(example))
        ((inner, having),) = found.items()
        only = having[0] if len(having) == 1 else ""
        return Criterion(parameter.code, "reference", modifier or only, (), inner, self._text(name))

    def _inner(self, resource_type: str, name: str) -> Criterion | Refused:
        key = resource_type, name
        if key not in self.known:
            try:
                self.known[key] = self.criterion(resource_type, name)
            except Refused as refusal:
                self.known[key] = refusal
        return self.known[key]


def _parameter(resource_type: str, code: str, name: str) -> facts.Parameter:
    """The supported parameter of that code, or the refusal that lists those there are."""
    found = facts.parameters(resource_type).get(code)
    if found is not None and found in supported(resource_type):
        return found
    kind: Kind = SEARCH_NOT_SUPPORTED if found is not None or code in _NOT_YET else SEARCH_UNKNOWN_PARAMETER
    listed = ", ".join(each.code for each in supported(resource_type))
    raise refuse(kind, field=_safe(name), type=resource_type, name=_safe(code), supported=listed)


def _targets(parameter: facts.Parameter) -> tuple[str, ...]:
    """The types a reference may lead to; empty for any.

    R4 gives `patient` of Observation the targets of `subject`, Group among them, and lets the expression
    choose.
    """
    chosen = set(_CHOSEN.findall(parameter.expression))
    if parameter.code == "patient" or len(chosen) == 1:
        return tuple(chosen) or ("Patient",)
    return parameter.targets


def _is_target(parameter: facts.Parameter, modifier: str) -> bool:
    """Whether `modifier` is the name of a type that the parameter may lead to."""
    targets = _targets(parameter) or facts.resource_types()
    return parameter.type == "reference" and modifier in targets


def _bad_modifier(parameter: facts.Parameter, modifier: str, allowed: tuple[str, ...]) -> Refused:
    listed = [f":{each}" for each in allowed]
    if parameter.type == "reference":
        listed += [f":{each}" for each in _targets(parameter)] or [":[type]"]
    return refuse(
        SEARCH_UNKNOWN_MODIFIER,
        field=parameter.code,
        name=parameter.code,
        modifier=_safe(modifier),
        supported=", ".join(listed) or "none",
    )


def _worst(refusals: list[Refused]) -> Refused:
    """Of the refusals for each type, one that is about more than an unknown name, if there is one."""
    telling = [each for each in refusals if each.problems[0].kind not in _SOFT]
    return (telling or refusals)[0]


def _missing(piece: str) -> tuple[Value, ...]:
    if piece not in ("true", "false"):
        raise refused(piece, "true or false", "true or false")
    return (Value(Token("", piece), text=piece),)


def _safe(name: str) -> str:
    """The name as it may be shown: one that is not shaped like a parameter could hold anything."""
    return name if _SAFE_NAME.fullmatch(name) else "…"
