"""The audit: durable before the answer, shared commits, and every change of it found."""

import hashlib
import os
import signal
import sqlite3
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from gateway.problems import Refused
from gateway.store.audit import SqliteTrail

KEY = b"a secret of the gateway"


def chained(previous: bytes, body: bytes) -> bytes:
    return hashlib.sha256(previous + body).digest()


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "audit.db"


@pytest.fixture
def trail(file: Path) -> Iterator[SqliteTrail]:
    opened = SqliteTrail(file, KEY, chained, patience=2)
    yield opened
    opened.close()


def codes(trail: SqliteTrail) -> list[str]:
    return [f"{each.kind.code} {each.details.get('row', '')}".strip() for each in trail.verify()]


def change(file: Path, statement: str, *values: object) -> None:
    with closing(sqlite3.connect(file)) as connection, connection:
        assert connection.execute(statement, values).rowcount > 0


def test_looks_are_listed_by_child_in_order(trail: SqliteTrail) -> None:
    trail.append(b"one", ["ada", "ben", "ada"])
    trail.append(b"two", ["ben"])
    trail.append(b"three")

    assert list(trail.looks("ben")) == [b"one", b"two"]
    assert list(trail.looks("ada")) == [b"one"]
    assert list(trail.looks("eve")) == []
    assert trail.count() == 3
    assert codes(trail) == []


def test_events_that_belong_together_are_kept_together(trail: SqliteTrail) -> None:
    trail.append_all([(b"whole", ["ada", "ben"]), (b"part one", ["ada"]), (b"part two", [])])

    assert list(trail.looks("ada")) == [b"whole", b"part one"]
    assert (trail.count(), trail.verify()) == (3, [])


def test_an_empty_audit_is_sound(trail: SqliteTrail) -> None:
    assert codes(trail) == []


def test_what_was_appended_is_there_after_opening_again(trail: SqliteTrail, file: Path) -> None:
    trail.append(b"one", ["ada"])
    trail.close()

    again = SqliteTrail(file, KEY, chained)

    again.append(b"two", ["ada"])
    assert list(again.looks("ada")) == [b"one", b"two"]
    assert codes(again) == []
    again.close()


@pytest.mark.parametrize(
    ("statement", "found"),
    [
        pytest.param(
            "UPDATE event SET body = x'00' WHERE number = 2", ["audit.changed 2"], id="a changed event"
        ),
        pytest.param(
            "UPDATE event SET children = 'eve' WHERE number = 2", ["audit.changed 2"], id="another child"
        ),
        pytest.param(
            "UPDATE event SET hash = x'00' WHERE number = 2",
            ["audit.changed 2", "audit.changed 3"],
            id="hash",
        ),
        pytest.param("DELETE FROM event WHERE number = 2", ["audit.missing 1"], id="a row in the middle"),
        pytest.param("DELETE FROM event WHERE number = 1", ["audit.missing 0"], id="the first row"),
        pytest.param("DELETE FROM event WHERE number > 3", ["audit.missing 3"], id="the end"),
        pytest.param("DELETE FROM event", ["audit.missing 0"], id="all rows"),
        pytest.param(
            "DELETE FROM look WHERE number = 2", ["audit.changed 2"], id="a look hidden from its child"
        ),
        pytest.param("INSERT INTO look VALUES ('eve', 2)", ["audit.changed 2"], id="a look invented"),
        pytest.param(
            "UPDATE event SET body = replace(body, 'event', 'other') WHERE number = 2",
            ["audit.changed 2"],
            id="an event edited as text",
        ),
        pytest.param(
            "UPDATE event SET children = x'ff' WHERE number = 2", ["audit.changed 2"], id="children as bytes"
        ),
        pytest.param(
            "UPDATE event SET hash = hex(hash) WHERE number = 2",
            ["audit.changed 2", "audit.changed 3"],
            id="a hash as text",
        ),
        pytest.param("UPDATE head SET seal = hex(seal)", ["audit.head"], id="a seal as text"),
        pytest.param("DELETE FROM head", ["audit.head"], id="the head"),
        pytest.param("UPDATE head SET seal = x'00'", ["audit.head"], id="the seal"),
        pytest.param("UPDATE head SET number = 9", ["audit.head", "audit.missing 5"], id="the head's number"),
    ],
)
def test_a_change_is_found(trail: SqliteTrail, file: Path, statement: str, found: list[str]) -> None:
    for at in range(5):
        trail.append(b"event %d" % at, [f"child-{at}"])

    change(file, statement)

    assert codes(trail) == found


def test_an_end_cut_off_and_sealed_without_the_secret_is_found(trail: SqliteTrail, file: Path) -> None:
    for at in range(5):
        trail.append(b"event %d" % at)
    with closing(sqlite3.connect(file)) as connection:
        (hash,) = connection.execute("SELECT hash FROM event WHERE number = 3").fetchone()

    change(file, "DELETE FROM event WHERE number > 3")
    change(file, "UPDATE head SET number = 3, hash = ?", hash)

    assert codes(trail) == ["audit.head"]


def test_another_secret_does_not_fit(trail: SqliteTrail, file: Path) -> None:
    trail.append(b"one")

    other = SqliteTrail(file, b"another", chained)

    assert codes(other) == ["audit.head"]


def test_many_threads_share_commits_and_each_event_is_kept_once(trail: SqliteTrail) -> None:
    def look(name: int) -> None:
        for at in range(25):
            trail.append(b"%d %d" % (name, at), ["ada"])
            kept.append((name, at) if b"%d %d" % (name, at) in set(trail.looks("ada")) else None)

    kept: list[tuple[int, int] | None] = []
    threads = [threading.Thread(target=look, args=(name,)) for name in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert len(kept) == 200 and None not in kept
    assert trail.count() == 200
    assert codes(trail) == []


SCRIPT = """
import hashlib, sys, threading, time
from gateway.store.audit import SqliteTrail
trail = SqliteTrail(sys.argv[1], b"a secret of the gateway", lambda a, b: hashlib.sha256(a + b).digest())
lock = threading.Lock()
def look(name):
    for at in range(int(sys.argv[3])):
        event = f"{sys.argv[2]} {name} {at}".encode()
        if name:
            trail.append(event, ["ada"])
        else:
            while not trail.try_append_all([(event, ["ada"])]):
                time.sleep(0.0001)
        with lock:
            print(f"{sys.argv[2]} {name} {at}", flush=True)
threads = [threading.Thread(target=look, args=(name,)) for name in range(4)]
[thread.start() for thread in threads]
[thread.join() for thread in threads]
trail.close()
"""


def started(file: Path, name: str, times: int) -> subprocess.Popen[str]:
    command = [sys.executable, "-c", SCRIPT, str(file), name, str(times)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True)


def test_processes_share_one_chain(file: Path) -> None:
    processes = [started(file, name, 40) for name in ("left", "right")]
    for process in processes:
        process.communicate(timeout=60)

    trail = SqliteTrail(file, KEY, chained)

    assert trail.count() == 320
    assert codes(trail) == []


def test_nothing_that_was_answered_is_lost_when_the_process_is_killed(file: Path) -> None:
    process = started(file, "x", 100_000)
    assert process.stdout is not None
    answered = [process.stdout.readline() for _ in range(100)]
    os.kill(process.pid, signal.SIGKILL)
    answered += [
        line for line in process.communicate(timeout=30)[0].splitlines(keepends=True) if line.endswith("\n")
    ]

    trail = SqliteTrail(file, KEY, chained)

    kept = [event.decode() + "\n" for event in trail.looks("ada")]
    assert set(answered) <= set(kept)
    assert codes(trail) == []
    trail.append(b"after", ["ada"])
    assert codes(trail) == []
    trail.close()


def test_a_look_that_cannot_be_written_must_not_be_answered(trail: SqliteTrail, file: Path) -> None:
    trail.append(b"one")
    with closing(sqlite3.connect(file, isolation_level=None)) as connection:
        connection.execute("BEGIN IMMEDIATE")
        with pytest.raises(Refused) as caught:
            trail.append(b"two")
        connection.execute("ROLLBACK")

    assert caught.value.problems[0].kind.code == "store.audit"
    assert caught.value.status == 503
    trail.append(b"three")
    assert trail.count() == 2
    assert codes(trail) == []


def test_the_first_look_waits_for_somebody_who_has_the_file_alone(trail: SqliteTrail, file: Path) -> None:
    alone = sqlite3.connect(file, isolation_level=None, check_same_thread=False)
    alone.execute("PRAGMA locking_mode=EXCLUSIVE")
    alone.execute("SELECT count(*) FROM event").fetchone()
    gone = threading.Timer(0.2, alone.close)
    gone.start()

    trail.append(b"one", ["ada"])

    gone.join()
    assert list(trail.looks("ada")) == [b"one"]


def test_a_closed_audit_refuses(trail: SqliteTrail) -> None:
    trail.append(b"one")
    trail.close()
    trail.close()

    with pytest.raises(Refused) as caught:
        trail.append(b"two")

    assert caught.value.problems[0].kind.code == "store.audit"


@pytest.mark.filterwarnings("ignore:.*multi-threaded:DeprecationWarning")
def test_a_forked_process_writes_into_the_same_chain(trail: SqliteTrail) -> None:
    trail.append(b"parent")
    child = os.fork()
    if child == 0:
        try:
            trail.append(b"child")
            trail.close()
            os._exit(0)
        finally:
            os._exit(2)
    _, status = os.waitpid(child, 0)
    trail.append(b"parent again")

    assert os.waitstatus_to_exitcode(status) == 0
    assert trail.count() == 3
    assert codes(trail) == []


def test_events_are_kept_at_once_where_nobody_else_writes(trail: SqliteTrail) -> None:
    trail.append(b"one", ["ada"])

    assert trail.try_append_all([(b"two", ["ben", "ada", "ben"]), (b"three", ())])
    trail.append(b"four", ["ben"])

    assert list(trail.looks("ada")) == [b"one", b"two"]
    assert list(trail.looks("ben")) == [b"two", b"four"]
    assert trail.count() == 4
    assert codes(trail) == []


def test_nothing_is_kept_at_once_while_another_process_writes(trail: SqliteTrail, file: Path) -> None:
    with closing(sqlite3.connect(file, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        began = time.perf_counter()
        kept = [trail.try_append_all([(b"one", ["ada"])]) for _ in range(20)]
        took = time.perf_counter() - began
        other.execute("ROLLBACK")

    assert not any(kept)
    assert took < 1
    assert trail.count() == 0
    assert trail.try_append_all([(b"two", ["ada"])])
    assert list(trail.looks("ada")) == [b"two"]
    assert codes(trail) == []


def test_nothing_is_kept_at_once_in_a_file_that_somebody_has_alone(trail: SqliteTrail, file: Path) -> None:
    with closing(sqlite3.connect(file, isolation_level=None)) as alone:
        alone.execute("PRAGMA locking_mode=EXCLUSIVE")
        alone.execute("SELECT count(*) FROM event").fetchone()

        assert not trail.try_append_all([(b"one", ["ada"])])

    assert trail.try_append_all([(b"two", ["ada"])])
    assert list(trail.looks("ada")) == [b"two"]


def test_nothing_is_kept_at_once_while_another_thread_waits_for_its_turn(
    trail: SqliteTrail, file: Path
) -> None:
    with closing(sqlite3.connect(file, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        waits = threading.Thread(target=trail.append, args=(b"one", ["ada"]))
        waits.start()
        while not trail._writing:
            time.sleep(0.001)

        kept = trail.try_append_all([(b"two", ["ada"])])

        other.execute("ROLLBACK")
    waits.join()
    assert not kept
    assert list(trail.looks("ada")) == [b"one"]
    assert trail.try_append_all([(b"three", ["ada"])])
    assert codes(trail) == []


def test_threads_that_wait_and_one_that_does_not_share_one_chain(trail: SqliteTrail) -> None:
    def look(name: int) -> None:
        for at in range(50):
            trail.append(b"%d %d" % (name, at), ["ada"])

    threads = [threading.Thread(target=look, args=(name,)) for name in range(4)]
    for thread in threads:
        thread.start()
    tried = [(b"at once %d" % at, trail.try_append_all([(b"at once %d" % at, ["ben"])])) for at in range(400)]
    for thread in threads:
        thread.join()

    assert list(trail.looks("ben")) == [event for event, kept in tried if kept]
    assert len(list(trail.looks("ada"))) == 200
    assert codes(trail) == []


def test_what_cannot_be_kept_at_once_for_another_reason_must_not_be_answered(
    trail: SqliteTrail, file: Path
) -> None:
    trail.append(b"one")
    with closing(sqlite3.connect(file)) as other, other:
        other.execute("ALTER TABLE event RENAME TO gone")
    with pytest.raises(Refused) as caught:
        trail.try_append_all([(b"two", ["ada"])])
    with closing(sqlite3.connect(file)) as other, other:
        other.execute("ALTER TABLE gone RENAME TO event")

    assert caught.value.problems[0].kind.code == "store.audit"
    assert trail.try_append_all([(b"three", ["ada"])])
    assert trail.count() == 2
    trail.close()
    with pytest.raises(Refused):
        trail.try_append_all([(b"four", ["ada"])])


def test_a_file_that_is_no_audit(file: Path) -> None:
    file.write_bytes(b"not a database, surely" * 100)

    with pytest.raises(Refused) as caught:
        SqliteTrail(file, KEY, chained)

    assert caught.value.problems[0].kind.code == "store.not-a-database"
