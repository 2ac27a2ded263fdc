"""R4's rules between elements that a client most easily breaks: each a function, on a shelf by structure.

A rule says nothing where what it needs is absent or has the wrong shape: the shape is checked elsewhere.

Source: HL7 FHIR R4, "Constraints" on the page of each type (pat-1, obs-3, obs-6, obs-7, per-1, qty-3, ...).
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

Holds = Callable[[dict[str, Any]], bool]


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule of R4: its key, what it says, what to do, and whether it holds for an object."""

    key: str
    says: str
    remedy: str
    holds: Holds


def rules(path: str) -> tuple[Rule, ...]:
    """The rules for objects of a structure (`Patient.contact`)."""
    return _SHELF.get(path, ())


def _has_any(*names: str) -> Holds:
    return lambda item: any(name in item or f"_{name}" in item for name in names)


def _needs(name: str, other: str) -> Holds:
    """Where `name` is there, `other` must be."""
    return lambda item: name not in item or other in item or f"_{other}" in item


def _value(item: dict[str, Any]) -> bool:
    return any(name.startswith("value") for name in item)


def _codings(concept: Any) -> Iterator[tuple[str, str]]:
    listed = concept.get("coding") if isinstance(concept, dict) else None
    for coding in listed if isinstance(listed, list) else ():
        if isinstance(coding, dict) and isinstance(coding.get("code"), str):
            yield str(coding.get("system", "")), coding["code"]


def _no_component_repeats_the_code(item: dict[str, Any]) -> bool:
    components = item.get("component")
    if not _value(item) or not isinstance(components, list):
        return True
    own = set(_codings(item.get("code")))
    parts = [part for part in components if isinstance(part, dict)]
    return not any(own.intersection(_codings(part.get("code"))) for part in parts)


def _period_goes_forward(item: dict[str, Any]) -> bool:
    start, end = item.get("start"), item.get("end")
    if not isinstance(start, str) or not isinstance(end, str):
        return True
    if len(start) <= 10 or len(end) <= 10:
        shared = min(len(start), len(end), 10)
        return start[:shared] <= end[:shared]
    try:
        return datetime.fromisoformat(start) <= datetime.fromisoformat(end)
    except (ValueError, TypeError):
        return True


def _range_goes_up(item: dict[str, Any]) -> bool:
    low, high = item.get("low"), item.get("high")
    if not isinstance(low, dict) or not isinstance(high, dict) or low.get("code") != high.get("code"):
        return True
    least, most = low.get("value"), high.get("value")
    if not isinstance(least, int | float) or not isinstance(most, int | float):
        return True
    return low.get("unit") != high.get("unit") or least <= most


def _ratio_is_whole(item: dict[str, Any]) -> bool:
    return ("numerator" in item) == ("denominator" in item) and ("numerator" in item or "extension" in item)


def _without(name: str, other: Callable[[dict[str, Any]], bool]) -> Holds:
    return lambda item: not (name in item and other(item))


def _meta_without(*names: str) -> Holds:
    def holds(item: dict[str, Any]) -> bool:
        meta = item.get("meta")
        return not isinstance(meta, dict) or not any(name in meta for name in names)

    return holds


def _value_or_extensions(item: dict[str, Any]) -> bool:
    return ("extension" in item) != any(name.lstrip("_").startswith("value") for name in item)


#: What R4 asks of a contained resource, by the name that `rules` knows it by.
CONTAINED = "contained"

#: Rules about where local references lead, which only the way through the whole resource can tell.
LOCAL = Rule(
    "ref-1",
    "a local reference names a resource that is contained in the same resource",
    "Contain the resource under that id, or refer to it where it is.",
    lambda item: True,
)
IN_USE = Rule(
    "dom-3",
    "a contained resource is referred to by what contains it",
    "Refer to it as # and its id, or leave it out.",
    lambda item: True,
)

_QUANTITY = (
    Rule(
        "qty-3",
        "a unit's code needs the system it is from",
        "Add system, http://unitsofmeasure.org for UCUM.",
        _needs("code", "system"),
    ),
)

_SHELF: dict[str, tuple[Rule, ...]] = {
    "Extension": (
        Rule(
            "ext-1",
            "an extension has either a value or extensions of its own",
            "Give it one of the two.",
            _value_or_extensions,
        ),
    ),
    CONTAINED: (
        Rule(
            "dom-2",
            "a contained resource contains no others",
            "Contain them all side by side in the outer resource.",
            lambda item: "contained" not in item,
        ),
        Rule(
            "dom-4",
            "a contained resource has no version of its own",
            "Leave meta.versionId and meta.lastUpdated out.",
            _meta_without("versionId", "lastUpdated"),
        ),
        Rule(
            "dom-5",
            "a contained resource has no security label of its own",
            "Put the label on the outer resource.",
            _meta_without("security"),
        ),
    ),
    "Patient.contact": (
        Rule(
            "pat-1",
            "a contact has at least a name, a way to reach it, an address or an organisation",
            "Add one of name, telecom, address and organization, or leave the contact out.",
            _has_any("name", "telecom", "address", "organization"),
        ),
    ),
    "Observation": (
        Rule(
            "obs-6",
            "dataAbsentReason is there only where there is no value",
            "Leave out the value or the dataAbsentReason.",
            _without("dataAbsentReason", _value),
        ),
        Rule(
            "obs-7",
            "where a component has the code of the Observation, the Observation has no value of its own",
            "Leave the value out, or give the component its own code.",
            _no_component_repeats_the_code,
        ),
    ),
    "Observation.referenceRange": (
        Rule(
            "obs-3",
            "a reference range has at least low, high or text",
            "Add one of low, high and text.",
            _has_any("low", "high", "text"),
        ),
    ),
    "Period": (
        Rule(
            "per-1",
            "a period does not end before it starts",
            "Correct start or end; they may have been swapped.",
            _period_goes_forward,
        ),
    ),
    "Range": (
        Rule(
            "rng-2",
            "the low end of a range is not above its high end",
            "Correct low or high; they may have been swapped.",
            _range_goes_up,
        ),
    ),
    "Ratio": (
        Rule(
            "rat-1",
            "a ratio has both a numerator and a denominator",
            "Add the one that is missing.",
            _ratio_is_whole,
        ),
    ),
    "ContactPoint": (
        Rule(
            "cpt-2",
            "a way to reach somebody says which kind it is",
            "Add system: phone, email, or another of its codes.",
            _needs("value", "system"),
        ),
    ),
    "Attachment": (
        Rule(
            "att-1",
            "an attachment with data says what the data are",
            "Add contentType.",
            _needs("data", "contentType"),
        ),
    ),
    **dict.fromkeys(
        ("Quantity", "SimpleQuantity", "Age", "Duration", "Distance", "Count", "MoneyQuantity"), _QUANTITY
    ),
}
