"""Records set aside: the file that is written loads again as it was."""

from io import BytesIO
from pathlib import Path
from typing import Any

import pytest

from gateway.problems import Refused
from gateway.records import Broken, Field, FileRule, Shape, Source
from gateway.sources import open_source, set_aside
from gateway.sources.reading import Given


def fields(*names: str) -> tuple[Field, ...]:
    return tuple(Field(name, (name,)) for name in names)


EPISODE = Shape("episode", fields("DECOM"), file="episodes", by="CHILD")
RULES = (FileRule("header", ("CHILD", "SEX"), required=True), FileRule("episodes", ("CHILD", "DECOM")))
CSV = Source("csv", Shape("child", fields("CHILD", "SEX"), file="header"), files=RULES)
CSV_SET = Source("csv", Shape("child", fields("CHILD", "SEX"), (EPISODE,), file="header"), files=RULES)
XML = Source(
    "xml", Shape("pupil", fields("UPN", "Sex"), each="Body/Pupil"), root="CTfile", context=fields("Header")
)
JSON = Source("json", Shape("child", fields("id", "n"), each="Children"), context=fields("la"))


def keep(given: Given, source: Source, path: Path, wanted: str = "") -> None:
    """Set aside every record whose first cell is `wanted`, or all, and all that is broken."""
    with open_source(given, source) as reading:
        writer = set_aside(source, path, reading.envelope)
        for row in reading.rows:
            if isinstance(row, Broken):
                writer.add(row.raw)
            elif wanted in ("", row[0]):
                writer.add(reading.raw())
        writer.close()


def cells(rows: list[Any]) -> list[Any]:
    """Rows without their places."""
    return [[cells(cell) if isinstance(cell, list) else cell for cell in row[:-1]] for row in rows]


def read(given: Given, source: Source) -> list[Any]:
    with open_source(given, source) as reading:
        return list(reading.rows)


def test_a_csv_file_comes_back_with_its_columns_and_delimiter(tmp_path: Path) -> None:
    given = {"h.csv": BytesIO('CHILD;SEX;PET\n1;F;"a;b"\n2;Ü;x\n'.encode("cp1252"))}

    keep(given, CSV, tmp_path / "aside.csv", "2")

    assert (tmp_path / "aside.csv").read_bytes() == "\ufeffCHILD;SEX;PET\r\n2;Ü;x\r\n".encode()
    assert cells(read(tmp_path / "aside.csv", CSV)) == [["2", "Ü"]]


def test_a_csv_set_comes_back_as_a_folder_that_loads_again(tmp_path: Path) -> None:
    header = BytesIO(b"CHILD,SEX\n1,F\n2,M\n3\n2,F\n")
    episodes = BytesIO(b'CHILD,DECOM\n2,a\n1,b\n2,"c\nd"\n9,e\n')

    keep({"h.csv": header, "e.csv": episodes}, CSV_SET, tmp_path / "aside", "2")

    rows = read(tmp_path / "aside", CSV_SET)
    assert cells([row for row in rows if not isinstance(row, Broken)]) == [["2", "M", [["a"], ["c\nd"]]]]
    assert [row.problem.kind.code for row in rows if isinstance(row, Broken)] == [
        "source.ragged",
        "source.repeated-key",
        "source.orphan",
    ]


def test_a_stray_byte_comes_back_as_it_was_and_is_set_aside_again(tmp_path: Path) -> None:
    given = {"h.csv": BytesIO("CHILD,SEX\nZoë,F\nAnaïs,F\n".encode() + b"Ren\xe9e,F\n")}

    keep(given, CSV, tmp_path / "aside.csv", "nobody")

    assert (tmp_path / "aside.csv").read_bytes() == b"\xef\xbb\xbfCHILD,SEX\r\nRen\xe9e,F\n"
    (row,) = read(tmp_path / "aside.csv", CSV)
    assert isinstance(row, Broken)


def test_an_xml_file_comes_back_with_its_header(tmp_path: Path) -> None:
    content = (
        '<?xml version="1.0" encoding="UTF-16"?><CTfile xmlns="urn:x" v="1"><Header>h</Header><Body id="b">'
        "<Note>n</Note><Pupil><UPN>A1</UPN></Pupil><Pupil><UPN>Zoë</UPN><Sex>F</Sex><Pet>cat</Pet></Pupil>"
        "</Body></CTfile>"
    )

    keep({"f.xml": BytesIO(content.encode("utf-16"))}, XML, tmp_path / "aside.xml", "Zoë")

    text = (tmp_path / "aside.xml").read_text()
    assert 'v="1"' in text and 'id="b"' in text and "<Pet>cat</Pet>" in text and "A1" not in text
    with open_source(tmp_path / "aside.xml", XML) as reading:
        assert reading.context == {"Header": "h"}
        assert cells(list(reading.rows)) == [["Zoë", "F"]]


@pytest.mark.parametrize(
    "content",
    [
        '[{"id": "1"}, {"id": "2", "n": 0.50, "x": {}}]',
        '{"la": "201", "o": {"a": [1]}, "Children": [{"id": "1"}, {"id": "2", "n": 0.50, "x": {}}]}',
        '{"id": "1"}\n{"id": "2", "n": 0.50, "x": {}}\n',
    ],
    ids=["list", "wrapper", "lines"],
)
def test_a_json_file_comes_back_with_its_wrapper(content: str, tmp_path: Path) -> None:
    given = {"f.json": BytesIO(content.encode())}
    with open_source(given, JSON) as before:
        context = before.context

    keep(given, JSON, tmp_path / "aside.json", "2")

    assert '{"id": "2", "n": 0.50, "x": {}}' in (tmp_path / "aside.json").read_text()
    with open_source(tmp_path / "aside.json", JSON) as reading:
        assert reading.context == context
        assert cells(list(reading.rows)) == [["2", "0.50"]]


def test_bad_json_records_come_back_and_are_set_aside_again(tmp_path: Path) -> None:
    content = b'[{"id": "1", "id": "2"}, {"id": "3"}, {"id": 01}]'

    keep({"f.json": BytesIO(content)}, JSON, tmp_path / "aside.json", "3")

    rows = read(tmp_path / "aside.json", JSON)
    assert [row if isinstance(row, list) else row.problem.kind.code for row in rows] == [
        "json.duplicate-key",
        ["3", "", 3],
        "json.syntax",
    ]


def test_nothing_set_aside_writes_nothing(tmp_path: Path) -> None:
    for source, given in (
        (CSV, {"h.csv": BytesIO(b"CHILD,SEX\n1,F\n")}),
        (XML, {"f.xml": BytesIO(b"<CTfile><Body/></CTfile>")}),
        (JSON, {"f.json": BytesIO(b"[]")}),
    ):
        keep(given, source, tmp_path / "aside", "nobody")

    assert not list(tmp_path.iterdir())


def test_a_file_that_is_there_is_not_overwritten(tmp_path: Path) -> None:
    path = tmp_path / "aside.csv"
    path.write_text("corrections")

    with pytest.raises(Refused) as caught:
        keep({"h.csv": BytesIO(b"CHILD,SEX\n1,F\n")}, CSV, path)

    assert caught.value.problems[0].kind.code == "source.already-there"
    assert path.read_text() == "corrections"


def test_only_its_owner_may_read_it(tmp_path: Path) -> None:
    keep({"h.csv": BytesIO(b"CHILD,SEX\n1,F\n")}, CSV, tmp_path / "aside.csv")

    assert (tmp_path / "aside.csv").stat().st_mode & 0o077 == 0
