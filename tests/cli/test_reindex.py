"""reindex: everything is indexed anew for search parameters that are new."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from terminal import Run

from gateway.fhir import facts

NICKNAME: dict[str, Any] = {
    "resourceType": "SearchParameter",
    "url": "https://x.example/SearchParameter/nickname",
    "status": "active",
    "code": "nickname",
    "base": ["Patient"],
    "type": "string",
    "expression": "Patient.name.where(use='nickname').given",
}


@pytest.fixture(autouse=True)
def r4_alone() -> Iterator[None]:
    yield
    facts.use({})


@pytest.fixture
def nickname(gate: Path, fhirgate: Run) -> Path:
    """A gateway with two children, and a parameter that came after them."""
    fhirgate("load", "children.csv", "-m", "clubs")
    folder = gate / "own-profiles"
    folder.mkdir()
    settings = gate / "gateway.toml"
    settings.write_text(f'profiles = ["{folder}"]\n' + settings.read_text("utf-8"), "utf-8")
    file = folder / "nickname.json"
    file.write_text(json.dumps(NICKNAME))
    return file


def test_it_says_how_much_it_indexed(nickname: Path, fhirgate: Run) -> None:
    done = fhirgate("reindex")

    assert done.code == 0
    assert "resources and older versions indexed anew." in done.out
    assert "it need not be started again" in done.err

    again = json.loads(fhirgate("reindex", "--json").out)
    assert again["indexed"] >= 4
    assert again["own_parameters"] == 1


def test_a_definition_that_cannot_be_used_is_named(nickname: Path, fhirgate: Run) -> None:
    nickname.write_text(json.dumps(NICKNAME | {"expression": "Patient.nickname"}))

    done = fhirgate("reindex")

    assert done.code == 2
    assert "search.definition" in done.err and NICKNAME["url"] in done.err
