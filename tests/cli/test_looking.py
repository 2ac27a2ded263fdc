"""child, matches, search and check: what is known, and who looked."""

import json
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from terminal import Done, Run, demo_file, free_port, snapshot

from gateway.identity import cci

CASE = "https://fhirgate.example/Id/la-child-id/201"
CTF = "2019002_CTF_2019001_001.xml"


@pytest.fixture
def full(council: Path, fhirgate: Run) -> Path:
    """The council's folder with the demo's children of the council and the school in it."""
    fhirgate("load", demo_file("ssda903"), "-m", "ssda903", "--feed", "council")
    fhirgate("load", demo_file("children_201.json"), "-m", "csc-api", "--feed", "council")
    fhirgate("load", demo_file(CTF), "-m", "ctf", "--feed", "school")
    return council


def cci_of(fhirgate: Run, case: str = "10234") -> str:
    """The CCI of a child, found by its case number."""
    (patient,) = fhirgate("search", f"Patient?identifier={CASE}|{case}", "--json").json["resources"]
    return next(each["value"] for each in patient["identifier"] if each["system"].endswith("/Id/cci"))


def test_search_answers_in_lines_and_in_json(full: Path, fhirgate: Run) -> None:
    plain = fhirgate("search", "Patient?family=Okafor-Bennett")
    told = fhirgate("search", "Patient?family=Okafor-Bennett", "--json")

    assert plain.code == told.code == 0
    assert [json.loads(line) for line in plain.out.splitlines()] == told.json["resources"]
    assert told.json["total"] == 1
    assert "1 of 1" in plain.err
    for source in told.json["sources"]:
        assert source["says"] in plain.err


def test_a_cci_is_understood_as_people_write_it(full: Path, fhirgate: Run) -> None:
    number = cci_of(fhirgate)

    answers = {
        fhirgate("search", f"Patient?identifier=CCI|{written}", "--json").json["resources"][0]["id"]
        for written in (number, cci.show(number).lower())
    }

    assert len(answers) == 1


def test_search_shapes_its_answer_as_asked(full: Path, fhirgate: Run) -> None:
    count = fhirgate("search", "Patient?_summary=count")
    assert count.out == "" and count.err.startswith("0 of ")

    some = fhirgate("search", "Patient?_elements=birthDate&_count=1", "--json").json["resources"][0]
    assert "birthDate" in some and "name" not in some
    assert some["meta"]["tag"][0]["code"] == "SUBSETTED"

    along = fhirgate("search", "Observation?_include=Observation:subject&_count=1", "--json").json
    (patient,) = along["included"]
    assert along["resources"][0]["subject"]["reference"] == f"Patient/{patient['id']}"


def test_a_search_parameter_that_is_not_there(full: Path, fhirgate: Run) -> None:
    done = fhirgate("search", "Patient?famly=Okafor")

    assert done.code == 2
    assert "search.unknown-parameter" in done.err
    assert "family" in done.err


def test_a_resource_type_that_is_not_there(full: Path, fhirgate: Run) -> None:
    done = fhirgate("search", "Patent?family=Okafor")

    assert done.code == 2
    assert "Did you mean Patient?" in done.err


def test_a_server_that_does_not_answer_is_told_of_and_needs_a_person(full: Path, fhirgate: Run) -> None:
    fhirgate("load", demo_file("trace.ndjson"), "--feed", "traced")
    upstream = f'[upstreams.hospital]\nname = "Hospital"\nbase_url = "http://127.0.0.1:{free_port()}/fhir"\n'
    settings = full / "gateway.toml"
    settings.write_text(settings.read_text("utf-8") + upstream, "utf-8")
    number = cci_of(fhirgate)

    asked = fhirgate("search", f"Observation?patient.identifier=CCI|{number}")
    here = fhirgate("search", f"Observation?patient.identifier=CCI|{number}", "--local")

    assert asked.code == 1
    assert "warning: Hospital" in asked.err
    assert "upstream." in asked.err
    assert here.code == 0
    assert asked.out == here.out


@pytest.mark.parametrize(
    ("question", "code"),
    [
        ("Observation?code=38372-9", "service.not-one-child"),
        ("Observation?patient.identifier=CCI|{cci}&_sort=date", "service.sorted-otherwise"),
    ],
)
def test_a_question_that_goes_to_no_server_says_why(
    full: Path, fhirgate: Run, question: str, code: str
) -> None:
    settings = full / "gateway.toml"
    upstream = f'[upstreams.hospital]\nbase_url = "http://127.0.0.1:{free_port()}/fhir"\n'
    settings.write_text(settings.read_text("utf-8") + upstream, "utf-8")

    done = fhirgate("search", question.format(cci=cci_of(fhirgate)), "--json")

    assert [one["code"] for one in done.json["sources"]] == [code]


def test_child_says_why_its_records_are_linked(full: Path, fhirgate: Run) -> None:
    number = cci_of(fhirgate)

    plain = fhirgate("child", cci.show(number))
    told = fhirgate("child", number.lower(), "--json").json

    assert plain.code == 0
    assert f"CCI    {cci.show(number)}" in plain.out
    assert told["cci"] == number
    assert {link["feed"] for link in told["links"]} == {"council", "school"}
    for link in told["links"]:
        assert f"{link['feed']}/{link['record']}" in plain.out
        assert link["sentence"] in plain.out
        assert link["at"].endswith("Z")


def test_a_cci_with_a_typing_mistake_is_refused(full: Path, fhirgate: Run) -> None:
    number = cci_of(fhirgate)
    wrong = ("C" if number[0] == "B" else "B") + number[1:]

    done = fhirgate("child", wrong)

    assert done.code == 2
    assert "identity.cci-typed" in done.err
    assert wrong not in done.err


def test_a_cci_that_no_child_has(full: Path, fhirgate: Run) -> None:
    done = fhirgate("child", "B7K2M-9QX93")

    assert done.code == 2
    assert "service.unknown-child" in done.err


def test_every_look_can_be_listed_the_looking_included(full: Path, fhirgate: Run) -> None:
    number = cci_of(fhirgate)
    fhirgate("child", number)
    fhirgate("child", number, "--looks")

    plain = fhirgate("child", number, "--looks")
    told = fhirgate("child", number, "--looks", "--json").json

    assert [one["what"] for one in told] == ["search-type", "$child", "$looks", "$looks"]
    assert told[0]["type"] == "Patient"
    assert all(one["outcome"] == "answered" and one["who"] for one in told)
    assert [line.split()[0] for line in plain.out.splitlines()[1:]] == [one["at"] for one in told[:3]]


def test_matches_are_listed_and_shown(full: Path, fhirgate: Run) -> None:
    listed, told = fhirgate("matches"), fhirgate("matches", "--json").json

    assert listed.code == 1
    assert len(told) >= 1
    for one in told:
        assert one["sentence"] in listed.out
        assert cci.show(one["child"]) in listed.out

    first = told[0]
    shown = fhirgate("matches", first["match"])
    assert shown.code == 1
    assert first["sentence"] in shown.out
    assert ", ".join(first["agrees"]) in shown.out
    assert f"fhirgate matches {first['match']} --same" in shown.out


def test_a_decision_that_they_are_the_same_links_and_can_be_undone(full: Path, fhirgate: Run) -> None:
    (entry, *rest) = fhirgate("matches", "--json").json
    before = {one["record"] for one in fhirgate("child", entry["child"], "--json").json["links"]}
    was = snapshot(full)

    done = fhirgate("matches", entry["match"], "--same", "--reason", "spoken to the school")

    assert done.code == 0
    after = fhirgate("child", entry["child"], "--json").json["links"]
    assert {one["record"] for one in after} - before == {entry["record"]}
    (new,) = [one for one in after if one["record"] == entry["record"]]
    assert new["sentence"] == "spoken to the school"
    assert new["author"].endswith(" at the command line")
    assert [one["match"] for one in fhirgate("matches", "--json").json] == [one["match"] for one in rest]

    assert fhirgate(*undo_of(done)).code == 0
    assert snapshot(full) == was
    for side in (entry["own"], entry["child"]):
        seen = fhirgate("child", side, "--looks", "--json").json
        decided = [one for one in seen if one["what"] == "$decide"]
        assert [one["who"].endswith(" at the command line") for one in decided] == [True, True]


def test_a_record_that_was_taken_out_can_be_put_back(full: Path, fhirgate: Run) -> None:
    number = cci_of(fhirgate)
    link = fhirgate("child", number, "--json").json["links"][-1]
    name, was = f"{link['feed']}/{link['record']}", snapshot(full)

    out = fhirgate("child", number, "--take-out", name, "--reason", "another child")

    assert out.code == 0
    after = fhirgate("child", number, "--json").json
    assert link["record"] not in [one["record"] for one in after["links"]]
    assert after["history"][-1]["sentence"] == "another child"
    assert fhirgate(*undo_of(out)).code == 0
    assert snapshot(full) == was
    seen = [one["what"] for one in fhirgate("child", number, "--looks", "--json").json]
    assert "$take-out" in seen and "$put-back" in seen


def undo_of(done: Done) -> list[str]:
    """The words of the command that a command says undoes it."""
    (line,) = [line for line in done.out.splitlines() if line.startswith("Undo with: fhirgate ")]
    return line.removeprefix("Undo with: fhirgate ").split()


def test_a_decision_that_they_differ_is_written_down(full: Path, fhirgate: Run) -> None:
    (entry, *_) = fhirgate("matches", "--json").json

    done = fhirgate("matches", entry["match"], "--different", "--reason", "twins", "--json")

    assert done.json == {"match": entry["match"], "decision": "different"}
    assert entry["match"] not in [one["match"] for one in fhirgate("matches", "--json").json]
    again = fhirgate("matches", entry["match"], "--same", "--reason", "no")
    assert again.code == 1
    assert "service.review-decided" in again.err
    assert fhirgate("matches", entry["match"], "--undo").code == 0
    assert entry["match"] in [one["match"] for one in fhirgate("matches", "--json").json]


def test_a_decision_needs_a_reason(full: Path, fhirgate: Run) -> None:
    before = snapshot(full)

    assert fhirgate("matches", "1", "--same").code == 2
    assert fhirgate("matches", "1", "--same", "--different", "--reason", "both").code == 2
    assert snapshot(full) == before


def test_a_match_that_is_not_there(full: Path, fhirgate: Run) -> None:
    done = fhirgate("matches", "99")

    assert done.code == 2
    assert "service.unknown-review" in done.err


def test_where_nothing_waits_matches_says_so(gate: Path, fhirgate: Run) -> None:
    plain, told = fhirgate("matches"), fhirgate("matches", "--json")

    assert (plain.code, plain.out) == (0, "")
    assert "Nothing waits for a person." in plain.err
    assert (told.code, told.json) == (0, [])


def test_a_record_of_another_child_is_not_taken_out(full: Path, fhirgate: Run) -> None:
    one, other = cci_of(fhirgate), cci_of(fhirgate, "10655")
    (link, *_) = fhirgate("child", other, "--json").json["links"]
    before = snapshot(full)

    done = fhirgate("child", one, "--take-out", f"{link['feed']}/{link['record']}", "--reason", "mistaken")

    assert done.code == 2
    assert "service.unknown-record" in done.err
    assert snapshot(full) == before


def test_check_says_one_line_for_each_part(full: Path, fhirgate: Run) -> None:
    plain, told = fhirgate("check"), fhirgate("check", "--json").json

    assert plain.code == 0, plain.out + plain.err
    parts = [one["part"] for one in told]
    assert parts[:3] == ["settings", "database", "audit"]
    assert {"mapping csc-api", "mapping ctf", "mapping ssda903", "profiles"} <= set(parts)
    assert len(plain.out.splitlines()) == len(parts)
    for one in told:
        assert f"{one['part']} " in plain.out and one["says"] in plain.out


def test_check_finds_an_audit_that_was_changed(full: Path, fhirgate: Run) -> None:
    fhirgate("child", cci_of(fhirgate))
    with closing(sqlite3.connect(full / "audit.db")) as connection:
        (table,) = [
            name
            for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")
            if "body" in {row[1] for row in connection.execute(f"PRAGMA table_info({name})")}
        ]
        connection.execute(
            f"UPDATE {table} SET body = CAST(replace(CAST(body AS TEXT), 'answered', 'refused.') AS BLOB)"
        )
        connection.commit()

    done = fhirgate("check")

    assert done.code == 1
    assert "look  audit" in done.out
    assert "audit.changed" in done.err


@pytest.mark.parametrize("how", ["emptied", "deleted", "begun anew", "cut"])
def test_check_finds_an_audit_that_lost_what_was_noted(full: Path, fhirgate: Run, how: str) -> None:
    for _ in range(3):
        fhirgate("child", cci_of(fhirgate))
    assert fhirgate("check").code == 0
    if how == "emptied":
        with closing(sqlite3.connect(full / "audit.db")) as connection, connection:
            for table in ("event", "look", "indexed"):
                connection.execute(f"DELETE FROM {table}")
    elif how == "cut":
        (full / "audit.db").write_bytes(b"")
    else:
        (full / "audit.db").unlink()
    if how == "begun anew":
        # more looks than were noted do not make up for those that are gone
        for _ in range(9):
            cci_of(fhirgate)

    for _ in range(2):
        done = fhirgate("check")

        assert done.code == 1
        assert "look  audit" in done.out
        assert "store.audit-shorter" in done.err


def test_check_warns_of_files_that_others_can_read(full: Path, fhirgate: Run) -> None:
    assert "look  files" not in fhirgate("check").out
    (full / "gateway.db").chmod(0o644)

    done = fhirgate("check")

    assert done.code == 0
    assert "look  files" in done.out
    assert "store.readable" in done.err and "gateway.db" in done.err


@pytest.mark.parametrize(
    ("more", "part", "code"),
    [
        (
            '[issuers.nhs]\nissuer = "https://nhs.example"\naudience = "us"\njwks = "jwks.json"\n',
            "issuer nhs",
            "config.unreadable",
        ),
        (
            '[issuers.us]\nissuer = "https://fhirgate.example"\naudience = "us"\njwks = "jwks.json"\n',
            "issuer us",
            "config.value",
        ),
        ('[clients.a]\nscopes = ["all"]\n', "clients", "security.scope-form"),
    ],
)
def test_check_reads_clients_and_issuers_as_serve_would(
    council: Path, fhirgate: Run, more: str, part: str, code: str
) -> None:
    settings = council / "gateway.toml"
    settings.write_text(settings.read_text("utf-8") + more, "utf-8")

    done = fhirgate("check")

    assert done.code == 1
    assert f"look  {part} " in done.out
    assert code in done.err
    assert fhirgate("serve", "--port", free_port()).code != 0


def test_check_makes_no_gateway_where_there_is_none(
    tmp_path: Path, fhirgate: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)

    done = fhirgate("check")

    assert done.code == 2
    assert "service.no-gateway" in done.err and "fhirgate init" in done.err
    assert list(tmp_path.iterdir()) == []


def test_check_asks_the_connected_servers(council: Path, fhirgate: Run) -> None:
    settings = council / "gateway.toml"
    base = f"http://127.0.0.1:{free_port()}/fhir"
    more = f'[upstreams.hospital]\nname = "The Hospital"\nbase_url = "{base}"\n'
    settings.write_text(settings.read_text("utf-8") + more, "utf-8")

    done = fhirgate("check")

    assert "look  upstream hospital" in done.out
    assert "upstream.refused" in done.err and "The Hospital" in done.err


def test_check_finds_a_mapping_with_a_mistake(gate: Path, fhirgate: Run) -> None:
    mapping = gate / "mappings" / "clubs" / "mapping.yaml"
    mapping.write_text(mapping.read_text("utf-8").replace("DOB.date()", "DOB.dat()"), "utf-8")

    done = fhirgate("check")

    assert done.code == 1
    assert "look  mapping clubs" in done.out
    assert "mappings/clubs/mapping.yaml:" in done.err


@pytest.mark.parametrize(
    ("file", "part", "code"),
    [
        pytest.param("gateway.db", "database", "store.not-a-database", id="the database"),
        pytest.param("gateway.secret", "secret", "service.secret", id="the secret"),
        pytest.param("audit.db", "audit", "store.not-a-database", id="the audit"),
    ],
)
def test_check_goes_on_where_the_gateway_cannot_be_opened(
    council: Path, fhirgate: Run, file: str, part: str, code: str
) -> None:
    fhirgate("loads")
    settings = council / "gateway.toml"
    more = f'[upstreams.hospital]\nbase_url = "http://127.0.0.1:{free_port()}/fhir"\n'
    settings.write_text(settings.read_text("utf-8") + more, "utf-8")
    content = b"" if file == "gateway.secret" else b"this is something else, and long enough. " * 20
    (council / file).write_bytes(content)

    done, told = fhirgate("check"), fhirgate("check", "--json")

    assert done.code == told.code == 1
    parts = {one["part"]: one for one in told.json}
    assert parts[part]["says"] == "cannot be opened"
    assert [each["code"] for each in parts[part]["problems"]] == [code]
    assert {"settings", "mapping ctf", "profiles", "upstream hospital", "clients"} <= parts.keys()
    assert code in done.err and "upstream.refused" in done.err
