"""JSON files: lists, wrappers, single objects and lines; what is set aside and what goes on."""

import json
import tracemalloc
from io import BytesIO
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.problems import Refused
from gateway.records import Broken, Field, Row, Shape, Source
from gateway.sources import open_source
from gateway.sources.json_items import Text, Wrapper, items

SAMPLE = Path(__file__).parents[3].parent / "shared" / "samples" / "dfe-csc-api" / "children_201.json"


def fields(**paths: str) -> tuple[Field, ...]:
    return tuple(Field(name, tuple(path.split("|"))) for name, path in paths.items())


PLAN = Shape("plan", fields(id="plan_id", episode="../episode_id", child="../../id"), each="plans")
EPISODE = Shape("episode", fields(id="episode_id"), (PLAN,), each="episodes")
DISABILITY = Shape("disability", fields(code="."), each="details/disabilities")
CHILD = Shape(
    "child", fields(id="id", sex="details/sex|details/gender"), (DISABILITY, EPISODE), each="Children"
)
CSC = Source("json", CHILD, context=fields(la="la_code"))
PLAIN = Source("json", Shape("child", fields(id="id"), each="Children"))


def read(content: str | bytes, source: Source = PLAIN) -> list[Row | Broken]:
    body = content if isinstance(content, bytes) else content.encode()
    with open_source({"file.json": BytesIO(body)}, source) as reading:
        return list(reading.rows)


def faults(rows: list[Row | Broken]) -> list[tuple[str, int]]:
    return [(row.problem.kind.code, row.problem.place.line) for row in rows if isinstance(row, Broken)]


def good(rows: list[Row | Broken]) -> list[str]:
    return [row[0] for row in rows if not isinstance(row, Broken)]


def test_a_record_has_its_fields_and_the_records_within_it() -> None:
    record = {
        "id": 7,
        "details": {"gender": " F ", "disabilities": ["BEH", "LD"]},
        "episodes": [{"episode_id": "E1", "plans": [{"plan_id": "P1"}, {"plan_id": "P2"}]}, {"plans": None}],
    }

    rows = read(json.dumps([record]), CSC)

    episodes = [["E1", [["P1", "E1", "7", 1], ["P2", "E1", "7", 1]], 1], ["", [], 1]]
    assert rows == [["7", "F", [["BEH", 1], ["LD", 1]], episodes, 1]]


@pytest.mark.parametrize(
    ("written", "text"),
    [
        ("true", "true"),
        ("false", "false"),
        ("17", "17"),
        ("0.50", "0.50"),
        ("1E3", "1E3"),
        ("-0", "0"),
        ("null", ""),
        ('""', ""),
        ('" x "', "x"),
        ('"Zo\\u00eb"', "Zoë"),
        ("[]", ""),
        ("{}", ""),
        ('["only"]', "only"),
    ],
)
def test_a_value_becomes_the_text_it_was_written_with(written: str, text: str) -> None:
    assert read(f'[{{"id": {written}}}]') == [[text, 1]]


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        pytest.param('[{"id":"1"},\n{"id":"2"}]', [["1", 1], ["2", 2]], id="list"),
        pytest.param(
            '{"la_code":"201","Children":[{"id":"1"},\n{"id":"2"}]}', [["1", 1], ["2", 2]], id="wrapper"
        ),
        pytest.param('{"x":[{"id":"9"}],\n"Children":{"id":"1"},"y":{}}', [["1", 2]], id="wrapper of one"),
        pytest.param('\n{"id":"1"}\n', [["1", 2]], id="one object"),
        pytest.param('{"id":"1"}\n{"id":"2"}\n', [["1", 1], ["2", 2]], id="lines"),
        pytest.param(
            '{"Children":[{"id":"1"}]}\n{"Children":[{"id":"2"}]}', [["1", 1], ["2", 2]], id="wrappers"
        ),
        pytest.param("[]", [], id="empty list"),
        pytest.param('{"Children":[]}', [], id="empty wrapper"),
        pytest.param('\ufeff[{"id":"1"}]', [["1", 1]], id="byte order mark"),
        pytest.param('[{"id":"}{]["},{"id":"\\"}"}]', [["}{][", 1], ['"}', 1]], id="brackets in texts"),
    ],
)
def test_every_form_of_the_same_records_is_read(content: str, expected: list[Row]) -> None:
    assert read(content) == expected


@pytest.mark.parametrize("codec", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32"])
def test_an_accent_survives_every_encoding(codec: str) -> None:
    assert read('[{"id": "Zoë"}]'.encode(codec)) == [["Zoë", 1]]


def test_windows_1252_is_read_with_a_warning() -> None:
    with open_source({"f": BytesIO('[{"id": "Zoë"}]'.encode("cp1252"))}, PLAIN) as reading:
        assert list(reading.rows) == [["Zoë", 1]]

    assert [warning.kind.code for warning in reading.warnings] == ["source.encoding-guessed"]


def test_the_context_is_what_the_wrapper_says_before_the_records() -> None:
    content = '{"la_code": "201", "Children": [{"id": "1"}]}'

    with open_source({"f": BytesIO(content.encode())}, CSC) as reading:
        assert reading.context == {"la": "201"}


@pytest.mark.parametrize(
    ("content", "la"),
    [
        pytest.param(
            '{"Children": [{"id": "1"}, {"id": "2"}], "la_code": 202}', "202", id="behind the records"
        ),
        pytest.param(
            '{"la_code": 201, "Children": [{"id": "1"}], "la_code": 202}', "201", id="the first counts"
        ),
        pytest.param('{"Children": [{"id": "1", "la_code": "9"}], "x": {"la_code": 1}}', "", id="elsewhere"),
        pytest.param('{"Children": [{"id": "1"}], "la_code": ', "", id="cut off"),
        pytest.param('{"id": "1", "la_code": 202}\n{"id": "2"}', "", id="one a line"),
    ],
)
def test_the_context_may_stand_behind_the_records_of_a_wrapper(content: str, la: str) -> None:
    with open_source({"f": BytesIO(content.encode())}, CSC) as reading:
        assert reading.context == {"la": la}
        assert isinstance(next(iter(reading.rows)), list)


def test_a_bare_list_has_an_empty_context() -> None:
    with open_source({"f": BytesIO(b'[{"id": "1", "la_code": "no"}]')}, CSC) as reading:
        assert reading.context == {"la": ""}


@pytest.mark.parametrize(
    ("item", "code", "line"),
    [
        pytest.param('{"id": "2", "id": "3"}', "json.duplicate-key", 3, id="duplicate key"),
        pytest.param('{"a": {"id": 1,\n"id": 2}}', "json.duplicate-key", 4, id="duplicate key within"),
        pytest.param('{"id": ' + "9" * 5000 + "}", "json.number", 3, id="huge number"),
        pytest.param('{"id": 1e999}', "json.number", 3, id="number that is infinite"),
        pytest.param('{"id": NaN}', "json.number", 3, id="NaN"),
        pytest.param('{"id": "a\tb"}', "json.syntax", 3, id="control character"),
        pytest.param('{"id": "a\x00b"}', "json.syntax", 3, id="zero character"),
        pytest.param('{"id": "2}', "json.syntax", 3, id="text without end"),
        pytest.param('{"id" "2"}', "json.syntax", 3, id="colon missing"),
        pytest.param('{\n"id": 01}', "json.syntax", 4, id="number with a leading zero"),
        pytest.param('{"id": ' + "[" * 10_000 + "]" * 10_000 + "}", "json.too-deep", 3, id="10,000 deep"),
        pytest.param('"text"', "source.not-a-record", 3, id="a text"),
        pytest.param("17", "source.not-a-record", 3, id="a number"),
        pytest.param("null", "source.not-a-record", 3, id="null"),
        pytest.param('[{"id": "x"}]', "source.not-a-record", 3, id="a list"),
    ],
)
def test_a_bad_record_is_set_aside_and_its_neighbours_go_on(item: str, code: str, line: int) -> None:
    rows = read(f'[\n{{"id": "1"}},\n{item}\n,\n{{"id": "3"}}]')

    assert faults(rows) == [(code, line)]
    assert good(rows) == ["1", "3"]


def test_a_byte_that_is_no_character_costs_one_record() -> None:
    rows = read('[{"id":"Zoë"},{"id":"Anaïs"},'.encode() + b'{"id":"Ren\xe9e"},' + '{"id":"Chloé"}]'.encode())

    assert [code for code, _ in faults(rows)] == ["source.characters"]
    assert good(rows) == ["Zoë", "Anaïs", "Chloé"]


def test_in_a_file_of_lines_a_line_cut_short_costs_no_other() -> None:
    rows = read('{"id":"1"}\n{"id":"2\n{"id":"3"}\n{"id":"4"}\n')

    assert good(rows) == ["1", "3", "4"]
    assert faults(rows) == [("json.syntax", 2)]


def test_a_brace_that_is_missing_costs_one_record_of_many() -> None:
    records = [
        f'  {{\n    "id": "{n}",\n    "in": {{\n      "x": "{"y" * 2000}"\n    }}\n  }}' for n in range(9000)
    ]
    records[3] = records[3].replace("\n    }", "")

    rows = read("[\n" + ",\n".join(records) + "\n]")

    assert good(rows) == [str(n) for n in range(9000) if n != 3]
    ((_, line),) = faults(rows)
    assert 2 + 3 * 6 <= line <= 2 + 4 * 6


@pytest.mark.parametrize(
    "tail", ['{"id": "2", "a"', '{"id": "2"}', '{"id": "2"}, {"a": [', '{"id": "2', ""], ids=repr
)
def test_the_records_before_a_break_are_given(tail: str) -> None:
    rows = read('[{"id": "1"},\n' + tail)

    assert good(rows) == (["1", "2"] if tail.startswith('{"id": "2"}') else ["1"])
    assert [code for code, _ in faults(rows)] == ["source.truncated"]
    assert faults(rows)[0][1] == 2


def test_a_wrapper_that_breaks_off_behind_its_list_is_told() -> None:
    assert [code for code, _ in faults(read('{"Children": [{"id": "1"}], "x": '))] == ["source.truncated"]


@pytest.mark.parametrize("content", ["CHILD,SEX\n", "<CTfile/>", "hello", '"text"', "17", "\x00"])
def test_what_is_no_json_is_refused(content: str) -> None:
    with pytest.raises(Refused) as caught:
        read(content)

    assert [problem.kind.code for problem in caught.value.problems] == ["source.wrong-format"]


def test_10_000_brackets_that_never_close_are_one_problem() -> None:
    assert faults(read("[" * 10_000)) == [("source.truncated", 1)]
    assert [code for code, _ in faults(read('[{"a":' * 5_000))] == ["source.truncated"]


def test_a_record_without_end_is_refused_before_memory_is() -> None:
    assert [c for c, _ in faults(read('[{"id": "' + "x" * (10 << 20)))] == ["source.record-too-large"]


def test_a_problem_never_says_what_the_record_said() -> None:
    (row,) = read('[{"secret-name": "secret-name", "secret-name": nope}]')

    assert isinstance(row, Broken)
    assert "secret-name" not in str(row.problem) + row.problem.says + row.problem.fix


def test_the_raw_form_is_the_text_of_the_record() -> None:
    text = '{"id": "1",\n "n": 0.50}'

    with open_source({"f": BytesIO(f"[{text}]".encode())}, PLAIN) as reading:
        next(iter(reading.rows))
        assert reading.raw() == text.encode()


def test_what_is_neither_read_nor_ignored_is_warned_of_once() -> None:
    content = json.dumps([{"id": "1", "pet": "cat", "details": {"postcode": "x", "dob": "y"}}] * 2)
    source = Source("json", CHILD, ignored=frozenset({"details/dob"}))

    with open_source({"f": BytesIO(content.encode())}, source) as reading:
        list(reading.rows)

    assert [warning.details["path"] for warning in reading.warnings] == ["pet", "details/postcode"]


def test_a_list_read_as_one_value_is_warned_of() -> None:
    with open_source({"f": BytesIO(b'[{"id": ["1", "2"]}]')}, PLAIN) as reading:
        assert list(reading.rows) == [["1", 1]]

    assert [warning.kind.code for warning in reading.warnings] == ["source.repeated-value"]


@given(
    st.lists(
        st.dictionaries(
            st.text(max_size=3),
            st.recursive(
                st.none() | st.booleans() | st.integers() | st.text(max_size=5),
                lambda inner: (
                    st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3)
                ),
                max_leaves=8,
            ),
            max_size=4,
        ),
        max_size=6,
    ),
    st.integers(1, 20),
    st.sampled_from([None, 1]),
    st.booleans(),
)
def test_items_are_found_wherever_the_chunks_end(
    values: list[object], size: int, indent: int | None, wrapped: bool
) -> None:
    whole = {"first": "[{", "inner": {"list": values}} if wrapped else values
    content = json.dumps(whole, indent=indent, ensure_ascii=False)
    chunks = (content[at : at + size] for at in range(0, len(content), size))

    found = list(items(Text(chunks), Wrapper(["inner", "list"] if wrapped else [])))

    assert [json.loads(item.text) for item in found] == values


def test_memory_is_flat_whatever_the_length() -> None:
    record = json.dumps({"id": "1", "details": {"sex": "F"}, "text": "x" * 300})

    def peak(count: int) -> int:
        content = BytesIO(("[" + ",".join([record] * count) + "]").encode())
        with open_source({"f": content}, PLAIN) as reading:
            tracemalloc.start()
            assert sum(1 for _ in reading.rows) == count
            most = tracemalloc.get_traced_memory()[1]
            tracemalloc.stop()
        return most

    assert peak(4000) < 1.3 * peak(1000) + 50_000


@pytest.mark.skipif(not SAMPLE.is_file(), reason="the shared samples are not here")
def test_the_sample_payload_is_read_whole() -> None:
    source = Source("json", Shape("child", fields(id="la_child_id", sex="child_details/sex")))

    with open_source(SAMPLE, source) as reading:
        assert [row[0] for row in reading.rows if not isinstance(row, Broken)] == ["10234", "9871", "10655"]


@pytest.mark.parametrize(
    ("stray", "found"),
    [
        pytest.param("not json at all", "something else", id="words"),
        pytest.param("null", "null", id="null"),
        pytest.param("true", "a truth value", id="true"),
        pytest.param("12.5", "a number", id="a number"),
        pytest.param('"text"', "a text", id="a text"),
        pytest.param("<html>no</html>", "something else", id="markup"),
    ],
)
def test_a_line_that_is_no_record_is_one_fault_and_its_neighbours_go_on(stray: str, found: str) -> None:
    rows = read(f'{{"id": "1"}}\n{stray}\n{{"id": "2"}}\n')

    assert good(rows) == ["1", "2"]
    assert faults(rows) == [("source.not-a-record", 2)]
    (broken,) = [row for row in rows if isinstance(row, Broken)]
    assert found in broken.problem.says and broken.raw.decode() == stray


@pytest.mark.parametrize(
    ("ignored", "unread"),
    [
        ((), ["visits"]),
        (("visits",), []),
        (("visits/id", "visits/at", "visits/measures"), []),
        (("visits/id",), ["visits/at", "visits/measures"]),
        (("visits/id", "visits/at", "visits/measures/hc"), ["visits/measures/bmi"]),
        (("id/x", "visits"), []),
    ],
)
def test_what_lies_deep_can_be_left_out_piece_by_piece(ignored: tuple[str, ...], unread: list[str]) -> None:
    content = '[{"id": "1", "visits": [{"id": 1, "at": 2, "measures": {"hc": 3, "bmi": 4}}]}]'
    source = Source("json", PLAIN.top, ignored=frozenset(ignored))

    with open_source({"f": BytesIO(content.encode())}, source) as reading:
        assert len(list(reading.rows)) == 1

    assert sorted(each.details["path"] for each in reading.warnings) == unread
