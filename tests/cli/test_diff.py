"""diff: what a changed mapping changes."""

from pathlib import Path

import pytest
from terminal import Run


@pytest.fixture
def changed(gate: Path) -> Path:
    """A copy of the mapping that `init` wrote, with one change."""
    folder = gate / "changed"
    folder.mkdir()
    text = (gate / "mappings" / "clubs" / "mapping.yaml").read_text("utf-8")
    assert "family: = Surname" in text
    (folder / "mapping.yaml").write_text(
        text.replace("family: = Surname", "family: = Surname.upper()"), "utf-8"
    )
    return folder


def test_diff_tells_each_changed_element_with_its_count_and_an_example(changed: Path, fhirgate: Run) -> None:
    done = fhirgate("diff", "clubs", changed, "children.csv")

    assert done.code == 1
    assert done.out.splitlines() == [
        "2 records: 0 the same, 2 different",
        "",
        "elements",
        "  ~ Patient.name.family  changed 2",
        "      children.csv:2  Thompson -> THOMPSON",
        "      children.csv:3  Thompson -> THOMPSON",
    ]


def test_diff_answers_a_program(changed: Path, fhirgate: Run) -> None:
    told = fhirgate("diff", "clubs", changed, "children.csv", "--json").json

    assert (told["records"], told["same"], told["resources"], told["problems"]) == (2, 0, [], [])
    (change,) = told["elements"]
    assert (change["what"], change["path"], change["count"]) == ("changed", "Patient.name.family", 2)
    assert change["examples"][0] == {"place": "children.csv:2", "old": "Thompson", "new": "THOMPSON"}


def test_diff_of_a_mapping_with_itself_is_quiet(gate: Path, fhirgate: Run) -> None:
    done = fhirgate("diff", "clubs", "mappings/clubs", "children.csv")

    assert (done.code, done.out.strip()) == (0, "2 records: 2 the same, 0 different")


def test_diff_stops_after_as_many_records_as_wanted(changed: Path, fhirgate: Run) -> None:
    done = fhirgate("diff", "clubs", changed, "children.csv", "--limit", "1")

    assert done.out.startswith("1 record: 0 the same, 1 different")


def test_diff_tells_records_that_only_one_sets_aside(changed: Path, gate: Path, fhirgate: Run) -> None:
    text = (changed / "mapping.yaml").read_text("utf-8")
    (changed / "mapping.yaml").write_text(text.replace("    birthDate: = DOB.date()\n", ""), "utf-8")
    bad = (gate / "children.csv").read_text("utf-8").replace("30/09/2013", "31/02/2013", 1)
    (gate / "bad.csv").write_text(bad, "utf-8")

    done = fhirgate("diff", "clubs", changed, "bad.csv")

    assert done.code == 1
    assert "  - record.not-a-date  gone 1" in done.out
    assert "  + Patient  added 1" in done.out


def test_a_mapping_with_a_mistake_is_told_with_its_place(changed: Path, gate: Path, fhirgate: Run) -> None:
    text = (changed / "mapping.yaml").read_text("utf-8")
    (changed / "mapping.yaml").write_text(text.replace("DOB.date()", "DOB.dat()"), "utf-8")

    done = fhirgate("diff", "clubs", changed, "children.csv")

    assert done.code == 1
    assert "mapping.unknown-function" in done.err
    assert "Traceback" not in done.err


@pytest.mark.parametrize(
    ("words", "code"),
    [
        pytest.param(("clubs", "nowhere", "children.csv"), "service.unknown-mapping", id="no such mapping"),
        pytest.param(("clubs", "clubs", "nowhere.csv"), "source.not-found", id="no such file"),
    ],
)
def test_what_is_not_there_is_used_wrongly(
    gate: Path, fhirgate: Run, words: tuple[str, ...], code: str
) -> None:
    done = fhirgate("diff", *words)

    assert done.code == 2
    assert code in done.err
