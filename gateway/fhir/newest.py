"""The newest Observations of each code, as `$lastn` gives them.

Source: HL7 FHIR R4, https://hl7.org/fhir/R4/observation-operation-lastn.html
"""

from collections.abc import Iterable
from typing import Any, Generic, NamedTuple, TypeVar

from gateway.fhir import index

Resource = dict[str, Any]
T = TypeVar("T")
Code = tuple[str, str]


class _Kept(NamedTuple, Generic[T]):
    place: int
    time: int | None
    item: T


def newest(found: Iterable[tuple[Resource, T]], most: int) -> list[T]:
    """Return the newest of each code, the codes in the order of their newest.

    Observations that share one of their codings are of one code, and so are those that share a coding with
    either. Those without a coding go by the text. What has the same time as the last that counts comes too.

    Args:
        found: Observations, newest first, each with what is to be given back for it.
        most: of each code.
    """
    groups: dict[int, list[_Kept[T]]] = {}
    owner: dict[Code, int] = {}
    codes_of: dict[int, set[Code]] = {}
    for place, (resource, item) in enumerate(found):
        codes = codes_of_one(resource)
        met = sorted({owner[each] for each in codes if each in owner})
        group = met[0] if met else place
        for other in met[1:]:
            groups[group] = _cut([*groups[group], *groups.pop(other)], most)
            codes |= codes_of.pop(other)
        codes_of.setdefault(group, set()).update(codes)
        owner.update(dict.fromkeys(codes, group))
        kept = _Kept(place, index.moment(resource, "Observation"), item)
        groups[group] = _cut([*groups.get(group, []), kept], most)
    ordered = sorted(groups.values(), key=lambda group: group[0].place)
    return [each.item for group in ordered for each in group]


def codes_of_one(observation: Resource) -> set[Code]:
    """The system and code of each coding of an Observation's code; of none, its text."""
    concept = observation.get("code")
    listed = concept.get("coding", []) if isinstance(concept, dict) else []
    found = {(str(each.get("system", "")), str(each["code"])) for each in listed if each.get("code")}
    return found or {("text", str(concept.get("text", "")) if isinstance(concept, dict) else "")}


def _cut(group: list[_Kept[T]], most: int) -> list[_Kept[T]]:
    group = sorted(group, key=lambda each: each.place)
    last = group[most - 1].time if len(group) > most else None
    return [
        each for at, each in enumerate(group) if at < most or (each.time is not None and each.time == last)
    ]
