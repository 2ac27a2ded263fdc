"""link: what is not linked is linked, one record after the other or all at once."""

import sys
from pathlib import Path

import pytest
from terminal import Run


def test_all_at_once_it_comes_to_the_same(gate: Path, fhirgate: Run) -> None:
    pytest.importorskip("duckdb")
    fhirgate("load", "children.csv", "-m", "clubs")

    slowly, quickly = fhirgate("link", "--json"), fhirgate("link", "--batch", "--json")

    assert quickly.code == 0
    assert quickly.json == slowly.json
    assert quickly.json["records"] == 2 and quickly.json["new"] == 0
    assert fhirgate("link", "--batch").out == "2 records looked at, 0 linked to new children.\n"


def test_without_duckdb_it_says_how_to_get_it(
    gate: Path, fhirgate: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "duckdb", None)
    for name in [name for name in sys.modules if name.startswith("gateway.batch.")]:
        monkeypatch.delitem(sys.modules, name)

    done = fhirgate("link", "--batch")

    assert done.code == 1
    assert "batch.not-installed" in done.err and "pip install fhirgate[batch]" in done.err
    assert fhirgate("link").code == 0
