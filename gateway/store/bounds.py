"""Between which moments everything lies that meets a question, so that the order can be entered there."""

from typing import cast

from gateway.fhir.index import ordered_by
from gateway.fhir.query import FOREVER, Criterion, Span
from gateway.store.view import Sql, View

_OPEN = "SELECT 1 FROM date x WHERE x.param = ? AND x.low = ? LIMIT 1"


def moments(view: View, criteria: tuple[Criterion, ...]) -> Sql:
    """What must hold of the moment `r.time` of whatever meets the criteria; it goes before other conditions.

    A resource is ordered by the low end of the value that these parameters have, once; by the high end where
    the value has no beginning (`index.moment`).
    """
    param = ordered_by(view.type)
    lows: list[int] = []
    highs: list[int] = []
    for each in criteria:
        if each.param == param and each.kind == "date" and not each.modifier and each.chained is None:
            ends = [_ends(view, param, value.prefix, cast(Span, value.value)) for value in each.values]
            lows.append(min(low for low, _ in ends))
            highs.append(max(high for _, high in ends))
    low, high = max(lows, default=FOREVER.low), min(highs, default=FOREVER.high)
    text = "r.time >= ? AND " if low > FOREVER.low else ""
    values = (low,) if text else ()
    return (f"{text}r.time <= ? AND ", (*values, high)) if high < FOREVER.high else (text, values)


def _ends(view: View, param: str, prefix: str, asked: Span) -> tuple[int, int]:
    """The first and the last moment that what meets one value can have."""
    if prefix == "eq":
        return asked.low, asked.high
    if prefix == "sa":
        return asked.high, FOREVER.high
    if prefix == "eb":
        return FOREVER.low, asked.low
    if prefix in ("lt", "le", "ap") and not _some_never_began(view, param):
        return FOREVER.low, asked.low if prefix == "lt" else asked.high
    return FOREVER


def _some_never_began(view: View, param: str) -> bool:
    """Whether there are values without a beginning: they are before any moment, but ordered by their end."""
    asked = (view.param(param), FOREVER.low)
    return view.connection.execute(_OPEN, asked).fetchone() is not None
