"""The schema in a PostgreSQL database, as numbered migrations that run when it is opened."""

from gateway.problems import refuse
from gateway.problems.store import STORE_ENCODING, STORE_FOREIGN, STORE_NEWER
from gateway.store.postgres.connections import LOCKS
from gateway.store.postgres.session import PostgresSession
from gateway.store.schema import migrations

_TABLES = "SELECT tablename FROM pg_tables WHERE schemaname = current_schema()"


def prepare(session: PostgresSession, server: str, patience: float) -> None:
    """Make the database ready: new, brought up to date, or as it is.

    Args:
        session: in no transaction.
        server: what it is called in remedies.
        patience: seconds to wait for another process that does the same.

    Raises:
        Refused: `store.not-ours`, `store.newer`, `store.not-utf8`.
        psycopg.Error: what `faults.refused` knows.
    """
    steps = migrations("postgres")
    if session.execute("SHOW server_encoding").fetchone() != ("UTF8",):
        raise refuse(STORE_ENCODING, file=server)
    if _version(session, server, len(steps)) == len(steps):
        return
    session.say(
        "BEGIN",
        f"SET LOCAL lock_timeout = {int(patience * 1000)}",
        f"SELECT pg_advisory_xact_lock({LOCKS}, 0)",
    )
    for step in steps[_version(session, server, len(steps)) :]:
        session.say(step)
    session.say("DELETE FROM fhirgate", f"INSERT INTO fhirgate VALUES ({len(steps)})", "COMMIT")


def _version(session: PostgresSession, server: str, known: int) -> int:
    tables = {name for (name,) in session.execute(_TABLES).fetchall()}
    if "fhirgate" not in tables:
        if tables:
            raise refuse(STORE_FOREIGN, file=server)
        return 0
    ((found,),) = session.execute("SELECT version FROM fhirgate").fetchall()
    if found > known:
        raise refuse(STORE_NEWER, found=found, known=known)
    return int(found)
