"""Several at once: threads, processes, walks beside writes, and a process that is killed."""

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from told import child_of, key, patient, token, version, versions_of

from gateway.fhir.query import Entry, Query, Sort, Token
from gateway.problems import Refused
from gateway.store.base import ASK, Load, LoadStart, Store
from gateway.store.opening import open_store

CODE = (Entry("code", Token("s", "c")),)


def test_names_that_were_rolled_back_are_new_to_whoever_writes_next(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    connections = store._connections  # type: ignore[attr-defined]
    turn = connections.write

    @contextmanager
    def with_somebody_waiting() -> Iterator[object]:
        """A turn after which, should it come to nothing, the next one begins before the caller hears it."""
        try:
            with turn() as session:
                yield session
        except KeyError:
            with store.write() as work:
                work.put([patient("p1"), version("b", entries=CODE)])
            raise

    monkeypatch.setattr(connections, "write", with_somebody_waiting)

    with pytest.raises(KeyError), store.write() as work:
        work.put([patient("p1"), version("a", entries=CODE)])
        raise KeyError
    with store.write() as work:
        work.put([version("c", "Condition", entries=(Entry("category", Token("s", "c")),))])

    found = store.search("school", Query("Observation", (token("code", "c"),)), limit=9)
    assert [(row.type, row.local) for row in found.rows] == [("Observation", "b")]
    assert {(row[1], row[2], row[3]) for row in store.dump() if row[0] == "resource"} == {
        ("school", "Patient", "p1"),
        ("school", "Observation", "b"),
        ("school", "Condition", "c"),
    }


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
        while not stop.wait(0.005):
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
                page = store.search(base, query, limit=20)
                met += [row.local for row in page.rows]
                while page.more:
                    page = store.search(base, query, limit=20, after=key(page))
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
    assert len(versions_of(store, "school", "Basic", "n")) == 80


def test_a_writer_that_waits_too_long_is_told_so(database: str) -> None:
    store = open_store(database, patience=0.2)
    other = open_store(database, patience=0.2)

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


def in_another_process(script: str, database: str) -> subprocess.Popen[str]:
    """Run a script that has `store` and `told` at hand."""
    start = (
        f"import sys, time; sys.path.append({str(Path(__file__).parent)!r})\n"
        "from told import *\nfrom gateway.store.base import *\nfrom gateway.store.opening import open_store\n"
        f"store = open_store({database!r})\n"
    )
    return subprocess.Popen([sys.executable, "-c", start + script], stdout=subprocess.PIPE, text=True)


def test_two_processes_write_at_once_and_nothing_is_lost(database: str) -> None:
    script = """
for at in range(60):
    with store.write() as work:
        work.put([patient(f"{NAME}{at}", feed=NAME), version(f"o{at}", feed=NAME, about=f"{NAME}{at}")])
        held = work.held("both", [("Basic", "n")]).get(("Basic", "n"))
        work.put([version("n", "Basic", feed="both", about=None, number=held.highest + 1 if held else 1)])
store.close()
"""
    processes = [in_another_process(f"NAME = {name!r}\n{script}", database) for name in ("left", "right")]
    for process in processes:
        process.communicate(timeout=60)

    assert [process.returncode for process in processes] == [0, 0]
    store = open_store(database)
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


def ended(store: Store) -> list[Load]:
    """The loads, when the database has seen that no process is at one (a server needs a moment)."""
    until = time.monotonic() + 10
    while any(load.state == "running" for load in store.loads()) and time.monotonic() < until:
        time.sleep(0.01)
    return store.loads()


def test_a_load_that_was_killed_and_run_again_is_as_if_run_once(
    new_database: Callable[[], str],
) -> None:
    database, other = new_database(), new_database()
    process = in_another_process("SLOW = True\n" + LOADING, database)
    assert process.stdout is not None and process.stdout.readline() == "1 False\n"
    store = open_store(database)
    while store.counts()["records"] < 50:
        time.sleep(0.005)
    os.kill(process.pid, signal.SIGKILL)
    process.communicate(timeout=30)
    (stopped,) = ended(store)
    kept = store.counts()

    again = in_another_process("SLOW = False\n" + LOADING, database)
    said, _ = again.communicate(timeout=60)
    in_another_process("SLOW = False\n" + LOADING, other).communicate(timeout=60)

    once = open_store(other)
    assert stopped.state == "stopped"
    assert kept["records"] % 10 == 0 and 50 <= kept["records"] < 400
    assert kept["resources"] == 2 * kept["records"] == 2 * kept["links"]
    assert said == "1 True\n"
    assert list(store.dump()) == list(once.dump())
    assert [load.state for load in store.loads()] == ["finished"]
    store.close()
    once.close()


@pytest.mark.filterwarnings("ignore:.*multi-threaded:DeprecationWarning")
def test_a_forked_process_has_connections_of_its_own(store: Store) -> None:
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
def test_the_lock_of_a_load_goes_with_its_process(store: Store) -> None:
    child = os.fork()
    if child == 0:
        store.start_load(LoadStart("school", "m", "s", ("a",), "c"))
        os._exit(0)
    os.waitpid(child, 0)

    assert [load.state for load in ended(store)] == ["stopped"]
    assert store.start_load(LoadStart("school", "m", "s", ("a",), "c")).continued
