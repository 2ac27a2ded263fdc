"""What was set aside is written out in its own format, corrected, and loaded again: nothing is lost."""

import json
import os
from pathlib import Path
from typing import Any

import pytest
from gates import SAMPLES, codes, found, load

from gateway.problems import Refused
from gateway.service import Gateway
from gateway.service.aside import Written, write_aside

CTF = SAMPLES / "ctf/2019002_CTF_2019001_001.xml"
CSC = SAMPLES / "dfe-csc-api/children_201.json"
COUNCIL_903 = SAMPLES / "ssda903"


def written(gateway: Gateway, load_: int, into: Path | None = None) -> Written:
    return write_aside(gateway.store, gateway.shelf, load_, into)


def everything(gateway: Gateway) -> list[tuple[str, ...]]:
    """What stands of resources and their index; not where and when it was said."""
    kept = []
    for item in gateway.store.dump():
        if item[0] == "resource":
            kept.append((*item[1:8], item[10]))
        if item[0] == "key":
            kept.append(item)
    return kept


@pytest.mark.parametrize("into", [True, False], ids=["to a file", "as text"])
def test_xml(gate: Gateway, gates: Any, tmp_path: Path, into: bool) -> None:
    good = CTF.read_bytes()
    bad = good.replace(b"<DOB>2015-06-21</DOB>", b"<DOB>2015-06-31</DOB>").replace(
        b"<Sex>F</Sex>", b"<Sex>female</Sex>", 1
    )
    assert bad != good

    first = load(gate, "school", {"pupils.xml": bad}, "ctf")
    out = tmp_path / "fix.xml"
    content = written(gate, first.number, out if into else None).content
    content = out.read_bytes() if into else content

    assert (first.kept, first.set_aside) == (3, 2)
    assert b"<DOB>2015-06-31</DOB>" in content and b"<CTFversion>25.0</CTFversion>" in content
    assert b"T201900118051" not in content
    corrected = content.replace(b"2015-06-31", b"2015-06-21").replace(b"<Sex>female", b"<Sex>F")
    again = load(gate, "school", {"corrected.xml": corrected}, "ctf")
    assert (again.kept, again.set_aside, again.new) == (2, 0, 2)
    once = gates("once")
    load(once, "school", [CTF], "ctf")
    assert everything(gate) == everything(once)


def test_a_csv_set(gate: Gateway, gates: Any, tmp_path: Path) -> None:
    files = {path.name: path.read_bytes() for path in COUNCIL_903.glob("*.csv")}
    bad = {
        **files,
        "header.csv": files["header.csv"].replace(b"0010655,M,21/06/2015", b"0010655,M,31/06/2015"),
    }
    assert bad != files

    first = load(gate, "council", bad, "ssda903")
    with pytest.raises(Refused) as refused:
        written(gate, first.number)
    out = tmp_path / "fix-these"
    result = written(gate, first.number, out)

    assert refused.value.problems[0].kind.code == "service.into-needed"
    assert (first.set_aside, result.records) == (1, 1)
    assert {path.name for path in out.iterdir()} >= {"header.csv", "episodes.csv"}
    assert {path.stat().st_mode & 0o077 for path in out.iterdir()} == {0}
    lines = (out / "header.csv").read_text("utf-8-sig").splitlines()
    assert len(lines) == 2 and lines[1].startswith("0010655,M,31/06/2015")
    assert "0010234" not in (out / "episodes.csv").read_text("utf-8-sig")
    corrected = (out / "header.csv").read_text("utf-8-sig").replace("31/06/2015", "21/06/2015")
    (out / "header.csv").write_text(corrected)
    again = load(gate, "council", out, "ssda903")
    assert (again.kept, again.set_aside, again.new) == (1, 0, 1)
    once = gates("once")
    load(once, "council", files, "ssda903")
    assert everything(gate) == everything(once)


def test_json(gate: Gateway, gates: Any) -> None:
    good = CSC.read_text()
    bad = good.replace('"date_of_birth": "2010-11-09"', '"date_of_birth": "2010-11-39"')
    assert bad != good

    first = load(gate, "council", {"children.json": bad.encode()}, "csc-api")
    content = written(gate, first.number).content

    assert (first.kept, first.set_aside) == (2, 1)
    assert [child["la_child_id"] for child in json.loads(content)] == ["9871"]
    again = load(gate, "council", {"corrected.json": content.replace(b"11-39", b"11-09")}, "csc-api")
    assert (again.kept, again.set_aside, again.new) == (1, 0, 1)
    once = gates("once")
    load(once, "council", [CSC], "csc-api")
    assert everything(gate) == everything(once)


def test_ndjson(gate: Gateway) -> None:
    lines = [
        {"resourceType": "Patient", "id": "p1", "birthDate": "2012-03-04"},
        {"resourceType": "Patient", "id": "p2", "birthDate": "2012-02-30"},
        {
            "resourceType": "Observation",
            "id": "o1",
            "status": "final",
            "subject": {"reference": "Patient/p2"},
        },
        {"resourceType": "Observation", "id": "o2", "status": "final", "code": {"text": "x"}},
    ]
    content = b"".join(json.dumps(line).encode() + b"\n" for line in lines)

    first = load(gate, "clinic", {"told.ndjson": content})
    out = written(gate, first.number).content

    assert (first.kept, first.set_aside) == (2, 2)
    assert [json.loads(line)["id"] for line in out.splitlines()] == ["p2", "o1"]
    corrected = out.replace(b"02-30", b"02-28").replace(b'"final"', b'"final","code":{"text":"x"}')
    again = load(gate, "clinic", {"told.ndjson": corrected})
    assert (again.kept, again.set_aside) == (2, 0)
    assert {each["id"] for each in found(gate, "Observation?", "clinic")} == {"o1", "o2"}


def test_each_record_comes_with_its_place_and_its_remedy_and_without_the_childs_values(gate: Gateway) -> None:
    bad = CSC.read_text().replace('"date_of_birth": "2010-11-09"', '"date_of_birth": "2010-11-39"')
    first = load(gate, "council", {"children.json": bad.encode()}, "csc-api")

    (reason,) = written(gate, first.number).reasons

    (problem,) = json.loads(reason)
    assert (problem["file"], problem["field"]) == ("children.json", "child_details/date_of_birth")
    assert bad.splitlines()[problem["line"] - 1].strip().startswith("{")
    assert problem["says"] and problem["fix"]
    assert "2010-11-39" not in reason and "Rahman" not in reason


def test_a_file_is_never_written_over(gate: Gateway, tmp_path: Path) -> None:
    bad = CSC.read_text().replace('"2010-11-09"', '"2010-11-39"')
    first = load(gate, "council", {"children.json": bad.encode()}, "csc-api")
    there = tmp_path / "mine.json"
    there.write_text("mine")

    with pytest.raises(Refused) as refused:
        written(gate, first.number, there)

    assert refused.value.problems[0].kind.code == "source.already-there"
    assert there.read_text() == "mine"


def test_an_ndjson_file_is_never_written_over_either(gate: Gateway, tmp_path: Path) -> None:
    first = load(gate, "clinic", {"told.ndjson": b'{"resourceType":"Observation"}\n'})
    there = tmp_path / "mine.ndjson"
    there.write_text("mine")

    with pytest.raises(Refused) as refused:
        written(gate, first.number, there)

    assert refused.value.problems[0].kind.code == "source.already-there"
    assert there.read_text() == "mine"
    new = tmp_path / "new.ndjson"
    written(gate, first.number, new)
    assert os.stat(new).st_mode & 0o077 == 0


def test_a_load_that_set_nothing_aside_writes_nothing(gate: Gateway, tmp_path: Path) -> None:
    first = load(gate, "council", [CSC], "csc-api")

    assert written(gate, first.number, tmp_path / "none.json") == Written(0, b"", ())
    assert not (tmp_path / "none.json").exists()
    assert codes(first) == {}
