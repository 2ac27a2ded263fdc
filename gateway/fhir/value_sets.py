"""The codes of a ValueSet, as far as it and the CodeSystems that are there say.

Source: HL7 FHIR R4 ValueSet, https://hl7.org/fhir/R4/valueset.html#compositions
"""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from gateway.fhir.code_systems import system_of

Resource = Mapping[str, Any]
Find = Callable[[str], Resource | None]
Codes = frozenset[tuple[str, str]]

_DEEPEST = 20


def codes_of(value_set: Resource, find: Find, depth: int = 0) -> Codes | None:
    """Return every system and code of a value set; None where what is there does not tell all of them.

    Args:
        value_set: the ValueSet, with its expansion or its composition.
        find: gives the ValueSet or CodeSystem of a canonical url, or None.
        depth: of value sets within value sets.
    """
    expanded = value_set.get("expansion")
    if isinstance(expanded, Mapping) and expanded.get("contains"):
        return frozenset(_contained(expanded["contains"]))
    compose = value_set.get("compose")
    if not isinstance(compose, Mapping) or depth > _DEEPEST:
        return None
    found: Codes = frozenset()
    for part in compose.get("include", ()):
        codes = _part(part, find, depth)
        if codes is None:
            return None
        found |= codes
    for part in compose.get("exclude", ()):
        codes = _part(part, find, depth)
        if codes is None:
            return None
        found -= codes
    return found


def _part(part: Resource, find: Find, depth: int) -> Codes | None:
    """What one include or exclude lists: its own codes that are in each of the value sets it names."""
    listed: list[Codes | None] = []
    system = str(part.get("system", ""))
    if part.get("filter"):
        listed.append(_filtered(part, system, find))
    elif part.get("concept"):
        listed.append(frozenset((system, str(each.get("code"))) for each in part["concept"]))
    elif system:
        listed.append(_system(system, find))
    for canonical in part.get("valueSet", ()):
        other = find(str(canonical))
        listed.append(codes_of(other, find, depth + 1) if other else None)
    known = [each for each in listed if each is not None]
    if len(known) < len(listed) or not known:
        return None
    return frozenset.intersection(*known)


def _system(system: str, find: Find) -> Codes | None:
    """Every code of a code system that is there whole."""
    found = find(system)
    if not found or found.get("resourceType") != "CodeSystem" or found.get("content") != "complete":
        return None
    return frozenset((system, code) for code in _concepts(found.get("concept", ())))


def _filtered(part: Resource, system: str, find: Find) -> Codes | None:
    """The codes of a code system that pass every filter."""
    listed = _system(system, find)
    found = find(system)
    if listed is None or found is None:
        return None
    known = system_of(found)
    codes = {code for _, code in listed}
    for each in part["filter"]:
        passing = known.passing(each)
        if passing is None:
            return None
        codes &= passing
    return frozenset((system, code) for code in codes)


def _concepts(listed: Any) -> Iterator[str]:
    for each in listed:
        yield str(each.get("code"))
        yield from _concepts(each.get("concept", ()))


def _contained(listed: Any) -> Iterator[tuple[str, str]]:
    for each in listed:
        if each.get("code") and not each.get("abstract"):
            yield str(each.get("system", "")), str(each["code"])
        yield from _contained(each.get("contains", ()))
