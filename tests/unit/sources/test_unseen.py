"""Files nobody has described: where their records are, and that bad ones are told of."""

import json
import tracemalloc
from io import BytesIO
from pathlib import Path

import pytest

from gateway.problems import Refused
from gateway.sources.unseen import MOST_PATHS, Unseen, open_unseen


def taken(content: bytes | str, name: str = "file") -> tuple[Unseen, int, dict[str, list[str]]]:
    """The opened file, its number of records, and its values by path."""
    raw = content.encode() if isinstance(content, str) else content
    found = open_unseen({name: BytesIO(raw)})
    records, values = 0, {}
    for block in found.blocks:
        records += block.records
        for path, texts in block.values.items():
            values.setdefault(path, []).extend(texts)
    return found, records, values


def test_a_table_is_told_by_its_first_line() -> None:
    found, records, values = taken("A;B;C\n1;;x\n2;3; y \n")

    assert (found.format, found.delimiter, found.columns) == ("csv", ";", ["A", "B", "C"])
    assert records == 2
    assert values == {"A": ["1", "2"], "B": ["3"], "C": ["x", "y"]}


def test_a_ragged_row_is_counted_and_its_neighbours_are_read() -> None:
    found, records, values = taken('A,B\n1,2\n3\n4,"5\n6,7\n')

    assert records == 2
    assert values["A"] == ["1", "6"]
    assert [(each.kind.code, each.place.line) for each in found.faults] == [
        ("source.ragged", 3),
        ("source.quotes", 4),
    ]
    assert found.broken == 2


def test_two_tables_in_one_name_are_refused() -> None:
    with pytest.raises(Refused, match=r"source\.duplicate-column"):
        taken("A,a\n1,2\n")


PUPIL = (
    "<Pupil id='7'><UPN>1</UPN><Basic><Sex>F</Sex></Basic>"
    "<Phone><No>5</No></Phone><Phone><No>6</No></Phone></Pupil>"
)


@pytest.mark.parametrize(
    ("text", "each", "records"),
    [
        pytest.param(
            f"<R><Head><A>1</A></Head><List>{PUPIL * 3}</List></R>", "List/Pupil", 3, id="a list within"
        ),
        pytest.param(f"<R>{PUPIL * 2}</R>", "Pupil", 2, id="a plain list"),
        pytest.param(f"<R><Head><A>1</A></Head><List>{PUPIL}</List></R>", "List/Pupil", 1, id="one record"),
        pytest.param(f"<x:R xmlns:x='urn:x'>{PUPIL * 2}</x:R>", "Pupil", 2, id="namespaces"),
        pytest.param("<R><A>1</A><B>2</B></R>", ".", 1, id="the whole"),
    ],
)
def test_the_record_of_an_xml_file_is_what_repeats_and_holds_most(text: str, each: str, records: int) -> None:
    found, count, values = taken(text)

    assert (found.format, found.root, found.each, count) == ("xml", "R", each, records)
    if each != ".":
        assert values["UPN"] == ["1"] * records
        assert values["@id"] == ["7"] * records
        assert values["Basic/Sex"] == ["F"] * records
        assert values["Phone/No"] == ["5", "6"] * records


def test_what_repeats_within_one_record_is_counted() -> None:
    found = open_unseen({"f": BytesIO(f"<R>{PUPIL * 2}</R>".encode())})

    (block,) = found.blocks
    assert block.most == {"@id": 1, "UPN": 1, "Basic/Sex": 1, "Phone/No": 2}
    assert block.filled["Phone/No"] == 2


CHILD = {
    "id": 1,
    "name": {"first": "A"},
    "phones": [{"no": "5"}, {"no": "6"}],
    "tags": ["x", "y"],
    "none": None,
}


@pytest.mark.parametrize(
    ("text", "each", "records"),
    [
        pytest.param(json.dumps([CHILD, CHILD]), ".", 2, id="a list"),
        pytest.param(f"{json.dumps(CHILD)}\n{json.dumps(CHILD)}\n", ".", 2, id="one a line"),
        pytest.param(json.dumps({"of": "school", "children": [CHILD] * 3}), "children", 3, id="a wrapper"),
        pytest.param(json.dumps({"body": {"children": [CHILD] * 3}}), "body/children", 3, id="two wrappers"),
        pytest.param(json.dumps({"children": [CHILD]}), "children", 1, id="a wrapper of one"),
        pytest.param(json.dumps(CHILD), ".", 1, id="one object"),
        pytest.param(
            json.dumps({"count": 2, "page": 1, "results": [CHILD, CHILD]}),
            "results",
            2,
            id="a page of results",
        ),
    ],
)
def test_the_records_of_a_json_file_are_found(text: str, each: str, records: int) -> None:
    found, count, values = taken(text)

    assert (found.format, found.each, count) == ("json", each, records)
    assert values["name/first"] == ["A"] * records
    assert values["phones/no"] == ["5", "6"] * records
    assert values["tags"] == ["x", "y"] * records
    assert "none" not in values


def test_numbers_of_json_keep_their_digits() -> None:
    _, _, values = taken('[{"score": 0.50, "flag": true}, {"score": 1e3}]')

    assert values == {"score": ["0.50", "1e3"], "flag": ["true"]}


def test_a_wrapper_too_large_to_be_held_is_read_in_pieces(tmp_path: Path) -> None:
    path = tmp_path / "large.json"
    row = json.dumps({"id": 1, "text": "x" * 2_000})
    with path.open("w") as file:
        file.write('{"about": {"of": "school"}, "years": [1, 2], "body": {"children": [')
        file.write(",".join([row] * 5_000))
        file.write("]}}")

    found = open_unseen(path)
    count = sum(block.records for block in found.blocks)

    assert (found.each, count) == ("body/children", 5_000)


def test_memory_does_not_grow_with_an_xml_file(tmp_path: Path) -> None:
    def peak(records: int) -> int:
        path = tmp_path / f"{records}.xml"
        path.write_text(f"<R>{PUPIL * records}</R>")
        tracemalloc.start()
        for _ in open_unseen(path).blocks:
            pass
        _, most = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        return most

    assert peak(14_000) < 1.2 * peak(7_000)


@pytest.mark.parametrize(
    ("content", "code"),
    [
        pytest.param(b"", "source.empty", id="empty"),
        pytest.param(b"\n \n", "source.empty", id="blank"),
        pytest.param(b"PK\x03\x04rest", "source.not-text", id="a spreadsheet"),
        pytest.param(b"%PDF-1.7", "source.not-text", id="a PDF"),
        pytest.param(b"\xd0\xcf\x11\xe0\xa1\xb1", "source.not-text", id="an old spreadsheet"),
        pytest.param(b"\x1f\x8b\x08", "source.not-text", id="gzip"),
        pytest.param(b"A,B\n1\0,\x01\x02\n" * 9, "source.not-text", id="zero bytes"),
        pytest.param(b"<!DOCTYPE a [<!ENTITY x 'y'>]><a>&x;</a>", "source.doctype", id="a DOCTYPE"),
        pytest.param(b"<", "source.wrong-format", id="only a bracket"),
        pytest.param(b'<?xml version="1.0" encoding="UTF-8"?><a>\xff</a>', "source.encoding", id="bad bytes"),
    ],
)
def test_what_cannot_be_looked_at_is_refused(content: bytes, code: str) -> None:
    with pytest.raises(Refused) as caught:
        taken(content)

    assert [each.kind.code for each in caught.value.problems] == [code]


@pytest.mark.parametrize(
    ("content", "code", "records"),
    [
        pytest.param(f"<R>{PUPIL * 3}<Pupil><UPN>", "source.truncated", 3, id="xml breaks off"),
        pytest.param(f"<R>{PUPIL * 3}<Pupil></R>", "source.malformed", 3, id="xml is not well formed"),
        pytest.param("<R ", "source.truncated", 0, id="xml breaks off at once"),
        pytest.param('[{"a": 1}, {"a": 2}, {"a": ', "source.truncated", 2, id="json breaks off"),
        pytest.param('[{"a": 1}, {"a": 1, "a": 2}, {"a": 3}]', "json.duplicate-key", 2, id="a key twice"),
        pytest.param('[{"a": 1}, 7, {"a": 3}]', "source.not-a-record", 2, id="a number for a record"),
        pytest.param(
            "[" + '{"a":' * 200 + "1" + "}" * 200 + ', {"a": 1}]', "json.too-deep", 1, id="too deep"
        ),
    ],
)
def test_a_bad_record_is_a_fault_and_the_others_are_read(content: str, code: str, records: int) -> None:
    found, count, _ = taken(content)

    assert count == records
    assert code in [each.kind.code for each in found.faults]


def test_a_file_that_invents_names_is_followed_only_so_far() -> None:
    rows = [{f"day-{number}": 1} for number in range(MOST_PATHS + 4_500)]

    found, records, values = taken(json.dumps(rows))

    assert records == len(rows)
    assert len(values) == MOST_PATHS
    assert [each.kind.code for each in found.warnings] == ["inspect.too-many-fields"]


def test_encodings_are_told() -> None:
    marked, _, _ = taken("A,B\n1,2\n".encode("utf-8-sig"))
    wide, _, values = taken("A,B\nÉ,2\n".encode("utf-16"))
    old, _, names = taken("A,B\nZoë,2\n".encode("cp1252"))

    assert (marked.encoding.codec, marked.encoding.mark) == ("utf-8", 3)
    assert wide.encoding.codec.startswith("utf-16")
    assert values["A"] == ["É"]
    assert (old.encoding.codec, names["A"]) == ("cp1252", ["Zoë"])
    assert [each.kind.code for each in old.warnings] == ["source.encoding-guessed"]


def test_a_name_with_characters_that_cannot_be_shown_is_marked() -> None:
    table, _, _ = taken(b"\xffUPN,N\xc3\xb6m,N\xc3\xa4m,D\xc3\xb6m\n1,2,3,4\n")
    tree, _, values = taken('[{"\x85a": "x"}]')

    assert table.columns == ["\ufffdUPN", "Nöm", "Näm", "Döm"]
    assert tree.columns == ["\ufffda"]
    assert values == {"\ufffda": ["x"]}
