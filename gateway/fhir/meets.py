"""Whether an indexed value meets what was asked: the meaning of every search, in plain Python.

Stores say the same in SQL; their tests hold them to this.

Source: https://hl7.org/fhir/R4/search.html (prefixes, modifiers)
"""

import math
from collections.abc import Iterable

from gateway.fhir.parameters.numbers import point
from gateway.fhir.parameters.tokens import ANY
from gateway.fhir.parameters.uris import beneath
from gateway.fhir.query import (
    Criterion,
    Entry,
    Indexed,
    Number,
    Pair,
    Phrase,
    Quantity,
    Span,
    Stretch,
    Target,
    Text,
    Together,
    Token,
    Uri,
    Value,
)
from gateway.fhir.units import UCUM, converted

NEGATIVE = frozenset({"not", "not-in"})
"""The modifiers that ask for what does not have a value, even where it has none at all."""


def holds(criterion: Criterion, entries: Iterable[Entry]) -> bool:
    """Whether a resource with these entries meets a criterion that is not chained.

    `not` also holds where there is no value at all; `missing` asks for just that.
    """
    held = [entry.value for entry in entries if entry.param in criterion.names]
    if criterion.modifier == "missing":
        return (not held) == (criterion.values[0].value == Token("", "true"))
    found = any(meets(value, each, criterion.modifier) for value in criterion.values for each in held)
    return not found if criterion.modifier in NEGATIVE else found


def meets(asked: Value, held: Indexed, modifier: str = "") -> bool:
    """Whether one indexed value meets one alternative (`not` is for `holds`: it is about all values)."""
    match asked.value, held:
        case Text() as wanted, Text():
            return _text(wanted, held, modifier)
        case Phrase() as wanted, Phrase():
            return wanted.words in held.words
        case Token() as wanted, Token():
            return _token(wanted, held)
        case Span() as wanted, Span():
            return compare(asked.prefix, *wanted, *held)
        case Number() as wanted, Number():
            return compare(asked.prefix, *wanted, *held)
        case Quantity() as wanted, Quantity():
            return _quantity(asked.prefix, wanted, held)
        case Target() as wanted, Target() if modifier == "identifier":
            if not held.value:
                return False
            return wanted.system in (ANY, held.system) and wanted.value in (ANY, held.value)
        case Target() as wanted, Target():
            return wanted.to == held.to
        case Uri() as wanted, Uri():
            return wanted == held or (modifier == "below" and held.value.startswith(beneath(wanted.value)))
        case Together() as wanted, Pair():
            return _token(wanted.first, held.first) and any(
                meets(each, held.second) for each in wanted.second
            )
        case Stretch() as wanted, Number():
            ends = (wanted.start, held.low), (wanted.end, held.high)
            return all(meets(each, point(end)) for each, end in ends)
    return False


def compare(prefix: str, low: float, high: float, held_low: float, held_high: float) -> bool:
    """Whether [held_low, held_high) stands to the interval asked, [low, high), as the prefix says.

    `ge` and `le` also find a period that only partly lies in the span asked: what still ran on a day is found
    by that day. R4's words leave it out; other servers find it, and missing it would do more harm.
    """
    within = low <= held_low and held_high <= high
    match prefix:
        case "eq":
            return within
        case "ne":
            return not within
        case "gt":
            return held_high > high
        case "lt":
            return held_low < low
        case "ge":
            return held_high > low
        case "le":
            return held_low < high
        case "sa":
            return held_low >= high
        case "eb":
            return held_high <= low
    return held_low < high and held_high > low


def in_unit(asked: Quantity, code: str) -> Quantity | None:
    """A quantity that is asked for in a unit of UCUM, in another one; None where the two do not compare."""
    if code == asked.code:
        return asked
    low, high = converted(asked.low, asked.code, code), converted(asked.high, asked.code, code)
    if low is None or high is None:
        return None
    if math.nextafter(asked.low, math.inf) == asked.high:
        # exactly one number stays one
        high = point(low).high
    return asked._replace(low=low, high=high, code=code)


def _text(wanted: Text, held: Text, modifier: str) -> bool:
    match modifier:
        case "exact":
            return held.exact == wanted.exact
        case "contains":
            return wanted.folded in held.folded
    return held.folded.startswith(wanted.folded)


def _token(wanted: Token, held: Token) -> bool:
    return wanted.system in (ANY, held.system) and wanted.code in (ANY, held.code)


def _quantity(prefix: str, wanted: Quantity, held: Quantity) -> bool:
    if wanted.system == held.system == UCUM and wanted.code != ANY:
        found = in_unit(wanted, held.code)
        return found is not None and compare(prefix, found.low, found.high, held.low, held.high)
    return _unit(wanted, held) and compare(prefix, wanted.low, wanted.high, held.low, held.high)


def _unit(wanted: Quantity, held: Quantity) -> bool:
    if wanted.unit != ANY:
        return wanted.code in (held.code, held.unit)
    return wanted.system in (ANY, held.system) and wanted.code in (ANY, held.code)
