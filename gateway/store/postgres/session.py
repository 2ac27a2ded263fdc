"""A connection to PostgreSQL that speaks the store's SQL, and what is said differently there."""

from collections.abc import Iterator, Sequence
from functools import lru_cache
from typing import Any, cast

from psycopg import Connection, OperationalError, RawCursor
from psycopg.errors import error_from_result
from psycopg.pq import ConnStatus, ExecStatus
from psycopg.types.array import ListBinaryDumper
from psycopg.types.numeric import FloatBinaryDumper, Int8BinaryDumper
from psycopg.types.string import BytesBinaryDumper, StrBinaryDumper

from gateway.store.dialect import Answer, Dialect, Rows, Session

_LONGEST = 500
"""Characters of a text that are indexed: an index row of PostgreSQL has 2,704 bytes at most."""

# The store knows better than statistics what is rare, and must be right before the first ANALYZE too: so each
# statement has one plan, made of index scans and nested loops in the written order.
_PLANS = ("enable_seqscan", "enable_hashjoin", "enable_mergejoin", "enable_sort")
SETTINGS = (
    *(f"SET {name} = off" for name in _PLANS),
    "SET join_collapse_limit = 1",
    "SET from_collapse_limit = 1",
    "SET plan_cache_mode = force_generic_plan",
    "SET jit = off",
    "SET max_parallel_workers_per_gather = 0",
    "SET client_min_messages = error",
)

_FETCH = 2000


class PostgresSession:
    """See `dialect.Session`; `raw` is the psycopg connection, in autocommit."""

    __slots__ = ("raw",)

    def __init__(self, raw: Connection[Any]) -> None:
        # one type for each class of value, or a statement would be prepared anew for every size of a number
        for kind, dumper in (
            (int, Int8BinaryDumper),
            (float, FloatBinaryDumper),
            (str, StrBinaryDumper),
            (bytes, BytesBinaryDumper),
            (list, ListBinaryDumper),
        ):
            raw.adapters.register_dumper(kind, dumper)
        raw.cursor_factory = RawCursor
        raw.prepare_threshold = 0
        raw.prepared_max = 500
        self.raw = raw

    def execute(self, sql: str, args: Sequence[Any] = (), /) -> Answer:
        """Run one statement."""
        return cast(Answer, self.raw.execute(_numbered(sql), args, binary=True))

    def executemany(self, sql: str, rows: Sequence[Any], /) -> None:
        """Run one statement for each row of values."""
        with self.raw.cursor(binary=True) as cursor:
            cursor.executemany(_numbered(sql), rows)

    def say(self, *statements: str) -> None:
        """Run statements without values, in one round trip; in a pipeline only one."""
        text, pgconn = "; ".join(statements).encode(), self.raw.pgconn
        if pgconn.pipeline_status:
            self.raw.execute(text, prepare=False)
            return
        # a third of what a cursor costs, and every question begins and ends with one
        result = pgconn.exec_(text)
        if result.status not in (ExecStatus.COMMAND_OK, ExecStatus.TUPLES_OK):
            lost = pgconn.status != ConnStatus.OK
            raise OperationalError("the server hung up") if lost else error_from_result(result)


@lru_cache(4096)
def _numbered(sql: str) -> bytes:
    first, *rest = sql.split("?")
    return (first + "".join(f"${at}{part}" for at, part in enumerate(rest, 1))).encode()


def _any_of(values: Sequence[str] | Sequence[int]) -> tuple[str, object]:
    return ("= ?", values[0]) if len(values) == 1 else ("= ANY(?)", list(values))


def _listed(values: Sequence[int]) -> tuple[str, object]:
    return "SELECT unnest(?::bigint[]) AS rid", list(values)


def _each(session: Session, sql: str, keys: Sequence[Sequence[Any]]) -> list[list[Any]]:
    if len(keys) < 2 or "SELECT" not in sql[:8]:
        asked = [session.execute(sql, key) for key in keys]
        return [answer.fetchall() for answer in asked]
    found: list[list[Any]] = [[] for _ in keys]
    # read in the order of the keys, each key's rows in their own
    lists = [list(each) for each in zip(*keys, strict=True)]
    for at, *row in session.execute(_for_each(sql, len(lists)), lists):
        found[at - 1].append(tuple(row))
    return found


@lru_cache(256)
def _for_each(sql: str, width: int) -> str:
    """One statement that asks a question for each of many keys, and says which key a row is for."""
    first, *rest = sql.split("?")
    names = [f"k{at}" for at in range(width)]
    asked = first + "".join(f"given.{name}{part}" for name, part in zip(names, rest, strict=True))
    keys = f"unnest({', '.join('?' * width)}) WITH ORDINALITY AS given({', '.join(names)}, at)"
    return f"SELECT given.at, q.* FROM {keys} CROSS JOIN LATERAL ({asked} OFFSET 0) q"


def _stream(session: Session, sql: str) -> Iterator[Any]:
    said = cast(PostgresSession, session)
    # everything is read: here the planner's own way is the best
    for switch in ("on", "off"):
        for name in _PLANS:
            said.say(f"SET LOCAL {name} = {switch}")
        if switch == "on":
            said.say(f"DECLARE everything NO SCROLL CURSOR FOR {sql}")
    # never prepared: the columns are other ones each time
    fetch = f"FETCH {_FETCH} FROM everything".encode()
    while rows := said.raw.execute(fetch, (), prepare=False, binary=True).fetchall():
        yield from rows
    said.say("CLOSE everything")


def _insert(session: Session, rows: Rows) -> None:
    for (table, columns), some in rows.items():
        if some:
            # in a dict, because a resource may say a thing twice
            _fill(session, table, columns, list(dict.fromkeys(some)))


def _fill(session: Session, table: str, columns: Sequence[str], rows: Sequence[Sequence[Any]]) -> None:
    types = _types(session, table)
    lists: list[list[Any] | None] = []
    for column, values in zip(columns, zip(*rows, strict=True), strict=True):
        some = list(map(float, values)) if types[column] == "double precision" else list(values)
        # a shorter list is filled up with NULL, and one of nothing but None has no type
        lists.append(None if values.count(None) == len(values) else some)
    marks = ", ".join(f"?::{types[column]}[]" for column in columns)
    session.execute(f"INSERT INTO {table} ({', '.join(columns)}) SELECT * FROM unnest({marks})", lists)


_known_types: dict[str, dict[str, str]] = {}


def _types(session: Session, table: str) -> dict[str, str]:
    """The types of a table's columns; the same in every database of ours."""
    if table not in _known_types:
        asked = "SELECT attname, atttypid::regtype::text FROM pg_attribute WHERE attrelid = ?::regclass"
        _known_types[table] = dict(session.execute(asked, (table,)).fetchall())
    return _known_types[table]


_COUNTED = (
    *(("record", "rec"), ("child", "child"), ("version", "number"), ("link", "link")),
    *(("review", "review"), ("life", "life")),
    *(("load", "load"), ("aside", "aside")),
)

POSTGRES = Dialect(
    any_of=_any_of,
    listed=_listed,
    contains="strpos({}, ?) > 0",
    longest=_LONGEST,
    start=f"left({{}}, {_LONGEST})",
    within="= ANY(ARRAY({}))",
    # OFFSET keeps a query as it is written, so it is answered by the one condition it has
    picked="CROSS JOIN LATERAL (SELECT * FROM resource o WHERE o.rid = {1}.rid OFFSET 0) {0}",
    along="",
    own="(SELECT * FROM {0} o WHERE o.rid + 0 = {2}.rid OFFSET 0) {1}",
    # not of a subquery with DISTINCT: that is a table of hashes, and a million took it minutes
    distinct="SELECT count(DISTINCT {0}) {1}",
    second="({} + 0)",
    alone=" OFFSET 0",
    each=_each,
    stream=_stream,
    filled=tuple(
        f"SELECT setval(pg_get_serial_sequence('{table}', '{number}'), GREATEST(max({number}), 1),"
        f" max({number}) IS NOT NULL) FROM {table}"
        for table, number in _COUNTED
    ),
    fill=_fill,
    insert=_insert,
)
