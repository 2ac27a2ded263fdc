"""R4's rules between elements: each a function, on a shelf by structure. Those of data types stand here.

Source: HL7 FHIR R4, "Constraints" on the page of each type (per-1, qty-3, tim-1, ...).
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from gateway.fhir import invariants_bundles, invariants_resources
from gateway.fhir.rule import Holds, Rule, chosen, has, has_any, in_order, needs, not_both
from gateway.fhir.units import UCUM

Item = dict[str, Any]

_MONEY = "urn:iso:std:iso:4217"


def rules(path: str) -> tuple[Rule, ...]:
    """The rules for objects of a structure (`Patient.contact`)."""
    return _EVERY.get(path, ())


def _range_goes_up(item: Item) -> bool:
    low, high = item.get("low"), item.get("high")
    if not isinstance(low, dict) or not isinstance(high, dict) or low.get("code") != high.get("code"):
        return True
    least, most = low.get("value"), high.get("value")
    if not isinstance(least, int | float) or not isinstance(most, int | float):
        return True
    return low.get("unit") != high.get("unit") or least <= most


def _ratio_is_whole(item: Item) -> bool:
    return has(item, "numerator") == has(item, "denominator") and (
        has(item, "numerator") or "extension" in item
    )


def _meta_without(*names: str) -> Holds:
    def holds(item: Item) -> bool:
        meta = item.get("meta")
        return not isinstance(meta, dict) or not any(name in meta for name in names)

    return holds


def _in_units(system: str) -> Holds:
    """A value has a code of that system."""

    def holds(item: Item) -> bool:
        coded = has(item, "code") or not has(item, "value")
        return coded and ("system" not in item or item["system"] == system)

    return holds


def _positive(item: Item) -> bool:
    value = item.get("value")
    return not isinstance(value, int | float) or value > 0


def _whole(item: Item) -> bool:
    value = item.get("value")
    whole = not isinstance(value, float) or "." not in str(getattr(value, "text", value))
    return whole and item.get("code", "1") == "1"


def _not_negative(name: str) -> Holds:
    return lambda item: not isinstance(item.get(name), int | float) or item[name] >= 0


def _offset_from_an_event(item: Item) -> bool:
    when = item.get("when") or []
    return not has(item, "offset") or (bool(when) and not {"C", "CM", "CD", "CV"}.intersection(when))


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
        needs("code", "system"),
    ),
)

_SHELF: dict[str, tuple[Rule, ...]] = {
    "Extension": (
        Rule(
            "ext-1",
            "an extension has either a value or extensions of its own",
            "Give it one of the two.",
            lambda item: ("extension" in item) != chosen(item, "value"),
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
    "Attachment": (
        Rule(
            "att-1",
            "an attachment with data says what the data are",
            "Add contentType.",
            needs("data", "contentType"),
        ),
    ),
    "ContactPoint": (
        Rule(
            "cpt-2",
            "a way to reach somebody says which kind it is",
            "Add system: phone, email, or another of its codes.",
            needs("value", "system"),
        ),
    ),
    "Expression": (
        Rule(
            "exp-1",
            "an expression is written out or referred to",
            "Add expression or reference.",
            has_any("expression", "reference"),
        ),
    ),
    "Period": (
        Rule(
            "per-1",
            "a period does not end before it starts",
            "Correct start or end; they may have been swapped.",
            lambda item: in_order(item.get("start"), item.get("end")),
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
    "Timing.repeat": (
        Rule("tim-1", "a duration has a unit", "Add durationUnit.", needs("duration", "durationUnit")),
        Rule("tim-2", "a period of time has a unit", "Add periodUnit.", needs("period", "periodUnit")),
        Rule("tim-4", "a duration is not less than nothing", "Correct duration.", _not_negative("duration")),
        Rule(
            "tim-5", "a period of time is not less than nothing", "Correct period.", _not_negative("period")
        ),
        Rule(
            "tim-6",
            "the longest period stands beside the period",
            "Add period.",
            needs("periodMax", "period"),
        ),
        Rule(
            "tim-7",
            "the longest duration stands beside the duration",
            "Add duration.",
            needs("durationMax", "duration"),
        ),
        Rule("tim-8", "the highest count stands beside the count", "Add count.", needs("countMax", "count")),
        Rule(
            "tim-9",
            "an offset is counted from an event that is no meal",
            "Add when, with a code other than C, CM, CD and CV.",
            _offset_from_an_event,
        ),
        Rule(
            "tim-10",
            "a time of day and an event of the day exclude each other",
            "Keep timeOfDay or when.",
            not_both("timeOfDay", "when"),
        ),
    ),
    "Quantity": _QUANTITY,
    "SimpleQuantity": _QUANTITY,
    "Age": (
        *_QUANTITY,
        Rule(
            "age-1",
            "an age is more than nothing and has a unit of UCUM",
            "Add system http://unitsofmeasure.org and code (a for years), or correct the value.",
            lambda item: _in_units(UCUM)(item) and _positive(item),
        ),
    ),
    "Count": (
        *_QUANTITY,
        Rule(
            "cnt-3",
            "a count is a whole number with the unit 1 of UCUM",
            "Add system http://unitsofmeasure.org and code 1, or correct the value.",
            lambda item: _in_units(UCUM)(item) and _whole(item),
        ),
    ),
    "Distance": (
        *_QUANTITY,
        Rule(
            "dis-1",
            "a distance has a unit of UCUM",
            "Add system http://unitsofmeasure.org and code.",
            _in_units(UCUM),
        ),
    ),
    "Duration": (
        *_QUANTITY,
        Rule(
            "drt-1",
            "the unit of a duration is one of UCUM and stands beside a value",
            "Add value and system http://unitsofmeasure.org.",
            lambda item: not has(item, "code") or (item.get("system") == UCUM and has(item, "value")),
        ),
    ),
    "MoneyQuantity": (
        *_QUANTITY,
        Rule(
            "mqty-1",
            "an amount of money has the code of a currency",
            "Add system urn:iso:std:iso:4217 and code.",
            _in_units(_MONEY),
        ),
    ),
}

_EVERY: Mapping[str, tuple[Rule, ...]] = MappingProxyType(
    {**_SHELF, **invariants_resources.RULES, **invariants_bundles.RULES}
)

__all__ = ["CONTAINED", "IN_USE", "LOCAL", "Rule", "rules"]
