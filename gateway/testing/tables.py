"""Invented records as a table, in parts: for joining many of them at once."""

import random
from collections.abc import Iterator
from pathlib import Path

import msgspec

from gateway.identity.names import family_forms, folded
from gateway.identity.person import Home, Name, Person
from gateway.testing.families import families
from gateway.testing.tellings import Telling, tellings

_SEX = {"F": frozenset({"female"}), "M": frozenset({"male"}), "": frozenset[str]()}
_ROWS = 20_000
_pack, _unpack = msgspec.msgpack.Encoder().encode, msgspec.msgpack.Decoder().decode


def write_tables(folder: Path, children: int, seed: int) -> tuple[int, list[int]]:
    """Write what offices hold of invented children, without numbers, one row for each record, in any order.

    Returns:
        How many parts it has, and whom each row is about.
    """
    everyone = list(tellings(families(children, seed), seed))
    order = random.Random(seed).sample(range(len(everyone)), len(everyone))
    parts = range(0, len(order), _ROWS)
    for number, start in enumerate(parts):
        rows = [_row(everyone[place]) for place in order[start : start + _ROWS]]
        (folder / f"{number}.rows").write_bytes(_pack(rows))
    return len(parts), [everyone[place].child for place in order]


def read_table(folder: Path, number: int) -> Iterator[tuple[int, Person]]:
    """Yield the number of each row of a part, counted from 0 in the first one, and what it says."""
    rows = _unpack((folder / f"{number}.rows").read_bytes())
    for place, row in enumerate(rows, number * _ROWS):
        yield place, _person(*row)


def _row(told: Telling) -> tuple[str, ...]:
    return (
        *(told.first, told.middle, told.surname, told.former_surname),
        *(told.born, told.sex, told.postcode.replace(" ", ""), _line(told.line)),
    )


def _line(written: str) -> str:
    return "".join(filter(str.isalnum, written.upper()))


def _person(
    first: str, middle: str, surname: str, former: str, born: str, sex: str, postcode: str, line: str
) -> Person:
    given, middles, family = folded(first), folded(middle), folded(surname)
    names = [Name(given, middles, family)]
    if former:
        names.append(Name(given, middles, folded(former)))
    forms = [family_forms(name.family) for name in names]
    return Person(
        families=forms[0].union(*forms[1:]),
        givens=frozenset({tuple(f"{given} {middles}".split())}),
        names=frozenset(names),
        birth_dates=frozenset({born}),
        genders=_SEX[sex],
        postcodes=frozenset({postcode} if postcode else ()),
        homes=frozenset({Home(postcode, line)} if postcode else ()),
    )
