"""Index values as table rows, and back: the rows of a version are kept packed when it no longer stands."""

import hashlib
from collections.abc import Iterable
from typing import Any

import msgspec

from gateway.fhir.query import Entry, Number, Pair, Phrase, Quantity, Span, Target, Text, Token, Uri
from gateway.store.dialect import Dialect, Session
from gateway.store.numbers import Numbers

COLUMNS = {
    "token": ("slot", "code"),
    "string": ("param", "folded", "exact"),
    "date": ("param", "low", "high"),
    "number": ("param", "low", "high"),
    "quantity": ("param", "low", "high", "unit"),
    "reference": ("param", "target"),
    "uri": ("param", "value"),
    "worded": ("phrase",),
}
"""The index tables and their columns; each has `rid` as its last one."""

_LONGEST_PART = 120

Rows = dict[str, list[tuple[Any, ...]]]


def no_rows() -> Rows:
    """Empty lists of rows for every index table."""
    return {table: [] for table in COLUMNS}


def spread(
    connection: Session,
    numbers: Numbers,
    type: int,
    rid: int,
    entries: Iterable[Entry],
    rows: Rows,
) -> None:
    """Add the index rows of one resource to `rows`.

    A reference's identifier is kept among the tokens, so that `:identifier` is found like any other. The
    token of a pair is part of a parameter's name: what stands with it is found as if it had that parameter
    to itself.
    """
    value: Any  # told apart by its class, not by isinstance: this runs for every value of every resource
    for code, value in entries:
        kind = value.__class__
        if kind is Pair:
            code, value = pair_name(code, *value[0]), value[1]
            kind = value.__class__
        table = _TABLES[kind]
        param = numbers.params.get((type, code))
        if param is None:
            param = numbers.param(connection, type, code, table)
        if kind is Token:
            rows["token"].append((numbers.slot(connection, param, value[0]), value[1], rid))
        elif kind is Target:
            to, system, identifier = value
            if to:
                rows["reference"].append((param, to, rid))
            if identifier:
                rows["token"].append((numbers.slot(connection, param, system), identifier, rid))
        elif kind is Phrase:
            rows["worded"].append((numbers.phrase(connection, param, value[0]), rid))
        elif kind is Quantity:
            rows["quantity"].append((param, *value[:2], numbers.unit(connection, *value[2:]), rid))
        else:
            rows[table].append((param, *value, rid))


_TABLES: dict[type, str] = {
    Token: "token",
    Text: "string",
    Span: "date",
    Number: "number",
    Quantity: "quantity",
    Target: "reference",
    Uri: "uri",
    Phrase: "worded",
}


def pair_name(code: str, system: str, token: str) -> str:
    """What the values are called that a composite parameter has with one token."""
    return f"{pair_start(code, token)}{_part(system)}"


def pair_start(code: str, token: str = "") -> str:
    """How the names begin of the values with this code in any system, or with any token."""
    return f"{code}${_part(token)}|" if token else f"{code}$"


def pair_end(system: str) -> str:
    """How the names end of the values with a token of this system."""
    return f"|{_part(system)}"


def _part(text: str) -> str:
    """A part of a name: short, without a bar, and never that of another text."""
    if len(text) <= _LONGEST_PART and "|" not in text and not text.startswith("#"):
        return text
    return f"#{hashlib.blake2b(text.encode(), digest_size=16).hexdigest()}"


def insert(dialect: Dialect, connection: Session, rows: Rows) -> None:
    """Write rows and forget them."""
    dialect.insert(connection, {(table, (*COLUMNS[table], "rid")): some for table, some in rows.items()})
    for some in rows.values():
        some.clear()


def remove(dialect: Dialect, connection: Session, rids: Iterable[int]) -> None:
    """Delete the index rows of these resources."""
    keys = [(rid,) for rid in rids]
    for table in COLUMNS if keys else ():
        connection.executemany(f"DELETE FROM {table} WHERE {dialect.second.format('rid')} = ?", keys)


def rows_of(dialect: Dialect, connection: Session, rid: int) -> dict[str, set[tuple[Any, ...]]]:
    """The index rows of a resource."""
    asked = {
        table: connection.execute(
            f"SELECT {', '.join(columns)}, rid FROM {table} WHERE {dialect.second.format('rid')} = ?", (rid,)
        )
        for table, columns in COLUMNS.items()
    }
    return {table: set(map(tuple, answer.fetchall())) for table, answer in asked.items()}


def clear(dialect: Dialect, connection: Session, table: str, rid: int) -> None:
    """Delete the rows that a resource has in one index table."""
    connection.execute(f"DELETE FROM {table} WHERE {dialect.second.format('rid')} = ?", (rid,))


def packed(dialect: Dialect, connection: Session, rid: int) -> bytes:
    """The index rows of a resource, without its rid."""
    asked = {
        table: connection.execute(
            f"SELECT {', '.join(columns)} FROM {table} WHERE {dialect.second.format('rid')} = ?", (rid,)
        )
        for table, columns in COLUMNS.items()
    }
    found = {table: answer.fetchall() for table, answer in asked.items()}
    return msgspec.msgpack.encode({table: rows for table, rows in found.items() if rows})


def unpack(pack: bytes, rid: int, rows: Rows) -> None:
    """Add packed rows to `rows` under a rid."""
    for table, some in msgspec.msgpack.decode(pack).items() if pack else ():
        rows[table] += [(*row, rid) for row in some]
