"""The shelf of search types: how one value of each becomes a condition on index rows."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import cast

from gateway.fhir.meets import in_unit
from gateway.fhir.parameters.uris import beneath
from gateway.fhir.query import Criterion, Number, Phrase, Quantity, Span, Target, Text, Token, Uri, Value
from gateway.fhir.units import UCUM
from gateway.store.numbers import FEED_BITS, REC_BITS, SEQ_MOST, WITHIN_FEED
from gateway.store.view import Clause, Sql, View, beginning, exists, rows, texts, unhidden

Values = Sequence[Value]
Several = Callable[[View, Criterion, Values], list[Clause]]


def _tokens(view: View, criterion: Criterion, values: Values) -> list[Clause]:
    param = view.param(criterion.param)
    found: list[Clause] = []
    codes: dict[str, list[str]] = {}
    for value in values:
        system, code = cast(Token, value.value)
        if code == "*":
            found.append(token_rows(view, param, system))
        else:
            codes.setdefault(system, []).append(code)
    return found + [token_rows(view, param, system, some) for system, some in codes.items()]


def token_rows(view: View, param: int, system: str = "*", codes: Sequence[str] = ()) -> Clause:
    """The resources with a token of a parameter.

    Args:
        view: where it is asked; systems hidden from the caller match nothing.
        param: the parameter's number.
        system: "*" for any.
        codes: one of these; empty for any.
    """
    slots = "SELECT s.slot FROM slot s WHERE s.param = ?"
    asked: list[object] = [param]
    if system != "*":
        slots += " AND s.system = ?"
        asked.append(system)
    seen, hidden = unhidden(view, "s.system")
    slots += seen
    asked += hidden
    where = f"x.slot {view.dialect.within.format(slots)}"
    if codes:
        text, wanted = texts(view.dialect, "x.code", codes)
        where += f" AND {text}"
        asked += wanted
    return rows(view, "token", where, *asked)


def _string(view: View, criterion: Criterion, value: Value) -> list[Clause]:
    folded, exact = cast(Text, value.value)
    param = view.param(criterion.param)
    if criterion.modifier == "exact":
        text, wanted = texts(view.dialect, "x.folded", [folded])
        return [rows(view, "string", f"x.param = ? AND {text} AND x.exact = ?", param, *wanted, exact)]
    if criterion.modifier == "contains":
        within = view.dialect.contains.format("x.folded")
        return [rows(view, "string", f"x.param = ? AND {within}", param, folded)]
    text, wanted = beginning(view.dialect, "x.folded", folded)
    return [rows(view, "string", f"x.param = ? AND {text}", param, *wanted)]


def _phrase(view: View, criterion: Criterion, value: Value) -> list[Clause]:
    """By the texts of the parameter, of which each is there once."""
    within = view.dialect.contains.format("s.words")
    known = view.dialect.within.format(f"SELECT s.phrase FROM phrase s WHERE s.param = ? AND {within}")
    words = cast(Phrase, value.value).words
    return [rows(view, "worded", f"x.phrase {known}", view.param(criterion.param), words)]


def _uris(view: View, criterion: Criterion, values: Values) -> list[Clause]:
    param = view.param(criterion.param)
    asked = [cast(Uri, value.value).value for value in values]
    text, wanted = texts(view.dialect, "x.value", asked)
    found = [rows(view, "uri", f"x.param = ? AND {text}", param, *wanted)]
    for start in (start for each in asked for start in beneath(each) if criterion.modifier == "below"):
        text, wanted = beginning(view.dialect, "x.value", start)
        found.append(rows(view, "uri", f"x.param = ? AND {text}", param, *wanted))
    return found


# How a stored interval [low, high) compares with the asked one: conditions of which one must hold, each with
# the ends that are bound to its question marks. Source: https://hl7.org/fhir/R4/search.html#prefix
COMPARISONS: dict[str, tuple[tuple[str, str], ...]] = {
    "eq": (("{low} >= ? AND {low} <= ? AND {high} <= ?", "lhh"),),
    "ne": (("{low} < ?", "l"), ("{high} > ?", "h")),
    "gt": (("{high} > ?", "h"),),
    "lt": (("{low} < ?", "l"),),
    "ge": (("{high} > ?", "l"),),
    "le": (("{low} < ?", "h"),),
    "sa": (("{low} >= ?", "h"),),
    "eb": (("{high} <= ?", "l"),),
    "ap": (("{low} < ? AND {high} > ?", "hl"),),
}


# The same of a single number that is kept.
POINTS = {
    "eq": ("{x} >= ? AND {x} < ?", "lh"),
    "ne": ("({x} < ? OR {x} >= ?)", "lh"),
    "gt": ("{x} >= ?", "h"),
    "lt": ("{x} < ?", "l"),
    "ge": ("{x} >= ?", "l"),
    "le": ("{x} < ?", "h"),
    "sa": ("{x} >= ?", "h"),
    "eb": ("{x} < ?", "l"),
    "ap": ("{x} >= ? AND {x} < ?", "lh"),
}


def _intervals(view: View, criterion: Criterion, value: Value, table: str, extra: Sql) -> list[Clause]:
    asked = cast(Span | Number | Quantity, value.value)
    ends = {"l": asked.low, "h": asked.high}
    param = view.param(criterion.param)
    found = []
    for text, bound in COMPARISONS[value.prefix]:
        # there is an index that begins with the low end, and a second one with the high end
        form = "{}" if "{low}" in text else view.dialect.second
        compared = text.format(low="x.low", high=form.format("x.high"))
        where = f"{form.format('x.param')} = ? AND {compared}{extra[0]}"
        found.append(rows(view, table, where, param, *(ends[end] for end in bound), *extra[1]))
    return found


def _date(view: View, criterion: Criterion, value: Value) -> list[Clause]:
    return _intervals(view, criterion, value, "date", ("", ()))


def _number(view: View, criterion: Criterion, value: Value) -> list[Clause]:
    return _intervals(view, criterion, value, "number", ("", ()))


def _quantity(view: View, criterion: Criterion, value: Value) -> list[Clause]:
    asked = cast(Quantity, value.value)
    if asked.system == UCUM and asked.code != "*":
        return _in_any_unit(view, criterion, value, asked)
    if asked.code == "*" and asked.system == "*":
        return _intervals(view, criterion, value, "quantity", ("", ()))
    if asked.system == "*":
        units: Sql = ("code = ? OR display = ?", (asked.code, asked.code))
    elif asked.code == "*":
        units = ("system = ?", (asked.system,))
    else:
        units = ("system = ? AND code = ?", (asked.system, asked.code))
    known = view.dialect.within.format(f"SELECT unit FROM unit WHERE {units[0]}")
    return _intervals(view, criterion, value, "quantity", (f" AND x.unit {known}", units[1]))


def _in_any_unit(view: View, criterion: Criterion, value: Value, asked: Quantity) -> list[Clause]:
    """By the units that measure the same: what is asked is converted, what is kept stays as it was told."""
    known = view.connection.execute("SELECT DISTINCT code FROM unit WHERE system = ?", (UCUM,)).fetchall()
    same = view.dialect.within.format("SELECT unit FROM unit WHERE system = ? AND code = ?")
    found = []
    for (code,) in known:
        if (wanted := in_unit(asked, code)) is not None:
            units = f" AND x.unit {same}", (UCUM, code)
            found += _intervals(view, criterion, replace(value, value=wanted), "quantity", units)
    return found


def _references(view: View, criterion: Criterion, values: Values) -> list[Clause]:
    param = view.param(criterion.param)
    if criterion.modifier == "identifier":
        tokens = [Token(*cast(Target, value.value)[1:]) for value in values]
        return [token_rows(view, param, system, () if code == "*" else (code,)) for system, code in tokens]
    found: list[Clause] = []
    plain: list[str] = []
    for value in values:
        to = cast(Target, value.value).to
        type, slash, id = to.partition("/")
        if view.feed is not None or not slash or ":" in to or view.composed:
            plain.append(to)
        elif type == "Patient":
            found.append(_of_child(view, param, id))
        elif (number := view.numbers.type(view.connection, type)) >= 0:
            found.append(_of_resource(view, param, type, number, id))
    if plain:
        text, targets = texts(view.dialect, "x.target", plain)
        found.append(rows(view, "reference", f"x.param = ? AND {text}", param, *targets))
    return found


def _of_resource(view: View, param: int, type: str, number: int, public: str) -> Clause:
    """What a feed calls by its local id, asked for by the one that /fhir shows."""
    source = "resource t CROSS JOIN reference x"
    target = view.dialect.start.format("x.target")
    where = (
        f"t.type = ? AND t.public = ? AND x.param = ? AND {target} = ? || t.local"
        f" AND x.rid BETWEEN t.feed << {FEED_BITS} AND t.feed << {FEED_BITS} | {WITHIN_FEED}"
    )
    return _joined(view, source, where, number, public, param, f"{type}/")


def _of_child(view: View, param: int, child: str) -> Clause:
    """What the child's records say about their own Patient."""
    source = "child k CROSS JOIN record c CROSS JOIN reference x"
    target = view.dialect.start.format("x.target")
    own = f"x.param = ? AND {target} = 'Patient/' || c.local AND {in_record('c')}"
    where = f"k.id = ? AND c.child = k.child AND {own}"
    return _joined(view, source, where, child, param)


def in_record(record: str) -> str:
    """The condition that an index row `x` belongs to a record, called by that name."""
    # SQLite reads << and | from left to right, without rank
    low = f"(({record}.feed << {FEED_BITS}) | ({record}.rec << {REC_BITS}))"
    return f"x.rid BETWEEN {low} AND {low} | {SEQ_MOST}"


def _joined(view: View, source: str, where: str, *values: object) -> Clause:
    return Clause(
        ((f"SELECT x.rid FROM {source} WHERE {where}", values),),
        exists(view, source, f"{where} AND x.rid = {{r}}.rid", *values),
        bare=True,
    )


def _each(one: Callable[[View, Criterion, Value], list[Clause]]) -> Several:
    def several(view: View, criterion: Criterion, values: Values) -> list[Clause]:
        return [found for value in values for found in one(view, criterion, value)]

    return several


KINDS: dict[str, Several] = {
    "token": _tokens,
    "string": _each(_string),
    "date": _each(_date),
    "number": _each(_number),
    "quantity": _each(_quantity),
    "reference": _references,
    "uri": _uris,
    "phrase": _each(_phrase),
}
MODIFIERS: dict[str, tuple[str, ...]] = {
    "composite": ("",),
    "token": ("", "above", "below", "in", "not", "not-in", "of-type", "text"),
    "string": ("", "exact", "contains"),
    "date": ("",),
    "number": ("",),
    "quantity": ("",),
    "reference": ("", "identifier"),
    "uri": ("", "above", "below"),
}
