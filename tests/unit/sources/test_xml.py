"""XML files: rows, lines, namespaces, encodings, and what is refused."""

import random
import tracemalloc
from collections.abc import Callable
from io import BytesIO
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.problems import Refused
from gateway.records import Broken, Field, Row, Shape, Source
from gateway.sources import open_source

SAMPLE = Path(__file__).parents[3].parent / "shared" / "samples" / "ctf"


def fields(**paths: str | list[str]) -> tuple[Field, ...]:
    return tuple(
        Field(name, (path,) if isinstance(path, str) else tuple(path)) for name, path in paths.items()
    )


ASSESSMENT = Shape(
    "assessment",
    fields(stage="../Stage", subject="Subject", result="Result"),
    each="StageAssessments/KeyStage/StageAssessment",
)
PUPIL = Shape(
    "pupil",
    fields(upn="UPN", sex=["Sex", "Gender"], town="Address/BS7666Address/Town"),
    (ASSESSMENT,),
    each="CTFpupilData/Pupil",
)
CTF = Source("xml", PUPIL, root="CTfile", context=fields(urn="Header/SourceSchool/URN"))

HEAD = "<CTfile><Header><SourceSchool><URN>999001</URN></SourceSchool></Header><CTFpupilData>"
TAIL = "</CTFpupilData></CTfile>"


def pupil(upn: str = "A1", more: str = "") -> str:
    return f"<Pupil><UPN>{upn}</UPN><Sex>F</Sex>{more}</Pupil>"


def read(content: str | bytes, source: Source = CTF) -> list[Row | Broken]:
    body = content if isinstance(content, bytes) else content.encode()
    with open_source({"file.xml": BytesIO(body)}, source) as reading:
        return list(reading.rows)


def refusal(content: str | bytes, source: Source = CTF) -> str:
    with pytest.raises(Refused) as caught:
        read(content, source)
    return caught.value.problems[0].kind.code


def faults(rows: list[Row | Broken]) -> list[tuple[str, int]]:
    return [(row.problem.kind.code, row.problem.place.line) for row in rows if isinstance(row, Broken)]


def test_a_record_has_its_fields_and_the_records_within_it() -> None:
    rows = read(
        f"""<?xml version="1.0"?>
        {HEAD}
        <Pupil>
          <UPN> A1 </UPN><Gender>F</Gender>
          <Address><BS7666Address><Town>Testbridge</Town></BS7666Address></Address>
          <StageAssessments>
            <KeyStage><Stage>KS1</Stage>
              <StageAssessment><Subject>ENG</Subject><Result>2</Result></StageAssessment>
            </KeyStage>
            <KeyStage><StageAssessment><Subject>MAT</Subject></StageAssessment>
              <StageAssessment><Subject>SCI</Subject></StageAssessment><Stage>KS2</Stage></KeyStage>
          </StageAssessments>
        </Pupil>{TAIL}"""
    )

    assert rows == [
        [
            "A1",
            "F",
            "Testbridge",
            [["KS1", "ENG", "2", 8], ["KS2", "MAT", "", 10], ["KS2", "SCI", "", 11]],
            3,
        ]
    ]


def test_the_context_is_there_before_the_first_row_is_taken() -> None:
    with open_source({"f": BytesIO((HEAD + pupil() + TAIL).encode())}, CTF) as reading:
        assert reading.context == {"urn": "999001"}


def test_a_file_without_records_has_its_context_and_a_warning() -> None:
    with open_source({"f": BytesIO((HEAD + TAIL).encode())}, CTF) as reading:
        assert list(reading.rows) == []

    assert reading.context == {"urn": "999001"}
    assert [warning.kind.code for warning in reading.warnings] == ["source.no-records"]


def test_names_count_without_their_namespace() -> None:
    content = (HEAD + pupil() + TAIL).replace("<CTfile>", '<c:CTfile xmlns="urn:x" xmlns:c="urn:y">')
    content = content.replace("</CTfile>", "</c:CTfile>")
    content = content.replace("<Pupil>", "<c:Pupil>").replace("</Pupil>", "</c:Pupil>")

    assert read(content) == [["A1", "F", "", [], 1]]


def test_attributes_the_element_itself_and_elements_above_can_be_fields() -> None:
    note = Shape("note", fields(text=".", kind="@kind", school="../../../@urn"), each="Notes/Note")
    shape = Shape("pupil", fields(id="@id", area="Address/@area", school="../Name"), (note,), each="S/P")

    rows = read(
        '<R><S urn="7"><Name>Harbour</Name><P id="1"><Address area="N"/>'
        '<Notes><Note kind="a">x</Note><Note>y</Note></Notes></P><P id="2"/></S></R>',
        Source("xml", shape),
    )

    assert rows == [
        ["1", "N", "Harbour", [["x", "a", "7", 1], ["y", "", "7", 1]], 1],
        ["2", "", "Harbour", [], 1],
    ]


def test_cdata_comments_and_entities_of_xml_are_read_as_text() -> None:
    rows = read(HEAD + pupil("<![CDATA[A<1]]><!-- x -->&amp;&#66;") + TAIL)

    assert rows == [["A<1&B", "F", "", [], 1]]


def test_a_record_in_a_comment_is_no_record() -> None:
    rows = read(f"{HEAD}\n<!--\n{pupil('A1')}\n-->\n<![CDATA[{pupil('A2')}]]>\n{pupil('A3')}{TAIL}")

    assert rows == [["A3", "F", "", [], 6]]


def test_elements_of_the_same_name_elsewhere_are_no_records() -> None:
    nested = "<Sibling><CTFpupilData><Pupil><UPN>no</UPN></Pupil></CTFpupilData></Sibling>"
    content = f"<CTfile><Header><Pupil><UPN>no</UPN></Pupil></Header><CTFpupilData>{pupil(more=nested)}"

    assert read(content + TAIL) == [["A1", "F", "", [], 1]]


def test_records_may_lie_in_one_of_several_places() -> None:
    top = Shape("pupil", fields(upn="UPN"), each="Here/Pupil | There/Leaver")
    source = Source("xml", top, root="Message")
    content = (
        "<Message><Here><Pupil><UPN>a</UPN></Pupil><Leaver><UPN>x</UPN></Leaver></Here>\n"
        "<There><Leaver><UPN>b</UPN></Leaver><Pupil><UPN>y</UPN></Pupil><Leaver><UPN>c</UPN></Leaver></There>"
        "</Message>"
    )

    assert read(content, source) == [["a", 1], ["b", 2], ["c", 2]]


def test_records_may_lie_at_any_depth_but_not_within_each_other() -> None:
    place = Shape("place", fields(code="."), each="One/Code | Other/Codes/Code")
    top = Shape("pupil", fields(upn=["UPN", "Ids/UPN"]), (place,), each="//Pupil | //Leaver")
    content = (
        "<Message><Pupil><UPN>a</UPN><One><Code>1</Code></One></Pupil>"
        "<x:Deep xmlns:x='urn:x'><x:Down><x:Leaver><x:Ids><x:UPN>b</x:UPN></x:Ids><x:Other><x:Codes>"
        "<x:Code>2</x:Code><x:Code>3</x:Code></x:Codes></x:Other><x:Pupil/></x:Leaver></x:Down></x:Deep></Message>"
    )

    rows = read(content, Source("xml", top, root="Message"))

    assert rows == [["a", [["1", 1]], 1], ["b", [["2", 1], ["3", 1]], 1]]


def test_what_is_neither_read_nor_ignored_is_warned_of_once() -> None:
    content = HEAD + pupil(more="<Pet>cat</Pet><Attendance><Marks/></Attendance>") * 3 + TAIL
    source = Source("xml", PUPIL, root="CTfile", ignored=frozenset({"Attendance"}))

    with open_source({"f": BytesIO(content.encode())}, source) as reading:
        list(reading.rows)

    assert [(w.kind.code, w.details["path"]) for w in reading.warnings] == [("source.unread", "Pet")]


def test_a_value_that_comes_twice_is_warned_of_and_the_first_is_read() -> None:
    content = HEAD + pupil(more="<UPN>A2</UPN>") + TAIL

    with open_source({"f": BytesIO(content.encode())}, CTF) as reading:
        rows = list(reading.rows)

    assert rows == [["A1", "F", "", [], 1]]
    assert [warning.kind.code for warning in reading.warnings] == ["source.repeated-value"]
    assert "A2" not in str(reading.warnings[0])


@pytest.mark.parametrize(
    "codec", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "iso-8859-1", "windows-1252"]
)
def test_an_accent_survives_every_declared_encoding(codec: str) -> None:
    declared = codec.removesuffix("-sig").removesuffix("-le").removesuffix("-be")
    content = f'<?xml version="1.0" encoding="{declared}"?>\n{HEAD}{pupil("Zoë")}{TAIL}'

    assert read(content.encode(codec)) == [["Zoë", "F", "", [], 2]]


def test_latin_1_that_declares_nothing_is_read_with_a_warning() -> None:
    content = (HEAD + "\n" + pupil("Zoë") + TAIL).encode("latin-1")

    with open_source({"f": BytesIO(content)}, CTF) as reading:
        assert list(reading.rows) == [["Zoë", "F", "", [], 2]]

    assert [(w.kind.code, w.place.line) for w in reading.warnings] == [("source.encoding-guessed", 2)]


def test_a_file_that_is_not_what_it_declares_is_refused_with_the_line() -> None:
    content = f'<?xml version="1.0" encoding="UTF-8"?>\n{HEAD}\n{pupil("Zoë")}{TAIL}'.encode("latin-1")

    with pytest.raises(Refused) as caught:
        read(content)

    assert [(p.kind.code, p.place.line) for p in caught.value.problems] == [("source.encoding", 3)]


EXTERNAL = '<!DOCTYPE CTfile [<!ENTITY x SYSTEM "file:///etc/passwd">]>'
LAUGHS = '<!DOCTYPE CTfile [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;"><!ENTITY c "&b;&b;&b;">]>'
REMOTE = '<!DOCTYPE CTfile SYSTEM "http://127.0.0.1:9/x.dtd">'


@pytest.mark.parametrize("doctype", [EXTERNAL, LAUGHS, REMOTE], ids=["file", "laughs", "remote"])
@pytest.mark.parametrize("before", ["", "<!-- long -->" + " " * 200_000], ids=["first", "late"])
@pytest.mark.parametrize("codec", ["utf-8", "utf-16"])
def test_a_doctype_is_refused(doctype: str, before: str, codec: str) -> None:
    content = f"{before}{doctype}{HEAD}{pupil('&x;')}{TAIL}"

    assert refusal(content.encode(codec)) == "source.doctype"


def test_a_doctype_beyond_what_is_looked_at_is_refused_too() -> None:
    comment = "<!--" + "x" * (2 << 20) + "-->"

    assert refusal(comment + EXTERNAL + HEAD + pupil("&x;") + TAIL) in (
        "source.doctype",
        "source.wrong-format",
    )


@pytest.mark.parametrize(
    ("content", "found"),
    [("<ATfile/>", "<ATfile>"), ("CHILD,SEX\n1,2\n", "text"), ('{"a": 1}', "text"), ("\x00\x01", "text")],
)
def test_another_file_is_refused_and_what_was_found_is_named(content: str, found: str) -> None:
    with pytest.raises(Refused) as caught:
        read(content)

    (problem,) = caught.value.problems
    assert problem.kind.code == "source.wrong-format"
    assert found in problem.says and "CTfile" in problem.says


def test_the_records_before_a_break_are_given() -> None:
    rows = read(f"{HEAD}\n{pupil('A1')}\n{pupil('A2')}\n<Pupil><UPN>A3</UPN><Sex>")

    assert [row[0] for row in rows if not isinstance(row, Broken)] == ["A1", "A2"]
    assert faults(rows) == [("source.truncated", 4)]


@pytest.mark.parametrize(
    "bad",
    [
        pytest.param("<Pupil><UPN>A2</Pupil>", id="an element closed by another"),
        pytest.param("<Pupil><UPN>A\x01</UPN></Pupil>", id="a control character"),
        pytest.param("<Pupil><UPN>&nope;</UPN></Pupil>", id="an entity that is not defined"),
        pytest.param("<Pupil a='1' a='2'/>", id="an attribute twice"),
        pytest.param("<Pupil><UPN>A & B</UPN></Pupil>", id="a bare ampersand"),
        pytest.param("<a>" * 10_000, id="10,000 deep"),
        pytest.param("<Pupil>" + "<a>" * 10_000 + "</a>" * 10_000 + "</Pupil>", id="10,000 deep in a record"),
    ],
)
def test_malformed_xml_ends_the_reading_with_the_line(bad: str) -> None:
    rows = read(f"{HEAD}\n{pupil('A1')}\n{bad}\n{pupil('A3')}{TAIL}")

    assert rows[0] == ["A1", "F", "", [], 2]
    (fault,) = faults(rows)
    assert fault in [("source.malformed", 3), ("source.malformed", 4)]


def test_a_reason_never_repeats_what_the_file_says() -> None:
    rows = read(f"{HEAD}<Pupil><UPN>A1</secret-name>{TAIL}")

    (row,) = rows
    assert isinstance(row, Broken)
    assert "secret-name" not in str(row.problem) + row.problem.fix


def test_a_record_without_end_is_refused_before_memory_is() -> None:
    def endless() -> bytes:
        return (HEAD + "<Pupil>" + "<UPN>A1</UPN>\n" * 800_000).encode()

    assert faults(read(endless())) == [("source.record-too-large", 1)]


def test_the_raw_form_is_the_record_alone() -> None:
    with open_source(
        {"f": BytesIO((HEAD + pupil("A1") + "\n" + pupil("A2") + TAIL).encode())}, CTF
    ) as reading:
        rows = iter(reading.rows)
        next(rows)
        first = reading.raw()
        next(rows)

        assert (first.decode(), reading.raw().decode()) == (pupil("A1"), pupil("A2"))


def many(count: int, more: Callable[[int], str]) -> str:
    return HEAD + "".join(more(number) for number in range(count)) + TAIL


LAYOUTS: dict[str, Callable[[int], str]] = {
    "one line each": lambda n: f"<Pupil><UPN>{n}</UPN></Pupil>\n",
    "indented": lambda n: f"<Pupil>\n  <UPN>{n}</UPN>\n</Pupil>\n",
    "empty elements first": lambda n: "<Pupil><Sex/><UPN/><X/></Pupil>\n\n",
    "attributes over lines": lambda n: '<Pupil\n a="1"\n b="2"/>\n',
    "comments": lambda n: f"<!--\n<Pupil>\n--><Pupil><!--\n\n--><UPN>{n}</UPN></Pupil>\n",
}


@pytest.mark.parametrize("layout", LAYOUTS.values(), ids=LAYOUTS)
def test_lines_are_right_far_beyond_what_libxml2_counts(layout: Callable[[int], str]) -> None:
    content = HEAD + "\n" * 65_500 + "".join(layout(number) for number in range(400)) + TAIL
    hidden = content.replace("<!--\n<Pupil>\n-->", "<!--\n-Pupil-\n-->")
    expected = [hidden.count("\n", 0, at) + 1 for at in range(len(hidden)) if hidden.startswith("<Pupil", at)]

    assert [row[-1] for row in read(content)] == expected


KID_PARTS = [
    "<StageAssessment><Subject>ENG</Subject></StageAssessment>",
    "<StageAssessment>\n<Subject>ENG</Subject>\n</StageAssessment>",
    "<StageAssessment>\n\n  <Subject>\nE\nN</Subject></StageAssessment>",
    "<StageAssessment/>",
    "<StageAssessment><Subject/></StageAssessment>",
    "<StageAssessment>word\nword<Subject/></StageAssessment>",
    "<StageAssessment>&amp;\n<Subject/></StageAssessment>",
    "<StageAssessment><!--\n<StageAssessment>\n-->\n<Subject>x</Subject></StageAssessment>",
    "<StageAssessment><![CDATA[\n\n]]>\n<Subject>x</Subject></StageAssessment>",
    "\n",
    "<Stage>KS2</Stage>",
    "<Locale>\n</Locale>",
]


@settings(max_examples=40, deadline=None)
@given(st.lists(st.sampled_from(KID_PARTS), max_size=30), st.integers(65_400, 65_600))
def test_lines_of_records_within_are_right_on_both_sides_of_the_limit(parts: list[str], start: int) -> None:
    body = "".join(parts)
    before = HEAD + "\n" * start + "<Pupil><StageAssessments><KeyStage>"
    content = f"{before}{body}</KeyStage></StageAssessments></Pupil>{TAIL}"
    hidden = content.replace("<!--\n<StageAssessment>", "<!--\n-StageAssessment-")
    expected = [
        hidden.count("\n", 0, at) + 1
        for at in range(len(before), len(hidden))
        if hidden.startswith(("<StageAssessment>", "<StageAssessment/>"), at)
    ]

    (row,) = read(content)

    assert not isinstance(row, Broken)
    assert [kid[-1] for kid in row[3]] == expected


def test_pieces_of_any_size_give_the_same_rows(monkeypatch: pytest.MonkeyPatch) -> None:
    content = many(50, lambda n: f"\n<Pupil>\n<UPN>Zoë {n}</UPN><!-- <Pupil> --></Pupil>")
    whole = read(content)

    for size in (1, 2, 3, 7, 64, 1000):
        monkeypatch.setattr("gateway.sources.xml_pieces.CHUNK", size)
        assert read(content) == whole


@pytest.mark.parametrize(
    "filler",
    [
        pytest.param(lambda n: "", id="records only"),
        pytest.param(lambda n: f"<Other><Deep>{'x' * 500}</Deep></Other>", id="other elements between"),
        pytest.param(lambda n: f"<!-- {'x' * 500} -->", id="comments between"),
    ],
)
def test_memory_is_flat_whatever_the_length(filler: Callable[[int], str]) -> None:
    def peak(count: int) -> int:
        chunk = "".join(filler(n) + pupil(f"A{n}") for n in range(100)).encode()

        class Endless(BytesIO):
            """Counts as a long file without holding one."""

        content = Endless(HEAD.encode() + chunk * count + TAIL.encode())
        with open_source({"f": content}, CTF) as reading:
            tracemalloc.start()
            number = sum(1 for _ in reading.rows)
            most = tracemalloc.get_traced_memory()[1]
            tracemalloc.stop()
        assert number == 100 * count
        return most

    assert peak(1000) < 1.3 * peak(200) + 50_000


def test_a_long_stretch_without_records_is_not_held() -> None:
    import resource

    junk = b"<Junk>" + b"<A><B>word</B></A>" * 50 + b"</Junk>"
    content = (
        b"<CTfile><Stuff>" + junk * 20_000 + b"</Stuff><CTFpupilData>" + pupil().encode() + TAIL.encode()
    )
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss

    rows = read(content)

    assert rows == [["A1", "F", "", [], 1]]
    # The tree of all of it would take some 300 MB.
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 60_000


def test_random_records_are_read_as_they_were_written() -> None:
    dice = random.Random(7)
    expected = []
    parts = [HEAD]
    line = 1
    for number in range(300):
        kids = [(f"S{dice.randint(1, 9)}", f"R{k}") for k in range(dice.randint(0, 4))]
        text = f"<Pupil>\n<UPN>U{number}</UPN>\n<StageAssessments><KeyStage>\n"
        places = []
        for subject, result in kids:
            places.append(line + text.count("\n"))
            result_text = f"<Result>{result}</Result>"
            text += f"<StageAssessment><Subject>{subject}</Subject>{result_text}</StageAssessment>"
            text += "\n" * dice.randint(0, 2)
        text += "</KeyStage></StageAssessments></Pupil>\n"
        rows = [["", subject, result, at] for (subject, result), at in zip(kids, places, strict=True)]
        expected.append([f"U{number}", "", "", rows, line])
        line += text.count("\n")
        parts.append(text)

    assert read("".join(parts) + TAIL) == expected


@pytest.mark.skipif(not SAMPLE.is_dir(), reason="the shared samples are not here")
def test_the_sample_transfer_file_is_read_whole() -> None:
    with open_source(SAMPLE, CTF) as reading:
        rows = list(reading.rows)

    assert [row[0] for row in rows if not isinstance(row, Broken)][:2] == ["F201900116001", "M20190022104V"]
    assert len(rows) == 5
    assert reading.context == {"urn": "999002"}
