"""The audit: durable before the answer, shared commits, and every change of it found."""

import hashlib
import hmac
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
from gateway.store.chain import INDEXED
from gateway.store.schema import APPLICATIONS, migrations

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


@pytest.fixture
def long(trail: SqliteTrail) -> SqliteTrail:
    """260 events, of which the index has the first 256."""
    trail.append_all([(b"event %d" % at, [f"child-{at}"]) for at in range(1, INDEXED)])
    for at in range(INDEXED, INDEXED + 5):
        trail.append(b"event %d" % at, [f"child-{at}"])
    return trail


@pytest.mark.parametrize("row", [2, INDEXED, INDEXED + 2], ids=["indexed", "indexed last", "not indexed"])
@pytest.mark.parametrize(
    ("statement", "found"),
    [
        pytest.param("UPDATE event SET body = x'00' WHERE number = {}", ["audit.changed {}"], id="an event"),
        pytest.param("UPDATE event SET children = 'eve' WHERE number = {}", ["audit.changed {}"], id="child"),
        pytest.param(
            "UPDATE event SET hash = x'00' WHERE number = {}",
            ["audit.changed {}", "audit.changed {next}"],
            id="a hash",
        ),
        pytest.param("DELETE FROM event WHERE number = {}", ["audit.missing {before}"], id="a row"),
        pytest.param("DELETE FROM event WHERE number > {}", ["audit.missing {}"], id="the end"),
        pytest.param("INSERT INTO look VALUES (0, 'eve', {})", ["audit.changed {}"], id="a look invented"),
        pytest.param("INSERT INTO look VALUES (0, '', {})", ["audit.changed {}"], id="a look at nobody"),
        pytest.param(
            "INSERT INTO look VALUES (1, 'eve', {})", ["audit.changed {}"], id="a look in a wrong block"
        ),
        pytest.param(
            "UPDATE event SET body = replace(body, 'event', 'other') WHERE number = {}",
            ["audit.changed {}"],
            id="an event edited as text",
        ),
        pytest.param(
            "UPDATE event SET children = x'ff' WHERE number = {}",
            ["audit.changed {}"],
            id="children as bytes",
        ),
        pytest.param(
            "UPDATE event SET hash = hex(hash) WHERE number = {}",
            ["audit.changed {}", "audit.changed {next}"],
            id="a hash as text",
        ),
    ],
)
def test_a_change_is_found(long: SqliteTrail, file: Path, statement: str, found: list[str], row: int) -> None:
    change(file, statement.format(row))

    assert codes(long) == [each.format(row, before=row - 1, next=row + 1) for each in found]


@pytest.mark.parametrize(
    ("statement", "found"),
    [
        pytest.param("DELETE FROM event WHERE number = 1", ["audit.missing 0"], id="the first row"),
        pytest.param("DELETE FROM event", ["audit.missing 0"], id="all rows"),
        pytest.param("DELETE FROM look WHERE number = 2", ["audit.changed 2"], id="a look hidden"),
        pytest.param("UPDATE look SET block = 1 WHERE number = 2", ["audit.changed 2"], id="a look moved"),
        pytest.param(
            "UPDATE indexed SET number = 255", ["audit.changed 256"], id="an index said to end earlier"
        ),
        pytest.param(
            "UPDATE indexed SET number = 257", ["audit.changed 257"], id="an index said to go further"
        ),
        pytest.param(
            "UPDATE event SET seal = hex(seal) WHERE number = 260", ["audit.head"], id="a seal as text"
        ),
        pytest.param("UPDATE event SET seal = x'00' WHERE number = 260", ["audit.head"], id="another seal"),
        pytest.param("UPDATE event SET seal = NULL WHERE number = 260", ["audit.missing 260"], id="no seal"),
        pytest.param(
            "UPDATE event SET number = 300 WHERE number = 260",
            ["audit.missing 259", "audit.head"],
            id="number",
        ),
    ],
)
def test_a_change_of_the_index_or_the_end_is_found(
    long: SqliteTrail, file: Path, statement: str, found: list[str]
) -> None:
    change(file, statement)

    assert codes(long) == found


def test_that_somebody_deleted_how_far_the_index_goes_is_found(trail: SqliteTrail, file: Path) -> None:
    trail.append(b"one", ["ada"])

    change(file, "DELETE FROM indexed")

    assert codes(trail) == ["audit.head"]


def test_all_rows_of_a_short_audit_deleted_are_found(trail: SqliteTrail, file: Path) -> None:
    trail.append(b"one", ["ada"])

    change(file, "DELETE FROM event")

    assert codes(trail) == ["audit.missing 0"]


@pytest.mark.parametrize("reopened", [False, True])
@pytest.mark.parametrize("left", [0, 3, INDEXED, INDEXED + 3])
def test_an_end_cut_off_is_found_after_more_was_appended(
    long: SqliteTrail, file: Path, left: int, reopened: bool
) -> None:
    change(file, "DELETE FROM event WHERE number > ?", left)
    trail = SqliteTrail(file, KEY, chained) if reopened else long

    trail.append(b"more", ["eve"])
    trail.append(b"and more", ["eve"])

    assert codes(trail) == [f"audit.missing {left}"]
    assert list(trail.looks("eve")) == [b"more", b"and more"]
    trail.close()


def test_looks_are_kept_whatever_somebody_wrote_into_the_index(long: SqliteTrail, file: Path) -> None:
    change(file, "INSERT INTO look VALUES (0, 'child-258', 258), (0, 'eve', ?)", 2 * INDEXED)
    change(file, "UPDATE event SET children = x'ff' WHERE number = 259")

    for _ in range(INDEXED):
        long.append(b"more", ["eve"])

    assert codes(long) == ["audit.changed 259"]
    change(file, "UPDATE indexed SET number = 1000000")
    for _ in range(INDEXED):
        long.append(b"more", ["eve"])
    assert long.count() == 260 + 2 * INDEXED
    assert codes(long)


def test_looks_are_listed_across_the_end_of_the_index(trail: SqliteTrail) -> None:
    children = [["ada", "ben"], ["ada"], ["b", "en"], [], ["ben"]]
    expected = []
    for at in range(3 * INDEXED):
        seen = children[at % len(children)]
        trail.append(b"%d" % at, seen)
        expected += [b"%d" % at] * ("ben" in seen)
        if at % 50 == 0 or at % INDEXED in (INDEXED - 2, INDEXED - 1, 0):
            assert list(trail.looks("ben")) == expected

    assert list(trail.looks("ben")) == expected
    assert list(trail.looks("be")) == []
    assert codes(trail) == []


def test_looks_are_listed_across_blocks_of_the_index(trail: SqliteTrail) -> None:
    expected = []
    for begun in range(0, 12_000, 400):
        trail.append_all([(b"%d" % at, [f"c{at % 7}", "all"]) for at in range(begun, begun + 400)])
    expected = [b"%d" % at for at in range(12_000) if at % 7 == 3]

    assert list(trail.looks("c3")) == expected
    assert len(list(trail.looks("all"))) == 12_000
    assert codes(trail) == []


def test_many_children_are_indexed_sooner(trail: SqliteTrail, file: Path) -> None:
    for at in range(3):
        trail.append(b"%d" % at, [f"c{each}" for each in range(INDEXED)])

    with closing(sqlite3.connect(file)) as connection:
        (upto,) = connection.execute("SELECT number FROM indexed").fetchone()
    assert upto == 2
    assert list(trail.looks("c7")) == [b"0", b"1", b"2"]
    assert codes(trail) == []


def test_an_end_cut_off_and_sealed_without_the_secret_is_found(long: SqliteTrail, file: Path) -> None:
    change(file, "UPDATE event SET seal = (SELECT seal FROM event WHERE number = 260) WHERE number = 258")
    change(file, "DELETE FROM event WHERE number > 258")

    assert codes(long) == ["audit.head"]


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
    answered = [process.stdout.readline() for _ in range(2 * INDEXED)]
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


def old_audit(file: Path, events: int, *tampered: str) -> None:
    """An audit as it was kept before the seal was in the last row: a head, and an index up to the end."""
    with closing(sqlite3.connect(file)) as connection, connection:
        connection.executescript(migrations("audit")[0])
        hash = bytes(32)
        for number in range(1, events + 1):
            body, children = b"event %d" % number, ["ada", f"child-{number}"] if number % 2 else []
            content = b"%d %d %s %s" % (number, len(body), body, " ".join(children).encode())
            hash = chained(hash, content)
            connection.execute(
                "INSERT INTO event VALUES (?, ?, ?, ?)", (number, body, " ".join(children), hash)
            )
            connection.executemany("INSERT INTO look VALUES (?, ?)", [(child, number) for child in children])
        if events:
            seal = hmac.digest(KEY, b"audit head %d " % events + hash, "sha256")
            connection.execute("INSERT INTO head VALUES (1, ?, ?, ?)", (events, hash, seal))
        for statement in tampered:
            connection.execute(statement)
        connection.execute("PRAGMA journal_mode=WAL")
        connection.execute(f"PRAGMA application_id={APPLICATIONS['audit']}")
        connection.execute("PRAGMA user_version=1")


@pytest.mark.parametrize("events", [0, 1, 300, 5000])
def test_an_audit_of_before_is_carried_over(file: Path, events: int) -> None:
    old_audit(file, events)

    trail = SqliteTrail(file, KEY, chained)

    odd = [b"event %d" % number for number in range(1, events + 1, 2)]
    assert codes(trail) == []
    assert trail.count() == events
    assert list(trail.looks("ada")) == odd
    for _ in range(INDEXED):
        trail.append(b"more", ["ada", "eve"])
    assert codes(trail) == []
    assert list(trail.looks("ada")) == odd + [b"more"] * INDEXED
    assert list(trail.looks("eve")) == [b"more"] * INDEXED
    assert list(trail.looks("child-299")) == ([b"event 299"] if events >= 299 else [])
    trail.close()


@pytest.mark.parametrize(
    ("statement", "found"),
    [
        pytest.param("UPDATE event SET body = x'00' WHERE number = 2", ["audit.changed 2"], id="an event"),
        pytest.param("DELETE FROM look WHERE number = 3", ["audit.changed 3"], id="a look hidden"),
        pytest.param("INSERT INTO look VALUES ('eve', 2)", ["audit.changed 2"], id="a look invented"),
        pytest.param("DELETE FROM event WHERE number > 3", ["audit.missing 3"], id="the end"),
        pytest.param("DELETE FROM event", ["audit.missing 0"], id="all rows"),
        pytest.param("DELETE FROM head", ["audit.missing 5"], id="the head"),
        pytest.param("UPDATE head SET seal = x'00'", ["audit.head"], id="the seal"),
        pytest.param("UPDATE head SET number = 9", ["audit.missing 5"], id="the head's number"),
    ],
)
def test_a_change_of_before_is_found_after_it_was_carried_over(
    file: Path, statement: str, found: list[str]
) -> None:
    old_audit(file, 5, statement)

    trail = SqliteTrail(file, KEY, chained)

    assert codes(trail) == found


def test_a_file_that_is_no_audit(file: Path) -> None:
    file.write_bytes(b"not a database, surely" * 100)

    with pytest.raises(Refused) as caught:
        SqliteTrail(file, KEY, chained)

    assert caught.value.problems[0].kind.code == "store.not-a-database"
