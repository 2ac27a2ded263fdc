"""Quantities: a number with its unit. Units are compared as they are written, not converted.

Source: https://hl7.org/fhir/R4/search.html#quantity
"""

import math
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

from gateway.fhir.parameters.context import Asked, prefixed, refused, split_bars
from gateway.fhir.parameters.numbers import asked_number, between, point
from gateway.fhir.parameters.tokens import ANY
from gateway.fhir.query import Number, Quantity, Value

CURRENCIES = "urn:iso:std:iso:4217"


def measured(value: Any) -> Iterator[Quantity]:
    """A Quantity (Age, Duration …); a comparator opens it: `<5` is everything below 5."""
    number = value.get("value")
    if number is not None:
        yield _with_unit(_compared(number, value.get("comparator", "")), value)


def priced(value: Any) -> Iterator[Quantity]:
    """Money; its currency is its unit."""
    if (number := value.get("value")) is not None:
        currency = value.get("currency", "")
        yield Quantity(*point(number), CURRENCIES if currency else "", currency, currency)


def ranged(value: Any) -> Iterator[Quantity]:
    """A Range; both ends have one unit."""
    for interval in between(value):
        yield _with_unit(interval, value.get("low") or value.get("high"))


def sampled(value: Any) -> Iterator[Quantity]:
    """SampledData, from the lowest to the highest value measured."""
    origin, factor = value.get("origin") or {}, float(value.get("factor", 1))
    numbers = [float(word) for word in value.get("data", "").split() if word not in ("E", "U", "L")]
    if numbers and (zero := origin.get("value")) is not None:
        scaled = [number * factor + float(zero) for number in numbers]
        yield _with_unit(Number(min(scaled), point(max(scaled)).high), origin)


ENTRIES: Mapping[str, Callable[[Any], Iterable[Quantity]]] = {
    "Quantity": measured,
    "Age": measured,
    "Duration": measured,
    "Count": measured,
    "Distance": measured,
    "Money": priced,
    "Range": ranged,
    "SampledData": sampled,
}


def read(text: str, asked: Asked) -> tuple[Value, ...]:
    """The quantity asked for: `5.4`, `5.4|system|code`, `5.4||code` (the code or the unit as displayed).

    What was not asked is ANY; for `5.4||code` the system is ANY and `code` and `unit` both hold it.

    Raises:
        Refused: `search.value`.
    """
    prefix, rest = prefixed(text)
    number, *unit = split_bars(rest)
    if len(unit) not in (0, 2):
        raise refused(text, "a quantity", "5.4, 5.4|http://unitsofmeasure.org|mg or 5.4||mg")
    interval = asked_number(number, prefix)
    system, code = unit or ("", "")
    made = Quantity(*interval, system or ANY, code or ANY, code if code and not system else ANY)
    return (Value(made, prefix, text),)


def _with_unit(interval: Number, value: Any) -> Quantity:
    return Quantity(*interval, value.get("system", ""), value.get("code", ""), value.get("unit", ""))


def _compared(number: Any, comparator: str) -> Number:
    low, high = point(number)
    match comparator:
        case "<":
            return Number(-math.inf, low)
        case "<=":
            return Number(-math.inf, high)
        case ">":
            return Number(high, math.inf)
        case ">=":
            return Number(low, math.inf)
    return Number(low, high)
