"""A database that cannot be used as it should: each a problem with its remedy, and nothing half written."""

import os
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from told import version

from gateway.problems import Refused
from gateway.store.faults import refused
from gateway.store.schema import APPLICATIONS, migrations
from gateway.store.sqlite import SqliteStore


def refusal(file: Path, **more: int) -> str:
    """The code of the problem that opening gives."""
    with pytest.raises(Refused) as caught:
        SqliteStore(file, patience=0.2, **more)
    assert caught.value.status in (503, 507)
    assert "…" not in str(caught.value) + caught.value.problems[0].fix
    return caught.value.problems[0].kind.code


def test_a_file_that_is_no_database(tmp_path: Path) -> None:
    (tmp_path / "gateway.db").write_bytes(b"CHILD,SEX,DOB\n" * 1000)

    assert refusal(tmp_path / "gateway.db") == "store.not-a-database"
    assert (tmp_path / "gateway.db").read_bytes().startswith(b"CHILD")


def test_a_database_of_another_program(tmp_path: Path) -> None:
    with closing(sqlite3.connect(tmp_path / "gateway.db")) as connection:
        connection.execute("CREATE TABLE theirs (a)")

    assert refusal(tmp_path / "gateway.db") == "store.not-ours"


def test_a_folder_that_is_not_there(tmp_path: Path) -> None:
    assert refusal(tmp_path / "nowhere" / "gateway.db") == "store.cannot-open"


def test_a_database_of_a_newer_version(tmp_path: Path) -> None:
    SqliteStore(tmp_path / "gateway.db").close()
    with closing(sqlite3.connect(tmp_path / "gateway.db")) as connection:
        connection.execute("PRAGMA user_version=99")

    assert refusal(tmp_path / "gateway.db") == "store.newer"


def test_a_database_of_an_older_version_that_must_not_be_written(open_folder: Path) -> None:
    file, steps = open_folder / "gateway.db", migrations("sqlite")
    with closing(sqlite3.connect(file)) as connection:
        connection.executescript("".join(steps[:-1]))
        connection.execute(f"PRAGMA application_id={APPLICATIONS['sqlite']}")
        connection.execute(f"PRAGMA user_version={len(steps) - 1}")
    file.chmod(0o444)
    open_folder.chmod(0o777)
    script = f"""
try:
    SqliteStore({str(file)!r}, patience=0.2)
except Refused as refused:
    print(refused.problems[0].kind.code, refused.problems[0].says)
"""

    code, says = as_nobody(script).strip().split(" ", 1)

    assert code == "store.older"
    assert f"({len(steps) - 1} of {len(steps)})" in says
    file.chmod(0o644)
    SqliteStore(file).close()
    with closing(sqlite3.connect(file)) as connection:
        assert connection.execute("PRAGMA user_version").fetchone() == (len(steps),)


def test_a_damaged_database(tmp_path: Path) -> None:
    store = SqliteStore(tmp_path / "gateway.db")
    with store.write() as work:
        work.put([version(f"o{at}") for at in range(2000)])
    store.close()
    content = bytearray((tmp_path / "gateway.db").read_bytes())
    content[8192:] = b"\xa5" * (len(content) - 8192)
    (tmp_path / "gateway.db").write_bytes(content)

    with pytest.raises(Refused) as caught:
        SqliteStore(tmp_path / "gateway.db").read("school", "Observation", "o1")

    assert caught.value.problems[0].kind.code == "store.not-a-database"


def test_a_full_disk_keeps_nothing_of_the_write(tmp_path: Path) -> None:
    store = SqliteStore(tmp_path / "gateway.db", most_bytes=2_000_000)
    with store.write() as work:
        work.put([version("o1")])
    before = store.snapshot()

    with pytest.raises(Refused) as caught, store.write() as work:
        work.put([version(f"n{at}", text="x" * 5000) for at in range(1000)])

    assert caught.value.problems[0].kind.code == "store.disk-full"
    assert caught.value.status == 507
    assert store.snapshot() == before
    with store.write() as work:
        work.put([version("o2")])
    store.close()


def test_a_disk_that_ends_in_the_middle_of_a_commit(tmp_path: Path) -> None:
    script = f"""
import resource, sys
sys.path.append({str(Path(__file__).parent)!r})
from told import *
from gateway.problems import Refused
from gateway.store.sqlite import SqliteStore
store = SqliteStore({str(tmp_path / "gateway.db")!r})
with store.write() as work:
    work.put([version("o1")])
before = store.snapshot()
resource.setrlimit(resource.RLIMIT_FSIZE, (1_000_000, 1_000_000))
try:
    with store.write() as work:
        work.put([version(f"n{{at}}", text="x" * 5000) for at in range(1000)])
except Refused as refused:
    print(refused.problems[0].kind.code, store.snapshot() == before)
"""
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=60)

    assert done.stdout in ("store.disk-full True\n", "store.disk True\n"), done.stderr
    store = SqliteStore(tmp_path / "gateway.db")
    assert store.counts()["resources"] == 1
    store.close()


def test_a_disk_without_room_for_what_connections_share_is_a_full_one() -> None:
    error = sqlite3.OperationalError("disk I/O error")
    error.sqlite_errorcode = sqlite3.SQLITE_IOERR_SHMSIZE

    found = refused(error, "gateway.db")

    assert found is not None and found.problems[0].kind.code == "store.disk-full"


@pytest.fixture
def open_folder() -> Iterator[Path]:
    """A folder that every user may look into (pytest's own are for their owner only)."""
    with TemporaryDirectory() as folder:
        Path(folder).chmod(0o755)
        yield Path(folder)
        Path(folder).chmod(0o755)


def as_nobody(script: str) -> str:
    """What a script prints that runs as a user without rights on our files."""
    start = f"""
import os, sys
sys.path.append({str(Path(__file__).parent)!r})
from told import *
from gateway.problems import Refused
from gateway.store.schema import migrations
from gateway.store.sqlite import SqliteStore
migrations("sqlite")
if os.getuid() == 0:
    os.setgid(65534)
    os.setuid(65534)
"""
    done = subprocess.run([sys.executable, "-c", start + script], capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_a_read_only_database_can_be_read_and_refuses_writes(open_folder: Path) -> None:
    file = open_folder / "gateway.db"
    store = SqliteStore(file)
    with store.write() as work:
        work.put([version("o1")])
    for each in open_folder.iterdir():
        each.chmod(0o444)
    open_folder.chmod(0o555)
    script = f"""
store = SqliteStore({str(file)!r}, patience=0.2)
print(store.read("school", "Observation", "o1").version)
try:
    with store.write() as work:
        work.put([version("o2")])
except Refused as refused:
    print(refused.problems[0].kind.code, refused.status)
"""

    assert as_nobody(script) == "1\nstore.read-only 503\n"
    open_folder.chmod(0o755)
    store.close()


def test_a_folder_that_must_not_be_written(open_folder: Path) -> None:
    open_folder.chmod(0o555)
    script = f"""
try:
    SqliteStore({str(open_folder / "gateway.db")!r}, patience=0.2)
except Refused as refused:
    print(refused.problems[0].kind.code)
"""

    assert as_nobody(script) == "store.cannot-open\n"


def test_two_processes_may_open_a_new_database_at_once(tmp_path: Path) -> None:
    script = (
        f"from gateway.store.sqlite import SqliteStore; SqliteStore({str(tmp_path / 'gateway.db')!r}).close()"
    )
    processes = [subprocess.Popen([sys.executable, "-c", script]) for _ in range(4)]

    assert [process.wait(timeout=60) for process in processes] == [0] * 4


def test_the_schema_is_what_its_migrations_say(tmp_path: Path) -> None:
    SqliteStore(tmp_path / "gateway.db").close()
    with closing(sqlite3.connect(tmp_path / "gateway.db")) as connection:
        assert connection.execute("PRAGMA user_version").fetchone() == (len(migrations("sqlite")),)
        assert connection.execute("PRAGMA journal_mode").fetchone() == ("wal",)
        assert connection.execute("PRAGMA page_size").fetchone() == (8192,)
    assert os.listdir(tmp_path) == ["gateway.db"]
