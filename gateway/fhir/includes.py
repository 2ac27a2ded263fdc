"""`_include` and `_revinclude`: which references are to be followed, from the matches or to them.

Source: https://hl7.org/fhir/R4/search.html#revinclude
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import replace

from gateway.fhir import facts
from gateway.fhir.leads import leading_to, references
from gateway.fhir.query import ANY_REFERENCE, Include
from gateway.problems import Problem, Refused, refuse
from gateway.problems.search import (
    SEARCH_INCLUDE,
    SEARCH_INCLUDE_ELSEWHERE,
    SEARCH_TOO_LONG,
    SEARCH_UNKNOWN_MODIFIER,
)

INCLUDES = ("_include", "_revinclude")
MOST_INCLUDES = 50

_SAFE = re.compile(r"[A-Za-z_*][A-Za-z0-9_:\-*]{0,99}")


def is_include(name: str) -> bool:
    """Whether a parameter of a query says what is to come along with the matches."""
    return name.partition(":")[0] in INCLUDES


def read_includes(
    types: Sequence[str],
    pairs: Iterable[tuple[str, str]],
    problems: list[Problem],
    ignored: list[str],
    lenient: bool,
) -> tuple[Include, ...]:
    """What is to come along; what is written wrong goes to `problems` or `ignored`.

    Args:
        types: the types that are searched.
        pairs: the names and values of `_include` and `_revinclude`.
        lenient: leave out what cannot be followed.
    """
    found: dict[Include, None] = {}
    for name, value in pairs:
        try:
            found[_include(types, name, value.strip())] = None
        except Refused as refusal:
            if lenient:
                ignored.append(name if _SAFE.fullmatch(name) else "…")
            else:
                problems += [replace(each, field=name.partition(":")[0]) for each in refusal.problems]
    if len(found) > MOST_INCLUDES:
        problems += refuse(SEARCH_TOO_LONG, most=MOST_INCLUDES, what="_include and _revinclude").problems
    return tuple(found)


def include_text(include: Include) -> tuple[str, str]:
    """An include as the parameter that asks for it."""
    name = INCLUDES[include.reverse] + ":iterate" * include.iterate
    parts = [include.source, include.param, include.target]
    return name, "*" if include.source == ANY_REFERENCE else ":".join(part for part in parts if part)


def _include(types: Sequence[str], name: str, value: str) -> Include:
    head, _, modifier = name.partition(":")
    if modifier not in ("", "iterate"):
        raise refuse(
            SEARCH_UNKNOWN_MODIFIER, name=head, modifier=_shown(modifier, modifier), supported=":iterate"
        )
    reverse, iterate = head == "_revinclude", bool(modifier)
    if value == ANY_REFERENCE:
        return Include(ANY_REFERENCE, ANY_REFERENCE, "", reverse, iterate)
    source, _, rest = value.partition(":")
    param, _, target = rest.partition(":")
    if not facts.is_resource(source) or (target and not facts.is_resource(target)):
        raise _unknown(value, head, types[0], types[0])
    able = references(source)
    if param not in (ANY_REFERENCE, *able):
        raise _unknown(value, head, source, source)
    if param in able and target and able[param] and target not in able[param]:
        raise _unknown(value, head, source, source)
    found = Include(source, param, target, reverse, iterate)
    if not iterate and not _reaches(found, types):
        raise refuse(
            SEARCH_INCLUDE_ELSEWHERE, name=head, value=value, types=", ".join(types), asked=_shown(value, "…")
        )
    return found


def _reaches(include: Include, types: Sequence[str]) -> bool:
    """Whether it may follow a reference from the searched types or, in reverse, to one of them."""
    if not include.reverse:
        return include.source in types
    if include.target:
        return include.target in types
    return any(
        include.param == ANY_REFERENCE or include.param in leading_to(include.source, each) for each in types
    )


def _unknown(value: str, name: str, source: str, listed_for: str) -> Refused:
    listed = ", ".join(f"{source}:{code}" for code in references(listed_for)) or "none"
    return refuse(SEARCH_INCLUDE, name=name, asked=_shown(value, "…"), supported=listed)


def _shown(text: str, otherwise: str) -> str:
    """A text as it may be said back: one that is not shaped like a parameter could hold anything."""
    return text if _SAFE.fullmatch(text) else otherwise if _SAFE.fullmatch(otherwise) else "…"
