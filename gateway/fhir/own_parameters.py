"""Search parameters beside R4's own: SearchParameter resources, read as the index and questions need them.

Source: https://hl7.org/fhir/R4/searchparameter.html
"""

import hashlib
import json
import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from gateway.fhir import facts
from gateway.fhir.expression import parse
from gateway.fhir.parameters import SHELF
from gateway.fhir.paths import PathReader
from gateway.problems import Problem, Refused, problem
from gateway.problems.search import SEARCH_DEFINITION

Resource = Mapping[str, Any]

_CODE = re.compile(r"[a-zA-Z][A-Za-z0-9\-_]{0,63}")
_KINDS = ("date", "number", "quantity", "reference", "string", "token", "uri")


class Own(NamedTuple):
    """The parameters of some SearchParameter resources.

    Attributes:
        parameters: by resource type.
        forms: of each canonical url, a hash of what decides what is indexed for it.
    """

    parameters: Mapping[str, tuple[facts.Parameter, ...]]
    forms: Mapping[str, str]


def read_own(resources: Iterable[Resource]) -> Own:
    """The parameters of SearchParameter resources; retired ones are left out.

    Raises:
        Refused: `search.definition` for each that cannot be used, with the reason.
    """
    found: dict[str, dict[str, facts.Parameter]] = {}
    forms: dict[str, str] = {}
    problems: list[Problem] = []
    for resource in resources:
        if resource.get("status") == "retired":
            continue
        read = _read(resource)
        if isinstance(read, str):
            name = str(resource.get("url") or resource.get("id") or "a SearchParameter")
            problems.append(problem(SEARCH_DEFINITION, name=name, reason=read))
            continue
        for type, parameter in read.items():
            found.setdefault(type, {})[parameter.code] = parameter
        decisive = [resource.get(each) for each in ("code", "type", "expression", "base")]
        forms[resource["url"]] = hashlib.sha256(json.dumps(decisive).encode()).hexdigest()[:16]
    if problems:
        raise Refused(*problems)
    return Own({type: tuple(each.values()) for type, each in found.items()}, forms)


def _read(resource: Resource) -> dict[str, facts.Parameter] | str:
    """The parameter for each type that it is for, or why it cannot be used."""
    code, kind, url = (str(resource.get(each, "")) for each in ("code", "type", "url"))
    expression, bases = str(resource.get("expression", "")), resource.get("base", [])
    if not url or not _CODE.fullmatch(code):
        return "it needs a url, and a code of letters, digits and hyphens"
    if kind not in _KINDS:
        return f"its type must be one of {', '.join(_KINDS)}"
    found: dict[str, facts.Parameter] = {}
    for base in bases:
        types = [each for each in facts.resource_types() if facts.is_a(each, base)]
        if not types:
            return "it names a base that R4 does not have"
        part = facts.own_part(expression, base) if len(bases) > 1 else expression
        for type in types:
            refusal = _unusable(type, code, kind, part)
            if refusal:
                return refusal
            targets: Sequence[str] = resource.get("target", ())
            found[type] = facts.Parameter(code, kind, part, url, tuple(targets))
    return found or "it names no base"


def _unusable(type: str, code: str, kind: str, expression: str) -> str:
    known = facts.parameters(type).get(code)
    if known is not None and known.definition.startswith(facts.PARAMETER_URL):
        return f"R4 has a parameter {code} for {type} already"
    if not expression:
        return "it has no expression"
    try:
        paths = PathReader(type).paths(parse(expression))
    except Refused as refusal:
        return f"its expression is not understood: {refusal.problems[0].says}"
    others = sorted({path.type for path in paths} - SHELF[kind].entries.keys())
    if others:
        return f"its expression gives {', '.join(others)}, which is no {kind}"
    return ""
