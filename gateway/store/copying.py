"""Copying one store into another, whatever database is behind either."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import islice
from typing import Any

from gateway.problems import refuse
from gateway.problems.store import STORE_NOT_EMPTY
from gateway.store.dialect import Dialect, Session
from gateway.store.entries import COLUMNS
from gateway.store.work import OpenWork

TABLES: dict[str, tuple[str, ...]] = {
    "note": ("name", "value"),
    "indexed": ("what", "how"),
    "feed": ("feed", "name"),
    "type": ("type", "name"),
    "param": ("param", "type", "code", "kind"),
    "slot": ("slot", "param", "system"),
    "unit": ("unit", "system", "code", "display"),
    "phrase": ("phrase", "param", "words"),
    "load": (
        *("load", "feed", "mapping", "mapping_sha", "files", "content", "given", "begun", "state", "counts"),
        *("finished", "undone"),
    ),
    "aside": ("aside", "load", "line", "file", "raw", "problems"),
    "child": ("child", "id", "cci", "state", "founder", "load", "moved"),
    "record": ("rec", "feed", "local", "child", "seq", "sealed"),
    "life": (*("life", "what", "child", "other", "reason", "author", "second", "at", "load", "stands"),),
    "link": ("link", "rec", "child", "what", "reason", "sentence", "author", "at", "load", "stands"),
    "review": (
        *("review", "rec", "child", "other", "reason", "sentence", "evidence", "at", "load", "state"),
        *("closed_load", "stands"),
    ),
    "person_key": ("key", "rec"),
    "resource": (
        *("rid", "type", "state", "time", "updated", "version", "highest", "load", "local", "public", "tag"),
        *("digest", "method", "place", "rule", "told", "body"),
    ),
    "version": (
        *(
            "number",
            "rid",
            "version",
            "stands",
            "type",
            "state",
            "home",
            "time",
            "updated",
            "load",
            "digest",
            "method",
        ),
        *("place", "rule", "told", "body", "entries"),
    ),
}
"""Every table with its columns; the index tables are those of `entries`."""

_EVERY = TABLES | {table: (*columns, "rid") for table, columns in COLUMNS.items()}

_BATCH = 1000

Said = Callable[[str, int], None]
"""Told the table and how many rows of it are across, now and then."""


def copy(source: OpenWork, target: OpenWork, tell: Said) -> dict[str, int]:
    """Copy every row; the numbers the target gives next follow on those that came.

    Args:
        source: nobody else writes while it is open.
        target: of an empty store.
        tell: hears of the progress.

    Returns:
        The rows of each table.

    Raises:
        Refused: `store.not-empty`.
    """
    with source.lend() as here, target.lend() as there:
        for table in ("type", "load", "record"):
            if there.execute(f"SELECT 1 FROM {table} LIMIT 1").fetchone():
                raise refuse(STORE_NOT_EMPTY)
        there.execute("DELETE FROM feed")
        there.execute("DELETE FROM note")
        there.execute("DELETE FROM indexed")
        way = _Way(here, source.dialect, there, target.dialect)
        across = {table: way.copy(table, columns, tell) for table, columns in _EVERY.items()}
        for statement in target.dialect.filled:
            there.execute(statement)
    return across


@dataclass(frozen=True, slots=True)
class _Way:
    """From one session to another, each with how it speaks."""

    source: Session
    said_by: Dialect
    target: Session
    said_to: Dialect

    def copy(self, table: str, columns: tuple[str, ...], tell: Said) -> int:
        """How many rows went across."""
        across = 0
        for batch in _batches(self.said_by.stream(self.source, f"SELECT {', '.join(columns)} FROM {table}")):
            self.said_to.fill(self.target, table, columns, batch)
            across += len(batch)
            tell(table, across)
        return across


def _batches(rows: Iterator[Any]) -> Iterator[list[Any]]:
    while batch := list(islice(rows, _BATCH)):
        yield batch
