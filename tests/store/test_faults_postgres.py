"""A PostgreSQL database that cannot be used as it should: each a problem with its remedy."""

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import closing

import pytest
from postgres import server_of
from told import patient, token, version

from gateway.fhir.query import Entry, Query, Text, Token
from gateway.problems import Refused
from gateway.store.base import ASK, Store
from gateway.store.opening import open_store
from gateway.store.schema import migrations

psycopg = pytest.importorskip("psycopg")


def refusal(database: str) -> str:
    """The code of the problem that opening gives."""
    with pytest.raises(Refused) as caught:
        open_store(database, patience=0.2)
    said = str(caught.value) + caught.value.problems[0].fix
    assert caught.value.status == 503
    assert "…" not in said and "hush" not in said
    return caught.value.problems[0].kind.code


def run(database: str, *statements: str) -> None:
    """Statements of another program."""
    with psycopg.connect(database, autocommit=True) as connection:
        for statement in statements:
            connection.execute(statement.encode())


@pytest.fixture
def database(postgres: Callable[[], str]) -> str:
    """An empty database."""
    return postgres()


@pytest.fixture
def store(database: str) -> Iterator[Store]:
    """An empty store."""
    with closing(open_store(database, patience=0.5)) as opened:
        yield opened


def test_a_server_that_is_not_there() -> None:
    assert refusal("postgresql://somebody:hush@127.0.0.1:1/none") == "store.unreachable"


def test_a_database_that_is_not_there(database: str) -> None:
    assert refusal(server_of(database).replace("/postgres", "/none")) == "store.unreachable"


def test_a_url_that_is_none(database: str) -> None:
    assert refusal("postgresql://[somebody:hush") == "store.not-a-url"


def test_tables_of_another_program(database: str) -> None:
    run(database, "CREATE TABLE theirs (a integer)")

    assert refusal(database) == "store.not-ours"


def test_a_database_of_a_newer_version(database: str) -> None:
    open_store(database).close()
    run(database, "UPDATE fhirgate SET version = 99")

    assert refusal(database) == "store.newer"


def test_a_database_that_is_not_utf8(database: str) -> None:
    server = server_of(database)
    run(server, "CREATE DATABASE latin ENCODING LATIN1 TEMPLATE template0 LOCALE 'C'")
    try:
        assert refusal(server.replace("/postgres", "/latin")) == "store.not-utf8"
    finally:
        run(server, "DROP DATABASE latin WITH (FORCE)")


def test_a_user_that_must_only_read(store: Store, database: str) -> None:
    with store.write() as work:
        work.put([version("o1")])
    run(
        database,
        "DROP ROLE IF EXISTS reader",
        "CREATE ROLE reader LOGIN",
        "DO $$ BEGIN EXECUTE format('GRANT USAGE ON SCHEMA %I TO reader', current_schema()); END $$",
        "DO $$ BEGIN EXECUTE format('GRANT SELECT ON ALL TABLES IN SCHEMA %I TO reader', current_schema());"
        " END $$",
    )
    reading = open_store(database.replace("fhirgate@", "reader@"))

    row = reading.read("school", "Observation", "o1")
    with pytest.raises(Refused) as caught, reading.write() as work:
        work.put([version("o2")])

    assert row is not None and row.version == "1"
    assert caught.value.problems[0].kind.code == "store.read-only"
    reading.close()
    run(database, "DROP OWNED BY reader", "DROP ROLE reader")


#: Of this process alone: another one of the run may hang up at the same moment.
NAME = f"hung-up-{os.getpid()}"


def hang_up(database: str) -> None:
    """End the sessions of that name, as a server does that is started anew."""
    with psycopg.connect(database, autocommit=True) as connection:
        named = "FROM pg_stat_activity WHERE application_name = %s"
        connection.execute(f"SELECT pg_terminate_backend(pid, 5000) {named}", (NAME,))


@pytest.fixture
def hanging(database: str) -> Iterator[Store]:
    """A store with a resource, whose sessions have a name of their own: others may use the server as well."""
    with closing(open_store(f"{database}&application_name={NAME}")) as opened:
        write(opened, "o1")
        assert opened.read("school", "Observation", "o1")
        yield opened


def test_a_server_that_hung_up_meanwhile_is_found_again_by_whoever_comes_first(
    hanging: Store, database: str
) -> None:
    hang_up(database)
    assert hanging.read("school", "Observation", "o1")
    hang_up(database)
    write(hanging, "o2")
    hang_up(database)

    assert hanging.search("school", Query("Observation"), limit=5).total == 2


def test_a_server_that_hangs_up_in_the_middle_keeps_nothing_and_is_found_again(
    hanging: Store, database: str
) -> None:
    codes = []
    for lent in (hanging.lend(), hanging.lend(steady=True)):  # type: ignore[attr-defined]
        with pytest.raises(Refused) as caught, lent as session:
            hang_up(database)
            session.execute("SELECT 1").fetchone()
        codes.append((caught.value.problems[0].kind.code, caught.value.status))
    with pytest.raises(Refused) as caught, hanging.write() as work:
        work.put([version("o2")])
        hang_up(database)
    codes.append((caught.value.problems[0].kind.code, caught.value.status))

    assert codes == [("store.unreachable", 503)] * 3
    assert hanging.read("school", "Observation", "o2") is None
    write(hanging, "o3")
    assert hanging.read("school", "Observation", "o3")


def write(store: Store, local: str) -> None:
    """Write one resource."""
    with store.write() as work:
        work.put([version(local)])


@pytest.mark.parametrize(
    ("put", "code"),
    [
        (version("o1", entries=(Entry("note", Text("a\0", "A\0")),)), "store.nul"),
        (version("o1", entries=(Entry("note", Text("\ud83d", "\ud83d")),)), "store.half-character"),
        (version("".join(map(chr, range(0x4E00, 0x4E00 + 5000)))), "store.too-long"),
    ],
    ids=["U+0000", "half a character", "an id beyond all measure"],
)
def test_a_text_that_cannot_be_kept_keeps_nothing(store: Store, put, code: str) -> None:  # type: ignore[no-untyped-def]
    with store.write() as work:
        work.put([patient("p1")])
    before = store.snapshot()

    with pytest.raises(Refused) as caught, store.write() as work:
        work.put([version("o2"), put])

    assert caught.value.problems[0].kind.code == code
    assert caught.value.status == 422
    assert store.snapshot() == before
    write(store, "o3")


def test_a_question_with_a_character_that_is_none_is_refused(store: Store) -> None:
    with store.write() as work:
        work.put([version("o1", entries=(Entry("code", Token("s", "c")),))])

    with pytest.raises(Refused) as caught:
        store.search(ASK, Query("Observation", (token("code", "c\0"),)), limit=5)

    assert caught.value.problems[0].kind.code == "store.nul"
    assert store.search("school", Query("Observation", (token("code", "c"),)), limit=5).total == 1


def test_a_closed_store_says_so(database: str) -> None:
    store = open_store(database)
    store.read("school", "Observation", "o1")
    store.close()

    for attempt in (lambda: store.read("school", "Observation", "o1"), lambda: write(store, "o1")):
        with pytest.raises(Refused) as caught:
            attempt()
        assert caught.value.problems[0].kind.code == "store.closed"


def test_several_processes_may_open_a_new_database_at_once(database: str) -> None:
    script = f"from gateway.store.opening import open_store; open_store({database!r}).close()"
    processes = [subprocess.Popen([sys.executable, "-c", script]) for _ in range(4)]

    assert [process.wait(timeout=60) for process in processes] == [0] * 4
    with psycopg.connect(database) as connection:
        assert connection.execute("SELECT version FROM fhirgate").fetchall() == [
            (len(migrations("postgres")),)
        ]


def test_without_the_driver_the_gateway_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "psycopg", None)

    with pytest.raises(Refused) as caught:
        open_store("postgresql://localhost/fhirgate")

    assert caught.value.problems[0].kind.code == "store.no-postgres"
    assert "pip install fhirgate[postgres]" in caught.value.problems[0].fix
