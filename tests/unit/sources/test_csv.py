"""CSV files and sets: what becomes a row, what is set aside, and where each came from."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from gateway.problems import Refused
from gateway.records import Broken, Field, FileRule, Row, Shape, Source
from gateway.sources import open_source
from gateway.sources.reading import Given

SAMPLES = Path(__file__).parents[3].parent / "shared" / "samples" / "ssda903"


def fields(*names: str) -> tuple[Field, ...]:
    return tuple(Field(name, (name,)) for name in names)


CHILD = Source(
    "csv",
    Shape("child", fields("CHILD", "SEX", "DOB"), file="header"),
    files=(FileRule("header", ("CHILD", "SEX", "DOB"), required=True),),
)

EPISODE = Shape("episode", fields("DECOM", "PLACE"), file="episodes", by="CHILD")
OC2 = Shape("oc2", fields("SDQ_SCORE"), file="oc2", by="CHILD", most=1)
SET = Source(
    "csv",
    Shape("child", fields("CHILD", "SEX", "DOB"), (EPISODE, OC2), file="header"),
    files=(
        FileRule("header", ("CHILD", "SEX", "DOB"), required=True),
        FileRule("episodes", ("CHILD", "DECOM", "PLACE")),
        FileRule("oc2", ("CHILD", "DOB", "SDQ_SCORE")),
    ),
)

Write = Callable[..., Path]


@pytest.fixture
def write(tmp_path: Path) -> Write:
    def _write(content: str | bytes, name: str = "header.csv") -> Path:
        path = tmp_path / name
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return path

    return _write


def read(given: Given, source: Source = CHILD) -> list[Row | Broken]:
    with open_source(given, source) as reading:
        return list(reading.rows)


def codes(refused: Refused) -> list[str]:
    return [problem.kind.code for problem in refused.problems]


def faults(rows: list[Row | Broken]) -> list[tuple[str, str]]:
    return [(row.problem.kind.code, str(row.problem.place)) for row in rows if isinstance(row, Broken)]


def test_each_row_has_its_cells_trimmed_and_the_line_an_editor_shows(write: Write) -> None:
    path = write("CHILD,SEX,DOB\n0010234, F ,27/03/2008\n\n0010655,M,\n")

    assert read(path) == [["0010234", "F", "27/03/2008", 2], ["0010655", "M", "", 4]]


@pytest.mark.parametrize("delimiter", [",", ";", "\t"], ids=["comma", "semicolon", "tab"])
def test_the_delimiter_is_found_in_the_header(write: Write, delimiter: str) -> None:
    path = write(f"CHILD{delimiter}SEX{delimiter}DOB\n1{delimiter}F{delimiter}27/03/2008\n")

    assert read(path) == [["1", "F", "27/03/2008", 2]]


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"], ids=["LF", "CRLF", "CR"])
def test_every_line_end_counts_as_a_line(write: Write, end: str) -> None:
    path = write(end.join(["CHILD,SEX,DOB", '1,"F\nx",', "2,M,", ""]))

    assert [row[-1] for row in read(path)] == [2, 4]


def test_a_quoted_cell_may_hold_separators_quotes_and_line_breaks(write: Write) -> None:
    path = write('CHILD,SEX,DOB\n"1,""a""",F,"27/03\n/2008"\n2,M,\n')

    assert read(path) == [['1,"a"', "F", "27/03\n/2008", 2], ["2", "M", "", 4]]


@pytest.mark.parametrize(
    "codec", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32", "cp1252"]
)
def test_an_accent_survives_every_encoding(write: Write, codec: str) -> None:
    path = write("CHILD,SEX,DOB\nZoë Núñez,F,\n".encode(codec))

    assert read(path) == [["Zoë Núñez", "F", "", 2]]


def test_windows_1252_is_read_with_a_warning_that_names_the_line(write: Write) -> None:
    path = write("CHILD,SEX,DOB\n1,F,\nZoë,F,\n".encode("cp1252"))

    with open_source(path, CHILD) as reading:
        rows = list(reading.rows)

    assert rows[1] == ["Zoë", "F", "", 3]
    assert [(w.kind.code, w.place.line) for w in reading.warnings] == [("source.encoding-guessed", 3)]


def test_one_stray_byte_in_a_utf_8_file_costs_one_row_and_no_accent(write: Write) -> None:
    path = write("CHILD,SEX,DOB\nZoë,F,\nAnaïs,F,\n".encode() + b"Ren\xe9e,F,\n" + "Chloé,F,\n".encode())

    rows = read(path)

    assert faults(rows) == [("source.characters", "header.csv:4")]
    assert [row[0] for row in rows if not isinstance(row, Broken)] == ["Zoë", "Anaïs", "Chloé"]


def test_a_declared_encoding_is_used(write: Write) -> None:
    source = Source("csv", CHILD.top, files=CHILD.files, encoding="cp850")

    assert read(write("CHILD,SEX,DOB\nZoë,F,\n".encode("cp850")), source) == [["Zoë", "F", "", 2]]


def test_an_unknown_encoding_is_refused(write: Write) -> None:
    source = Source("csv", CHILD.top, files=CHILD.files, encoding="ebcdic-moon")

    with pytest.raises(Refused) as caught:
        read(write("CHILD,SEX,DOB\n"), source)

    assert codes(caught.value) == ["source.encoding-unknown"]


@pytest.mark.parametrize(
    ("line", "code"),
    [
        pytest.param("2,F", "source.ragged", id="a cell too few"),
        pytest.param("2,F,27/03/2008,extra", "source.ragged", id="a cell too many"),
        pytest.param('2,"F"x,27/03/2008', "source.quotes", id="text after a quoted cell"),
        pytest.param("2,F\x00,27/03/2008", "source.characters", id="zero byte"),
        pytest.param("2,F,27\x07/03/2008", "source.characters", id="control character"),
        pytest.param('2,"' + "x" * 200_000 + '",', "source.quotes", id="a cell without end"),
    ],
)
def test_a_bad_row_is_set_aside_with_its_line_and_its_neighbours_go_on(
    write: Write, line: str, code: str
) -> None:
    path = write(f"CHILD,SEX,DOB\n1,M,\n{line}\n3,M,\n")

    rows = read(path)

    assert faults(rows) == [(code, "header.csv:3")]
    assert [row for row in rows if not isinstance(row, Broken)] == [["1", "M", "", 2], ["3", "M", "", 4]]


def test_an_unpaired_quotation_mark_costs_one_row(write: Write) -> None:
    path = write('CHILD,SEX,DOB\n1,"M,\n2,F,\n3,"F",\n4,F,\n')

    rows = read(path)

    assert faults(rows) == [("source.quotes", "header.csv:2")]
    assert [row for row in rows if not isinstance(row, Broken)] == [
        ["2", "F", "", 3],
        ["3", "F", "", 4],
        ["4", "F", "", 5],
    ]


def test_a_file_cut_in_a_quoted_cell_loses_only_that_row(write: Write) -> None:
    path = write('CHILD,SEX,DOB\n1,M,\n2,"F\n3,M,')

    rows = read(path)

    assert faults(rows) == [("source.quotes", "header.csv:3")]
    assert [row[0] for row in rows if not isinstance(row, Broken)] == ["1", "3"]


def test_empty_columns_and_rows_of_a_spreadsheet_are_passed_over(write: Write) -> None:
    path = write("CHILD,SEX,DOB,,\n1,F,,,\n,,,,\n2,M,,,\n")

    assert read(path) == [["1", "F", "", 2], ["2", "M", "", 4]]


def test_a_problem_never_says_what_the_row_said(write: Write) -> None:
    path = write("CHILD,SEX,DOB\nsecret-name,F\n")

    (row,) = read(path)

    assert isinstance(row, Broken)
    assert "secret-name" not in str(row.problem) + row.problem.says + row.problem.fix
    assert b"secret-name" in row.raw


def test_texts_that_mean_nothing_are_empty(write: Write) -> None:
    source = Source("csv", CHILD.top, files=CHILD.files, empty=frozenset({"NULL", "-"}))

    assert read(write("CHILD,SEX,DOB\n1, NULL ,-\n"), source) == [["1", "", "", 2]]


def test_the_first_alternative_that_says_something_is_taken(write: Write) -> None:
    top = Shape("child", (Field("id", ("CHILD",)), Field("sex", ("SEX", "GENDER"))), file="header")
    source = Source("csv", top, files=(FileRule("header", ("CHILD", "SEX")),))

    assert read(write("CHILD,SEX,GENDER\n1,F,M\n2,,M\n"), source) == [["1", "F", 2], ["2", "M", 3]]
    assert read(write("CHILD,GENDER\n3,M\n"), source) == [["3", "M", 2]]


def test_a_header_alone_gives_no_rows_and_a_warning(write: Write) -> None:
    with open_source(write("CHILD,SEX,DOB\n"), CHILD) as reading:
        assert list(reading.rows) == []

    assert [w.kind.code for w in reading.warnings] == ["source.no-records"]


def test_a_missing_column_is_refused_before_any_row_and_named(write: Write) -> None:
    with pytest.raises(Refused) as caught:
        read(write("CHILD,DOB\n1,x,too,many\n"))

    assert codes(caught.value) == ["source.missing-column"]
    assert "SEX" in caught.value.problems[0].says
    assert str(caught.value.problems[0].place) == "header.csv:1"


def test_an_extra_column_is_a_warning_unless_ignored(write: Write) -> None:
    path = write("CHILD,SEX,DOB,MOTHER,PET\n1,F,,0,cat\n")
    source = Source("csv", CHILD.top, files=CHILD.files, ignored=frozenset({"header.MOTHER"}))

    with open_source(path, source) as reading:
        list(reading.rows)

    (warning,) = reading.warnings
    assert warning.kind.code == "source.extra-column"
    assert "PET" in warning.says and "MOTHER" not in warning.says


def test_the_same_column_twice_is_refused(write: Write) -> None:
    with pytest.raises(Refused) as caught:
        read(write("CHILD,SEX,DOB,sex\n1,F,,M\n"))

    assert codes(caught.value) == ["source.duplicate-column"]
    assert "SEX (2 and 4)" in caught.value.problems[0].says


def test_another_csv_file_is_refused_by_its_columns(write: Write) -> None:
    with pytest.raises(Refused) as caught:
        read(write("name,colour\nx,y\n", "pets.csv"))

    assert codes(caught.value) == ["source.wrong-format"]
    assert "header (CHILD" in caught.value.problems[0].says


@pytest.mark.parametrize(
    ("name", "text"),
    [
        pytest.param("a.csv", "F201900116001,Canaryson,04/03/2012,F\n", id="a file like no other"),
        pytest.param("header.csv", "F201900116001,Canaryson,04/03/2012,F\n", id="known by its name"),
        pytest.param("a.csv", "Canaryson,canaryson,04/03/2012,F\n", id="two cells alike"),
        pytest.param("a.csv", "CHILD,F201900116001,04/03/2012,ZZ10 1AA,999 012 3047\n", id="half a header"),
        pytest.param("a.csv", "CHILD,F201900116001,f201900116001\n", id="half a header, two cells alike"),
    ],
)
def test_a_first_line_that_is_no_header_is_not_repeated(write: Write, name: str, text: str) -> None:
    with pytest.raises(Refused) as caught:
        read(write(text, name))

    said = "".join(f"{each}{each.says}{each.fix}{each.details}" for each in caught.value.problems)
    for value in ("116001", "canaryson", "2012", "zz10", "3047"):
        assert value not in said.casefold()


@pytest.mark.parametrize("text", ['" "\n', '" "," "\nA,B\n', "\t\n\x0b,\x0b\n"])
def test_a_header_of_nothing_but_space_is_refused(write: Write, text: str) -> None:
    with pytest.raises(Refused) as caught:
        read(write(text, "pets.csv"))

    assert codes(caught.value) == ["source.wrong-format"]


def test_of_a_header_with_another_name_the_name_is_said(write: Write) -> None:
    with pytest.raises(Refused) as caught:
        read(write("CHILD,Pet name,Colour\n1,Rex,red\n", "pets.csv"))

    assert "CHILD, Pet name, Colour" in caught.value.problems[0].says


def test_files_are_told_by_columns_whatever_they_are_called(write: Write, tmp_path: Path) -> None:
    write("CHILD,SEX,DOB\n1,F,\n", "episodes.csv")
    write("DECOM,CHILD,PLACE\n01/02/2020,1,U6\n", "header.csv")

    assert read(tmp_path, SET) == [["1", "F", "", [["01/02/2020", "U6", 2]], [], 2]]


def test_rows_of_other_files_hang_on_their_parent_in_file_order(write: Write, tmp_path: Path) -> None:
    write("CHILD,SEX,DOB\n2,M,\n1,F,\n")
    write("CHILD,DECOM,PLACE\n1,c,U6\n2,a,U4\n1,b,K2\n", "episodes.csv")
    write("CHILD,DOB,SDQ_SCORE\n1,,17\n", "oc2.csv")

    assert read(tmp_path, SET) == [
        ["2", "M", "", [["a", "U4", 3]], [], 2],
        ["1", "F", "", [["c", "U6", 2], ["b", "K2", 4]], [["17", 2]], 3],
    ]


def test_an_optional_file_may_be_missing_and_a_required_one_may_not(write: Write, tmp_path: Path) -> None:
    write("CHILD,DECOM,PLACE\n1,a,U6\n", "episodes.csv")

    with pytest.raises(Refused) as caught:
        read(tmp_path, SET)

    assert codes(caught.value) == ["source.missing-file"]
    write("CHILD,SEX,DOB\n1,F,\n")
    assert read(tmp_path, SET) == [["1", "F", "", [["a", "U6", 2]], [], 2]]


def test_every_problem_of_a_set_is_told_at_once(write: Write, tmp_path: Path) -> None:
    write("CHILD,DECOM\n", "a.csv")
    write("CHILD,DOB,SDQ_SCORE\n", "b.csv")
    write("CHILD,DOB,SDQ_SCORE\n", "c.csv")

    with pytest.raises(Refused) as caught:
        read(tmp_path, SET)

    assert sorted(codes(caught.value)) == [
        "source.missing-column",
        "source.missing-file",
        "source.same-file-twice",
    ]


def test_a_row_whose_parent_is_missing_is_set_aside_not_lost(write: Write, tmp_path: Path) -> None:
    write("CHILD,SEX,DOB\n1,F,\n")
    write("CHILD,DECOM,PLACE\n9,a,U6\n1,b,U4\n,c,U4\n", "episodes.csv")

    rows = read(tmp_path, SET)

    assert rows[0] == ["1", "F", "", [["b", "U4", 3]], [], 2]
    assert faults(rows) == [("source.orphan", "episodes.csv:2"), ("source.orphan", "episodes.csv:4")]


def test_a_second_row_with_the_same_key_is_set_aside(write: Write, tmp_path: Path) -> None:
    write("CHILD,SEX,DOB\n1,F,\n1,M,\n")
    write("CHILD,DECOM,PLACE\n1,a,U6\n", "episodes.csv")

    rows = read(tmp_path, SET)

    assert rows[0] == ["1", "F", "", [["a", "U6", 2]], [], 2]
    assert faults(rows) == [("source.repeated-key", "header.csv:3")]


def test_two_children_may_share_a_row_that_is_looked_up(write: Write, tmp_path: Path) -> None:
    write("CHILD,URN\n1,77\n2,77\n", "children.csv")
    write("URN,NAME\n77,Harbour\n", "schools.csv")
    school = Shape("school", fields("NAME"), file="schools", by="URN")
    top = Shape("child", fields("CHILD", "URN"), (school,), file="children", key=("CHILD",))
    rules = (FileRule("children", ("CHILD", "URN")), FileRule("schools", ("URN", "NAME")))

    rows = read(tmp_path, Source("csv", top, files=rules))

    assert rows == [["1", "77", [["Harbour", 2]], 2], ["2", "77", [["Harbour", 2]], 3]]


def test_a_row_to_look_up_may_be_there_for_nobody(write: Write, tmp_path: Path) -> None:
    write("CHILD,URN\n1,77\n", "children.csv")
    write("URN,NAME\n77,Harbour\n78,Nowhere\n", "schools.csv")
    school = Shape("school", fields("NAME"), file="schools", by="URN")
    top = Shape("child", fields("CHILD", "URN"), (school,), file="children", key=("CHILD",))
    rules = (FileRule("children", ("CHILD", "URN")), FileRule("schools", ("URN", "NAME")))

    assert read(tmp_path, Source("csv", top, files=rules)) == [["1", "77", [["Harbour", 2]], 2]]


def test_a_column_that_joins_is_needed_only_with_the_file_it_joins(write: Write, tmp_path: Path) -> None:
    children = write("CHILD\n1\n", "children.csv")
    write("URN,NAME\n77,Harbour\n", "schools.csv")
    school = Shape("school", fields("NAME"), file="schools", by="URN")
    top = Shape("child", fields("CHILD"), (school,), file="children", key=("CHILD",))
    rules = (FileRule("children", ("CHILD",), optional=("URN",)), FileRule("schools", ("URN", "NAME")))
    source = Source("csv", top, files=rules)

    assert read(children, source) == [["1", [], 2]]
    with pytest.raises(Refused) as caught:
        read(tmp_path, source)

    assert codes(caught.value) == ["source.missing-column"]


def test_rows_are_joined_by_columns_of_two_names(write: Write, tmp_path: Path) -> None:
    write("sourcedId,orgs\nu1,o1\nu2,o1\n", "users.csv")
    write("sourcedId,userSourcedId\ne1,u2\ne2,u9\n", "enrolments.csv")
    write("sourcedId,name\no1,Harbour\n", "orgs.csv")
    enrolment = Shape("enrolment", fields("sourcedId"), file="enrolments", by="userSourcedId", to="sourcedId")
    org = Shape("org", fields("name"), file="orgs", by="sourcedId", to="orgs")
    top = Shape("user", fields("sourcedId"), (enrolment, org), file="users", key=("sourcedId",))
    rules = (
        FileRule("users", ("sourcedId", "orgs")),
        FileRule("enrolments", ("sourcedId", "userSourcedId")),
        FileRule("orgs", ("sourcedId", "name")),
    )

    rows = read(tmp_path, Source("csv", top, files=rules))

    assert rows[:2] == [["u1", [], [["Harbour", 2]], 2], ["u2", [["e1", 2]], [["Harbour", 2]], 3]]
    assert faults(rows) == [("source.orphan", "enrolments.csv:3")]


def test_a_column_may_be_there_or_not(write: Write, tmp_path: Path) -> None:
    top = Shape("child", fields("CHILD", "SEX", "PET"), file="header")
    rule = FileRule("header", ("CHILD",), optional=("SEX", "PET"))
    source = Source("csv", top, files=(rule,))

    with open_source(write("CHILD,SEX\n1,F\n"), source) as reading:
        assert list(reading.rows) == [["1", "F", "", 2]]
    assert reading.warnings == []


def test_rows_within_rows_within_rows(write: Write, tmp_path: Path) -> None:
    write("CHILD,SEX,DOB\n1,F,\n")
    write("CHILD,PLAN\n1,p1\n1,p2\n", "plans.csv")
    write("PLAN,VISIT\np2,v1\np1,v2\np3,v3\n", "visits.csv")
    visit = Shape("visit", fields("VISIT"), file="visits", by="PLAN")
    plan = Shape("plan", fields("PLAN"), (visit,), file="plans", by="CHILD")
    rules = (*CHILD.files, FileRule("plans", ("CHILD", "PLAN")), FileRule("visits", ("PLAN", "VISIT")))

    rows = read(tmp_path, Source("csv", Shape("child", fields("CHILD"), (plan,), file="header"), files=rules))

    assert rows[0] == ["1", [["p1", [["v2", 3]], 2], ["p2", [["v1", 2]], 3]], 2]
    assert faults(rows) == [("source.orphan", "visits.csv:4")]


def test_the_raw_form_is_every_line_of_the_record(write: Write, tmp_path: Path) -> None:
    write("CHILD,SEX,DOB,PET\n1,F,,cat\n")
    write("CHILD,DECOM,PLACE\n1,a,U6\n1,b,U4\n", "episodes.csv")

    with open_source(tmp_path, SET) as reading:
        next(iter(reading.rows))
        raw = json.loads(reading.raw())

    assert raw == [["header", "1,F,,cat\r\n"], ["episodes", "1,a,U6\r\n"], ["episodes", "1,b,U4\r\n"]]


def test_uploads_are_read_like_files_and_left_open(tmp_path: Path) -> None:
    from io import BytesIO

    header, episodes = BytesIO(b"CHILD,SEX,DOB\n1,F,\n"), BytesIO(b"CHILD,DECOM,PLACE\n1,a,U6\n")

    rows = read({"h.csv": header, "e.csv": episodes}, SET)

    assert rows == [["1", "F", "", [["a", "U6", 2]], [], 2]]
    assert not header.closed


def test_progress_ends_at_the_size_of_the_files(write: Write, tmp_path: Path) -> None:
    write("CHILD,SEX,DOB\n" + "1,F,\n" * 2000)
    write("CHILD,DECOM,PLACE\n1,a,U6\n", "episodes.csv")

    with open_source(tmp_path, SET) as reading:
        list(reading.rows)

    assert reading.done == reading.size == sum(path.stat().st_size for path in tmp_path.iterdir())


def test_a_join_larger_than_its_cache_spills_and_gives_the_same(write: Write, tmp_path: Path) -> None:
    children = 20_000
    write("CHILD,SEX,DOB\n" + "".join(f"{n},F,\n" for n in range(children)))
    wide = "x" * 600
    order = [n * 7919 % children for n in range(2 * children)]
    write("CHILD,DECOM,PLACE\n" + "".join(f"{n},{at},{wide}\n" for at, n in enumerate(order)), "e.csv")

    with open_source(tmp_path, SET) as reading:
        kids = [[kid[0] for kid in row[3]] for row in reading.rows if not isinstance(row, Broken)]

    expected: list[list[str]] = [[] for _ in range(children)]
    for at, n in enumerate(order):
        expected[n].append(str(at))
    assert kids == expected


@pytest.mark.skipif(not SAMPLES.is_dir(), reason="the shared samples are not here")
def test_the_sample_return_is_read_whole() -> None:
    header = fields("CHILD", "SEX", "DOB", "ETHNIC", "UPN", "MOTHER", "MC_DOB")
    columns = "CHILD DECOM RNE LS CIN PLACE PLACE_PROVIDER DEC REC REASON_PLACE_CHANGE HOME_POST PL_POST URN"
    episode = Shape("episode", fields(*columns.split()), file="episodes", by="CHILD")
    rules = (
        FileRule("header", tuple(field.name for field in header), required=True),
        FileRule("episodes", tuple(columns.split())),
    )

    rows = read(SAMPLES, Source("csv", Shape("child", header, (episode,), file="header"), files=rules))

    assert [row[0] for row in rows if not isinstance(row, Broken)] == [
        "0010234",
        "0009871",
        "0010655",
        "0010901",
        "0007714",
    ]
    assert [len(row[7]) for row in rows if not isinstance(row, Broken)] == [2, 2, 1, 1, 0]
    assert not faults(rows)
