"""init, serve, token, config: from nothing to a gateway that answers, in three commands."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
from contextlib import closing
from pathlib import Path

import pytest
import requests
from terminal import Run, free_port, program, serving, until_answered

PATIENT = {
    "resourceType": "Patient",
    "id": "p1",
    "name": [{"family": "Okafor", "given": ["Ada"]}],
    "gender": "female",
    "birthDate": "2014-09-03",
}


def test_three_commands_lead_to_two_fhir_bases_that_answer(tmp_path: Path) -> None:
    begun = program("init", "gate", folder=tmp_path)
    assert begun.code == 0
    token = program("token", "local", "--config", "gate/gateway.toml", folder=tmp_path)

    with serving(tmp_path, "--config", "gate/gateway.toml") as url, requests.Session() as client:
        client.headers["Authorization"] = f"Bearer {token.out.strip()}"
        written = client.put(
            f"{url}/feed/local/Patient/p1",
            data=json.dumps(PATIENT),
            headers={"Content-Type": "application/fhir+json"},
        )
        told = client.get(f"{url}/feed/local/Patient/p1")
        asked = client.get(f"{url}/fhir/Patient", params={"family": "Okafor"})
        refused = requests.get(f"{url}/fhir/Patient", timeout=10)

    assert written.status_code == 201
    assert told.json()["name"] == PATIENT["name"]
    assert asked.json()["total"] == 1
    (child,) = [one["resource"] for one in asked.json()["entry"] if one["search"]["mode"] == "match"]
    assert child["birthDate"] == "2014-09-03"
    assert any(each["system"].endswith("/Id/cci") for each in child["identifier"])
    assert refused.status_code == 401
    assert refused.json()["resourceType"] == "OperationOutcome"


def test_what_init_says_next_can_be_run_as_it_stands(tmp_path: Path) -> None:
    begun = program("init", "gate", folder=tmp_path)

    lines = [line.split() for line in begun.out.splitlines() if line.startswith("  fhirgate")]
    assert [line[1] for line in lines] == ["serve", "token"]
    assert program(*lines[1][1:], folder=tmp_path).code == 0


def test_init_refuses_a_folder_that_holds_something(tmp_path: Path, fhirgate: Run) -> None:
    (tmp_path / "mine.txt").write_text("mine", "utf-8")

    done = fhirgate("init", tmp_path)

    assert done.code == 2
    assert "service.folder-not-empty" in done.err
    assert "Choose a folder that is empty or not there yet." in done.err
    assert [each.name for each in tmp_path.iterdir()] == ["mine.txt"]


def test_init_says_in_json_what_it_wrote(tmp_path: Path, fhirgate: Run) -> None:
    folder = tmp_path / "gate"

    done = fhirgate("init", folder, "--json")

    assert done.code == 0
    assert all((folder / name).is_file() for name in done.json["files"])
    assert Path(done.json["config"]) == folder / "gateway.toml"


def test_everything_that_init_wrote_is_in_order(gate: Path, fhirgate: Run) -> None:
    tested = fhirgate("test", "clubs")
    assert tested.code == 0
    assert "clubs  2 tests  2 passed" in tested.out

    loaded = fhirgate("load", "children.csv")
    assert loaded.code == 0
    assert "2 new" in loaded.out


def test_a_port_in_use_is_refused_with_a_remedy(gate: Path) -> None:
    with closing(socket.socket()) as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        done = program("serve", "--port", taken.getsockname()[1], folder=gate)

    assert done.code == 2
    assert "service.port-taken" in done.err
    assert "Choose another one with --port." in done.err


def test_no_setting_lets_a_gateway_answer_without_a_token(gate: Path, tmp_path: Path) -> None:
    settings = gate / "gateway.toml"
    settings.write_text("open = true\n" + settings.read_text("utf-8"), "utf-8")
    for done in (
        program("serve", "--port", 1, folder=gate),
        program("serve", "--port", 1, folder=tmp_path, GATEWAY_OPEN="true"),
    ):
        assert done.code == 2
        assert "config.unknown-setting" in done.err
        assert "gateway.toml:1" in done.err or "GATEWAY_OPEN" in done.err


def test_a_number_that_is_no_port_is_refused(gate: Path, fhirgate: Run) -> None:
    done = fhirgate("serve", "--port", "99999")

    assert done.code == 2
    assert "99999" in done.err


def test_two_workers_serve_one_gateway(
    gate: Path, fhirgate: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    token = fhirgate("token", "local").out.strip()

    with serving(gate, "--workers", "2") as url:
        answers = [
            requests.get(f"{url}/fhir/Patient", headers={"Authorization": f"Bearer {token}"}, timeout=10)
            for _ in range(6)
        ]

        scraped = [requests.get(f"{url}/metrics", timeout=10).text for _ in range(6)]

    assert {each.status_code for each in answers} == {200}
    # whichever worker answers, it tells of all of them
    asked = 'fhirgate_request_seconds_count{interaction="search-type"} 6.0'
    assert all(asked in each for each in scraped), scraped[0]
    assert not list(tmp_path.glob("fhirgate-counts-*"))


def gone(group: int, within: float) -> bool:
    """Whether no process of a group is left; what tracks their memory ends a moment after them."""
    until = time.monotonic() + within
    while time.monotonic() < until:
        try:
            os.killpg(group, 0)
        except ProcessLookupError:
            return True
        time.sleep(0.05)
    return False


@pytest.mark.parametrize("workers", [1, 2])
def test_ctrl_c_ends_the_server_and_its_workers(gate: Path, workers: int) -> None:
    port = free_port()
    command = [sys.executable, "-m", "gateway", "serve", "--port", str(port), "--workers", str(workers)]
    with subprocess.Popen(command, cwd=gate, stderr=subprocess.PIPE, start_new_session=True) as process:
        until_answered(f"http://127.0.0.1:{port}/health", process)

        # A terminal sends it to all of them.
        os.killpg(process.pid, signal.SIGINT)
        code = process.wait(20)

    assert code == 0
    assert gone(process.pid, within=5), "something of it is left"


def test_a_token_says_who_it_is_for_and_when_it_ends(gate: Path, fhirgate: Run) -> None:
    plain = fhirgate("token", "local", "--life", "60")
    told = fhirgate("token", "local", "--life", "60", "--json")

    assert plain.out.count(".") == 2
    assert "For local, until 20" in plain.err
    assert told.json["client"] == "local"
    assert told.json["ends"].endswith("Z")
    assert told.json["token"].count(".") == 2


def test_a_token_for_a_client_that_is_not_there(gate: Path, fhirgate: Run) -> None:
    done = fhirgate("token", "lcal")

    assert done.code == 2
    assert "service.unknown-client" in done.err
    assert "There is no client called lcal. Clients of this gateway: local." in done.err


def test_config_says_where_each_value_comes_from(
    gate: Path, fhirgate: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GATEWAY_PAGE_SIZE", "7")

    plain = fhirgate("config")
    told = {one["name"]: one for one in fhirgate("config", "--json").json}

    assert told["page_size"] == {
        "name": "page_size",
        "value": 7,
        "unit": "results",
        "origin": "GATEWAY_PAGE_SIZE",
    }
    assert told["page_most"]["origin"] == "default"
    assert told["feeds.local.sector"]["origin"] == "gateway.toml"
    for name, one in told.items():
        (line,) = [line for line in plain.out.splitlines() if line.split()[0] == name]
        assert line.endswith(one["origin"])


def test_config_never_shows_a_secret(gate: Path, fhirgate: Run) -> None:
    settings = gate / "gateway.toml"
    more = '\n[upstreams.hospital]\nbase_url = "https://fhir.hospital.example/R4"\ntoken = "s3cr3t-t0k3n"\n'
    settings.write_text(settings.read_text("utf-8") + more, "utf-8")

    plain, told = fhirgate("config"), fhirgate("config", "--json")

    assert "s3cr3t-t0k3n" not in plain.out + told.out
    assert next(one for one in told.json if one["name"] == "upstreams.hospital.token")["value"] == "set"


def test_config_never_shows_a_password_in_an_address(gate: Path, fhirgate: Run) -> None:
    settings = gate / "gateway.toml"
    more = '\n[upstreams.hospital]\nbase_url = "https://us:s3cr3t-w0rd@fhir.hospital.example/R4"\n'
    settings.write_text(settings.read_text("utf-8") + more, "utf-8")

    plain, told = fhirgate("config"), fhirgate("config", "--json")

    assert "fhir.hospital.example" in plain.out and "s3cr3t" not in plain.out + told.out


def test_a_setting_nobody_knows_is_named_with_its_line_and_the_nearest_one(gate: Path, fhirgate: Run) -> None:
    settings = gate / "gateway.toml"
    settings.write_text("page_sise = 5\n" + settings.read_text("utf-8"), "utf-8")

    done = fhirgate("config")

    assert done.code == 2
    assert "gateway.toml:1" in done.err
    assert "config.unknown-setting" in done.err
    assert "page_size" in done.err


def test_a_settings_file_that_is_not_there(tmp_path: Path, fhirgate: Run) -> None:
    done = fhirgate("config", "--config", tmp_path / "other.toml")

    assert done.code == 2
    assert "other.toml" in done.err
    assert "config.unreadable" in done.err


def test_serve_tells_a_program_its_addresses(gate: Path) -> None:
    port = free_port()
    command = [sys.executable, "-m", "gateway", "serve", "--port", str(port), "--json"]
    with subprocess.Popen(command, cwd=gate, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        told = "".join(iter(process.stdout.readline, "}\n")) + "}"
        process.terminate()

    assert json.loads(told) == {
        "fhir": f"http://127.0.0.1:{port}/fhir",
        "feeds": {"local": f"http://127.0.0.1:{port}/feed/local"},
    }
