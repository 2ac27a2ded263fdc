"""CodeSystems: which code is one of which other, and what is said of each.

Source: https://hl7.org/fhir/R4/codesystem.html#hierarchy and #filters
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

Resource = Mapping[str, Any]

_PARENTS = ("parent", "subsumedBy")


@dataclass(frozen=True, slots=True)
class System:
    """A code system: each code with its parents and its properties, in the order of the definition."""

    parents: Mapping[str, tuple[str, ...]]
    properties: Mapping[str, Mapping[str, tuple[str, ...]]]

    def above(self, code: str) -> set[str]:
        """The code and all that it is one of."""
        found, waiting = set[str](), [code]
        while waiting:
            each = waiting.pop()
            if each not in found:
                found.add(each)
                waiting += self.parents.get(each, ())
        return found

    def below(self, code: str) -> set[str]:
        """The code and all that are one of it."""
        return {each for each in self.parents if code in self.above(each)} | {code}

    def passing(self, wanted: Resource) -> set[str] | None:
        """The codes that pass one filter of a ValueSet; None for a filter that is not understood."""
        name, how, value = (str(wanted.get(part, "")) for part in ("property", "op", "value"))
        match how:
            case "is-a":
                return self.below(value)
            case "descendent-of":
                return self.below(value) - {value}
            case "is-not-a":
                return set(self.parents) - self.below(value)
            case "=":
                return self._having(name, {value})
            case "in":
                return self._having(name, {each.strip() for each in value.split(",")})
        return None

    def _having(self, name: str, values: set[str]) -> set[str]:
        return {code for code, own in self.properties.items() if values.intersection(own.get(name, ()))}


def system_of(resource: Resource) -> System:
    """A CodeSystem as searches and value sets need it."""
    parents: dict[str, tuple[str, ...]] = {}
    properties: dict[str, dict[str, tuple[str, ...]]] = {}
    _read(resource.get("concept", ()), (), parents, properties)
    return System(parents, properties)


def _read(
    concepts: Iterable[Resource],
    above: tuple[str, ...],
    parents: dict[str, tuple[str, ...]],
    properties: dict[str, dict[str, tuple[str, ...]]],
) -> None:
    for concept in concepts:
        code = str(concept.get("code"))
        own: dict[str, tuple[str, ...]] = {"code": (code,)}
        for each in concept.get("property", ()):
            value = next((value for name, value in each.items() if name.startswith("value")), "")
            text = value if isinstance(value, str) else str(value).lower()
            own[each["code"]] = (*own.get(each["code"], ()), text)
        told = [parent for name in _PARENTS for parent in own.get(name, ())]
        parents[code] = tuple(dict.fromkeys((*parents.get(code, ()), *above, *told)))
        properties[code] = own
        _read(concept.get("concept", ()), (code,), parents, properties)
