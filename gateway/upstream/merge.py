"""Several sources' results as one list: newest first, each thing once, and a place to go on from.

The order is that of the store: clinical time descending, what has no time last, then public id. Every source
brings its rows in that order, and at least as many as are wanted or all it has.
"""

import heapq
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from hashlib import blake2b
from itertools import groupby
from typing import Any, NamedTuple

import msgspec

from gateway.upstream.searchset import opened

Key = tuple[int | None, str]
"""A row's place in the order: clinical time in milliseconds or None, and public id."""


class Row(NamedTuple):
    """One result of one source.

    Attributes:
        time: its clinical time in milliseconds since 1970, None where it has none.
        id: its public id.
        body: its JSON text as `/fhir` answers it.
        source: whose it is: "" for what is kept here, else the upstream's name.
        identifiers: its business identifiers (`identifiers(body)`).
    """

    time: int | None
    id: str
    body: bytes
    source: str = ""
    identifiers: tuple[str, ...] = ()


_MARK = 12


@dataclass(frozen=True, slots=True)
class Cursor:
    """Where a page ended: small, and JSON through `packed()`.

    Attributes:
        after: the last row shown.
        places: for each upstream the page of its own to go on from ("" its first), or None: nothing is left.
        seen: marks of the business identifiers shown at the time of the last row, each before its source.
    """

    after: Key
    places: Mapping[str, str | None] = field(default_factory=dict)
    seen: tuple[str, ...] = ()

    def packed(self) -> list[Any]:
        """The cursor as JSON values; it holds another server's addresses, so seal it before it leaves."""
        return [list(self.after), dict(self.places), list(self.seen)]

    @staticmethod
    def unpacked(value: Any) -> "Cursor":
        """The cursor that was `packed()`."""
        (time, id_), places, seen = value
        return Cursor((time, id_), places, tuple(seen))


@dataclass(frozen=True, slots=True)
class Merged:
    """One page: its rows, whether more are known to come, and per source what was left out as told twice."""

    rows: tuple[Row, ...]
    more: bool
    duplicates: Mapping[str, int]
    seen: tuple[str, ...]


def order(key: Key) -> tuple[bool, int, str]:
    """What rows are sorted by."""
    time, id_ = key
    return (time is None, -(time or 0), id_)


def merge(sources: Sequence[Sequence[Row]], limit: int, seen: Iterable[str] = ()) -> Merged:
    """Join sorted sources into the first `limit` rows.

    A row goes when its id was shown already, or when another source has shown a business identifier of it at
    the same clinical time. Identifiers that one source gives to several rows (an order number) say nothing.
    Of two equal rows the one of the earlier source stays.

    Args:
        sources: the gateway's own rows first, then each upstream's.
        limit: rows on a page.
        seen: `Cursor.seen` of the page before.
    """
    shared = _shared(sources)
    dropped: Counter[str] = Counter()
    rows: list[Row] = []
    marks = {each[:_MARK]: each[_MARK:] for each in seen}
    for time, group in groupby(_in_order(sources), key=lambda row: row.time):
        if rows and rows[-1].time != time:
            marks = {}
        kept, once = [], {}
        for row in _earlier_source_first(group, sources):
            own = [mark(each) for each in row.identifiers if (row.source, each) not in shared]
            if row.id in once or any(marks.get(each, row.source) != row.source for each in own):
                dropped[row.source] += 1
                continue
            once[row.id] = True
            marks.update(dict.fromkeys(own, row.source))
            kept.append(row)
        rows += sorted(kept, key=lambda row: row.id)
        if len(rows) > limit:
            break
    page = tuple(rows[:limit])
    return Merged(page, len(rows) > limit, dropped, _marks_at_end(page, shared))


def identifiers(body: bytes) -> tuple[str, ...]:
    """The business identifiers of a resource's text, as `type|system|value`; only those with a system."""
    if b'"identifier"' not in body:
        return ()
    fields = opened(body)
    raw, type_ = fields.get("identifier"), fields.get("resourceType")
    found = msgspec.json.decode(raw) if raw is not None else None
    if not isinstance(found, list) or type_ is None:
        return ()
    named = msgspec.json.decode(type_)
    pairs = [(each.get("system"), each.get("value")) for each in found if isinstance(each, dict)]
    return tuple(f"{named}|{system}|{value}" for system, value in pairs if system and value)


def mark(identifier: str) -> str:
    """A short mark of an identifier for the cursor."""
    return blake2b(identifier.encode(), digest_size=_MARK // 2).hexdigest()


def _in_order(sources: Sequence[Sequence[Row]]) -> Iterator[Row]:
    return heapq.merge(*sources, key=lambda row: order((row.time, row.id)))


def _earlier_source_first(group: Iterable[Row], sources: Sequence[Sequence[Row]]) -> list[Row]:
    rank = {source[0].source: number for number, source in enumerate(sources) if source}
    return sorted(group, key=lambda row: rank[row.source])


def _shared(sources: Sequence[Sequence[Row]]) -> set[tuple[str, str]]:
    """The identifiers that a source gives to more than one of its rows."""
    counted = Counter(
        (row.source, each) for source in sources for row in source for each in set(row.identifiers)
    )
    return {each for each, count in counted.items() if count > 1}


def _marks_at_end(page: Sequence[Row], shared: set[tuple[str, str]]) -> tuple[str, ...]:
    if not page:
        return ()
    last = [row for row in page if row.time == page[-1].time]
    return tuple(
        mark(each) + row.source
        for row in last
        for each in row.identifiers
        if (row.source, each) not in shared
    )
