"""map, test, explain, coverage: a mapping is tried, and nothing is kept."""

import json
import shutil
from pathlib import Path

import pytest
from terminal import Run, demo_file, program

from gateway.resources import shipped

SSDA903 = ("-m", "ssda903", "--set", "la=201", "--set", "year=2025-26")
SAMPLES = Path(__file__).parents[1] / "samples"
SHIPPED = sorted(path.parent.name for path in shipped("mappings").glob("*/mapping.yaml"))


def test_map_writes_one_resource_a_line_and_keeps_nothing(gate: Path, fhirgate: Run) -> None:
    done = fhirgate("map", "children.csv", "-m", "clubs")

    lines = [json.loads(line) for line in done.out.splitlines()]
    assert done.code == 0
    assert [one["name"][0]["given"] for one in lines] == [["Ava-Mae"], ["Ava-Rae"]]
    assert {one["birthDate"] for one in lines} == {"2013-09-30"}
    assert not (gate / "gateway.db").exists()


def test_map_tells_the_same_in_lines_in_a_bundle_and_in_json(gate: Path, fhirgate: Run) -> None:
    lines = [json.loads(line) for line in fhirgate("map", "children.csv").out.splitlines()]
    bundle = json.loads(fhirgate("map", "children.csv", "--bundle").out)
    told = fhirgate("map", "children.csv", "--json").json

    assert bundle["type"] == "collection"
    assert [entry["resource"] for entry in bundle["entry"]] == lines
    assert told == {"resources": lines, "problems": [], "dropped": [], "warnings": []}


def test_map_stops_after_as_many_records_as_wanted(gate: Path, fhirgate: Run) -> None:
    done = fhirgate("map", "children.csv", "--limit", "1")

    assert len(done.out.splitlines()) == 1


def test_map_tells_of_a_bad_record_and_goes_on_with_its_neighbours(gate: Path, fhirgate: Run) -> None:
    (gate / "bad.csv").write_text(
        "UPN,Surname,Forename,DOB,Sex\n"
        "T201900118051,Thompson,Ava-Mae,31/02/2013,F\n"
        "G201900118052,Thompson,Ava-Rae,30/09/2013,F\n",
        "utf-8",
    )

    plain = fhirgate("map", "bad.csv")
    told = fhirgate("map", "bad.csv", "--json")

    assert plain.code == told.code == 1
    assert [json.loads(line)["name"][0]["given"] for line in plain.out.splitlines()] == [["Ava-Rae"]]
    assert "bad.csv:2" in plain.err
    assert "record.not-a-date" in plain.err
    assert "31/02/2013" not in plain.err
    (problem,) = told.json["problems"]
    assert (problem["code"], problem["place"], problem["field"]) == ("record.not-a-date", "bad.csv:2", "DOB")


def a_set(folder: Path, **more: str) -> Path:
    """The CSV set of a council with other rows or files."""
    found = folder / "set"
    shutil.copytree(demo_file("ssda903"), found)
    for name, text in more.items():
        (found / f"{name}.csv").write_text(text, "utf-8")
    return found


def test_map_tells_what_it_left_out_and_what_no_rule_reads(gate: Path, fhirgate: Run) -> None:
    reviews = "CHILD,DOB,REVIEW,REVIEW_CODE,ROOM\n0010234,03/04/2012,31/02/2025,PN1,7\n"
    given = a_set(gate, reviews=reviews, dolo="CHILD,DOLO_START\n0010234,01/05/2025\n")
    (given / "header.csv").write_text(
        "CHILD,SEX,DOB,ETHNIC,UPN,MOTHER,MC_DOB\n0010234,F,03/04/2012,MWBA,F201900116001,,\n", "utf-8"
    )
    for name in given.glob("*.csv"):
        if name.stem not in ("header", "reviews", "dolo"):
            name.unlink()

    plain = fhirgate("map", "set", *SSDA903)
    told = fhirgate("map", "set", *SSDA903, "--json").json
    missing = fhirgate("coverage", "set", *SSDA903, "--json").json

    assert plain.code == 1
    assert "reviews.csv:2  record.not-a-date" in plain.err and "Correct REVIEW" in plain.err
    assert "dolo.csv:1" in plain.err and "ROOM" in plain.err
    assert [(one["code"], one["place"]) for one in told["dropped"]] == [
        ("record.not-a-date", "reviews.csv:2")
    ]
    assert not told["problems"]
    assert {one["code"] for one in told["warnings"]} == {"source.unknown-file", "source.extra-column"}
    assert set(missing["fields"]) == {"dolo.csv", "reviews.ROOM"}
    assert missing["codes"] == {}


def test_map_reads_each_of_the_shipped_formats(council: Path, fhirgate: Run) -> None:
    files = {
        "ssda903": (demo_file("ssda903"), *SSDA903),
        "csc-api": (demo_file("children_201.json"), "--set", "la=201"),
        "ctf": (demo_file("2019002_CTF_2019001_001.xml"),),
        "school census": (SAMPLES / "school-census" / "blade", "--set", "census=2026-SPR"),
        "school census, XML": (SAMPLES / "school-census" / "2019001_SC1_201LL26_001.xml",),
        "OneRoster": (SAMPLES / "oneroster", "--set", "source=201-9001"),
    }

    types = {
        name: {json.loads(line)["resourceType"] for line in fhirgate("map", *words).out.splitlines()}
        for name, words in files.items()
    }

    assert types.pop("OneRoster") == {"Patient", "EpisodeOfCare"}
    assert all({"Patient", "Observation"} <= found for found in types.values())


def test_a_test_that_map_writes_passes_when_it_is_added(gate: Path, fhirgate: Run) -> None:
    written = fhirgate("map", "children.csv", "-m", "clubs", "--as-test")
    tests = gate / "mappings" / "clubs" / "tests.yaml"
    tests.write_text(tests.read_text("utf-8") + written.out, "utf-8")

    assert written.code == 0
    assert "clubs  3 tests  3 passed" in fhirgate("test", "clubs").out


def test_the_first_test_of_a_mapping_begins_the_file(gate: Path, fhirgate: Run) -> None:
    tests = gate / "mappings" / "clubs" / "tests.yaml"
    tests.unlink()

    tests.write_text(fhirgate("map", "children.csv", "--as-test").out, "utf-8")

    assert "clubs  1 test  1 passed" in fhirgate("test", "clubs").out


def test_a_test_of_an_xml_record_passes_too(gate: Path, fhirgate: Run) -> None:
    written = fhirgate("map", demo_file("2019002_CTF_2019001_001.xml"), "--as-test")
    folder = gate / "mappings" / "copy"
    folder.mkdir()
    fhirgate_mapping = Path(__file__).parents[2] / "mappings" / "ctf" / "mapping.yaml"
    (folder / "mapping.yaml").write_text(fhirgate_mapping.read_text("utf-8"), "utf-8")
    (folder / "tests.yaml").write_text("tests:\n" + written.out, "utf-8")

    done = fhirgate("test", "copy")

    assert done.out.startswith("copy  1 test  1 passed"), done.out + done.err


def test_a_mapping_with_a_mistake_is_shown_with_its_line_and_a_caret(gate: Path) -> None:
    mapping = gate / "mappings" / "clubs" / "mapping.yaml"
    text = mapping.read_text("utf-8").replace("DOB.date()", "DOB.dat()")
    mapping.write_text(text, "utf-8")
    line = next(n for n, each in enumerate(text.splitlines(), 1) if "DOB.dat()" in each)
    column = text.splitlines()[line - 1].index("DOB.dat") + 1

    done = program("test", "clubs", folder=gate)

    assert done.code == 1
    first, shown, caret = done.err.splitlines()[:3]
    assert first.startswith(f"mappings/clubs/mapping.yaml:{line}:")
    assert "birthDate: = DOB.dat()" in shown
    assert set(caret.split("|")[1].strip()) == {"^"}
    assert abs(caret.index("^") - caret.index("|") - 1 - column) <= len("DOB.dat")
    assert "date" in done.err.split("^", 1)[1]


def test_each_mistake_of_a_mapping_is_told_in_json_too(gate: Path, fhirgate: Run) -> None:
    mapping = gate / "mappings" / "clubs" / "mapping.yaml"
    text = mapping.read_text("utf-8")
    mapping.write_text(text.replace("DOB.date()", "DOB.dat()").replace("= Surname", "= Surnme"), "utf-8")

    plain, told = fhirgate("test", "clubs"), fhirgate("test", "clubs", "--json")

    assert plain.code == told.code == 1
    (answer,) = told.json
    assert len(answer["problems"]) == 2
    for problem in answer["problems"]:
        assert problem["place"] in plain.err
        assert problem["code"] in plain.err


@pytest.mark.parametrize(
    ("old", "new", "code"),
    [
        ("= DOB.date()", "= %me\nlet: {me: = %me}", "mapping.let-loop"),
        ("target:", 'given: {la: {help: "a code", matches: "[0-9"}}\ntarget:', "mapping.pattern"),
        ("unmapped: reject-record", "unmapped: keep-source", "mapping.source-code-outside-binding"),
    ],
)
def test_a_mistake_is_named_by_its_code_and_place(
    gate: Path, fhirgate: Run, old: str, new: str, code: str
) -> None:
    mapping = gate / "mappings" / "clubs" / "mapping.yaml"
    mapping.write_text(mapping.read_text("utf-8").replace(old, new, 1), "utf-8")

    (answer,) = fhirgate("test", "clubs", "--json").json

    found = {one["code"]: one["place"] or one["rule"] for one in answer["problems"]}
    assert found[code].startswith("mappings/clubs/mapping.yaml:")


def test_a_rule_whose_name_depends_on_its_place_is_doubted(gate: Path, fhirgate: Run) -> None:
    mapping = gate / "mappings" / "clubs" / "mapping.yaml"
    rule = """\
  - resourceType: Basic
    $for: child
    $key: [UPN]
    code: {text: club}
    subject: = ref(Patient, UPN)
"""
    mapping.write_text(mapping.read_text("utf-8") + 2 * rule, "utf-8")

    lines = {one["part"]: one for one in fhirgate("check", "--json").json}

    codes = [one["code"] for one in lines["mapping clubs"]["problems"]]
    assert "mapping.rule-order" in codes


def test_a_time_that_is_none_sets_the_record_aside(gate: Path, fhirgate: Run) -> None:
    mapping = gate / "mappings" / "clubs" / "mapping.yaml"
    text = mapping.read_text("utf-8").replace(
        "birthDate: = DOB.date()", "deceasedDateTime: = DOB.dateTime('dd/MM/yyyy HH:mm')"
    )
    mapping.write_text(text, "utf-8")

    done = fhirgate("map", "children.csv", "--json")

    assert {one["code"] for one in done.json["problems"]} == {"record.not-a-time"}


def test_a_mapping_without_tests_says_how_to_begin_one(gate: Path, fhirgate: Run) -> None:
    (gate / "mappings" / "clubs" / "tests.yaml").unlink()

    done = fhirgate("test", "clubs")

    assert done.code == 1
    assert "service.no-tests" in done.err
    assert "--as-test" in done.err


def test_a_file_of_fhir_has_nothing_to_map(gate: Path, fhirgate: Run) -> None:
    done = fhirgate("map", demo_file("trace.ndjson"))

    assert done.code == 2
    assert "service.mapping-needed" in done.err


def test_a_file_without_a_value_gives_no_draft(gate: Path, fhirgate: Run) -> None:
    (gate / "empty.csv").write_text("a,b\n,\n,\n", "utf-8")

    done = fhirgate("inspect", "empty.csv", "--draft")

    assert done.code == 1
    assert "inspect.no-draft" in done.err


def test_a_test_that_differs_shows_what_was_expected_and_what_came(gate: Path, fhirgate: Run) -> None:
    tests = gate / "mappings" / "clubs" / "tests.yaml"
    tests.write_text(tests.read_text("utf-8").replace("gender: female", "gender: male"), "utf-8")

    plain, told = fhirgate("test", "clubs"), fhirgate("test", "clubs", "--json")

    assert plain.code == told.code == 1
    assert "clubs  2 tests  1 passed  1 differ" in plain.out
    assert "expected  male" in plain.out
    assert "got       female" in plain.out
    ((differing,),) = [one["differ"] for one in told.json]
    assert differing["name"] == "a child with one forename"
    assert differing["differences"][0]["expected"] == "male"


def test_without_a_name_every_mapping_is_tested(gate: Path, fhirgate: Run) -> None:
    done = fhirgate("test", "--json")

    assert done.code == 0, done.out
    assert [one["mapping"] for one in done.json] == sorted(["clubs", *SHIPPED])
    assert all(one["tests"] > 0 for one in done.json)


def test_explain_names_the_cell_and_the_rule_of_each_element(gate: Path, fhirgate: Run) -> None:
    plain = fhirgate("explain", "children.csv:2", "-m", "clubs")
    told = fhirgate("explain", "children.csv:2", "-m", "clubs", "--json")

    assert plain.code == told.code == 0
    (birth,) = [one for one in told.json["elements"] if one["element"] == "Patient.birthDate"]
    assert birth["value"] == "2013-09-30"
    assert birth["from"] == "DOB (children.csv:2)"
    assert birth["mapping"].startswith("mappings/clubs/mapping.yaml:")
    (line,) = [line for line in plain.out.splitlines() if line.startswith("Patient.birthDate")]
    assert birth["from"] in line and birth["mapping"] in line


def test_explain_says_why_a_record_is_set_aside(gate: Path, fhirgate: Run) -> None:
    (gate / "bad.csv").write_text(
        "UPN,Surname,Forename,DOB,Sex\nT201900118051,Thompson,Ava-Mae,31/02/2013,F\n", "utf-8"
    )

    done = fhirgate("explain", "bad.csv:2", "--json")

    assert done.code == 1
    assert [one["code"] for one in done.json["problems"]] == ["record.not-a-date"]


def test_explain_needs_a_line_that_a_record_stands_on(gate: Path, fhirgate: Run) -> None:
    done = fhirgate("explain", "children.csv:1")

    assert done.code == 2
    assert "service.no-record" in done.err


def test_explain_needs_a_file_and_a_line(gate: Path, fhirgate: Run) -> None:
    assert fhirgate("explain", "children.csv").code == 2
    assert "FILE:LINE" in fhirgate("explain", "children.csv").err


def test_coverage_names_fields_that_nothing_uses(gate: Path, fhirgate: Run) -> None:
    mapping = gate / "mappings" / "clubs" / "mapping.yaml"
    mapping.write_text(mapping.read_text("utf-8").replace("    gender: = Sex.code('sex')\n", ""), "utf-8")

    plain = fhirgate("coverage", "children.csv", "-m", "clubs")
    told = fhirgate("coverage", "children.csv", "-m", "clubs", "--json")

    assert plain.code == told.code == 1
    assert [name.rpartition(".")[2] for name in told.json["fields"]] == ["Sex"]
    assert told.json["fields"][0] in plain.out
    assert "nothing uses it" in plain.out


def test_coverage_of_a_file_that_is_used_in_full(gate: Path, fhirgate: Run) -> None:
    done = fhirgate("coverage", "children.csv", "-m", "clubs")

    assert (done.code, done.out) == (0, "")
    assert "Every field and code" in done.err


def test_a_value_the_mapping_needs_is_asked_for(council: Path, fhirgate: Run) -> None:
    done = fhirgate("map", demo_file("ssda903"), "-m", "ssda903")

    assert done.code == 2
    assert "mapping.given-missing" in done.err


def test_a_set_without_an_equals_sign(gate: Path, fhirgate: Run) -> None:
    done = fhirgate("map", "children.csv", "--set", "la")

    assert done.code == 2
    assert "--set takes NAME=VALUE" in done.err


def test_a_file_no_mapping_reads(gate: Path, fhirgate: Run) -> None:
    (gate / "other.csv").write_text("a,b\n1,2\n", "utf-8")

    done = fhirgate("map", "other.csv")

    assert done.code in (1, 2)
    assert "service.file-kind" in done.err
    assert "clubs" in done.err


def test_a_test_is_written_from_a_file_with_semicolons_and_columns_of_its_own(
    gate: Path, fhirgate: Run
) -> None:
    lines = (gate / "children.csv").read_text("utf-8").splitlines()
    head, *rows = [f"{line.replace(',', ';')};x" for line in lines]
    (gate / "semicolons.csv").write_text("\n".join([f"{head[:-1].upper()}Shoe", *rows]) + "\n", "utf-8")
    tests = gate / "mappings" / "clubs" / "tests.yaml"
    wanted = fhirgate("map", "children.csv", "-m", "clubs", "--as-test").out

    told = fhirgate("map", "semicolons.csv", "-m", "clubs", "--as-test")

    assert (told.code, told.out) == (0, wanted)
    tests.write_text(tests.read_text("utf-8") + told.out, "utf-8")
    assert fhirgate("test", "clubs").code == 0
