"""Composite parameters in SQL: the token is part of a parameter's name, so a pair is found as one value."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import cast

from gateway.fhir.parameters.tokens import ANY
from gateway.fhir.query import (
    Criterion,
    Number,
    Phrase,
    Quantity,
    Span,
    Stretch,
    Target,
    Text,
    Together,
    Uri,
    Value,
)
from gateway.fhir.query import Token as TokenValue
from gateway.store.entries import pair_end, pair_name, pair_start
from gateway.store.kinds import POINTS
from gateway.store.view import LAST, Clause, View, rows

_KINDS = {
    TokenValue: "token",
    Text: "string",
    Span: "date",
    Number: "number",
    Quantity: "quantity",
    Target: "reference",
    Uri: "uri",
    Phrase: "phrase",
}

Second = Callable[[View, str, Criterion, Sequence[Value]], list[Clause]]


def pairs(view: View, criterion: Criterion, second: Second) -> list[Clause]:
    """The conditions that a composite criterion sets, one of which must hold.

    Args:
        second: the conditions on what stands with the token, by its kind, as a parameter of its own.
    """
    found: list[Clause] = []
    for value in criterion.values:
        asked = cast(Together, value.value)
        for code in criterion.names:
            for name in _named(view, code, asked.first):
                found += _seconds(view, replace(criterion, param=name, within=(), modifier=""), asked, second)
    return found


def _seconds(view: View, criterion: Criterion, asked: Together, second: Second) -> list[Clause]:
    value = asked.second[0].value
    if isinstance(value, Stretch):
        return [_stretch(view, criterion.param, cast(Stretch, each.value)) for each in asked.second]
    return second(view, _KINDS[type(value)], criterion, asked.second)


def _named(view: View, code: str, first: TokenValue) -> list[str]:
    """The names under which there are values with such a token."""
    if ANY not in first:
        return [pair_name(code, *first)]
    start = pair_start(code, "" if first.code == ANY else first.code)
    asked = "SELECT code FROM param WHERE type = ? AND code >= ? AND code < ?"
    names = [name for (name,) in view.connection.execute(asked, (view.number, start, start + LAST))]
    return names if first.system == ANY else [name for name in names if name.endswith(pair_end(first.system))]


def any_pair(view: View, code: str) -> list[Clause]:
    """The conditions of which one holds where there is a pair under a name at all."""
    start = pair_start(code)
    known = view.dialect.within.format(
        "SELECT p.param FROM param p WHERE p.type = ? AND p.code >= ? AND p.code < ?"
    )
    asked = "SELECT DISTINCT kind FROM param WHERE type = ? AND code >= ? AND code < ?"
    values = (view.number, start, start + LAST)
    found = []
    for (table,) in view.connection.execute(asked, values).fetchall():
        if table == "token":
            slots = f"SELECT s.slot FROM slot s WHERE s.param {known}"
            found.append(rows(view, table, f"x.slot {view.dialect.within.format(slots)}", *values))
        else:
            found.append(rows(view, table, f"x.param {known}", *values))
    return found


def _stretch(view: View, name: str, asked: Stretch) -> Clause:
    where, bound = ["x.param = ?"], [cast(object, view.param(name))]
    for column, each in (("x.low", asked.start), ("x.high", asked.end)):
        number = cast(Number, each.value)
        text, ends = POINTS[each.prefix]
        where.append(text.format(x=column))
        bound += [number.low if end == "l" else number.high for end in ends]
    return rows(view, "number", " AND ".join(where), *bound)
