"""A query string read against R4's parameters: a typed `Query`, or every reason why not.

What is not understood is refused, never silently dropped: a question about a child that was answered for
all children is worse than no answer. `Prefer: handling=lenient` has it left out and named instead.

Source: https://hl7.org/fhir/R4/search.html; unknown parameters: 3.1.1.3 there
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import NamedTuple

from gateway.fhir import facts
from gateway.fhir.bindings import meant
from gateway.fhir.composites import composites
from gateway.fhir.having import HAS, is_having, read_having
from gateway.fhir.includes import is_include, read_includes
from gateway.fhir.index import UNSOUND, Elements, aliases, elements
from gateway.fhir.leads import types_led_to
from gateway.fhir.parameters import SHELF, Asked, Context, tokens
from gateway.fhir.parameters.context import refused, split_commas
from gateway.fhir.primitives import ID
from gateway.fhir.query import Criterion, Query, Token, Value
from gateway.fhir.results import RESULT_PARAMETERS, read_results
from gateway.problems import Problem, Refused, problem, refuse
from gateway.problems.search import (
    SEARCH_INCLUDE_TEXT,
    SEARCH_NAME,
    SEARCH_NO_CHAIN,
    SEARCH_NOT_INDEXED,
    SEARCH_NOT_SUPPORTED,
    SEARCH_TOO_LONG,
    SEARCH_TYPE_NEEDED,
    SEARCH_UNKNOWN_MODIFIER,
    SEARCH_UNKNOWN_PARAMETER,
    SEARCH_VALUE,
)

Pair = tuple[str, str]

MOST_CRITERIA = 100
MOST_ALTERNATIVES = 1000
DEEPEST_CHAIN = 8
LIST = "_list"

#: Parameters of R4 that this server knows of and does not do.
_NOT_YET = frozenset(
    {
        *("_contained", "_containedType", "_content", "_filter"),
        *("_query", "_score", "_text", "_type"),
    }
)
_SOFT = frozenset({SEARCH_NOT_SUPPORTED, SEARCH_UNKNOWN_PARAMETER})
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
    problems: list[Problem] = []
    ignored: list[str] = []
    asked, results, includes = by_kind(pairs)
    for name, value in asked:
        try:
            criteria.append(_Reader(value, context or Context()).whole(resource_type, name))
        except Refused as found:
            if lenient and all(each.kind in _SOFT for each in found.problems) and not _leads_on(name):
                ignored.append(_safe(name))
            else:
                problems += found.problems
    if len(criteria) > MOST_CRITERIA:
        problems.append(problem(SEARCH_TOO_LONG, most=MOST_CRITERIA, what="parameters"))
    query = read_results(Query(resource_type), results, problems, ignored, page_most, lenient)
    along = read_includes([resource_type], includes, problems, ignored, lenient)
    if along and query.summary == "text":
        problems.append(problem(SEARCH_INCLUDE_TEXT, field="_summary"))
    if problems:
        raise Refused(*problems)
    return replace(query, includes=along, criteria=tuple(criteria), ignored=tuple(ignored))


def by_kind(pairs: Iterable[tuple[str, str]]) -> tuple[list[Pair], list[Pair], list[Pair]]:
    """Parameters with a value: what is asked, what shapes the answer, and what lets others come along."""
    kinds: tuple[list[Pair], list[Pair], list[Pair]] = ([], [], [])
    for name, value in pairs:
        if value.strip(", "):
            kinds[1 if name in RESULT_PARAMETERS else 2 if is_include(name) else 0].append((name, value))
    return kinds


@facts.remembered
def supported(resource_type: str) -> tuple[facts.Parameter, ...]:
    """The search parameters that `parse` accepts for a type, in the order of their codes."""
    own = facts.parameters(resource_type).values()
    return tuple(each for each in own if each.type in SHELF and each.expression and each.code not in UNSOUND)


class _Known(NamedTuple):
    """A supported parameter of one type, with what reading its values needs.

    Attributes:
        parameter: as R4 has it.
        targets: the types it may lead to, if it is a reference; empty for any.
        looks_at: its elements.
        parts: of a composite parameter.
        within: the names of its values in the index, where these are not its own code.
    """

    parameter: facts.Parameter
    targets: tuple[str, ...]
    looks_at: Elements
    parts: tuple[tuple[str, Asked], ...] = ()
    within: tuple[str, ...] = ()

    @property
    def modifiers(self) -> tuple[str, ...]:
        """The modifiers it takes, besides types of resources."""
        if self.parameter.code in _MODIFIERS:
            return _MODIFIERS[self.parameter.code]
        if self.parameter.type == "token":
            return tokens.modifiers(self.looks_at.types)
        return SHELF[self.parameter.type].modifiers

    def names(self, modifier: str) -> tuple[str, ...]:
        """The codes under which the index has what is asked for, where that is not its own alone."""
        if modifier in ("text", "of-type"):
            return tuple(f"{name}:{modifier}" for name in self.within or (self.parameter.code,))
        return self.within

    def leads_to(self, resource_type: str) -> bool:
        """Whether it is a reference that may lead to that type."""
        targets = self.targets or facts.resource_types()
        return self.parameter.type == "reference" and resource_type in targets


class _Reader:
    """Reads one parameter of a query; for a chain, against each type that a step may lead to."""

    def __init__(self, value: str, context: Context) -> None:
        self.pieces = split_commas(value)
        self.context = context
        self.met: dict[tuple[str, str], Criterion | Refused] = {}

    def whole(self, resource_type: str, name: str) -> Criterion:
        """The criterion of a parameter as it stands in the query."""
        if not name:
            raise refuse(SEARCH_NAME)
        for count, most, what in (
            (len(self.pieces), MOST_ALTERNATIVES, "values for one parameter"),
            (name.count(".") + name.count(f"{HAS}:"), DEEPEST_CHAIN, "steps in one chain"),
        ):
            if count > most:
                raise refuse(SEARCH_TOO_LONG, field=_safe(name), most=most, what=what)
        return self.criterion(resource_type, name)

    def criterion(self, resource_type: str, name: str) -> Criterion:
        """The criterion that `name`, or what is left of a chain, is for a type."""
        if is_having(name):
            return self._having(resource_type, name)
        if name == LIST:
            return self._listed()
        head, dot, rest = name.partition(".")
        code, _, modifier = head.partition(":")
        known = _known(resource_type, code)
        if known is None:
            raise _unknown(resource_type, code, name)
        kind = known.parameter.type
        text = f"{name}={','.join(self.pieces)}"
        if dot:
            only, inner = self._chain(known, modifier, rest, name)
            return Criterion(code, kind, only, (), inner, text)
        if self.context.unready:
            self._refuse_unready(resource_type, known.parameter, modifier)
        allowed = known.modifiers
        if modifier and modifier not in allowed and not known.leads_to(modifier):
            raise _bad_modifier(known, modifier, allowed)
        values = self._values(known, modifier)
        return Criterion(code, kind, modifier, values, text=text, within=known.names(modifier))

    def _listed(self) -> Criterion:
        """The criterion that a List which is kept here has the resource among its items."""
        for piece in self.pieces:
            if not ID.fullmatch(piece):
                raise refuse(SEARCH_VALUE, field=LIST, value=piece, expected="the id of a List", example="42")
        text = f"{LIST}={','.join(self.pieces)}"
        return Criterion(HAS, "has", "List", (), self.criterion("List", "_id"), text, within=("item",))

    def _having(self, resource_type: str, name: str) -> Criterion:
        """The criterion of a `_has`, or of what is left of one."""
        step = read_having(resource_type, name)
        inner = self.criterion(step.source, step.rest)
        text = f"{name}={','.join(self.pieces)}"
        return Criterion(HAS, "has", step.source, (), inner, text, within=(step.param,))

    def _refuse_unready(self, resource_type: str, parameter: facts.Parameter, modifier: str) -> None:
        code = parameter.code
        if not self.context.unready.isdisjoint(
            (parameter.type, f":{modifier}", code, f"{resource_type}.{code}")
        ):
            name = f"{code}:{modifier}" if f":{modifier}" in self.context.unready else code
            raise refuse(SEARCH_NOT_INDEXED, field=code, name=name)

    def _values(self, known: _Known, modifier: str) -> tuple[Value, ...]:
        read = _missing if modifier == "missing" else SHELF[known.parameter.type].read
        asked = Asked(self.context, modifier, known.targets, *known.looks_at, known.parts)
        values: dict[Value, None] = {}
        problems: list[Problem] = []
        for piece in self.pieces:
            try:
                values.update(dict.fromkeys(read(piece, asked)))
            except Refused as refusal:
                problems += [replace(each, field=known.parameter.code) for each in refusal.problems]
        if problems:
            raise Refused(*problems)
        return tuple(values)

    def _chain(self, known: _Known, modifier: str, rest: str, name: str) -> tuple[str, Criterion]:
        """What the rest of a chain asks, and of which type; of "" where several types can answer alike."""
        code = known.parameter.code
        if known.parameter.type != "reference":
            raise refuse(SEARCH_NO_CHAIN, field=_safe(name), name=code)
        if modifier and not known.leads_to(modifier):
            raise _bad_modifier(known, modifier, ())
        found: dict[Criterion, list[str]] = {}
        refusals: list[Refused] = []
        for each in (modifier,) if modifier else known.targets or facts.resource_types():
            inner = self._inner(each, rest)
            if isinstance(inner, Refused):
                refusals.append(inner)
            else:
                found.setdefault(inner, []).append(each)
        if not found:
            raise _worst(refusals)
        (inner, having), *others = found.items()
        if others:
            example = _safe(f"{code}:{having[0]}.{rest}")
            raise refuse(SEARCH_TYPE_NEEDED, field=_safe(name), name=code, example=example)
        return modifier or (having[0] if len(having) == 1 else ""), inner

    def _inner(self, resource_type: str, name: str) -> Criterion | Refused:
        key = resource_type, name
        if key not in self.met:
            try:
                self.met[key] = self.criterion(resource_type, name)
            except Refused as refusal:
                self.met[key] = refusal
        return self.met[key]


@facts.remembered
def _all_known(resource_type: str) -> Mapping[str, _Known]:
    return {each.code: _read_known(resource_type, each) for each in supported(resource_type)}


def _read_known(resource_type: str, parameter: facts.Parameter) -> _Known:
    if parameter.type != "composite":
        code = parameter.code
        names = aliases(resource_type).get(code, ())
        return _Known(parameter, types_led_to(parameter), elements(resource_type, code), (), names)
    own = composites(resource_type)[parameter.code]
    targets = facts.parameters(resource_type)
    parts = tuple(
        (part.kind, Asked(Context(), "", types_led_to(targets[each.code]), part.types, part.value_sets))
        for part, each in zip(own.parts, parameter.components, strict=True)
    )
    return _Known(parameter, (), Elements(frozenset(), frozenset()), parts, own.names)


def _known(resource_type: str, code: str) -> _Known | None:
    return _all_known(resource_type).get(code)


def _unknown(resource_type: str, code: str, name: str) -> Refused:
    """The refusal of a parameter that R4 or this server does not have, with those there are."""
    ours = code in _NOT_YET or code in facts.parameters(resource_type)
    kind = SEARCH_NOT_SUPPORTED if ours else SEARCH_UNKNOWN_PARAMETER
    codes = [each.code for each in supported(resource_type)]
    near = f"{meant(code, codes)} ".lstrip()
    listed = ", ".join(codes)
    return refuse(kind, field=_safe(name), type=resource_type, name=_safe(code), near=near, supported=listed)


def _bad_modifier(known: _Known, modifier: str, allowed: tuple[str, ...]) -> Refused:
    code = known.parameter.code
    listed = [f":{each}" for each in allowed]
    if known.parameter.type == "reference":
        listed += [f":{each}" for each in known.targets] or [":[type]"]
    supported_ones = ", ".join(listed) or "none"
    return refuse(
        SEARCH_UNKNOWN_MODIFIER, field=code, name=code, modifier=_safe(modifier), supported=supported_ones
    )


def _worst(refusals: list[Refused]) -> Refused:
    """Of the refusals for each type, one that is about more than an unknown name, if there is one."""
    telling = [each for each in refusals if each.problems[0].kind not in _SOFT]
    return (telling or refusals)[0]


def _missing(piece: str, asked: Asked) -> tuple[Value, ...]:
    if piece not in ("true", "false"):
        raise refused(piece, "true or false", "true or false")
    return (Value(Token("", piece), text=piece),)


def _leads_on(name: str) -> bool:
    """Whether a parameter is about other resources: left out, it would be a question about all."""
    return "." in name or is_having(name)


def _safe(name: str) -> str:
    """The name as it may be shown: one that is not shaped like a parameter could hold anything."""
    return name if _SAFE_NAME.fullmatch(name) else "…"
