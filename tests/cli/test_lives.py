"""merge, split, distinct and seal: what persons do to children's lives, and how it is taken back."""

import json
import os
import pwd
import shlex
from pathlib import Path

import pytest
from terminal import Done, Run, demo_file, snapshot

CTF = "2019002_CTF_2019001_001.xml"


@pytest.fixture
def full(council: Path, fhirgate: Run) -> Path:
    """The council's folder with the demo's children of the council and the school in it."""
    fhirgate("load", demo_file("ssda903"), "-m", "ssda903", "--feed", "council")
    fhirgate("load", demo_file("children_201.json"), "-m", "csc-api", "--feed", "council")
    fhirgate("load", demo_file(CTF), "-m", "ctf", "--feed", "school")
    return council


@pytest.fixture
def pair(full: Path, fhirgate: Run) -> tuple[str, str]:
    """The CCIs of two children that several records tell of."""
    known = fhirgate("search", "Patient?_count=50", "--json").json["resources"]
    numbers = [
        each["value"] for one in known for each in one["identifier"] if each["system"].endswith("/Id/cci")
    ]
    several = [number for number in numbers if len(fhirgate("child", number, "--json").json["links"]) > 1]
    return several[0], several[1]


def as_person(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    """Be another user of this machine: every Unix has some."""
    number = pwd.getpwnam(name).pw_uid
    monkeypatch.setattr(os, "getuid", lambda: number)


def undo_of(done: Done) -> list[str]:
    (line,) = [line for line in done.out.splitlines() if line.startswith("Undo with: fhirgate ")]
    return shlex.split(line.removeprefix("Undo with: fhirgate "))


def test_a_merge_takes_two_persons_and_is_undone_as_it_says(
    full: Path, pair: tuple[str, str], fhirgate: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    was = snapshot(full)
    words = ("merge", *pair, "--reason", "one child, two schools")
    as_person(monkeypatch, "daemon")
    first = fhirgate(*words)
    assert (first.code, snapshot(full)) == (1, was)
    assert "second person" in first.out

    as_person(monkeypatch, "nobody")
    done = fhirgate(*words)

    assert done.code == 0 and snapshot(full) != was
    merged = fhirgate("child", pair[0], "--json").json
    assert merged["state"] == "merged"
    assert [(one["what"], one["author"]) for one in merged["life"]] == [
        ("merged", "daemon at the command line and nobody at the command line")
    ]
    assert "one child, two schools" in fhirgate("child", pair[1]).out
    itself = fhirgate("merge", pair[1], pair[1], "--reason", "x")
    assert itself.code == 2 and "life.itself" in itself.err
    assert fhirgate(*undo_of(done)).code == 0
    assert snapshot(full) == was
    seen = [one["what"] for one in fhirgate("child", pair[0], "--looks", "--json").json]
    assert [what for what in seen if "merge" in what] == ["$merge", "$merge", "$unmerge"]


def test_one_user_of_this_machine_is_one_person_whatever_name_is_given(
    full: Path, pair: tuple[str, str], fhirgate: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    was = snapshot(full)
    words = ("merge", *pair, "--reason", "one child, two schools")
    as_person(monkeypatch, "daemon")
    assert fhirgate(*words, "--as", "Ann Field").code == 1
    monkeypatch.setenv("LOGNAME", "bob")
    assert fhirgate(*words, "--as", "Bob Hill").code == 1
    assert snapshot(full) == was

    monkeypatch.setenv("GATEWAY_ONE_OPERATOR", "true")
    assert fhirgate(*words, "--as", "Bob Hill").code == 0

    (told,) = fhirgate("child", pair[0], "--json").json["life"]
    names = [f"{name} (daemon at the command line)" for name in ("Ann Field", "Bob Hill")]
    assert told["author"] == " and ".join(names)
    looks = fhirgate("child", pair[0], "--looks", "--json").json
    assert names[1] in {one["who"] for one in looks}


def test_a_split_is_undone_as_it_says(full: Path, pair: tuple[str, str], fhirgate: Run) -> None:
    was = snapshot(full)
    link = fhirgate("child", pair[0], "--json").json["links"][0]

    done = fhirgate("split", pair[0], f"{link['feed']}/{link['record']}", "--reason", "the twin's")

    assert done.code == 0, done.err
    assert len(fhirgate("child", pair[0], "--json").json["links"]) >= 1
    assert snapshot(full) != was
    assert fhirgate(*undo_of(done)).code == 0
    assert snapshot(full) == was


def test_a_record_is_taken_out_by_the_name_that_links_shows(full: Path, fhirgate: Run) -> None:
    was = snapshot(full)
    rows = fhirgate("links", "--json").json
    number = next(one["cci"] for one in rows if one["record"] == "F201900116001")

    done = fhirgate("split", number, "school/F201900116001", "--reason", "the twin's")

    assert done.code == 0, done.err
    assert fhirgate(*undo_of(done)).code == 0 and snapshot(full) == was
    out = fhirgate("child", number, "--take-out", "school/F201900116001", "--reason", "the twin's")
    assert out.code == 0, out.err
    assert fhirgate(*undo_of(out)).code == 0 and snapshot(full) == was
    # the council has two records under this key: which one is meant?
    both = fhirgate("child", number, "--take-out", "council/10234", "--reason", "the twin's")
    assert both.code == 2 and "service.unknown-record" in both.err
    nobody = fhirgate("split", number, "school/F201900116002", "--reason", "x")
    assert nobody.code != 0 and "service.unknown-record" in nobody.err


def test_twins_are_written_down_once(full: Path, pair: tuple[str, str], fhirgate: Run) -> None:
    done = fhirgate("distinct", *pair, "--reason", "twins")

    assert done.code == 0
    again = fhirgate("distinct", *pair, "--reason", "twins")
    assert again.code != 0 and "life.known" in again.err
    assert "life.distinct" in fhirgate("merge", *pair, "--reason", "x").err
    assert fhirgate(*undo_of(done)).code == 0


def test_a_sealed_child_is_unknown_to_every_command(
    full: Path, pair: tuple[str, str], fhirgate: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    was = snapshot(full)
    number, other = pair
    as_person(monkeypatch, "daemon")
    fhirgate("distinct", number, other, "--reason", "sisters")
    was = snapshot(full)
    (apart,) = fhirgate("child", other, "--json").json["life"]
    assert apart["at"].endswith("Z")
    unknown = fhirgate("child", "7777777777" if number != "7777777777" else "2222222222")
    done = fhirgate("seal", number, "--reason", "adoption order", "--json")
    assert done.code == 0
    seal = done.json["number"]

    for words in (
        ("child", number),
        ("child", number, "--looks"),
        ("merge", number, other, "--reason", "x"),
        ("merge", other, number, "--reason", "x"),
        ("distinct", other, number, "--reason", "x"),
        ("split", number, "school/x", "--reason", "x"),
        ("seal", number, "--reason", "x"),
    ):
        asked = fhirgate(*words)
        assert "service.unknown-child" in asked.err, words
        assert number not in asked.out + asked.err
    assert unknown.code == fhirgate("child", number).code
    assert number not in fhirgate("child", other, "--json").out
    listed = fhirgate("seal", "--json")
    assert [(one["seal"], one["confirmed"]) for one in listed.json] == [(seal, 1)] and listed.code == 1
    assert listed.json[0]["at"].endswith("Z")
    assert number not in json.dumps(listed.json)
    assert fhirgate("search", f"Patient?identifier=CCI|{number}", "--json").json["total"] == 0

    assert fhirgate("seal", "--lift", seal, "--reason", "mistake").code == 1
    as_person(monkeypatch, "nobody")
    assert fhirgate("seal", "--confirm", seal, "--reason", "seen the order").code == 0
    assert fhirgate("seal").code == 0
    assert fhirgate("seal", "--lift", seal, "--reason", "mistake").code == 0
    assert snapshot(full) == was
    assert "life.not-sealed" in fhirgate("seal", "--lift", seal, "--reason", "mistake").err


def test_every_record_is_listed_with_its_own_key_and_its_child(full: Path, fhirgate: Run) -> None:
    plain = fhirgate("links", "--csv").out.splitlines()
    as_json = fhirgate("links", "--json").json

    assert plain[0] == "feed,record,cci,grade"
    rows = [line.split(",") for line in plain[1:]]
    assert [list(one.values()) for one in as_json] == rows
    own = {(feed, record): (number, grade) for feed, record, number, grade in rows}
    # by the answer key: the SSDA903 number without its zeros, the UPN of the CTF
    assert own["council", "10234"][0] == own["school", "F201900116001"][0]
    assert {grade for _, grade in own.values()} == {"none", "certain"}
    for number in {number for number, _ in own.values()}:
        assert [grade for other, grade in own.values() if other == number].count("none") <= 1


def test_a_sealed_childs_records_are_not_listed(full: Path, pair: tuple[str, str], fhirgate: Run) -> None:
    fhirgate("seal", pair[0], "--reason", "adoption order")

    assert pair[0] not in fhirgate("links", "--csv").out


def test_an_identifier_is_withheld_and_given_again(full: Path, pair: tuple[str, str], fhirgate: Run) -> None:
    number, was = pair[0], snapshot(full)
    (patient,) = fhirgate("search", f"Patient?identifier=CCI|{number}", "--json").json["resources"]

    done = fhirgate("sharing", number, "--withhold", "--reason", "refuge")

    assert done.code == 0
    assert fhirgate("search", f"Patient?identifier=CCI|{number}", "--json").json["total"] == 0
    (still,) = fhirgate("search", f"Patient?_id={patient['id']}", "--json").json["resources"]
    assert not [each for each in still["identifier"] if each["system"].endswith("/Id/cci")]
    assert still["name"] == patient["name"]
    assert "life.known" in fhirgate("sharing", number, "--withhold", "--reason", "x").err
    assert fhirgate(*undo_of(done)).code == 0
    assert snapshot(full) == was
    assert fhirgate("sharing", number, "--give", "--reason", "x").code == 1


def test_what_was_decided_about_sharing_is_kept_with_author_and_reason(
    full: Path, pair: tuple[str, str], fhirgate: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    as_person(monkeypatch, "daemon")
    assert "Nothing was decided" in fhirgate("sharing", pair[0]).err
    assert fhirgate("sharing", pair[0], "--shared", "Oak School").code == 2

    fhirgate("sharing", pair[0], "--not-shared", "Oak School", "--reason", "would tell a parent")
    fhirgate("sharing", pair[0], "--sent-without", "Anytown Clinic", "--reason", "emergency")

    listed = fhirgate("sharing", pair[0], "--json").json
    assert [(one["decision"], one["why"]) for one in listed] == [
        ("not-shared", "Oak School: would tell a parent"),
        ("sent-without", "Anytown Clinic: emergency"),
    ]
    assert all(one["by"].startswith("daemon") for one in listed)


def test_looking_at_everything_anew_changes_nothing_that_is_right(full: Path, fhirgate: Run) -> None:
    was = snapshot(full)

    done = fhirgate("link", "--json")

    assert done.code == 0 and done.json["records"] > 0 and done.json["new"] == 0
    assert done.err == "", "quiet in a pipe"
    assert snapshot(full) == was


def test_who_is_not_sure_leaves_the_match_open_and_is_remembered(full: Path, fhirgate: Run) -> None:
    entry = fhirgate("matches", "--json").json[0]
    number = entry["match"]

    done = fhirgate("matches", number, "--not-sure", "--reason", "the school is closed")

    assert done.code == 1 and "stays open" in done.out
    assert number in [one["match"] for one in fhirgate("matches", "--json").json]
    shown = fhirgate("matches", number).out
    (said,) = fhirgate("matches", number, "--json").json[0]["said"]
    assert f"{said['author']} said: not sure. the school is closed" in shown
    assert said["author"].endswith("at the command line") and said["at"].endswith("Z")
    life = fhirgate("child", entry["own"], "--json").json["life"]
    assert [(one["what"], one["reason"]) for one in life] == [("not-sure", "the school is closed")]
    different = fhirgate("matches", number, "--different", "--reason", "spoken to both")
    assert different.code == 0
    said = [(one["what"], one["reason"]) for one in fhirgate("child", entry["own"], "--json").json["life"]]
    assert ("different", "spoken to both") in said
    again = fhirgate("matches", number, "--not-sure", "--reason", "x")
    assert "service.review-decided" in again.err and f"fhirgate matches {number} --undo" in again.err
    assert fhirgate(*undo_of(different)).code == 0
    assert len(fhirgate("child", entry["own"], "--json").json["life"]) == 1


def test_what_rested_on_a_load_that_is_taken_back_is_said_and_asked(full: Path, fhirgate: Run) -> None:
    settings = full / "gateway.toml"
    more = "".join(
        f'[feeds.{name}]\norganisation = "A practice"\nsector = "health"\n' for name in ("clinic", "gp")
    )
    settings.write_text(settings.read_text("utf-8") + more, "utf-8")
    number = {"system": "https://fhir.nhs.uk/Id/nhs-number", "value": "9990000131"}
    pupil = {"system": "https://fhirgate.example/Id/upn", "value": "F201900116001"}
    born = {"resourceType": "Patient", "birthDate": "2012-03-04"}
    for feed, told in (("clinic", [number, pupil]), ("gp", [number])):
        (full / f"{feed}.ndjson").write_text(json.dumps(born | {"id": feed, "identifier": told}) + "\n")
        assert fhirgate("load", f"{feed}.ndjson", "--feed", feed).code == 0
    before = fhirgate("matches", "--json").json
    (load,) = [one["load"] for one in fhirgate("loads", "--json").json if one["feed"] == "clinic"]

    undone = fhirgate("load", "--undo", str(load))

    assert "1 link of later loads rested on it and on nothing else: fhirgate matches" in undone.out
    (entry,) = [one for one in fhirgate("matches", "--json").json if one not in before]
    assert (entry["feed"], entry["record"], entry["reason"]) == ("gp", "gp", "reason-gone")
    assert entry["own"] == entry["child"]
    match = str(entry["match"])
    assert "not told any more" in fhirgate("matches", match).out
    done = fhirgate("matches", match, "--different", "--reason", "another child")
    assert done.code == 0
    links = fhirgate("links", "--json").json
    assert [one["cci"] for one in links if one["feed"] == "gp"] != [entry["child"]]
    assert fhirgate(*undo_of(done)).code == 0

    fhirgate("load", "clinic.ndjson", "--feed", "clinic")

    assert fhirgate("matches", "--json").json == before
    gone = fhirgate("matches", match, "--same", "--reason", "too late")
    assert gone.code == 2 and "service.unknown-review" in gone.err
