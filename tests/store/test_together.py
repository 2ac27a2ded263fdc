"""Several at once: threads, processes, walks beside writes, and a process that is killed."""

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from told import child_of, key, patient, token, version

from gateway.fhir.query import Entry, Query, Sort, Token
from gateway.problems import Refused
from gateway.store.base import ASK, LoadStart, Store
from gateway.store.sqlite import SqliteStore

CODE = (Entry("code", Token("s", "c")),)


def test_a_walk_beside_writes_meets_every_resource_once(store: Store) -> None:
    there = [f"o{at:03}" for at in range(300)]
    with store.write() as work:
        work.put(
            [patient("p1"), *(version(local, time=at % 7, entries=CODE) for at, local in enumerate(there))]
        )
        child_of(work, "school", "p1", "ada")
    stop = threading.Event()

    def keep_writing() -> None:
        number = 0
        while not stop.is_set():
            number += 1
            with store.write() as work:
                work.put([version(f"n{number}", time=number % 9, entries=CODE)])
                held = work.held("school", [("Observation", "o150")])["Observation", "o150"]
                work.put([version("o150", time=150 % 7, number=held.highest + 1, entries=CODE)])

    writer = threading.Thread(target=keep_writing)
    writer.start()
    try:
        for base in (ASK, "school"):
            for query in (
                Query("Observation", (token("code", "c"),)),
                Query("Observation", (), (Sort("code"), Sort("_id", True))),
            ):
                met: list[str] = []
                page = store.search(base, query, limit=7)
                met += [row.local for row in page.rows]
                while page.more:
                    page = store.search(base, query, limit=7, after=key(page))
                    met += [row.local for row in page.rows]

                assert len(met) == len(set(met))
                assert set(there) <= set(met)
    finally:
        stop.set()
        writer.join()


def test_many_threads_write_one_after_the_other(store: Store) -> None:
    def count_up() -> None:
        for _ in range(20):
            with store.write() as work:
                held = work.held("school", [("Basic", "n")]).get(("Basic", "n"))
                work.put([version("n", "Basic", about=None, number=held.highest + 1 if held else 1)])

    threads = [threading.Thread(target=count_up) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    row = store.read("school", "Basic", "n")
    assert row is not None and row.version == "80"
    assert len(store.history("school", "Basic", "n")) == 80


def test_a_writer_that_waits_too_long_is_told_so(tmp_path: Path) -> None:
    store = SqliteStore(tmp_path / "gateway.db", patience=0.2)
    other = SqliteStore(tmp_path / "gateway.db", patience=0.2)

    for waiting in (store, other):
        with store.write() as work:
            work.put([version("o1")] if waiting is store else [])
            with pytest.raises(Refused) as caught:
                wait_in_a_thread(waiting)
            assert caught.value.problems[0].kind.code == "store.locked"
            assert caught.value.status == 503
    assert store.read("school", "Observation", "o1") is not None
    store.close()
    other.close()


def wait_in_a_thread(store: Store) -> None:
    """Try to write in another thread, and raise here what it raised."""
    raised: list[BaseException] = []

    def attempt() -> None:
        try:
            with store.write() as work:
                work.put([version("o2")])
        except Refused as refused:
            raised.append(refused)

    thread = threading.Thread(target=attempt)
    thread.start()
    thread.join()
    raise raised[0]


def in_another_process(script: str, folder: Path) -> subprocess.Popen[str]:
    """Run a script that has `store` and `told` at hand."""
    start = (
        f"import sys, time; sys.path.append({str(Path(__file__).parent)!r})\n"
        "from told import *\nfrom gateway.store.base import *\nfrom gateway.store.sqlite import SqliteStore\n"
        f"store = SqliteStore({str(folder / 'gateway.db')!r})\n"
    )
    return subprocess.Popen([sys.executable, "-c", start + script], stdout=subprocess.PIPE, text=True)


def test_two_processes_write_at_once_and_nothing_is_lost(tmp_path: Path) -> None:
    script = """
for at in range(60):
    with store.write() as work:
        work.put([patient(f"{NAME}{at}", feed=NAME), version(f"o{at}", feed=NAME, about=f"{NAME}{at}")])
        held = work.held("both", [("Basic", "n")]).get(("Basic", "n"))
        work.put([version("n", "Basic", feed="both", about=None, number=held.highest + 1 if held else 1)])
store.close()
"""
    processes = [in_another_process(f"NAME = {name!r}\n{script}", tmp_path) for name in ("left", "right")]
    for process in processes:
        process.communicate(timeout=60)

    assert [process.returncode for process in processes] == [0, 0]
    store = SqliteStore(tmp_path / "gateway.db")
    counts = store.counts()
    assert (counts["resources"], counts["records"]) == (241, 120)
    row = store.read("both", "Basic", "n")
    assert row is not None and row.version == "120"
    store.close()


LOADING = """
load = store.start_load(LoadStart("school", "m", "sha", ("a.csv",), "content"))
print(load.number, load.continued, flush=True)
for at in range(0, 400, 10):
    with store.write() as work:
        for local in [f"p{n}" for n in range(at, at + 10)]:
            held = work.held("school", [("Patient", local)]).get(("Patient", local))
            if held and held.present:
                continue
            put = patient(local, load=load.number)
            work.put([put, version("o" + local, about=local, load=load.number)])
            rec = work.recs("school", [local])[local]
            child = work.found("id-" + local, "CCI-" + local, rec, load.number)
            work.link([linked(rec, child, load.number)])
            work.compose({child: composed(local)})
    if SLOW:
        time.sleep(0.01)
with store.write() as work:
    work.finish_load(load.number, 5)
store.leave_load(load.number)
store.close()
"""


def test_a_load_that_was_killed_and_run_again_is_as_if_run_once(tmp_path: Path) -> None:
    for name in ("killed", "once"):
        (tmp_path / name).mkdir()
    process = in_another_process("SLOW = True\n" + LOADING, tmp_path / "killed")
    assert process.stdout is not None and process.stdout.readline() == "1 False\n"
    store = SqliteStore(tmp_path / "killed" / "gateway.db")
    while store.counts()["records"] < 50:
        time.sleep(0.005)
    os.kill(process.pid, signal.SIGKILL)
    process.communicate(timeout=30)
    (stopped,) = store.loads()
    kept = store.counts()

    again = in_another_process("SLOW = False\n" + LOADING, tmp_path / "killed")
    said, _ = again.communicate(timeout=60)
    in_another_process("SLOW = False\n" + LOADING, tmp_path / "once").communicate(timeout=60)

    once = SqliteStore(tmp_path / "once" / "gateway.db")
    assert stopped.state == "stopped"
    assert kept["records"] % 10 == 0 and 50 <= kept["records"] < 400
    assert kept["resources"] == 2 * kept["records"] == 2 * kept["links"]
    assert said == "1 True\n"
    assert list(store.dump()) == list(once.dump())
    assert [load.state for load in store.loads()] == ["finished"]
    store.close()
    once.close()


@pytest.mark.filterwarnings("ignore:.*multi-threaded:DeprecationWarning")
def test_a_forked_process_has_connections_of_its_own(store: Store, open_store: Callable[[], Store]) -> None:
    with store.write() as work:
        work.put([version("o1")])
    assert store.read("school", "Observation", "o1") is not None

    child = os.fork()
    if child == 0:
        try:
            with store.write() as work:
                work.put([version("o2")])
            os._exit(0 if store.read("school", "Observation", "o1") else 1)
        finally:
            os._exit(2)
    _, status = os.waitpid(child, 0)

    assert os.waitstatus_to_exitcode(status) == 0
    assert store.read("school", "Observation", "o2") is not None


@pytest.mark.filterwarnings("ignore:.*multi-threaded:DeprecationWarning")
def test_the_lock_of_a_load_goes_with_its_process(store: Store, open_store: Callable[[], Store]) -> None:
    child = os.fork()
    if child == 0:
        store.start_load(LoadStart("school", "m", "s", ("a",), "c"))
        os._exit(0)
    os.waitpid(child, 0)

    assert [load.state for load in store.loads()] == ["stopped"]
    assert store.start_load(LoadStart("school", "m", "s", ("a",), "c")).continued
