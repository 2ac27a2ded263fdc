"""A connection to PostgreSQL that speaks the store's SQL, and what is said differently there."""

from collections.abc import Iterator, Sequence
from functools import lru_cache
from typing import Any, cast

from psycopg import Connection, RawCursor
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
        self.raw.execute("; ".join(statements).encode(), prepare=False)


@lru_cache(4096)
def _numbered(sql: str) -> bytes:
    first, *rest = sql.split("?")
    return (first + "".join(f"${at}{part}" for at, part in enumerate(rest, 1))).encode()


def _any_of(values: Sequence[str] | Sequence[int]) -> tuple[str, object]:
    return ("= ?", values[0]) if len(values) == 1 else ("= ANY(?)", list(values))


def _each(session: Session, sql: str, keys: Sequence[Sequence[Any]]) -> list[list[Any]]:
    asked = [session.execute(sql, key) for key in keys]
    return [answer.fetchall() for answer in asked]


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
            lists: list[list[Any]] = [list(each) for each in zip(*dict.fromkeys(some), strict=True)]
            if table in ("number", "quantity"):
                lists[1:3] = ([float(value) for value in each] for each in lists[1:3])
            marks = ", ".join("?" * len(lists))
            names = ", ".join(columns)
            session.execute(f"INSERT INTO {table} ({names}) SELECT * FROM unnest({marks})", lists)


_COUNTED = (
    *(("record", "rec"), ("child", "child"), ("version", "number"), ("link", "link"), ("review", "review")),
    *(("load", "load"), ("aside", "aside")),
)

POSTGRES = Dialect(
    any_of=_any_of,
    contains="strpos({}, ?) > 0",
    longest=_LONGEST,
    start=f"left({{}}, {_LONGEST})",
    within="= ANY(ARRAY({}))",
    # OFFSET keeps a query as it is written, so it is answered by the one condition it has
    picked="CROSS JOIN LATERAL (SELECT * FROM resource o WHERE o.rid = {1}.rid OFFSET 0) {0}",
    along="",
    own="(SELECT * FROM {0} o WHERE o.rid + 0 = {2}.rid OFFSET 0) {1}",
    its="rid + 0",  # the expression that is indexed
    alone=" OFFSET 0",
    each=_each,
    stream=_stream,
    filled=tuple(
        f"SELECT setval(pg_get_serial_sequence('{table}', '{number}'), GREATEST(max({number}), 1),"
        f" max({number}) IS NOT NULL) FROM {table}"
        for table, number in _COUNTED
    ),
    insert=_insert,
)
