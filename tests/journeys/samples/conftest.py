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


@pytest.fixture(scope="session")
def census() -> Told:
    """The XML return of a school."""
    file = SAMPLES / "school-census" / "2019001_SC1_201LL26_001.xml"
    return Told("school-census-xml", [file], {})


@pytest.fixture(scope="session")
def extract() -> Told:
    """The same return as the CSV extract of a council."""
    files = sorted((SAMPLES / "school-census" / "blade").glob("*.csv"))
    return Told("school-census", files, {"census": "2026-SPR", "school": "2019001"})


@pytest.fixture(scope="session")
def oneroster() -> Told:
    """The OneRoster export of the school."""
    return Told("oneroster", sorted((SAMPLES / "oneroster").glob("*.csv")), {"source": "201-9001"})


@pytest.fixture(scope="session")
def cin() -> Told:
    """The children in need census."""
    return Told("cin", [SAMPLES / "cin-census" / "cin_2025_26_201.xml"], {})
