"""Numbers: 100 means anything that rounds to 100, and `gt100` means more than 100 exactly.

An index holds a number as the narrow interval [n, next float), so that all comparisons are those of
intervals; a range of the resource is kept as it is.

Source: https://hl7.org/fhir/R4/search.html#number and #prefix
"""

import math
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from decimal import Context as Arithmetic
from decimal import Decimal
from typing import Any

from gateway.fhir.parameters.context import Asked, prefixed, refused
from gateway.fhir.query import Number, Value

_NUMBER = re.compile(r"[+-]?\d{1,40}(\.\d{1,40})?(?P<exponent>[eE][+-]?\d{1,3})?", re.ASCII)
_ARITHMETIC = Arithmetic(prec=120)
_APPROXIMATE = 0.1


def point(number: float) -> Number:
    """Exactly `number`."""
    exact = float(number)
    return Number(exact, math.nextafter(exact, math.inf))


def precise(text: str) -> Number:
    """What the written precision of `text` allows: half a unit of its last digit either way.

    With an exponent R4 looks one digit further: `1e2` is [95, 105).
    """
    number = Decimal(text)
    exponent = number.as_tuple().exponent
    assert isinstance(exponent, int)
    further = 2 if "e" in text.lower() else 1
    half = Decimal((0, (5,), exponent - further))
    return Number(
        float(_ARITHMETIC.subtract(number, half)),
        float(_ARITHMETIC.add(number, half)),
    )


def asked_number(text: str, prefix: str) -> Number:
    """The interval that a number in a question stands for.

    Raises:
        Refused: `search.value`.
    """
    found = _NUMBER.fullmatch(text)
    if not found or not math.isfinite(exact := float(text)):
        raise refused(text, "a number", "100, 5.40 or 1e-3, with a prefix such as ge or without")
    if prefix in ("eq", "ne"):
        return precise(text)
    if prefix == "ap":
        margin = abs(exact) * _APPROXIMATE
        return Number(exact - margin, math.nextafter(exact + margin, math.inf))
    return point(exact)


def single(value: Any) -> Iterator[Number]:
    """A decimal or integer."""
    yield point(value)


def between(value: Any) -> Iterator[Number]:
    """A Range, open where an end is missing."""
    low, high = value.get("low", {}).get("value"), value.get("high", {}).get("value")
    if low is not None or high is not None:
        yield Number(
            -math.inf if low is None else float(low),
            math.inf if high is None else point(high).high,
        )


ENTRIES: Mapping[str, Callable[[Any], Iterable[Number]]] = {
    "decimal": single,
    "integer": single,
    "Range": between,
}


def read(text: str, asked: Asked) -> tuple[Value, ...]:
    """The number asked for.

    Raises:
        Refused: `search.value`.
    """
    prefix, rest = prefixed(text)
    return (Value(asked_number(rest, prefix), prefix, text),)
