"""A load that is killed in its middle and then run again: as if it had been run once."""

import json
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from random import Random
from typing import Any

import pytest
from gates import load, ndjson
from invented import CHILDREN, Resource, observation, patient

from gateway.service import Gateway

PUPILS = 120
BATCH = "load_batch = 40\n"
WORKER = """
import os, signal, sys
sys.path.insert(0, {here!r})
from pathlib import Path
from gates import opened, load
gateway = opened(Path({folder!r}), top={batch!r})
seen = 0
def progress(done, size, records):
    global seen
    seen += 1
    print(seen, flush=True)
    if seen == {kill}:
        os.kill(os.getpid(), signal.SIGKILL)
load(gateway, "school", [Path({file!r})], progress=progress)
print("done", flush=True)
"""


def told(seed: int) -> list[Resource]:
    """Many invented children, some of them known to others, and some resources that cannot be taken."""
    random = Random(seed)
    resources: list[Resource] = []
    for number in range(PUPILS):
        made = patient(number % len(CHILDREN), random, "school")
        made["id"] = f"p{number}"
        if number >= len(CHILDREN):
            made["birthDate"] = f"20{number % 20:02d}-01-{number % 28 + 1:02d}"
            made.pop("identifier", None)
        told = observation(0, number, random) | {"subject": {"reference": f"Patient/p{number}"}}
        resources += [made, told]
        if number % 30 == 7:
            resources.append({"resourceType": "Observation", "id": f"bad-{number}"})
    return resources


def state(gateway: Gateway) -> dict[str, Any]:
    """All that stands, without times and without the numbers of children, which are drawn by lot."""
    store = gateway.store
    records = store.records(range(1, store.counts()["records"] + 60))
    members: dict[int, list[str]] = {}
    for record in records.values():
        if record.child is not None:
            members.setdefault(record.child, []).append(f"{record.feed}/{record.local}")
    rows = [item for item in store.dump() if item[0] in ("resource", "key")]
    return {
        "resources": sorted((*row[1:8], *row[10:13]) for row in rows if row[0] == "resource"),
        "keys": sorted(row for row in rows if row[0] == "key"),
        "children": sorted(sorted(each) for each in members.values()),
        "patients": sorted(_patient(gateway, number) for number in members),
        "reviews": sorted(
            (records[one.rec].local, sorted(members[one.child or 0]), one.reason, one.sentence)
            for one in store.reviews()
        ),
    }


def _patient(gateway: Gateway, number: int) -> str:
    child = gateway.store.children([number])[number]
    row = gateway.store.read("", "Patient", child.id)
    assert row is not None
    text = row.body.decode().replace(child.id, "ID").replace(child.cci, "CCI")
    found = json.loads(text)
    del found["meta"]["lastUpdated"], found["meta"]["versionId"]
    return json.dumps(found, sort_keys=True)


def prepared(gateway: Gateway) -> None:
    """What is there before the load: some of the children, from a clinic."""
    random = Random(1)
    load(gateway, "clinic", ndjson(*(patient(truth, random, "clinic") for truth in range(len(CHILDREN)))))


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "told.ndjson"
    path.write_text("".join(json.dumps(one) + "\n" for one in told(5)))
    return path


def run(folder: Path, file: Path, kill: int) -> "subprocess.Popen[str]":
    """A process that loads the file and kills itself at one of its batches (0: does not)."""
    script = WORKER.format(
        here=str(Path(__file__).parent / "common"), folder=str(folder), file=str(file), kill=kill, batch=BATCH
    )
    return subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE, text=True)


def killed_at(folder: Path, file: Path, kill: int) -> int:
    """How a process ended that loads the file until it kills itself."""
    with run(folder, file, kill) as process:
        process.communicate(timeout=60)
    return process.returncode


@pytest.mark.parametrize("points", [(1,), (3,), (2, 2, 4)], ids=["first batch", "third batch", "three times"])
def test_a_load_killed_between_batches_and_run_again_is_as_if_run_once(
    gates: Callable[[str], Gateway], tmp_path: Path, file: Path, points: tuple[int, ...]
) -> None:
    once, killed = gates("once"), gates("killed")
    prepared(once)
    prepared(killed)
    before = killed.store.snapshot()
    in_one_go = load(once, "school", [file])

    for point in points:
        assert killed_at(tmp_path / "killed", file, point) == -signal.SIGKILL
        stopped = killed.store.loads()[-1]
        assert (stopped.number, stopped.state) == (in_one_go.number, "stopped")
    again = load(killed, "school", [file])

    assert again.continued and again.number == in_one_go.number
    assert state(killed) == state(once)
    assert again.counts() == in_one_go.counts()
    assert killed.store.loads()[-1].counts == once.store.loads()[-1].counts
    assert list(killed.store.asides(again.number)) == list(once.store.asides(in_one_go.number))
    killed.loader.undo(again.number)
    assert killed.store.snapshot() == before


def test_a_load_killed_at_any_moment_is_whole_after_it_was_run_again(
    gates: Callable[[str], Gateway], tmp_path: Path, file: Path
) -> None:
    """The moments are those of the clock: before, within and after a batch's transaction."""
    once, killed = gates("once"), gates("killed")
    prepared(once)
    prepared(killed)
    in_one_go = load(once, "school", [file])
    random = Random(9)

    for _ in range(4):
        with run(tmp_path / "killed", file, 0) as process:
            assert process.stdout is not None
            if process.stdout.readline().strip() == "1":
                time.sleep(random.random() * 0.08)
            process.send_signal(signal.SIGKILL)
        if killed.store.loads()[-1].state == "finished":
            break
    again = load(killed, "school", [file])

    if again.continued:
        assert again.counts() == in_one_go.counts()
    assert state(killed) == state(once)


def test_a_stopped_load_can_be_taken_back_without_running_it_again(
    gates: Callable[[str], Gateway], tmp_path: Path, file: Path
) -> None:
    killed = gates("killed")
    prepared(killed)
    before = killed.store.snapshot()
    assert killed_at(tmp_path / "killed", file, 2) == -signal.SIGKILL

    killed.loader.undo(killed.store.loads()[-1].number)

    assert killed.store.snapshot() == before
