"""The samples, each translated once."""

import pytest
from translated import SAMPLES, Told


@pytest.fixture(scope="session")
def ssda903() -> Told:
    """The CSV set."""
    return Told("ssda903", sorted((SAMPLES / "ssda903").glob("*.csv")), {"la": "201", "year": "2025-26"})


@pytest.fixture(scope="session")
def ctf() -> Told:
    """The Common Transfer File."""
    return Told("ctf", [SAMPLES / "ctf" / "2019002_CTF_2019001_001.xml"], {})


@pytest.fixture(scope="session")
def csc() -> Told:
    """The body of the children's social care API."""
    return Told("csc-api", [SAMPLES / "dfe-csc-api" / "children_201.json"], {"la": "201"})
