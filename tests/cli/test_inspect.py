"""inspect: a file nobody has described is looked at, and a mapping is drafted from it."""

import io
from pathlib import Path
from types import SimpleNamespace

import pytest
from terminal import Run, demo_file

from gateway.testing import children, upn, write_ctf


@pytest.fixture
def spring(gate: Path) -> Path:
    """A file from a school nobody has seen."""
    rows = ["UPN,Surname,DOB,Sex,SENprovision,Height,Comment"]
    for child in children(40):
        year, month, day = child.born.split("-")
        born = f"{day}/{month}/{year}" if child.number else "31/02/2015"
        provision = "EKN"[child.number % 3] if child.number % 4 == 0 else ""
        rows.append(f"{child.upn},{child.surname},{born},{child.sex},{provision},{child.number + 100}.5,")
    path = gate / "spring.csv"
    path.write_text("\n".join(rows) + "\n", "utf-8-sig")
    return path


def test_inspect_says_what_each_column_could_be(spring: Path, fhirgate: Run) -> None:
    done = fhirgate("inspect", spring)

    lines = [" ".join(line.split()) for line in done.out.splitlines()]
    assert done.code == 0
    assert lines[:2] == [
        "spring.csv: 40 records, 7 columns, UTF-8 with BOM, commas",
        "column filled distinct looks like",
    ]
    assert lines[2] == "UPN 100% 40 UPN (check letter fits in 40)"
    assert lines[4].startswith("DOB 100%")
    assert lines[4].endswith("date dd/mm/yyyy (1 impossible)")
    assert lines[5:] == [
        "Sex 100% 2 sex: F M",
        "SENprovision 25% 3 code: E K N",
        "Height 100% 40 decimal",
        "Comment 0% 0 nothing: it is empty",
    ]


def test_inspect_shows_no_value_unless_asked(spring: Path, fhirgate: Run) -> None:
    quiet = fhirgate("inspect", spring)
    quiet_json = fhirgate("inspect", spring, "--json")
    shown = fhirgate("inspect", spring, "--show-values")
    shown_json = fhirgate("inspect", spring, "--show-values", "--json")

    for done in (quiet, quiet_json):
        assert upn(0) not in done.out + done.err
        assert "31/02/2015" not in done.out + done.err
    assert upn(0) in shown.out
    assert shown_json.json["columns"][0]["examples"][0] == upn(0)
    assert quiet_json.json["columns"][0]["shapes"] == ["A999999999999"]


def test_inspect_answers_a_program_with_the_same_figures(spring: Path, fhirgate: Run) -> None:
    told = fhirgate("inspect", spring, "--json").json

    assert (told["records"], told["format"], told["byteOrderMark"], told["delimiter"]) == (
        40,
        "csv",
        True,
        ",",
    )
    born = told["columns"][2]
    assert (born["looks"], born["format"], born["fits"], born["wrong"]) == ("date", "dd/MM/yyyy", 39, 1)
    assert set(told["columns"][4]["codes"]) == {"E", "K", "N"}


def test_a_drafted_mapping_is_tested_and_loaded_in_a_few_commands(
    spring: Path, gate: Path, fhirgate: Run
) -> None:
    folder = gate / "mappings" / "spring"
    folder.mkdir()

    (folder / "mapping.yaml").write_text(fhirgate("inspect", spring, "--draft").out, "utf-8")
    written = fhirgate("map", spring, "-m", "spring", "--as-test")
    (folder / "tests.yaml").write_text(written.out, "utf-8")
    tested = fhirgate("test", "spring")
    loaded = fhirgate("load", spring, "-m", "spring", "--json")

    assert tested.code == 0, tested.err
    assert "1 passed" in tested.out
    assert (loaded.json["kept"], loaded.json["set_aside"]) == (39, 1)


def test_inspect_looks_at_xml_and_names_the_mapping_that_reads_it(gate: Path, fhirgate: Run) -> None:
    write_ctf(gate / "pupils.xml", children(30))

    first = fhirgate("inspect", "pupils.xml")
    whole = fhirgate("inspect", "pupils.xml", "--all")

    assert first.out.startswith("pupils.xml: 30 records, ")
    assert "XML, each CTfile/CTFpupilData/Pupil" in first.out
    assert "more: --all" in first.out
    assert "more: --all" not in whole.out
    assert "Contacts/Contact/Relationship" in whole.out
    assert "fhirgate map pupils.xml -m ctf" in first.err


def test_inspect_looks_at_json_and_says_what_repeats_in_a_record(gate: Path, fhirgate: Run) -> None:
    done = fhirgate("inspect", demo_file("children_201.json"), "--all")

    (disabilities,) = [line for line in done.out.splitlines() if "child_details/disabilities" in line]
    assert "up to 2 in a record" in disabilities
    assert "child_details/date_of_birth" in done.out


def test_inspect_says_that_fhir_needs_no_mapping(gate: Path, fhirgate: Run) -> None:
    done = fhirgate("inspect", demo_file("hospital.ndjson"))

    assert "fhirgate load takes them as they are" in done.err


def test_inspect_reads_stdin(gate: Path, fhirgate: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin", SimpleNamespace(buffer=io.BytesIO(b"A,B\n1,x\n2,y\n")))

    assert fhirgate("inspect", "-").out.startswith("stdin: 2 records, 2 columns, UTF-8, commas")


@pytest.mark.parametrize(
    ("content", "code", "exit"),
    [
        pytest.param(b"", "source.empty", 1, id="empty"),
        pytest.param(b"PK\x03\x04", "source.not-text", 1, id="a spreadsheet"),
        pytest.param(b"<!DOCTYPE a><a/>", "source.doctype", 1, id="a DOCTYPE"),
        pytest.param(b"A,B\n1,2\n3\n", "source.ragged", 1, id="a ragged row"),
        pytest.param(b"<a><b><c>1</c></b><b>", "source.truncated", 1, id="xml that breaks off"),
        pytest.param(b'[{"a": 1}, {"a"', "source.truncated", 1, id="json that breaks off"),
    ],
)
def test_bad_files_give_a_problem_and_no_trace(
    gate: Path, fhirgate: Run, content: bytes, code: str, exit: int
) -> None:
    (gate / "bad").write_bytes(content)

    done = fhirgate("inspect", "bad")

    assert done.code == exit
    assert code in done.err
    assert "Traceback" not in done.err


def test_a_file_that_is_not_there_is_used_wrongly(gate: Path, fhirgate: Run) -> None:
    done = fhirgate("inspect", "nowhere.csv")

    assert done.code == 2
    assert "source.not-found" in done.err


def test_bad_rows_are_counted_and_the_others_are_told(gate: Path, fhirgate: Run) -> None:
    (gate / "bad.csv").write_text("A,B\n1,2\n3\n4,5,6\n7,8\n")

    done = fhirgate("inspect", "bad.csv")

    assert "bad.csv: 2 records" in done.out
    assert "bad.csv:3  source.ragged" in done.err
    assert "2 records cannot be read: source.ragged 2" in done.err
