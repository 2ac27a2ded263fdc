"""A gateway whose surroundings are at fault: the problem, its remedy, and nothing lost or half written."""

import contextlib
import json
import os
import socket
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from random import Random
from typing import Any

import pytest
from gates import BASE, SETTINGS, load, ndjson, opened
from invented import Resource, observation, patient

from gateway.cli import main
from gateway.problems import Refused
from gateway.service import Gateway
from gateway.service.load import Loader
from gateway.store.sqlite import SqliteStore


def many(count: int) -> list[Resource]:
    random = Random(3)
    made = []
    for number in range(count):
        person = patient(number % 8, random, "council") | {"id": f"p{number}"}
        person["birthDate"] = f"20{number % 20:02d}-05-{number % 28 + 1:02d}"
        person.pop("identifier", None)
        made += [person, observation(0, number, random) | {"subject": {"reference": f"Patient/p{number}"}}]
    return made


def loader(gateway: Gateway, store: SqliteStore, batch: int) -> Loader:
    """The gateway's loader over a store that was opened otherwise."""
    return replace(gateway.loader, store=store, batch=batch)


def test_a_disk_that_fills_up_keeps_whole_batches_and_the_load_goes_on_when_there_is_room(
    gate: Gateway, gates: Any, tmp_path: Path
) -> None:
    told = many(400)
    once = gates("once")
    in_one_go = load(once, "council", ndjson(*told))
    small = SqliteStore(tmp_path / "gateway.db", most_bytes=900_000)
    feed = gate.feed("council")
    (tmp_path / "told.ndjson").write_bytes(ndjson(*told)["told.ndjson"])

    with pytest.raises(Refused) as refused:
        loader(gate, small, 50).load([tmp_path / "told.ndjson"], feed, None)

    (problem,) = refused.value.problems
    assert problem.kind.code == "store.disk-full" and "gateway.db" in problem.fix
    small.close()
    kept = gate.store.counts()["resources"]
    assert kept and kept % 50 == 0 and kept < len(told)
    assert gate.store.loads()[-1].state == "stopped"
    again = loader(gate, gate.store, 50).load([tmp_path / "told.ndjson"], feed, None)
    assert again.continued and again.counts() == in_one_go.counts()
    assert gate.store.counts()["resources"] == once.store.counts()["resources"]


def test_a_database_that_another_process_holds(gate: Gateway, tmp_path: Path) -> None:
    load(gate, "council", ndjson(*many(3)))
    before = gate.store.snapshot()
    hasty = SqliteStore(tmp_path / "gateway.db", patience=0.3)
    with contextlib.closing(sqlite3.connect(tmp_path / "gateway.db", isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")

        with pytest.raises(Refused) as refused:
            loader(gate, hasty, 50).load([_file(tmp_path, many(9))], gate.feed("council"), None)

        assert gate.store.snapshot() == before
        other.execute("ROLLBACK")
    assert refused.value.problems[0].kind.code == "store.locked"
    assert refused.value.problems[0].fix
    report = loader(gate, hasty, 50).load([_file(tmp_path, many(9))], gate.feed("council"), None)
    assert report.records == 18
    hasty.close()


def _file(folder: Path, told: list[Resource]) -> Path:
    path = folder / "told.ndjson"
    path.write_bytes(ndjson(*told)["told.ndjson"])
    return path


@pytest.fixture
def read_only(tmp_path: Path) -> Iterator[Path]:
    """A gateway's folder whose database nobody may write."""
    gateway = opened(tmp_path)
    load(gateway, "council", ndjson(*many(3)))
    gateway.close()
    with contextlib.closing(sqlite3.connect(tmp_path / "gateway.db")) as connection:
        connection.execute("PRAGMA journal_mode=DELETE")
    os.chmod(tmp_path / "gateway.db", 0o444)
    yield tmp_path
    os.chmod(tmp_path / "gateway.db", 0o644)


@pytest.mark.skipif(
    os.geteuid() == 0 and not Path("/usr/bin/setpriv").exists(), reason="root may write anything"
)
def test_a_database_that_may_not_be_written(read_only: Path, tmp_path: Path) -> None:
    """Run as somebody who is not the owner, because root may write anything."""
    script = (
        "import sys; from pathlib import Path; from gateway.problems import Refused\n"
        "from gateway.store.sqlite import SqliteStore\n"
        "try:\n"
        "    store = SqliteStore(sys.argv[1], patience=0.3)\n"
        "    with store.write() as work: work.recs('council', ['p99'])\n"
        "except Refused as refused: print(refused.problems[0].kind.code, refused.problems[0].fix)\n"
    )
    command = [sys.executable, "-c", script, str(read_only / "gateway.db")]
    if os.geteuid() == 0:
        for folder in [read_only, *read_only.parents]:
            if folder.stat().st_uid == 0 and folder != Path("/"):
                os.chmod(folder, folder.stat().st_mode | 0o055)
        os.chmod(read_only, 0o555)
        command = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", *command]
    environ = {**os.environ, "PYTHONDONTWRITEBYTECODE": "1"}
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, cwd="/", env=environ)

    assert done.stdout.startswith(("store.read-only", "store.cannot-open")), done.stderr[-600:]
    assert "gateway.db" in done.stdout


def told(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str]:
    """A command's exit code, and all it said."""
    with pytest.raises(SystemExit) as ended:
        main(list(arguments))
    said = capsys.readouterr()
    assert isinstance(ended.value.code, int)
    return ended.value.code, said.out + said.err


def test_a_port_that_is_in_use(gate: Gateway, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]

        code, said = told(capsys, "serve", "--config", str(tmp_path / "gateway.toml"), "--port", str(port))

    assert code in (1, 2)
    assert f"{port}" in said and "--port" in said
    assert "Traceback" not in said


def test_a_setting_nobody_knows(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "gateway.toml"
    file.write_text('page_sise = 3\n[feeds.council]\nsektor = "education"\n')

    code, said = told(capsys, "check", "--config", str(file))

    assert code in (1, 2)
    assert "page_sise" in said and "page_size" in said
    assert "sektor" in said and "sector" in said
    assert not (tmp_path / "gateway.db").exists()


def test_a_file_that_is_set_aside_in_part_ends_with_one_and_a_good_one_with_nought(
    gate: Gateway, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    config = str(tmp_path / "gateway.toml")
    good, bad = tmp_path / "good.ndjson", tmp_path / "bad.ndjson"
    good.write_text('{"resourceType":"Patient","id":"a"}\n')
    bad.write_text(
        '{"resourceType":"Patient","id":"b"}\n{"resourceType":"Patient","birthDate":"2012-02-30"}\n'
    )

    assert told(capsys, "load", str(good), "--feed", "council", "--config", config)[0] == 0
    code, said = told(capsys, "load", str(bad), "--feed", "council", "--config", config)

    assert code == 1
    assert "bad.ndjson:2" in said and "2012-02-30" not in said
    code, said = told(capsys, "load", str(tmp_path / "none.ndjson"), "--feed", "council", "--config", config)
    assert code in (1, 2) and "none.ndjson" in said and "Traceback" not in said


MAPPING = """
mapping: 1
id: wrong
version: 1.0.0
title: A mapping with twelve mistakes
target: {fhir: 4.0.1}
source:
  format: csv
  dates: dd/MM/yyyy
  files:
    pupils: {columns: [ID, SEX, DOB, NAME], required: true}
  records:
    pupil: {file: pupils, key: [ID]}
terms:
  sex: {map: "{base}/ConceptMap/there-is-none", unmapped: reject-record}
emit:
  - resourceType: Patient
    $for: pupil
    $key: [ID]
    gendre: "= SEX"
    gender: robot
    birthDate: "= DOB.date('dd/MM/jjjj')"
    active: "yes"
    name:
      family: "= NAME.trimm()"
    multipleBirthInteger: "= NAME"
    deceasedBoolean: "= NAME.("
  - resourceType: Observation
    $for: pupils
    $key: [ID]
    status: final
    code: {text: x}
  - resourceType: Observaton
    $for: pupil
    $key: [ID]
  - resourceType: Condition
    $for: pupil
    $key: [ID, ID2]
    subject: {reference: "= ref(Patent, ID)"}
"""


def test_twelve_mistakes_of_a_mapping_are_all_found_with_their_places(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path / "wrong"
    folder.mkdir()
    (folder / "mapping.yaml").write_text(MAPPING)

    code, said = told(capsys, "test", str(folder))

    rows = MAPPING.splitlines()
    wanted = {
        number
        for number, row in enumerate(rows, 1)
        for mistake in (
            *("there-is-none", "gendre", "robot", "jjjj", 'active: "yes"', "trimm"),
            *("multipleBirthInteger", "NAME.(", "$for: pupils", "Observaton", "ID2", "Patent"),
        )
        if mistake in row
    }
    assert code in (1, 2)
    assert len(wanted) == 12
    missing = {number for number in wanted if f"mapping.yaml:{number}:" not in said}
    assert not missing, (sorted((number, rows[number - 1]) for number in missing), said)
    assert "Traceback" not in said


def test_a_mapping_that_is_no_yaml(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = tmp_path / "wrong"
    folder.mkdir()
    (folder / "mapping.yaml").write_text("mapping: 1\nemit: [\n")

    code, said = told(capsys, "test", str(folder))

    assert code in (1, 2) and "mapping.yaml:" in said and "Traceback" not in said


def test_a_secret_that_is_too_short_stops_everything(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "gateway.toml").write_text(SETTINGS)
    (tmp_path / "gateway.secret").write_bytes(b"short")

    code, said = told(capsys, "check", "--config", str(tmp_path / "gateway.toml"))

    assert code in (1, 2) and "gateway.secret" in said and "Traceback" not in said


def test_an_audit_that_cannot_be_written_lets_no_answer_out(site: Any) -> None:
    from served import token_for

    token = token_for(site.door.gateway.config, "council")
    file = Path(site.door.gateway.config["audit"])
    site.door.gateway.trail.close()

    answer = site.test_client().get("/fhir/Patient", headers={"Authorization": f"Bearer {token}"})

    assert file.exists()
    assert answer.status_code >= 500
    assert json.loads(answer.text)["resourceType"] == "OperationOutcome"
    assert BASE in answer.text
