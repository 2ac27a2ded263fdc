"""upstreams, search --explain, functions and map --xml: what would be asked, and what there is to use."""

import json
import xml.etree.ElementTree as tree
from pathlib import Path
from urllib.parse import parse_qs, unquote_plus, urlsplit

import pytest
from liar import HABITS, Liar, Reply
from terminal import Run, demo_file, free_port

from gateway.fhir import json as fhir_json
from gateway.fhir import xml
from gateway.mapping.shelf import FORMS, FUNCTIONS

CASE = "https://fhirgate.example/Id/la-child-id/201|10234"
NHS_NUMBER = "9990123012"
CTF = "2019002_CTF_2019001_001.xml"
NAMES = {"m": "http://hl7.org/fhir"}


def connect(folder: Path, name: str, base: str, types: str = '"Observation"') -> None:
    """Add a server to the settings."""
    settings = folder / "gateway.toml"
    more = f'[upstreams.{name}]\nbase_url = "{base}"\ntypes = [{types}]\n'
    settings.write_text(settings.read_text("utf-8") + more, "utf-8")


@pytest.fixture
def traced(council: Path, fhirgate: Run) -> Path:
    """The council's children, and the NHS numbers that were traced for them."""
    fhirgate("load", demo_file("ssda903"), "-m", "ssda903", "--feed", "council")
    fhirgate("load", demo_file("trace.ndjson"), "--feed", "traced")
    return council


def test_a_search_explained_sends_nothing_and_shows_each_request(
    traced: Path, fhirgate: Run, liar: Liar
) -> None:
    connect(traced, "hospital", liar.base("honest"))
    connect(traced, "surgery", liar.base("hang"), '"Condition"')
    question = f"Observation?patient.identifier={CASE}&date=ge2025-09-01"

    plain, told = (
        fhirgate("search", question, "--explain"),
        fhirgate("search", question, "--explain", "--json"),
    )

    assert (plain.code, told.code) == (0, 0)
    assert liar.asked == []
    hospital, surgery = told.json["upstreams"]
    assert told.json["here"] == {"type": "Observation", "parameters": ["patient", "date"]}
    assert [each["method"] for each in hospital["requests"]] == ["POST", "GET"]
    assert surgery["requests"] == [] and "Condition" not in surgery["not_asked"]
    for each in hospital["requests"]:
        assert f"{each['method']} {each['url']}" in plain.out
    assert f"not asked: {surgery['not_asked']}" in plain.out
    # no child's data: neither number, nor the id it has here
    (patient,) = fhirgate("search", f"Patient?identifier={CASE}", "--json").json["resources"]
    for secret in (NHS_NUMBER, patient["id"], "10234", "Okafor", "2012-03-04"):
        assert secret not in told.out and secret not in plain.out


def test_what_is_then_sent_is_what_was_shown(traced: Path, fhirgate: Run, liar: Liar) -> None:
    connect(traced, "hospital", liar.base("honest"))
    (patient,) = fhirgate("search", f"Patient?identifier={CASE}", "--local", "--json").json["resources"]
    liar.holds(patient, [{"resourceType": "Observation", "status": "final", "code": {"text": "height"}}])
    question = f"Observation?patient.identifier={CASE}&_count=3"

    shown = fhirgate("search", question, "--explain", "--json").json["upstreams"][0]["requests"]
    fhirgate("search", question)

    sent = [each for each in liar.asked if "metadata" not in each.path]
    assert [each.method for each in sent] == [each["method"] for each in shown]
    assert [f"{liar.base('honest')}/{each.path}" for each in sent] == [
        each["url"].partition(" with ")[0].partition("?")[0] for each in shown
    ]
    form = unquote_plus(shown[0]["url"].partition(" with ")[2]).replace("…", NHS_NUMBER)
    assert form == unquote_plus(sent[0].body)
    asked, told = parse_qs(sent[1].query), parse_qs(urlsplit(shown[1]["url"]).query)
    assert told.pop("patient") == ["Patient/…"] and asked.pop("patient") == ["Patient/p1"]
    assert asked == told


@pytest.mark.parametrize(
    ("question", "reason"),
    [
        pytest.param("Patient?family=Okafor", "own", id="patients"),
        pytest.param("Observation?code=sdq-total", "one child", id="nobody"),
        pytest.param(f"Observation?patient.identifier={CASE}&_sort=code", "sorted", id="another order"),
    ],
)
def test_a_server_that_is_not_asked_has_its_reason(
    traced: Path, fhirgate: Run, liar: Liar, question: str, reason: str
) -> None:
    connect(traced, "hospital", liar.base("honest"))

    done = fhirgate("search", question, "--explain", "--json")

    (hospital,) = done.json["upstreams"]
    assert hospital["requests"] == [] and reason in hospital["not_asked"]
    assert liar.asked == []


def test_a_search_explained_is_a_look_at_the_child(traced: Path, fhirgate: Run, liar: Liar) -> None:
    connect(traced, "hospital", liar.base("honest"))
    (patient,) = fhirgate("search", f"Patient?identifier={CASE}", "--json").json["resources"]
    number = next(each["value"] for each in patient["identifier"] if each["system"].endswith("/Id/cci"))
    before = len(fhirgate("child", number, "--looks", "--json").json)

    fhirgate("search", f"Observation?patient.identifier={CASE}", "--explain")

    assert len(fhirgate("child", number, "--looks", "--json").json) > before + 1


def test_upstreams_tells_of_each_server(
    council: Path, fhirgate: Run, liar: Liar, monkeypatch: pytest.MonkeyPatch
) -> None:
    rest = [{"mode": "server", "resource": [{"type": "Patient"}, {"type": "Observation"}]}]
    said = {"resourceType": "CapabilityStatement", "fhirVersion": "4.0.1", "rest": rest}
    monkeypatch.setitem(HABITS, "honest", lambda *_: Reply(json.dumps(said).encode()))
    connect(council, "hospital", liar.base("honest"), '"Observation", "Condition"')
    connect(council, "surgery", f"http://127.0.0.1:{free_port()}/fhir")

    plain, told = fhirgate("upstreams"), fhirgate("upstreams", "--json")

    assert plain.code == told.code == 1
    hospital, surgery = told.json
    assert hospital["says"].startswith("FHIR 4.0.1, answered in ")
    assert hospital["lacks"] == ["Condition"] and "hospital does not say that it has Condition" in plain.err
    assert [each["code"] for each in surgery["problems"]] == ["upstream.refused"]
    assert "upstream.refused" in plain.err
    states = {line.split()[0]: line.split()[1] for line in plain.out.splitlines()[1:]}
    assert states == {"hospital": "ok", "surgery": "look"}
    assert {each.path for each in liar.asked} == {"metadata"}
    assert not (council / "gateway.db").exists()


def test_upstreams_says_that_there_are_none(council: Path, fhirgate: Run) -> None:
    done = fhirgate("upstreams")

    assert (done.code, done.out) == (0, "")
    assert "[upstreams.NAME]" in done.err
    assert fhirgate("upstreams", "--json").json == []


def test_functions_lists_every_function_in_a_line(fhirgate: Run) -> None:
    plain, told = fhirgate("functions"), fhirgate("functions", "--json").json

    assert {each["name"] for each in told} == {*FUNCTIONS, *FORMS}
    assert len(plain.out.splitlines()) == len(told)
    for each in told:
        assert each["usage"] in plain.out and each["says"] in plain.out


def test_functions_about_a_word(fhirgate: Run) -> None:
    some = fhirgate("functions", "UPN", "--json").json
    none = fhirgate("functions", "dat e")

    assert {"upn", "isUpn"} <= {each["name"] for each in some} and len(some) < len(FUNCTIONS)
    assert (none.code, none.out) == (1, "")
    assert "No function has to do with dat e." in none.err


def test_map_writes_fhir_xml(fhirgate: Run) -> None:
    plain = fhirgate("map", demo_file(CTF), "-m", "ctf")
    told = [fhir_json.read(line) for line in plain.out.splitlines()]

    lines = fhirgate("map", demo_file(CTF), "-m", "ctf", "--xml")
    bundle = fhirgate("map", demo_file(CTF), "-m", "ctf", "--xml", "--bundle")

    assert (lines.code, lines.err) == (bundle.code, bundle.err) == (plain.code, plain.err)
    assert [xml.read(line.encode()) for line in lines.out.splitlines()] == told
    root = tree.fromstring(bundle.out)
    found = [next(iter(each)).tag.partition("}")[2] for each in root.iterfind("m:entry/m:resource", NAMES)]
    assert root.tag == f"{{{NAMES['m']}}}Bundle"
    assert found == [each["resourceType"] for each in told]
    assert [each["resource"] for each in xml.read(bundle.out.encode())["entry"]] == told


@pytest.mark.parametrize("other", ["--json", "--as-test"])
def test_map_writes_one_form_at_a_time(fhirgate: Run, other: str) -> None:
    done = fhirgate("map", demo_file(CTF), "-m", "ctf", "--xml", other)

    assert done.code == 2 and "--xml" in done.err
