"""Index values as table rows, and back: the rows of a version are kept packed when it no longer stands."""

import sqlite3
from collections.abc import Iterable
from typing import Any

import msgspec

from gateway.fhir.query import Entry, Number, Quantity, Span, Target, Text, Token
from gateway.store.numbers import Numbers

COLUMNS = {
    "token": ("slot", "code"),
    "string": ("param", "folded", "exact"),
    "date": ("param", "low", "high"),
    "number": ("param", "low", "high"),
    "quantity": ("param", "low", "high", "unit"),
    "reference": ("param", "target"),
    "uri": ("param", "value"),
}
"""The index tables and their columns; each has `rid` as its last one."""

_INSERT = {
    table: f"INSERT OR IGNORE INTO {table} ({', '.join(columns)}, rid) VALUES ({'?, ' * len(columns)}?)"
    for table, columns in COLUMNS.items()
}
_DELETE = tuple(f"DELETE FROM {table} WHERE rid = ?" for table in COLUMNS)
_SELECT = {
    table: f"SELECT {', '.join(columns)} FROM {table} WHERE rid = ?" for table, columns in COLUMNS.items()
}

Rows = dict[str, list[tuple[Any, ...]]]


def no_rows() -> Rows:
    """Empty lists of rows for every index table."""
    return {table: [] for table in COLUMNS}


def spread(
    connection: sqlite3.Connection,
    numbers: Numbers,
    type: int,
    rid: int,
    entries: Iterable[Entry],
    rows: Rows,
) -> None:
    """Add the index rows of one resource to `rows`.

    A reference's identifier is kept among the tokens, so that `:identifier` is found like any other.
    """
    params, slots = numbers.params, numbers.slots
    value: Any  # told apart by its class, not by isinstance: this runs for every value of every resource
    for code, value in entries:
        kind = value.__class__
        param = params.get((type, code))
        if param is None:
            param = numbers.param(connection, type, code, _KINDS.get(kind, "uri"))
        if kind is Token:
            slot = slots.get((param, value[0]))
            if slot is None:
                slot = numbers.slot(connection, param, value[0])
            rows["token"].append((slot, value[1], rid))
        elif kind is Target:
            to, system, identifier = value
            if to:
                rows["reference"].append((param, to, rid))
            if identifier:
                rows["token"].append((numbers.slot(connection, param, system), identifier, rid))
        elif kind is Quantity:
            low, high, system, unit_code, unit = value
            number = numbers.unit(connection, system, unit_code, unit)
            rows["quantity"].append((param, low, high, number, rid))
        else:
            rows[_KINDS.get(kind, "uri")].append((param, *value, rid))


_KINDS: dict[type, str] = {
    Token: "token",
    Text: "string",
    Span: "date",
    Number: "number",
    Quantity: "quantity",
    Target: "reference",
}


def insert(connection: sqlite3.Connection, rows: Rows) -> None:
    """Write rows and forget them."""
    for table, some in rows.items():
        if some:
            connection.executemany(_INSERT[table], some)
            some.clear()


def remove(connection: sqlite3.Connection, rids: Iterable[int]) -> None:
    """Delete the index rows of these resources."""
    keys = [(rid,) for rid in rids]
    for statement in _DELETE:
        connection.executemany(statement, keys)


def packed(connection: sqlite3.Connection, rid: int) -> bytes:
    """The index rows of a resource, without its rid."""
    found = {table: connection.execute(statement, (rid,)).fetchall() for table, statement in _SELECT.items()}
    return msgspec.msgpack.encode({table: rows for table, rows in found.items() if rows})


def unpack(pack: bytes, rid: int, rows: Rows) -> None:
    """Add packed rows to `rows` under a rid."""
    for table, some in msgspec.msgpack.decode(pack).items() if pack else ():
        rows[table] += [(*row, rid) for row in some]
