"""What is wrong with a file as such is told before a record is read."""

import os
import sqlite3
from io import BytesIO, RawIOBase
from pathlib import Path

import pytest

from gateway.problems import Kind, Refused
from gateway.problems import source as kinds
from gateway.records import Field, FileRule, Shape, Source
from gateway.sources import is_fhir, open_fhir, open_source, recognise
from gateway.sources.files import gather
from gateway.sources.reading import Given

FIELD = (Field("id", ("id",)),)
SOURCES = {
    "csv": Source("csv", Shape("child", FIELD, file="a"), files=(FileRule("a", ("id",)),)),
    "xml": Source("xml", Shape("child", FIELD, each="child")),
    "json": Source("json", Shape("child", FIELD)),
}
CONTENT = {"csv": b"id\n1\n", "xml": b"<r><child><id>1</id></child></r>", "json": b'[{"id": "1"}]'}

every = pytest.mark.parametrize("form", sorted(SOURCES))


def refusal(given: Given, form: str) -> str:
    with pytest.raises(Refused) as caught:
        open_source(given, SOURCES[form])
    return caught.value.problems[0].kind.code


@every
def test_a_missing_file_is_named(form: str, tmp_path: Path) -> None:
    with pytest.raises(Refused) as caught:
        open_source(tmp_path / "none.dat", SOURCES[form])

    assert str(caught.value) == "none.dat source.not-found: There is no such file or folder"


@every
def test_an_empty_file_is_refused(form: str, tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"")

    assert refusal(tmp_path / "a", form) == "source.empty"


@every
def test_a_file_of_blanks_is_refused(form: str, tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b" \n\n ")

    assert refusal(tmp_path / "a", form) in ("source.empty", "source.wrong-format")


@every
@pytest.mark.skipif(not Path("/proc/self/mem").exists(), reason="needs a file that can be opened, not read")
def test_a_file_the_system_does_not_give_is_refused(form: str) -> None:
    with pytest.raises(Refused) as caught:
        open_source(Path("/proc/self/mem"), SOURCES[form])

    assert caught.value.problems[0].kind.code in ("source.unreadable", "source.empty")


@every
def test_a_file_that_may_not_be_read_is_refused(form: str, tmp_path: Path) -> None:
    path = tmp_path / "a"
    path.write_bytes(CONTENT[form])
    path.chmod(0)
    if os.access(path, os.R_OK):
        return  # a superuser reads everything

    assert refusal(path, form) == "source.unreadable"


@every
def test_a_disk_that_gives_up_half_way_is_a_problem_of_the_file(form: str) -> None:
    class Failing(RawIOBase):
        """Reads its content once and then fails, as a disk or a network share does."""

        def __init__(self, content: bytes) -> None:
            self._content = BytesIO(content)
            self.fails = False

        def readable(self) -> bool:
            return True

        def seekable(self) -> bool:
            return True

        def seek(self, offset: int, whence: int = 0) -> int:
            return self._content.seek(offset, whence)

        def tell(self) -> int:
            return self._content.tell()

        def read(self, size: int = -1) -> bytes:
            if self.fails and self._content.tell():
                raise OSError(5, "Input/output error")
            return self._content.read(size)

        read1 = read

    stream = Failing(CONTENT[form][:-1] + b" " * 300_000 + CONTENT[form][-1:])

    with pytest.raises(Refused) as caught:
        reading = open_source({"a": stream}, SOURCES[form])  # type: ignore[dict-item]
        stream.fails = True
        list(reading.rows)

    assert caught.value.problems[0].kind.code == "source.unreadable"


@every
def test_a_folder_with_one_file_is_that_file(form: str, tmp_path: Path) -> None:
    (tmp_path / f"a.{form}").write_bytes(CONTENT[form])
    (tmp_path / "notes.md").write_text("x")
    (tmp_path / f".hidden.{form}").write_text("x")

    with open_source(tmp_path, SOURCES[form]) as reading:
        assert [row[0] for row in reading.rows] == ["1"]


@every
def test_a_folder_without_such_a_file_is_refused(form: str, tmp_path: Path) -> None:
    (tmp_path / "notes.md").write_text("x")

    assert refusal(tmp_path, form) == "source.no-file"


@pytest.mark.parametrize("form", ["xml", "json"])
def test_two_files_at_once_are_refused_where_each_has_its_own_context(form: str, tmp_path: Path) -> None:
    (tmp_path / f"a.{form}").write_bytes(CONTENT[form])
    (tmp_path / f"b.{form}").write_bytes(CONTENT[form])

    assert refusal(tmp_path, form) == "source.one-file"


@every
def test_a_stream_that_cannot_go_back_is_read(form: str) -> None:
    here, there = os.pipe()
    os.write(there, CONTENT[form])
    os.close(there)

    with os.fdopen(here, "rb") as stream, open_source({"a": stream}, SOURCES[form]) as reading:
        assert [row[0] for row in reading.rows] == ["1"]


@every
def test_a_reading_can_be_closed_half_way(form: str, tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(CONTENT[form])
    reading = open_source(tmp_path / "a", SOURCES[form])

    reading.close()
    reading.close()


@every
def test_a_stream_that_is_looked_at_while_it_is_read_is_read_to_its_end(form: str) -> None:
    most = 20_000
    content = {
        "csv": b"id\n" + b"1\n" * most,
        "xml": b"<r>" + b"<child><id>1</id></child>\n" * most + b"</r>",
        "json": b"[" + b",".join([b'{"id": "1"}'] * most) + b"]",
    }[form]
    given = {"a": BytesIO(content)}

    with open_source(given, SOURCES[form]) as reading:
        (file,) = gather(given, form)
        with file.open() as stream:
            whole = stream.read()
        rows = list(reading.rows)

    with open_source(given, SOURCES[form]) as one, open_source(given, SOURCES[form]) as other:
        pairs = list(zip(one.rows, other.rows, strict=True))

    assert (whole, len(rows)) == (content, most)
    assert len(pairs) == most and all(first == second for first, second in pairs)


@pytest.mark.parametrize("name", ["hex", "zip", "rot13", "punycode", "idna", "undefined", "klingon"])
def test_an_encoding_that_is_none_of_texts_is_refused(name: str) -> None:
    declared = f'<?xml version="1.0" encoding="{name}"?>\n'.encode() + CONTENT["xml"]

    assert refusal({"a": BytesIO(declared)}, "xml") == "source.encoding-unknown"
    assert recognise({"a": BytesIO(declared)}, SOURCES) == []


def test_a_full_temporary_folder_is_a_problem(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "a.csv").write_text("id\n1\n")
    (tmp_path / "b.csv").write_text("id,x\n" + "1,yyyyyyyyyy\n" * 5000)
    kid = Shape("kid", (Field("x", ("x",)),), file="b", by="id")
    rules = (FileRule("a", ("id",)), FileRule("b", ("id", "x")))
    source = Source("csv", Shape("child", FIELD, (kid,), file="a"), files=rules)
    connect = sqlite3.connect

    def small(*given: object, **named: object) -> sqlite3.Connection:
        base = connect(*given, **named)  # type: ignore[call-overload]
        base.execute("PRAGMA max_page_count=8")
        return base  # type: ignore[no-any-return]

    monkeypatch.setattr("gateway.sources.joins.sqlite3.connect", small)

    with pytest.raises(Refused) as caught:
        open_source(tmp_path, source)

    assert caught.value.problems[0].kind.code == "source.no-room"


def test_a_fhir_file_that_is_missing_is_named(tmp_path: Path) -> None:
    for ask in (open_fhir, is_fhir, lambda path: recognise(path, SOURCES)):
        with pytest.raises(Refused) as caught:
            ask(tmp_path / "none.ndjson")
        assert caught.value.problems[0].kind.code == "source.not-found"


def test_no_problem_of_this_room_scolds() -> None:
    texts = [f"{one.says} {one.fix}" for one in vars(kinds).values() if isinstance(one, Kind)]

    assert len(texts) > 20
    words = ("invalid", "failed", "unexpected", "please", "sorry", "oops", "illegal", "forbidden")
    assert not [text for text in texts for word in words if word in text.lower()]
