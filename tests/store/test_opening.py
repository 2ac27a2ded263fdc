"""Which database a setting names, and how it is shown."""

import os
from contextlib import closing, suppress
from importlib import import_module
from pathlib import Path

import pytest

from gateway.config import load, without_password
from gateway.problems import Refused
from gateway.security.audit import chained
from gateway.store.audit import SqliteTrail
from gateway.store.connections import connect
from gateway.store.opening import open_store
from gateway.store.schema import migrations, prepare


def settings(folder: Path, database: str) -> str:
    """The setting `database` of a gateway.toml in a folder."""
    (folder / "gateway.toml").write_text(f'database = "{database}"\n')
    return str(load(folder / "gateway.toml", {})["database"])


@pytest.mark.parametrize("written", ["gateway.db", "sqlite:gateway.db"])
def test_a_file_is_taken_from_the_folder_of_the_settings(tmp_path: Path, written: str) -> None:
    assert settings(tmp_path, written) == str(tmp_path / "gateway.db")

    open_store(settings(tmp_path, written)).close()

    assert (tmp_path / "gateway.db").exists()


@pytest.mark.parametrize("url", ["postgresql://me@db.example/children", "postgres://db.example"])
def test_a_server_is_named_by_its_url(tmp_path: Path, url: str) -> None:
    assert settings(tmp_path, url) == url


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("postgresql://me:hush@db.example/children", "postgresql://me:…@db.example/children"),
        ("postgresql://me:hu%3Ash@db.example:5432/", "postgresql://me:…@db.example:5432/"),
        ("postgresql://db.example/x?user=me&password=hush", "postgresql://db.example/x?user=me&password=…"),
        (
            "postgresql://db.example/x?password=hush&sslmode=require",
            "postgresql://db.example/x?password=…&sslmode=require",
        ),
        ("postgresql://me@db.example/children", "postgresql://me@db.example/children"),
        ("/var/lib/fhirgate/gateway.db", "/var/lib/fhirgate/gateway.db"),
    ],
)
def test_a_password_is_never_shown(url: str, shown: str) -> None:
    assert without_password(url) == shown


def test_a_store_with_resources_says_that_its_index_is_of_before(
    database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    # both are there before either is changed: the one takes `migrations` from the other
    modules = [import_module(f"gateway.store.{name}") for name in ("schema", "postgres.schema")]
    for module in modules:
        monkeypatch.setattr(module, "migrations", lambda kind: migrations(kind)[:3])
    store = open_store(database)
    with store.write() as work, work.lend() as session:
        columns = (
            "rid, type, state, time, updated, version, highest, local, public, digest, method, place, rule"
        )
        values = "1, 1, 0, 0, 0, 1, 1, 'a', 'a', '', '', '', ''"
        session.execute(f"INSERT INTO resource ({columns}, told, body) VALUES ({values}, '', '')")
    store.close()
    monkeypatch.undo()

    again = open_store(database)

    assert again.indexed() == {"": "1"}
    again.close()


def test_a_new_store_lacks_nothing(database: str) -> None:
    store = open_store(database)

    assert store.indexed() == {}
    store.close()


def test_a_file_that_must_be_there_is_not_made(tmp_path: Path) -> None:
    with pytest.raises(Refused) as caught:
        open_store(str(tmp_path / "gateway.db"), new=False)

    assert caught.value.problems[0].kind.code == "store.cannot-open"
    assert not (tmp_path / "gateway.db").exists()


def test_a_database_that_somebody_makes_meanwhile_is_no_strangers(tmp_path: Path) -> None:
    file = str(tmp_path / "audit.db")

    def made_meanwhile(statement: str) -> None:
        if "sqlite_master" in statement and not made:
            made.append(statement)
            with closing(connect(file, 0.05)) as other, suppress(Refused):
                prepare(other, file, 0.05, "audit")

    made: list[str] = []
    with closing(connect(file, 5)) as connection:
        connection.set_trace_callback(made_meanwhile)
        prepare(connection, file, 5, "audit")
        connection.set_trace_callback(None)

        assert made
        assert connection.execute("SELECT count(*) FROM event").fetchone() == (0,)


def test_what_is_made_is_readable_by_its_owner_alone(tmp_path: Path) -> None:
    before = os.umask(0o022)
    try:
        store = open_store(str(tmp_path / "gateway.db"))
        with store.write() as work:
            work.note({"a": "1"})
        trail = SqliteTrail(tmp_path / "audit.db", b"key", chained)
        trail.append(b"one")

        made = {each.name: each.stat().st_mode & 0o777 for each in tmp_path.iterdir() if ".db" in each.name}

        assert {"gateway.db", "gateway.db-wal", "audit.db", "audit.db-wal"} <= set(made)
        assert set(made.values()) == {0o600}
        store.close()
        trail.close()
    finally:
        os.umask(before)
