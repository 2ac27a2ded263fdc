"""`fhirgate demo --once`: the whole journey, as a newcomer sees it."""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
import requests
from terminal import free_port, program, until_answered


@pytest.fixture(scope="module")
def journey(tmp_path_factory: pytest.TempPathFactory) -> tuple[str, dict]:
    """What the demo tells, and the same for a program."""
    done = program("demo", "--once", "--json", folder=tmp_path_factory.mktemp("demo"))
    assert done.code == 0, done.err
    return done.err, json.loads(done.out)


def test_every_file_is_loaded_and_what_is_set_aside_says_why(journey: tuple[str, dict]) -> None:
    text, facts = journey

    assert [one["feed"] for one in facts["loads"]] == [
        *("anytown-council", "anytown-council", "harbour-academy", "anytown-trace")
    ]
    assert [one["set_aside"] for one in facts["loads"]] == [1, 0, 1, 0]
    for one in facts["loads"]:
        for problem in one["problems"]:
            assert problem["says"] in text and problem["fix"] in text


def test_many_records_become_fewer_children(journey: tuple[str, dict]) -> None:
    text, facts = journey

    records = sum(one["kept"] for one in facts["loads"])
    assert facts["children"] < records
    assert f"{records} records became {facts['children']} children" in text
    for sentence in facts["reviews"]:
        assert sentence in text


def test_one_question_is_answered_by_all_and_each_source_is_told_of(journey: tuple[str, dict]) -> None:
    text, facts = journey

    first, second = facts["questions"]
    assert [one["code"] for one in first["sources"]] == ["service.here", "upstream.answered"]
    assert {"anytown-council", "harbour-academy", "anytown-hospital"} <= set(text.split())
    assert [one["code"] for one in second["sources"]] == ["service.here", "upstream.other-child"]


def test_a_match_is_graded_and_one_of_two_twins_is_not_guessed(journey: tuple[str, dict]) -> None:
    text, facts = journey

    slip, twin = (each["found"] for each in facts["matches"])
    assert [one["grade"] for one in slip] == ["probable"]
    assert [one["grade"] for one in twin] == ["possible", "possible"]
    assert twin[0]["score"] == twin[1]["score"] <= 0.5
    for each in facts["matches"]:
        assert each["asked"] in text


def test_a_sealed_child_is_found_by_nobody_until_two_persons_lift_the_seal(
    journey: tuple[str, dict],
) -> None:
    text, facts = journey

    told = facts["seal"]
    assert (told["sealed"], told["lifted"]) == (0, 1)
    assert f"{told['question']}: 0 found" in text


def test_the_demo_leaves_nothing_behind(tmp_path: Path) -> None:
    done = program("demo", "--once", folder=tmp_path, TMPDIR=str(tmp_path))

    assert done.code == 0
    assert done.out.endswith("Look around: fhirgate demo keeps serving until you stop it.\n")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("sign", [signal.SIGINT, signal.SIGTERM])
def test_a_demo_that_serves_ends_with_all_it_started(tmp_path: Path, sign: signal.Signals) -> None:
    port = free_port()
    command = [sys.executable, "-m", "gateway", "demo", "--port", str(port)]
    environ = {**os.environ, "TMPDIR": str(tmp_path)}
    with subprocess.Popen(
        command, env=environ, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, start_new_session=True
    ) as process:
        until_answered(f"http://127.0.0.1:{port}/health", process)
        answered = requests.get(f"http://127.0.0.1:{port}/fhir/Patient?_summary=count", timeout=10)

        os.killpg(process.pid, sign)
        code = process.wait(30)

    assert answered.json()["total"] > 0
    assert code == 0
    assert list(tmp_path.iterdir()) == []
    with pytest.raises(requests.ConnectionError):
        requests.get(f"http://127.0.0.1:{port}/health", timeout=2)
