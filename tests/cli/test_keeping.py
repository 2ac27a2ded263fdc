"""load and loads: files come in, are taken back, and what was set aside comes in again."""

import json
import sqlite3
from base64 import b64decode
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from terminal import Run, demo_file, snapshot

from gateway import config as settings
from gateway.app import open_gateway
from gateway.problems import refuse
from gateway.problems.store import STORE_AUDIT
from gateway.resources import shipped
from gateway.store.audit import SqliteTrail

CTF = "2019002_CTF_2019001_001.xml"


def counts(folder: Path) -> dict[str, int]:
    gateway = open_gateway(settings.load(folder / "gateway.toml", {}))
    try:
        return gateway.store.counts()
    finally:
        gateway.close()


def test_a_load_says_what_it_kept_and_how_to_undo_it(gate: Path, fhirgate: Run) -> None:
    done = fhirgate("load", "children.csv", "-m", "clubs")

    assert done.code == 0
    assert done.out.startswith("kept  2  0 known children, 2 new, 0 unchanged\n")
    assert done.out.endswith("Load 1. Undo with: fhirgate load --undo 1\n")
    assert done.err == ""


def test_a_value_that_was_left_out_needs_a_person_and_a_dry_run_says_so_too(
    gate: Path, fhirgate: Run
) -> None:
    settings = (gate / "gateway.toml").read_text("utf-8")
    (gate / "gateway.toml").write_text(settings + '[feeds.local.set]\nla = "201"\nyear = "2025"\n', "utf-8")
    (gate / "set").mkdir()
    (gate / "set" / "header.csv").write_text(
        "CHILD,SEX,DOB,ETHNIC,UPN,MOTHER,MC_DOB,SHOE\n0010234,F,03/04/2012,MWBA,F201900116001,,,7\n", "utf-8"
    )
    (gate / "set" / "reviews.csv").write_text(
        "CHILD,DOB,REVIEW,REVIEW_CODE\n0010234,03/04/2012,31/02/2025,PN1\n", "utf-8"
    )

    dry, done = (fhirgate("load", "set", "-m", "ssda903", *more) for more in (("--dry-run",), ()))

    for told in (dry, done):
        assert told.code == 1
        assert "left out: record.not-a-date  REVIEW  1" in told.out
        assert "      reviews.csv:2\n      Correct REVIEW in the source system" in told.out
        assert "doubtful: source.extra-column" in told.out


def test_a_set_without_records_says_which_file_has_none(gate: Path, fhirgate: Run) -> None:
    (gate / "set").mkdir()
    (gate / "set" / "episodes.csv").write_text(
        "CHILD,DECOM,RNE,LS,CIN,PLACE,PLACE_PROVIDER,DEC,REC,REASON_PLACE_CHANGE,HOME_POST,PL_POST,URN\n",
        "utf-8",
    )
    (gate / "set" / "header.csv").write_text("CHILD,SEX,DOB,ETHNIC,UPN,MOTHER,MC_DOB\n", "utf-8")

    done = fhirgate("load", "set", "-m", "ssda903", "--set", "la=201", "--set", "year=2025")

    assert "source.no-records" in done.out and "      header.csv\n" in done.out


def looks(folder: Path) -> list[dict[str, Any]]:
    """What is in the audit, oldest first, with its words."""
    with closing(sqlite3.connect(folder / "audit.db")) as connection:
        found = [json.loads(body) for (body,) in connection.execute("SELECT body FROM event ORDER BY number")]
    return [{**each, "question": b64decode(each.get("question", "")).decode()} for each in found]


def test_loads_and_what_takes_them_back_are_in_the_audit(gate: Path, fhirgate: Run) -> None:
    fhirgate("load", "children.csv", "-m", "clubs")
    fhirgate("load", "--undo", "1")
    fhirgate("load", "children.csv", "-m", "clubs", "--dry-run")
    fhirgate("load", "children.csv", "-m", "clubs", "--set", "nothing=1")

    load, undo, refused = looks(gate)
    assert (load["interaction"], load["base"], load["id"]) == ("$load", "local", "1")
    assert load["name"].endswith(" at the command line") and load["outcome"] == "answered"
    assert load["question"].startswith("load 1: ") and "kept 2" in load["question"]
    assert (undo["interaction"], undo["base"], undo["id"]) == ("$undo", "local", "1")
    assert "records 2" in undo["question"]
    assert (refused["interaction"], refused["outcome"]) == ("$load", "refused")
    assert refused["problem"].startswith("mapping.given-")
    text = (gate / "children.csv").read_text("utf-8").splitlines()
    values = {value for line in text[1:] for value in line.split(",") if len(value) > 2}
    assert not [value for value in values if value in json.dumps([load, undo, refused])]


@pytest.mark.parametrize("words", [("children.csv", "-m", "clubs", "--json"), ("--undo", "1", "--json")])
def test_what_could_not_be_audited_is_said_to_be_kept(
    gate: Path, fhirgate: Run, monkeypatch: pytest.MonkeyPatch, words: tuple[str, ...]
) -> None:
    fhirgate("load", "children.csv", "-m", "clubs")

    def full(self: Any, event: bytes, children: Any = ()) -> None:
        raise refuse(STORE_AUDIT, file="audit.db")

    monkeypatch.setattr(SqliteTrail, "append", full)
    done = fhirgate("load", *words)

    assert (done.code, done.out) == (1, "")
    assert "service.done-unaudited" in done.err and "store.audit" in done.err


def test_a_load_tells_a_program_the_same(council: Path, fhirgate: Run) -> None:
    plain = fhirgate("load", demo_file("ssda903"), "-m", "ssda903", "--feed", "council")
    assert fhirgate("load", "--undo", "1").code == 0
    told = fhirgate("load", demo_file("ssda903"), "-m", "ssda903", "--feed", "council", "--json")

    assert plain.code == told.code == 1
    report = told.json
    assert report["kept"] == 5 and report["set_aside"] == 1
    assert "kept       5  0 known children, 5 new, 0 unchanged" in plain.out
    assert "set aside  1" in plain.out
    (problem,) = report["problems"]
    for part in (problem["code"], problem["says"], problem["fix"], problem["places"][0]):
        assert part in plain.out


def test_a_file_loaded_twice_changes_nothing(council: Path, fhirgate: Run) -> None:
    words = ("load", demo_file(CTF), "--feed", "school")
    fhirgate(*words)
    before, had = snapshot(council), counts(council)

    again = fhirgate(*words, "--json").json

    assert again["created"] == again["updated"] == again["new"] == again["review"] == 0
    assert again["unchanged"] == again["kept"]
    assert snapshot(council) == before
    now = counts(council)
    assert {name for name in now if now[name] != had[name]} == {"loads"}


def test_undoing_a_load_gives_back_what_was(council: Path, fhirgate: Run) -> None:
    fhirgate("load", demo_file("ssda903"), "-m", "ssda903", "--feed", "council")
    before = snapshot(council)
    fhirgate("load", demo_file(CTF), "--feed", "school")
    assert snapshot(council) != before

    undone = fhirgate("load", "--undo", "2")

    assert undone.code == 0
    assert undone.out.startswith("Load 2 was taken back: ")
    assert snapshot(council) == before
    assert [one["state"] for one in fhirgate("loads", "--json").json] == ["finished", "undone"]


def test_undo_tells_a_program_how_much_it_took_back(gate: Path, fhirgate: Run) -> None:
    fhirgate("load", "children.csv")

    told = {"load": 1, "resources": 2, "records": 2, "to_review": 0}
    assert fhirgate("load", "--undo", "1", "--json").json == told


def test_a_load_is_undone_once(gate: Path, fhirgate: Run) -> None:
    fhirgate("load", "children.csv")
    fhirgate("load", "--undo", "1")

    done = fhirgate("load", "--undo", "1")

    assert done.code == 1
    assert "store.load-undone" in done.err


@pytest.mark.parametrize(
    ("option", "code"), [("--undo", "store.load-unknown"), ("--set-aside", "service.unknown-load")]
)
def test_a_load_that_is_not_there(gate: Path, fhirgate: Run, option: str, code: str) -> None:
    done = fhirgate("load", option, "77")

    assert done.code == 2
    assert code in done.err
    assert "There is no load 77. " in done.err
    assert "fhirgate loads" in done.err.replace("`", "")


def test_a_dry_run_writes_nothing(council: Path, fhirgate: Run) -> None:
    before = snapshot(council)

    done = fhirgate("load", demo_file(CTF), "--feed", "school", "--dry-run")

    assert done.code == 1
    assert "nothing is written in a dry run" in done.out
    assert "record.not-a-date" in done.out
    assert "Undo" not in done.out
    assert snapshot(council) == before
    assert fhirgate("loads", "--json").json == []


def test_loads_lists_every_load(gate: Path, fhirgate: Run) -> None:
    fhirgate("load", "children.csv")
    fhirgate("load", "children.csv")

    plain, told = fhirgate("loads"), fhirgate("loads", "--json").json

    assert [one["load"] for one in told] == [1, 2]
    assert all(one["at"].endswith("Z") for one in told)
    rows = [line.split() for line in plain.out.splitlines()[1:]]
    assert [(row[0], row[3], row[4]) for row in rows] == [
        (str(one["load"]), "local", "clubs") for one in told
    ]


def test_where_there_are_several_feeds_one_must_be_named(council: Path, fhirgate: Run) -> None:
    done = fhirgate("load", demo_file(CTF))

    assert done.code == 2
    assert "service.feed-needed" in done.err
    assert "Add --feed with one of: council, school, traced." in done.err


def test_a_feed_that_is_not_there(council: Path, fhirgate: Run) -> None:
    done = fhirgate("load", demo_file(CTF), "--feed", "scool")

    assert done.code == 2
    assert "service.unknown-feed" in done.err
    assert "There is no feed called scool. Feeds of this gateway: council, school, traced." in done.err


def test_a_mapping_that_is_not_there(gate: Path, fhirgate: Run) -> None:
    done = fhirgate("load", "children.csv", "-m", "club")

    assert done.code == 2
    assert "There is no mapping called club. Mappings here: cin, clubs, csc-api, ctf, " in done.err


def test_a_mapping_is_taken_by_what_the_list_of_loads_calls_it_too(council: Path, fhirgate: Run) -> None:
    by_folder = fhirgate("load", demo_file(CTF), "--feed", "school", "-m", "ctf")
    called = fhirgate("loads").out.splitlines()[1].split()[4]
    by_id = fhirgate("load", demo_file(CTF), "--feed", "school", "-m", called)

    assert called == "dfe-ctf"
    assert by_id.code == by_folder.code
    assert " unchanged\n" in by_id.out and "0 new" in by_id.out


def test_a_file_that_is_not_there(gate: Path, fhirgate: Run) -> None:
    done = fhirgate("load", "childen.csv")

    assert done.code == 2
    assert "childen.csv" in done.err
    assert "source.not-found" in done.err


def test_load_takes_files_or_an_undo_but_not_both(gate: Path, fhirgate: Run) -> None:
    assert fhirgate("load").code == 2
    assert fhirgate("load", "children.csv", "--undo", "1").code == 2


def test_two_records_of_one_key_that_differ(gate: Path, fhirgate: Run) -> None:
    (gate / "twice.csv").write_text(
        "UPN,Surname,Forename,DOB,Sex\n"
        "T201900118051,Thompson,Ava-Mae,30/09/2013,F\n"
        "T201900118051,Okafor,Ada,03/09/2014,F\n",
        "utf-8",
    )

    done = fhirgate("load", "twice.csv", "--json")

    assert done.code == 1
    assert done.json["kept"] == 1
    (problem,) = done.json["problems"]
    assert (problem["code"], problem["places"]) == ("record.repeated-key", ["twice.csv:3"])


def test_a_file_of_no_known_columns_beside_a_set_is_told_of(council: Path, fhirgate: Run) -> None:
    (council / "notes.csv").write_text("what,ever\n1,2\n", "utf-8")
    files = sorted(demo_file("ssda903").glob("*.csv"))

    done = fhirgate("load", *files, "notes.csv", "-m", "ssda903", "--feed", "council", "--json")

    (warning,) = [one for one in done.json["warnings"] if one["code"] == "source.unknown-file"]
    assert warning["places"] == ["notes.csv:1"]


def test_a_file_of_fhir_needs_no_mapping(council: Path, fhirgate: Run) -> None:
    done = fhirgate("load", demo_file("trace.ndjson"), "--feed", "council", "--json")

    assert done.code == 0
    assert done.json["mapping"] == "fhir"
    assert done.json["kept"] == 5


def broken_csv(folder: Path) -> tuple[Path, tuple[str, ...]]:
    return demo_file("ssda903"), ("-m", "ssda903", "--feed", "council")


def broken_xml(folder: Path) -> tuple[Path, tuple[str, ...]]:
    return demo_file(CTF), ("-m", "ctf", "--feed", "school")


def broken_json(folder: Path) -> tuple[Path, tuple[str, ...]]:
    children = json.loads(demo_file("children_201.json").read_text("utf-8"))
    children[1]["child_details"]["date_of_birth"] = "2014-02-31"
    file = folder / "children.json"
    file.write_text(json.dumps(children), "utf-8")
    return file, ("-m", "csc-api", "--feed", "council")


def broken_fhir(folder: Path) -> tuple[Path, tuple[str, ...]]:
    lines = demo_file("trace.ndjson").read_text("utf-8").splitlines()
    patient = json.loads(lines[0]) | {"birthDate": "2014-02-31"}
    file = folder / "patients.ndjson"
    file.write_text("\n".join([json.dumps(patient), *lines[1:]]) + "\n", "utf-8")
    return file, ("--feed", "council")


@pytest.mark.parametrize(
    ("broken", "wrong", "right", "into", "corrected"),
    [
        (broken_csv, "31/02/2014", "28/02/2014", "again", "again/header.csv"),
        (broken_xml, "2013-02-30", "2013-02-28", "again.xml", "again.xml"),
        (broken_json, "2014-02-31", "2014-02-28", "again.json", "again.json"),
        (broken_fhir, "2014-02-31", "2014-02-28", "again.ndjson", "again.ndjson"),
    ],
    ids=["csv", "xml", "json", "fhir"],
)
def test_what_was_set_aside_is_written_out_corrected_and_loaded_again(
    council: Path,
    fhirgate: Run,
    broken: Callable[[Path], tuple[Path, tuple[str, ...]]],
    wrong: str,
    right: str,
    into: str,
    corrected: str,
) -> None:
    file, options = broken(council)
    first = fhirgate("load", file, *options, "--json").json
    assert first["set_aside"] == 1

    written = fhirgate("load", "--set-aside", "1", "--into", into)
    assert written.code == 0
    assert written.out == f"1 record written to {into}. Correct what is wrong and load the result again.\n"
    assert wrong not in written.err
    text = (council / corrected).read_text("utf-8")
    assert text.count(wrong) == 1
    (council / corrected).write_text(text.replace(wrong, right), "utf-8")
    again = fhirgate("load", into, *options, "--json")

    assert again.code == 0, again.out
    assert (again.json["kept"], again.json["set_aside"]) == (1, 0)
    assert counts(council)["records"] == first["kept"] + 1


def test_the_reasons_stand_beside_what_was_set_aside(council: Path, fhirgate: Run) -> None:
    fhirgate("load", demo_file(CTF), "--feed", "school")

    plain = fhirgate("load", "--set-aside", "1")
    told = fhirgate("load", "--set-aside", "1", "--json").json

    assert plain.out.lstrip().startswith("<")
    assert told["content"] == plain.out
    (problem,) = told["problems"]
    assert f"{problem['file']}:{problem['line']}" in plain.err
    assert problem["fix"] in plain.err


def test_a_set_of_files_is_written_into_a_folder(council: Path, fhirgate: Run) -> None:
    fhirgate("load", demo_file("ssda903"), "-m", "ssda903", "--feed", "council")

    done = fhirgate("load", "--set-aside", "1")

    assert done.code == 2
    assert "service.into-needed" in done.err


def test_a_load_that_set_nothing_aside_says_so(gate: Path, fhirgate: Run) -> None:
    fhirgate("load", "children.csv")

    done = fhirgate("load", "--set-aside", "1")

    assert (done.code, done.out) == (0, "")
    assert "Load 1 set nothing aside." in done.err


CENSUS = ("--set", "census=2026-SPR")


@pytest.fixture
def extract(gate: Path) -> Path:
    """A census extract as a council gets it: pupils on roll and pupils who left, and a file of no table."""
    folder = gate / "extract"
    folder.mkdir()
    for name in ("school-census-left", "school-census"):
        for file in (shipped("mappings") / name / "sample").iterdir():
            (folder / file.name).write_bytes(file.read_bytes())
    (folder / "notes.csv").write_text("when,who,what\n", "utf-8")
    return folder


def test_one_command_loads_a_whole_census_extract(gate: Path, fhirgate: Run, extract: Path) -> None:
    alone = fhirgate("load", extract, "-m", "school-census-left", *CENSUS, "--json").json
    fhirgate("load", "--undo", "1")

    plain = fhirgate("load", extract, *CENSUS)
    told = fhirgate("load", extract, *CENSUS, "--json").json

    assert plain.code == 0, plain.err
    assert "Of the same files, by the mapping dfe-school-census-left:" in plain.out
    assert "fhirgate load --undo 2" in plain.out and "fhirgate load --undo 3" in plain.out
    # what neither reads is told, what the other reads is not
    unread = {place.partition(":")[0] for each in told["warnings"] for place in each["places"]}
    assert unread == {"notes.csv"}
    (beside,) = told["beside"]
    assert (told["mapping"], beside["mapping"]) == ("dfe-school-census", "dfe-school-census-left")
    assert (told["unchanged"], beside["unchanged"]) == (told["records"], beside["records"])
    assert beside["records"] == alone["records"] > 0
    assert alone["beside"] == []


def test_a_part_of_an_extract_is_loaded_by_one_mapping_alone(
    gate: Path, fhirgate: Run, extract: Path
) -> None:
    for file in extract.glob("*pupilnolongeronroll*"):
        file.unlink()

    told = fhirgate("load", extract, *CENSUS, "--json").json

    assert told["mapping"] == "dfe-school-census" and told["beside"] == []
    unread = {place.partition(":")[0] for each in told["warnings"] for place in each["places"]}
    assert any("offroll" in name for name in unread)
