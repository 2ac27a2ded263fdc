"""Files sent to `$load` become records as with `fhirgate load`."""

import json
from io import BytesIO
from pathlib import Path
from typing import Any
from zipfile import ZipFile

import pytest
from fhir.resources.R4B.operationdefinition import OperationDefinition
from fhir.resources.R4B.parameters import Parameters
from served import token_for

from gateway.resources import shipped
from gateway.testing import children, write_ctf
from gateway.web.site import Site

SAMPLES = Path(__file__).parents[1] / "samples"
CTF = next((SAMPLES / "ctf").glob("*.xml"))
SSDA903 = sorted((SAMPLES / "ssda903").glob("*.csv"))


def send(site: Site, feed: str, query: str = "", **sent: Any) -> Any:
    config = site.door.gateway.config
    client = site.test_client()
    headers = {"Authorization": f"Bearer {token_for(config, feed)}"}
    return client.post(f"/feed/{feed}/$load{query}", headers=headers, **sent)


def counted(answer: Any) -> dict[str, Any]:
    return {
        each["name"]: each.get("valueInteger", each.get("valueString"))
        for each in answer.json["parameter"]
        if each["name"] != "outcome"
    }


def test_a_file_in_the_body_finds_its_mapping_by_itself(site: Site) -> None:
    answer = send(site, "school", f"?name={CTF.name}", data=CTF.read_bytes(), content_type="application/xml")

    assert answer.status_code == 200, answer.text
    Parameters.model_validate_json(answer.data)
    counts = counted(answer)
    assert counts["feed"] == "school" and counts["load"] == 1
    assert counts["kept"] + counts["set-aside"] == counts["records"] > 0
    found = site.door.gateway.store.counts()
    assert found["records"] >= counts["kept"]


def test_every_record_of_a_long_file_comes_in(site: Site) -> None:
    written = BytesIO()
    write_ctf(written, children(60))

    answer = send(site, "school", "?mapping=ctf", data=written.getvalue(), content_type="application/xml")

    assert len(written.getvalue()) > 1 << 16
    assert counted(answer)["records"] == counted(answer)["kept"] == 60


def test_the_same_file_twice_makes_no_version(site: Site) -> None:
    send(site, "school", data=CTF.read_bytes(), content_type="application/xml")
    before = site.door.gateway.store.snapshot()

    again = send(site, "school", data=CTF.read_bytes(), content_type="application/xml")

    assert counted(again)["created"] == counted(again)["updated"] == 0
    assert site.door.gateway.store.snapshot() == before


def test_a_set_of_files_comes_as_a_form(site: Site) -> None:
    parts = [(BytesIO(path.read_bytes()), path.name) for path in SSDA903]

    answer = send(
        site,
        "council",
        "?mapping=ssda903&set=year=2025-26",
        data={"files": parts},
        content_type="multipart/form-data",
    )

    assert answer.status_code == 200, answer.text
    assert counted(answer)["kept"] > 0


def test_a_dry_run_keeps_nothing(site: Site) -> None:
    answer = send(site, "school", "?dry_run=true", data=CTF.read_bytes(), content_type="application/xml")

    assert counted(answer)["kept"] > 0
    assert site.door.gateway.store.counts()["records"] == 0


def test_fhir_itself_needs_no_mapping(site: Site) -> None:
    lines = "\n".join(
        json.dumps({"resourceType": "Patient", "id": f"n{n}", "birthDate": "2015-03-31"}) for n in range(3)
    )

    answer = send(site, "clinic", data=lines.encode(), content_type="application/fhir+ndjson")

    assert counted(answer)["created"] == 3


def test_the_definition_of_load_tells_what_it_takes_and_gives(site: Site) -> None:
    text = (shipped("profiles") / "OperationDefinition-load.json").read_text("utf-8")
    made = json.loads(text.replace("{base}", site.door.gateway.config["base_uri"]))
    answer = send(site, "school", data=CTF.read_bytes(), content_type="application/xml")
    statement = site.test_client().get("/feed/school/metadata").json

    OperationDefinition.model_validate(made)
    (said,) = statement["rest"][0]["operation"]
    assert said == {"name": made["code"], "definition": made["url"]}
    names = {use: [each["name"] for each in made["parameter"] if each["use"] == use] for use in ("in", "out")}
    assert names["out"] == [each["name"] for each in answer.json["parameter"]]
    refused = send(site, "school", "?nonsense=1", data=b"x").json["issue"][0]["diagnostics"]
    assert all(name in refused for name in names["in"])


@pytest.mark.parametrize(
    ("query", "data", "problem"),
    [
        pytest.param("", b"", "http.no-file", id="nothing sent"),
        pytest.param("?mapping=nonsense", b"a,b\n1,2\n", "service.unknown-mapping", id="no such mapping"),
        pytest.param("?mapping=/etc/passwd", b"a", "service.unknown-mapping", id="a path on the server"),
        pytest.param("", b"a,b\n1,2\n", "service.file-kind", id="a format nobody knows"),
        pytest.param("?set=2025", b"a,b\n1,2\n", "http.load-value", id="a value without a name"),
        pytest.param("?dryrun=true", b"a,b\n1,2\n", "search.unknown-parameter", id="a slip in a name"),
        pytest.param("?dry_run=True", b"a,b\n1,2\n", "search.value", id="a dry run in capitals"),
        pytest.param("?dry_run=", b"a,b\n1,2\n", "search.value", id="a dry run without a value"),
        pytest.param("?dry_run=true&dry_run=false", b"a,b\n1,2\n", "search.twice", id="a dry run twice"),
        pytest.param("?dry_run=1", b"a,b\n1,2\n", "search.value", id="a dry run or not"),
    ],
)
def test_what_cannot_be_loaded_says_why(site: Site, query: str, data: bytes, problem: str) -> None:
    answer = send(site, "council", query, data=data, content_type="text/csv")

    assert 400 <= answer.status_code < 500
    assert answer.json["issue"][0]["details"]["coding"][0]["code"] == problem
    assert site.door.gateway.store.loads() == []


def test_a_feed_that_is_somebody_elses_cannot_be_loaded_into(site: Site) -> None:
    config = site.door.gateway.config
    headers = {"Authorization": f"Bearer {token_for(config, 'school')}"}

    answer = site.test_client().post("/feed/council/$load", headers=headers, data=b"a")

    assert answer.status_code == 403


def zipped() -> bytes:
    packed = BytesIO()
    with ZipFile(packed, "w") as archive:
        for path in SSDA903:
            archive.write(path, path.name)
    return packed.getvalue()


@pytest.mark.parametrize("query", ["", "?mapping=ssda903&set=year=2025-26", "?mapping=ctf"])
@pytest.mark.parametrize("content", [zipped(), b"%PDF-1.7\n\xe2\xe3\xcf\xd3", bytes(range(256)) * 4])
def test_what_is_no_text_is_refused_with_what_to_do(site: Site, query: str, content: bytes) -> None:
    answer = send(site, "council", query, data=content, content_type="application/octet-stream")

    (issue,) = answer.json["issue"]
    assert 400 <= answer.status_code < 500
    assert issue["details"]["coding"][0]["code"] == "source.not-text"
    assert issue["diagnostics"]


@pytest.mark.parametrize("name", ["header.csv", "children.csv"])
def test_a_file_without_a_header_is_refused_without_repeating_it(site: Site, name: str) -> None:
    content = b"0010234,F,04/03/2012,Canary\xff,F201900116001,Canary\xff\n"

    answer = send(
        site,
        "council",
        "?mapping=ssda903&set=year=2025-26",
        data={"files": [(BytesIO(content), name)]},
        content_type="multipart/form-data",
    )

    assert 400 <= answer.status_code < 500
    assert answer.json["resourceType"] == "OperationOutcome"
    for value in ("10234", "2012", "anary", "116001"):
        assert value not in answer.text
