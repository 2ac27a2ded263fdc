"""Files are told by what is in them."""

from io import BytesIO
from pathlib import Path

import pytest

from gateway.problems import Refused
from gateway.records import Field, FileRule, Shape, Source
from gateway.sources import is_fhir, recognise


def fields(*names: str) -> tuple[Field, ...]:
    return tuple(Field(name, (name,)) for name in names)


SOURCES = {
    "return": Source(
        "csv",
        Shape("child", fields("CHILD", "SEX"), file="header"),
        files=(FileRule("header", ("CHILD", "SEX", "DOB")), FileRule("oc2", ("CHILD", "SDQ"))),
    ),
    "transfer": Source("xml", Shape("pupil", fields("UPN"), each="Body/Pupil"), root="CTfile"),
    "anything": Source("xml", Shape("pupil", fields("UPN"), each="Body/Pupil")),
    "api": Source("json", Shape("child", fields("la_child_id", "purge"), each="Children")),
    "wonde": Source("json", Shape("student", fields("upi", "forename"), each="data")),
}


@pytest.mark.parametrize(
    ("content", "names"),
    [
        pytest.param("CHILD,SEX,DOB\n", ["return"], id="csv"),
        pytest.param("DOB;CHILD;SEX\n", ["return"], id="csv in another order"),
        pytest.param("a,b\n", [], id="another csv"),
        pytest.param("<?xml version='1.0'?><!-- x --><CTfile>", ["transfer", "anything"], id="xml"),
        pytest.param("<Other/>", ["anything"], id="another xml"),
        pytest.param('[{"la_child_id": "1", "x": 2}]', ["api"], id="json"),
        pytest.param('{"meta": 1, "data": [{"upi": 1}]}', ["wonde"], id="wrapped json"),
        pytest.param('[{"x": 1}]', [], id="another json"),
        pytest.param('{"resourceType": "Patient", "purge": 1}', [], id="fhir"),
        pytest.param("hello", [], id="text"),
        pytest.param("\x00\x01\x02", [], id="bytes"),
        pytest.param("[[[[[", [], id="cut json"),
    ],
)
@pytest.mark.parametrize("codec", ["utf-8", "utf-16"])
def test_a_file_is_told_by_its_content(content: str, names: list[str], codec: str, tmp_path: Path) -> None:
    path = tmp_path / "file.dat"
    path.write_bytes(content.encode(codec))

    assert recognise(path, SOURCES) == names


def test_a_folder_is_told_by_the_files_in_it(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("CHILD,SDQ\n")
    (tmp_path / "b.csv").write_text("CHILD,SEX,DOB\n")
    (tmp_path / "readme.md").write_text("x")

    assert recognise(tmp_path, SOURCES) == ["return"]


def test_a_set_without_its_first_file_is_not_that_set(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("CHILD,SDQ\n")

    assert recognise(tmp_path, SOURCES) == []


def test_fhir_is_told_from_other_json() -> None:
    assert is_fhir({"f": BytesIO(b'{"resourceType": "Bundle", "entry": []}')})
    assert is_fhir({"f": BytesIO(b'[{"resourceType": "Patient"}]')})
    assert not is_fhir({"f": BytesIO(b'[{"la_child_id": "1"}]')})
    assert not is_fhir({"f": BytesIO(b"CHILD,SEX\n")})


def test_a_file_that_is_not_there_is_a_problem(tmp_path: Path) -> None:
    with pytest.raises(Refused) as caught:
        recognise(tmp_path / "none.csv", SOURCES)

    assert caught.value.problems[0].kind.code == "source.not-found"


def test_two_formats_with_one_root_are_told_by_their_records() -> None:
    sources = {
        "cases": Source("xml", Shape("child", fields("a"), each="Children/Child"), root="Message"),
        "pupils": Source("xml", Shape("pupil", fields("a"), each="//Pupil | //Leaver"), root="Message"),
    }

    def told(content: str) -> list[str]:
        return recognise({"file.xml": BytesIO(content.encode())}, sources)

    assert told("<Message><Header/><Children><Child/></Children></Message>") == ["cases", "pupils"]
    assert told("<Message><Header/><Pupils><Leaver/></Pupils></Message>") == ["pupils", "cases"]
    assert told("<Message><ChildMothers/><x:Pupil xmlns:x='urn:x'/></Message>") == ["pupils", "cases"]
