"""Units of measure by UCUM: which codes measure the same thing, and how a number in one reads in another.

The table is UCUM's own file, `ucum-essence.xml` 2.2 of 17 June 2024, carried as it was published.
Copyright 1999-2024 Regenstrief Institute, Inc. All rights reserved; licensed under the UCUM Licence 1.0,
which is at https://unitsofmeasure.org/license, and comes without warranties of any kind.

Temperatures (Cel, [degF], [degRe]) are converted; other scales that are no plain multiple of a unit (pH, bel,
homoeopathic potencies) only equal themselves.

Source: https://ucum.org/ucum
"""

import re
from collections.abc import Iterator
from fractions import Fraction
from functools import cache, lru_cache
from importlib.resources import files
from typing import NamedTuple

from lxml import etree

from gateway.fhir.xml_parser import parser

UCUM = "http://unitsofmeasure.org"

_NS = "{http://unitsofmeasure.org/ucum-essence}"
_NAMES = {"u": _NS[1:-1]}
_LONGEST = 100
_MOST_POWER = 40
_PIECE = re.compile(r"(?P<annotation>\{[^{}]*\})|(?P<sign>[./()])|(?P<word>(?:\[[^\]]*\]|[^./(){}\[\]\s])+)")
_WORD = re.compile(r"(?P<unit>.*?[^\d+-])(?P<power>[+-]?\d+)?")
#: Zero of these scales, in the unit of their own steps.
_ZEROS = {"Cel": Fraction("273.15"), "degF": Fraction("459.67"), "degRe": Fraction("218.52")}

Dimension = tuple[tuple[str, int], ...]


class Unit(NamedTuple):
    """A unit: `value x factor + zero` in base units; `dimension` has the power of each base unit."""

    factor: Fraction
    dimension: Dimension
    zero: Fraction = Fraction(0)


class _Row(NamedTuple):
    """One unit of the table: how many of which unit it is; whether it takes prefixes, and is arbitrary."""

    value: str
    unit: str
    metric: bool
    arbitrary: bool
    function: str


_ONE = Unit(Fraction(1), ())


@lru_cache(maxsize=4096)
def unit(code: str) -> Unit | None:
    """The unit that a UCUM code means; None where it is none, or its scale cannot be converted."""
    if not code or len(code) > _LONGEST or not code.isascii():
        return None
    try:
        return _term(code)
    except (ValueError, LookupError, OverflowError, RecursionError):
        return None


def converted(number: float, from_code: str, to_code: str) -> float | None:
    """A number in another unit, as exact as both can be written; None where the units do not compare."""
    here, there = unit(from_code), unit(to_code)
    if here is None or there is None or here.dimension != there.dimension:
        return None
    if number in (float("inf"), float("-inf")):
        return number
    # a float stands for the shortest decimal that gives it: that is what was written
    exact = (Fraction(repr(number)) * here.factor + here.zero - there.zero) / there.factor
    try:
        return float(exact)
    except OverflowError:
        return None


def _term(text: str) -> Unit:
    pieces = list(_pieces(text))
    found, at = _terms(pieces, 0)
    if at != len(pieces):
        raise ValueError("more than a unit")
    return found


def _pieces(text: str) -> Iterator[tuple[str, str]]:
    at = 0
    while at < len(text):
        found = _PIECE.match(text, at)
        if found is None:
            raise ValueError("no unit")
        yield str(found.lastgroup), found.group()
        at = found.end()


def _terms(pieces: list[tuple[str, str]], at: int) -> tuple[Unit, int]:
    """What units multiplied and divided make, up to a closing bracket."""
    found, turned = _ONE, False
    if pieces[at] == ("sign", "/"):
        turned, at = True, at + 1
    alone = True
    while True:
        part, at = _part(pieces, at)
        ends = at == len(pieces) or pieces[at][1] == ")"
        if alone and ends and not turned:
            return part, at
        found = _times(found, part, -1 if turned else 1)
        if ends:
            return found, at
        kind, sign = pieces[at]
        if kind != "sign" or sign not in "./":
            raise ValueError("units without a sign between")
        alone, turned, at = False, sign == "/", at + 1


def _part(pieces: list[tuple[str, str]], at: int) -> tuple[Unit, int]:
    kind, text = pieces[at]
    if kind == "annotation":
        return _ONE, at + 1
    if text == "(":
        found, at = _terms(pieces, at + 1)
        if pieces[at : at + 1] != [("sign", ")")]:
            raise ValueError("a bracket that does not close")
        at += 1
    elif kind == "word":
        found, at = _word(text), at + 1
    else:
        raise ValueError("a sign in the place of a unit")
    if at < len(pieces) and pieces[at][0] == "annotation":
        at += 1
    return found, at


def _word(text: str) -> Unit:
    if text.isdigit():
        return Unit(Fraction(int(text)), ())
    found = _WORD.fullmatch(text)
    if found is None:
        raise ValueError("no unit")
    base, power = _simple(found["unit"]), int(found["power"] or 1)
    if power == 1:
        return base
    if abs(power) > _MOST_POWER or base.zero:
        raise ValueError("no such power")
    return _times(_ONE, base, power)


def _times(left: Unit, right: Unit, power: int) -> Unit:
    if left.zero or right.zero:
        raise ValueError("a scale with a zero of its own is no factor")
    powers = dict(left.dimension)
    for name, each in right.dimension:
        powers[name] = powers.get(name, 0) + each * power
    return Unit(
        left.factor * right.factor**power,
        tuple(sorted((name, each) for name, each in powers.items() if each)),
    )


@lru_cache(maxsize=4096)
def _simple(name: str) -> Unit:
    """A unit of the table, with a prefix or without."""
    prefixes, bases, rows = _table()
    if name in bases:
        return Unit(Fraction(1), ((name, 1),))
    if name in rows:
        return _of_row(name, rows[name])
    for length in (2, 1):
        prefix, rest = name[:length], name[length:]
        if prefix in prefixes and (rest in bases or (rest in rows and rows[rest].metric)):
            found = _simple(rest)
            return Unit(found.factor * prefixes[prefix], found.dimension, found.zero)
    raise KeyError(name)


def _of_row(name: str, row: _Row) -> Unit:
    if row.arbitrary:
        # what one is depends on how it was measured; it is nothing but itself
        same = row.unit if row.unit in _table()[2] else name
        return Unit(Fraction(1), ((same, 1),))
    if row.function:
        if row.function not in _ZEROS:
            return Unit(Fraction(1), ((name, 1),))
        step = _term(row.unit)
        factor = step.factor * Fraction(row.value)
        return Unit(factor, step.dimension, _ZEROS[row.function] * factor)
    part = _term(row.unit)
    return Unit(part.factor * Fraction(row.value), part.dimension)


@cache
def _table() -> tuple[dict[str, Fraction], frozenset[str], dict[str, _Row]]:
    content = files("gateway.fhir").joinpath("ucum-essence.xml").read_bytes()
    root = etree.fromstring(content, parser())
    prefixes = {
        each.get("Code", ""): Fraction(str(each.xpath("string(u:value/@value)", namespaces=_NAMES)))
        for each in root.iter(f"{_NS}prefix")
    }
    bases = frozenset(each.get("Code", "") for each in root.iter(f"{_NS}base-unit"))
    return prefixes, bases, dict(map(_row, root.iter(f"{_NS}unit")))


def _row(element: etree._Element) -> tuple[str, _Row]:
    source = element.find(f"{_NS}value/{_NS}function")
    function = source is not None
    if source is None:
        source = element.find(f"{_NS}value")
    assert source is not None
    row = _Row(
        source.get("value", "1"),
        source.get("Unit", "1"),
        element.get("isMetric") == "yes",
        element.get("isArbitrary") == "yes",
        source.get("name", "") if function else "",
    )
    return element.get("Code", ""), row
