"""Looked-up rows, two kinds of XML record, other forms of a return: set aside, adopted, one record."""

import json
from pathlib import Path

import pytest
from gates import SAMPLES, load, opened

from gateway.resources import shipped
from gateway.service import Gateway
from gateway.service.aside import write_aside

SHIPPED = Path(str(shipped("mappings")))


def dumped(gateway: Gateway) -> set[str]:
    """The resources as they stand, without when and from what load."""
    told = set()
    for row in gateway.store.patients(list(range(1, 60))).values():
        patient = json.loads(row.body.translate(None, b"\x00\x01"))
        told.add(json.dumps({name: value for name, value in patient.items() if name != "meta"}))
    return told


def test_pupils_set_aside_from_either_roll_are_corrected_in_one_file(gate: Gateway, tmp_path: Path) -> None:
    good = (SHIPPED / "school-census-xml" / "sample.xml").read_bytes()
    bad = good.replace(b"<DOB>2015-06-21</DOB>", b"<DOB>2015-06-31</DOB>")
    bad = bad.replace(b"<DOB>2014-02-11</DOB>", b"<DOB>2014-02-31</DOB>")

    first = load(gate, "school", {"return.xml": bad}, "school-census-xml")
    write_aside(gate.store, gate.shelf, first.number, tmp_path / "fix.xml")
    content = (tmp_path / "fix.xml").read_bytes()
    corrected = content.replace(b"2015-06-31", b"2015-06-21").replace(b"2014-02-31", b"2014-02-11")
    again = load(gate, "school", {"corrected.xml": corrected}, "school-census-xml")

    assert (first.kept, first.set_aside) == (4, 2)
    assert b"<PupilNoLongerOnRoll>" in content and b"F201900116001" not in content
    assert (again.kept, again.set_aside, again.new) == (2, 0, 2)
    (tmp_path / "once").mkdir()
    once = opened(tmp_path / "once")
    load(once, "school", {"return.xml": good}, "school-census-xml")
    assert dumped(gate) == dumped(once)
    once.close()


def test_pupils_of_one_school_set_aside_keep_the_row_of_their_school(gate: Gateway, tmp_path: Path) -> None:
    files = {path.name: path.read_bytes() for path in (SHIPPED / "school-census" / "sample").iterdir()}
    roll = files["2026_spring_pupilonroll.csv"]
    wrong = roll.replace(b",2012-Mar-04", b",2012-Mar-34").replace(b",2015-Jun-21", b",2015-Jun-31")
    values = {"census": "2026-SPR"}

    first = load(
        gate, "school", {**files, "2026_spring_pupilonroll.csv": wrong}, "school-census", values=values
    )
    out = tmp_path / "fix"
    write_aside(gate.store, gate.shelf, first.number, out)
    pupils = next(path for path in out.iterdir() if path.name.startswith("pupils"))
    text = pupils.read_text("utf-8-sig").replace("2012-Mar-34", "2012-Mar-04")
    pupils.write_text(text.replace("2015-Jun-31", "2015-Jun-21"))
    again = load(gate, "school", out, "school-census", values=values)

    assert (first.kept, first.set_aside) == (5, 2)
    assert (again.kept, again.set_aside, again.new) == (2, 0, 2)
    (tmp_path / "once").mkdir()
    once = opened(tmp_path / "once")
    load(once, "school", files, "school-census", values=values)
    assert dumped(gate) == dumped(once)
    once.close()


@pytest.mark.parametrize(
    ("told", "seals"),
    [
        pytest.param("<REC>E11</REC>", 1, id="an episode that ends in adoption"),
        pytest.param("<REC>E4A</REC>", 0, id="an episode that ends at home"),
    ],
)
def test_the_xml_form_of_ssda903_announces_an_adoption(gate: Gateway, told: str, seals: int) -> None:
    content = (SAMPLES / "ssda903" / "ssda903_2025_26.xml").read_bytes()
    ended = content.replace(b"<DEC/><REC/>", f"<DEC>10/12/2025</DEC>{told}".encode(), 1)

    report = load(gate, "council", {"return.xml": ended}, "ssda903-xml")

    assert (report.kept, report.set_aside) == (2, 0)
    assert len(gate.lives.seals()) == seals


def test_both_forms_of_ssda903_are_one_record_in_one_feed(gate: Gateway) -> None:
    files = {path.name: path.read_bytes() for path in (SAMPLES / "ssda903").glob("*.csv")}
    first = load(gate, "council", files, "ssda903")

    again = load(gate, "council", [SAMPLES / "ssda903" / "ssda903_2025_26.xml"], "ssda903-xml")

    assert (first.new, again.new, again.known) == (5, 0, 0)
    assert gate.store.counts()["records"] == 5
