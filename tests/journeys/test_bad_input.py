"""Files that cannot be taken: what is wrong, where, what to do; neighbours stay, nothing is half written."""

import json
from pathlib import Path
from typing import Any

import pytest
from gates import SAMPLES, codes, load

from gateway.problems import Refused
from gateway.service import Gateway

CTF = (SAMPLES / "ctf/2019002_CTF_2019001_001.xml").read_bytes()
CSC = (SAMPLES / "dfe-csc-api/children_201.json").read_bytes()
S903 = {path.name: path.read_bytes() for path in (SAMPLES / "ssda903").glob("*.csv")}
HEADER = S903["header.csv"]
BOMB = (
    b"<!DOCTYPE x ["
    + b"".join(b'<!ENTITY e%d "%b">' % (number, b"&e%d;" % (number - 1) * 10) for number in range(1, 10))
    + b"]>"
)
XXE = b'<!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/passwd">]>'
DEEP = b'{"a":' * 10_000 + b"1" + b"}" * 10_000
BANNED = ("invalid", "failed", "unexpected", "please", "sorry", "oops", "illegal", "forbidden")


def ctf(old: bytes, new: bytes, more: tuple[bytes, bytes] = (b"", b"")) -> dict[str, bytes]:
    assert old in CTF
    return {"pupils.xml": CTF.replace(old, new, 1).replace(*more, 1)}


def csc(old: bytes, new: bytes) -> dict[str, bytes]:
    assert old in CSC
    return {"children.json": CSC.replace(old, new, 1)}


def council(**files: bytes) -> dict[str, bytes]:
    return {**S903, **{f"{name}.csv": content for name, content in files.items()}}


def lines(*each: bytes) -> dict[str, bytes]:
    return {"told.ndjson": b"\n".join(each) + b"\n"}


GOOD = b'{"resourceType":"Patient","id":"good"}'
FEEDS = {"ctf": "school", "csc-api": "council", "ssda903": "council", "": "clinic"}


@pytest.mark.parametrize(
    ("mapping", "given", "code", "place"),
    [
        pytest.param("ctf", {"a.xml": b""}, "source.empty", "a.xml", id="empty xml"),
        pytest.param("ctf", {"a.xml": b"<html/>"}, "source.wrong-format", "a.xml:1", id="another format"),
        pytest.param("ctf", {"a.xml": b"PK\x03\x04\x00"}, "source.not-text", "a.xml", id="a zip file"),
        pytest.param(
            "ctf",
            ctf(b"Okafor", b"Ok\xe9for"),
            "source.encoding",
            "pupils.xml:26",
            id="not the encoding it says",
        ),
        pytest.param(
            "ctf",
            ctf(b"<CTfile>", XXE + b"<CTfile>", (b"Amelia", b"&e;")),
            "source.doctype",
            "pupils.xml:1",
            id="an external entity",
        ),
        pytest.param(
            "ctf",
            ctf(b"<CTfile>", BOMB + b"<CTfile>", (b"Amelia", b"&e9;")),
            "source.doctype",
            "pupils.xml:1",
            id="an entity bomb",
        ),
        pytest.param("csc-api", {"a.json": b" \n"}, "source.wrong-format", "a.json", id="blank json"),
        pytest.param("csc-api", {"a.json": b"<a/>"}, "source.wrong-format", "a.json", id="xml as json"),
        pytest.param("ssda903", council(header=b""), "source.empty", "header.csv", id="empty table"),
        pytest.param(
            "ssda903",
            council(header=HEADER.replace(b"ETHNIC,UPN,MOTHER", b"ETHNIC,X,MOTHER")),
            "source.missing-column",
            "header.csv:1",
            id="a missing column",
        ),
        pytest.param(
            "ssda903",
            {name: content for name, content in S903.items() if name != "header.csv"},
            "source.missing-file",
            "",
            id="a missing table",
        ),
        pytest.param("", {"a.ndjson": b""}, "source.empty", "a.ndjson", id="empty ndjson"),
    ],
)
def test_a_file_that_cannot_be_read_at_all_leaves_everything_as_it_was(
    gate: Gateway, mapping: str, given: dict[str, bytes], code: str, place: str
) -> None:
    before = (gate.store.snapshot(), gate.store.loads())

    with pytest.raises(Refused) as refused:
        load(gate, FEEDS[mapping], given, mapping)

    found = {problem.kind.code: problem for problem in refused.value.problems}
    assert code in found
    assert str(found[code].place).startswith(place)
    assert found[code].fix
    assert "root:" not in str(refused.value)
    assert (gate.store.snapshot(), gate.store.loads()) == before


@pytest.mark.parametrize(
    ("mapping", "given", "code", "kept"),
    [
        pytest.param("ctf", {"a.xml": CTF[:9124]}, "source.truncated", 3, id="xml cut within a tag"),
        pytest.param("ctf", {"a.xml": CTF[:7593]}, "source.truncated", 2, id="xml cut between tags"),
        pytest.param(
            "ctf",
            ctf(b"<Surname>Thompson</Surname>", b"<Surname>Thompson</Forename>"),
            "source.malformed",
            3,
            id="bad xml",
        ),
        pytest.param("ctf", ctf(b"Mohammed", b"Moham\x00ed"), "source.malformed", 1, id="a zero in xml"),
        pytest.param(
            "ctf",
            ctf(b"<DOB>2012-03-04", b"<DOB>2012-02-30"),
            "record.not-a-date",
            4,
            id="a day that is none",
        ),
        pytest.param(
            "ctf",
            ctf(b"<DOB>2012-03-04", b"<DOB>04/03/2012"),
            "record.not-a-date",
            4,
            id="another form of date",
        ),
        pytest.param("csc-api", {"a.json": CSC[: len(CSC) * 2 // 3]}, "source.truncated", 1, id="cut json"),
        pytest.param(
            "csc-api", csc(b'"purge": false', b'"deep":' + DEEP), "json.too-deep", 2, id="10,000 deep"
        ),
        pytest.param(
            "csc-api",
            csc(b'"mis_child_id"', b'"la_child_id": "7", "mis_child_id"'),
            "json.duplicate-key",
            2,
            id="twice",
        ),
        pytest.param(
            "csc-api", csc(b'"score": 17', b'"score": ' + b"9" * 5000), "json.number", 2, id="5,000 digits"
        ),
        pytest.param(
            "csc-api", csc(b'"score": 17', b'"score": 1e999999'), "json.number", 2, id="no finite number"
        ),
        pytest.param("csc-api", csc(b"Mohammed", b"Moh\x01med"), "json.syntax", 2, id="a control character"),
        pytest.param(
            "csc-api", csc(b"Mohammed", b"Moh\\u0000med"), "source.characters", 2, id="an escaped one"
        ),
        pytest.param(
            "csc-api", csc(b"Mohammed", b"Moh\\ud83dmed"), "source.characters", 2, id="half a character"
        ),
        pytest.param(
            "ssda903",
            council(header=HEADER.replace(b"01/07/2008", b"31/06/2008")),
            "record.not-a-date",
            4,
            id="31 June",
        ),
        pytest.param(
            "ssda903",
            council(header=HEADER.replace(b"0009871,M,", b"0009871,M,X,Y,Z,")),
            "source.ragged",
            4,
            id="too many cells",
        ),
        pytest.param(
            "ssda903",
            council(header=HEADER.replace(b"0009871,M,", b'"0009871,M,')),
            "source.quotes",
            4,
            id="an open quotation",
        ),
        pytest.param(
            "ssda903",
            council(header=HEADER.replace(b"ABAN", b"AB\x02N")),
            "source.characters",
            4,
            id="a control character",
        ),
        pytest.param("", lines(GOOD, DEEP), "json.too-deep", 1, id="a line 10,000 deep"),
        pytest.param(
            "",
            lines(GOOD, b'{"resourceType":"Patient","id":"a","id":"b"}'),
            "json.duplicate-key",
            1,
            id="two ids",
        ),
        pytest.param("", lines(b'{"resourceType":"Patient","id":', GOOD), "json.syntax", 1, id="half a line"),
        pytest.param(
            "", lines(GOOD, b'{"resourceType":"Nope"}'), "resource.unknown-type", 1, id="no type of R4"
        ),
        pytest.param("", lines(GOOD, b"[1]", b"17"), "source.not-a-record", 1, id="no objects"),
        pytest.param(
            "",
            lines(GOOD, GOOD[:-1] + b',"gender":"male"}'),
            "record.repeated-key",
            1,
            id="one id, two contents",
        ),
    ],
)
def test_a_record_that_cannot_be_taken_is_set_aside_and_its_neighbours_stay(
    gate: Gateway, mapping: str, given: dict[str, bytes], code: str, kept: int
) -> None:
    before = gate.store.snapshot()

    report = load(gate, FEEDS[mapping], given, mapping)

    assert report.kept == kept
    assert code in codes(report)
    for group in report.aside.values():
        assert str(group.places[0]) and group.fix
        words = f"{group.says} {group.fix}".lower()
        assert not [word for word in BANNED if word in words], words
        assert "Mohammed" not in words
    assert gate.store.loads()[-1].state == "finished"
    assert report.records == report.kept + report.set_aside
    gate.loader.undo(report.number)
    assert gate.store.snapshot() == before


@pytest.mark.parametrize(
    ("mapping", "given"),
    [
        pytest.param("ctf", {"a.xml": b"\xef\xbb\xbf" + CTF}, id="xml with a mark"),
        pytest.param(
            "ctf", {"a.xml": CTF.decode().replace("UTF-8", "UTF-16").encode("utf-16")}, id="xml in UTF-16"
        ),
        pytest.param("csc-api", {"a.json": b"\xef\xbb\xbf" + CSC}, id="json with a mark"),
        pytest.param("csc-api", {"a.json": CSC.decode().encode("utf-16")}, id="json in UTF-16"),
        pytest.param("ssda903", council(header=b"\xef\xbb\xbf" + HEADER), id="csv with a mark"),
        pytest.param("ssda903", council(header=HEADER.decode().encode("utf-16")), id="csv in UTF-16"),
        pytest.param(
            "ssda903", council(header=HEADER.replace(b"\n", b"\r\n")), id="csv with other ends of line"
        ),
        pytest.param("", {"a.ndjson": b"\xef\xbb\xbf" + GOOD}, id="ndjson with a mark"),
    ],
)
def test_marks_and_utf_16_are_understood(
    gate: Gateway, gates: Any, mapping: str, given: dict[str, bytes]
) -> None:
    plain = {"ctf": {"a.xml": CTF}, "csc-api": {"a.json": CSC}, "ssda903": S903, "": {"a.ndjson": GOOD}}[
        mapping
    ]
    report = load(gate, FEEDS[mapping], given, mapping)
    expected = load(gates("plain"), FEEDS[mapping], plain, mapping)

    assert report.counts() == expected.counts()
    assert report.set_aside == 0 < report.kept


@pytest.mark.parametrize(
    ("mapping", "given", "code"),
    [
        pytest.param(
            "ctf", ctf(b"<Ethnicity>MWBA", b"<Ethnicity>QQQQ"), "record.code-kept", id="a code nobody knows"
        ),
        pytest.param(
            "ssda903",
            council(
                header=b"\n".join(
                    row + (b",1" if n else b",NEW") for n, row in enumerate(HEADER.splitlines())
                )
            ),
            "source.extra-column",
            id="an extra column",
        ),
        pytest.param(
            "csc-api", csc(b"Mohammed", b"Moh\xe9med"), "source.encoding-guessed", id="Windows-1252"
        ),
    ],
)
def test_what_can_be_doubted_is_kept_and_said(
    gate: Gateway, mapping: str, given: dict[str, bytes], code: str
) -> None:
    report = load(gate, FEEDS[mapping], given, mapping)

    assert report.set_aside == 0
    assert code in {group.code for group in report.warnings.values()}


def test_a_dry_run_finds_the_same_and_keeps_nothing(gate: Gateway) -> None:
    given = ctf(b"<DOB>2012-03-04", b"<DOB>2012-02-30")
    before = (gate.store.snapshot(), gate.store.loads())

    dry = load(gate, "school", given, "ctf", dry_run=True)

    assert (gate.store.snapshot(), gate.store.loads()) == before
    wet = load(gate, "school", given, "ctf")
    assert (codes(dry), dry.kept) == (codes(wet), wet.kept)


def test_bad_bodies_over_http_are_refused_with_an_outcome_and_change_nothing(site: Any) -> None:
    from served import token_for

    token = token_for(site.door.gateway.config, "clinic")
    before = site.door.gateway.store.snapshot()
    bodies = [
        b"",
        b"{",
        b'{"resourceType":"Patient","id":"a","id":"b"}',
        b'{"resourceType":"Patient","extension":' + b"[" * 10_000 + b"]" * 10_000 + b"}",
        b'{"resourceType":"Patient","multipleBirthInteger":' + b"9" * 5000 + b"}",
        b'{"resourceType":"Patient","name":[{"family":"a\\u0000b"}]}',
        b'{"resourceType":"Patient","name":[{"family":"\\ud800"}]}',
        b'{"resourceType":"Patient","name":[{"family":"\xe9"}]}',
        '{"resourceType":"Patient"}'.encode("utf-16"),
        b'{"resourceType":"Patient","birthDate":"2012-02-30"}',
        b'<Patient xmlns="http://hl7.org/fhir"/>',
        b"[]",
        b"null",
    ]

    for body in bodies:
        answer = site.test_client().post(
            "/feed/clinic/Patient",
            data=body,
            content_type="application/fhir+json",
            headers={"Authorization": f"Bearer {token}"},
        )
        assert 400 <= answer.status_code < 500, body[:80]
        outcome = json.loads(answer.text)
        assert outcome["resourceType"] == "OperationOutcome"
        assert outcome["issue"][0]["details"]["text"] and outcome["issue"][0]["diagnostics"]
    assert site.door.gateway.store.snapshot() == before


def test_a_file_that_is_not_there(gate: Gateway, tmp_path: Path) -> None:
    with pytest.raises(Refused) as refused:
        load(gate, "school", [tmp_path / "nowhere.xml"], "ctf")

    assert refused.value.problems[0].kind.code == "source.not-found"
    assert "nowhere.xml" in str(refused.value.problems[0].place)
